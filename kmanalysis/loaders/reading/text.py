"""Text files into the engine: every cell as text, every row with the physical line where it starts.

The engine reads what every reader reads alike, fed through a pipe in UTF-8, so that no secret touches the disk. Where quotes,
blank lines or odd rows would make line numbers inexact, the same rows come from `records` instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import duckdb
import pyarrow as pa

from kmanalysis.engine.duckdb import PIPES
from kmanalysis.engine.sql import identifier, parquet_source, path_literal, quoted
from kmanalysis.errors import DataError
from kmanalysis.faults import check_readable
from kmanalysis.loaders.reading.decoding import HEAD, REPLACED, Decoding, decoding, text_chunks
from kmanalysis.loaders.reading.dialect import PLAIN, Dialect
from kmanalysis.loaders.reading.dumps import refuse_dump
from kmanalysis.loaders.reading.escaped import dialect_delimiter, dialect_records
from kmanalysis.loaders.reading.feeding import Feeder
from kmanalysis.loaders.reading.headings import no_header, stated_header
from kmanalysis.loaders.reading.records import SPACE, Record, numbered_lines

EXTRA = 3
"""Columns kept beyond the headings, to see what a long row holds too much."""

BATCH = 20_000
FOOTER_ROWS = 20
PREAMBLE_RECORDS = 50


@dataclass(frozen=True)
class Staged:
    """Rows in the engine: ``relation`` has ``_line``, ``_fault`` and ``_found`` (NULL where the row is in order) and a text column ``c0``, ``c1``, … a heading.

    ``table`` is what to drop afterwards; ``skipped`` counts lines before, between and after the rows.
    """

    relation: str
    table: str
    headings: tuple[str, ...]
    header_line: int
    encoding: str
    delimiter: str
    skipped: int


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
    delimiter = delimiter or dialect_delimiter(_head(path, read), dialect)
    first = list(islice((record for record in _records(path, read, delimiter, dialect) if not record.is_blank), PREAMBLE_RECORDS))
    index = (header(first) if header else 0) if first and not headings else None
    if index is None and not headings:
        raise no_header(path.name, first)
    top = stated_header(headings, first) if index is None else first[index]
    width = len(top.cells)
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
) -> Staged:
    """What stands in a raw table, blank rows and footer apart; ``is_dirty``: bytes that were no text are marked in it."""
    blank, end = _blank_and_end(connection, name, len(headings), footer)
    relation = _view(connection, name, len(headings), is_dirty=is_dirty, has_blank=blank > 0, end=end)
    return Staged(relation, name, tuple(headings), top.line, encoding, delimiter, max(top.line - 1, 0) + blank)


def _head(path: Path, read: Decoding) -> str:
    text = next(text_chunks(path, read), "")
    return text if len(text) <= HEAD else text[:HEAD].rpartition("\n")[0]


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


def make_raw_table(connection: duckdb.DuckDBPyConnection, name: str, width: int) -> None:
    """An empty raw table for `add_rows`."""
    connection.execute(
        f"CREATE OR REPLACE TABLE {name} (_line BIGINT, _whole BOOLEAN, _cells BIGINT, {', '.join(f'{column} VARCHAR' for column in _raw_columns(width))})"
    )
    connection.execute(f"CREATE OR REPLACE VIEW {name}_raw AS SELECT * FROM {name}")


def add_rows(connection: duckdb.DuckDBPyConnection, name: str, batch: list[Record], width: int) -> None:
    """Adds records to a raw table."""
    full = width + EXTRA
    cells = list(zip(*(chain(record.cells[:full], [None] * (full - len(record.cells))) for record in batch), strict=True))
    frame = pa.table(
        {
            "_line": pa.array([record.line for record in batch], pa.int64()),
            "_whole": pa.array([record.is_whole for record in batch], pa.bool_()),
            "_cells": pa.array([len(record.cells) for record in batch], pa.int64()),
        }
        | {f"c{index}": pa.array(column, pa.string()) for index, column in enumerate(cells)}
    )
    connection.register("_batch", frame)
    connection.execute(f"INSERT INTO {name} SELECT * FROM _batch")
    connection.unregister("_batch")


def _cell_count(width: int) -> str:
    return " + ".join(f"({column} IS NOT NULL)::INT" for column in _raw_columns(width))


def _is_blank(width: int) -> str:
    return " AND ".join(f"{stripped(column)} IS NULL" for column in _raw_columns(width))


def _is_not_blank(width: int) -> str:
    # CASE, since the engine works out every part of a negated AND.
    return f"CASE WHEN {_is_blank(width)} THEN false ELSE true END"


def _blank_and_end(connection: duckdb.DuckDBPyConnection, name: str, width: int, footer: re.Pattern[str] | None) -> tuple[int, int | None]:
    """How many rows are blank or belong to the footer, and the line where the footer begins."""
    blank = _one(connection, f"SELECT count(*) FROM {name}_raw WHERE {_is_blank(width)}")
    if not footer:
        return blank, None
    first_cell = f"[cell for cell in [{', '.join(_raw_columns(width))}] if {stripped('cell')} IS NOT NULL][1]"
    last = connection.execute(f"SELECT _line, {first_cell} FROM {name}_raw WHERE {_is_not_blank(width)} ORDER BY _line DESC LIMIT {FOOTER_ROWS}").fetchall()
    end, rows = None, 0
    for line, cell in last:
        if not footer.fullmatch(cell.strip(SPACE)):
            break
        end, rows = line, rows + 1
    return blank + rows, end


def _view(connection: duckdb.DuckDBPyConnection, name: str, width: int, *, is_dirty: bool, has_blank: bool, end: int | None) -> str:
    cells = [f"c{index}" for index in range(width)]
    extra = " OR ".join(f"{stripped(column)} IS NOT NULL" for column in _raw_columns(width)[width:])
    faults = ["WHEN NOT _whole THEN 'open_quote'"]
    if is_dirty:
        faults.append(f"WHEN {' OR '.join(f'contains({cell}, {quoted(REPLACED)})' for cell in _raw_columns(width))} THEN 'undecodable'")
    faults.append(f"WHEN {cells[-1]} IS NULL OR {extra} THEN 'ragged'")
    kept = [_is_not_blank(width)] if has_blank else []
    kept += [f"_line < {end}"] if end else []
    connection.execute(
        f"CREATE OR REPLACE VIEW {name}_rows AS SELECT _line, CASE {' '.join(faults)} END AS _fault, _cells AS _found, {', '.join(cells)} "
        f"FROM {name}_raw WHERE {' AND '.join(kept) or 'true'}"
    )
    return f"{name}_rows"


def stage_parquet(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> Staged:
    """Reads a Parquet file into the engine under ``name``, every cell as text; the line is the row's number."""
    types = parquet_columns(connection, path)
    cells = ", ".join(f"coalesce({parquet_text(identifier(column), kind)}, '') AS c{index}" for index, (column, kind) in enumerate(types.items()))
    connection.execute(
        f"CREATE OR REPLACE TABLE {name} AS SELECT file_row_number + 1 AS _line, NULL::VARCHAR AS _fault, NULL::BIGINT AS _found, {cells} "
        f"FROM {parquet_source(path, numbered=True)}"
    )
    connection.execute(f"CREATE OR REPLACE VIEW {name}_rows AS SELECT * FROM {name}")
    return Staged(f"{name}_rows", name, tuple(types), 0, "parquet", "", 0)


