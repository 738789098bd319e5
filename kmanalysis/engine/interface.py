"""What an engine is: it runs the text of a query for a month, and keeps tables of which each month adds its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from kmanalysis.times import Month

if TYPE_CHECKING:
    from ibis.expr import types as ir

MONTH_COLUMN = "kept_month"
"""Column of a month table that says by its first day which month a row is of."""

PERIOD_TYPES = {"start": "timestamp", "end": "timestamp", "first_day": "date", "last_day": "date", "days": "int64"}
"""What a query may ask of the month that it runs for, with its type; named as in `times.Month`."""


@dataclass(frozen=True)
class Column:
    """A column of a query: its name, its type as expressions name it (``decimal(18, 4)``), and as the engine does."""

    name: str
    type: str
    sql_type: str


@dataclass(frozen=True)
class Query:
    """A query as the engine reads it, the columns that come of it, and the engine's tables that it reads."""

    sql: str
    columns: tuple[Column, ...]
    tables: frozenset[str]


Share = Callable[[], float | None]
"""How much of a running query is done, from 0 to 1; None where the engine does not know. May be asked from any thread."""

Watch = Callable[[Share], AbstractContextManager[object]]
"""Context manager around each query, for progress."""


def unwatched(_: Share) -> AbstractContextManager[object]:
    """A `Watch` for queries of which nobody wants to hear."""
    return nullcontext()


class Engine(Protocol):
    """Works the canonical tables, which are there by their names. Any method may be called from several threads at a time."""

    @property
    def name(self) -> str:
        """The engine's name; engines of one name read the same texts."""

    def write(self, expression: ir.Table) -> Query:
        """The query that an expression means."""

    def rows(self, query: Query, month: Month | None, watch: Watch) -> pa.Table:
        """What a query gives for a month (None: a query that does not ask for one)."""

    def add_month_table(self, name: str, columns: Sequence[Column]) -> None:
        """Makes a month table: these columns and `MONTH_COLUMN`, without rows as yet."""

    def store(self, table: str, query: Query, month: Month, watch: Watch) -> None:
        """Adds what a query gives for a month to a month table that has its columns."""

    def stored(self, table: str, month: Month) -> pa.Table:
        """The rows that `store` added for a month, without `MONTH_COLUMN`, always in the same order."""

    def restore(self, table: str, rows: pa.Table, month: Month) -> None:
        """Adds what `stored` gave to a month table again."""
