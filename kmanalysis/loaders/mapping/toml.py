"""A mapping: how one kind of source file becomes canonical tables, as the analyst wrote it in TOML.

```toml
[source]                     # all optional
encoding = "gb18030"         # where it is not found out by itself
delimiter = ";"
header_line = 3              # physical line of the headings
sheet = "订单"               # of a workbook
footer = ["合计"]            # beginnings of lines that close the file
timezone = "Asia/Shanghai"   # zone of times that state none

[tables.orders]
repeats = "reject"           # or "first": what becomes of a row that says something else of a key seen before
where = [{ column = "类型", equals = ["卡密", "直充"] }, { column = "订单号", empty = false }, { column = "状态", not_equals = "未付款" }]

[tables.orders.columns]
order_id = { from = "订单号" }                      # a heading, or a list of alternatives
sku = { key = ["商品", "面值"], remove = ["（.*）$"] }   # an identifier built from normalised cells
currency = { constant = "CNY" }                     # with `from`: stands where the file has none of the headings
status = { from = "状态", values = { "已完成" = "delivered" } }
ordered_at = { from = "下单时间", formats = ["%Y/%m/%d %H:%M"], timezone = "Asia/Shanghai", missing = ["未付款"] }
amount = { from = "金额(分)", factor = 0.01 }        # `rate` converts a currency, rounded to four decimals
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rapidfuzz.process import extractOne

from kmanalysis.errors import MappingError
from kmanalysis.loaders.checking.casts import ZONED_TIME
from kmanalysis.tables import Column, Table, tables

REPEATS = ("reject", "first")


@dataclass(frozen=True)
class Source:
    """How the file is read; empty fields are found out."""

    encoding: str = ""
    delimiter: str = ""
    header_line: int = 0
    sheet: str = ""
    footer: tuple[str, ...] = ()
    timezone: str = ""


@dataclass(frozen=True)
class Condition:
    """Which rows of the file are the table's: ``column`` is one of ``equals``, none of ``not_equals``, or ``empty`` or not."""

    column: str
    equals: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    empty: bool | None = None


@dataclass(frozen=True)
class ColumnMapping:
    """Where a canonical column comes from; see the module's example for what each field does."""

    headings: tuple[str, ...] = ()
    constant: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    formats: tuple[str, ...] = ()
    timezone: str = ""
    factor: Decimal | None = None
    rate: Decimal | None = None
    missing: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    symbol_of: str = ""
    optional: bool = False

    @property
    def read(self) -> tuple[str, ...]:
        """All headings that it reads, alternatives included."""
        return (*self.headings, *self.key, *([self.symbol_of] if self.symbol_of else []))


@dataclass(frozen=True)
class TableMapping:
    """How one canonical table is read from the file."""

    table: Table
    columns: Mapping[str, ColumnMapping]
    where: tuple[Condition, ...] = ()
    repeats: str = "reject"


@dataclass(frozen=True)
class SourceMapping:
    """A whole mapping. ``name`` is its file's, for errors."""

    name: str
    source: Source
    tables: Mapping[str, TableMapping]

    @property
    def headings(self) -> frozenset[str]:
        """All headings that it reads."""
        columns = {heading for mapped in self.tables.values() for column in mapped.columns.values() for heading in column.read}
        return frozenset(columns | {condition.column for mapped in self.tables.values() for condition in mapped.where})

    @property
    def has_secrets(self) -> bool:
        """Whether the file holds what becomes digests."""
        return any(mapped.table.columns[name].is_secret for mapped in self.tables.values() for name in mapped.columns)


def load_mapping(path: str | Path) -> SourceMapping:
    """The mapping in a TOML file. Raises MappingError for a file that cannot be read and everything that `parse_mapping` refuses."""
    path = Path(path)
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise MappingError("{file}: the mapping cannot be read ({problem}). Write TOML, in UTF-8.", file=path.name, problem=problem) from problem
    return parse_mapping(declared, path.name)


def parse_mapping(declared: Mapping[str, object], name: str) -> SourceMapping:
    """The mapping that TOML declares; ``name`` stands for it in errors.

    Raises MappingError for unknown keys, tables and columns (naming the nearest), values of the wrong kind, unknown zones, required columns that are
    not mapped, and columns that have no source or two.
    """
    _check_keys(declared, ("source", "tables"), name, "")
    source = _source(_section(declared.get("source", {}), name, "source"), name)
    declared_tables = _section(declared.get("tables", {}), name, "tables")
    if not declared_tables:
        raise MappingError("{file}: no table is mapped. Add a section like [tables.orders.columns].", file=name)
    _check_keys(declared_tables, tuple(tables()), name, "tables")
    return SourceMapping(
        name, source, {table: _table(_section(spec, name, f"tables.{table}"), tables()[table], name) for table, spec in declared_tables.items()}
    )


def _source(spec: Mapping[str, Any], file: str) -> Source:
    _check_keys(spec, tuple(entry.name for entry in fields(Source)), file, "source")
    kinds = {"header_line": int, "footer": list}
    for key, value in spec.items():
        _check_kind(value, kinds.get(key, str), file, f"source.{key}")
    _check_zone(spec.get("timezone", ""), file, "source.timezone")
    return Source(**{**spec, "footer": tuple(spec.get("footer", ()))})


