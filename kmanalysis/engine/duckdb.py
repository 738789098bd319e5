"""The engine: the one place that builds a connection and pins what would differ from machine to machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from datetime import date, timedelta
from functools import cache

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir
from ibis.expr.operations import DatabaseTable
from ibis.formats.pandas import PandasData

from kmanalysis.engine.memory import engine_limit
from kmanalysis.engine.spill import spill_folder
from kmanalysis.engine.sql import identifier
from kmanalysis.times import Month, day_kind


def connect(memory: str | None = None, threads: int | None = None) -> Backend:
    """A DuckDB connection in memory; what does not fit there goes to a folder of its own (see `spill`).

    ``memory`` is what the whole process may take, as in ``4GB`` (see `memory`); ``threads`` defaults to the cores. Raises UsageError.
    """
    settings: dict[str, object] = {
        "memory_limit": f"{engine_limit(memory)}B",
        "temp_directory": str(spill_folder()),
        # Closed networks: an extension that is not there is an error, never a download.
        "autoinstall_known_extensions": False,
        # Every result is ordered by a unique key where order matters.
        "preserve_insertion_order": False,
    }
    if threads:
        settings["threads"] = threads
    connection = ibis.duckdb.connect(":memory:", **settings)
    connection.raw_sql("SET TimeZone = 'UTC'")
    # Folding selects into each other takes a third of the time it takes to write a query, and the engine folds them anyway.
    ibis.options.sql.fuse_selects = False
    # A run asks the same files a few hundred times.
    connection.raw_sql("SET parquet_metadata_cache = true")
    # It would print between the data on stdout.
    connection.raw_sql("SET enable_progress_bar = false")
    return connection


@dataclass(frozen=True)
class Period:
    """A month as engine values: first instant and first instant after it (naive UTC), first and last day, number of days."""

    start: ir.TimestampScalar
    end: ir.TimestampScalar
    first_day: ir.DateScalar
    last_day: ir.DateScalar
    days: ir.IntegerScalar


CALENDAR = "kmanalysis_calendar"
"""The engine's table of `calendar_days`."""

_PERIOD_TYPES = {"start": "timestamp", "end": "timestamp", "first_day": "date", "last_day": "date", "days": "int64"}


def period_of(month: Month) -> Period:
    """The month's own values."""
    return Period(**{name: ibis.literal(getattr(month, name), type=kind) for name, kind in _PERIOD_TYPES.items()})


@cache
def any_period() -> Period:
    """The values of whatever month the connection is set to when a query runs."""
    return Period(**{name: _variable(name, kind) for name, kind in _PERIOD_TYPES.items()})


def _variable(name: str, kind: str) -> ir.Scalar:
    def read(variable):
        """Value of a variable of the connection."""

    return ibis.udf.scalar.builtin(read, name="getvariable", signature=(("string",), kind))(ibis.literal(f"period_{name}")).name(name)


@dataclass(frozen=True)
class Query:
    """A query as the engine reads it, the columns that come of it, and the engine's tables that it reads."""

    sql: str
    schema: ibis.Schema
    tables: frozenset[str]


def written(connection: Backend, build: Callable[[], ir.Table]) -> Query:
    """The query that ``build`` expresses. Writing it down takes far longer than running it on little data: it is worth keeping."""
    expression = build()
    return Query(connection.compile(expression), expression.schema(), frozenset(table.name for table in expression.op().find(DatabaseTable)))


Share = Callable[[], float | None]
"""How much of a running query is done, from 0 to 1; None where the engine does not know. May be asked from any thread."""

Watch = Callable[[Share], AbstractContextManager[object]]
"""Hears of a query as a context: entered before it runs, left when it has ended."""


def answer(connection: Backend, query: Query, month: Month, watch: Watch) -> pd.DataFrame:
    """What a query gives for a month. Months may be asked for side by side: each call speaks to the engine on a line of its own."""
    with connection.con.cursor() as line, watch(_share_of(line)):
        found = line.execute(_told(month) + query.sql).to_arrow_table()
    return PandasData.convert_table(found.to_pandas(), query.schema)


def store(connection: Backend, table: str, query: Query, month_column: str, month: Month, watch: Watch) -> None:
    """Adds what a query gives for a month to an engine table that has its columns, and the month's first day as ``month_column``."""
    columns = ", ".join(map(identifier, [month_column, *query.schema.names]))
    with connection.con.cursor() as line, watch(_share_of(line)):
        line.execute(f"{_told(month)}INSERT INTO {identifier(table)} ({columns}) SELECT getvariable('period_first_day'), asked.* FROM ({query.sql}) AS asked")


def stored(connection: Backend, table: str, month_column: str, month: Month) -> pa.Table:
    """The rows that `store` added for a month, always in the same order."""
    with connection.con.cursor() as line:
        text = f"SELECT * EXCLUDE ({identifier(month_column)}) FROM {identifier(table)} WHERE {identifier(month_column)} = ? ORDER BY ALL"
        return line.execute(text, [month.first_day]).to_arrow_table()


def restore(connection: Backend, table: str, rows: pa.Table, month_column: str, month: Month) -> None:
    """Adds what `stored` gave to an engine table again."""
    columns = ", ".join(map(identifier, [month_column, *rows.column_names]))
    with connection.con.cursor() as line:
        line.register("taken", rows)
        line.execute(f"INSERT INTO {identifier(table)} ({columns}) SELECT CAST(? AS DATE), taken.* FROM taken", [month.first_day])
        line.unregister("taken")


def _told(month: Month) -> str:
    """Statements that tell the engine the month. One text with the query: each call of its own waits for the interpreter."""
    values = {field.name: getattr(month, field.name) for field in fields(Period)}
    variables = "".join(f"SET VARIABLE period_{name} = CAST('{value}' AS {_PERIOD_TYPES[name]}); " for name, value in values.items())
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


@cache
def calendar_days() -> pd.DataFrame:
    """Every day that a timestamp may fall on: ``day`` and ``day_kind`` (see `times.day_kind`; "unknown" for a year that it does not know)."""
    first, last = date(1990, 1, 1), date(2100, 12, 31)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    # It knows whole years: asking for every day of the others took half a second.
    known = {year for year in range(first.year, last.year + 1) if day_kind(date(year, 1, 1))}
    return pd.DataFrame({"day": days, "day_kind": [(day_kind(day) if day.year in known else None) or "unknown" for day in days]})
