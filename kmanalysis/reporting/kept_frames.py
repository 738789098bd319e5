"""Finished frames that outlive a run: a month that is over is measured once, and not again for the trends of the months after it.

A month's frames depend on the program, the standards, and the rows whose event happened before the month's end. The digest of these names the
file that keeps them: an archive of Parquet files beside the reports. A file that is damaged or gone costs a recount and nothing else.
"""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterator, MutableMapping
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from threading import Lock

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.reporting.inputs import Inputs
from kmanalysis.reporting.output import write_beside_and_rename
from kmanalysis.reporting.provenance import digest_of, program_digest, versions
from kmanalysis.standards import Standards
from kmanalysis.times import Month

FOLDER = "months"
KEPT_OF_A_MONTH = 2
"""How many a month are kept, the newest: two sets of standards side by side do not wipe each other out."""

_INDEX = "index.json"
_TYPES = b"kmanalysis.types"
_EPOCH = (1980, 1, 1, 0, 0, 0)
_DAMAGES = (OSError, ValueError, KeyError, TypeError, NotImplementedError, EOFError, zipfile.BadZipFile, pa.ArrowException)

Key = tuple[str, str]
"""Month and name of a frame."""


class KeptFrames(MutableMapping[Key, pd.DataFrame]):
    """Finished frames by month and name: those of this run, and those that an earlier one kept in ``folder``. Months may be asked for side by side.

    With ``force`` nothing that was kept is believed.
    """

    def __init__(self, folder: Path, inputs: Inputs, standards: Standards, *, force: bool = False) -> None:
        self._folder = folder / FOLDER
        self._force = force
        self._inputs = inputs
        self._made_by = digest_of(standards.digest, inputs.key, program_digest(), json.dumps(versions(), sort_keys=True))
        self._frames: dict[Key, pd.DataFrame] = {}
        self._archives: dict[str, _Archive] = {}
        self._new: defaultdict[str, set[str]] = defaultdict(set)
        self._lock = Lock()

    def __getitem__(self, key: Key) -> pd.DataFrame:
        if key not in self._frames:
            month, name = key
            with self._lock:
                found = self._archive(month).frame(name)
            if found is None:
                raise KeyError(key)
            self._frames.setdefault(key, found)
        return self._frames[key]

    def __setitem__(self, key: Key, frame: pd.DataFrame) -> None:
        self._frames[key] = frame
        with self._lock:
            self._new[key[0]].add(key[1])

    def __delitem__(self, key: Key) -> None:
        del self._frames[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def save(self) -> None:
        """Keeps what was counted since, and drops what nobody will ask for again."""
        for month, names in sorted(self._new.items()):
            self._archive(month).add({name: self._frames[month, name] for name in sorted(names)})
            _drop_all_but_newest(self._folder, month, self._archive(month).path)
        self._new.clear()

    def _archive(self, month: str) -> _Archive:
        if month not in self._archives:
            files = self._inputs.mattering(Month.parse(month))
            key = digest_of(self._made_by, month, *(part for entry in sorted(files.items()) for part in entry))
            self._archives[month] = _Archive(self._folder / f"{month}-{key}.zip", self._force)
        return self._archives[month]


class _Archive:
    """The frames of one month in one file."""

    def __init__(self, path: Path, is_empty: bool) -> None:
        self.path = path
        self._digests = {} if is_empty else self._read_index()

    def frame(self, name: str) -> pd.DataFrame | None:
        """The frame as it was kept; None where it is not, or not as it was written."""
        content = self._content(name)
        if content is None:
            return None
        try:
            return restored(content)
        except _DAMAGES:
            return None

    def add(self, frames: dict[str, pd.DataFrame]) -> None:
        """Writes the frames beside those that are there."""
        contents = {name: content for name in self._digests if name not in frames and (content := self._content(name)) is not None}
        contents |= {name: content for name, frame in frames.items() if (content := exact_content(frame)) is not None}
        self._digests = {name: _digest(content) for name, content in sorted(contents.items())}
        target = BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for name, content in sorted(contents.items()):
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
            archive.writestr(zipfile.ZipInfo(_INDEX, _EPOCH), json.dumps(self._digests, sort_keys=True))
        write_beside_and_rename(self.path, target.getvalue())

    def _content(self, name: str) -> bytes | None:
        if name not in self._digests:
            return None
        try:
            with zipfile.ZipFile(self.path) as archive:
                content = archive.read(name)
        except _DAMAGES:
            return None
        return content if _digest(content) == self._digests[name] else None

    def _read_index(self) -> dict[str, str]:
        try:
            with zipfile.ZipFile(self.path) as archive:
                found = json.loads(archive.read(_INDEX))
        except _DAMAGES:
            return {}
        return found if isinstance(found, dict) else {}


def exact_content(frame: pd.DataFrame) -> bytes | None:
    """The frame as Parquet; None where Parquet would not give back the same values, types and labels."""
    target = BytesIO()
    try:
        table = pa.Table.from_pandas(frame)
        types = json.dumps([str(dtype) for dtype in frame.dtypes]).encode()
        pq.write_table(table.replace_schema_metadata(table.schema.metadata | {_TYPES: types}), target)
        is_same = _are_same(restored(target.getvalue()), frame)
    except _DAMAGES:
        return None
    return target.getvalue() if is_same else None


def restored(content: bytes) -> pd.DataFrame:
    """The frame that `exact_content` wrote."""
    table = pq.read_table(BytesIO(content))
    frame = table.to_pandas()
    # Parquet knows no whole seconds, which days come as.
    types = zip(frame.columns, json.loads(table.schema.metadata[_TYPES]), strict=True)
    return frame.astype({name: told for name, told in types if str(frame[name].dtype) != told})


def _are_same(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    if not (one.dtypes.equals(other.dtypes) and one.columns.equals(other.columns) and one.index.equals(other.index) and type(one.index) is type(other.index)):
        return False
    cells = (name for name in one.columns if one[name].dtype == object)
    return one.equals(other) and all([*map(type, one[name])] == [*map(type, other[name])] for name in cells)


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _drop_all_but_newest(folder: Path, month: str, used: Path) -> None:
    others = sorted((path for path in folder.glob(f"{month}-*") if path != used), key=_last_change)
    for path in others[: max(len(others) - (KEPT_OF_A_MONTH - 1), 0)]:
        path.unlink(missing_ok=True)


def _last_change(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except FileNotFoundError:  # another run was quicker
        return 0, path.name
