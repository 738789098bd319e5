"""Orders, as several dimensions count them: what was asked of whom on which day, and which failed for want of stock."""

from __future__ import annotations

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.time import DAY, moment
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, kept

UNFULFILLED = ("failed", "cancelled", "refunded")
"""States of an order that brought the buyer no code and us no money."""


@kept("orders.orders_by_day")
def orders_by_day(workbook: Workbook) -> ir.Table:
    """The month's orders by supplier_id, sku and local day: orders, quantity, oversold, unclear (see `is_oversold`, `is_unclear`)."""
    orders = workbook.in_month("orders")
    # By the day's number: a date is worked out for each group, and not for each order.
    orders = orders.mutate(number=orders.ordered_at.delta(workbook.period.start, unit="microsecond") // DAY)
    counts = orders.group_by("supplier_id", "sku", "number").agg(
        orders=orders.count(),
        quantity=orders.quantity.sum(),
        oversold=orders.count(where=is_oversold(orders)),
        unclear=orders.count(where=is_unclear(orders)),
    )
    began = moment(workbook, (counts.number * DAY).cast("int64"))
    return counts.select("supplier_id", "sku", "orders", "quantity", "oversold", "unclear", day=to_local(began).date())


def is_oversold(orders: ir.Table) -> ir.BooleanValue:
    """Whether an order failed because stock had run out."""
    return ibis.coalesce(orders.failure_cause == "stock_out", False)


def is_unclear(orders: ir.Table) -> ir.BooleanValue:
    """Whether an order failed for a cause that nobody noted: it may have been for want of stock."""
    return orders.failure_cause.isnull() & (orders.status == "failed")
