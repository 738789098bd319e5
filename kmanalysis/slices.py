"""A page's slice: the finished frames that a notebook may see, as files, and the workbook that is opened on them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from kmanalysis.standards import Standard, Standards
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook

SLICE_VARIABLE = "KMANALYSIS_SLICE"
"""Environment variable that names the slice a batch notebook is opened on."""

_SUFFIX = ".arrow"


def slice_table(frame: pd.DataFrame) -> pa.Table:
    """A finished frame as a slice holds it, without its index."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def save_slice(folder: Path, workbook: Workbook, frames: Mapping[str, pd.DataFrame | pa.Table], suppliers: Sequence[str]) -> None:
    """Writes finished frames, or the `slice_table` of each, as a page's slice: what a notebook may see, and nothing else.

    In Arrow's own form: a page has a hundred frames of a few rows, which are written ten times as fast as Parquet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        table = frame if isinstance(frame, pa.Table) else slice_table(frame)
        with pa.ipc.new_file(str(folder / f"{name}{_SUFFIX}"), table.schema) as file:
            file.write_table(table)
    facts = {
        "month": str(workbook.month),
        "first_month": str(workbook.first_month),
        "names": {supplier: workbook.names[supplier] for supplier in suppliers},
        "standards": json.loads(workbook.standards.as_json()),
        "changed": list(workbook.standards.changed),
    }
    (folder / "slice.json").write_text(json.dumps(facts, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def open_slice(folder: Path, words: Words) -> Workbook:
    """Opens a slice that `save_slice` wrote."""
    facts = json.loads((folder / "slice.json").read_text(encoding="utf-8"))
    standards = Standards({identifier: Standard(**values) for identifier, values in facts["standards"].items()}, tuple(facts["changed"]))
    frames = _SliceFrames({(facts["month"], path.stem): path for path in folder.glob(f"*{_SUFFIX}")})
    return Workbook(Month.parse(facts["month"]), standards, words, frames=frames, facts=facts)


class _SliceFrames(MutableMapping[tuple[str, str], pd.DataFrame]):
    """The frames of a slice by month and name, each read when it is first asked for: a page shows a few of them."""

    def __init__(self, files: dict[tuple[str, str], Path]) -> None:
        self._files = files
        self._read: dict[tuple[str, str], pd.DataFrame] = {}

    def __getitem__(self, key: tuple[str, str]) -> pd.DataFrame:
        if key not in self._read:
            with pa.ipc.open_file(str(self._files[key])) as file:
                self._read[key] = file.read_all().to_pandas()
        return self._read[key]

    def __setitem__(self, key: tuple[str, str], frame: pd.DataFrame) -> None:
        self._read[key] = frame

    def __delitem__(self, key: tuple[str, str]) -> None:
        self._files.pop(key, None)
        self._read.pop(key, None)

    def __contains__(self, key: object) -> bool:
        return key in self._read or key in self._files

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._files | self._read)

    def __len__(self) -> int:
        return len(self._files | self._read)
