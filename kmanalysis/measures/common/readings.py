"""From irregular readings to time: what stood from when to when, cut by the month, the day and the silence after a reading.

All times in here are whole microseconds since the month's first instant, so that no sum ever rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS, measures_frame
from kmanalysis.measures.common.time import DAY, SECOND, moment, month_length
from kmanalysis.tables import tables
from kmanalysis.workbook import Workbook

UP, DOWN, UNKNOWN = 1, 0, -1
"""States of a reading."""


def reading_intervals(workbook: Workbook, name: str, readings: ir.Table, *, cap: int) -> ir.Table:
    """The readings that speak within the month, with the time for which each does: ``since`` to ``until``.

    ``readings`` are rows of the table ``name``, of any time. A reading speaks until the next one of its series, or ``cap`` microseconds, or the
    month's end. ``at`` is when it was taken, below 0 for the one that each series carries into the month.
    """
    return ibis.union(own_intervals(workbook, name, readings, cap=cap).drop("following"), carried_intervals(workbook, name, readings, cap=cap))


def own_intervals(workbook: Workbook, name: str, readings: ir.Table, *, cap: int) -> ir.Table:
    """The `reading_intervals` of the month's own readings; ``following`` is when the next one was taken, null where none is known."""
    start, length = workbook.period.start, month_length(workbook)
    taken = readings[tables()[name].event_time]
    own = readings.filter(taken >= start, taken < workbook.period.end)
    own = own.mutate(at=own[tables()[name].event_time].delta(start, unit="microsecond"), following=own.next_at.delta(start, unit="microsecond"))
    return own.mutate(since=own["at"], until=ibis.least(ibis.coalesce(own.following, length), own["at"] + cap, length)).relocate("following", after="until")


def carried_intervals(workbook: Workbook, name: str, readings: ir.Table, *, cap: int) -> ir.Table:
    """The `reading_intervals` of the readings carried into the month: of each series the last one before it, while that still speaks.

    What follows it may stand in another file, which its ``next_at`` does not know.
    """
    start, length = workbook.period.start, month_length(workbook)
    series, reach = list(tables()[name].series), ibis.interval(microseconds=cap)
    taken = readings[tables()[name].event_time]
    before = readings.filter(taken > start - reach, taken < start, readings.next_at.isnull() | (readings.next_at >= start))
    order = ibis.window(group_by=series, order_by=ibis.desc(tables()[name].event_time))
    ranked = before.mutate(place=ibis.row_number().over(order))
    last = ranked.filter(ranked.place == 0).drop("place")
    early = readings.filter(taken >= start, taken < start + reach, taken < workbook.period.end)
    first = early.group_by(series).agg(first_at=early[tables()[name].event_time].min())
    met = last.left_join(first, series).drop(*(f"{column}_right" for column in series))
    met = met.mutate(at=met[tables()[name].event_time].delta(start, unit="microsecond"), following=met.first_at.delta(start, unit="microsecond"))
    zero = ibis.literal(0, type="int64")
    spoken = met.mutate(since=zero, until=ibis.least(ibis.coalesce(met.following, length), met["at"] + cap, length)).drop("first_at", "following")
    return spoken.filter(spoken.until > 0)


def stretches(intervals: ir.Table, series: Sequence[str]) -> ir.Table:
    """`reading_intervals` of one and the same state that follow each other without a gap, as one row each: series, since, until, readings.

    A reading of another state between two of them leaves a gap: the first speaks no longer than until that one.
    """
    order = ibis.window(group_by=list(series), order_by="since")
    begins = ibis.coalesce(intervals.until.lag().over(order) != intervals.since, True)
    marked = intervals.mutate(begins=begins.cast("int64"))
    numbered = marked.mutate(stretch=marked.begins.sum().over(ibis.cumulative_window(group_by=list(series), order_by="since")))
    found = numbered.group_by(*series, "stretch").agg(since=numbered.since.min(), until=numbered.until.max(), readings=numbered.count())
    return found.drop("stretch")


