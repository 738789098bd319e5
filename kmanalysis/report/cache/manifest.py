"""The manifest: what a month's report holds and what it was made from. By it, and the digests of the files that it lists, a report is up to date or not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kmanalysis.errors import UsageError
from kmanalysis.files.durable import write_atomically
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.report.cache.digests import digest_of, file_digest, read_sealed, sealed
from kmanalysis.report.cache.fingerprints import Fingerprints
from kmanalysis.report.cache.program import versions
from kmanalysis.report.choice import chosen_pages
from kmanalysis.report.files import KEPT
from kmanalysis.report.notebook_files import notebook_files
from kmanalysis.standards import Standards
from kmanalysis.times import Month

MANIFEST = "manifest.json"
UNFINISHED = "unfinished.json"
"""What a run notes of the pages that it has made until its manifest is written: an interrupted one is taken up there."""

OK = "ok"
OUTDATED = "outdated"
MISSING = "missing"


@dataclass(frozen=True)
class PageRecord:
    """A page as it was written: how it ended (`OK`, or the kind of its failure), the digests of what it was made from and of its content, and the names
    of the frames that it asked for: it is made anew where these have changed, and not where others have.
    """

    path: str
    notebook_name: str
    supplier: str
    title: str
    state: str = MISSING
    made_from: str = ""
    content: str = ""
    asked: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether its notebook came to its end."""
        return self.state in (OK, OUTDATED)

    def is_unaltered(self, folder: Path) -> bool:
        """Whether the month's ``folder`` holds the page as it was written."""
        return bool(self.content) and written_digest(folder / self.path) == self.content


@dataclass(frozen=True)
class Contents:
    """What a report holds: its pages, as they stand now; those among them that failed; the digest of each other file; which engine worked the
    tables; how its notebooks were run.
    """

    pages: Sequence[PageRecord]
    failed: Sequence[str]
    files: Mapping[str, str]
    engine: str
    notebook_engine: str


@dataclass(frozen=True)
class StandingReport:
    """A report that is up to date: its month, the paths of the pages that were asked for, and how many rows of its data were rejected."""

    month: str
    pages: Sequence[str]
    rejected: int


def made_from(fingerprints: Fingerprints, standards: Standards, notebooks: Path, lang: str) -> str:
    """Digest of all that decides a whole report: data, key, standards, notebooks, words and program."""
    sources = [part for path in notebook_files(notebooks) for part in (path.name, file_digest(path))]
    made_by = (standards.digest, fingerprints.program, json.dumps(versions(), sort_keys=True), lang)
    return digest_of(fingerprints.data, fingerprints.key, *made_by, *sources)


def standing_report(out: Path, month: str, source: str, notebooks: Sequence[str], suppliers: Sequence[str]) -> StandingReport | None:
    """The month's report in ``out``, where every page that is asked for and every file beside them is what a run would write again; else None.

    ``source`` is what `made_from` gives now. With neither ``notebooks`` nor ``suppliers`` all pages are asked for. Every file is read: one that is
    gone or was altered by hand is not up to date.
    """
    facts = read_sealed(out / month / MANIFEST)
    if (facts.get("month"), facts.get("made_from")) != (month, source):
        return None
    pages = [_record(page) for page in facts["pages"]]
    try:
        chosen = chosen_pages(pages, notebooks, suppliers)
    except UsageError:  # a name is unknown: the run says so
        return None
    if not chosen or any(page.state != OK for page in chosen):
        return None
    written = {page.path: page.content for page in pages if page.content} | facts["files"]
    if any(written_digest(out / month / path) != digest for path, digest in written.items()):
        return None
    return StandingReport(month, [page.path for page in chosen], sum(sum(rows["rejected"].values()) for rows in facts["rows"].values()))


def written_digest(path: Path) -> str:
    """Digest of a file of the report; empty where it is not there."""
    try:
        return file_digest(path)
    except OSError:
        return ""


def recorded_pages(out: Path, month: str) -> dict[str, PageRecord]:
    """The pages that runs into the month's folder have written, by path: those of its manifest, and those that an interrupted run made since."""
    documents = (out / month / MANIFEST, _unfinished(out, month))
    records = [_record(page) for document in documents for page in read_sealed(document).get("pages", ())]
    return {record.path: record for record in records if record.content}


def note_unfinished(out: Path, month: str, pages: Iterable[PageRecord]) -> None:
    """Notes the pages made so far for a run that takes this one up. `forget_unfinished` ends it."""
    write_atomically(_unfinished(out, month), sealed({"pages": [_as_json(page) for page in pages]}))


def forget_unfinished(out: Path, month: str) -> None:
    """Ends what `note_unfinished` began: the manifest is written."""
    _unfinished(out, month).unlink(missing_ok=True)


def manifest(month: Month, lang: str, fingerprints: Fingerprints, source: str, standards: Standards, contents: Contents, receipts: Sequence[Receipt]) -> bytes:
    """The manifest's content: digests and counts, no time and no path of the machine.

    ``source`` is the digest of all that decides the report (`made_from`); a run that finds the same has nothing to do.
    """
    return sealed(
        {
            "made_from": source,
            "month": str(month),
            "language": lang,
            "input": {"digest": fingerprints.data, "files": dict(fingerprints.files)},
            "standards": {"digest": standards.digest, "changed": list(standards.changed)},
            "versions": versions(),
            "engine": contents.engine,
            "notebook_engine": contents.notebook_engine,
            "pages": [_as_json(page) for page in contents.pages],
            "failed": list(contents.failed),
            "files": dict(contents.files),
            "rows": {receipt.file: _rows(receipt) for receipt in receipts},
        }
    )


def _unfinished(out: Path, month: str) -> Path:
    return out / KEPT / month / UNFINISHED


def _as_json(page: PageRecord) -> dict[str, Any]:
    return {
        "path": page.path,
        "notebook": page.notebook_name,
        "supplier": page.supplier,
        "title": page.title,
        "state": page.state,
        "made_from": page.made_from,
        "content": page.content,
        "asked": list(page.asked),
    }


def _record(page: Mapping[str, Any]) -> PageRecord:
    told = (page["path"], page["notebook"], page["supplier"], page["title"], page["state"], page["made_from"], page["content"])
    return PageRecord(*told, tuple(page["asked"]))


def _rows(receipt: Receipt) -> dict[str, Any]:
    return {"read": receipt.read, "kept": receipt.kept, "rejected": dict(receipt.rejected), "doubts": dict(receipt.doubts)}
