"""What a folder's engine is asked: each query is written once a process, each kept table is worked out once a month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Lock, RLock
from typing import TYPE_CHECKING, Protocol

import pandas as pd
import pyarrow as pa

from kmanalysis.engine.frames import frame_of
from kmanalysis.engine.interface import MONTH_COLUMN, Column, Engine, Query, Share, Watch, unwatched
from kmanalysis.engine.texts import Need, Texts, Written
from kmanalysis.tables import tables
from kmanalysis.times import Month, day_kind

if TYPE_CHECKING:
    from ibis.expr import types as ir

    from kmanalysis.engine.expressions import Period


CALENDAR = "kmanalysis.calendar"
"""Name of the kept table of the days with their kind, which no query has to compute."""

CALENDAR_COLUMNS = (Column("day", "date", "DATE"), Column("day_kind", "string", "STRING"))


@dataclass(frozen=True)
class Counting:
    """A query that runs: the month that it is asked for, the canonical table that it reads ("" where it reads what is kept alone), and how far it is."""

    month: Month
    table: str
    share: Share


class Shelf(Protocol):
    """Where the rows of kept tables lie that an earlier run worked out."""

    def taken(self, table: str, month: Month) -> pa.Table | None:
        """The rows of a table's month; None where they are not there."""


Listener = Callable[[Counting], AbstractContextManager[object]]
"""Context manager around each query, for progress. Queries may run side by side."""


@dataclass
class _Writing:
    """What comes to light about a query while it is written."""

    needs: set[Need] = field(default_factory=set)
    facts: dict[str, int] = field(default_factory=dict)


