"""A page's slice: the finished frames that a notebook may see, and the workbook that is opened on them.

A slice is a folder. One file holds the frames, one behind the other in Arrow's own form, which is written ten times as fast as Parquet; another says
in a line a frame where it stands. Both only grow, so that a notebook may read what is there while more is added.
"""

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

ASKED_VARIABLE = "KMANALYSIS_ASKED"
"""Environment variable that names a file, to which the name of each frame is added that a batch notebook asks for."""

_FRAMES, _PLACES, _FACTS, _AWAITED = "frames.arrows", "places.txt", "slice.json", "awaited"
_LOOK_AGAIN = 0.02


def slice_table(frame: pd.DataFrame) -> pa.Table:
    """A finished frame as a slice holds it, without its index."""
    return pa.Table.from_pandas(frame, preserve_index=False)


def save_slice(
    folder: Path, workbook: Workbook, frames: Mapping[str, pd.DataFrame | pa.Table], suppliers: Sequence[str], awaited: Collection[str] = ()
) -> None:
    """Writes finished frames, or the `slice_table` of each, as a page's slice: what a notebook may see, and nothing else.

    Frames named in ``awaited`` come later, by `add_to_slice`; `complete_slice` says that no more come. A notebook that asks for one waits for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if awaited:
        (folder / _AWAITED).touch()
    _append(folder, frames)
    facts = {
        "month": str(workbook.month),
        "first_month": str(workbook.first_month),
        "names": {supplier: workbook.names[supplier] for supplier in suppliers},
        "standards": json.loads(workbook.standards.as_json()),
        "changed": list(workbook.standards.changed),
        "frames": sorted({*frames, *awaited}),
    }
    (folder / _FACTS).write_text(json.dumps(facts, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def add_to_slice(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """Gives a slice a frame that it awaits."""
    _append(folder, {name: frame})


def complete_slice(folder: Path) -> None:
    """Says that a slice has all its frames."""
    (folder / _AWAITED).unlink()


def is_awaiting(folder: Path) -> bool:
    """Whether a slice has not got all its frames yet."""
    return (folder / _AWAITED).exists()


def open_slice(folder: Path, words: Words, asked: Path | None = None) -> Workbook:
    """Opens a slice that `save_slice` wrote. The name of each frame that is asked for is added to the file ``asked``, a line each."""
    facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    standards = Standards({identifier: Standard(**values) for identifier, values in facts["standards"].items()}, tuple(facts["changed"]))
    frames = _SliceFrames(folder, {(facts["month"], name) for name in facts["frames"]}, asked)
    return Workbook(Month.parse(facts["month"]), standards, words, frames=frames, facts=facts)


def asked_frames(asked: Path) -> tuple[str, ...]:
    """The names of the frames that were asked for, sorted, as `open_slice` noted them; none where nothing was noted."""
    return tuple(sorted(set(asked.read_text(encoding="utf-8").splitlines()))) if asked.exists() else ()


def _append(folder: Path, frames: Mapping[str, pd.DataFrame | pa.Table]) -> None:
    """Adds frames at the end, and only then the lines that say where they stand. No sync: a slice does not outlive its run."""
    lines = []
    with (folder / _FRAMES).open("ab") as file:
        for name, frame in frames.items():
            content = _content(frame)
            lines.append(f"{file.tell()} {content.size} {name}\n")
            file.write(content)
    with (folder / _PLACES).open("a", encoding="utf-8") as file:
        file.write("".join(lines))


def _content(frame: pd.DataFrame | pa.Table) -> pa.Buffer:
    table = frame if isinstance(frame, pa.Table) else slice_table(frame)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


class _SliceFrames(MutableMapping[tuple[str, str], pd.DataFrame]):
    """The frames of a slice by month and name, each read when it is first asked for: a page shows a few of them."""

    def __init__(self, folder: Path, names: Collection[tuple[str, str]], asked: Path | None) -> None:
        self._folder = folder
        self._names = set(names)
        self._asked = asked
        self._read: dict[tuple[str, str], pd.DataFrame] = {}
        self._places: dict[str, tuple[int, int]] = {}

    def __getitem__(self, key: tuple[str, str]) -> pd.DataFrame:
        if key not in self._read:
            if key not in self._names:
                raise KeyError(key)
            self._read[key] = self._frame(key[1])
        return self._read[key]

    def __setitem__(self, key: tuple[str, str], frame: pd.DataFrame) -> None:
        self._read[key] = frame

    def __delitem__(self, key: tuple[str, str]) -> None:
        self._names.discard(key)
        self._read.pop(key, None)

    def __contains__(self, key: object) -> bool:
        return key in self._read or key in self._names

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._names | set(self._read))

    def __len__(self) -> int:
        return len(self._names | set(self._read))

    def _frame(self, name: str) -> pd.DataFrame:
        start, size = self._place(name)
        with (self._folder / _FRAMES).open("rb") as file:
            file.seek(start)
            content = file.read(size)
        with pa.ipc.open_stream(content) as stream:
            frame: pd.DataFrame = stream.read_all().to_pandas()
        if self._asked:
            with self._asked.open("a", encoding="utf-8") as file:
                file.write(f"{name}\n")
        return frame

    def _place(self, name: str) -> tuple[int, int]:
        """Where a frame stands, as soon as it is there. Raises KeyError where none comes any more."""
        while name not in self._places:
            # Asked before the lines are read: the last frame may come in between.
            is_growing = is_awaiting(self._folder)
            self._read_places()
            if name not in self._places:
                if not is_growing:
                    raise KeyError(name)
                time.sleep(_LOOK_AGAIN)
        return self._places[name]

    def _read_places(self) -> None:
        lines = (self._folder / _PLACES).read_text(encoding="utf-8").splitlines(keepends=True)
        # Half a line may be there already.
        for start, size, name in (line.split(maxsplit=2) for line in lines if line.endswith("\n")):
            self._places[name.rstrip("\n")] = int(start), int(size)
