"""Servers: how long they answered, and their outages."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common import readings
from kmanalysis.measures.common.frames import DIGITS, measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.readings import DOWN, UP
from kmanalysis.measures.common.time import DAY, SECOND, month_days, month_length
from kmanalysis.workbook import Workbook, frame, kept, query


@frame("stability.uptime_days", needs=reads_of("stability.uptime"))
def uptime_days(workbook: Workbook) -> pd.DataFrame:
    """Server availability per supplier and day: supplier_id, day, probes, up_share (of known time), known_share (of the day), latency_p50_ms.

    ``known_microseconds`` and ``up_microseconds`` are the same in whole numbers. Common outages are unknown time.
    """
    days = _watched_days(workbook).sort_values(["supplier_id", "day"], ignore_index=True)
    counts = ["known_microseconds", "up_microseconds", "probes"]
    days[counts] = days[counts].fillna(0).astype("int64")
    days["day"] = month_days(workbook.month, days["day"])
    days["latency_p50_ms"] = days["latency_p50_ms"].astype("float64").round(DIGITS)
    days = days.assign(up_share=readings.ratio(days["up_microseconds"], days["known_microseconds"]), known_share=days["known_microseconds"] / DAY)
    return days[["supplier_id", "day", "probes", "up_share", "known_share", "latency_p50_ms", "known_microseconds", "up_microseconds"]]


@query("stability.watched_days")
def _watched_days(workbook: Workbook) -> ir.Table:
    days, carried = probe_days(workbook), _carried_marks(probe_marks(workbook))
    columns = ["supplier_id", "state", "since", "until"]
    parts = readings.split_by_day(ibis.union(readings.overnight(days).select(columns), carried.select(columns)))
    spoken = parts.until - parts.since
    later = parts.group_by("supplier_id", "day").agg(known=spoken.sum(), out=ibis.coalesce(spoken.sum(where=parts.state == DOWN), 0))
    common = readings.split_by_day(readings.within(down_stretches(workbook), watch_periods(workbook).filter(ibis._.is_common)))
    # In a common outage whoever is known is down: all of its time is taken from both.
    lost = common.group_by("supplier_id", "day").agg(lost=(common.until - common.since).sum())
    none, nothing = ibis.literal(0, type="int64"), ibis.null("float64")
    all_of_them = ibis.union(
        days.select(
            "supplier_id", "day", "probes", "latency_p50_ms",
            known=ibis.coalesce(days.known_microseconds, 0), out=ibis.coalesce(days.out_microseconds, 0),
        ),
        later.select("supplier_id", "day", "known", "out", probes=none, latency_p50_ms=nothing).relocate("probes", "latency_p50_ms", after="day"),
        lost.select("supplier_id", "day", probes=none, latency_p50_ms=nothing, known=-lost.lost, out=-lost.lost),
    )  # fmt: skip
    found = all_of_them.group_by("supplier_id", "day").agg(
        known_microseconds=ibis._.known.sum(),
        up_microseconds=(ibis._.known - ibis._.out).sum(),
        probes=ibis._.probes.sum(),
        latency_p50_ms=ibis._.latency_p50_ms.max(),
    )
    return found.filter((found.known_microseconds > 0) | (found.probes > 0))


def uptime(workbook: Workbook) -> pd.DataFrame:
    """Share of known time for which the server answered; `measures_frame`. Bounds and ``.known_share`` as for `hot_availability`, over the whole month.

    Time in which every supplier that is known at all is down is unknown. ``.outages`` counts the outages, ``.longest_outage_seconds`` is the
    longest. n counts the month's probes.
    """
    days = uptime_days(workbook).groupby("supplier_id", as_index=False)
    total = days.agg(known=("known_microseconds", "sum"), up=("up_microseconds", "sum"), n=("probes", "sum"))
    total = total.assign(out=total["known"] - total["up"], offered=workbook.month.days * DAY)
    down = outages(workbook).groupby("supplier_id").agg(outages=("seconds", "size"), longest=("seconds", "max"))
    for column in ("outages", "longest"):
        total[column] = total["supplier_id"].map(down[column]).astype("float64").fillna(0.0)
    total["n"] = readings.reading_count(total)
    parts = [readings.availability_frames(workbook, "stability.uptime", total)]
    parts += [
        measures_frame(workbook, f"stability.uptime.{label}", total.assign(value=total[column]), unit=unit)
        for label, column, unit in (("outages", "outages", "count"), ("longest_outage_seconds", "longest", "seconds"))
    ]
    return pd.concat(parts, ignore_index=True)


@frame("stability.outages")
@query("stability.outages")
def outages(workbook: Workbook) -> ir.Table:
    """The servers' outages, those of the watching side left out: supplier_id, since, until (naive UTC, cut by the month), seconds, probes."""
    return uptime_rows(workbook).select("supplier_id", "since", "until", "seconds", "probes").order_by(["supplier_id", "since"])