class Queries:
    """The queries and kept tables of one folder. Months may be asked for side by side.

    Writing a query takes longer than running it on little data, so one from ``texts`` is used where there is one: a query depends on the standards
    and on the canonical tables. One that takes a fact of the folder's rows for granted says so while it is written (`depends_on`), and is used for
    folders of which ``fact`` says the same. One that is ``passing`` is not of this package: it goes with the process.

    A kept table is one that several queries build upon (the orders by day, say): one engine table for all months, to which the rows of a
    month are added when they are first needed: from the ``shelf``, or worked out.
    """

    def __init__(self, engine: Engine, texts: Texts, fact: Callable[[str], int], shelf: Shelf | None = None) -> None:
        self._engine = engine
        self._shelf = shelf
        self._texts = texts
        self._fact = fact
        self._writing = RLock()
        self._written = {CALENDAR: Written(Query("", CALENDAR_COLUMNS, frozenset()), frozenset())}
        self._in_writing: list[_Writing] = []
        self._made: set[str] = set()
        self._months: defaultdict[tuple[str, Month], Lock] = defaultdict(Lock)
        self._kept: set[tuple[str, Month]] = set()
        self._worked_out: set[tuple[str, Month]] = set()
        self.listener: Listener = lambda counting: nullcontext()

    def answer(self, name: str, build: Callable[[], ir.Table], month: Month, *, passing: bool = False) -> pd.DataFrame:
        """What the named query gives for a month; ``build`` expresses it for any month and is asked once."""
        asked = self._write(name, build, passing)
        self._provide(asked.needs, month)
        return frame_of(self._engine.rows(asked.query, month, self._watch(asked.query, month)), asked.query.columns)

    def rows_of(self, expression: ir.Table) -> pd.DataFrame:
        """What an expression gives that is asked once: it names its month itself."""
        query = self._engine.write(expression)
        return frame_of(self._engine.rows(query, None, unwatched), query.columns)

    def kept(self, name: str, build: Callable[[], ir.Table], period: Period, month: Month | None, months_before: int = 0, *, passing: bool = False) -> ir.Table:
        """The rows of the named kept table: the month's own, or with ``months_before`` those of so many months before it.

        Without a month they are part of a query that is being written, and are worked out when it runs.
        """
        from kmanalysis.engine.expressions import month_table, months_ago

        need = Need(name, months_before)
        asked = self._write(name, build, passing)
        self._make(name)
        if month is None:
            self._in_writing[-1].needs.add(need)
        else:
            self._provide([need], month)
        rows = month_table(_engine_name(name), asked.query.columns)
        first_day = rows[MONTH_COLUMN]
        if months_before:
            rows = rows.filter(first_day >= months_ago(period, months_before), first_day < period.first_day)
        else:
            rows = rows.filter(first_day == period.first_day)
        return rows.drop(MONTH_COLUMN)

    def calendar(self, period: Period, month: Month | None) -> ir.Table:
        """The days of the month with their kind, see `calendar`."""
        return self.kept(CALENDAR, _never, period, month)

    def reusable_tables(self) -> Iterator[tuple[str, Month, pa.Table]]:
        """What was worked out here of the kept tables that a later month looks back on: table, month and rows, always in the same order."""
        tables = {need.table for asked in self._written.values() for need in asked.needs if need.months_before}
        for table, month in sorted(self._worked_out):
            # Rows that depend on more than the events until their month's end are no later run's.
            if table in tables and not self._has_facts(table):
                yield table, month, self._engine.stored(_engine_name(table), month)

    def _has_facts(self, table: str) -> bool:
        """Whether a kept table, or one that it builds upon, depends on more of the folder than its canonical tables' events."""
        asked = self._written[table]
        return bool(asked.facts) or any(self._has_facts(need.table) for need in asked.needs)

    def depends_on(self, fact: str, value: int) -> None:
        """Says of the query that is being written, if one is, that it takes a fact for granted."""
        with self._writing:
            if self._in_writing:
                self._in_writing[-1].facts[fact] = value

    def _watch(self, query: Query, month: Month) -> Watch:
        # Tables of events are the long ones.
        read = sorted((not table.event_time, name) for name, table in tables().items() if name in query.tables)
        return lambda share: self.listener(Counting(month, read[0][1] if read else "", share))

    def _write(self, name: str, build: Callable[[], ir.Table], passing: bool = False) -> Written:
        with self._writing:
            if name not in self._written:
                found = self._known(name)
                if found is None:
                    found = self._new(build)
                    self._texts.put(name, found, passing=passing)
                self._written[name] = found
            return self._written[name]

    def _new(self, build: Callable[[], ir.Table]) -> Written:
        self._in_writing.append(_Writing())
        try:
            query = self._engine.write(build())
        finally:
            seen = self._in_writing.pop()
        return Written(query, frozenset(seen.needs), frozenset(seen.facts.items()))

    def _known(self, name: str) -> Written | None:
        """The named query where it is written already, after making the tables here that writing it would make.

        None where it is not, or where it or one that it builds upon takes something else for granted.
        """
        found = self._texts.get(name)
        if found is None or any(self._fact(fact) != value for fact, value in found.facts):
            return None
        if not all(need.table in self._written or self._known(need.table) for need in found.needs):
            return None
        for need in sorted(found.needs):
            self._write(need.table, _never)
            self._make(need.table)
        return found

    def _make(self, name: str) -> None:
        """Makes the engine's table of a kept table that is written, once."""
        with self._writing:
            if name not in self._made:
                self._engine.add_month_table(_engine_name(name), self._written[name].query.columns)
                self._made.add(name)

    def _provide(self, needs: Iterable[Need], month: Month) -> None:
        """Works out the months that are needed and not kept yet."""
        for need in sorted(needs):
            for needed in need.months(month):
                key = need.table, needed
                with self._writing:
                    working = self._months[key]
                with working:
                    if key not in self._kept:
                        self._fetch(need.table, needed)
                        self._kept.add(key)

    def _fetch(self, table: str, month: Month) -> None:
        if table == CALENDAR:
            rows: pa.Table | None = calendar_days(month)
        else:
            rows = self._shelf.taken(table, month) if self._shelf else None
        if rows is not None:
            self._engine.restore(_engine_name(table), rows, month)
            return
        asked = self._written[table]
        self._provide(asked.needs, month)
        self._engine.store(_engine_name(table), asked.query, month, self._watch(asked.query, month))
        self._worked_out.add((table, month))


def _never() -> ir.Table:
    raise AssertionError("What a written query builds upon is written as well.")


def _engine_name(name: str) -> str:
    return f"kmanalysis_{name.replace('.', '_')}"


def calendar_days(month: Month) -> pa.Table:
    """The days of a month: ``day`` and ``day_kind`` (see `times.day_kind`; "unknown" for a year that it does not know)."""
    days = [month.first_day + timedelta(days=number) for number in range(month.days)]
    return pa.table({"day": pa.array(days, pa.date32()), "day_kind": pa.array([day_kind(day) or "unknown" for day in days], pa.string())})
