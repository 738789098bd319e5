"""The sheets of a price list as rectangles of text, with what Excel merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.marks import unmarked
from kmanalysis.loaders.reading.damage import whole_workbook
from kmanalysis.loaders.reading.decoding import decoding, text_chunks
from kmanalysis.loaders.reading.package import column_letters
from kmanalysis.loaders.reading.records import SPACE, Record, delimiter_of, numbered_lines, records
from kmanalysis.loaders.reading.workbook import SHEET_SUFFIXES, Workbook, is_workbook

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")

Span = tuple[tuple[int, int], tuple[int, int]]
"""A merged range: its first and its last cell, as (row, column) from 0."""


@dataclass(frozen=True)
class Grid:
    """A sheet: its name, its rows of cells (as many in each, without padding), and the merged range of each cell that lies in one.

    Every cell of a merged range holds the range's text. ``lines`` are the lines or sheet rows where the rows begin, from 1.
    ``is_hidden``: readers of the workbook do not see it.
    """

    name: str
    rows: list[list[str]]
    lines: list[int]
    merged: dict[tuple[int, int], Span] = field(default_factory=dict)
    is_hidden: bool = False

    @property
    def width(self) -> int:
        """Cells in a row."""
        return len(self.rows[0]) if self.rows else 0

    def at(self, row: int, column: int) -> str:
        """A cell's text; empty outside of the sheet."""
        return self.rows[row][column] if 0 <= row < len(self.rows) and 0 <= column < self.width else ""

    def is_one_cell(self, one: tuple[int, int], other: tuple[int, int]) -> bool:
        """Whether two cells lie in the same merged range."""
        return one in self.merged and self.merged[one] == self.merged.get(other)

    def address(self, row: int, column: int) -> str:
        """What a spreadsheet calls the cell: D7."""
        return f"{column_letters(column)}{self.lines[row]}"


def read_records(path: Path) -> Iterator[Record]:
    """The records of a text table, its encoding and delimiter found out."""
    read = decoding(path)
    chunks = list(text_chunks(path, read))
    yield from records(numbered_lines(chunks), delimiter_of("".join(chunks[:1])))


def grids(path: Path) -> list[Grid]:
    """All sheets of a workbook, or the one of a text file. Raises DataError for a file that is neither or cannot be read."""
    if is_workbook(path):
        book = Workbook(path)
        with whole_workbook(path.name):
            found = [(sheet, _grid(sheet.name, list(book.rows(sheet.name)), book.merged(sheet.name))) for sheet in book.sheets]
        return [replace(grid, is_hidden=not sheet.is_visible) for sheet, grid in found]
    if path.suffix.lower() not in (*TEXT_SUFFIXES, *SHEET_SUFFIXES):
        raise DataError("{file}: a price list is an Excel workbook or a CSV file.", file=path.name)
    return [_grid("", list(read_records(path)), [])]


def _grid(name: str, found: list[Record], spans: list[Span]) -> Grid:
    width = max((len(record.cells) for record in found), default=0)
    rows = [[unmarked(cell).strip(SPACE) for cell in record.cells] + [""] * (width - len(record.cells)) for record in found]
    merged = {}
    room = width * len(rows)
    for (top, left), (bottom, right) in spans:
        # No spreadsheet has ranges that overlap; a file that has could keep us for hours.
        room -= max(min(bottom, len(rows) - 1) + 1 - top, 0) * max(min(right, width - 1) + 1 - left, 0)
        if room < 0:
            raise ValueError("merged ranges that overlap")
        # Row by row: a range may reach over rows and columns that hold nothing.
        for row in range(top, min(bottom, len(rows) - 1) + 1):
            for column in range(left, min(right, width - 1) + 1):
                merged[row, column] = ((top, left), (bottom, right))
                rows[row][column] = rows[top][left]
    return Grid(name, rows, [record.line for record in found], merged)
