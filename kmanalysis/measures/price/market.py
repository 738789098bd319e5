"""Price against the market: the band around the level that the other suppliers set, and how many suppliers there are to compare."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS, measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.quotes import LEVEL, MARKET, market_levels, market_quotes
from kmanalysis.statistics.intervals import cluster_share_bounds_by, counted_quantiles_by
from kmanalysis.workbook import Workbook, frame, query


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


@frame("price.sku_deviations", needs=reads_of("price.band_share"))
@query("price.sku_deviations")
def sku_deviations(workbook: Workbook) -> ir.Table:
    """Core SKUs against the market: supplier_id, sku, name, currency, days, within, above, below, lowest / median / highest_deviation."""
    rows = _with_sides(workbook)
    found = rows.group_by("supplier_id", "sku", "name", "currency").agg(**_sides(rows))
    return found.order_by("supplier_id", "sku", "currency")


@frame("price.daily_deviations", needs=reads_of("price.band_share"))
def daily_deviations(workbook: Workbook) -> pd.DataFrame:
    """All core SKUs of a supplier by day: supplier_id, day, days (SKUs judged), within, above, below, share_within, the three deviations."""
    found = _day_sides(workbook)
    return found.assign(share_within=(found["within"] / found["days"]).round(DIGITS))


@query("price.day_sides")
def _day_sides(workbook: Workbook) -> ir.Table:
    rows = _with_sides(workbook)
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


def _with_sides(workbook: Workbook) -> ir.Table:
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
