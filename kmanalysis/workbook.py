"""The workbook: the tables, one month, one set of standards, one engine.

Opened on a folder, it computes. Opened on a page's slice (as the batch does for each notebook), it holds the finished frames of
that page and nothing else, so that a page cannot show what its provenance does not cover. See `opening` and `slices`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from functools import update_wrapper, wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import pandas as pd
import pyarrow as pa

from kmanalysis.engine.interface import Engine
from kmanalysis.engine.queries import Listener, Queries, Shelf
from kmanalysis.engine.texts import known_texts
from kmanalysis.errors import KmError, UsageError
from kmanalysis.loaders.folder import Attached
from kmanalysis.standards import Standards
from kmanalysis.tables import tables
from kmanalysis.times import Month
from kmanalysis.words import Words

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from kmanalysis.engine.expressions import Period

_DOTTED = re.compile(r"[a-z]\w*(\.[a-z]\w*)+")

ANY_MONTH = Month(2000, 1)
"""A month to ask for what is the same in all of them."""

Found = TypeVar("Found")

Reads = Mapping[str, Collection[str]]
"""Columns by table."""


class Workbook:
    """Canonical tables seen from one month, judged by one set of standards. Made by `open_workbook`.

    ``frames`` holds finished frames by (month, name) and is shared by all months of one folder; ``shelf`` gives rows of kept tables.
    """

    def __init__(
        self,
        month: Month | None,
        standards: Standards,
        words: Words,
        *,
        engine: Engine | None = None,
        attached: Attached | None = None,
        frames: MutableMapping[tuple[str, str], pd.DataFrame] | None = None,
        facts: dict[str, Any] | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._month = month
        self.standards = standards
        self.words = words
        self.attached = attached
        self.engine = engine
        self._frames: MutableMapping[tuple[str, str], pd.DataFrame] = {} if frames is None else frames
        self._facts: dict[str, Any] = {} if facts is None else facts
        self._shelf = shelf

    @property
    def month(self) -> Month:
        """The month that is looked at. Raises RuntimeError within a `query`, which is written for any month."""
        if self._month is None:
            raise RuntimeError("A query is written for any month: use the workbook's period.")
        return self._month

    @property
    def period(self) -> Period:
        """The month as engine values."""
        from kmanalysis.engine.expressions import any_period, period_of

        return period_of(self._month) if self._month else any_period()

    @property
    def calendar(self) -> ir.Table:
        """The days of the month in the engine, with their kind: day, day_kind."""
        return self._queries("calendar").calendar(self.period, self._month)

    @property
    def has_engine(self) -> bool:
        """Whether rows can be asked for; not so on a page's slice."""
        return self.engine is not None

    def not_given(self, reads: Reads) -> list[str]:
        """What of these columns the folder was not given: a table's name where it has no such table, else ``table.column``. Empty on a slice."""
        if self.attached is None:
            return []
        given = self.attached.given
        tables_missing = [table for table in reads if table not in given]
        return tables_missing + [f"{table}.{name}" for table, names in reads.items() if table in given for name in names if name not in given[table]]

    def table(self, name: str) -> ir.Table:
        """A canonical table in the engine. Raises KmError on a slice, which has no engine."""
        from kmanalysis.engine.expressions import canonical_table

        self._queries(name)
        return canonical_table(name)

    def in_month(self, name: str) -> ir.Table:
        """The rows of an event table that happened in the month (Asia/Shanghai)."""
        table = self.table(name)
        when = table[tables()[name].event_time]
        return table.filter(when >= self.period.start, when < self.period.end)

    def at(self, month: Month | None) -> Workbook:
        """The same workbook seen from another month; from any month (None), to write a query."""
        return Workbook(
            month, self.standards, self.words, engine=self.engine, attached=self.attached,
            frames=self._frames, facts=self._facts, shelf=self._shelf,
        )  # fmt: skip

    def spoken(self, words: Words) -> Workbook:
        """The same workbook in another language, with all that is counted already."""
        return Workbook(
            self._month, self.standards, words, engine=self.engine, attached=self.attached, frames=self._frames, facts=self._facts, shelf=self._shelf
        )

    @property
    def names(self) -> dict[str, str]:
        """Names of all suppliers by their ids, sorted by id. In a folder without a suppliers table they are those that its rows name, called by their ids."""
        return self._fact("names", self._names)

    @property
    def suppliers(self) -> list[str]:
        """Ids of all suppliers, sorted."""
        return list(self.names)

    @property
    def first_month(self) -> Month:
        """Month of the folder's first event; the workbook's own month where there are no events."""
        return Month.parse(self._fact("first_month", self._first_month))

    @property
    def last_month(self) -> Month:
        """Month of the folder's last event. Raises UsageError where there are no events."""
        last = _event_times(self)["last"].max()
        if pd.isna(last):
            raise UsageError("The folder holds no dated event: say which month to look at, like 2026-10.")
        return Month.of(last)

    def check_month(self) -> None:
        """Raises UsageError for a month without any event: a scorecard of it would say nothing, and look as if it did. A slice is not asked."""
        if self.has_engine and _events_seen(self)["seen"].sum() == 0:
            times = _event_times(self)
            if times["first"].isna().all():
                raise UsageError("This folder holds no dated events. Load orders, tickets or quotes first.")
            first, last = Month.of(times["first"].min()), Month.of(times["last"].max())
            raise UsageError("There are no events in {month}. This folder's events run from {first} to {last}.", month=self.month, first=first, last=last)

    @property
    def months(self) -> list[Month]:
        """The months that are looked back on: to this one, as many as the standards say, none before the folder's first."""
        history = int(self.standards.value("counting.history_months"))
        return max(self.first_month, self.month - (history - 1)).until(self.month)

    def finished(self, name: str, compute: Callable[[Workbook], pd.DataFrame]) -> pd.DataFrame:
        """The named frame of this month: computed the first time, kept afterwards."""
        key = (str(self.month), name)
        if key not in self._frames:
            self._frames[key] = compute(self)
        return self._frames[key].copy(deep=False)

    def holds(self, finished: Frame) -> bool:
        """Whether a `frame` function can be asked here: computed, or on a slice one of those that came along."""
        return self.has_engine or (str(self.month), finished.name) in self._frames

    def answer(self, name: str, build: Callable[[Workbook], ir.Table]) -> pd.DataFrame:
        """What the named query gives for this month. It is written once a folder: the engine is told the month later."""
        return self._queries(name).answer(name, lambda: build(self.at(None)), self.month, passing=_is_passing(build))

    def rows_of(self, expression: ir.Table) -> pd.DataFrame:
        """The rows of an expression over this workbook's tables. Where the same is asked often, make it a `query`."""
        return self._queries("rows").rows_of(expression)

    def value_of(self, expression: ir.Scalar) -> Any:
        """The value of an expression that has one, like a count; NaN, NaT or None where there is nothing to count."""
        return self.rows_of(expression.as_table()).iat[0, 0]

    def kept(self, name: str, build: Callable[[Workbook], ir.Table], months_before: int = 0) -> ir.Table:
        """The named kept table of this month, or those of so many months before it."""
        return self._queries(name).kept(name, lambda: build(self.at(None)), self.period, self._month, months_before, passing=_is_passing(build))

    def row_fact(self, name: str) -> int:
        """The value of a `row_fact` function, found once a folder; a query that is being written takes it for granted."""
        value = self._row_fact(name)
        self._queries(name).depends_on(name, value)
        return value

    def reusable_tables(self) -> Iterator[tuple[str, Month, pa.Table]]:
        """What was worked out of kept tables that later months look back on, for a shelf: table, month and rows."""
        return iter(()) if self.engine is None else self._queries("kept").reusable_tables()

    def listen(self, listener: Listener) -> None:
        """Lets a listener hear of every query of the folder while it runs."""
        if self.engine is not None:
            self._queries("queries").listener = listener

    def _queries(self, asked: str) -> Queries:
        engine = self.engine
        if engine is None:
            raise KmError("Table {table} is not part of this page. Open the workbook on its folder to work with rows.", table=asked)
        return self._fact("queries", lambda: Queries(engine, known_texts(engine.name, self.standards.digest), self._row_fact, self._shelf))

    def _row_fact(self, name: str) -> int:
        return self._fact(f"row_fact.{name}", lambda: _ROW_FACTS[name](self if self._month else self.at(ANY_MONTH)))

    def _fact(self, name: str, find: Callable[[], Found]) -> Found:
        # Found twice where two ask at a time: to lock it while queries are written would let them wait for each other.
        return cast("Found", self._facts[name] if name in self._facts else self._facts.setdefault(name, find()))

    def _names(self) -> dict[str, str]:
        named = _supplier_names(self)
        if named.empty and self.not_given({"suppliers": ()}):
            raise UsageError("The folder has no suppliers table. Add suppliers.csv with the columns supplier_id and name, one row per supplier.")
        return dict(zip(named["supplier_id"], named["name"], strict=True))

    def _first_month(self) -> str:
        first = _event_times(self)["first"].min()
        return str(self.month if pd.isna(first) else min(Month.of(first), self.month))


