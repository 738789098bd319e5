"""Workbooks of the old form (.xls), read in a process of their own: a damaged one may take any amount of memory, or end the process that reads it.

Run as a script it writes to stdout what `read_apart` gives; it needs nothing of the package then. The file's own records say what readers of sheets
do not tell: errors, formulas without a kept value, and the day that dates count from.
"""

from __future__ import annotations

import errno
import io
import marshal
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

Span = tuple[tuple[int, int], tuple[int, int]]

_BATCH = 1000
_MEMORY, _MEMORY_RATIO = 1 << 30, 16
_SECONDS, _BYTES_A_SECOND = 8, 1 << 20
_REFUSED = 71
"""Exit code of a process that could not even load its library."""

_FREE = 0xFFFFFFFA
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A", 43: "#GETTING_DATA"}
_BOF, _EOF, _FORMULA, _DATES, _SHEET, _ERROR = 0x809, 0x0A, 0x06, 0x22, 0x85, 0x205


@dataclass
class OldSheet:
    """A sheet: its ``rows`` as written for `rows_of`, what is merged in it, and by row and column from 0 its ``errors`` and the formulas that are
    ``unkept``, without a value."""

    name: str
    is_visible: bool
    rows: list[bytes] = field(default_factory=list)
    merged: list[Span] = field(default_factory=list)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    unkept: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class OldBook:
    """A workbook's sheets; ``is_1904``: its dates count from 1904."""

    sheets: list[OldSheet]
    is_1904: bool


