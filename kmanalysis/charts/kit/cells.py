"""Values of a frame as a reader writes them: by what the canonical tables say of the column, else by its type and the end of its name."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd

from kmanalysis.charts.kit.style import shortened
from kmanalysis.standards import SIGNS, Standards
from kmanalysis.tables import Column, tables
from kmanalysis.words import MISSING, Words

SHARES = ("share", "deviation", "gap", "margin", "offered", "granted", "rate")
"""Endings of columns that hold a fraction of 1."""

AMOUNTS = ("amount", "price", "cost", "level", "fees")
"""Endings of columns that hold money in the row's currency."""

STRETCH = {"since": "since_at", "until": "until_at"}
"""Columns that are moments where both are there; alone, the first is a day."""

NAME = 48
"""Half-width characters that a table gives a supplier's name."""

TECHNICAL = ("currency", "severity", "rank", "has_ended", "is_bound")
"""Columns that a table shows inside of others, or not at all."""


@cache
def _declared() -> Mapping[str, Column]:
    """The first declaration of each column name of the canonical tables."""
    found: dict[str, Column] = {}
    for table in tables().values():
        for name, column in table.columns.items():
            found.setdefault(name, column)
    return found


def column_name(column: str, words: Words, among: Collection[str] = ()) -> str:
    """What a column of a frame with the columns ``among`` is called.

    As the canonical table calls it that shares most columns with the frame; else by its own name in the catalogue; else as any table that has it.
    """
    if column == "supplier_id":
        return words.text("Supplier")
    alike = sorted(tables(), key=lambda name: -len(set(among) & set(tables()[name].columns)))
    # A name beside a SKU is the goods' name.
    nearest = "products" if column == "name" and "sku" in among else alike[0]
    own, known = f"column.{column}", [f"{name}.{column}" for name in [nearest, *alike] if column in tables()[name].columns]
    candidates = [known[0], own] if column in tables()[nearest].columns else [own, *known[:1]]
    return next((words.name(candidate) for candidate in candidates if words.has_name(candidate)), column)


def cell(value: object, column: str, words: Words, currency: str = "") -> str:
    """One value of a column in words. Amounts are in ``currency``; without one they are plain numbers."""
    if _is_missing(value):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return words.text("yes") if value else words.text("no")
    if isinstance(value, datetime | pd.Timestamp | np.datetime64 | date):
        return _time(value, column, words)
    if isinstance(value, str):
        declared = _declared().get(column)
        return category_name(value, words) if declared is None or declared.type == "enum" or column == "category" else value
    return _number(value, column, words, currency)


def category_name(category: object, words: Words) -> str:
    """A category, or another value that the catalogue may name, as a reader knows it; one that it does not name is called as the operator does."""
    if not isinstance(category, str):
        return MISSING
    return words.name(f"value.{category}") if words.has_name(f"value.{category}") else category


def _time(value: object, column: str, words: Words) -> str:
    declared = _declared().get(column)
    is_moment = declared.type == "timestamp" if declared else column.endswith("_at") or column == "deadline"
    moment = pd.Timestamp(value)  # type: ignore[arg-type]
    return words.moment(moment) if is_moment else words.day(moment)


def _number(value: object, column: str, words: Words, currency: str) -> str:
    number = float(value)  # type: ignore[arg-type]
    last = column.rpartition("_")[2]
    if last == "seconds":
        return words.duration(number)
    if math.isinf(number):
        return words.text("never")
    if last in SHARES:
        return words.share(number)
    if last in AMOUNTS or isinstance(value, Decimal):
        return words.money(Decimal(str(value)), currency) if currency else words.number(number, 2)
    return words.number(number, 0 if number.is_integer() else 2)


def _is_missing(value: object) -> bool:
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def in_words(frame: pd.DataFrame, words: Words, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The frame with every cell and heading as the reader writes it; ``currency`` goes into the amounts, ``supplier_id`` becomes the name."""
    if set(STRETCH) <= set(frame.columns):
        frame = frame.rename(columns=STRETCH)
    records = frame.to_dict("records")
    columns = [column for column in frame.columns if column not in TECHNICAL]
    told = {column: [_in_row(row, column, words, names) for row in records] for column in columns}
    return pd.DataFrame(told, columns=columns, dtype="object").rename(columns={column: column_name(column, words, columns) for column in columns})


def _in_row(row: Mapping, column: str, words: Words, names: Mapping[str, str] | None) -> str:
    value = row[column]
    if column == "supplier_id" and names:
        return supplier_name(str(value), names)
    if column == "seconds" and not row.get("has_ended", True):
        # A wait that is not over: at least so long, or without end.
        return words.text("never") if _is_missing(value) else f"> {words.duration(float(value))}"
    return cell(value, column, words, str(row.get("currency") or ""))


def supplier_name(supplier: str, names: Mapping[str, str]) -> str:
    """A supplier in a table: its id and its name."""
    name = names.get(supplier, supplier)
    return shortened(name if supplier == name else f"{supplier} {name}", NAME)


def asked(row: Mapping, words: Words) -> str:
    """A standard in words: operator, target, and the limit inside the measure. ``row`` has op, target, unit, limit, limit_unit."""
    return f"{SIGNS[row['op']]}\u00a0{words.quantity(row['target'], row['unit'])}{_within(row, words)}"


def _within(row: Mapping, words: Words) -> str:
    if pd.isna(row["limit"]):
        return ""
    if row["limit_unit"] == "currency":
        return words.text(" above {amount} a month", amount=words.number(row["limit"]))
    limit = words.quantity(row["limit"], row["limit_unit"])
    return words.text(" within ±{limit}", limit=limit) if row["limit_unit"] == "share" else words.text(" within {limit}", limit=limit)


def interval(row: Mapping, words: Words) -> str:
    """The interval of a scorecard row in words; a dash where there is none."""
    if pd.isna(row["lower"]) and pd.isna(row["upper"]):
        return MISSING
    return f"{words.quantity(row['lower'], row['unit'])} – {words.quantity(row['upper'], row['unit'])}"


def source_of(identifier: str, standards: Standards, words: Words) -> str:
    """Where a standard comes from; one that differs from the default is marked."""
    name = words.name(f"source.{standards[identifier].source}")
    return f"{name} *" if identifier in standards.changed else name
