"""Stock of what sells: the hot list, how long its SKUs were in stock, and how deep the stock ran."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common import readings
from kmanalysis.measures.common.frames import measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.readings import DOWN, UNKNOWN, UP
from kmanalysis.measures.common.stock import hot_list, is_known
from kmanalysis.measures.common.time import DAY, SECOND, month_days
from kmanalysis.workbook import Workbook, frame, kept, query


@frame("stability.hot_skus")
@query("stability.hot_skus")
def hot_skus(workbook: Workbook) -> ir.Table:
    """The hot list: the SKUs with the largest ordered quantity of the whole platform in the months before this one.

    Columns rank (from 1), sku, quantity. All orders count, also those that failed, so that what runs dry stays hot.
    """
    return hot_list(workbook).order_by("rank")


@frame("stability.hot_stock", needs=reads_of("stability.hot_availability"))
def hot_stock(workbook: Workbook) -> pd.DataFrame:
    """Stock of the hot SKUs, a row each supplier, SKU and day on which the supplier has it on offer.

    Columns supplier_id, sku, day; lowest (units, NaN where unknown all day), known_share and out_share (of the day), readings (those that
    began to speak that day), known_microseconds, out_microseconds.
    """
    found = _hot_days(workbook).sort_values(["supplier_id", "sku", "day"], ignore_index=True)
    counts = ["known_microseconds", "out_microseconds", "readings"]
    found[counts] = found[counts].fillna(0).astype("int64")
    found["day"] = month_days(workbook.month, found["day"])
    found["lowest"] = found["lowest"].astype("float64")
    return found.assign(known_share=found["known_microseconds"] / DAY, out_share=found["out_microseconds"] / DAY)


@query("stability.hot_days")
def _hot_days(workbook: Workbook) -> ir.Table:
    days, keys = _taken_days(workbook), ["supplier_id", "sku", "day"]
    carried = readings.carried_intervals(workbook, "stock_snapshots", _hot_readings(workbook), cap=_cap(workbook)).mutate(is_carried=True)
    later = readings.overnight(days).mutate(is_carried=False).rename(stock="stock_overnight").drop("lowest")
    columns = ["supplier_id", "sku", "stock", "state", "since", "until", "is_carried"]
    parts = readings.split_by_day(ibis.union(later.select(columns), carried.select(columns)))
    spoken = parts.until - parts.since
    others = parts.group_by(keys).agg(
        lowest=parts.stock.min(),
        known_microseconds=spoken.sum(where=parts.state != UNKNOWN),
        out_microseconds=spoken.sum(where=parts.state == DOWN),
        readings=parts.count(where=(parts.state != UNKNOWN) & parts.is_carried & (parts.part == 0)),
    )
    found = ibis.union(days.select(others.columns), others).group_by(keys).agg(
        lowest=ibis._.lowest.min(),
        known_microseconds=ibis._.known_microseconds.sum(),
        out_microseconds=ibis._.out_microseconds.sum(),
        readings=ibis._.readings.sum(),
    )  # fmt: skip
    offered = _hot_offers(workbook)
    known = offered.left_join(found, keys)
    return known.select(*offered.columns, "lowest", "known_microseconds", "out_microseconds", "readings")


@kept("stability.taken_days")
def _taken_days(workbook: Workbook) -> ir.Table:
    """Readings of hot SKUs by the day on which they were taken, as `stability_readings.by_day` gives them, with lowest and stock_overnight (units)."""
    own = readings.own_intervals(workbook, "stock_snapshots", _hot_readings(workbook), cap=_cap(workbook))
    lowest, last = (lambda rows, _: rows.stock.min()), (lambda rows, goes_on: rows.stock.max(where=goes_on))
    return readings.by_day(own, ["supplier_id", "sku"], lowest=lowest, stock_overnight=last)


@frame("stability.hot_availability_days", needs=reads_of("stability.hot_availability"))
def hot_availability_days(workbook: Workbook) -> pd.DataFrame:
    """Availability of hot SKUs per supplier and day: supplier_id, day, skus (on offer), available_share (of known time, NaN without), known_share."""
    grouped = hot_stock(workbook).groupby(["supplier_id", "day"], as_index=False)
    days = grouped.agg(skus=("sku", "size"), known=("known_microseconds", "sum"), out=("out_microseconds", "sum"))
    shares = {"available_share": readings.ratio(days["known"] - days["out"], days["known"]), "known_share": readings.ratio(days["known"], days["skus"] * DAY)}
    return days.assign(**shares)[["supplier_id", "day", "skus", "available_share", "known_share"]]


def hot_availability(workbook: Workbook) -> pd.DataFrame:
    """Share of known time for which the supplier's hot SKUs were in stock, weighted by time on offer; `measures_frame`.

    A reading speaks until the next one or the cap; a failed one or a placeholder says that nothing is known. lower and upper count
    the unknown time as sold out and as in stock. ``.known_share`` is the share of the time on offer that is known.
    """
    stock = hot_stock(workbook).groupby("supplier_id", as_index=False)
    total = stock.agg(days=("day", "size"), known=("known_microseconds", "sum"), out=("out_microseconds", "sum"), n=("readings", "sum"))
    return readings.availability_frames(workbook, "stability.hot_availability", total.assign(offered=total["days"] * DAY))


def hot_availability_rows(workbook: Workbook) -> ir.Table:
    """The stretches of time for which a hot SKU on offer was sold out: sku, since, until, readings, seconds."""
    keys = ["supplier_id", "sku"]
    spoken = _hot_intervals(workbook)
    found = readings.stretches(spoken.filter(spoken.state == DOWN), keys)
    sold_out = found.mutate(stretch=found.since)
    parts = readings.split_by_day(sold_out).semi_join(_hot_offers(workbook), [*keys, "day"])
    gone = parts.group_by([*keys, "stretch", "readings"]).agg(since=parts.since.min(), until=parts.until.max(), out=(parts.until - parts.since).sum())
    return readings.stretch_rows(workbook, gone, *keys, length=gone.out)


def hot_depth(workbook: Workbook) -> pd.DataFrame:
    """The lowest known stock of the supplier's worst hot SKU in the month (units); `measures_frame`. The reading carried into the month counts."""
    stock = hot_stock(workbook).groupby("supplier_id", as_index=False)
    lowest = stock.agg(value=("lowest", "min"), n=("readings", "sum"), known=("known_microseconds", "sum"))
    return measures_frame(workbook, "stability.hot_depth", lowest.assign(n=readings.reading_count(lowest)), unit="units")


