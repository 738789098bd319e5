"""A filled-in form's sheets: which table each holds, and its rows in the engine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

import duckdb

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.marks import NO_VALUE
from kmanalysis.loaders.folder import check_header
from kmanalysis.loaders.forms.layout import ABOUT_MARK, FORM_MARK, INDEX, NOT_LOADED, form_tables, table_mark
from kmanalysis.loaders.reading.package import column_letters
from kmanalysis.loaders.reading.records import SPACE, Record
from kmanalysis.loaders.reading.text import BATCH, Staged, add_rows, make_raw_table, staged_rows
from kmanalysis.loaders.reading.workbook import SHEET_SUFFIXES, Workbook, fitted
from kmanalysis.tables import Table


def is_form(path: Path) -> bool:
    """Whether a file is a form: a workbook with the hidden sheet that only forms have."""
    if path.suffix.lower() not in SHEET_SUFFIXES or not path.is_file():
        return False
    try:
        book = Workbook(path)
        return INDEX in book.names and _first_cell(book, INDEX) == FORM_MARK
    except DataError:
        return False


def form_sheets(path: Path) -> dict[str, str]:
    """The name of the sheet that holds each table, by table; a table without a sheet is not in it.

    Raises DataError for a sheet that is none of the form's, a table with two sheets, and formulas whose values were not stored.
    """
    book = Workbook(path)
    marks = {table_mark(table): name for name, table in form_tables().items()}
    found: dict[str, str] = {}
    for sheet in book.names:
        mark = _first_cell(book, sheet)
        if sheet == INDEX or mark == ABOUT_MARK or not (mark or _holds_anything(book, sheet)):
            continue
        if mark not in marks:
            raise DataError(
                "{file}: sheet {found!r} is none of the form's. Those begin, in a hidden first row, with one of: {accepted}. Take it out, or make a new form.",
                file=path.name,
                found=sheet,
                accepted=", ".join(marks),
            )
        if marks[mark] in found:
            raise DataError(
                "{file}: sheets {first!r} and {second!r} both hold {table}. Keep one of them.",
                file=path.name,
                first=found[marks[mark]],
                second=sheet,
                table=marks[mark],
            )
        found[marks[mark]] = sheet
    for sheet in found.values():
        _check_formulas(book, sheet)
    return found


def stage_form_sheet(connection: duckdb.DuckDBPyConnection, path: Path, sheet: str, table: Table, name: str) -> Staged:
    """Reads a form's sheet into the engine under ``name``, as `stage_text` does a text file; its headings are the canonical names.

    Raises DataError for names that are not the table's, required ones that are missing, an example row that was filled in with something else, and a
    hidden sheet that is not as it was made.
    """
    book = Workbook(path)
    rows = book.rows(sheet)
    top = next(rows)
    headings = [cell.strip(SPACE) for cell in top.cells[1:]]
    while headings and not headings[-1]:
        headings.pop()
    check_header(table, [heading for heading in headings if heading], f"{path.name} · {sheet}", top.line)
    make_raw_table(connection, name, len(headings))
    below = _data(rows, _example(book, table), len(headings), path.name, sheet)
    while batch := list(islice(below, BATCH)):
        add_rows(connection, name, batch, len(headings))
    staged = staged_rows(connection, name, headings, top, encoding="", delimiter="", is_dirty=False, footer=None)
    return replace(staged, is_marked=book.is_marked, day_zero=book.day_zero)


def _data(rows: Iterator[Record], example: list[str], width: int, file: str, sheet: str) -> Iterator[Record]:
    """The rows that are loaded, without their first cell."""
    for record in rows:
        mark = record.cells[0].strip(SPACE) if record.cells else ""
        if not mark.startswith(NOT_LOADED):
            yield Record(record.line, record.end, fitted(record.cells[1:], width))
        elif example and mark == example[0] and Counter(filter(None, record.cells)) - Counter(example):
            raise DataError(
                "{file}, sheet {sheet}, row {line}: this row is marked as the example, but something else stands in it. Clear its first cell, so that it "
                "is loaded, or delete the row.",
                file=file,
                sheet=sheet,
                line=record.line,
            )


def _example(book: Workbook, table: Table) -> list[str]:
    """The cells of the table's example row as they were written, its mark first; empty where the form does not say."""
    for record in book.rows(INDEX):
        if record.cells[:1] == [table.name]:
            with suppress(IndexError, ValueError, RecursionError):
                cells = json.loads(record.cells[1])
                if isinstance(cells, list) and all(isinstance(cell, str) for cell in cells):
                    return cells
            raise DataError(
                "{file}: its hidden sheet {sheet}, by which a form is read, has been changed in row {line}. Make a new form, and copy the rows into it.",
                file=book.file,
                sheet=INDEX,
                line=record.line,
            )
    return []


def _first_cell(book: Workbook, sheet: str) -> str:
    first = next(book.rows(sheet), None)
    return first.cells[0].strip(SPACE) if first and first.cells else ""


def _holds_anything(book: Workbook, sheet: str) -> bool:
    return any(not record.is_blank for record in book.rows(sheet))


def _check_formulas(book: Workbook, sheet: str) -> None:
    """Raises DataError for a formula whose value was not stored with it: it would read as an empty cell."""
    for record in book.rows(sheet):
        for column, cell in enumerate(record.cells):
            if cell.startswith(NO_VALUE):
                raise DataError(
                    "{file}, sheet {sheet}, cell {cell}: the formula's value is not stored in the file. Open it in Excel or LibreOffice, save it, "
                    "and load it again.",
                    file=book.file,
                    sheet=sheet,
                    cell=f"{column_letters(column)}{record.line}",
                )