def by_day(intervals: ir.Table, series: Sequence[str], **others: Callable[[ir.Table, ir.BooleanValue], ir.Value]) -> ir.Table:
    """The `own_intervals` (with ``state``) by series and the day on which each reading was taken, up to that day's end.

    Columns known_microseconds, out_microseconds, readings (known ones), and of the day's last reading, where it speaks on after midnight, ``until`` and
    ``state`` (else null). ``others`` are further aggregates: of the rows, and of which of them speak on.
    """
    rows = intervals.mutate(day=(intervals.since // DAY).cast("int64"))
    rows = rows.mutate(midnight=(rows.day + 1) * DAY)
    spoken = ibis.least(rows.until, rows.midnight) - rows.since
    goes_on = rows.until > rows.midnight
    return rows.group_by(*series, "day").agg(
        known_microseconds=spoken.sum(where=rows.state != UNKNOWN),
        out_microseconds=spoken.sum(where=rows.state == DOWN),
        readings=rows.count(where=rows.state != UNKNOWN),
        until=rows.until.max(where=goes_on),
        state=rows.state.max(where=goes_on),
        **{name: aggregate(rows, goes_on) for name, aggregate in others.items()},
    )


def overnight(days: ir.Table) -> ir.Table:
    """Of `by_day`: what speaks on after midnight, as rows with ``since`` and ``until``."""
    return days.filter(days.until.notnull()).mutate(since=(ibis._.day + 1) * DAY).drop("day", "known_microseconds", "out_microseconds", "readings")


def split_by_day(intervals: ir.Table) -> ir.Table:
    """Rows with ``since`` and ``until`` cut at the midnights between: adds ``day`` (0 is the month's first) and ``part`` (0 is the row's first)."""
    days_after = (intervals.until - 1) // DAY - intervals.since // DAY
    parts = intervals.mutate(part=ibis.range(0, days_after + 1).unnest())
    parts = parts.mutate(day=(parts.since // DAY + parts.part).cast("int64"))
    return parts.mutate(since=ibis.greatest(parts.since, parts.day * DAY), until=ibis.least(parts.until, (parts.day + 1) * DAY))


def watched_periods(series: ir.Table, silences: ir.Table, down: ir.Table, *, suppliers: int, length: ir.IntegerScalar) -> ir.Table:
    """The month in parts (since, until, is_common): in a common outage at least ``suppliers`` have a known state and every one of them is down.

    The fault is on the watching side then. ``series`` has a row for each supplier that is known at some time, ``silences`` the times (since, until)
    for which one of them is not, ``down`` the `stretches` for which one is down.
    """
    one = ibis.literal(1, type="int64")
    start = series.agg(known=series.count()).select("known", moment=ibis.literal(0, type="int64"), down=one - 1)
    changes = ibis.union(
        start.select("moment", "known", "down"),
        silences.select(moment="since", known=-one, down=one - 1),
        silences.select(moment="until", known=one, down=one - 1),
        down.select(moment="since", known=one - 1, down=one),
        down.select(moment="until", known=one - 1, down=-one),
    )
    changes = changes.group_by("moment").agg(known=ibis._.known.sum(), down=ibis._.down.sum())
    so_far = ibis.cumulative_window(order_by="moment")
    levels = changes.mutate(known=changes.known.sum().over(so_far), down=changes.down.sum().over(so_far))
    levels = levels.mutate(is_common=(levels.known >= suppliers) & (levels.down == levels.known))
    turns = levels.mutate(is_turn=ibis.coalesce(levels.is_common != levels.is_common.lag().over(order_by="moment"), True))
    turns = turns.filter(turns.is_turn)
    periods = turns.select("is_common", since="moment", until=ibis.coalesce(turns.moment.lead().over(order_by="moment"), length))
    return periods.filter(periods.since < periods.until)


def within(intervals: ir.Table, periods: ir.Table) -> ir.Table:
    """The intervals (since, until, …) cut to the ``periods`` (since, until) that they overlap."""
    span = periods.select(from_="since", to="until")
    met = intervals.join(span, [intervals.since < span.to, intervals.until > span.from_])
    return met.mutate(since=ibis.greatest(met.since, met.from_), until=ibis.least(met.until, met.to)).drop("from_", "to")


def stretch_rows(workbook: Workbook, found: ir.Table, *keys: str, length: ir.IntegerValue) -> ir.Table:
    """Evidence of stretches: keys, since, until (naive UTC), seconds (of ``length``, microseconds), readings; the longest are worst."""
    seconds = length.cast("float64") / SECOND
    since, until = moment(workbook, found.since), moment(workbook, found.until)
    return found.select(*keys, "readings", since=since, until=until, seconds=seconds, severity=seconds)


def availability_frames(workbook: Workbook, measure: str, total: pd.DataFrame) -> pd.DataFrame:
    """Main row and ``.known_share`` from supplier_id, known, out, offered (microseconds) and n."""
    data = total.assign(
        n=reading_count(total),
        value=ratio(total["known"] - total["out"], total["known"]),
        lower=ratio(total["known"] - total["out"], total["offered"]),
        upper=ratio(total["offered"] - total["out"], total["offered"]),
    )
    known = data.assign(value=ratio(total["known"], total["offered"]), lower=np.nan, upper=np.nan)
    return pd.concat(
        [measures_frame(workbook, measure, data, unit="share"), measures_frame(workbook, f"{measure}.known_share", known, unit="share")], ignore_index=True
    )


def reading_count(total: pd.DataFrame) -> pd.Series:
    """n, where time is known by a carried reading alone: that reading. None where no time is known at all."""
    return total["n"].clip(lower=1).where(total["known"] > 0, 0)


def ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Share of the part in the whole; NaN where the whole is 0."""
    return (part / whole.where(whole > 0)).round(DIGITS)
