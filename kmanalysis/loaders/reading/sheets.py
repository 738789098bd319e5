"""Excel sheets into the engine: cells as text the way a person reads them, rows by their number in the sheet.

All visible sheets with the same headings are one table: exports are split where a sheet is full. What is not read is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

import duckdb

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.headings import check_columns, folded, no_header, stated_header
from kmanalysis.loaders.reading.package import column_letters
from kmanalysis.loaders.reading.records import SPACE, Record
from kmanalysis.loaders.reading.text import BATCH, MOST_COLUMNS, PREAMBLE_RECORDS, Staged, add_rows, make_raw_table, staged_rows
from kmanalysis.loaders.reading.workbook import Workbook, fitted

MOST_UNHEADED = 64
"""Columns without a heading that are read to the right of those that have one. What stands farther off is no part of the table; it is told."""

Header = Callable[[list[Record]], int | None]


def stage_sheet(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    *,
    sheet: str = "",
    header: Header | None = None,
    headings: Sequence[str] = (),
    footer: re.Pattern[str] | None = None,
    empty: Collection[str] = (),
) -> Staged:
    """Reads a sheet into the engine under ``name``, as `stage_text` does a text file; without ``sheet`` the first visible one that has a header, and
    all visible ones with the same headings. Where ``headings`` are stated no sheet has any: the first visible one with rows is read.

    Times are the sheet's own, naive. Cells that hold a word of ``empty`` are empty: a sheet does not say what was quoted before it was one.
    Raises DataError for a file that is no workbook, an unknown sheet, or no header.
    """
    book = Workbook(path)
    if sheet and sheet not in book.names:
        raise DataError("{file}: there is no sheet {found!r}. Its sheets: {accepted}.", file=path.name, found=sheet, accepted=", ".join(book.names))
    staging = _Staging(connection, book, name, header or (lambda _: 0), headings, empty)
    for entry in book.sheets:
        if entry.name == sheet or (not sheet and entry.is_visible):
            staging.take(entry.name)
    if staging.top is None:
        raise no_header(path.name, staging.first)
    hidden = () if sheet else tuple(entry.name for entry in book.sheets if not entry.is_visible)
    staged = staged_rows(
        connection,
        name,
        staging.found,
        staging.top,
        encoding="",
        delimiter="",
        is_dirty=False,
        footer=footer,
        sheets=tuple(staging.read) if len(book.sheets) > 1 else (),
        above=staging.above,
    )
    return replace(
        staged,
        unread_sheets=tuple(staging.unread),
        hidden_sheets=hidden,
        unheaded=dict(staged.unheaded) | {column: f"#{column_letters(column)}" for column in sorted(staging.far)},
        is_marked=book.is_marked,
        day_zero=book.day_zero,
    )


class _Staging:
    """A workbook's sheets on their way into a raw table, one after the other."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, book: Workbook, name: str, header: Header, headings: Sequence[str], empty: Collection[str]
    ) -> None:
        self.connection, self.book, self.name, self.header, self.headings, self.empty = connection, book, name, header, headings, empty
        self.top: Record | None = None
        self.first: list[Record] = []
        self.found: list[str] = []
        self.width = self.above = 0
        self.read: list[str] = []
        self.unread: list[str] = []
        self.far: set[int] = set()

    def take(self, sheet: str) -> None:
        """Adds the sheet's rows where it has the table's headings; a blank sheet says nothing."""
        rows = self.book.rows(sheet)
        head = list(islice(rows, PREAMBLE_RECORDS * 4))
        first = [record for record in head if not record.is_blank][:PREAMBLE_RECORDS]
        if not first:
            return
        self.first = self.first or first
        top = self._top(first)
        if top is None:
            self.unread.append(sheet)
            return
        if self.top is None:
            self._begin(top, head)
        self.above += max(top.line - 1, 0)
        self.read.append(sheet)
        below = self._below(chain(head, rows), top.line)
        while batch := list(islice(below, BATCH)):
            add_rows(self.connection, self.name, batch, self.width, sheet=len(self.read) - 1)

    def _top(self, first: list[Record]) -> Record | None:
        """The record of the sheet's headings; None where it has none, or others than the sheets before it."""
        if self.headings:
            return stated_header(self.headings, first) if self.top is None else None
        index = self.header(first)
        if index is None:
            return None
        is_same = self.top is None or list(map(folded, _headings(first[index]))) == list(map(folded, self.found[: len(_headings(self.top))]))
        return first[index] if is_same else None

    def _begin(self, top: Record, head: list[Record]) -> None:
        self.top = top
        found = _headings(top)
        check_columns(self.book.file, top.line, len(found), MOST_COLUMNS)
        # A column without a heading is there all the same: its cells are read, and told.
        self.width = max(len(found), min(max(len(record.cells) for record in head), len(found) + MOST_UNHEADED, MOST_COLUMNS))
        self.found = found + [""] * (self.width - len(found))
        make_raw_table(self.connection, self.name, self.width, has_sheets=True)

    def _below(self, rows: Iterator[Record], line: int) -> Iterator[Record]:
        width = self.width
        for record in rows:
            if record.line > line:
                cells = fitted(record.cells, width, self.empty)
                if len(cells) > width:
                    self.far.update(column for column in range(width, len(cells)) if cells[column].strip(SPACE))
                    cells = cells[:width]
                yield Record(record.line, record.end, cells)


def _headings(top: Record) -> list[str]:
    found = [cell.strip(SPACE) for cell in top.cells]
    while found and not found[-1]:
        found.pop()
    return found
