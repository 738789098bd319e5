"""DuckDB as the engine: the one place that builds a connection and pins what would differ from machine to machine."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from kmanalysis.engine.interface import MONTH_COLUMN, PERIOD_TYPES, Column, Query, Share, Watch
from kmanalysis.engine.memory import engine_limit
from kmanalysis.engine.spill import links_folder, spill_folder
from kmanalysis.engine.sql import PIPES, check_name, identifier, quoted
from kmanalysis.files.memory import THREADS, address_space
from kmanalysis.times import Month

if TYPE_CHECKING:
    from ibis.expr import types as ir

# The copy that it warns of costs less than preparing each statement twice (see `DuckDB.rows`): finished results are small.
warnings.filterwarnings("ignore", message="Arrow output on a DB-API result", category=UserWarning)


CHANGEABLE = (
    "enable_external_file_cache",
    "enable_progress_bar",
    "enable_progress_bar_print",
    "parquet_metadata_cache",
    "preserve_insertion_order",
    "progress_bar_time",
)
"""Settings that queries change; all others are locked with the connection. None of them opens anything."""


def connect(
    memory: str | None = None, threads: int | None = None, *, reads: Iterable[Path] | None = None, holds_secrets: bool = False
) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in memory; what does not fit there goes to a folder of its own (see `spill`).

    ``memory`` is what the whole process may take, as in ``4GB`` (see `memory`); ``threads`` defaults to the cores, to a few of them under ``ulimit -v``.
    ``reads`` are the files and folders that it may open, and nothing else of this machine, whatever it is told to run: no other file, no extension, no change
    of settings. None leaves it open, for trying things out. DuckDB knows no right to read alone: by ``COPY … TO``, ``ATTACH`` and ``EXPORT DATABASE`` a
    statement could write into the folders of ``reads`` (and over its files), though nowhere else; so every statement is the program's own, and what files say
    comes as values. With ``holds_secrets`` what does not fit in memory is written encrypted. Raises UsageError, and DataError for a name of ``reads`` that is
    no text.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{engine_limit(memory)}B",
        "temp_directory": str(spill_folder()),
        # Closed networks: an extension that is not there is an error, never a download.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # Every result is ordered by a unique key where order matters.
        "preserve_insertion_order": False,
    }
    if address_space() is not None:
        threads = min(threads or THREADS, os.cpu_count() or 1)
    if threads:
        settings["threads"] = threads
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    # A run asks the same files a few hundred times.
    connection.execute("SET parquet_metadata_cache = true")
    # It would print between the data on stdout.
    connection.execute("SET enable_progress_bar = false")
    if holds_secrets:
        encrypt_spilling(connection)
    if reads is not None:
        _lock_down(connection, reads)
    return connection


def _lock_down(connection: duckdb.DuckDBPyConnection, reads: Iterable[Path]) -> None:
    folders, files = [str(links_folder()), *([str(PIPES)] if PIPES.exists() else [])], list[str]()
    for place in reads:
        check_name(place)
        for path in (place, *_linked(place)):
            # The engine goes by where a link leads. What is not there yet will be a folder: files are looked for before.
            (files if path.is_file() else folders).append(os.path.realpath(path))
    listed: dict[str, Sequence[str]] = {"allowed_directories": folders, "allowed_paths": files, "allowed_configs": CHANGEABLE}
    for setting, allowed in listed.items():
        connection.execute(f"SET {setting} = [{', '.join(map(quoted, allowed))}]")
    connection.execute("SET enable_external_access = false; SET lock_configuration = true")


def _linked(folder: Path, depth: int = 2) -> Iterator[Path]:
    """What lies in a folder of tables by a link: a table's file or folder, or a part of one."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                yield Path(entry.path)
            if depth > 1 and entry.is_dir():
                yield from _linked(Path(entry.path), depth - 1)


def encrypt_spilling(connection: duckdb.DuckDBPyConnection) -> None:
    """From now on what does not fit in memory is written encrypted, by a key that dies with the process: for tables that hold secrets in clear."""
    # Without it this build spills nothing at all: it takes the cipher it comes with for too weak at making random numbers, and would download another.
    connection.execute("SET force_mbedtls_unsafe = 'true'; SET temp_file_encryption = true")


class DuckDB:
    """A DuckDB connection as an `interface.Engine`."""

    name = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def write(self, expression: ir.Table) -> Query:
        """See `interface.Engine`."""
        from kmanalysis.engine.duckdb_sql import Compiler
        from kmanalysis.engine.expressions import written

        return written(Compiler(), expression)

    def rows(self, query: Query, month: Month | None, watch: Watch) -> pa.Table:
        """See `interface.Engine`."""
        # Months may be asked for side by side: each call speaks to the engine on a line of its own.
        with self.connection.cursor() as line, watch(_share_of(line)):
            # Not `sql`: it prepares a statement twice, once for its columns and once to run it, which for small tables is most of the time.
            return line.execute(_settings(month) + query.sql).to_arrow_table()

    def add_month_table(self, name: str, columns: Sequence[Column]) -> None:
        """See `interface.Engine`."""
        declared = [f"{identifier(MONTH_COLUMN)} DATE", *(f"{identifier(column.name)} {column.sql_type}" for column in columns)]
        with self.connection.cursor() as line:
            line.execute(f"CREATE TABLE {identifier(name)} ({', '.join(declared)})")

    def store(self, table: str, query: Query, month: Month, watch: Watch) -> None:
        """See `interface.Engine`."""
        columns = ", ".join(map(identifier, [MONTH_COLUMN, *(column.name for column in query.columns)]))
        with self.connection.cursor() as line, watch(_share_of(line)):
            line.execute(
                f"{_settings(month)}INSERT INTO {identifier(table)} ({columns}) SELECT getvariable('period_first_day'), asked.* FROM ({query.sql}) AS asked"
            )

    def stored(self, table: str, month: Month) -> pa.Table:
        """See `interface.Engine`."""
        with self.connection.cursor() as line:
            text = f"SELECT * EXCLUDE ({identifier(MONTH_COLUMN)}) FROM {identifier(table)} WHERE {identifier(MONTH_COLUMN)} = ? ORDER BY ALL"
            return line.sql(text, params=[month.first_day]).to_arrow_table()

    def restore(self, table: str, rows: pa.Table, month: Month) -> None:
        """See `interface.Engine`."""
        columns = ", ".join(map(identifier, [MONTH_COLUMN, *rows.column_names]))
        with self.connection.cursor() as line:
            line.register("taken", rows)
            line.execute(f"INSERT INTO {identifier(table)} ({columns}) SELECT CAST(? AS DATE), taken.* FROM taken", [month.first_day])
            line.unregister("taken")


def _settings(month: Month | None) -> str:
    """Statements that tell the engine the month. One text with the query: each call of its own waits for the interpreter."""
    values = {name: getattr(month, name) for name in PERIOD_TYPES} if month else {}
    variables = "".join(f"SET VARIABLE period_{name} = CAST('{value}' AS {PERIOD_TYPES[name]}); " for name, value in values.items())
    # The engine says how far a query is where it would print it; it prints nothing.
    return f"SET enable_progress_bar_print = false; SET enable_progress_bar = true; SET progress_bar_time = 0; {variables}"


def _share_of(line: duckdb.DuckDBPyConnection) -> Share:
    def share() -> float | None:
        try:
            percent = line.query_progress()
        except duckdb.Error:
            return None
        return percent / 100 if percent >= 0 else None

    return share
