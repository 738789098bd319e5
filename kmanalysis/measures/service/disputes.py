"""Disputes (dimension 4)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import measures_frame, share_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.orders import orders_by_day
from kmanalysis.measures.common.tickets import real_tickets
from kmanalysis.statistics.intervals import proportion_bounds
from kmanalysis.tables import NO_DISPUTE_KINDS
from kmanalysis.workbook import Workbook, frame, query


def dispute_rate(workbook: Workbook) -> pd.DataFrame:
    """Orders of the month that became a dispute by its end / orders of the month; an order with three tickets is one disputed order.

    ``.supplier_fault`` counts those whose fault is the supplier's or not known: its lower bound takes the known ones alone, and where there
    are unknown ones the rate is bounded.
    """
    counts = _order_counts(workbook).merge(_dispute_counts(workbook), on="supplier_id", how="left")
    # A supplier with orders and no dispute has zero disputes.
    kinds = ["successes", "by_supplier", "unknown"]
    counts[kinds] = counts[kinds].fillna(0)
    return pd.concat([share_frame(workbook, "service.dispute_rate", counts), _supplier_fault(workbook, counts)], ignore_index=True)


@query("service.order_counts")
def _order_counts(workbook: Workbook) -> ir.Table:
    orders = orders_by_day(workbook)
    return orders.group_by("supplier_id").agg(n=orders.orders.sum())


@query("service.dispute_counts")
def _dispute_counts(workbook: Workbook) -> ir.Table:
    disputed = dispute_rate_rows(workbook)
    return disputed.group_by("supplier_id").agg(
        successes=disputed.count(),
        by_supplier=disputed.count(where=disputed.fault == "supplier"),
        unknown=disputed.count(where=disputed.fault == "unknown"),
    )


def dispute_rate_rows(workbook: Workbook) -> ir.Table:
    """The month's disputed orders, one row each: the supplier's fault first, then unknown fault, then the others'.

    ``fault`` is the supplier's if one of the order's tickets says so, unknown if one is undecided, else another's.
    """
    tickets = _dispute_tickets(workbook)
    by_order = tickets.group_by("order_id").agg(
        tickets=tickets.count(),
        first_opened_at=tickets.opened_at.min(),
        severity=tickets.fault_weight.max().cast("float64"),
    )
    orders = workbook.in_month("orders").select("order_id", "supplier_id", "sku", "ordered_at", "amount", "currency")
    disputed = orders.join(by_order, "order_id")
    return disputed.mutate(fault=ibis.cases((disputed.severity == 3, "supplier"), (disputed.severity == 2, "unknown"), else_="other"))


@frame("service.disputes_by_kind", needs=reads_of("service.dispute_rate"))
@query("service.disputes_by_kind")
def disputes_by_kind(workbook: Workbook) -> ir.Table:
    """Disputes of the month's orders by what they are about: supplier_id, kind, orders (distinct), by_supplier, unknown_fault, tickets."""
    tickets = _dispute_tickets(workbook)
    by_order = tickets.group_by("order_id", "kind").agg(tickets=tickets.count(), fault_weight=tickets.fault_weight.max())
    disputed = by_order.join(workbook.in_month("orders").select("order_id", "supplier_id"), "order_id")
    by_kind = disputed.group_by("supplier_id", "kind").agg(
        orders=disputed.count(),
        by_supplier=disputed.count(where=disputed.fault_weight == 3),
        unknown_fault=disputed.count(where=disputed.fault_weight == 2),
        tickets=disputed.tickets.sum(),
    )
    return by_kind.order_by("supplier_id", "kind")


def _dispute_tickets(workbook: Workbook) -> ir.Table:
    # An order of this month cannot have become a dispute before it: the month's tickets are all there can be.
    tickets = real_tickets(workbook)
    disputes = tickets.filter(~tickets.kind.isin(NO_DISPUTE_KINDS), tickets.order_id.notnull())
    fault = ibis.coalesce(disputes.at_fault, "unknown")
    return disputes.mutate(fault_weight=ibis.cases((fault == "supplier", 3), (fault == "unknown", 2), else_=1))


def _supplier_fault(workbook: Workbook, counts: pd.DataFrame) -> pd.DataFrame:
    confidence = workbook.standards.value("counting.confidence")
    most = counts["by_supplier"] + counts["unknown"]
    data = counts.assign(
        value=most / counts["n"],
        lower=proportion_bounds(counts["by_supplier"], counts["n"], confidence)[0],
        upper=proportion_bounds(most, counts["n"], confidence)[1],
        basis=np.where(counts["unknown"] > 0, "bounded", "census"),
    )
    return measures_frame(workbook, "service.dispute_rate.supplier_fault", data, unit="share")