def read_apart(path: Path) -> OldBook:
    """Reads a workbook in a process with bounded memory and time. Raises ValueError where it cannot be read, OSError where the system refuses the process."""
    whole = path.resolve()
    status = whole.stat()
    return _read(str(whole), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


# Whether it is a form is asked before a workbook is loaded; the process is paid for once.
@lru_cache(maxsize=1)
def _read(path: str, *_state: int) -> OldBook:
    done = subprocess.run([sys.executable, "-P", __file__, path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if done.returncode == _REFUSED:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
    if done.returncode:
        raise ValueError(done.returncode)
    frames = _frames(memoryview(done.stdout))
    is_1904, count = marshal.loads(next(frames))
    sheets = []
    for _ in range(count):
        name, is_visible, merged, errors, unkept, batches = marshal.loads(next(frames))
        sheets.append(OldSheet(name, is_visible, [bytes(next(frames)) for _ in range(batches)], merged, errors, unkept))
    return OldBook(sheets, is_1904)


def rows_of(sheet: OldSheet) -> Iterator[list[Any]]:
    """A sheet's rows, times as text."""
    for batch in sheet.rows:
        yield from marshal.loads(batch)


def _frames(content: memoryview) -> Iterator[memoryview]:
    place = 0
    while place < len(content):
        (size,) = struct.unpack_from("<Q", content, place)
        yield content[place + 8 : place + 8 + size]
        place += 8 + size


def time_text(cell: object) -> str:
    """A sheet's time as text, in ISO form."""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return f"{cell.isoformat()} 00:00:00" if isinstance(cell, date) else str(cell)


def workbook_records(content: bytes) -> bytes:
    """The stream of records in a compound file. Raises ValueError or struct.error where there is none, or its chains go in circles."""
    size, mini_size = 1 << content[30], 1 << content[32]
    first_entry, _, cutoff, first_mini, _, first_more = struct.unpack_from("<6I", content, 48)

    def sector(number: int) -> bytes:
        return content[(number + 1) * size : (number + 2) * size]

    def chain(number: int, table: list[int]) -> Iterator[int]:
        for _ in range(len(table) + 1):
            if number >= _FREE:
                return
            yield number
            number = table[number]
        raise ValueError("a chain of sectors without an end")

    def numbers(raw: bytes) -> list[int]:
        return list(struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4]))

    if size not in (512, 4096) or mini_size != 64:
        raise ValueError("sectors of no size that there is")
    listed = numbers(content[76:512])
    for _ in range(len(content) // size):
        if first_more >= _FREE:
            break
        *more, first_more = numbers(sector(first_more))
        listed += more
    table = [number for place in listed if place < _FREE for number in numbers(sector(place))]

    def stream(number: int) -> bytes:
        return b"".join(map(sector, chain(number, table)))

    entries = stream(first_entry)
    found = [entries[place : place + 128] for place in range(0, len(entries) - 127, 128)]
    for entry in found:
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le", "replace")
        start, length = struct.unpack_from("<II", entry, 116)
        if entry[66] == 2 and name.lower() in ("workbook", "book"):
            if length >= cutoff:
                return stream(start)[:length]
            mini, minis = numbers(stream(first_mini)), stream(struct.unpack_from("<I", found[0], 116)[0])
            return b"".join(minis[place * 64 : place * 64 + 64] for place in chain(start, mini))[:length]
    raise ValueError("no workbook in it")


def add_facts(records: bytes, sheets: list[OldSheet]) -> bool:
    """Adds to the sheets what the records say of their cells; whether dates count from 1904."""
    is_1904, begins = False, []
    for kind, place, size in _records(records, 0):
        if kind == _DATES and size >= 2:
            is_1904 = records[place : place + 2] == b"\1\0"
        elif kind == _SHEET:
            begins.append(struct.unpack_from("<I", records, place)[0])
    for sheet, start in zip(sheets, begins, strict=True):
        formulas = 0
        for kind, place, size in _records(records, start):
            if kind == _ERROR and size >= 8 and records[place + 7]:
                sheet.errors[struct.unpack_from("<HH", records, place)] = _ERRORS.get(records[place + 6], "#ERROR")
            elif kind == _FORMULA and size >= 14:
                formulas += 1
                if records[place + 12 : place + 14] == b"\xff\xff":
                    if records[place + 6] == 2:
                        sheet.errors[struct.unpack_from("<HH", records, place)] = _ERRORS.get(records[place + 8], "#ERROR")
                    elif records[place + 6] == 3:
                        sheet.unkept.append(struct.unpack_from("<HH", records, place))
        # A formula's value may be an empty text; where all of them are, none was ever worked out.
        if len(sheet.unkept) < formulas:
            sheet.unkept = []
    return is_1904


def _records(records: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of the records from there to the end of what begins there; of charts within it none."""
    place, depth, end = start, 0, len(records) - 4
    while place <= end:
        kind, size = struct.unpack_from("<HH", records, place)
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1:
            yield kind, place + 4, size
        place += 4 + size


def _limit(size: int) -> None:
    try:
        import resource
    except ImportError:
        return
    seconds = _SECONDS + size // _BYTES_A_SECOND
    for what, most in ((resource.RLIMIT_AS, _MEMORY + _MEMORY_RATIO * size), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, hard))


def _write(path: Path) -> None:
    """Writes the workbook's frames to stdout."""
    try:
        from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum
    except (ImportError, OSError, MemoryError):
        sys.exit(_REFUSED)
    content = path.read_bytes()
    _limit(len(content))
    sink = sys.stdout.buffer

    def put(frame: bytes) -> None:
        sink.write(struct.pack("<Q", len(frame)) + frame)

    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    declared = book.sheets_metadata
    sheets = [OldSheet(entry.name, entry.visible == SheetVisibleEnum.Visible) for entry in declared]
    is_1904 = add_facts(workbook_records(content), sheets)
    kept = [place for place, entry in enumerate(declared) if entry.typ == SheetTypeEnum.WorkSheet]
    put(marshal.dumps((is_1904, len(kept))))
    for place in kept:
        sheet, cells = sheets[place], book.get_sheet_by_index(place)
        left = [""] * (cells.start[1] if cells.start else 0)
        rows: list[list[Any]] = []
        batches: list[bytes] = []
        for row in cells.iter_rows():
            texts = left + [cell if isinstance(cell, str | float | bool | int) else time_text(cell) for cell in row]
            while texts and texts[-1] == "":
                texts.pop()
            rows.append(texts)
            if len(rows) == _BATCH:
                batches.append(marshal.dumps(rows))
                rows = []
        batches += [marshal.dumps(rows)] if rows else []
        put(marshal.dumps((sheet.name, sheet.is_visible, cells.merged_cell_ranges or [], sheet.errors, sheet.unkept, len(batches))))
        for batch in batches:
            put(batch)
    sink.flush()


if __name__ == "__main__":
    _write(Path(sys.argv[1]))
