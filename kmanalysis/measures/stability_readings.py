"""From irregular readings to time: what stood from when to when, cut by the month, the day and the silence after a reading.

All times in here are whole microseconds since the month's first instant, so that no sum ever rounds.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import numpy as np
import pandas as pd
from ibis.expr import types as ir

from kmanalysis.measures.frames import DIGITS, measures_frame
from kmanalysis.times import Month
from kmanalysis.workbook import Workbook

SECOND = 1_000_000
DAY = 86_400 * SECOND

UP, DOWN, UNKNOWN = 1, 0, -1
"""States of a reading."""


def month_length(workbook: Workbook) -> ir.IntegerScalar:
    """Microseconds of the month, in the engine."""
    return workbook.period.days * DAY


def readings_around(workbook: Workbook, name: str, moment: str, cap: int) -> ir.Table:
    """The readings that can speak within the month: its own, and those before it by at most ``cap`` microseconds. Adds ``at``."""
    table = workbook.table(name)
    start = workbook.period.start
    spoken = table.filter(table[moment] > start - ibis.interval(microseconds=cap), table[moment] < workbook.period.end)
    return spoken.mutate(at=spoken[moment].delta(start, unit="microsecond"))


def reading_intervals(readings: ir.Table, keys: Sequence[str], *, cap: int, length: ir.IntegerScalar) -> ir.Table:
    """The readings (keys, ``at``, ``state``) with the time for which each speaks: ``since`` to ``until``.

    A reading speaks until the next one of its keys, or ``cap`` microseconds, or the month's ``length``. Those that do not reach into the
    month are left out. ``begins`` and ``ends`` mark the first and last of a row of readings of one state without a gap; ``number`` counts them.
    """
    order = ibis.window(group_by=list(keys), order_by="at")
    seen = readings.mutate(
        number=ibis.row_number().over(order),
        next_at=readings.at.lead().over(order),
        next_state=readings.state.lead().over(order),
        previous_at=readings.at.lag().over(order),
        previous_state=readings.state.lag().over(order),
    )
    spoken = seen.mutate(since=ibis.greatest(seen.at, 0), until=ibis.least(ibis.coalesce(seen.next_at, length), seen.at + cap, length))
    joins_previous = (spoken["at"] > 0) & (spoken["at"] - spoken.previous_at <= cap) & (spoken.previous_state == spoken.state)
    joins_next = (spoken.next_at - spoken["at"] <= cap) & (spoken.next_state == spoken.state)
    marked = spoken.mutate(begins=~ibis.coalesce(joins_previous, False), ends=~ibis.coalesce(joins_next, False))
    return marked.filter(marked.until > 0).drop("next_at", "next_state", "previous_at", "previous_state")


def stretches(intervals: ir.Table, keys: Sequence[str]) -> ir.Table:
    """`reading_intervals` of one state that follow each other without a gap, as one row each: keys, state, since, until, readings."""
    edges = intervals.filter(intervals.begins | intervals.ends)
    order = ibis.window(group_by=list(keys), order_by="since")
    closed = edges.mutate(
        until=ibis.ifelse(edges.ends, edges.until, edges.until.lead().over(order)),
        readings=ibis.ifelse(edges.ends, edges.number, edges.number.lead().over(order)) - edges.number + 1,
    )
    return closed.filter(closed.begins).select(*keys, "state", "since", "until", "readings")


def split_by_day(intervals: ir.Table) -> ir.Table:
    """Rows with ``since`` and ``until`` cut at the midnights between: adds ``day`` (0 is the month's first) and ``part`` (0 is the row's first)."""
    days_after = (intervals.until - 1) // DAY - intervals.since // DAY
    parts = intervals.mutate(part=ibis.range(0, days_after + 1).unnest())
    parts = parts.mutate(day=(parts.since // DAY + parts.part).cast("int64"))
    return parts.mutate(since=ibis.greatest(parts.since, parts.day * DAY), until=ibis.least(parts.until, (parts.day + 1) * DAY))


def watched_periods(known: ir.Table, *, suppliers: int, length: ir.IntegerScalar) -> ir.Table:
    """The parts of the month (since, until) that are not a common outage, from the `stretches` of known state of all suppliers.

    Where at least ``suppliers`` have a known state and every one of them is down, the fault is on the watching side.
    """
    down = (known.state == DOWN).cast("int64")
    one = ibis.literal(1, type="int64")
    begun = known.select(moment="since", known=one, down=down)
    over = known.select(moment="until", known=-one, down=-down)
    start = known.agg(rows=known.count()).select(moment=ibis.literal(0, type="int64"), known=one - 1, down=one - 1)
    changes = ibis.union(begun, over, start).group_by("moment").agg(known=ibis._.known.sum(), down=ibis._.down.sum())
    so_far = ibis.cumulative_window(order_by="moment")
    levels = changes.mutate(known=changes.known.sum().over(so_far), down=changes.down.sum().over(so_far))
    levels = levels.mutate(is_common=(levels.known >= suppliers) & (levels.down == levels.known))
    turns = levels.mutate(is_turn=ibis.coalesce(levels.is_common != levels.is_common.lag().over(order_by="moment"), True))
    turns = turns.filter(turns.is_turn)
    periods = turns.select("is_common", since="moment", until=ibis.coalesce(turns.moment.lead().over(order_by="moment"), length))
    return periods.filter(~periods.is_common, periods.since < periods.until).select("since", "until")


def within(intervals: ir.Table, periods: ir.Table) -> ir.Table:
    """The intervals (since, until, …) cut to the ``periods`` (since, until) that they overlap."""
    span = periods.select(from_="since", to="until")
    met = intervals.join(span, [intervals.since < span.to, intervals.until > span.from_])
    return met.mutate(since=ibis.greatest(met.since, met.from_), until=ibis.least(met.until, met.to)).drop("from_", "to")


def moment(workbook: Workbook, microseconds: ir.IntegerValue) -> ir.TimestampValue:
    """The naive UTC time that lies so many microseconds after the month's start."""
    return workbook.period.start + microseconds.as_interval("us")


