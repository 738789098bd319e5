"""Excel sheets into the engine: cells as text the way a person reads them, rows by their number in the sheet."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path

import duckdb
from python_calamine import CalamineError, CalamineWorkbook

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.headings import no_header, stated_header
from kmanalysis.loaders.reading.records import SPACE, Record
from kmanalysis.loaders.reading.text import BATCH, PREAMBLE_RECORDS, Staged, add_rows, make_raw_table, staged_rows

SHEET_SUFFIXES = (".xlsx", ".xls")
_EXACT = 1e15
"""Whole numbers beyond it lose digits in a sheet."""


def stage_sheet(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    *,
    sheet: str = "",
    header: Callable[[list[Record]], int | None] | None = None,
    headings: Sequence[str] = (),
    footer: re.Pattern[str] | None = None,
    empty: Collection[str] = (),
) -> Staged:
    """Reads a sheet (default: the first) into the engine under ``name``, as `stage_text` does a text file.

    Times are the sheet's own, naive. Cells that hold a word of ``empty`` are empty: a sheet does not say what was quoted before it was one.
    Raises DataError for a file that is no workbook, an unknown sheet, or no header.
    """
    rows = sheet_records(path, sheet)
    first = [record for record in islice(rows, PREAMBLE_RECORDS * 4) if not record.is_blank][:PREAMBLE_RECORDS]
    index = (header(first) if header else 0) if first and not headings else None
    if index is None and not headings:
        raise no_header(path.name, first)
    top = stated_header(headings, first) if index is None else first[index]
    found = [cell.strip(SPACE) for cell in top.cells]
    while found and not found[-1]:
        found.pop()
    width = len(found)
    make_raw_table(connection, name, width)
    # A sheet is a rectangle: cells beyond a short row are empty, not missing.
    below = (Record(record.line, record.end, fitted(record.cells, width, empty)) for record in sheet_records(path, sheet) if record.line > top.line)
    while batch := list(islice(below, BATCH)):
        add_rows(connection, name, batch, width)
    return staged_rows(connection, name, found, top, encoding="", delimiter="", is_dirty=False, footer=footer)


def sheet_records(path: Path, sheet: str = "") -> Iterator[Record]:
    """The rows of a sheet as records of text cells."""
    try:
        book = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as problem:
        raise DataError("{file} cannot be read as an Excel workbook. Save it again as .xlsx.", file=path.name) from problem
    if sheet and sheet not in book.sheet_names:
        raise DataError("{file}: there is no sheet {found!r}. Its sheets: {accepted}.", file=path.name, found=sheet, accepted=", ".join(book.sheet_names))
    chosen = book.get_sheet_by_name(sheet or book.sheet_names[0])
    for number, row in enumerate(chosen.to_python(skip_empty_area=False), start=1):
        yield Record(number, number, [cell_text(cell) for cell in row])


def cell_text(cell: object) -> str:
    """A cell as text: whole floats as integers, times in ISO form, true and false."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return _number_text(cell)
        case datetime():
            return cell.isoformat(sep=" ")
        case date():
            return f"{cell.isoformat()} 00:00:00"
        case time() | timedelta():
            return str(cell)
        case _:
            return str(cell)


def _number_text(number: float) -> str:
    if number != number or abs(number) == float("inf"):
        return str(number)
    # A sheet keeps 15 digits; what a float shows beyond them was never typed. Where they do not reach the unit it must not look like a whole number.
    kept = Decimal(format(number, ".15g"))
    if abs(number) > _EXACT:
        return format(kept.normalize(), "E")
    plain = format(kept, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def fitted(cells: list[str], width: int, empty: Collection[str] = ()) -> list[str]:
    """A row's cells as many as there are headings: a sheet is a rectangle, so what lacks is empty. More are left where something stands in them.

    Cells that hold a word of ``empty`` are empty.
    """
    if empty:
        cells = ["" if cell in empty else cell for cell in cells]
    while len(cells) > width and not cells[-1]:
        cells = cells[:-1]
    return cells + [""] * (width - len(cells))