def _is_passing(build: Callable[[Workbook], ir.Table]) -> bool:
    # What is kept between processes depends on this package's source and on no other's.
    return not build.__module__.startswith("kmanalysis.")


_REGISTERED: dict[tuple[str, str], str] = {}
"""Which function has a name, by kind of function and name."""


def _register(kind: str, name: str, function: Callable[..., object]) -> None:
    """Raises ValueError for a name that another function has, or that is not like ``package.thing``."""
    holder = f"{function.__module__}.{function.__qualname__}"
    if not _DOTTED.fullmatch(name):
        raise ValueError(f"{holder}: the name {name!r} of a {kind} must be like 'package.thing'.")
    if _REGISTERED.setdefault((kind, name), holder) != holder:
        raise ValueError(f"{holder}: the {kind} {name!r} is already {_REGISTERED[kind, name]}. Give it another name.")


class Frame:
    """A function of a workbook whose frame is computed once a month and shared by all callers. Made by `frame`."""

    def __init__(self, name: str, function: Callable[[Workbook], pd.DataFrame], needs: Callable[[], Reads] | None) -> None:
        _register("frame", name, function)
        self.name = name
        self._function = function
        self._needs = needs
        update_wrapper(self, function)

    def compute(self, workbook: Workbook) -> pd.DataFrame:
        """The frame, worked out anew; without rows where what it needs was not given."""
        found = self._function(workbook)
        return found.head(0) if self._needs and workbook.not_given(self._needs()) else found

    def __call__(self, workbook: Workbook) -> pd.DataFrame:
        """The frame of the workbook's month."""
        return workbook.finished(self.name, self.compute)


