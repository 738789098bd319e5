"""Orders kept, codes in time, and how fresh the stock is that the platform shows (dimension 1)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common import readings
from kmanalysis.measures.common.frames import DIGITS, measures_frame, share_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.orders import UNFULFILLED, is_oversold, is_unclear, orders_by_day
from kmanalysis.measures.common.time import SECOND
from kmanalysis.measures.common.waiting import CURVE_POINTS, by_severity, cases_by_second, in_order, waiting_cases, waiting_counts, waiting_frame
from kmanalysis.statistics.intervals import counted_quantiles_by, proportion_bounds
from kmanalysis.statistics.survival import survival_curve
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, frame, kept, query

_MILLION = 1_000_000


def oversold_rate(workbook: Workbook) -> pd.DataFrame:
    """Share of the month's orders that failed because stock had run out; `share_frame`.

    An order that failed for a cause nobody noted may be one: such a supplier is judged by bounds that count these orders as well.
    """
    counts = _oversold_counts(workbook)
    found = share_frame(workbook, "stability.oversold_rate", counts)
    counts = counts.sort_values("supplier_id", ignore_index=True)
    unclear = (counts["unclear"] > 0).to_numpy()
    most = proportion_bounds(counts["successes"] + counts["unclear"], counts["n"], workbook.standards.value("counting.confidence"))[1]
    found["upper"] = np.where(unclear, most.round(DIGITS), found["upper"])
    found["basis"] = np.where(unclear, "bounded", found["basis"])
    return found


@query("stability.oversold_counts")
def _oversold_counts(workbook: Workbook) -> ir.Table:
    orders = orders_by_day(workbook)
    return orders.group_by("supplier_id").agg(successes=orders.oversold.sum(), unclear=orders.unclear.sum(), n=orders.orders.sum())


def oversold_rate_rows(workbook: Workbook) -> ir.Table:
    """The month's orders, with is_oversold and is_unclear (failed, cause unknown); worse the larger the amount."""
    orders = workbook.in_month("orders")
    for_stock, unclear = is_oversold(orders), is_unclear(orders)
    severity = ibis.cases((for_stock, orders.amount.cast("float64") + 1), (unclear, ibis.literal(0.5)), else_=0.0)
    shown = ("supplier_id", "order_id", "sku", "ordered_at", "failed_at", "failure_cause", "amount", "currency")
    return orders.select(*shown, is_oversold=for_stock, is_unclear=unclear, severity=severity)


def stock_sync_lag(workbook: Workbook) -> pd.DataFrame:
    """Share of stock readings in which the source's own count was no older than the limit, `measures_frame`; its age and the cadence beside it.

    ``.p50_seconds`` and ``.p95_seconds`` are the age's, ``.cadence_p50_seconds`` is the time between our own readings of a SKU. No bounds: the
    readings depend on each other. Readings without the source's time, or with one that lies after them, say nothing.
    """
    measure = "stability.stock_sync_lag"
    found = waiting_frame(workbook, measure, waiting_counts(_sync_counts(workbook)))
    found = found[found["measure"] != f"{measure}.open_share"].assign(lower=np.nan, upper=np.nan)
    return pd.concat([found, _cadence(workbook, f"{measure}.cadence_p50_seconds")], ignore_index=True)


@query("stability.sync_counts")
def _sync_counts(workbook: Workbook) -> ir.Table:
    return in_order(sync_waits(workbook))


@kept("stability.sync_waits")
def sync_waits(workbook: Workbook) -> ir.Table:
    """How old the source's counts were at the month's readings, as `cases_by_second` gives it."""
    return cases_by_second(stock_sync_lag_rows(workbook), all_ended=True)


def sync_wait_severities(workbook: Workbook) -> ir.Table:
    """How many of the month's counts were how old, as `by_severity` gives it."""
    return by_severity(sync_waits(workbook))


def stock_sync_lag_rows(workbook: Workbook) -> ir.Table:
    """The month's readings that say when the source itself counted, with the count's age in seconds; the oldest are worst."""
    snapshots = workbook.in_month("stock_snapshots")
    dated = snapshots.filter(snapshots.source_synced_at.notnull()).select("supplier_id", "sku", "observed_at", "source_synced_at")
    return waiting_cases(workbook, dated, started=dated.source_synced_at, ended=dated.observed_at)


@frame("stability.delivery_counts")
def delivery_counts(workbook: Workbook) -> pd.DataFrame:
    """Orders of the month per supplier and whole second of waiting for the code, as `waiting_counts` gives them."""
    return waiting_counts(_delivery_counts(workbook))


@query("stability.delivery_counts")
def _delivery_counts(workbook: Workbook) -> ir.Table:
    return in_order(delivery_waits(workbook))


@kept("stability.delivery_waits")
def delivery_waits(workbook: Workbook) -> ir.Table:
    """How long the month's orders waited for the code, as `cases_by_second` gives it."""
    return cases_by_second(delivery_time_rows(workbook))


def delivery_wait_severities(workbook: Workbook) -> ir.Table:
    """How many of the month's orders waited how long, as `by_severity` gives it."""
    return by_severity(delivery_waits(workbook))


def delivery_time(workbook: Workbook) -> pd.DataFrame:
    """Share of the month's orders whose code came within the limit, and P50, P95 and the open share beside it; `waiting_frame`.

    Failed, cancelled and refunded orders were never delivered; those without a code at the month's end are open. Orders that were delivered
    at a time nobody noted are left out.
    """
    return waiting_frame(workbook, "stability.delivery_time", delivery_counts(workbook))


