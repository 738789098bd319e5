"""Prices against the market's move: what a supplier asked in the month for each SKU, and what the others asked on the same days."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.price.market import market_levels
from kmanalysis.workbook import Workbook, frame, query


@frame("price_moves.price_levels")
@query("price_moves.price_levels")
def price_levels(workbook: Workbook) -> ir.Table:
    """Mean standing quote and mean market level of each supplier's SKUs: supplier_id, sku, currency, days, own_level, market_level.

    Over the days on which there is a market to be compared with (`market_levels`): both means are of the same days.
    """
    quotes = market_levels(workbook)
    sums = quotes.group_by("supplier_id", "sku", "currency").agg(days=quotes.count(), own=quotes.unit_price.sum(), market=quotes.market_level.sum())
    levels = {f"{name}_level": (sums[name].cast("float64") / sums.days).round(DIGITS) for name in ("own", "market")}
    return sums.mutate(**levels).drop("own", "market").order_by("supplier_id", "sku", "currency")


def sku_moves(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """How prices moved between two months' `price_levels`: supplier_id, sku, currency, own_change, peers_change, relative_change (shares).

    ``relative_change`` is the own change minus the peers'. Only SKUs priced in both months in one currency.
    """
    keys = ["supplier_id", "sku", "currency"]
    both = now.merge(before, on=keys, suffixes=("", "_before"))
    both = both[(both["own_level_before"] > 0) & (both["market_level_before"] > 0)].reset_index(drop=True)
    own, peers = (both[f"{name}_level"] / both[f"{name}_level_before"] - 1 for name in ("own", "market"))
    moves = both[keys].assign(own_change=own.round(DIGITS), peers_change=peers.round(DIGITS), relative_change=(own - peers).round(DIGITS))
    return moves.sort_values(keys, ignore_index=True)