def parquet_columns(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Column names and engine types of a Parquet file. Raises DataError where it cannot be read."""
    check_readable(path)
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {parquet_source(path)}").fetchall()
    except duckdb.Error as problem:
        raise DataError("{file}: this is no Parquet file that can be read. Export it again.", file=path.name) from problem
    return {name: kind for name, kind, *_ in described}


def parquet_text(cell: str, kind: str) -> str:
    """SQL of a typed cell as text; zoned times in UTC, and marked so."""
    return f"timezone('UTC', {cell})::VARCHAR || 'Z'" if kind == "TIMESTAMP WITH TIME ZONE" else f"{cell}::VARCHAR"


def drop_staged(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Frees what `stage_text` and its like put into the engine."""
    connection.execute(f"DROP VIEW IF EXISTS {staged.table}_rows; DROP VIEW IF EXISTS {staged.table}_raw; DROP TABLE {staged.table}")


def stripped(cell: str) -> str:
    """SQL of a cell without its padding, NULL where nothing is left."""
    # A trim by a set of characters costs more than all the rest: only cells that begin or end with neither ASCII nor Chinese signs need it.
    bare = " AND ".join(f"(ord({cell}[{end}]) BETWEEN 33 AND 126 OR ord({cell}[{end}]) BETWEEN 12289 AND 65278)" for end in (1, -1))
    return f"CASE WHEN {cell} = '' THEN NULL WHEN {bare} THEN {cell} ELSE nullif(trim({cell}, {quoted(SPACE)}), '') END"


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
