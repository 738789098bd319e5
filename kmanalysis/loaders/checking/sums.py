"""Sums of the Parquet files that we write: a file whose bits have changed since is noticed before its values are taken.

Page checksums (which the files have as well, for readers that look at them) leave out what is written about the pages, and the engine reads past them. So
the sum is of all of the file, and stands in its own metadata; while it is worked out zeros stand in its place. It costs a second for two gigabytes, once
a process and state of the file.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from kmanalysis.errors import DataError
from kmanalysis.files.faults import said

SUM_KEY = "kmanalysis.sum"
PLACE_FOR_SUM = {SUM_KEY: "00000000"}
"""Metadata that a file must have, below its schema, for `add_sum`."""

_BLOCK = 1 << 22
_ZEROS = b"00000000"
# As Parquet's metadata are written: the key, the kind of the field that follows, and the length of its text.
_BEFORE = SUM_KEY.encode() + b"\x18\x08"
_SMALLEST_TAIL, _LARGEST_TAIL = 1 << 16, 1 << 28

_intact: dict[Path, tuple[int, int, int, int]] = {}


def add_sum(file: IO[bytes]) -> None:
    """Writes the file's sum into its place. The file is open for reading and writing, and has `PLACE_FOR_SUM` in its metadata."""
    place = _place(file)
    assert place is not None, "the metadata have no place for a sum"
    total = _sum(file, place)
    file.seek(place)
    file.write(b"%08x" % total)
    file.flush()


def check_sums(files: Sequence[Path]) -> None:
    """Raises DataError where one of the files is not as it was written. Files without a sum pass; PathError where the system refuses one."""
    with ThreadPoolExecutor(4) as threads:
        for path, is_intact in zip(files, threads.map(_is_intact, files), strict=True):
            if not is_intact:
                raise DataError(
                    "{file} is not as it was written: its sum differs, so a disk or a copy has damaged it. Take it from a backup, or load its rows again.",
                    file=path.name if path.parent.name == "" else f"{path.parent.name}/{path.name}",
                )


def _is_intact(path: Path) -> bool:
    with said(path):
        status = os.stat(path)
        state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        if _intact.get(path) == state:
            return True
        with path.open("rb") as file:
            place = _place(file)
            if place is not None:
                file.seek(place)
                if file.read(len(_ZEROS)) != b"%08x" % _sum(file, place):
                    return False
    _intact[path] = state
    return True


def _place(file: IO[bytes]) -> int | None:
    """Where the sum stands in the file; None where it has none."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - 8, 0))
    stated = int.from_bytes(file.read(4), "little") + 8
    # What is stated may be what has changed.
    start = max(size - min(max(stated, _SMALLEST_TAIL), _LARGEST_TAIL), 0)
    file.seek(start)
    found = file.read(size - start).rfind(_BEFORE)
    return None if found < 0 else start + found + len(_BEFORE)


def _sum(file: IO[bytes], place: int) -> int:
    """The sum of the file with zeros in its own place."""
    file.seek(0)
    total = position = 0
    while block := file.read(_BLOCK):
        begin = place - position
        if -len(_ZEROS) < begin < len(block):
            kept = bytearray(block)
            first, last = max(begin, 0), min(begin + len(_ZEROS), len(block))
            kept[first:last] = _ZEROS[: last - first]
            block = bytes(kept)
        total = zlib.crc32(block, total)
        position += len(block)
    return total