def frame(name: str, needs: Callable[[], Reads] | None = None) -> Callable[[Callable[[Workbook], pd.DataFrame]], Frame]:
    """Decorator: computes a frame once a month and keeps it under ``name``, which must be unique (ValueError at import otherwise).

    ``needs`` gives the columns without which the frame would take what nobody supplied for what did not happen: it has no rows then.
    """
    return lambda function: Frame(name, function, needs)


def query(name: str) -> Callable[[Callable[[Workbook], ir.Table]], Callable[[Workbook], pd.DataFrame]]:
    """Decorator for a function that expresses a query: calling it runs the query for the workbook's month.

    The function is called once a folder, for any month: it sees `Workbook.period` and not `Workbook.month`. ``name`` must be unique.
    """

    def decorate(build: Callable[[Workbook], ir.Table]) -> Callable[[Workbook], pd.DataFrame]:
        _register("query", name, build)

        @wraps(build)
        def answer(workbook: Workbook) -> pd.DataFrame:
            return workbook.answer(name, build)

        return answer

    return decorate


_ROW_FACTS: dict[str, Callable[[Workbook], int]] = {}


def row_fact(name: str) -> Callable[[Callable[[Workbook], int]], Callable[[Workbook], int]]:
    """Decorator for a function that gives a whole number of the folder's rows which must be known before a query can be written.

    It is called once a folder, asks queries that read canonical tables alone, and does not look at the month. A query that asks it while being written
    is used again for folders that answer the same. ``name`` must be unique.
    """

    def decorate(find: Callable[[Workbook], int]) -> Callable[[Workbook], int]:
        _register("row fact", name, find)
        _ROW_FACTS[name] = find

        @wraps(find)
        def value(workbook: Workbook) -> int:
            return workbook.row_fact(name)

        return value

    return decorate


class MonthTable(Protocol):
    """A function of a workbook that gives an engine table of its month, or of some months before it. Made by `kept`."""

    def __call__(self, workbook: Workbook, months_before: int = 0) -> ir.Table:
        """The rows of the workbook's month, or those of ``months_before`` months before it."""


def kept(name: str) -> Callable[[Callable[[Workbook], ir.Table]], MonthTable]:
    """Decorator for a function that expresses a table which several queries build upon: the engine computes it once a month and keeps it.

    Like a `query` it sees `Workbook.period` and not `Workbook.month`. Called with ``months_before=3``, it gives the rows of the three months before.
    """

    def decorate(build: Callable[[Workbook], ir.Table]) -> MonthTable:
        _register("kept table", name, build)

        @wraps(build)
        def table(workbook: Workbook, months_before: int = 0) -> ir.Table:
            return workbook.kept(name, build, months_before)

        return table

    return decorate


@query("workbook.supplier_names")
def _supplier_names(workbook: Workbook) -> ir.Table:
    """supplier_id, name."""
    return workbook.table("suppliers").select("supplier_id", "name").order_by("supplier_id")


@query("workbook.events_seen")
def _events_seen(workbook: Workbook) -> ir.Table:
    """Whether each table has an event in the month: seen (0 or 1)."""
    found = [workbook.in_month(name)[[table.event_time]].limit(1) for name, table in tables().items() if table.event_time]
    counts = [rows.aggregate(seen=rows.count()) for rows in found]
    return counts[0].union(*counts[1:])


@query("workbook.event_times")
def _event_times(workbook: Workbook) -> ir.Table:
    """First and last event of each table that has any: first, last."""
    columns = [workbook.table(name)[table.event_time] for name, table in tables().items() if table.event_time]
    spans = [column.as_table().aggregate(first=column.min(), last=column.max()) for column in columns]
    return spans[0].union(*spans[1:])