def uptime_rows(workbook: Workbook) -> ir.Table:
    """The outages: since, until, seconds, probes that failed in a row; the longest are worst."""
    down = readings.within(down_stretches(workbook), watch_periods(workbook).filter(~ibis._.is_common))
    return readings.stretch_rows(workbook, down, "supplier_id", length=down.until - down.since).rename(probes="readings")


@kept("stability.probe_days")
def probe_days(workbook: Workbook) -> ir.Table:
    """The month's probes by supplier and day, as `stability_readings.by_day` gives them, with probes, latency_p50_ms and first_at (microseconds)."""
    return readings.by_day(
        _own_probes(workbook),
        ["supplier_id"],
        probes=lambda rows, _: rows.count(),
        latency_p50_ms=lambda rows, _: rows.latency_ms.cast("float64").quantile(0.5),
        first_at=lambda rows, _: rows["at"].min(),
    )


@kept("stability.probe_marks")
def probe_marks(workbook: Workbook) -> ir.Table:
    """The probes that something hangs on: those carried into the month, those that failed, and those after which the state was not known any more.

    Columns supplier_id, state, at, since, until, and silent_until: up to when nothing was known after it (null where the next probe came in time).
    """
    own, length = _own_probes(workbook), month_length(workbook)
    following = ibis.least(ibis.coalesce(own.following, length), length)
    own = own.mutate(silent_until=ibis.ifelse(following > own.until, following, ibis.null("int64")))
    columns = ["supplier_id", "state", "at", "since", "until", "silent_until"]
    carried = readings.carried_intervals(workbook, "probes", workbook.table("probes"), cap=_cap(workbook))
    carried = carried.mutate(state=ibis.ifelse(carried.is_up, UP, DOWN), silent_until=ibis.null("int64"))
    return ibis.union(own.filter((own.state == DOWN) | own.silent_until.notnull()).select(columns), carried.select(columns))


@kept("stability.down_stretches")
def down_stretches(workbook: Workbook) -> ir.Table:
    """The `stretches` of failed probes, whoever was at fault."""
    return readings.stretches(probe_marks(workbook).filter(ibis._.state == DOWN), ["supplier_id"])


@kept("stability.watch_periods")
def watch_periods(workbook: Workbook) -> ir.Table:
    """The month as `stability_readings.watched_periods`."""
    marks, length = probe_marks(workbook), month_length(workbook)
    firsts = probe_days(workbook).group_by("supplier_id").agg(first_at=ibis._.first_at.min())
    carried = _carried_marks(marks).select("supplier_id", spoken_until="until")
    begun = firsts.outer_join(carried, "supplier_id")
    begun = begun.select(since=ibis.coalesce(begun.spoken_until, 0), until=ibis.coalesce(begun.first_at, length))
    silent = marks.filter(marks.silent_until.notnull())
    silences = ibis.union(begun.filter(begun.since < begun.until), silent.select(since="until", until="silent_until"))
    suppliers = int(workbook.standards.value("counting.common_outage_suppliers"))
    return readings.watched_periods(begun, silences, down_stretches(workbook), suppliers=suppliers, length=length)


def _own_probes(workbook: Workbook) -> ir.Table:
    own = readings.own_intervals(workbook, "probes", workbook.table("probes"), cap=_cap(workbook))
    return own.mutate(state=ibis.ifelse(own.is_up, UP, DOWN))


def _carried_marks(marks: ir.Table) -> ir.Table:
    return marks.filter(marks["at"] < 0)


def _cap(workbook: Workbook) -> int:
    return int(workbook.standards.value("counting.probe_cap")) * SECOND
