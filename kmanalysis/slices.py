"""A page's slice: the finished frames that a notebook may see, as files, and the workbook that is opened on them."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
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
_AWAITED = "awaited"
_LOOK_AGAIN = 0.02


def slice_table(frame: pd.DataFrame) -> pa.Table:
    """A finished frame as a slice holds it, without its index."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def save_slice(
    folder: Path, workbook: Workbook, frames: Mapping[str, pd.DataFrame | pa.Table], suppliers: Sequence[str], awaited: Collection[str] = ()
) -> None:
    """Writes finished frames, or the `slice_table` of each, as a page's slice: what a notebook may see, and nothing else.

    Frames named in ``awaited`` come later, by `add_to_slice`; `complete_slice` says that no more come. A notebook that asks for one waits for it.
    In Arrow's own form: a page has a hundred frames of a few rows, which are written ten times as fast as Parquet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if awaited:
        (folder / _AWAITED).touch()
    for name, frame in frames.items():
        _write_frame(folder / f"{name}{_SUFFIX}", frame)
    facts = {
        "month": str(workbook.month),
        "first_month": str(workbook.first_month),
        "names": {supplier: workbook.names[supplier] for supplier in suppliers},
        "standards": json.loads(workbook.standards.as_json()),
        "changed": list(workbook.standards.changed),
        "frames": sorted({*frames, *awaited}),
    }
    (folder / "slice.json").write_text(json.dumps(facts, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def add_to_slice(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """Gives a slice a frame that it awaits."""
    part = folder / f"{name}.part"
    _write_frame(part, frame)
    # Renamed into place, so that a waiting notebook never opens half a file; no sync, for a slice does not outlive its run.
    part.replace(folder / f"{name}{_SUFFIX}")


def complete_slice(folder: Path) -> None:
    """Says that a slice has all its frames."""
    (folder / _AWAITED).unlink()


def is_awaiting(folder: Path) -> bool:
    """Whether a slice has not got all its frames yet."""
    return (folder / _AWAITED).exists()


def open_slice(folder: Path, words: Words) -> Workbook:
    """Opens a slice that `save_slice` wrote."""
    facts = json.loads((folder / "slice.json").read_text(encoding="utf-8"))
    standards = Standards({identifier: Standard(**values) for identifier, values in facts["standards"].items()}, tuple(facts["changed"]))
    frames = _SliceFrames(folder, {(facts["month"], name): folder / f"{name}{_SUFFIX}" for name in facts["frames"]})
    return Workbook(Month.parse(facts["month"]), standards, words, frames=frames, facts=facts)


def _write_frame(path: Path, frame: pd.DataFrame | pa.Table) -> None:
    table = frame if isinstance(frame, pa.Table) else slice_table(frame)
    with pa.ipc.new_file(str(path), table.schema) as file:
        file.write_table(table)


class _SliceFrames(MutableMapping[tuple[str, str], pd.DataFrame]):
    """The frames of a slice by month and name, each read when it is first asked for: a page shows a few of them."""

    def __init__(self, folder: Path, files: dict[tuple[str, str], Path]) -> None:
        self._folder = folder
        self._files = files
        self._read: dict[tuple[str, str], pd.DataFrame] = {}

    def __getitem__(self, key: tuple[str, str]) -> pd.DataFrame:
        if key not in self._read:
            path = self._files[key]
            while not path.exists() and is_awaiting(self._folder):
                time.sleep(_LOOK_AGAIN)
            with pa.ipc.open_file(str(path)) as file:
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
