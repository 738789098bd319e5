"""Digests of what a month depends on: the data's files, the key of its secrets and the program; and which files can matter to which month."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import pyarrow.parquet as pq

from kmanalysis.files.durable import write_atomically
from kmanalysis.loaders.checking.derived import months_of
from kmanalysis.loaders.checking.secrets import existing_key
from kmanalysis.loaders.folder import table_files, trusted_heads
from kmanalysis.loaders.hadoop import HadoopFolder
from kmanalysis.report.cache.digests import content_digest, file_digest, mapping_digest, read_sealed, sealed
from kmanalysis.report.cache.program import program_digest
from kmanalysis.tables import Table, tables
from kmanalysis.times import Month

REMEMBERED = "fingerprints.json"
SETTLED_SECONDS = 2.0
"""A file is remembered once its last change is so long ago: within a tick of the disk's clock it could change again and look the same."""

_NEVER = Month(9999, 12)


@dataclass(frozen=True)
class Fingerprints:
    """A workbook folder's files by their path in it, the key that secrets are digested with (empty without one), and the program: a digest of each.

    Of a file at an address the digest is of its state (`HadoopFolder.states`) and not of its content.
    """

    folder: Path | HadoopFolder
    files: Mapping[str, str]
    key: str
    program: str

    @property
    def data(self) -> str:
        """Digest of all files, as the manifest gives it."""
        return mapping_digest(self.files)

    def relevant_to(self, month: Month) -> dict[str, str]:
        """Digests of the files that can hold what a month's frames depend on: all but those whose every event lies after it."""
        return {path: digest for path, digest in self.files.items() if self._first_months.get(path, month) <= month}

    @cached_property
    def _first_months(self) -> dict[str, Month]:
        """Month of a file's first event, where that is known without reading rows."""
        firsts = _first_months_at(self.folder) if isinstance(self.folder, HadoopFolder) else _first_months_in(self.folder)
        # Without a table of suppliers they are those that any row names, whenever it happened.
        if "suppliers" not in firsts:
            return {}
        checked = {name for name, months in firsts.items() if months is None}
        # Whether a row that is checked refers to something depends on all rows of the other table, whenever they happened.
        referred = {column.refers_to.partition(".")[0] for name in checked for column in tables()[name].columns.values() if column.refers_to}
        known = [months for name, months in firsts.items() if months and name not in referred]
        return {path: month for months in known for path, month in months.items() if month is not None}


def read_fingerprints(folder: Path | HadoopFolder, kept: Path | None = None, *, force: bool = False, settled: float = SETTLED_SECONDS) -> Fingerprints:
    """The folder's fingerprints. A file that the folder ``kept`` remembers and that is still the same one is not read again, unless ``force``.

    A file counts as the same while its size, its times of change and its inode are: version control does so, for the same reason.
    Whoever changes a file and sets all of them back is not noticed without ``force``. ``settled`` are the seconds after its last change from which
    on a file is remembered. Raises DataError as `table_files` and `HadoopFolder.files` do.
    """
    if isinstance(folder, HadoopFolder):
        # No secrets are digested there, so there is no key.
        return Fingerprints(folder, {path: content_digest(state.encode()) for path, state in folder.states().items()}, "", program_digest(kept))
    paths = sorted(path for files in table_files(folder).values() for path in files)
    before = {} if kept is None or force else read_sealed(kept / REMEMBERED)
    now = _clock_of(kept)
    files, seen = {}, {}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        status = _status(path)
        *known, digest = before.get(name) or [None]
        is_known = known == status
        files[name] = digest if is_known else file_digest(path)
        if is_known or (now is not None and _status(path) == status and max(status[1:3]) < now - settled * 1e9):
            seen[name] = [*status, files[name]]
    if kept is not None and seen != before:
        write_atomically(kept / REMEMBERED, sealed(seen))
    key = existing_key(folder)
    return Fingerprints(folder, files, blake2b(key=key, digest_size=16).hexdigest() if key else "", program_digest(kept))


def _status(path: Path) -> list[int]:
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


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


def _first_months_in(folder: Path) -> dict[str, dict[str, Month | None] | None]:
    """Month of the first event in each file of each table, by path in the folder (None: not known); None for a table that is validated at each run."""
    return {
        name: _first_months(tables()[name], [path.relative_to(folder).as_posix() for path in files], trusted_heads(tables()[name], files))
        for name, files in table_files(folder).items()
    }


def _first_months_at(folder: HadoopFolder) -> dict[str, dict[str, Month | None] | None]:
    """The same of a folder at an address."""
    return {name: _first_months(tables()[name], [file.path for file in files], folder.heads(tables()[name])) for name, files in folder.files.items()}


def _first_months(table: Table, paths: Sequence[str], heads: Sequence[pq.ParquetFile] | None) -> dict[str, Month | None] | None:
    return None if heads is None else {path: _first_month(table, head) for path, head in zip(paths, heads, strict=True)}


def _first_month(table: Table, head: pq.ParquetFile) -> Month | None:
    """Month of a file's first event by its statistics; None where they do not tell it."""
    if not table.event_time:
        return None
    if not head.metadata.num_rows:
        return _NEVER
    months = months_of(table, head)
    return months[0] if months else None
