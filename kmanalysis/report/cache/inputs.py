"""What a report is made from, file by file: the digest of each file's content, and the files that can matter to a month."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import pyarrow.parquet as pq

from kmanalysis.loaders.checking.derived import months_of
from kmanalysis.loaders.checking.secrets import existing_key
from kmanalysis.loaders.checking.stamp import is_stamped
from kmanalysis.loaders.folder import table_files
from kmanalysis.report.cache.provenance import digest_of
from kmanalysis.report.files import write_beside_and_rename
from kmanalysis.tables import Table, tables
from kmanalysis.times import Month

KEPT = ".kept"
"""Folder beside the months' reports of what spares work the next time. It changes no report and can be deleted at any time."""

REMEMBERED = "inputs.json"
_SETTLED_NS = 2_000_000_000
_NEVER = Month(9999, 12)


@dataclass(frozen=True)
class Inputs:
    """A workbook folder's files: their digests by path in the folder, and that of the key that secrets are digested with (empty without one)."""

    folder: Path
    files: Mapping[str, str]
    key: str

    @property
    def digest(self) -> str:
        """Digest of all files, as the manifest gives it."""
        return digest_of(*(part for entry in sorted(self.files.items()) for part in entry))

    def mattering(self, month: Month) -> dict[str, str]:
        """Digests of the files that can hold what a month's frames depend on: all but those whose every event lies after it."""
        return {path: digest for path, digest in self.files.items() if self._first_months.get(path, month) <= month}

    @cached_property
    def _first_months(self) -> dict[str, Month]:
        """Month of a file's first event, where that is known without reading rows."""
        found = table_files(self.folder)
        looked_at = {name for name, files in found.items() if not all(_is_trusted(path, tables()[name]) for path in files)}
        # Whether a row that is looked at refers to something depends on all rows of the other table, whenever they happened.
        referred = {column.refers_to.partition(".")[0] for name in looked_at for column in tables()[name].columns.values() if column.refers_to}
        told: dict[str, Month | None] = {}
        for name, files in found.items():
            if tables()[name].event_time and name not in looked_at | referred:
                told |= {path.relative_to(self.folder).as_posix(): _first_month(path, tables()[name]) for path in files}
        return {path: month for path, month in told.items() if month is not None}


def read_inputs(folder: Path, kept: Path | None = None, *, force: bool = False) -> Inputs:
    """The folder's files with their digests. What the folder ``kept`` remembers of a file that is still the same one is not read again, unless ``force``.

    A file counts as the same while its size, its times of change and its number on the disk are: version control does so, for the same reason.
    Whoever changes a file and sets all of them back is not noticed without ``force``.
    """
    paths = sorted(path for files in table_files(folder).values() for path in files)
    before = {} if force else _remembered(kept)
    now = _clock_of(kept)
    files, seen = {}, {}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        told = _told(path)
        *known, digest = before.get(name) or [None]
        is_known = known == told
        files[name] = digest if is_known else file_digest(path)
        # A file written a moment ago may be written again within the same tick of the disk's clock.
        if is_known or (now is not None and _told(path) == told and max(told[1:3]) < now - _SETTLED_NS):
            seen[name] = [*told, files[name]]
    key = existing_key(folder)
    if kept is not None and seen != before:
        write_beside_and_rename(kept / REMEMBERED, json.dumps(seen, sort_keys=True).encode())
    return Inputs(folder, files, blake2b(key=key, digest_size=16).hexdigest() if key else "")


def file_digest(path: Path) -> str:
    """Digest of a file's content."""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _told(path: Path) -> list[int]:
    told = os.stat(path)
    return [told.st_size, told.st_mtime_ns, told.st_ctime_ns, told.st_ino]


def _clock_of(kept: Path | None) -> int | None:
    """The disk's own time, by which it dates files: what it gives a file that is written now."""
    if kept is None:
        return None
    probe = kept / f"{REMEMBERED}.{os.getpid()}"
    kept.mkdir(parents=True, exist_ok=True)
    probe.write_bytes(b"")
    try:
        return os.stat(probe).st_mtime_ns
    finally:
        probe.unlink()


def _remembered(kept: Path | None) -> dict[str, list]:
    try:
        found = json.loads((kept / REMEMBERED).read_bytes()) if kept else {}
    except (OSError, ValueError):
        return {}
    is_ours = isinstance(found, dict) and all(isinstance(told, list) for told in found.values())
    return found if is_ours else {}


def _is_trusted(path: Path, table: Table) -> bool:
    """Whether the file is taken as it is: Parquet with our stamp."""
    try:
        return path.suffix == ".parquet" and is_stamped(pq.read_schema(path), table)
    except (OSError, ValueError):
        return False


def _first_month(path: Path, table: Table) -> Month | None:
    """Month of a file's first event by its statistics; None where they do not tell it."""
    head = pq.ParquetFile(path)
    if not head.metadata.num_rows:
        return _NEVER
    months = months_of(table, head)
    return months[0] if months else None
