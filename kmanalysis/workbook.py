"""The workbook: the tables, one month, one set of standards, one engine.

Opened on a folder, it computes. Opened on a page's slice (as the batch does for each notebook), it holds the finished frames of
that page and nothing else, so that a page cannot show what its provenance does not cover.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from functools import update_wrapper, wraps
from pathlib import Path
from threading import RLock
from typing import Protocol

import ibis
import pandas as pd
import pyarrow as pa
from ibis.expr import types as ir

from kmanalysis.assets import samples_folder
from kmanalysis.engine.duckdb import CALENDAR, Backend, Period, any_period, calendar_days, connect, period_of
from kmanalysis.engine.queries import Listener, Queries, Shelf
from kmanalysis.errors import KmError, UsageError
from kmanalysis.loaders.folder import Attached, attach
from kmanalysis.standards import Standard, Standards, load_standards
from kmanalysis.tables import tables
from kmanalysis.times import Month
from kmanalysis.words import Words

DATA_VARIABLE = "KMANALYSIS_DATA"
"""Environment variable that names the workbook folder to open where none is given."""

ENGINES = ("duckdb", "spark")
"""What can work the tables: DuckDB in this process, or Spark, which reads the same Parquet."""

_DOTTED = re.compile(r"[a-z]\w*(\.[a-z]\w*)+")

SLICE_VARIABLE = "KMANALYSIS_SLICE"
"""Environment variable that names the slice a batch notebook is opened on."""


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
        connection: ibis.BaseBackend | None = None,
        attached: Attached | None = None,
        frames: MutableMapping[tuple[str, str], pd.DataFrame] | None = None,
        facts: dict | None = None,
        lock: RLock | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._month = month
        self.standards = standards
        self.words = words
        self.attached = attached
        self._connection = connection
        self._frames = {} if frames is None else frames
        self._facts = {} if facts is None else facts
        self._shelf = shelf
        self._lock = lock or RLock()

    @property
    def month(self) -> Month:
        """The month that is looked at. Raises RuntimeError within a `query`, which is written for any month."""
        if self._month is None:
            raise RuntimeError("A query is written for any month: use the workbook's period.")
        return self._month

    @property
    def period(self) -> Period:
        """The month as engine values."""
        return any_period() if self._month is None else self._fact(f"period.{self._month}", lambda: period_of(self.month))

    @property
    def calendar(self) -> ir.Table:
        """The days of the month in the engine, with their kind: day, day_kind."""
        days = self._fact("calendar", self._calendar)
        return days.filter(days.day >= self.period.first_day, days.day <= self.period.last_day)

    @property
    def has_engine(self) -> bool:
        """Whether rows can be asked for; not so on a page's slice."""
        return self._connection is not None

    def table(self, name: str) -> ir.Table:
        """A canonical table in the engine. Raises KmError on a slice, which has no engine."""
        if self._connection is None:
            raise KmError("Table {table} is not part of this page. Open the workbook on its folder to work with rows.", table=name)
        connection = self._connection
        return self._fact(f"table.{name}", lambda: connection.table(name))

    def in_month(self, name: str) -> ir.Table:
        """The rows of an event table that happened in the month (Asia/Shanghai)."""
        table = self.table(name)
        when = table[tables()[name].event_time]
        return table.filter(when >= self.period.start, when < self.period.end)

    def at(self, month: Month | None) -> Workbook:
        """The same workbook seen from another month; from any month (None), to write a query."""
        return Workbook(
            month, self.standards, self.words, connection=self._connection, attached=self.attached,
            frames=self._frames, facts=self._facts, lock=self._lock, shelf=self._shelf,
        )  # fmt: skip

    @property
    def names(self) -> dict[str, str]:
        """Names of all suppliers by their ids, sorted by id."""
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

    def answered(self, name: str, build: Callable[[Workbook], ir.Table]) -> pd.DataFrame:
        """What the named query gives for this month. It is written once a folder where the engine can be told the month later."""
        if self._queries is None:
            with self._lock:
                asked = build(self)
            return asked.execute()
        return self._queries.answer(name, lambda: build(self.at(None)), self.month)

    def kept(self, name: str, build: Callable[[Workbook], ir.Table], months_before: int = 0) -> ir.Table:
        """The named kept table of this month, or those of so many months before it."""
        if self._queries is None:
            months = [self.month - back for back in range(1, months_before + 1)] or [self.month]
            rows = [self._worked_out(name, build, month) for month in months]
            return ibis.union(*rows) if len(rows) > 1 else rows[0]
        return self._queries.kept(name, lambda: build(self.at(None)), self.period, self._month, months_before)

    def of_rows(self, name: str, find: Callable[[], object]):
        """A value of the folder's rows that must be known before a query can be written: found once a folder. The query is then its alone."""
        queries = self._facts.get("queries")
        if queries is not None:  # else none has been asked for yet, and none is being written
            queries.depends_on_rows()
        return self._fact(f"of_rows.{name}", find)

    def looked_back_on(self) -> Iterator[tuple[str, Month, pa.Table]]:
        """What was worked out of kept tables that later months look back on, for a shelf: table, month and rows."""
        return iter(()) if self._queries is None else self._queries.looked_back_on()

    def tell(self, listener: Listener) -> None:
        """Lets a listener hear of every query of the folder while it runs. Only DuckDB tells."""
        if self._queries is not None:
            self._queries.listener = listener

    def _worked_out(self, name: str, build: Callable[[Workbook], ir.Table], month: Month) -> ir.Table:
        # Held by the workbook: the engine lets go of what nobody holds.
        return self._fact(f"kept.{name}.{month}", lambda: build(self.at(month)).cache())

    @property
    def _queries(self) -> Queries | None:
        connection = self._connection
        if not isinstance(connection, Backend):
            return None
        return self._fact("queries", lambda: Queries(connection, self.standards.digest, lambda: self._fact("calendar", self._calendar), self._shelf))

    def _calendar(self) -> ir.Table:
        if self._connection is None:
            raise KmError("Table {table} is not part of this page. Open the workbook on its folder to work with rows.", table="calendar")
        return self._connection.create_table(CALENDAR, ibis.memtable(calendar_days(), schema={"day": "date", "day_kind": "string"}))

    def _fact(self, name: str, find: Callable[[], object]):
        # Writing a query leans on state that the engine's library shares: one at a time.
        with self._lock:
            if name not in self._facts:
                self._facts[name] = find()
        return self._facts[name]

    def _names(self) -> dict[str, str]:
        named = self.table("suppliers").select("supplier_id", "name").execute().sort_values("supplier_id")
        return dict(zip(named["supplier_id"], named["name"], strict=True))

    def _first_month(self) -> str:
        firsts = (self.table(name)[table.event_time].min().execute() for name, table in tables().items() if table.event_time)
        first = min((when for when in firsts if not pd.isna(when)), default=None)
        return str(self.month if first is None else min(Month.of(first), self.month))


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

    def __init__(self, name: str, compute: Callable[[Workbook], pd.DataFrame]) -> None:
        _register("frame", name, compute)
        self.name = name
        self.compute = compute
        update_wrapper(self, compute)

    def __call__(self, workbook: Workbook) -> pd.DataFrame:
        """The frame of the workbook's month."""
        return workbook.finished(self.name, self.compute)


