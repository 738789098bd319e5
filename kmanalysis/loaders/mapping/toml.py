r"""A mapping: how one kind of source file becomes canonical tables, as the analyst wrote it in TOML.

```toml
[source]                     # all optional
encoding = "gb18030"         # where it is not found out by itself
delimiter = ";"
header_line = 3              # physical line of the headings
headings = ["订单号", "商品"] # of a file that has none, in the order of its columns
nothing = ["无", "N/A"]      # words that stand for nothing in ids and texts; those of `casts.NOTHING`, where nothing is said
sheet = "订单"               # of a workbook
footer = ["合计"]            # beginnings of lines that close the file
timezone = "Asia/Shanghai"   # zone of times that state none
empty = ["NULL", "\\N"]      # unquoted words that are an empty cell; these two, where nothing is said
secrets = ["email", "phone", "messenger", "code"]   # what texts are searched for; these, where nothing is said
escape = "\\"                # of MySQL's and PostgreSQL's dumps: \t, \n, \\ inside a cell

[lookups.goods_to_supplier]  # tables of key and value, for the columns that name one
1001 = "S1"
"Q币" = "S2"

[lookups.sku_of_title]       # or two columns of a text table in the mapping's own folder
file = "goods.csv"
key = "标题"
value = "货号"

[tables.orders]
repeats = "reject"           # or "first": what becomes of a row that says something else of a key seen before
where = [{ column = "类型", equals = ["卡密", "直充"] }, { column = "订单号", empty = false }, { column = "状态", not_equals = "未付款" },
         { column = "金额", positive = true }, { column = "备注", matches = "^补单" }]   # a number above 0 (false: 0 or below); a pattern, as in `remove`

[tables.orders.columns]
order_id = { from = "订单号" }                      # a heading, a list of alternatives, or "#F": the sixth column, which has no heading
sku = { key = ["商品", "面值"], remove = ["（.*）$"] }   # an identifier built from normalised cells
supplier_id = { from = "商品", lookup = "goods_to_supplier" }   # a key without a value is rejected, or gets `default = "S0"`
currency = { constant = "CNY" }                     # with `from`: stands where the file has none of the headings
status = { case = "状态", when = { "4" = "delivered", "5" = "failed" }, else = "pending" }   # without `else`: empty; rejected, where required
delivered_at = { case = "状态", when = { "4" = { from = "更新时间" } } }   # a constant, or what any column may say
failure_cause = { from = "原因", values = { "缺货" = "stock_out" } }
ordered_at = { from = "下单时间", formats = ["%Y/%m/%d %H:%M"], timezone = "Asia/Shanghai", missing = ["未付款"] }
amount = { from = "金额(分)", factor = 0.01 }        # `rate` converts a currency, rounded to four decimals
cost_amount = { from = "成本", round = 4 }           # decimals that are kept; without it a cell with more than four is rejected

[tables.tickets.columns]
opened_at = { join = ["日期", "时间"], year = 2026 }  # several cells as one; the year of days that have none
resolved_at = { from = "提交时间", plus = { from = "处理时长(小时)", unit = "hours" } }   # or seconds, minutes, days

[tables.stock_snapshots.columns]
quantity = { from = "库存", placeholders = [-1, 999] }   # numbers that count nothing: is_placeholder becomes true
```
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from kmanalysis.detector import KINDS
from kmanalysis.errors import MappingError
from kmanalysis.files.operator_toml import check_plain, read_toml
from kmanalysis.loaders.mapping.columns import PLACEHOLDER, column_mapping, once
from kmanalysis.loaders.mapping.fields import (
    check_choice,
    check_delimiter,
    check_encoding,
    check_filled,
    check_keys,
    check_kind,
    check_pattern,
    check_zone,
    constant_text,
    section,
)
from kmanalysis.loaders.mapping.lookups import is_of_file, lookup_of_file
from kmanalysis.loaders.mapping.model import ColumnMapping, Condition, Source, SourceMapping, TableMapping, compared
from kmanalysis.tables import Table, tables

_CONDITIONS = ("equals", "not_equals", "empty", "positive", "matches")
REPEATS = ("reject", "first")
ESCAPES = ("\\",)


def load_mapping(path: str | Path) -> SourceMapping:
    """The mapping in a TOML file. Raises MappingError for a file that cannot be read and everything that `parse_mapping` refuses."""
    path = Path(path)
    return parse_mapping(read_toml(path, MappingError), path.name, path.parent)


def parse_mapping(declared: Mapping[str, object], name: str, folder: Path | None = None) -> SourceMapping:
    """The mapping that TOML declares; ``name`` stands for it in errors. Files of its lookups are looked for in ``folder``, and nowhere else.

    Raises MappingError for unknown keys, tables, columns and lookups (naming the nearest), values of the wrong kind, what the reader or the engine cannot
    run (encodings, delimiters, zones, patterns, formats, factors), required columns that are not mapped, columns that have no source or two, and what a
    column of its type cannot hold.
    """
    check_plain(declared, name, MappingError)
    check_keys(declared, ("source", "lookups", "tables"), name, "")
    source = _source(section(declared.get("source", {}), name, "source"), name)
    lookups = {
        lookup: _lookup(section(listed, name, f"lookups.{lookup}"), folder, name, f"lookups.{lookup}")
        for lookup, listed in section(declared.get("lookups", {}), name, "lookups").items()
    }
    declared_tables = section(declared.get("tables", {}), name, "tables")
    if not declared_tables:
        raise MappingError("{file}: the mapping has no tables. Add a section such as [tables.orders.columns].", file=name)
    check_keys(declared_tables, tuple(tables()), name, "tables")
    mapped = {table: _table(section(spec, name, f"tables.{table}"), tables()[table], lookups, name) for table, spec in declared_tables.items()}
    return SourceMapping(name, source, mapped, lookups)


def _source(spec: Mapping[str, Any], file: str) -> Source:
    check_keys(spec, tuple(entry.name for entry in fields(Source)), file, "source")
    kinds = {"header_line": int, "footer": list, "headings": list, "empty": list, "nothing": list, "secrets": list}
    for key, value in spec.items():
        check_kind(value, kinds.get(key, str), file, f"source.{key}")
    check_zone(spec.get("timezone", ""), file, "source.timezone")
    if spec.get("delimiter"):
        check_delimiter(spec["delimiter"], file, "source.delimiter")
    if spec.get("encoding"):
        check_encoding(spec["encoding"], file, "source.encoding")
    if spec.get("header_line", 1) < 1:
        raise MappingError("{file}: {place}: lines are counted from 1, found {found}.", file=file, place="source.header_line", found=spec["header_line"])
    for key in ("footer", "empty", "nothing"):
        check_filled(spec.get(key, ()), file, f"source.{key}")
    if spec.get("escape"):
        check_choice(spec["escape"], ESCAPES, file, "source.escape")
    for kind in spec.get("secrets", ()):
        check_choice(kind, KINDS, file, "source.secrets")
    if "headings" in spec and "header_line" in spec:
        raise MappingError(
            "{file}: {place}: {key} cannot be combined with {partner}. Remove one of them.", file=file, place="source", key="headings", partner="header_line"
        )
    _check_headings(spec.get("headings", ()), file)
    stated: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in spec.items()}
    return Source(**stated)


def _check_headings(headings: Collection[str], file: str) -> None:
    named = [compared(heading) for heading in headings if heading.strip()]
    for heading in named:
        if named.count(heading) > 1:
            raise MappingError(
                "{file}: {place}: duplicate entry {found!r} (case and surrounding spaces are ignored). Remove one of them.",
                file=file,
                place="source.headings",
                found=heading,
            )


def _lookup(listed: Mapping[str, Any], folder: Path | None, file: str, place: str) -> dict[str, str]:
    if is_of_file(listed):
        return lookup_of_file(listed, folder, file, place)
    for key, value in listed.items():
        check_kind(value, (str, int, float, bool), file, f"{place}.{key}")
    return once({key: constant_text(value) for key, value in listed.items()}, file, place)


def _table(spec: Mapping[str, Any], table: Table, lookups: Collection[str], file: str) -> TableMapping:
    where = f"tables.{table.name}"
    check_keys(spec, ("columns", "where", "repeats"), file, where)
    repeats = spec.get("repeats", "reject")
    check_choice(repeats, REPEATS, file, f"{where}.repeats")
    declared = section(spec.get("columns", {}), file, f"{where}.columns")
    check_keys(declared, tuple(table.columns), file, f"{where}.columns")
    columns = {
        name: column_mapping(section(column, file, f"{where}.columns.{name}"), table.columns[name], table, lookups, file, f"{where}.columns.{name}")
        for name, column in declared.items()
    }
    if any(column.placeholders for column in columns.values()):
        columns.setdefault(PLACEHOLDER, ColumnMapping(constant="false"))
    missing = [name for name, column in table.columns.items() if column.required and name not in columns]
    if missing:
        raise MappingError(
            "{file}: {place}: missing required columns: {columns}. Give each one a from, key or constant.",
            file=file,
            place=where,
            columns=", ".join(missing),
        )
    conditions = spec.get("where", [])
    if not isinstance(conditions, list):
        raise MappingError(
            "{file}: {place}: {found!r} is of the wrong kind. Accepted: {accepted}.", file=file, place=f"{where}.where", found=conditions, accepted="list"
        )
    return TableMapping(table, columns, tuple(_condition(entry, file, f"{where}.where") for entry in conditions), repeats)


def _condition(entry: object, file: str, place: str) -> Condition:
    spec = section(entry, file, place)
    check_keys(spec, ("column", *_CONDITIONS), file, place)
    if not isinstance(spec.get("column"), str) or len(spec) != 2:
        raise MappingError(
            "{file}: {place}: invalid condition. It needs column and exactly one of {accepted}.", file=file, place=place, accepted=", ".join(_CONDITIONS)
        )
    check_filled([spec["column"]], file, f"{place}.column")
    for key in ("empty", "positive"):
        if key in spec:
            check_kind(spec[key], bool, file, f"{place}.{key}")
    if "matches" in spec:
        check_kind(spec["matches"], str, file, f"{place}.matches")
        check_filled([spec["matches"]], file, f"{place}.matches")
        check_pattern(spec["matches"], file, f"{place}.matches")
    equals, not_equals = (_listed(key, spec, file, place) for key in ("equals", "not_equals"))
    return Condition(spec["column"], equals, not_equals, spec.get("empty"), spec.get("positive"), spec.get("matches", ""))


def _listed(key: str, spec: Mapping[str, Any], file: str, place: str) -> tuple[str, ...]:
    if key not in spec:
        return ()
    listed = spec[key] if isinstance(spec[key], list) else [spec[key]]
    if not listed:
        raise MappingError("{file}: {place}: an entry is empty. Write what is meant, or remove it.", file=file, place=f"{place}.{key}")
    for value in listed:
        check_kind(value, (str, int, float, bool), file, f"{place}.{key}")
    return tuple(map(constant_text, listed))
