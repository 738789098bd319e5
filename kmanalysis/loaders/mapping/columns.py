"""How a mapping says where one canonical column comes from. All that is wrong with it raises MappingError."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from kmanalysis.errors import MappingError
from kmanalysis.loaders.checking.casts import ZONED_TIME
from kmanalysis.loaders.mapping.fields import (
    Kinds,
    check_choice,
    check_factor,
    check_filled,
    check_format,
    check_keys,
    check_kind,
    check_pattern,
    check_zone,
    constant_text,
    section,
)
from kmanalysis.loaders.mapping.model import ColumnMapping, Span, compared
from kmanalysis.tables import Column, Table

Value = TypeVar("Value")
_SCALAR: Kinds = (str, int, float, bool)

PLACEHOLDER = "is_placeholder"
"""The column that says of a reading that it counts nothing."""

_KINDS: Mapping[str, Kinds] = {
    "from": (str, list),
    "constant": _SCALAR,
    "values": dict,
    "formats": list,
    "timezone": str,
    "factor": (int, float),
    "rate": (int, float),
    "missing": list,
    "key": list,
    "join": list,
    "plus": dict,
    "year": int,
    "round": int,
    "remove": list,
    "symbol_of": str,
    "optional": bool,
    "case": str,
    "when": dict,
    "else": (str, int, float, bool, dict),
    "lookup": str,
    "default": _SCALAR,
}
_NUMBERS = ("decimal", "integer", "float")
_TYPES: Mapping[str, tuple[str, ...]] = {
    "formats": ("timestamp", "date"),
    "timezone": ("timestamp", "date"),
    "factor": _NUMBERS,
    "rate": ("decimal",),
    "round": ("decimal",),
    "join": ("text", "timestamp", "date"),
    "plus": ("timestamp",),
    "year": ("timestamp", "date"),
    "lookup": ("id", "text", "enum", "integer", "decimal", "float", "boolean", "timestamp", "date"),
}
_SPANS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}
_MOST_DECIMALS = 4
_PARTNERS = {"when": "case", "else": "case", "case": "when", "lookup": "from", "default": "lookup"}
_NOT_BESIDE = (("values", "lookup"), ("plus", "lookup"), ("plus", "values"), ("year", "lookup"), ("join", "constant"), ("join", "values"), ("join", "optional"))
_BESIDE_CASE = ("case", "when", "else", "optional")


def column_mapping(spec: Mapping[str, Any], column: Column, table: Table, lookups: Collection[str], file: str, place: str) -> ColumnMapping:
    """The column as its section declares it; ``lookups`` are the names of the mapping's lookup tables."""
    check_keys(spec, (*_KINDS, "placeholders"), file, place)
    for key, value in spec.items():
        if key != "placeholders":
            check_kind(value, _KINDS[key], file, f"{place}.{key}")
    for key in ("from", "key", "join"):
        check_filled(_headings(spec.get(key, ())), file, f"{place}.{key}")
    check_zone(spec.get("timezone", ""), file, f"{place}.timezone")
    _check_sources(spec, file, place)
    _check_types(spec, column, file, place)
    for key in ("constant", "default"):
        if key in spec:
            _check_constant(spec[key], column, file, f"{place}.{key}")
    for pattern in spec.get("remove", []):
        check_pattern(pattern, file, f"{place}.remove")
    for written in spec.get("formats", []):
        check_format(written, file, f"{place}.formats")
    for key in ("factor", "rate"):
        if key in spec:
            check_factor(spec[key], file, f"{place}.{key}")
    for key, least, most in (("round", 0, _MOST_DECIMALS), ("year", 1990, 2099)):
        if key in spec and not least <= spec[key] <= most:
            raise MappingError(
                "{file}: {place}: {found} is not accepted. Accepted: {least} to {most}.",
                file=file,
                place=f"{place}.{key}",
                found=spec[key],
                least=least,
                most=most,
            )
    for found, meant in spec.get("values", {}).items():
        check_kind(meant, _SCALAR, file, f"{place}.values.{found}")
    if "lookup" in spec:
        check_keys([spec["lookup"]], tuple(lookups) or ("lookups",), file, f"{place}.lookup")

    def part(value: object, where: str) -> ColumnMapping:
        declared = value if isinstance(value, Mapping) else {"constant": value}
        return column_mapping(section(declared, file, where), column, table, lookups, file, where)

    constant, default = spec.get("constant"), spec.get("default")
    return ColumnMapping(
        headings=_headings(spec.get("from", ())),
        constant=None if constant is None else constant_text(constant),
        values=once({found: constant_text(meant) for found, meant in spec.get("values", {}).items()}, file, f"{place}.values"),
        formats=tuple(spec.get("formats", ())),
        timezone=spec.get("timezone", ""),
        factor=_decimal(spec.get("factor")),
        rate=_decimal(spec.get("rate")),
        missing=tuple(spec.get("missing", ())),
        key=tuple(spec.get("key", ())),
        join=tuple(spec.get("join", ())),
        plus=_span(spec["plus"], file, f"{place}.plus") if "plus" in spec else None,
        year=spec.get("year"),
        round=spec.get("round"),
        remove=tuple(spec.get("remove", ())),
        symbol_of=spec.get("symbol_of", ""),
        optional=spec.get("optional", False),
        case=spec.get("case", ""),
        when={key: part(value, f"{place}.when.{key}") for key, value in once(spec.get("when", {}), file, f"{place}.when").items()},
        otherwise=part(spec["else"], f"{place}.else") if "else" in spec else None,
        lookup=spec.get("lookup", ""),
        default=None if default is None else constant_text(default),
        placeholders=_placeholders(spec["placeholders"], column, table, file, f"{place}.placeholders") if "placeholders" in spec else (),
    )