def _table(spec: Mapping[str, Any], table: Table, file: str) -> TableMapping:
    where = f"tables.{table.name}"
    _check_keys(spec, ("columns", "where", "repeats"), file, where)
    repeats = spec.get("repeats", "reject")
    if repeats not in REPEATS:
        raise MappingError(
            "{file}: {place}: {found!r} is not known. Accepted: {accepted}.", file=file, place=f"{where}.repeats", found=repeats, accepted=", ".join(REPEATS)
        )
    declared = _section(spec.get("columns", {}), file, f"{where}.columns")
    _check_keys(declared, tuple(table.columns), file, f"{where}.columns")
    columns = {
        name: _column(_section(column, file, f"{where}.columns.{name}"), table.columns[name], file, f"{where}.columns.{name}")
        for name, column in declared.items()
    }
    missing = [name for name, column in table.columns.items() if column.required and name not in columns]
    if missing:
        raise MappingError(
            "{file}: {place}: required columns are not mapped: {columns}. Give each a from, key or constant.",
            file=file,
            place=where,
            columns=", ".join(missing),
        )
    return TableMapping(table, columns, tuple(_condition(entry, file, f"{where}.where") for entry in spec.get("where", [])), repeats)


_COLUMN_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "from": (str, list),
    "constant": (str, int, float, bool),
    "values": dict,
    "formats": list,
    "timezone": str,
    "factor": (int, float),
    "rate": (int, float),
    "missing": list,
    "key": list,
    "remove": list,
    "symbol_of": str,
    "optional": bool,
}


def _column(spec: Mapping[str, Any], column: Column, file: str, place: str) -> ColumnMapping:
    _check_keys(spec, tuple(_COLUMN_KINDS), file, place)
    for key, value in spec.items():
        _check_kind(value, _COLUMN_KINDS[key], file, f"{place}.{key}")
    _check_zone(spec.get("timezone", ""), file, f"{place}.timezone")
    sources = [key for key in ("from", "key", "symbol_of") if spec.get(key)]
    if len(sources) > 1 or not (sources or "constant" in spec):
        raise MappingError(
            "{file}: {place}: give it one source: from, key, symbol_of or constant. Found: {found}.", file=file, place=place, found=", ".join(sources) or "—"
        )
    for key, types in (
        ("formats", ("timestamp", "date")),
        ("timezone", ("timestamp", "date")),
        ("factor", ("decimal", "integer", "float")),
        ("rate", ("decimal",)),
    ):
        if key in spec and column.type not in types:
            raise MappingError(
                "{file}: {place}: {key} is for columns of type {accepted}, this one is {found}.",
                file=file,
                place=place,
                key=key,
                accepted=", ".join(types),
                found=column.type,
            )
    if column.type == "timestamp" and "constant" in spec and not re.fullmatch(ZONED_TIME, str(spec["constant"])):
        raise MappingError(
            "{file}: {place}: write the time with its zone, like 2026-10-01T00:00:00+08:00. Found: {found}.",
            file=file,
            place=f"{place}.constant",
            found=spec["constant"],
        )
    for pattern in spec.get("remove", []):
        try:
            re.compile(pattern)
        except re.error as problem:
            raise MappingError(
                "{file}: {place}: {found!r} is no regular expression ({problem}).", file=file, place=f"{place}.remove", found=pattern, problem=problem
            ) from problem
    headings = spec.get("from", ())
    constant = spec.get("constant")
    return ColumnMapping(
        headings=(headings,) if isinstance(headings, str) else tuple(headings),
        constant=None if constant is None else str(constant).lower() if isinstance(constant, bool) else str(constant),
        values={str(found): str(meant) for found, meant in spec.get("values", {}).items()},
        formats=tuple(spec.get("formats", ())),
        timezone=spec.get("timezone", ""),
        factor=_decimal(spec.get("factor")),
        rate=_decimal(spec.get("rate")),
        missing=tuple(spec.get("missing", ())),
        key=tuple(spec.get("key", ())),
        remove=tuple(spec.get("remove", ())),
        symbol_of=spec.get("symbol_of", ""),
        optional=spec.get("optional", False),
    )


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def _condition(entry: object, file: str, place: str) -> Condition:
    spec = _section(entry, file, place)
    _check_keys(spec, ("column", "equals", "not_equals", "empty"), file, place)
    if not isinstance(spec.get("column"), str) or len(spec) != 2:
        raise MappingError("{file}: {place}: a condition has a column and one of equals, not_equals, empty.", file=file, place=place)
    return Condition(spec["column"], _listed(spec.get("equals")), _listed(spec.get("not_equals")), spec.get("empty"))


def _listed(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _section(value: object, file: str, place: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MappingError("{file}: {place} must be a section with keys, found {found!r}.", file=file, place=place, found=value)
    return value


def _check_keys(spec: Mapping[str, Any], accepted: tuple[str, ...], file: str, place: str) -> None:
    for key in spec:
        if key not in accepted:
            nearest = extractOne(key, accepted)[0]
            raise MappingError("{file}: {place}: {found!r} is not known. Did you mean {nearest}?", file=file, place=place or "—", found=key, nearest=nearest)


def _check_kind(value: object, kind: type | tuple[type, ...], file: str, place: str) -> None:
    is_right = isinstance(value, kind) and not (isinstance(value, bool) and kind is int)
    if is_right and isinstance(value, list):
        is_right = all(isinstance(entry, str) for entry in value)
    if not is_right:
        accepted = ", ".join(entry.__name__ for entry in (kind if isinstance(kind, tuple) else (kind,)))
        raise MappingError("{file}: {place}: {found!r} is of the wrong kind. Accepted: {accepted}.", file=file, place=place, found=value, accepted=accepted)


def _check_zone(zone: object, file: str, place: str) -> None:
    if not zone:
        return
    try:
        ZoneInfo(str(zone))
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise MappingError("{file}: {place}: {found!r} is no time zone. Write one like Asia/Shanghai or UTC.", file=file, place=place, found=zone) from problem
