"""Finished frames that outlive a run."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, MutableMapping
from io import BytesIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.report.cache.kept_archives import Archives

_TYPES = b"kmanalysis.types"
_DAMAGES = (OSError, ValueError, KeyError, TypeError, NotImplementedError, EOFError, pa.ArrowException)

Key = tuple[str, str]
"""Month and name of a frame."""


class KeptFrames(MutableMapping[Key, pd.DataFrame]):
    """Finished frames by month and name: those of this run, and those that an earlier one kept. Months may be asked for side by side."""

    def __init__(self, archives: Archives) -> None:
        self._archives = archives
        self._frames: dict[Key, pd.DataFrame] = {}
        self._new: defaultdict[str, set[str]] = defaultdict(set)

    def __getitem__(self, key: Key) -> pd.DataFrame:
        if key not in self._frames:
            content = self._archives.content(*key)
            if content is None:
                raise KeyError(key)
            try:
                self._frames.setdefault(key, restored(content))
            except _DAMAGES:
                raise KeyError(key) from None
        return self._frames[key]

    def __setitem__(self, key: Key, frame: pd.DataFrame) -> None:
        self._frames[key] = frame
        self._new[key[0]].add(key[1])

    def __delitem__(self, key: Key) -> None:
        del self._frames[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def save(self) -> None:
        """Keeps what was counted since. A frame that Parquet would not give back exactly is left out."""
        for month, names in sorted(self._new.items()):
            contents = {name: exact_content(self._frames[month, name]) for name in sorted(names)}
            self._archives.add(month, {name: content for name, content in contents.items() if content is not None})
        self._new.clear()


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
