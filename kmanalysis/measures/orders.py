"""Orders, as several dimensions count them: what was asked of whom on which day, and which failed for want of stock."""

from __future__ import annotations

import ibis
from ibis.expr import types as ir

from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, kept


@kept
def orders_by_day(workbook: Workbook) -> ir.Table:
    """The month's orders by supplier_id, sku and local day: orders, quantity, oversold, unclear (see `is_oversold`, `is_unclear`)."""
    orders = workbook.in_month("orders")
    orders = orders.mutate(day=to_local(orders.ordered_at).date())
    return orders.group_by("supplier_id", "sku", "day").agg(
        orders=orders.count(),
        quantity=orders.quantity.sum(),
        oversold=orders.count(where=is_oversold(orders)),
        unclear=orders.count(where=is_unclear(orders)),
    )


def is_oversold(orders: ir.Table) -> ir.BooleanValue:
    """Whether an order failed because stock had run out."""
    return ibis.coalesce(orders.failure_cause == "stock_out", False)


def is_unclear(orders: ir.Table) -> ir.BooleanValue:
    """Whether an order failed for a cause that nobody noted: it may have been for want of stock."""
    return orders.failure_cause.isnull() & (orders.status == "failed")
