"""Stock, as several dimensions look at it: what is on offer, which SKUs are hot, and which readings say something."""

from __future__ import annotations

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.orders import orders_by_day
from kmanalysis.workbook import Workbook, kept


def on_offer(workbook: Workbook) -> ir.Table:
    """The listings that overlap the month."""
    listings = workbook.table("listings")
    still_listed = listings.listed_to.isnull() | (listings.listed_to >= workbook.period.first_day)
    return listings.filter(listings.listed_from <= workbook.period.last_day, still_listed)


@kept("stock.hot_list")
def hot_list(workbook: Workbook) -> ir.Table:
    """The hot list in the engine: rank (from 1), sku, quantity."""
    standards = workbook.standards
    orders = orders_by_day(workbook, months_before=int(standards.value("counting.hot_months")))
    sold = orders.group_by("sku").agg(quantity=orders.quantity.sum())
    ranked = sold.mutate(rank=ibis.row_number().over(order_by=[ibis.desc("quantity"), "sku"]) + 1)
    return ranked.filter(ranked["rank"] <= int(standards.value("counting.hot_skus"))).select("rank", "sku", "quantity")


def is_known(readings: ir.Table) -> ir.BooleanValue:
    """Whether a reading says how much there was: it succeeded and is no placeholder."""
    return readings.scan_ok & ~readings.is_placeholder & readings.quantity.notnull()