def once(listed: Mapping[str, Value], file: str, place: str) -> dict[str, Value]:
    """What a section lists, by its keys as they are compared; no two of them may be the same then."""
    found: dict[str, Value] = {}
    for key, value in listed.items():
        if compared(key) in found:
            raise MappingError(
                "{file}: {place}: duplicate entry {found!r} (case and surrounding spaces are ignored). Remove one of them.", file=file, place=place, found=key
            )
        found[compared(key)] = value
    return found


def _check_sources(spec: Mapping[str, Any], file: str, place: str) -> None:
    sources = [key for key in ("from", "key", "join", "symbol_of", "case") if spec.get(key)]
    if len(sources) > 1 or not (sources or "constant" in spec):
        raise MappingError(
            "{file}: {place}: a column needs exactly one source: from, key, join, symbol_of, case or constant. Found: {found}.",
            file=file,
            place=place,
            found=", ".join(sources) or "—",
        )
    for key in ("plus", "year"):
        if key in spec and not (spec.get("from") or spec.get("join")):
            raise MappingError("{file}: {place}: {key} needs {partner}. Add {partner} or remove {key}.", file=file, place=place, key=key, partner="from")
    for key, partner in _PARTNERS.items():
        if key in spec and not spec.get(partner):
            raise MappingError("{file}: {place}: {key} needs {partner}. Add {partner} or remove {key}.", file=file, place=place, key=key, partner=partner)
    beside = [(key, "case") for key in spec if "case" in spec and key not in _BESIDE_CASE]
    beside += [(key, partner) for key, partner in _NOT_BESIDE if key in spec and partner in spec]
    for key, partner in beside[:1]:
        raise MappingError("{file}: {place}: {key} cannot be combined with {partner}. Remove one of them.", file=file, place=place, key=key, partner=partner)


def _check_types(spec: Mapping[str, Any], column: Column, file: str, place: str) -> None:
    for key, types in _TYPES.items():
        if key in spec and column.type not in types:
            raise MappingError(
                "{file}: {place}: {key} works only for columns of type {accepted}, but this column is of type {found}. Remove it.",
                file=file,
                place=place,
                key=key,
                accepted=", ".join(types),
                found=column.type,
            )


def _check_constant(value: str | float | bool, column: Column, file: str, place: str) -> None:
    text = constant_text(value)
    if column.type == "timestamp" and text and not re.fullmatch(ZONED_TIME, text):
        raise MappingError("{file}: {place}: {found} is not a time with a zone. Write it like 2026-10-01T00:00:00+08:00.", file=file, place=place, found=value)
    accepted = {"enum": column.values, "boolean": ("true", "false")}.get(column.type)
    if accepted and text:
        check_choice(text, accepted, file, place)
    if column.type in _NUMBERS and text and not re.fullmatch(r"-?\d{1,14}(\.\d{1,4})?", text):
        raise MappingError("{file}: {place}: {found} is not a number. Write it like 12.5.", file=file, place=place, found=value)


def _placeholders(listed: object, column: Column, table: Table, file: str, place: str) -> tuple[Decimal, ...]:
    if PLACEHOLDER not in table.columns or column.type != "integer":
        raise MappingError("{file}: {place}: placeholders are allowed only for stock_snapshots.quantity. Remove them here.", file=file, place=place)
    numbers = listed if isinstance(listed, list) else [listed]
    for number in numbers:
        check_kind(number, int, file, place)
    return tuple(map(Decimal, numbers))


def _span(spec: Mapping[str, Any], file: str, place: str) -> Span:
    check_keys(spec, ("from", "unit"), file, place)
    check_kind(spec.get("from", 0), (str, list), file, f"{place}.from")
    check_filled(_headings(spec["from"]) or [""], file, f"{place}.from")
    check_choice(spec.get("unit", ""), _SPANS, file, f"{place}.unit")
    return Span(_headings(spec["from"]), _SPANS[spec["unit"]])


def _headings(declared: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return (declared,) if isinstance(declared, str) and declared else tuple(declared)


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))
