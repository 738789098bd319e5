"""After-sales tickets: how long customers wait for an answer and for a solution, and what is still open.

Staged tickets are test questions of ours and never counted here.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS, measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.tickets import answer_cases, answer_counts, is_open, real_tickets
from kmanalysis.measures.common.time import DAY
from kmanalysis.measures.common.waiting import CURVE_POINTS, cases_by_second, waiting_cases, waiting_counts, waiting_frame
from kmanalysis.statistics.survival import survival_curve
from kmanalysis.tables import NO_DISPUTE_KINDS
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, frame, query

AGES = (0, 1, 7, 30)
"""Days from which a class of the backlog's ages begins."""


def first_response(workbook: Workbook) -> pd.DataFrame:
    """Share of the month's tickets answered by a human within the limit; ``.p50_seconds``, ``.p95_seconds``, ``.open_share`` and ``.backlog`` beside it.

    Backlog: tickets opened before the month that were neither answered nor resolved at its end.
    """
    counts = waiting_counts(answer_counts(workbook))
    older = _backlog_rows(workbook, "service.first_response", counts, _unanswered_before(workbook))
    return pd.concat([waiting_frame(workbook, "service.first_response", counts), older], ignore_index=True)


def first_response_rows(workbook: Workbook) -> ir.Table:
    """The tickets behind the first response: those that were never answered first, then the longest waits."""
    return _evidence(answer_cases(workbook), "first_response_at")


def resolution_cases(workbook: Workbook) -> ir.Table:
    """The month's real tickets as waits for their solution (`waiting_cases`): open ones are cut at the month's end, not dropped."""
    tickets = real_tickets(workbook)
    return waiting_cases(workbook, tickets, started=tickets.opened_at, ended=tickets.resolved_at)


def resolution(workbook: Workbook) -> pd.DataFrame:
    """Share of the month's tickets resolved within the limit; ``.p50_seconds``, ``.p95_seconds``, ``.open_share`` and ``.backlog`` beside it.

    Backlog: tickets opened before the month and not resolved at its end.
    """
    counts = waiting_counts(_resolution_counts(workbook))
    older = _backlog_rows(workbook, "service.resolution", counts, _unresolved_before(workbook))
    return pd.concat([waiting_frame(workbook, "service.resolution", counts), older], ignore_index=True)


@query("service.resolution_counts")
def _resolution_counts(workbook: Workbook) -> ir.Table:
    return cases_by_second(resolution_cases(workbook))


def resolution_rows(workbook: Workbook) -> ir.Table:
    """The tickets behind the resolution time: the longest waits first."""
    return _evidence(resolution_cases(workbook), "resolved_at")


@frame("service.response_curve", needs=reads_of("service.first_response"))
def response_curve(workbook: Workbook) -> pd.DataFrame:
    """Share of tickets answered by ``seconds`` after opening: supplier_id, seconds, share; at most `CURVE_POINTS` points a supplier."""
    return _curve_points(waiting_counts(answer_counts(workbook)))


@frame("service.resolution_curve", needs=reads_of("service.resolution"))
def resolution_curve(workbook: Workbook) -> pd.DataFrame:
    """Share of tickets resolved by ``seconds`` after opening: supplier_id, seconds, share; at most `CURVE_POINTS` points a supplier."""
    return _curve_points(waiting_counts(_resolution_counts(workbook)))


@frame("service.tickets_by_day")
@query("service.tickets_by_day")
def tickets_by_day(workbook: Workbook) -> ir.Table:
    """Real tickets by the local day of opening: supplier_id, day, tickets, disputes, answered_in_time."""
    limit = int(workbook.standards.limit("service.first_response"))
    cases = answer_cases(workbook)
    cases = cases.mutate(day=to_local(cases.opened_at).date())
    days = cases.group_by("supplier_id", "day").agg(
        tickets=cases.count(),
        disputes=cases.count(where=~cases.kind.isin(NO_DISPUTE_KINDS)),
        answered_in_time=cases.count(where=cases.has_ended & (cases.seconds <= limit)),
    )
    return days.order_by("supplier_id", "day")


