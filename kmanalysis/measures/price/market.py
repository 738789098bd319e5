"""Price against the market: standing quotes, the level that the other suppliers set, and the band around it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.days import each_day
from kmanalysis.measures.common.frames import DIGITS, measures_frame
from kmanalysis.statistics.intervals import cluster_share_bounds_by, counted_quantiles_by
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


@kept("price.market_quotes")
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


def band_share_rows(workbook: Workbook) -> ir.Table:
    """Core products' standing quotes against the market, a row a supplier, SKU and day; severity is the deviation outside of the band."""
    products = workbook.table("products")
    core = products.filter(products.is_core)
    named = market_levels(workbook).join(core.select("sku", "name"), "sku")
    size = named.deviation.abs()
    return named.select(
        "supplier_id",
        "sku",
        "name",
        "day",
        "unit_price",
        "market_level",
        "currency",
        "market_suppliers",
        "deviation",
        "quoted_at",
        severity=ibis.ifelse(size > workbook.standards.limit("price.band_share"), size, 0.0),
    )


def band_share(workbook: Workbook) -> pd.DataFrame:
    """Share of a supplier's core SKU-days whose quote is within the band around the market level.

    ``.above`` and ``.below`` tell apart which side the others are on. Bounds take SKUs as clusters: a SKU's days depend on each other.
    """
    clusters = sku_deviations(workbook).groupby(["supplier_id", "sku"], as_index=False)[["days", "within", "above", "below"]].sum()
    totals = clusters.groupby("supplier_id", as_index=False)[["days", "within", "above", "below"]].sum()
    confidence = workbook.standards.value("counting.confidence")
    parts = []
    for measure, side in (("price.band_share", "within"), ("price.band_share.above", "above"), ("price.band_share.below", "below")):
        bounds = cluster_share_bounds_by(clusters["supplier_id"], clusters[side], clusters["days"], confidence)
        shares = totals.assign(value=totals[side] / totals["days"], n=totals["days"]).merge(bounds.reset_index(), on="supplier_id")
        parts.append(measures_frame(workbook, measure, shares, unit="share"))
    return pd.concat(parts, ignore_index=True)


@frame("price.sku_deviations")
@query("price.sku_deviations")
def sku_deviations(workbook: Workbook) -> ir.Table:
    """Core SKUs against the market: supplier_id, sku, name, currency, days, within, above, below, lowest / median / highest_deviation."""
    rows = _sided(workbook)
    found = rows.group_by("supplier_id", "sku", "name", "currency").agg(**_sides(rows))
    return found.order_by("supplier_id", "sku", "currency")


@frame("price.daily_deviations")
def daily_deviations(workbook: Workbook) -> pd.DataFrame:
    """All core SKUs of a supplier by day: supplier_id, day, days (SKUs judged), within, above, below, share_within, the three deviations."""
    found = _day_sides(workbook)
    return found.assign(share_within=(found["within"] / found["days"]).round(DIGITS))


@query("price.day_sides")
def _day_sides(workbook: Workbook) -> ir.Table:
    rows = _sided(workbook)
    return rows.group_by("supplier_id", "day").agg(**_sides(rows)).order_by("supplier_id", "day")


@frame("price.market_prices")
@query("price.market_prices")
def market_prices(workbook: Workbook) -> ir.Table:
    """The market of each core SKU by day: sku, name, currency, day, suppliers, lowest, median and highest standing quote."""
    products = workbook.table("products")
    core = products.filter(products.is_core)
    quotes = market_quotes(workbook).join(core.select("sku", "name"), "sku")
    price = quotes.unit_price
    found = quotes.group_by("sku", "name", "currency", "day").agg(
        suppliers=price.count(),
        lowest=price.min(),
        median=price.cast("float64").quantile(0.5).cast(LEVEL),
        highest=price.max(),
    )
    return found.order_by("sku", "currency", "day")


def _sided(workbook: Workbook) -> ir.Table:
    rows = band_share_rows(workbook)
    is_outside = rows.severity > 0
    return rows.mutate(is_above=is_outside & (rows.deviation > 0), is_below=is_outside & (rows.deviation < 0))


def _sides(rows: ir.Table) -> dict[str, ir.Value]:
    return {
        "days": rows.count(),
        "within": (~(rows.is_above | rows.is_below)).sum(),
        "above": rows.is_above.sum(),
        "below": rows.is_below.sum(),
        "lowest_deviation": rows.deviation.min(),
        "median_deviation": rows.deviation.quantile(0.5).round(DIGITS),
        "highest_deviation": rows.deviation.max(),
    }


def monitored_peers(workbook: Workbook) -> pd.DataFrame:
    """Median, over a supplier's SKU-days with a standing quote, of how many suppliers quote that SKU in that currency, itself included."""
    counts = _peer_counts(workbook)
    middle = counted_quantiles_by(counts["supplier_id"], counts["peers"], counts["days"], 0.5).reset_index()
    return measures_frame(workbook, "price.monitored_peers", middle, unit="suppliers")


@query("price.peer_counts")
def _peer_counts(workbook: Workbook) -> ir.Table:
    peers = _peers(workbook)
    return peers.group_by("supplier_id", "peers").agg(days=peers.count()).order_by("supplier_id", "peers")


def monitored_peers_rows(workbook: Workbook) -> ir.Table:
    """SKUs by how many suppliers quote them beside this one, a row a supplier, SKU and currency; severity is what lacks of the standard."""
    peers = _peers(workbook)
    found = peers.group_by("supplier_id", "sku", "currency").agg(days=peers.count(), fewest_peers=peers.peers.min(), most_peers=peers.peers.max())
    found = found.join(workbook.table("products").select("sku", "name"), "sku")
    lacking = workbook.standards.value("price.monitored_peers") - found.fewest_peers.cast("float64")
    return found.select("supplier_id", "sku", "name", "currency", "days", "fewest_peers", "most_peers", severity=ibis.greatest(lacking, 0.0))


def _peers(workbook: Workbook) -> ir.Table:
    return market_quotes(workbook).select("supplier_id", *MARKET, peers="market_suppliers")