def frame(name: str) -> Callable[[Callable[[Workbook], pd.DataFrame]], Frame]:
    """Decorator: computes a frame once a month and keeps it under ``name``, which must be unique (ValueError at import otherwise)."""
    return lambda compute: Frame(name, compute)


def query(name: str) -> Callable[[Callable[[Workbook], ir.Table]], Callable[[Workbook], pd.DataFrame]]:
    """Decorator for a function that expresses a query: calling it runs the query for the workbook's month.

    The function is called once a folder, for any month: it sees `Workbook.period` and not `Workbook.month`. ``name`` must be unique.
    """

    def decorate(build: Callable[[Workbook], ir.Table]) -> Callable[[Workbook], pd.DataFrame]:
        _register("query", name, build)

        @wraps(build)
        def answered(workbook: Workbook) -> pd.DataFrame:
            return workbook.answered(name, build)

        return answered

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


def open_workbook(
    data: str | Path | None = None,
    month: str | None = None,
    standards: str | Path | Standards | None = None,
    lang: str = "zh",
    *,
    memory: str | None = None,
    engine: str = "duckdb",
    master: str | None = None,
    frames: MutableMapping[tuple[str, str], pd.DataFrame] | None = None,
    shelf: Shelf | None = None,
) -> Workbook:
    """Opens a folder of canonical tables for one month (default: the last one with an event).

    ``data`` defaults to the folder that the environment variable KMANALYSIS_DATA names, else to the samples.

    ``standards`` is an operator's own TOML, or standards that are already loaded. ``engine`` is one of `ENGINES`; Spark runs on ``master``, a
    master's URL (default: this machine). ``frames`` holds what is finished already, by month and name, and is given what is finished here;
    ``shelf`` gives rows of kept tables that are worked out already.
    Raises DataError, StandardsError or UsageError.
    In a notebook that the batch runs, the page's slice is opened instead.
    """
    words = Words(lang)
    if os.environ.get(SLICE_VARIABLE):
        return open_slice(Path(os.environ[SLICE_VARIABLE]), words)
    in_force = standards if isinstance(standards, Standards) else load_standards(standards)
    chosen = Month.parse(month) if month else None
    folder = Path(data or os.environ.get(DATA_VARIABLE) or samples_folder())
    connection, attached = _opened(folder, memory, engine, master)
    workbook = Workbook(chosen or Month(1, 1), in_force, words, connection=connection, attached=attached, frames=frames, shelf=shelf)
    return workbook if chosen else workbook.at(_last_month(workbook))


