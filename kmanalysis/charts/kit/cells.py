"""Values of a frame as a reader writes them, by the unit that is declared for their column."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from kmanalysis.charts.kit.lengths import told_apart
from kmanalysis.standards import SIGNS, Standards
from kmanalysis.tables import tables
from kmanalysis.units import unit_of
from kmanalysis.words import MISSING, Words

Row: TypeAlias = Mapping[Hashable, Any]
"""A row of a frame, its cells by column."""

STRETCH = {"since": "since_at", "until": "until_at"}
"""Columns that are moments where both are there; alone, the first is a day."""

NAME = 48
"""Half-width characters that a table gives a supplier's name."""

TECHNICAL = ("currency", "severity", "rank", "has_ended", "is_bound")
"""Columns that a table shows inside of others, or not at all."""


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


def cell(value: object, column: str, words: Words, currency: str = "", frame: str = "") -> str:
    """One value of a column in words, by the unit that is declared for it (in the finished frame of this name, where one is given).

    Amounts are in ``currency``; without one they are plain numbers. An undeclared column is shown by the type of its values.
    """
    return _in_unit(value, unit_of(column, frame), words, currency)


def _in_unit(value: object, unit: str, words: Words, currency: str) -> str:
    if is_missing(value):
        return MISSING
    if isinstance(value, bool | np.bool_):
        return words.text("yes") if value else words.text("no")
    if isinstance(value, datetime | pd.Timestamp | np.datetime64 | date):
        moment = pd.Timestamp(value)
        return words.moment(moment) if unit == "moment" else words.day(moment)
    if isinstance(value, str):
        return category_name(value, words) if unit == "name" else value
    return _number(value, unit, words, currency)


def category_name(category: object, words: Words) -> str:
    """A category, or another value that the catalogue may name, as a reader knows it; one that it does not name is called as the operator does."""
    if not isinstance(category, str):
        return MISSING
    return words.name(f"value.{category}") if words.has_name(f"value.{category}") else category


def _number(value: object, unit: str, words: Words, currency: str) -> str:
    number = float(value)  # type: ignore[arg-type]
    if unit == "seconds":
        return words.duration(number)
    if math.isinf(number):
        return words.text("never")
    if unit == "share":
        return words.share(number)
    if unit == "money":
        return words.money(Decimal(str(value)), currency) if currency else words.number(number, 2)
    return words.number(number, 0 if number.is_integer() else 2)


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT or NA."""
    return value is None or bool(pd.isna(value))  # type: ignore[call-overload]


def in_words(frame: pd.DataFrame, words: Words, names: Mapping[str, str] | None = None, *, of: str = "") -> pd.DataFrame:
    """The frame with every cell and heading as the reader writes it; ``currency`` goes into the amounts, ``supplier_id`` becomes the name.

    ``of`` is the name of the finished frame that its columns come from: where names mean something else there, that is what counts.
    """
    if set(STRETCH) <= set(frame.columns):
        frame = frame.rename(columns=STRETCH)
    records = frame.to_dict("records")
    columns = [column for column in frame.columns if column not in TECHNICAL]
    cells = {column: [_in_row(row, column, words, names, of) for row in records] for column in columns}
    return pd.DataFrame(cells, columns=columns, dtype="object").rename(columns={column: column_name(column, words, columns) for column in columns})


def _in_row(row: Row, column: str, words: Words, names: Mapping[str, str] | None, frame: str) -> str:
    value = row[column]
    if column == "supplier_id" and names:
        return supplier_name(str(value), names)
    if column == "seconds" and not row.get("has_ended", True):
        # A wait that is not over: at least so long, or without end.
        return words.text("never") if is_missing(value) else f"> {words.duration(float(value))}"
    unit = unit_of(column, frame)
    if unit.startswith("@"):
        return words.quantity(value, str(row[unit.removeprefix("@")]))
    return _in_unit(value, unit, words, str(row.get("currency") or ""))


def goods_name(row: Row, words: Words) -> str:
    """What an SKU is called, with the SKU; the SKU alone where it has no name."""
    return words.text("{a} (SKU {b})", a=row["name"], b=row["sku"]) if isinstance(row["name"], str) else f"SKU {row['sku']}"


def supplier_name(supplier: str, names: Mapping[str, str]) -> str:
    """A supplier in a table: its id and its name. No other of ``names`` is called the same."""
    return told_apart(supplier, names, NAME, _id_and_name)


def _id_and_name(supplier: str, name: str) -> str:
    return name if supplier == name else f"{supplier} {name}"


def asked(row: Row, words: Words) -> str:
    """A standard in words: operator, target, and the limit inside the measure. ``row`` has op, target, unit, limit, limit_unit."""
    return f"{SIGNS[row['op']]}\u00a0{words.quantity(row['target'], row['unit'])}{_within(row, words)}"


def _within(row: Row, words: Words) -> str:
    if is_missing(row["limit"]):
        return ""
    if row["limit_unit"] == "currency":
        return words.text(" above {amount} a month", amount=words.number(row["limit"]))
    limit = words.quantity(row["limit"], row["limit_unit"])
    return words.text(" within ±{limit}", limit=limit) if row["limit_unit"] == "share" else words.text(" within {limit}", limit=limit)


def interval(row: Row, words: Words) -> str:
    """The interval of a scorecard row in words; a dash where there is none."""
    if is_missing(row["lower"]) and is_missing(row["upper"]):
        return MISSING
    return f"{words.quantity(row['lower'], row['unit'])} – {words.quantity(row['upper'], row['unit'])}"


def source_of(identifier: str, standards: Standards, words: Words) -> str:
    """Where a standard comes from; one that differs from the default is marked."""
    name = words.name(f"source.{standards[identifier].source}")
    return f"{name} *" if identifier in standards.changed else name
