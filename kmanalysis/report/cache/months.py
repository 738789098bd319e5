"""The month store: what outlives a run. A month that is over is counted once, and not again for the trends of the months after it.

What is counted of a month depends on the program, the standards, and the rows whose event happened before the month's end. The digest of these names a folder,
``<month>/<digest>``, which holds finished frames and the rows of reusable engine tables as Parquet files, and an index with the digest of each. Nothing
is taken from a file that differs from its digest, nor from an index that differs from its own: the month is counted again.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, MutableMapping
from io import BytesIO
from itertools import chain
from pathlib import Path
from threading import Lock

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.files.durable import write_atomically
from kmanalysis.report.cache.digests import content_digest, digest_of, mapping_digest, read_sealed, sealed
from kmanalysis.report.cache.fingerprints import Fingerprints
from kmanalysis.report.cache.program import versions
from kmanalysis.standards import Standards
from kmanalysis.times import Month

VERSIONS_OF_A_MONTH = 2
"""How many a month are kept, the newest: two sets of standards side by side do not wipe each other out."""

INDEX = "index.json"
LAST_MONTH = "last_month.json"

_TYPES = b"kmanalysis.types"
_NOT_EXACT = (OSError, ValueError, KeyError, TypeError, NotImplementedError, pa.ArrowException)

Key = tuple[str, str]
"""Month and name of a frame."""


class MonthStore:
    """The months kept in a folder, for one state of the data, the standards and the program. Months may be asked for side by side.

    With ``force`` nothing that was kept is believed. `frames` is what a workbook takes as its frames; the store itself is its shelf.
    """

    def __init__(self, folder: Path, fingerprints: Fingerprints, standards: Standards, *, force: bool = False) -> None:
        self._folder = folder
        self._fingerprints = fingerprints
        self._force = force
        self._made_by = digest_of(standards.digest, fingerprints.key, fingerprints.program, json.dumps(versions(), sort_keys=True))
        self._months: dict[str, _Month] = {}
        self._lock = Lock()
        self.frames = StoredFrames(self)

    def content(self, month: str, name: str) -> bytes | None:
        """What was kept of a month under a name; None where nothing was, or not as it was written."""
        return self._month(month).content(name)

    def taken(self, table: str, month: Month) -> pa.Table | None:
        """The rows of an engine table's month as an earlier run kept them; None where none did, or not as it wrote them."""
        content = self.content(str(month), _table_name(table))
        return None if content is None else _read(content)

    def save(self, tables: Iterable[tuple[str, Month, pa.Table]] = ()) -> None:
        """Keeps the frames that were finished since, and these rows of engine tables."""
        changed = set()
        contents = ((str(month), _table_name(table), _table_content(rows)) for table, month, rows in tables)
        for month, name, content in chain(self.frames.new_contents(), contents):
            self._month(month).write(name, content)
            changed.add(month)
        for month in sorted(changed):
            self._month(month).write_index()
            _drop_all_but_newest(self._folder / month, self._month(month).folder)

    def _month(self, month: str) -> _Month:
        with self._lock:
            if month not in self._months:
                key = digest_of(self._made_by, month, mapping_digest(self._fingerprints.relevant_to(Month.parse(month))))
                self._months[month] = _Month(self._folder / month / key, is_empty=self._force)
            return self._months[month]


class StoredFrames(MutableMapping[Key, pd.DataFrame]):
    """Finished frames by month and name: those of this run, and those that an earlier one kept."""

    def __init__(self, store: MonthStore) -> None:
        self._store = store
        self._frames: dict[Key, pd.DataFrame] = {}
        self._new: set[Key] = set()

    def __getitem__(self, key: Key) -> pd.DataFrame:
        if key not in self._frames:
            month, name = key
            content = self._store.content(month, _frame_name(name))
            if content is None:
                raise KeyError(key)
            self._frames.setdefault(key, frame_of(content))
        return self._frames[key]

    def __setitem__(self, key: Key, frame: pd.DataFrame) -> None:
        self._frames[key] = frame
        self._new.add(key)

    def __delitem__(self, key: Key) -> None:
        del self._frames[key]
        self._new.discard(key)

    def __iter__(self) -> Iterator[Key]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def new_contents(self) -> Iterator[tuple[str, str, bytes]]:
        """Month, file name and content of each frame finished since this was last asked. One that Parquet would not give back exactly is left out."""
        for month, name in sorted(self._new):
            content = frame_content(self._frames[month, name])
            if content is not None:
                yield month, _frame_name(name), content
        self._new.clear()


