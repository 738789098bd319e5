"""What queries are expressed with (the canonical tables, a month's values, the calendar), and the text that an expression becomes.

Ibis is the compiler alone: its tables are unbound, and what it writes runs on the engines' own interfaces.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from threading import RLock

import ibis
import sqlglot as sg
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.expr import types as ir
from ibis.expr.operations import UnboundTable

from kmanalysis.engine.interface import MONTH_COLUMN, PERIOD_TYPES, Column, Query
from kmanalysis.tables import tables
from kmanalysis.times import Month

_TYPES = {
    "id": "string",
    "text": "string",
    "enum": "string",
    "digest": "string",
    "integer": "int64",
    "decimal": "decimal(18, 4)",
    "float": "float64",
    "boolean": "boolean",
    "timestamp": "timestamp(6)",
    "date": "date",
}
# Writing leans on state that the compiler's library shares: one at a time.
_writing = RLock()


@dataclass(frozen=True)
class Period:
    """A month as engine values: first instant and first instant after it (naive UTC), first and last day, number of days."""

    start: ir.TimestampScalar
    end: ir.TimestampScalar
    first_day: ir.DateScalar
    last_day: ir.DateScalar
    days: ir.IntegerScalar


@cache
def period_of(month: Month) -> Period:
    """The month's own values."""
    return Period(**{name: ibis.literal(getattr(month, name), type=kind) for name, kind in PERIOD_TYPES.items()})


@cache
def any_period() -> Period:
    """The values of whatever month a query runs for."""
    return Period(**{name: _variable(name, kind) for name, kind in PERIOD_TYPES.items()})


def _variable(name: str, kind: str) -> ir.Scalar:
    def read(variable: str) -> object:
        """Value of a variable of the connection."""

    return ibis.udf.scalar.builtin(read, name="getvariable", signature=(("string",), kind))(ibis.literal(f"period_{name}")).name(name)


def months_ago(period: Period, months: int) -> ir.DateScalar:
    """First day of the month so many months before the period's."""
    return period.first_day - ibis.interval(months=months)


@cache
def canonical_table(name: str) -> ir.Table:
    """A canonical table by its name."""
    return ibis.table({column.name: _TYPES[column.type] for column in tables()[name].stored.values()}, name=name)


def month_table(name: str, columns: Iterable[Column]) -> ir.Table:
    """A month table by its name: its columns and `MONTH_COLUMN`."""
    return ibis.table({MONTH_COLUMN: "date"} | {column.name: column.type for column in columns}, name=name)


def written(compiler: SQLGlotCompiler, expression: ir.Table) -> Query:
    """The query that an expression means, in a compiler's words. Writing takes far longer than running it on little data: it is worth keeping."""
    with _writing:
        # Folding selects into each other takes a third of the time that writing takes, and the engines fold them anyway.
        ibis.options.sql.fuse_selects = False
        text = compiler.to_sqlglot(expression).sql(dialect=compiler.dialect, copy=False, unsupported_level=sg.ErrorLevel.RAISE)
    kinds = expression.schema().items()
    columns = tuple(Column(name, str(kind.copy(nullable=True)), compiler.type_mapper.to_string(kind)) for name, kind in kinds)
    return Query(text, columns, frozenset(table.name for table in expression.op().find(UnboundTable)))