def hot_depth_rows(workbook: Workbook) -> ir.Table:
    """The lowest known reading of each hot SKU on offer; worse the further it lies under the standard."""
    parts = readings.split_by_day(_hot_intervals(workbook)).semi_join(_hot_offers(workbook), ["supplier_id", "sku", "day"])
    known = parts.filter(parts.state != UNKNOWN)
    order = ibis.window(group_by=["supplier_id", "sku"], order_by=["stock", "at", "day"])
    ranked = known.mutate(place=ibis.row_number().over(order))
    lowest = ranked.filter(ranked.place == 0)
    missing = workbook.standards.value("stability.hot_depth") - lowest.stock.cast("float64")
    return lowest.select("supplier_id", "sku", "observed_at", quantity="stock", severity=missing)


def _hot_offers(workbook: Workbook) -> ir.Table:
    """Days of the month on which a supplier has a hot SKU on offer: supplier_id, sku, day (0 is the first)."""
    first, days = workbook.period.first_day, workbook.period.days
    hot = workbook.table("listings").semi_join(hot_list(workbook), "sku")
    spans = hot.mutate(
        begin=ibis.greatest(hot.listed_from.delta(first, unit="day"), 0),
        end=ibis.least(ibis.coalesce(hot.listed_to.delta(first, unit="day") + 1, days), days),
    )
    spans = spans.filter(spans.begin < spans.end)
    return spans.select("supplier_id", "sku", day=ibis.range(spans.begin, spans.end).unnest().cast("int64")).distinct()


def _hot_intervals(workbook: Workbook) -> ir.Table:
    """Readings of hot SKUs with the time for which they speak."""
    return readings.reading_intervals(workbook, "stock_snapshots", _hot_readings(workbook), cap=_cap(workbook))


def _hot_readings(workbook: Workbook) -> ir.Table:
    """All readings of hot SKUs: supplier_id, sku, observed_at, next_at, state, stock (units, null where unknown)."""
    seen = workbook.table("stock_snapshots").semi_join(hot_list(workbook), "sku")
    known = is_known(seen)
    return seen.select(
        "supplier_id",
        "sku",
        "observed_at",
        "next_at",
        stock=ibis.ifelse(known, seen.quantity, ibis.null("int64")),
        state=ibis.cases((~known, UNKNOWN), (seen.quantity > 0, UP), else_=DOWN),
    )


def _cap(workbook: Workbook) -> int:
    return int(workbook.standards.value("counting.reading_cap")) * SECOND
