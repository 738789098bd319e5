"""Excel workbooks, new (.xlsx) and old (.xls), as sheets of text cells: what a file is by its content, whatever it is called."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.marks import EXACT, EXCEL_ERROR, LOST_DIGITS, NO_VALUE
from kmanalysis.loaders.reading.damage import whole_workbook
from kmanalysis.loaders.reading.headings import empty_file
from kmanalysis.loaders.reading.old_workbooks import OldBook, Span, read_apart, rows_of, time_text
from kmanalysis.loaders.reading.package import DAY_ZERO, DAY_ZERO_1904, Package
from kmanalysis.loaders.reading.records import Record

SHEET_SUFFIXES = (".xlsx", ".xls")
_TYPED = 1e15
"""Numbers beyond it that are not whole show digits that nobody typed."""

_HEAD = 1 << 12
_ZIP, _COMPOUND = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGES = (b"<html", b"<table", b"<!doctype", b"<?xml", b"<workbook")


def is_workbook(path: Path) -> bool:
    """Whether a file is to be read as a workbook: it is called one, and is no text table under a workbook's name."""
    if path.suffix.lower() not in SHEET_SUFFIXES:
        return False
    head = _head(path)
    is_page = any(page in head.lower() for page in _PAGES)
    return head.startswith((_ZIP, _COMPOUND)) or not head or is_page or (b"\0" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")))


@dataclass(frozen=True)
class Sheet:
    """A sheet's name, and whether it is one that readers see."""

    name: str
    is_visible: bool


class Workbook:
    """A workbook's ``sheets`` of cells, charts left out, in their order; ``day_zero`` is the day that its dates count from.

    ``is_marked``: cells that hold no value were met in the rows that were read. Raises DataError for a file that is none or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.file = path.name
        self.is_marked = False
        with whole_workbook(self.file):
            head = _head(path)
            if not head:
                raise empty_file(self.file)
            if not head.startswith((_ZIP, _COMPOUND)) and any(page in head.lower() for page in _PAGES):
                raise DataError(
                    "{file} is a page of HTML or XML under a workbook's name. Open it in Excel or LibreOffice, save it as .xlsx, and load that.",
                    file=self.file,
                )
            self._book: _Book = _OldWorkbook(read_apart(path)) if head.startswith(_COMPOUND) else _NewWorkbook(path)
        self.sheets, self.day_zero = self._book.sheets, self._book.day_zero

    @property
    def names(self) -> list[str]:
        """The names of its sheets."""
        return [sheet.name for sheet in self.sheets]

    def rows(self, sheet: str) -> Iterator[Record]:
        """The rows of a sheet as records of text cells, numbered as in the sheet. Cells that hold no value bear one of `marks.MARKS`."""
        with whole_workbook(self.file):
            cells, marked = self._book.cells(sheet)
            by_row: dict[int, dict[int, str]] = {}
            for (row, column), text in marked.items():
                by_row.setdefault(row, {})[column] = text
            self.is_marked |= bool(by_row)
            number = 0
            for number, found in enumerate(cells, 1):
                texts = [cell if cell.__class__ is str else self._text(cell) for cell in found]
                yield Record(number, number, _with_marks(texts, by_row.pop(number - 1)) if number - 1 in by_row else texts)
            for row in sorted(by_row):
                yield Record(row + 1, row + 1, _with_marks([], by_row[row]))

    def merged(self, sheet: str) -> list[Span]:
        """The ranges of a sheet that are merged, each by its first and last cell, as row and column from 0."""
        with whole_workbook(self.file):
            return self._book.merged(sheet)

    def _text(self, cell: object) -> str:
        if isinstance(cell, float) and not -EXACT <= cell <= EXACT and cell.is_integer():
            self.is_marked = True
            return LOST_DIGITS + cell_text(cell)
        return cell_text(cell)


class _Book(Protocol):
    sheets: list[Sheet]
    day_zero: str

    def cells(self, sheet: str) -> tuple[Iterator[list[Any]], dict[tuple[int, int], str]]: ...

    def merged(self, sheet: str) -> list[Span]: ...


class _NewWorkbook:
    def __init__(self, path: Path) -> None:
        self.package = Package(path)
        self.day_zero = self.package.day_zero
        # By its name this library tells what a file is; its content says that it is this.
        book = CalamineWorkbook.from_path(str(path)) if path.suffix.lower() == ".xlsx" else CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        self.book = book
        self.sheets = [Sheet(entry.name, entry.visible == SheetVisibleEnum.Visible) for entry in book.sheets_metadata if entry.typ == SheetTypeEnum.WorkSheet]
        if not self.sheets:
            raise ValueError("no sheet")

    def cells(self, sheet: str) -> tuple[Iterator[list[Any]], dict[tuple[int, int], str]]:
        # First how far it reaches: its reader takes memory for all of that.
        facts = self.package.facts(sheet)
        found = self.book.get_sheet_by_name(sheet)
        left = [""] * (found.start[1] if found.start else 0)
        rows = found.iter_rows()
        return ((left + row for row in rows) if left else rows), facts.marked

    def merged(self, sheet: str) -> list[Span]:
        return list(self.book.get_sheet_by_name(sheet).merged_cell_ranges or [])


@dataclass
class _OldWorkbook:
    book: OldBook
    sheets: list[Sheet] = field(init=False)
    day_zero: str = field(init=False)

    def __post_init__(self) -> None:
        self.sheets = [Sheet(sheet.name, sheet.is_visible) for sheet in self.book.sheets]
        self.day_zero = DAY_ZERO_1904 if self.book.is_1904 else DAY_ZERO

    def cells(self, sheet: str) -> tuple[Iterator[list[Any]], dict[tuple[int, int], str]]:
        found = next(entry for entry in self.book.sheets if entry.name == sheet)
        marked = {place: EXCEL_ERROR + text for place, text in found.errors.items()}
        return rows_of(found), marked | dict.fromkeys(found.unkept, f"{NO_VALUE}=…")

    def merged(self, sheet: str) -> list[Span]:
        return next(entry.merged for entry in self.book.sheets if entry.name == sheet)


def cell_text(cell: object) -> str:
    """A cell as text: whole floats as integers, times in ISO form, true and false."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return _number_text(cell)
        case datetime() | date() | time() | timedelta():
            return time_text(cell)
        case _:
            return str(cell)


def _number_text(number: float) -> str:
    if -EXACT <= number <= EXACT and number.is_integer():
        return str(int(number))
    # A sheet keeps 15 digits; what a float shows beyond them was never typed. Where they do not reach the unit it must not look like a whole number.
    kept = format(number, ".15g")
    if abs(number) > _TYPED and number - number == 0:
        return format(Decimal(kept).normalize(), "E")
    return format(Decimal(kept), "f") if "e" in kept else kept


def fitted(cells: list[str], width: int, empty: Collection[str] = ()) -> list[str]:
    """A row's cells as many as there are columns: a sheet is a rectangle, so what lacks is empty. More are left where something stands in them.

    Cells that hold a word of ``empty`` are empty.
    """
    if empty:
        cells = ["" if cell in empty else cell for cell in cells]
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end] + [""] * (width - end)


def _with_marks(cells: list[str], marks: dict[int, str]) -> list[str]:
    cells += [""] * (max(marks) + 1 - len(cells))
    for column, text in marks.items():
        cells[column] = text
    return cells


def _head(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(_HEAD)
