"""What a folder's engine is asked: each query is written once a process, each kept table is worked out once a month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock, RLock
from typing import Protocol

import ibis
import pandas as pd
import pyarrow as pa
from ibis.backends.duckdb import Backend
from ibis.expr import types as ir

from kmanalysis.engine.duckdb import CALENDAR, Period, Query, Share, Watch, answer, restore, store, stored, written
from kmanalysis.tables import tables
from kmanalysis.times import Month

KEPT_MONTH = "kept_month"
"""Column of a kept table that says by its first day which month a row is of."""


@dataclass(frozen=True)
class Need:
    """A kept table that a query reads: that of the month itself, or those of so many months before it."""

    table: str
    months_before: int

    def months(self, month: Month) -> list[Month]:
        """The months that are read, seen from a month."""
        return [month - back for back in range(1, self.months_before + 1)] if self.months_before else [month]


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
"""Hears of a query as a context: entered before it runs, left when it has ended. Queries may run side by side."""


@dataclass
class _Writing:
    """What comes to light about a query while it is written."""

    needs: set[Need]
    is_folders_own: bool = False


@dataclass(frozen=True)
class _Written:
    query: Query
    needs: frozenset[Need]
    is_folders_own: bool


@lru_cache(maxsize=8)
def _texts(standards: str) -> dict[str, _Written]:
    """The queries that this process has written under the standards of that digest, by name: they are the same for every folder."""
    return {}


class Queries:
    """The queries and kept tables of one folder, under the standards of a digest. Months may be asked for side by side.

    Writing a query takes longer than running it on little data, so another folder's is used where there is one: a query depends on the standards
    and on the canonical tables. One that depends on what the folder holds says so while it is written (`depends_on_rows`) and stays the folder's
    own. ``calendar`` makes the engine's table of the days.

    A kept table is one that several queries build upon (the orders by day, say): one engine table for all months, to which the rows of a
    month are added when they are first needed: from the ``shelf``, or worked out.
    """

    def __init__(self, connection: Backend, standards: str, calendar: Callable[[], object], shelf: Shelf | None = None) -> None:
        self._connection = connection
        self._shelf = shelf
        self._texts = _texts(standards)
        self._calendar = calendar
        # Writing a query leans on state that the engine's library shares: one at a time.
        self._writing = RLock()
        self._written: dict[str, _Written] = {}
        self._in_writing: list[_Writing] = []
        self._stores: dict[str, ir.Table] = {}
        self._months: defaultdict[tuple[str, Month], Lock] = defaultdict(Lock)
        self._kept: set[tuple[str, Month]] = set()
        self._worked_out: set[tuple[str, Month]] = set()
        self.listener: Listener = lambda counting: nullcontext()

    def answer(self, name: str, build: Callable[[], ir.Table], month: Month) -> pd.DataFrame:
        """What the named query gives for a month; ``build`` expresses it for any month and is asked once."""
        asked = self._write(name, build)
        self._provide(asked.needs, month)
        return answer(self._connection, asked.query, month, self._watch(asked.query, month))

    def kept(self, name: str, build: Callable[[], ir.Table], period: Period, month: Month | None, months_before: int = 0) -> ir.Table:
        """The rows of the named kept table: the month's own, or with ``months_before`` those of so many months before it.

        Without a month they are part of a query that is being written, and are worked out when it runs.
        """
        need = Need(name, months_before)
        rows = self._store(name, build)
        if month is None:
            self._in_writing[-1].needs.add(need)
        else:
            self._provide([need], month)
        first_day = rows[KEPT_MONTH]
        if months_before:
            rows = rows.filter(first_day >= period.first_day - ibis.interval(months=months_before), first_day < period.first_day)
        else:
            rows = rows.filter(first_day == period.first_day)
        return rows.drop(KEPT_MONTH)

    def looked_back_on(self) -> Iterator[tuple[str, Month, pa.Table]]:
        """What was worked out here of the kept tables that a later month looks back on: table, month and rows, always in the same order."""
        tables = {need.table for asked in self._written.values() for need in asked.needs if need.months_before}
        for table, month in sorted(self._worked_out):
            # Rows that depend on more than the events until their month's end are no later run's.
            if table in tables and not self._is_folders_own(table):
                yield table, month, stored(self._connection, _engine_name(table), KEPT_MONTH, month)

    def _is_folders_own(self, table: str) -> bool:
        """Whether a kept table, or one that it builds upon, depends on more of the folder than its canonical tables' events."""
        asked = self._written[table]
        return asked.is_folders_own or any(self._is_folders_own(need.table) for need in asked.needs)

    def depends_on_rows(self) -> None:
        """Says of the query that is being written, if one is, that another folder's would read otherwise."""
        with self._writing:
            if self._in_writing:
                self._in_writing[-1].is_folders_own = True

    def _watch(self, query: Query, month: Month) -> Watch:
        # Tables of events are the long ones.
        read = sorted((not table.event_time, name) for name, table in tables().items() if name in query.tables)
        return lambda share: self.listener(Counting(month, read[0][1] if read else "", share))

    def _write(self, name: str, build: Callable[[], ir.Table]) -> _Written:
        with self._writing:
            if name not in self._written:
                self._written[name] = self._another_folders(name) or self._new(build)
                if not self._written[name].is_folders_own:
                    self._texts[name] = self._written[name]
            return self._written[name]

    def _new(self, build: Callable[[], ir.Table]) -> _Written:
        self._in_writing.append(_Writing(set()))
        try:
            query = written(self._connection, build)
        finally:
            seen = self._in_writing.pop()
        return _Written(query, frozenset(seen.needs), seen.is_folders_own)

    def _another_folders(self, name: str) -> _Written | None:
        """What another folder's query of that name is, after making the tables here that writing it would make."""
        found = self._texts.get(name)
        if found is None:
            return None
        stores = {_engine_name(need.table): need.table for need in found.needs}
        for table in sorted(found.query.tables & stores.keys()):
            self._store(stores[table], _never)
        if CALENDAR in found.query.tables:
            self._calendar()
        return found

    def _store(self, name: str, build: Callable[[], ir.Table]) -> ir.Table:
        with self._writing:
            if name not in self._stores:
                columns = self._write(name, build).query.schema
                schema = ibis.schema({KEPT_MONTH: "date"} | dict(columns.items()))
                self._stores[name] = self._connection.create_table(_engine_name(name), schema=schema)
            return self._stores[name]

    def _provide(self, needs: Iterable[Need], month: Month) -> None:
        """Works out the months that are needed and not kept yet."""
        for need in sorted(needs, key=lambda need: need.table):
            for needed in need.months(month):
                key = need.table, needed
                with self._writing:
                    working = self._months[key]
                with working:
                    if key not in self._kept:
                        self._fetch(need.table, needed)
                        self._kept.add(key)

    def _fetch(self, table: str, month: Month) -> None:
        rows = self._shelf.taken(table, month) if self._shelf else None
        if rows is not None:
            restore(self._connection, _engine_name(table), rows, KEPT_MONTH, month)
            return
        asked = self._written[table]
        self._provide(asked.needs, month)
        store(self._connection, _engine_name(table), asked.query, KEPT_MONTH, month, self._watch(asked.query, month))
        self._worked_out.add((table, month))


def _never() -> ir.Table:
    raise AssertionError("What a written query needs is written as well.")


def _engine_name(name: str) -> str:
    return f"kmanalysis_{name.replace('.', '_')}"
