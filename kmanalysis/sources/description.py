"""A platform as data: which tables and columns of its database are read and how, and what canonical rows are made of them.

A description is a file of ``platforms/``. Its SQL is the engine's own, over what was read: ``source.TABLE`` holds a table's rows as kept in the folder,
``made.VIEW`` a view of the description or of the rules (see `rules`), ``pull_now()`` the moment of the pull.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from kmanalysis.errors import DataError, UsageError
from kmanalysis.sources.databases.reading import Layout
from kmanalysis.tables import tables

KINDS = {
    "integer": "BIGINT",
    "decimal": "DECIMAL(24,6)",
    "text": "VARCHAR",
    "name": "VARCHAR",
    "title": "VARCHAR",
    "flag": "BOOLEAN",
    "time": "TIMESTAMP",
    "secret": "VARCHAR",
    "secrets": "VARCHAR[]",
    "note": "INTEGER[]",
}
"""Type in the engine of each kind of column.

A ``name`` is kept without contacts; a ``title`` is one as a JSON object of a text a language. A ``secret`` is kept as its digest, ``secrets`` as those of its
lines (and of the whole, where there is more than one), a ``note`` as the numbers of the rules whose pattern it fits: none of these three is kept as it is.
"""


REMEMBERED = ("first", "last", "since")

SHANGHAI_HOURS = 8
CLOCKS = {"": SHANGHAI_HOURS, "Local": SHANGHAI_HOURS, "Asia/Shanghai": SHANGHAI_HOURS, "UTC": 0}
"""Hours ahead of UTC by what ``loc`` in an address says, as in the application's own DSN."""


@dataclass(frozen=True)
class SourceColumn:
    """A column that is read: ``sql`` is what is selected where that is more than the column, ``reads`` the columns that it needs then. ``mysql`` is its ``sql``
    for MySQL, where that needs another.

    ``optional`` columns came with later versions. ``phrases`` of a secret are texts that are no secret: instead of a digest their name is kept.
    """

    name: str
    kind: str
    sql: str = ""
    mysql: str = ""
    reads: tuple[str, ...] = ()
    optional: bool = False
    phrases: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs(self) -> tuple[str, ...]:
        """The source's columns that must be there for it."""
        return self.reads or (self.name,)


@dataclass(frozen=True)
class SourceTable:
    """A table that is read. Rows are known by ``id``.

    A further pull reads the rows changed since by the column ``changed``; else new ones, those of the last ``window_days`` by the column ``dated``, or by
    ``dated_again``, a later moment of theirs, the ``open`` ones (SQL that the source and the engine understand alike) and those that were ``unsettled`` when
    read last (the engine's SQL); else all.

    ``first``, ``last`` and ``since`` are further columns, SQL over the row as it was read now: of all that was ever seen the first that is not empty is kept,
    or the last; of ``since`` the first since it was last empty. Where ``notices_missing``, ``missing_at`` says when an open row was first not there any more,
    and ``there_at`` when it was there last.
    """

    name: str
    columns: Mapping[str, SourceColumn]
    optional: bool = False
    id: str = "id"
    changed: str = ""
    dated: str = ""
    dated_again: str = ""
    window_days: int = 0
    open: str = ""
    unsettled: str = ""
    first: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    last: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    since: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    notices_missing: bool = False

    @property
    def remembered(self) -> dict[str, tuple[str, str]]:
        """The columns that remember, with their kinds and SQL."""
        return {**self.first, **self.last, **self.since}

    def on(self, kind: str) -> SourceTable:
        """The table as this kind of database is asked for it."""
        if kind != "mysql":
            return self
        return replace(self, columns={name: replace(column, sql=column.mysql or column.sql) for name, column in self.columns.items()})

    def types(self) -> dict[str, str]:
        """All columns that are kept, with their types in the engine."""
        found = {name: KINDS[column.kind] for name, column in self.columns.items()}
        found |= {name: KINDS[kind] for name, (kind, _) in self.remembered.items()}
        return found | ({"missing_at": "TIMESTAMP", "there_at": "TIMESTAMP"} if self.notices_missing else {})