@frame("service.backlog", needs=reads_of("service.resolution"))
@query("service.backlog")
def backlog(workbook: Workbook) -> ir.Table:
    """Real tickets that were open at the month's end, by age: supplier_id, age_from_days (one of `AGES`), tickets."""
    tickets = workbook.table("tickets")
    open_ones = tickets.filter(tickets.opened_at < workbook.period.end, ~tickets.is_staged, is_open(workbook, tickets.resolved_at))
    age = workbook.period.end.delta(open_ones.opened_at, unit="microsecond")
    classes = [(age >= since * DAY, age < until * DAY, since) for since, until in pairwise(AGES)]
    age_from = ibis.cases(*((above & below, since) for above, below, since in classes), else_=AGES[-1])
    by_age = open_ones.mutate(age_from_days=age_from.cast("int64")).group_by("supplier_id", "age_from_days").agg(tickets=ibis._.count())
    return by_age.order_by("supplier_id", "age_from_days")


@query("service.unanswered_before")
def _unanswered_before(workbook: Workbook) -> ir.Table:
    return _open_before(workbook, "first_response_at", "resolved_at")


@query("service.unresolved_before")
def _unresolved_before(workbook: Workbook) -> ir.Table:
    return _open_before(workbook, "resolved_at")


def _open_before(workbook: Workbook, *endings: str) -> ir.Table:
    """Real tickets opened before the month of which none of the endings had come at its end: supplier_id, older."""
    tickets = workbook.table("tickets")
    open_ones = tickets.filter(tickets.opened_at < workbook.period.start, ~tickets.is_staged, *(is_open(workbook, tickets[ending]) for ending in endings))
    return open_ones.group_by("supplier_id").agg(older=open_ones.count())


def _backlog_rows(workbook: Workbook, measure: str, counts: pd.DataFrame, older: pd.DataFrame) -> pd.DataFrame:
    """The ``.backlog`` rows: how many older tickets are open; n counts the month's own tickets as well, so that none open reads 0 of n."""
    opened = counts.groupby("supplier_id", as_index=False)["cases"].sum()
    both = opened.merge(older, on="supplier_id", how="outer")
    # A supplier on one side only had no ticket on the other: that is a count of zero, not a gap.
    both[["cases", "older"]] = both[["cases", "older"]].fillna(0)
    return measures_frame(workbook, f"{measure}.backlog", both.assign(value=both["older"], n=both["cases"] + both["older"]), unit="count")


def _evidence(cases: ir.Table, ended: str) -> ir.Table:
    return cases.select("supplier_id", "ticket_id", "order_id", "kind", "opened_at", ended, "seconds", "has_ended", "severity")


def _curve_points(counts: pd.DataFrame) -> pd.DataFrame:
    parts = [pd.DataFrame({"supplier_id": pd.Series(dtype="str"), "seconds": pd.Series(dtype="float64"), "share": pd.Series(dtype="float64")})]
    for supplier, cases in counts.groupby("supplier_id"):
        curve = survival_curve(cases["seconds"], cases["ended"], cases["cases"])
        chosen = _even_points(1 - curve.survival)
        parts.append(pd.DataFrame({"supplier_id": supplier, "seconds": curve.times[chosen], "share": (1 - curve.survival[chosen]).round(DIGITS)}))
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def _even_points(shares: np.ndarray) -> np.ndarray:
    """Indices of at most `CURVE_POINTS` steps of a rising curve, evenly over its height, the first and the last included."""
    if len(shares) <= CURVE_POINTS:
        return np.arange(len(shares))
    heights = np.linspace(shares[0], shares[-1], CURVE_POINTS - 1)
    return np.union1d(np.searchsorted(shares, heights), len(shares) - 1)
