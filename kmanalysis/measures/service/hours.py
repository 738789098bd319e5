"""After-sales around the clock: the first response at night, on weekends and on holidays, and by hour of the day.

Hours and days are those of Asia/Shanghai; holidays and make-up workdays come from `times.day_kind`.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ir
from kmanalysis.measures.common.frames import DIGITS, measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.tickets import answer_cases
from kmanalysis.measures.common.waiting import cases_by_second, waiting_counts, waiting_frame
from kmanalysis.statistics.survival import share_within_by
from kmanalysis.times import day_kind, to_local
from kmanalysis.workbook import Workbook, frame, query

MEASURE = "service.round_the_clock"
FREE_DAYS = ("weekend", "holiday")


def timed_answers(workbook: Workbook) -> ir.Table:
    """The month's first responses (`answer_cases`) with the local ``hour`` of opening, whether it ``is_night``, and the ``day_kind``."""
    cases = answer_cases(workbook)
    local = to_local(cases.opened_at)
    timed = cases.mutate(day=local.date(), hour=local.hour().cast("int64"))
    return timed.mutate(is_night=_is_night(workbook, timed.hour)).join(workbook.calendar, "day")


def round_the_clock(workbook: Workbook) -> pd.DataFrame:
    """Share of first responses within the limit, of the tickets opened at night or on a free day; ``.night``, ``.weekend`` and ``.holiday`` apart.

    A day of unknown kind counts for its night alone; ``.unknown_days`` says how many of the month's days are such (only where there are any).
    """
    counts = waiting_counts(_answers_by_kind(workbook), "is_night", "day_kind")
    is_night, is_free = counts["is_night"].astype(bool), counts["day_kind"].isin(FREE_DAYS)
    parts = [waiting_frame(workbook, MEASURE, counts[is_night | is_free])]
    for label, is_meant in (("night", is_night), *((kind, counts["day_kind"] == kind) for kind in FREE_DAYS)):
        parts.append(_share_rows(workbook, f"{MEASURE}.{label}", counts[is_meant]))
    parts.append(_unknown_days(workbook, counts))
    return pd.concat(parts, ignore_index=True)


@query("service.answers_by_kind")
def _answers_by_kind(workbook: Workbook) -> ir.Table:
    return cases_by_second(timed_answers(workbook), "is_night", "day_kind")


@query("service.answers_by_hour")
def _answers_by_hour(workbook: Workbook) -> ir.Table:
    return cases_by_second(timed_answers(workbook), "day_kind", "hour")


def round_the_clock_rows(workbook: Workbook) -> ir.Table:
    """The tickets opened at night or on a free day: those never answered first, then the longest waits."""
    cases = timed_answers(workbook)
    meant = cases.filter(cases.is_night | cases.day_kind.isin(FREE_DAYS))
    when = ["opened_at", "day_kind", "is_night", "first_response_at"]
    return meant.select("supplier_id", "ticket_id", "order_id", "kind", *when, "seconds", "has_ended", "severity")


@frame("service.response_by_hour", needs=reads_of("service.round_the_clock"))
def response_by_hour(workbook: Workbook) -> pd.DataFrame:
    """First response by hour of the day and kind of day: supplier_id, day_kind, hour, share (within the limit), median_seconds, n.

    ``n`` leaves out tickets that were cut by the month's end before the limit, for they are neither in time nor late. In the median a ticket
    that is still open waits longer than any other: inf where half of them are.
    """
    cells = ["supplier_id", "day_kind", "hour"]
    limit = workbook.standards.limit(MEASURE)
    counts = waiting_counts(_answers_by_hour(workbook), "day_kind", "hour")
    is_known = counts["ended"] | (counts["seconds"] >= limit)
    counts["known"] = counts["cases"].where(is_known, 0)
    counts["within"] = counts["cases"].where(counts["ended"] & (counts["seconds"] <= limit), 0)
    found = counts.groupby(cells, as_index=False)[["known", "within"]].sum().merge(_medians(counts, cells), on=cells)
    found["share"] = (found["within"] / found["known"].where(found["known"] > 0)).round(DIGITS)
    return found.rename(columns={"known": "n"})[[*cells, "share", "median_seconds", "n"]]


def _is_night(workbook: Workbook, hour: ir.IntegerValue) -> ir.BooleanValue:
    since, until = (workbook.standards.value(f"counting.night_{end}") for end in ("from", "until"))
    return (hour >= since) | (hour < until) if since > until else (hour >= since) & (hour < until)


def _share_rows(workbook: Workbook, measure: str, counts: pd.DataFrame) -> pd.DataFrame:
    shares = share_within_by(counts, workbook.standards.limit(MEASURE), workbook.standards.value("counting.confidence"))
    return measures_frame(workbook, measure, shares.rename(columns={"share": "value"}), unit="share")


def _unknown_days(workbook: Workbook, counts: pd.DataFrame) -> pd.DataFrame:
    month = workbook.month
    unknown = sum(day_kind(month.first_day + timedelta(days=number)) is None for number in range(month.days))
    asked = counts[["supplier_id"]].drop_duplicates() if unknown else counts[["supplier_id"]].head(0)
    return measures_frame(workbook, f"{MEASURE}.unknown_days", asked.assign(value=unknown, n=month.days), unit="days")


def _medians(counts: pd.DataFrame, cells: list[str]) -> pd.DataFrame:
    """Per cell the shortest time by which half of its cases have ended."""
    waits = counts.assign(seconds=counts["seconds"].where(counts["ended"], np.inf)).sort_values([*cells, "seconds"])
    cases = waits.groupby(cells)["cases"]
    reached = waits[cases.cumsum() * 2 >= cases.transform("sum")]
    return reached.drop_duplicates(cells)[[*cells, "seconds"]].rename(columns={"seconds": "median_seconds"})