@dataclass(frozen=True)
class Filled:
    """A canonical table: ``rows`` is SQL of its rows, ``columns`` which of them are given, by what each needs (``table.column`` of the source, or a flag).

    Columns named in ``filler`` are there for the table's form alone and say nothing. Where the folder knows better (not empty, not ``unknown``) in a
    column of ``yields``, the folder's value stays. Of a table that has ``own``, SQL over its rows that is true of those whose id is one that a pull makes,
    rows of its own that a pull does not make any more are taken out; all of them, where the operator's rules no longer meet its needs.
    """

    table: str
    rows: str
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...] = ()
    filler: tuple[str, ...] = ()
    yields: tuple[str, ...] = ()
    own: str = ""


@dataclass(frozen=True)
class Platform:
    """A platform's description.

    ``zone_hours`` is what its times without a zone are ahead of UTC. ``prefix``: its tables' names may have one. ``kinds`` of databases it runs on.
    ``views`` are made in their order; ``checks`` are counts that a pull tells of, by the id of their sentence. ``proposals`` is SQL of the rules
    that a first draft has: field, value, supplier, name. Databases of ``clock_kinds`` keep the application's wall clock: Shanghai's, unless the address
    says otherwise.
    """

    name: str
    zone_hours: int
    kinds: tuple[str, ...]
    tables: Mapping[str, SourceTable]
    views: Mapping[str, str]
    fills: Mapping[str, Filled]
    proposals: str
    checks: Mapping[str, str]
    prefix: str = ""
    currency: str = "CNY"
    clock_kinds: tuple[str, ...] = ()

    def on(self, kind: str, clock: str = "") -> Platform:
        """The description for this kind of database. ``clock``: ``loc`` of its address. Raises UsageError where that is no clock of `CLOCKS`."""
        if clock not in CLOCKS:
            raise UsageError("loc in the database address is not valid. Accepted: {accepted}.", accepted=", ".join(filter(None, CLOCKS)))
        hours = CLOCKS[clock] if kind in self.clock_kinds else self.zone_hours
        return replace(self, zone_hours=hours, tables={name: table.on(kind) for name, table in self.tables.items()})


@cache
def platform_names() -> tuple[str, ...]:
    """The platforms that there are descriptions of."""
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in (files(__package__) / "platforms").iterdir() if entry.name.endswith(".toml")))


@cache
def platform(name: str) -> Platform:
    """A platform by its name. Raises UsageError for another."""
    if name not in platform_names():
        raise UsageError("Unknown platform {found!r}. Choose one of: {accepted}.", found=name, accepted=", ".join(platform_names()))
    written = tomllib.loads((files(__package__) / "platforms" / f"{name}.toml").read_text(encoding="utf-8"))
    return Platform(
        name=name,
        zone_hours=written["zone_hours"],
        kinds=tuple(written["kinds"]),
        tables={table: _table(table, spec) for table, spec in written["tables"].items()},
        views=written.get("views", {}),
        fills={table: _filled(table, spec) for table, spec in written["fills"].items()},
        proposals=written["proposals"],
        checks=written.get("checks", {}),
        prefix=written.get("prefix", ""),
        currency=written.get("currency", "CNY"),
        clock_kinds=tuple(written.get("clock_kinds", ())),
    )


def _table(name: str, spec: Mapping[str, Any]) -> SourceTable:
    columns = {}
    for column, declared in spec["columns"].items():
        fields = {"kind": declared} if isinstance(declared, str) else dict(declared)
        columns[column] = SourceColumn(column, **(fields | {"reads": tuple(fields.get("reads", ()))}))
    remembered: dict[str, Any] = {mode: {column: (kind, sql) for column, (kind, sql) in spec.get(mode, {}).items()} for mode in REMEMBERED}
    others = {option: value for option, value in spec.items() if option not in ("columns", *REMEMBERED)}
    return SourceTable(name, columns, **others, **remembered)


