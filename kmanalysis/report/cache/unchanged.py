"""Whether a report stands as it would be made: then nothing is opened and nothing is counted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kmanalysis.report.cache.inputs import KEPT, Inputs, file_digest
from kmanalysis.report.cache.provenance import digest_of, program_digest, versions
from kmanalysis.report.files import write_beside_and_rename
from kmanalysis.report.notebook_files import SUPPLIER, notebook_files
from kmanalysis.standards import Standards

MANIFEST = "manifest.json"
SEALS = "manifests.json"
LAST_MONTH = "last_month.json"


@dataclass(frozen=True)
class KeptPage:
    """A page that is there and up to date."""

    path: str
    state: str = "kept"
    reason: str = ""


@dataclass(frozen=True)
class Standing:
    """A report that is there as it would be made: its month, the pages that were asked for, and how many rows of its data were rejected."""

    month: str
    pages: Sequence[KeptPage]
    rejected: int


def made_from(inputs: Inputs, standards: Standards, notebooks: Path, lang: str) -> str:
    """Digest of all that decides a whole report: data, key, standards, notebooks, words and program."""
    sources = [part for path in notebook_files(notebooks) for part in (path.name, file_digest(path))]
    made_by = (standards.digest, program_digest(), json.dumps(versions(), sort_keys=True), lang)
    return digest_of(inputs.digest, inputs.key, *made_by, *sources)


def standing_report(out: Path, month: str, made_of: str, notebooks: Sequence[str], suppliers: Sequence[str]) -> Standing | None:
    """The month's report in ``out``, where every page that is asked for and every file beside them is what a run would write again; else None.

    ``made_of`` is what `made_from` gives now. With neither ``notebooks`` nor ``suppliers`` all pages are asked for. What stands there is read, all
    of it: a file that is gone or was altered by hand is not up to date.
    """
    folder = out / month
    if _kept_text(out, SEALS, month) != written_digest(folder / MANIFEST):
        return None
    found = read_manifest(folder)
    if found.get("made_from") != made_of:
        return None
    chosen = _chosen(found["pages"], notebooks, suppliers)
    if not chosen or any(page["state"] != "ok" for page in chosen):
        return None
    written = {page["path"]: page["content"] for page in found["pages"] if page["content"]} | found["files"]
    if any(written_digest(folder / path) != digest for path, digest in written.items()):
        return None
    rejected = sum(sum(rows["rejected"].values()) for rows in found["rows"].values())
    return Standing(month, [KeptPage(page["path"]) for page in chosen], rejected)


def read_manifest(folder: Path) -> dict:
    """What a month's report says of itself; empty where it says nothing that can be read."""
    try:
        found = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def told_pages(folder: Path) -> dict[str, tuple[str, str]]:
    """What a month's manifest says of each page: the digest that it was made from, and that of its content; empty where it says nothing that can be read."""
    try:
        return {page["path"]: (page["digest"], page["content"]) for page in read_manifest(folder)["pages"]}
    except (KeyError, TypeError):
        return {}


def written_digest(path: Path) -> str:
    """Digest of a file of the report; empty where it is not there."""
    try:
        return file_digest(path)
    except OSError:
        return ""


def seal_manifest(out: Path, month: str) -> None:
    """Keeps the digest of a month's manifest, by which one that was altered is told."""
    kept = {sealed: digest for sealed, digest in _kept(out, SEALS).items() if (out / sealed).is_dir()}
    write_beside_and_rename(out / KEPT / SEALS, json.dumps(kept | {month: written_digest(out / month / MANIFEST)}, sort_keys=True).encode())


def last_month(out: Path, inputs: Inputs) -> str | None:
    """The last month with an event, if the last run into ``out`` found it in the same files."""
    return _kept_text(out, LAST_MONTH, inputs.digest)


def remember_last_month(out: Path, inputs: Inputs, month: str) -> None:
    """Keeps the last month with an event for `last_month`."""
    write_beside_and_rename(out / KEPT / LAST_MONTH, json.dumps({inputs.digest: month}).encode())


def _kept_text(out: Path, name: str, key: str) -> str | None:
    found = _kept(out, name).get(key)
    return found if isinstance(found, str) else None


def _kept(out: Path, name: str) -> dict:
    try:
        found = json.loads((out / KEPT / name).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _chosen(pages: Sequence[Mapping], notebooks: Sequence[str], suppliers: Sequence[str]) -> list[Mapping]:
    """The pages that are asked for, as `pages.chosen_pages` chooses them; none where a name is unknown, for that one to tell."""
    known = {page["notebook"] for page in pages}, {page["supplier"] for page in pages if page["supplier"]}
    if set(notebooks) - known[0] or set(suppliers) - known[1]:
        return []
    if not notebooks and not suppliers:
        return list(pages)
    of_suppliers = set(suppliers) or (known[1] if SUPPLIER in notebooks else set())
    return [page for page in pages if (page["supplier"] in of_suppliers if page["supplier"] else page["notebook"] in notebooks)]
