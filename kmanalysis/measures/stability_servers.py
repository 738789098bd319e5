"""Servers: how long they answered, and their outages."""

from __future__ import annotations

import ibis
import pandas as pd
from ibis.expr import types as ir

from kmanalysis.measures import stability_readings as readings
from kmanalysis.measures.frames import DIGITS, measures_frame
from kmanalysis.measures.stability_readings import DAY, DOWN, SECOND, UP
from kmanalysis.workbook import Workbook, frame, query


@frame
def uptime_days(workbook: Workbook) -> pd.DataFrame:
    """Server availability per supplier and day: supplier_id, day, probes, up_share (of known time), known_share (of the day), latency_p50_ms.

    ``known_microseconds`` and ``up_microseconds`` are the same in whole numbers. Common outages are unknown time.
    """
    days = _watched_days(workbook).sort_values(["supplier_id", "day"], ignore_index=True)
    counts = ["known_microseconds", "up_microseconds", "probes"]
    days[counts] = days[counts].fillna(0).astype("int64")
    days["day"] = readings.month_days(workbook.month, days["day"])
    days["latency_p50_ms"] = days["latency_p50_ms"].astype("float64").round(DIGITS)
    days = days.assign(up_share=readings.ratio(days["up_microseconds"], days["known_microseconds"]), known_share=days["known_microseconds"] / DAY)
    return days[["supplier_id", "day", "probes", "up_share", "known_share", "latency_p50_ms", "known_microseconds", "up_microseconds"]]


@query
def _watched_days(workbook: Workbook) -> ir.Table:
    parts = readings.split_by_day(_watched_stretches(workbook))
    spoken = parts.until - parts.since
    keys = ["supplier_id", "day"]
    times = parts.group_by(keys).agg(known_microseconds=spoken.sum(), up_microseconds=spoken.sum(where=parts.state == UP))
    probes = workbook.in_month("probes")
    probes = probes.mutate(day=probes.probed_at.delta(workbook.period.start, unit="microsecond") // DAY)
    asked = probes.group_by(keys).agg(probes=probes.count(), latency_p50_ms=probes.latency_ms.quantile(0.5))
    both = times.outer_join(asked, keys)
    return both.select(
        "known_microseconds",
        "up_microseconds",
        "probes",
        "latency_p50_ms",
        supplier_id=ibis.coalesce(both.supplier_id, both.supplier_id_right),
        day=ibis.coalesce(both.day, both.day_right),
    )


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
    total["n"] = readings.readings_counted(total)
    parts = [readings.availability_frames(workbook, "stability.uptime", total)]
    parts += [
        measures_frame(workbook, f"stability.uptime.{label}", total.assign(value=total[column]), unit=unit)
        for label, column, unit in (("outages", "outages", "count"), ("longest_outage_seconds", "longest", "seconds"))
    ]
    return pd.concat(parts, ignore_index=True)


@frame
@query
def outages(workbook: Workbook) -> ir.Table:
    """The servers' outages, those of the watching side left out: supplier_id, since, until (naive UTC, cut by the month), seconds, probes."""
    return uptime_rows(workbook).select("supplier_id", "since", "until", "seconds", "probes").order_by(["supplier_id", "since"])


def uptime_rows(workbook: Workbook) -> ir.Table:
    """The outages: since, until, seconds, probes that failed in a row; the longest are worst."""
    watched = _watched_stretches(workbook)
    down = watched.filter(watched.state == DOWN)
    return readings.stretch_rows(workbook, down, "supplier_id", length=down.until - down.since).rename(probes="readings")


def _watched_stretches(workbook: Workbook) -> ir.Table:
    """Stretches of a server's known state, common outages cut out."""
    standards, length = workbook.standards, readings.month_length(workbook)
    cap = int(standards.value("counting.probe_cap")) * SECOND
    probes = readings.readings_around(workbook, "probes", "probed_at", cap)
    states = probes.select("supplier_id", "at", state=ibis.ifelse(probes.is_up, UP, DOWN))
    known = readings.stretches(readings.reading_intervals(states, ["supplier_id"], cap=cap, length=length), ["supplier_id"])
    suppliers = int(standards.value("counting.common_outage_suppliers"))
    return readings.within(known, readings.watched_periods(known, suppliers=suppliers, length=length))