def _filled(name: str, spec: Mapping[str, Any]) -> Filled:
    columns = {column: tuple(needs) for column, needs in spec["columns"].items()}
    unknown = set(columns) - set(tables()[name].columns)
    if unknown:
        raise LookupError(f"{name} has no columns {sorted(unknown)}.")
    lists: dict[str, Any] = {option: tuple(spec.get(option, ())) for option in ("needs", "filler", "yields")}
    return Filled(name, spec["rows"], columns, own=spec.get("own", ""), **lists)


@dataclass(frozen=True)
class Found:
    """What of a description a database has: the readable columns of its tables, by the description's names, and how tables are called there."""

    platform: Platform
    columns: Mapping[str, frozenset[str]]
    names: Mapping[str, str]

    def has(self, need: str, flags: Collection[str] = ()) -> bool:
        """Whether a need is met: ``table``, ``table.column``, a flag that begins with ``@``, or one of several with ``|`` between."""
        if "|" in need:
            return any(self.has(part, flags) for part in need.split("|"))
        if need.startswith("@"):
            return need in flags
        table, _, column = need.partition(".")
        return table in self.columns and (not column or column in self.columns[table])

    def missing(self) -> list[str]:
        """What is not there and done without: ``table`` or ``table.column``."""
        lacking = []
        for table in self.platform.tables.values():
            if table.name not in self.columns:
                lacking.append(table.name)
            else:
                lacking += [f"{table.name}.{name}" for name in table.columns if name not in self.columns[table.name]]
        return lacking

    def given(self, flags: Collection[str]) -> dict[str, list[str]]:
        """The canonical columns that will be given, by table; of a table that cannot be given there is nothing."""
        found = {}
        for fill in self.platform.fills.values():
            if all(self.has(need, flags) for need in fill.needs):
                found[fill.table] = [column for column, needs in fill.columns.items() if all(self.has(need, flags) for need in needs)]
        return found


def names_to_look_for(description: Platform, prefix: str | None) -> dict[str, str]:
    """The tables' names in a database, by the description's own."""
    before = description.prefix if prefix is None else prefix
    return {table: before + table for table in description.tables}


def found_in(description: Platform, layout: Layout, names: Mapping[str, str], kind: str = "") -> Found:
    """What of the description is there. Raises DataError where a table or column is missing that all versions have."""
    columns, lacking = {}, []
    for table in description.tables.values():
        there = layout.get(names[table.name])
        if there is None:
            lacking += [] if table.optional else [names[table.name]]
            continue
        columns[table.name] = frozenset(name for name, column in table.columns.items() if there >= set(column.needs))
        needed = dict.fromkeys(need for column in table.columns.values() if not column.optional for need in column.needs)
        lacking += [f"{names[table.name]}.{need}" for need in needed if need not in there]
    if lacking:
        raise DataError(
            "This account cannot see {missing}. It may lack read access, or this is not a {platform} database. Access that it needs:\n{grants}",
            missing=", ".join(lacking),
            platform=description.name,
            grants=grants(description, names, kind),
        )
    return Found(description, columns, names)


def grants(description: Platform, names: Mapping[str, str], kind: str = "") -> str:
    """Statements that allow an account to read the tables that are read and nothing else; DATABASE, READER and HOST are for the operator to fill in.

    SQLite knows no accounts: of it the tables' names.
    """
    if kind == "sqlite":
        return "\n".join(names.values())
    if (kind or description.kinds[0]) == "mysql":
        return "\n".join(f"GRANT SELECT ON `DATABASE`.`{names[table]}` TO 'READER'@'HOST';" for table in description.tables)
    return "\n".join(f'GRANT SELECT ON "{names[table]}" TO "READER";' for table in description.tables)