def month_days(month: Month, numbers: pd.Series) -> pd.Series:
    """The days of the month by their number, the first being 0."""
    return pd.Series(pd.Timestamp(month.first_day), index=numbers.index).dt.as_unit("s") + pd.to_timedelta(numbers, unit="D")


def stretch_rows(workbook: Workbook, found: ir.Table, *keys: str, length: ir.IntegerValue) -> ir.Table:
    """Evidence of stretches: keys, since, until (naive UTC), seconds (of ``length``, microseconds), readings; the longest are worst."""
    seconds = length.cast("float64") / SECOND
    since, until = moment(workbook, found.since), moment(workbook, found.until)
    return found.select(*keys, "readings", since=since, until=until, seconds=seconds, severity=seconds)


def availability_frames(workbook: Workbook, measure: str, total: pd.DataFrame) -> pd.DataFrame:
    """Main row and ``.known_share`` from supplier_id, known, out, offered (microseconds) and n."""
    data = total.assign(
        n=readings_counted(total),
        value=ratio(total["known"] - total["out"], total["known"]),
        lower=ratio(total["known"] - total["out"], total["offered"]),
        upper=ratio(total["offered"] - total["out"], total["offered"]),
    )
    known = data.assign(value=ratio(total["known"], total["offered"]), lower=np.nan, upper=np.nan)
    return pd.concat(
        [measures_frame(workbook, measure, data, unit="share"), measures_frame(workbook, f"{measure}.known_share", known, unit="share")], ignore_index=True
    )


def readings_counted(total: pd.DataFrame) -> pd.Series:
    """n, where time is known by a carried reading alone: that reading. None where no time is known at all."""
    return total["n"].clip(lower=1).where(total["known"] > 0, 0)


def ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Share of the part in the whole; NaN where the whole is 0."""
    return (part / whole.where(whole > 0)).round(DIGITS)
