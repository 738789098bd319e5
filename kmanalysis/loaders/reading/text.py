"""Text files into the engine: every cell as text, every row with the physical line where it starts.

The engine reads what every reader reads alike, fed through a pipe in UTF-8, so that no secret touches the disk. Where quotes,
blank lines or odd rows would make line numbers inexact, the same rows come from `records` instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import duckdb
import pyarrow as pa

from kmanalysis.engine.sql import PIPES, identifier, parquet_source, path_literal, quoted
from kmanalysis.errors import DataError
from kmanalysis.files.faults import check_readable
from kmanalysis.loaders.checking.marks import EXACT, LOST_DIGITS, is_marked
from kmanalysis.loaders.checking.sums import check_sums
from kmanalysis.loaders.reading.damage import whole_parquet
from kmanalysis.loaders.reading.decoding import HEAD, REPLACED, Decoding, decoding, text_chunks
from kmanalysis.loaders.reading.dialect import PLAIN, Dialect
from kmanalysis.loaders.reading.dumps import refuse_dump
from kmanalysis.loaders.reading.escaped import dialect_delimiters, dialect_records
from kmanalysis.loaders.reading.feeding import Feeder
from kmanalysis.loaders.reading.headings import check_columns, empty_file, no_header, stated_header
from kmanalysis.loaders.reading.package import DAY_ZERO, column_letters
from kmanalysis.loaders.reading.records import SPACE, Record, numbered_lines

EXTRA = 3
"""Columns kept beyond the headings, to see what a long row holds too much."""

MOST_COLUMNS = 900
"""Headings that a table may have: the engine takes no expression over a thousand columns."""

_FEW, _AT_ONCE = 8, 100
"""Columns that are looked for one by one, and how many at once where there are more."""

BATCH = 20_000
FOOTER_ROWS = 20
_WHOLE_UP_TO = {"DOUBLE": EXACT, "FLOAT": 1 << 24}
_RESERVED = ("file_row_number",)
PREAMBLE_RECORDS = 50


@dataclass(frozen=True)
class Staged:
    """Rows in the engine: ``relation`` has ``_line``, ``_fault`` and ``_found`` (NULL where the row is in order) and a text column ``c0``, ``c1``, … a heading.

    ``table`` is what to drop afterwards; ``skipped`` counts lines before, between and after the rows. ``unheaded`` are the columns that are filled and
    have no heading, by their letters (``#F``). Of a workbook with more than one sheet ``sheets`` are those that were read, by the numbers in the relation's
    ``_sheet``; ``unread_sheets`` have other headings, ``hidden_sheets`` are hidden. ``is_marked``: cells may bear one of `marks.MARKS`. ``day_zero`` is
    the day that a workbook's dates count from.
    """

    relation: str
    table: str
    headings: tuple[str, ...]
    header_line: int
    encoding: str
    delimiter: str
    skipped: int
    unheaded: Mapping[int, str] = field(default_factory=dict)
    sheets: tuple[str, ...] = ()
    unread_sheets: tuple[str, ...] = ()
    hidden_sheets: tuple[str, ...] = ()
    is_marked: bool = False
    day_zero: str = DAY_ZERO

    def places(self, file: str) -> dict[int, str]:
        """What its rows are found by, a name for each number of ``_sheet``: the file, and the sheet where it has several."""
        return {number: f"{file} · {sheet}" for number, sheet in enumerate(self.sheets)} or {0: file}

    def file_number(self, number: int) -> str:
        """SQL of the number in `places` of a row, counted from ``number``."""
        return f"{number} + _sheet" if self.sheets else str(number)


def stage_text(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    name: str,
    *,
    encoding: str = "",
    delimiter: str = "",
    header: Callable[[list[Record]], int | None] | None = None,
    headings: Sequence[str] = (),
    footer: re.Pattern[str] | None = None,
    dialect: Dialect = PLAIN,
    by_engine: bool = True,
) -> Staged:
    """Reads a delimited text file into the engine under ``name``.

    ``header`` picks the header among the first records (default: the first), unless the ``headings`` of a file without any are stated; ``footer`` is
    what the first cells of lines that close the file look like. ``by_engine`` is off in tests that compare the two readers. Raises DataError for a
    dump in SQL, and for a file without a header.
    """
    refuse_dump(path)
    read = decoding(path, encoding)
    # Where few rows tell the delimiter, one cell full of tabs may tell another: then the headings decide.
    likely = [delimiter] if delimiter else dialect_delimiters(_head(path, read), dialect)
    for delimiter in likely:
        first = _first_records(path, read, delimiter, dialect)
        index = (header(first) if header else 0) if first and not headings else None
        # By a delimiter that it has not, a line of data is one cell, and might be taken for a heading.
        if headings or (index is not None and (delimiter == likely[0] or len(first[index].cells) > 1)):
            break
    else:
        raise no_header(path.name, _first_records(path, read, likely[0], dialect))
    top = stated_header(headings, first) if index is None else first[index]
    width = len(top.cells)
    check_columns(path.name, top.line, width, MOST_COLUMNS)
    before = _one(connection, "SELECT current_setting('preserve_insertion_order')::INT")
    connection.execute("SET preserve_insertion_order = true")
    try:
        is_dirty = _by_engine(connection, path, read, name, top.end, delimiter, width, dialect) if by_engine and PIPES.exists() else None
        if is_dirty is None:
            is_dirty = _by_records(connection, path, read, name, top.end, delimiter, width, dialect)
    finally:
        connection.execute(f"SET preserve_insertion_order = {bool(before)}")
    return staged_rows(
        connection, name, [cell.strip(SPACE) for cell in top.cells], top, encoding=read.encoding, delimiter=delimiter, is_dirty=is_dirty, footer=footer
    )


def staged_rows(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    headings: list[str],
    top: Record,
    *,
    encoding: str,
    delimiter: str,
    is_dirty: bool,
    footer: re.Pattern[str] | None,
    sheets: tuple[str, ...] = (),
    above: int | None = None,
) -> Staged:
    """What stands in a raw table, blank rows and footer apart; ``is_dirty``: bytes that were no text are marked in it.

    Of a workbook with several ``sheets`` each may have a footer, and ``above`` are the lines above the headings of all of them.
    """
    width = len(headings)
    blank = _one(connection, f"SELECT count(*) FROM {name}_raw WHERE {_is_blank(width)}")
    ends, closing = [], 0
    for within in [f"_sheet = {number}" for number in range(len(sheets))] or ["true"]:
        end, rows = _footer(connection, name, width, footer, within) if footer else (None, 0)
        closing += rows
        ends += [f"NOT ({within} AND _line >= {end})"] if end else []
    kept = [_is_not_blank(width)] * (blank > 0) + ends
    relation = _view(connection, name, width, is_dirty=is_dirty, has_sheets=bool(sheets), kept=kept)
    # Blank rows fill nothing: they need not be left out.
    there = f"{name}_raw WHERE {' AND '.join(ends) or 'true'}"
    filled = _filled(connection, there, [column for column in range(width) if not headings[column]])
    unheaded = {column: f"#{column_letters(column)}" for column in filled}
    skipped = (max(top.line - 1, 0) if above is None else above) + blank + closing
    return Staged(relation, name, tuple(headings), top.line, encoding, delimiter, skipped, unheaded, sheets)


def _head(path: Path, read: Decoding) -> str:
    text = ""
    # A last line that does not end comes by itself, and may be the headings.
    for chunk in text_chunks(path, read):
        text += chunk
        if len(text) > HEAD:
            break
    return text if len(text) <= HEAD else text[:HEAD].rpartition("\n")[0]


def _first_records(path: Path, read: Decoding, delimiter: str, dialect: Dialect) -> list[Record]:
    return list(islice((record for record in _records(path, read, delimiter, dialect) if not record.is_blank), PREAMBLE_RECORDS))


def _records(path: Path, read: Decoding, delimiter: str, dialect: Dialect, *, below: int = 0, width: int = 0) -> Iterator[Record]:
    """The records below that line."""
    lines = numbered_lines(text_chunks(path, read, keep_returns=bool(dialect.escape)))
    return dialect_records((entry for entry in lines if entry[0] > below), delimiter, width, dialect)


def _raw_columns(width: int) -> list[str]:
    return [f"c{index}" for index in range(width + EXTRA)]


def _by_engine(
    connection: duckdb.DuckDBPyConnection, path: Path, read: Decoding, name: str, header_end: int, delimiter: str, width: int, dialect: Dialect
) -> bool | None:
    """Whether bytes that are no text were met; None where this file is not for the engine's reader."""
    feeder = Feeder(path, read, header_end, delimiter, dialect)
    columns = ", ".join(f"'{column}': 'VARCHAR'" for column in _raw_columns(width))
    try:
        rows = _one(
            connection,
            f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM read_csv({path_literal(feeder.address)}, auto_detect=false, header=false, "
            f"delim={quoted(delimiter)}, quote='\"', escape='\"', new_line='\\n', columns={{{columns}}}, null_padding=true, nullstr='\x01', "
            "strict_mode=true, max_line_size=4000000)",
        )
    except duckdb.Error:
        rows = -1
    finally:
        feeder.close()
    if feeder.failure:
        raise feeder.failure
    if feeder.is_irregular or rows != feeder.lines:
        return None
    connection.execute(
        f"CREATE OR REPLACE VIEW {name}_raw AS SELECT rowid + {header_end + 1} AS _line, true AS _whole, {_cell_count(width)} AS _cells, * FROM {name}"
    )
    return feeder.is_dirty


def _by_records(
    connection: duckdb.DuckDBPyConnection, path: Path, read: Decoding, name: str, header_end: int, delimiter: str, width: int, dialect: Dialect
) -> bool:
    make_raw_table(connection, name, width)
    is_dirty = False
    found = (record for record in _records(path, read, delimiter, dialect, below=header_end, width=width) if record.cells != [""])
    while batch := list(islice(found, BATCH)):
        add_rows(connection, name, batch, width)
        is_dirty = is_dirty or not read.is_clean
    return is_dirty


def make_raw_table(connection: duckdb.DuckDBPyConnection, name: str, width: int, *, has_sheets: bool = False) -> None:
    """An empty raw table for `add_rows`; ``has_sheets``: its rows say which sheet they are of."""
    sheet = "_sheet BIGINT, " * has_sheets
    cells = ", ".join(f"{column} VARCHAR" for column in _raw_columns(width))
    connection.execute(f"CREATE OR REPLACE TABLE {name} (_line BIGINT, _whole BOOLEAN, _cells BIGINT, {sheet}{cells})")
    connection.execute(f"CREATE OR REPLACE VIEW {name}_raw AS SELECT * FROM {name}")


def add_rows(connection: duckdb.DuckDBPyConnection, name: str, batch: list[Record], width: int, *, sheet: int | None = None) -> None:
    """Adds records to a raw table."""
    full = width + EXTRA
    cells = list(zip(*(chain(_within(record.cells, full), [None] * (full - len(record.cells))) for record in batch), strict=True))
    frame = pa.table(
        {
            "_line": pa.array([record.line for record in batch], pa.int64()),
            "_whole": pa.array([record.is_whole for record in batch], pa.bool_()),
            "_cells": pa.array([len(record.cells) for record in batch], pa.int64()),
        }
        | ({} if sheet is None else {"_sheet": pa.repeat(pa.scalar(sheet, pa.int64()), len(batch))})
        | {f"c{index}": pa.array(column, pa.string()) for index, column in enumerate(cells)}
    )
    connection.register("_batch", frame)
    connection.execute(f"INSERT INTO {name} SELECT * FROM _batch")
    connection.unregister("_batch")


def _within(cells: list[str], full: int) -> list[str]:
    """So many of the cells at most; should the last ones kept be blank and a later one not, that one stands for them: the row is too long all the same."""
    if len(cells) <= full:
        return cells
    return [*cells[: full - 1], next((cell for cell in cells[full - 1 :] if cell.strip(SPACE)), "")]


def _cell_count(width: int) -> str:
    return " + ".join(f"({column} IS NOT NULL)::INT" for column in _raw_columns(width))


def _is_blank(width: int) -> str:
    return " AND ".join(f"{stripped(column)} IS NULL" for column in _raw_columns(width))


def _is_not_blank(width: int) -> str:
    # CASE, since the engine works out every part of a negated AND.
    return f"CASE WHEN {_is_blank(width)} THEN false ELSE true END"


def _footer(connection: duckdb.DuckDBPyConnection, name: str, width: int, footer: re.Pattern[str], within: str) -> tuple[int | None, int]:
    """The line where the footer begins, and how many rows it has."""
    first_cell = f"[cell for cell in [{', '.join(_raw_columns(width))}] if {stripped('cell')} IS NOT NULL][1]"
    last = connection.execute(
        f"SELECT _line, {first_cell} FROM {name}_raw WHERE {within} AND {_is_not_blank(width)} ORDER BY _line DESC LIMIT {FOOTER_ROWS}"
    ).fetchall()
    end, rows = None, 0
    for line, cell in last:
        if not footer.fullmatch(cell.strip(SPACE)):
            break
        end, rows = line, rows + 1
    return end, rows


def _filled(connection: duckdb.DuckDBPyConnection, rows: str, columns: list[int]) -> list[int]:
    """Those of the columns in which anything stands."""
    there = [f"{stripped(f'c{column}')} IS NOT NULL" for column in columns]
    if len(columns) <= _FEW:
        # Each ends with the first row that has it.
        return [
            column for column, is_there in zip(columns, there, strict=True) if connection.execute(f"SELECT 1 FROM {rows} AND {is_there} LIMIT 1").fetchone()
        ]
    # A stray cell far to the right makes hundreds of them, and a wide table takes longer to ask than to look through.
    found: list[int] = []
    for start in range(0, len(columns), _AT_ONCE):
        asked = ", ".join(f"bool_or({is_there})" for is_there in there[start : start + _AT_ONCE])
        answers = connection.execute(f"SELECT {asked} FROM {rows}").fetchone() or ()
        found += [column for column, is_filled in zip(columns[start:], answers, strict=False) if is_filled]
    return found


def _view(connection: duckdb.DuckDBPyConnection, name: str, width: int, *, is_dirty: bool, has_sheets: bool, kept: list[str]) -> str:
    cells = [f"c{index}" for index in range(width)]
    extra = " OR ".join(f"{stripped(column)} IS NOT NULL" for column in _raw_columns(width)[width:])
    faults = ["WHEN NOT _whole THEN 'open_quote'"]
    if is_dirty:
        faults.append(f"WHEN {' OR '.join(f'contains({cell}, {quoted(REPLACED)})' for cell in _raw_columns(width))} THEN 'undecodable'")
    faults.append(f"WHEN {cells[-1]} IS NULL OR {extra} THEN 'ragged'")
    connection.execute(
        f"CREATE OR REPLACE VIEW {name}_rows AS SELECT _line, CASE {' '.join(faults)} END AS _fault, _cells AS _found, {'_sheet, ' * has_sheets}"
        f"{', '.join(cells)} FROM {name}_raw WHERE {' AND '.join(kept) or 'true'}"
    )
    return f"{name}_rows"


def stage_parquet(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> Staged:
    """Reads a Parquet file into the engine under ``name``, every cell as text; the line is the row's number. Raises DataError where it cannot be read."""
    check_sums([path])
    types = parquet_columns(connection, path)
    cells = ", ".join(f"coalesce({parquet_text(identifier(column), kind)}, '') AS c{index}" for index, (column, kind) in enumerate(types.items()))
    with whole_parquet(path.name, [path]):
        connection.execute(
            f"CREATE OR REPLACE TABLE {name} AS SELECT file_row_number + 1 AS _line, NULL::VARCHAR AS _fault, NULL::BIGINT AS _found, {cells} "
            f"FROM {parquet_source(path, numbered=True)}"
        )
    connection.execute(f"CREATE OR REPLACE VIEW {name}_rows AS SELECT * FROM {name}")
    floating = [is_marked(f"c{index}") for index, kind in enumerate(types.values()) if kind in _WHOLE_UP_TO]
    has_marks = bool(floating) and connection.execute(f"SELECT 1 FROM {name} WHERE {' OR '.join(floating)} LIMIT 1").fetchone() is not None
    return Staged(f"{name}_rows", name, tuple(types), 0, "parquet", "", 0, is_marked=has_marks)


def parquet_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Column names and engine types of a Parquet file. Raises DataError where it cannot be read, or a name holds what no name may."""
    check_readable(path)
    if not path.stat().st_size:
        raise empty_file(path.name)
    with whole_parquet(path.name, [path]):
        described = connection.execute(f"DESCRIBE SELECT * FROM {parquet_source(path)}").fetchall()
    types = {name: kind for name, kind, *_ in described}
    if any("\0" in name or name.lower() in _RESERVED for name in types):
        raise DataError(
            "{file}: a column's name holds a zero byte or is a word that is reserved: {found}. Rename it and export the file again.",
            file=path.name,
            found=", ".join(sorted(repr(name) for name in types if "\0" in name or name.lower() in _RESERVED)),
        )
    return types


def parquet_text(cell: str, kind: str, *, is_id: bool = True) -> str:
    """SQL of a typed cell as text; zoned times in UTC, and marked so; times cut to microseconds.

    ``is_id``: it may be an id, whose digits have to be exact: whole numbers without decimals, those that have lost digits marked as such.
    """
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"timezone('UTC', {cell})::VARCHAR || 'Z'"
    if kind == "TIMESTAMP_NS":
        return f"left({cell}::VARCHAR, 26)"
    if is_id and kind in _WHOLE_UP_TO:
        most = _WHOLE_UP_TO[kind]
        whole = f"CASE WHEN abs({cell}) <= {most} THEN {cell}::BIGINT::VARCHAR ELSE '{LOST_DIGITS}' || {cell}::VARCHAR END"
        return f"CASE WHEN isfinite({cell}) AND {cell} = trunc({cell}) THEN {whole} ELSE {cell}::VARCHAR END"
    if is_id and kind.startswith("DECIMAL") and not kind.endswith(",0)"):
        return f"rtrim(rtrim({cell}::VARCHAR, '0'), '.')"
    return f"{cell}::VARCHAR"


def drop_staged(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Frees what `stage_text` and its like put into the engine."""
    connection.execute(f"DROP VIEW IF EXISTS {staged.table}_rows; DROP VIEW IF EXISTS {staged.table}_raw; DROP TABLE {staged.table}")


def stripped(cell: str) -> str:
    """SQL of a cell without its padding, NULL where nothing is left."""
    # A trim by a set of characters costs more than all the rest: only cells that begin or end with neither ASCII nor Chinese signs need it.
    bare = " AND ".join(f"(ord({end}) BETWEEN 33 AND 126 OR ord({end}) BETWEEN 12289 AND 65278)" for end in (cell, f"{cell}[-1]"))
    return f"CASE WHEN {cell} = '' THEN NULL WHEN {bare} THEN {cell} ELSE nullif(trim({cell}, {quoted(SPACE)}), '') END"


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
