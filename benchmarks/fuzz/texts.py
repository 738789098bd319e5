"""CSV files in the usual dialects, encodings and line ends, with known rows, and the same files with bytes mutated."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from random import Random

import duckdb

from benchmarks.fuzz.drawing import mutated
from benchmarks.fuzz.orders import FOOTERS, HEADINGS, Different, Row, cell, compare, in_order, load_whole, mapping, plain, staged_rows
from kmanalysis.loaders.load import stage
from kmanalysis.loaders.mapping.model import SourceMapping
from kmanalysis.loaders.mapping.translation import header_finder
from kmanalysis.loaders.reading.dialect import EMPTY_WORDS
from kmanalysis.loaders.reading.records import CELL_LIMIT, footer_pattern
from kmanalysis.loaders.reading.text import drop_staged, stage_text

_ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "gb18030", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb2312")
_TOLD = ("utf-8", "utf-8-sig", "utf-16", "gb18030")
"""Encodings that are detected."""


def read(draw: Random, folder: Path, connection: duckdb.DuckDBPyConnection, whole: bool) -> None:
    """Reads a generated file. Raises Different if the result is not what was written."""
    content, by, rows, headings = drawn(draw)
    path = folder / "drawn.csv"
    if draw.random() < 0.4:
        path.write_bytes(mutated(content, draw))
        _both(connection, path, by)
        if whole:
            load_whole(path, by, folder)
        return
    path.write_bytes(content)
    with in_order():
        staged = stage(connection, path, by)
    found = staged_rows(connection, staged)
    drop_staged(connection, staged)
    if list(staged.headings) != headings:
        raise Different(f"headings {staged.headings}, written {headings}")
    compare(found, {0: rows})
    if whole:
        ids = [row.cells[headings.index(HEADINGS[0])] for row in rows if not row.is_refused]
        load_whole(path, by, folder, len(rows), ids)


def _both(connection: duckdb.DuckDBPyConnection, path: Path, by: SourceMapping) -> None:
    """The engine's reader against the one in plain Python."""
    found = []
    for by_engine in (True, False):
        source = by.source
        staged = stage_text(
            connection,
            path,
            "_staged",
            encoding=source.encoding,
            delimiter=source.delimiter,
            header=header_finder(by),
            footer=footer_pattern(source.footer),
            dialect=source.dialect,
            by_engine=by_engine,
        )
        found.append((staged.headings, staged.skipped, staged_rows(connection, staged)))
        drop_staged(connection, staged)
    if found[0] != found[1]:
        raise Different(f"engine: {found[0]}, records: {found[1]}")


def drawn(draw: Random) -> tuple[bytes, SourceMapping, list[Row], list[str]]:
    """A file, the mapping that reads it, and its rows and headings."""
    encoding, delimiter, end = draw.choice(_ENCODINGS), draw.choice(",,,;\t|"), draw.choice(("\n", "\n", "\r\n", "\r"))
    is_stated = encoding not in _TOLD or draw.random() < 0.3
    stated = {"encoding": encoding} if is_stated else {}
    if delimiter == "|" or draw.random() < 0.3:
        stated["delimiter"] = delimiter
    # Detection takes rare characters of other scripts as a sign of another encoding.
    is_wild = encoding != "gb18030" or is_stated
    extra = [f"备注{number}" for number in range(draw.choice((0, 0, 1, 3)))]
    headings = draw.sample([*HEADINGS, *extra], len(HEADINGS) + len(extra))
    writer = TextWriter(draw, delimiter, end)
    for _ in range(draw.choice((0, 0, 0, 1, 2))):
        writer.add([draw.choice(("", "导出人：张三", "2026-10-01 报表"))], is_row=False)
    writer.add(headings, is_row=False)
    for number in range(draw.choice((0, 1, 3, 8, 20))):
        cells = [_encodable(cell(draw, heading, number, is_wild), encoding) for heading in headings]
        if draw.random() < 0.01:
            cells = [*_in_a_line(cells[:-1]), "长" * draw.choice((5_000, 140_000))]
        if draw.random() < 0.04:
            # A record over several lines that does not fit has no certain end: each of its lines is refused.
            cells = _in_a_line(cells)
            cells = cells[: draw.randrange(1, len(cells))] if draw.random() < 0.5 else [*cells, *[""] * draw.randrange(5), "x"]
        if draw.random() < 0.04:
            writer.add([""] if draw.random() < 0.5 else [""] * len(cells), is_row=False)
        writer.add(cells, width=len(headings))
    if draw.random() < 0.15:
        writer.add([draw.choice(FOOTERS)] + [""] * (len(headings) - 1), is_row=False)
    text = "".join(writer.parts)
    if draw.random() < 0.2:
        text = text.removesuffix(end)
    by = mapping(**stated)
    return text.encode(encoding), by, writer.rows, [plain(heading) for heading in headings]


def _in_a_line(cells: list[str]) -> list[str]:
    return [" ".join(plain_ends(text).split("\n")) for text in cells]


def _encodable(text: str, encoding: str) -> str:
    return text.encode(encoding, "ignore").decode(encoding, "ignore").removeprefix("\ufeff")


class TextWriter:
    """Writes a text table and records the rows that a reader must find in it. Unquoted words in ``empty`` mean an empty cell."""

    def __init__(self, draw: Random, delimiter: str, end: str, empty: Collection[str] = EMPTY_WORDS) -> None:
        self.draw, self.delimiter, self.end, self.empty = draw, delimiter, end, empty
        self.quotes_all = draw.random() < 0.2
        self.parts: list[str] = []
        self.rows: list[Row] = []
        self.line = 1

    def add(self, cells: list[str], *, is_row: bool = True, width: int = 0) -> None:
        """Writes a line of cells: a row of a table with ``width`` columns, or any other line."""
        written, meant = zip(*(self._written(text, is_row) for text in cells), strict=True)
        text = self.delimiter.join(written)
        if is_row and any(plain(one) for one in meant):
            extra = meant[width:]
            is_refused = len(meant) < width or any(map(plain, extra)) or any(len(one) >= CELL_LIMIT for one in meant)
            self.rows.append(Row(self.line, meant[:width], is_refused))
        self.parts.append(text + self.end)
        self.line += len(plain_ends(text).split("\n"))

    def _written(self, text: str, is_row: bool) -> tuple[str, str]:
        needed = any(sign in text for sign in (self.delimiter, '"', "\n", "\r")) or text[:1].isspace()
        if needed or (text and is_row and (self.quotes_all or self.draw.random() < 0.1)):
            return '"' + text.replace('"', '""') + '"', text
        return text, "" if text in self.empty else text


def plain_ends(text: str) -> str:
    """The text with its line ends normalised."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
