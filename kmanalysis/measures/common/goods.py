"""What each supplier's goods did in the month: units asked for and sold, stock held and left, money paid for them."""

from __future__ import annotations

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.landed import costed_days
from kmanalysis.measures.common.money import MONEY_SUM
from kmanalysis.measures.common.stock import is_known, on_offer
from kmanalysis.workbook import Workbook, frame, query


@frame("goods.goods_sold")
@query("goods.goods_sold")
def goods_sold(workbook: Workbook) -> ir.Table:
    """The month's orders by supplier and SKU: supplier_id, sku, orders, units (all ordered), sold (delivered ones alone)."""
    orders = workbook.in_month("orders")
    found = orders.group_by("supplier_id", "sku").agg(
        orders=orders.count(),
        units=orders.quantity.sum(),
        sold=ibis.coalesce(orders.quantity.sum(where=orders.status == "delivered"), 0),
    )
    return found.order_by("supplier_id", "sku")


@frame("goods.goods_stock")
@query("goods.goods_stock")
def goods_stock(workbook: Workbook) -> ir.Table:
    """The month's known stock by supplier and SKU: supplier_id, sku, readings, average_stock (mean of the readings), last_stock.

    ``last_stock`` is the last known reading, null where it is older at the month's end than a reading may speak. Failed readings and placeholders
    are not known.
    """
    seen = workbook.in_month("stock_snapshots")
    known = seen.filter(is_known(seen))
    found = known.group_by("supplier_id", "sku").agg(
        readings=known.count(),
        total=known.quantity.sum(),
        last=known.quantity.argmax(known.observed_at),
        last_at=known.observed_at.max(),
    )
    speaks = found.last_at >= workbook.period.end - ibis.interval(seconds=int(workbook.standards.value("counting.reading_cap")))
    found = found.mutate(
        average_stock=(found.total.cast("float64") / found.readings).round(DIGITS),
        last_stock=ibis.ifelse(speaks, found["last"], ibis.null("int64")),
    )
    return found.select("supplier_id", "sku", "readings", "average_stock", "last_stock").order_by("supplier_id", "sku")


@frame("goods.goods_offered")
@query("goods.goods_offered")
def goods_offered(workbook: Workbook) -> ir.Table:
    """What is on offer on the month's last day: supplier_id, sku, name, cost_price, currency. Of several listings the one that began last."""
    listings = on_offer(workbook)
    current = listings.filter(listings.listed_to.isnull() | (listings.listed_to >= workbook.period.last_day))
    # listed_from is part of the key: no two listings tie for the last.
    order = ibis.window(group_by=["supplier_id", "sku"], order_by=ibis.desc(current.listed_from))
    ranked = current.mutate(place=ibis.row_number().over(order))
    latest = ranked.filter(ranked.place == 0)
    named = latest.join(workbook.table("products").select("sku", "name"), "sku")
    return named.select("supplier_id", "sku", "name", "cost_price", "currency").order_by("supplier_id", "sku")


@frame("goods.goods_landed")
@query("goods.goods_landed")
def goods_landed(workbook: Workbook) -> ir.Table:
    """What the month's received purchases really cost, where that is known: supplier_id, sku, currency, received (units), landed_amount (paid and fees,
    exact)."""
    days = costed_days(workbook)
    found = days.group_by("supplier_id", "sku", "currency").agg(received=days.received.sum(), landed_amount=days.landed.sum().cast(MONEY_SUM))
    return found.order_by("supplier_id", "sku", "currency")


@frame("goods.upstreams")
@query("goods.upstreams")
def upstreams(workbook: Workbook) -> ir.Table:
    """Whom each supplier buys from, where known: supplier_id, upstream_id."""
    return workbook.table("suppliers").select("supplier_id", "upstream_id").order_by("supplier_id")


@frame("goods.purchase_amounts")
@query("goods.purchase_amounts")
def purchase_amounts(workbook: Workbook) -> ir.Table:
    """What was paid for the month's purchases: supplier_id, category, family, currency, paid_amount (exact). Unknown category or family is null."""
    purchases = workbook.in_month("purchases")
    named = purchases.left_join(workbook.table("products").select("sku", "category", "family"), "sku").drop("sku_right")
    found = named.group_by("supplier_id", "category", "family", "currency").agg(paid_amount=named.paid_amount.sum().cast(MONEY_SUM))
    return found.order_by("supplier_id", "currency", "category", "family")
