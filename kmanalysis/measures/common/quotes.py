"""Quotes: which of them stand on which day, the market level that the other suppliers set, and how both moved from month to month."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.time import each_day
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, frame, kept, query

MARKET = ("sku", "day", "currency")
"""What is compared side by side."""

LEVEL = "decimal(20,5)"
"""Type of a market level: half a unit of the last place of two prices."""


def standing_quotes(workbook: Workbook) -> ir.Table:
    """The quote that stands of each supplier, SKU and day of the month: supplier_id, sku, day, unit_price, currency, quoted_at.

    A day's last quote speaks for it, and for the days after it until the supplier quotes the SKU again (in whatever currency) or the validity of
    the standards ends.
    """
    period = workbook.period
    validity = timedelta(days=int(workbook.standards.value("counting.quote_validity")) - 1)
    quotes = workbook.table("quotes")
    quotes = quotes.filter(quotes.quoted_at >= period.start - validity, quotes.quoted_at < period.end)
    quotes = quotes.mutate(quoted_on=to_local(quotes.quoted_at).date())
    # quoted_at is part of the key: no two quotes tie for the last.
    last_of_day = quotes.group_by("supplier_id", "sku", "quoted_on").agg(
        unit_price=quotes.unit_price.argmax(quotes.quoted_at),
        currency=quotes.currency.argmax(quotes.quoted_at),
        quoted_at=quotes.quoted_at.max(),
    )
    following = last_of_day.quoted_on.lead().over(ibis.window(group_by=["supplier_id", "sku"], order_by="quoted_on"))
    spans = last_of_day.mutate(replaced_on=following)
    expires_on = (spans.quoted_on + validity).cast("date")
    stands_to = ibis.least(expires_on, ibis.coalesce((spans.replaced_on - timedelta(days=1)).cast("date"), expires_on))
    spans = spans.mutate(stands_to=stands_to)
    spans = spans.filter(spans.stands_to >= period.first_day)
    return each_day(workbook, spans, "quoted_on", "stands_to").select("supplier_id", "sku", "day", "unit_price", "currency", "quoted_at")


@kept("quotes.market_quotes")
def market_quotes(workbook: Workbook) -> ir.Table:
    """The `standing_quotes` of all SKUs beside each other: adds market_suppliers (the judged one included), market_level and deviation.

    The level is the median of the other suppliers' quotes of that SKU, day and currency; the deviation is quote / level − 1. Both are empty
    where fewer suppliers quote it than the standards ask for. All medians without one come from one ordering: of n quotes only those at
    places n//2, n//2 + 1 and n//2 + 2 can be in the middle of the rest.
    """
    quotes = standing_quotes(workbook)
    ordered = ibis.window(group_by=list(MARKET), order_by=["unit_price", "supplier_id"])
    ranked = quotes.mutate(place=ibis.row_number().over(ordered) + 1)
    markets = ranked.group_by(*MARKET).agg(market_suppliers=ranked.count())
    ranked = ranked.join(markets, list(MARKET)).mutate(half=ibis._.market_suppliers // 2)
    middles = ranked.group_by(*MARKET).agg(
        first=ranked.unit_price.max(where=ranked.place == ranked.half),
        second=ranked.unit_price.max(where=ranked.place == ranked.half + 1),
        third=ranked.unit_price.max(where=ranked.place == ranked.half + 2),
    )
    ranked = ranked.join(middles, list(MARKET))
    lower = ibis.ifelse(ranked.place <= ranked.half, ranked.second, ranked.first)
    is_odd = ranked.market_suppliers % 2 == 1
    upper = ibis.ifelse(is_odd, ibis.ifelse(ranked.place <= ranked.half + 1, ranked.third, ranked.second), lower)
    level = ((lower + upper) * ibis.literal(Decimal("0.5"), type="decimal(2,1)")).cast(LEVEL)
    fewest = max(int(workbook.standards.value("counting.market_suppliers")), 2)
    levels = ranked.mutate(market_level=ibis.ifelse((ranked.market_suppliers >= fewest) & (level > 0), level, ibis.null(LEVEL)))
    deviation = (levels.unit_price.cast("float64") / levels.market_level.cast("float64") - 1).round(DIGITS)
    return levels.mutate(deviation=deviation).drop("place", "half", "first", "second", "third")


def market_levels(workbook: Workbook) -> ir.Table:
    """The `market_quotes` that have a market to be compared with."""
    quotes = market_quotes(workbook)
    return quotes.filter(quotes.market_level.notnull())


@frame("quotes.price_levels")
@query("quotes.price_levels")
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