def _opened(folder: Path, memory: str | None, engine: str, master: str | None) -> tuple[ibis.BaseBackend, Attached]:
    if engine not in ENGINES:
        raise UsageError("Engine {found!r} is not known. Choose one of: {accepted}.", found=engine, accepted=", ".join(ENGINES))
    if engine == "spark":
        from kmanalysis.loaders.spark import open_spark

        return open_spark(folder, master, memory)
    if master:
        raise UsageError("A master goes with the engine spark alone.")
    connection = connect(memory)
    return connection, attach(connection, folder)


def _last_month(workbook: Workbook) -> Month:
    lasts = (workbook.table(name)[table.event_time].max().execute() for name, table in tables().items() if table.event_time)
    last = max((when for when in lasts if not pd.isna(when)), default=None)
    if last is None:
        raise UsageError("The folder holds no dated event: say which month to look at, like 2026-10.")
    return Month.of(last)


def save_slice(folder: Path, workbook: Workbook, frames: dict[str, pd.DataFrame], suppliers: Sequence[str]) -> None:
    """Writes finished frames as a page's slice: what a notebook may see, and nothing else."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, finished in frames.items():
        finished.to_parquet(folder / f"{name}.parquet", index=False)
    facts = {
        "month": str(workbook.month),
        "first_month": str(workbook.first_month),
        "names": {supplier: workbook.names[supplier] for supplier in suppliers},
        "standards": json.loads(workbook.standards.as_json()),
        "changed": list(workbook.standards.changed),
    }
    (folder / "slice.json").write_text(json.dumps(facts, ensure_ascii=False, sort_keys=True), encoding="utf-8")


def open_slice(folder: Path, words: Words) -> Workbook:
    """Opens a slice that `save_slice` wrote."""
    facts = json.loads((folder / "slice.json").read_text(encoding="utf-8"))
    standards = Standards({identifier: Standard(**values) for identifier, values in facts["standards"].items()}, tuple(facts["changed"]))
    frames = _SliceFrames({(facts["month"], path.stem): path for path in folder.glob("*.parquet")})
    return Workbook(Month.parse(facts["month"]), standards, words, frames=frames, facts=facts)


class _SliceFrames(MutableMapping):
    """The frames of a slice by month and name, each read when it is first asked for: a page shows a few of them."""

    def __init__(self, files: dict[tuple[str, str], Path]) -> None:
        self._files = files
        self._read: dict[tuple[str, str], pd.DataFrame] = {}

    def __getitem__(self, key: tuple[str, str]) -> pd.DataFrame:
        if key not in self._read:
            self._read[key] = pd.read_parquet(self._files[key])
        return self._read[key]

    def __setitem__(self, key: tuple[str, str], frame: pd.DataFrame) -> None:
        self._read[key] = frame

    def __delitem__(self, key: tuple[str, str]) -> None:
        self._files.pop(key, None)
        self._read.pop(key, None)

    def __contains__(self, key: object) -> bool:
        return key in self._read or key in self._files

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._files | self._read)

    def __len__(self) -> int:
        return len(self._files | self._read)