def delivery_time_rows(workbook: Workbook) -> ir.Table:
    """The month's orders with their `waiting_cases` columns; the longest waits are worst."""
    orders = workbook.in_month("orders")
    orders = orders.filter(orders.delivered_at.notnull() | (orders.status != "delivered"))
    shown = orders.select("supplier_id", "order_id", "sku", "ordered_at", "promised_at", "delivered_at", "delivered_is_upper_bound", "status")
    never = shown.status.isin(UNFULFILLED)
    return waiting_cases(workbook, shown, started=shown.ordered_at, ended=shown.delivered_at, never=never, is_upper_bound=shown.delivered_is_upper_bound)


@frame("stability.delivery_curves", needs=reads_of("stability.delivery_time"))
def delivery_curves(workbook: Workbook) -> pd.DataFrame:
    """By when which share of orders is delivered: supplier_id, share, seconds; at most `CURVE_POINTS` points a supplier, on its Kaplan–Meier curve."""
    shares = np.arange(1, CURVE_POINTS + 1) / CURVE_POINTS
    parts = [pd.DataFrame({"supplier_id": pd.Series(dtype="str"), "share": pd.Series(dtype="float64"), "seconds": pd.Series(dtype="float64")})]
    for supplier, counts in delivery_counts(workbook).groupby("supplier_id", sort=True):
        curve = survival_curve(counts["seconds"], counts["ended"], counts["cases"])
        place = np.searchsorted(1 - curve.survival, shares - 10.0**-DIGITS)
        is_reached = place < len(curve.times)
        parts.append(pd.DataFrame({"supplier_id": supplier, "share": shares[is_reached], "seconds": curve.times[place[is_reached]]}))
    return pd.concat(parts, ignore_index=True)


@frame("stability.delivery_days", needs=reads_of("stability.delivery_time"))
def delivery_days(workbook: Workbook) -> pd.DataFrame:
    """Delivery by the day of the order: supplier_id, day, orders, in_time, never, open, in_time_share (of those known at the limit, NaN without)."""
    found = _delivery_days(workbook).sort_values(["supplier_id", "day"], ignore_index=True)
    found["day"] = pd.to_datetime(found["day"]).astype("datetime64[s]")
    return found.assign(in_time_share=readings.ratio(found["in_time"], found["orders"] - found["unknown"])).drop(columns="unknown")


@query("stability.delivery_days")
def _delivery_days(workbook: Workbook) -> ir.Table:
    cases = delivery_time_rows(workbook)
    limit = workbook.standards.limit("stability.delivery_time")
    cases = cases.mutate(day=to_local(cases.ordered_at).date())
    is_never = cases.seconds.isnull()
    return cases.group_by(["supplier_id", "day"]).agg(
        orders=cases.count(),
        in_time=cases.count(where=cases.has_ended & (cases.seconds <= limit)),
        never=cases.count(where=is_never),
        open=cases.count(where=~cases.has_ended & ~is_never),
        unknown=cases.count(where=~cases.has_ended & ~is_never & (cases.seconds < limit)),
    )


@frame("stability.delivery_log_days", needs=reads_of("stability.delivery_time"))
def delivery_log_days(workbook: Workbook) -> pd.DataFrame:
    """How long codes took, in logs, by the day of the order: supplier_id, day, delivered (orders), log_seconds (mean natural logarithm).

    Only what was delivered by the month's end; less than a second counts as one. Each logarithm is rounded to a millionth, so that their sum is exact.
    """
    found = _delivery_log_days(workbook).sort_values(["supplier_id", "day"], ignore_index=True)
    found["day"] = pd.to_datetime(found["day"]).astype("datetime64[s]")
    return found.assign(log_seconds=(found["log_millionths"] / found["delivered"] / _MILLION).round(DIGITS)).drop(columns="log_millionths")


@query("stability.delivery_log_days")
def _delivery_log_days(workbook: Workbook) -> ir.Table:
    cases = delivery_time_rows(workbook)
    ended = cases.filter(cases.has_ended)
    millionths = (ibis.greatest(ended.seconds.cast("float64"), 1.0).ln() * _MILLION).round().cast("int64")
    ended = ended.mutate(day=to_local(ended.ordered_at).date(), millionths=millionths)
    return ended.group_by(["supplier_id", "day"]).agg(delivered=ended.count(), log_millionths=ended.millionths.sum())


def _cadence(workbook: Workbook, measure: str) -> pd.DataFrame:
    counts = _cadence_counts(workbook)
    middle = counted_quantiles_by(counts["supplier_id"], counts["seconds"], counts["cases"], 0.5).reset_index()
    return measures_frame(workbook, measure, middle, unit="seconds")


@query("stability.cadence_counts")
def _cadence_counts(workbook: Workbook) -> ir.Table:
    snapshots = workbook.in_month("stock_snapshots")
    between = snapshots.next_at.delta(snapshots.observed_at, unit="microsecond")
    pairs = snapshots.mutate(seconds=(between + SECOND // 2) // SECOND).filter(ibis._.next_at < workbook.period.end)
    return pairs.group_by(["supplier_id", "seconds"]).agg(cases=pairs.count())
