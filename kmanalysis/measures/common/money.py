"""Amounts of money: their types in the engine, whole parts of a currency so that no sum ever rounds, and each supplier's main currency."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir

MONEY = "decimal(18,4)"
"""Type of an amount in the engine."""

MONEY_SUM = "decimal(38,4)"
"""Type of a sum of amounts in the engine, however many they are."""

CENT = Decimal("0.01")

PARTS = 10_000
"""Parts of a currency unit: a canonical decimal has four places."""

CENT_PARTS = 100

_MEAN_PARTS = 100_000
"""Of a currency unit: a market level has five places."""


def as_parts(amount: ir.DecimalValue) -> ir.IntegerValue:
    """An exact amount as ten-thousandths."""
    return (amount.cast(MONEY_SUM) * PARTS).cast("int64")


def as_amount(parts: ir.IntegerValue) -> ir.DecimalValue:
    """Ten-thousandths as an exact amount."""
    return (parts.cast(MONEY) * ibis.literal(Decimal("0.0001"), type=MONEY)).cast(MONEY)


def to_cent(parts: ir.IntegerValue) -> ir.IntegerValue:
    """Ten-thousandths rounded half-up to the cent."""
    return (parts + CENT_PARTS // 2) // CENT_PARTS * CENT_PARTS


def mean_amount(total: ir.DecimalValue, count: ir.IntegerValue) -> ir.DecimalValue:
    """Total / count, exact, rounded half up to four places: a float may lie on either side of the half."""
    parts = (total.cast("decimal(38,5)") * _MEAN_PARTS).cast("int64")
    return as_amount((parts + count * 5) // (count * 10))


def main_currencies(by_currency: pd.DataFrame, *events: str, by: Sequence[str] = ("supplier_id",)) -> pd.DataFrame:
    """The rows of the main currency of each supplier (or other key ``by``; none: of all): most events of the first column named, then of the next.

    Of currencies with as many events it is the first by name.
    """
    order = by_currency.sort_values([*by, *events, "currency"], ascending=[*[True] * len(by), *[False] * len(events), True])
    return (order.drop_duplicates(list(by)) if by else order.head(1)).reset_index(drop=True)
