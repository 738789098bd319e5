"""DuckDB as the engine: the one place that builds a connection and pins what would differ from machine to machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from kmanalysis.engine.interface import MONTH_COLUMN, PERIOD_TYPES, Column, Query, Share, Watch
from kmanalysis.engine.memory import engine_limit
from kmanalysis.engine.spill import spill_folder
from kmanalysis.engine.sql import identifier
from kmanalysis.times import Month

if TYPE_CHECKING:
    from ibis.expr import types as ir


def connect(memory: str | None = None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB connection in memory; what does not fit there goes to a folder of its own (see `spill`).

    ``memory`` is what the whole process may take, as in ``4GB`` (see `memory`); ``threads`` defaults to the cores. Raises UsageError.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{engine_limit(memory)}B",
        "temp_directory": str(spill_folder()),
        # Closed networks: an extension that is not there is an error, never a download.
        "autoinstall_known_extensions": False,
        # Every result is ordered by a unique key where order matters.
        "preserve_insertion_order": False,
    }
    if threads:
        settings["threads"] = threads
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    # A run asks the same files a few hundred times.
    connection.execute("SET parquet_metadata_cache = true")
    # It would print between the data on stdout.
    connection.execute("SET enable_progress_bar = false")
    return connection


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
            return line.sql(_settings(month) + query.sql).to_arrow_table()

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