def frame_content(frame: pd.DataFrame) -> bytes | None:
    """The frame as Parquet; None where Parquet would not give back the same values, types and labels."""
    target = BytesIO()
    try:
        table = pa.Table.from_pandas(frame)
        types = json.dumps([str(dtype) for dtype in frame.dtypes]).encode()
        pq.write_table(table.replace_schema_metadata((table.schema.metadata or {}) | {_TYPES: types}), target)
        is_same = _are_same(frame_of(target.getvalue()), frame)
    except _NOT_EXACT:
        return None
    return target.getvalue() if is_same else None


def frame_of(content: bytes) -> pd.DataFrame:
    """The frame that `frame_content` wrote."""
    table = _read(content)
    frame: pd.DataFrame = table.to_pandas(use_threads=False)
    # Parquet knows no whole seconds, which days come as.
    for (name, found), dtype in zip(frame.dtypes.items(), json.loads((table.schema.metadata or {})[_TYPES]), strict=True):
        if str(found) != dtype:
            frame[name] = frame[name].astype(dtype)
    return frame


def last_month(folder: Path, fingerprints: Fingerprints) -> str | None:
    """The last month with an event, if `remember_last_month` was told it of the same files."""
    found = read_sealed(folder / LAST_MONTH).get(fingerprints.data)
    return found if isinstance(found, str) else None


def remember_last_month(folder: Path, fingerprints: Fingerprints, month: str) -> None:
    """Keeps the last month with an event for `last_month`."""
    write_atomically(folder / LAST_MONTH, sealed({fingerprints.data: month}))


class _Month:
    """What is kept of one month for one state of all that it depends on."""

    def __init__(self, folder: Path, *, is_empty: bool) -> None:
        self.folder = folder
        self._digests = {} if is_empty else self._index()

    def content(self, name: str) -> bytes | None:
        try:
            content = (self.folder / name).read_bytes() if name in self._digests else None
        except OSError:
            return None
        return content if content is not None and content_digest(content) == self._digests[name] else None

    def write(self, name: str, content: bytes) -> None:
        """Writes a file that `write_index` will list. What is not written whole differs from its digest, so it needs no care."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        self._digests[name] = content_digest(content)

    def write_index(self) -> None:
        write_atomically(self.folder / INDEX, sealed({"month": self.folder.parent.name, "key": self.folder.name, "files": self._digests}))

    def _index(self) -> dict[str, str]:
        found = read_sealed(self.folder / INDEX)
        is_here = (found.get("month"), found.get("key")) == (self.folder.parent.name, self.folder.name)
        return dict(found["files"]) if is_here else {}


def _read(content: bytes) -> pa.Table:
    # In this thread: for a few rows, asking others takes longer than reading. `read_table` would look for a whole dataset first.
    return pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)


def _frame_name(frame: str) -> str:
    return f"frames/{frame}.parquet"


def _table_name(table: str) -> str:
    return f"tables/{table}.parquet"


def _table_content(rows: pa.Table) -> bytes:
    target = BytesIO()
    pq.write_table(rows, target, compression="zstd")
    return target.getvalue()


def _are_same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    if not (one.dtypes.equals(other.dtypes) and one.columns.equals(other.columns) and one.index.equals(other.index) and type(one.index) is type(other.index)):
        return False
    cells = one.columns[one.dtypes == "object"]
    return one.equals(other) and all([*map(type, one[name])] == [*map(type, other[name])] for name in cells)


def _drop_all_but_newest(month: Path, used: Path) -> None:
    others = sorted((folder for folder in month.iterdir() if folder.is_dir() and folder != used), key=_last_change)
    for folder in others[: max(len(others) - (VERSIONS_OF_A_MONTH - 1), 0)]:
        shutil.rmtree(folder, ignore_errors=True)


def _last_change(folder: Path) -> tuple[int, str]:
    try:
        return (folder / INDEX).stat().st_mtime_ns, folder.name
    except OSError:  # a run was killed before it was written, or another run was quicker
        return 0, folder.name
