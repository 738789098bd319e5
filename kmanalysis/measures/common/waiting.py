"""Waiting times: the share within a limit and the P50 and P95 beside it, with cases that are not over yet counted as such.

Every case has a start; it ends, is still open at the month's end (right-censored there), or will never end. Counts per distinct second
come out of the engine; the curve is made from those.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import measures_frame
from kmanalysis.measures.common.time import SECOND
from kmanalysis.statistics.survival import CasesBySupplier, share_within_by, waiting_quantiles_by
from kmanalysis.workbook import Workbook

CURVE_POINTS = 50
"""Points of a supplier's curve that a chart gets: enough to draw it."""


def waiting_cases(
    workbook: Workbook,
    events: ir.Table,
    *,
    started: ir.TimestampValue,
    ended: ir.TimestampValue,
    never: ir.BooleanValue | bool = False,
    is_upper_bound: ir.BooleanValue | bool = False,
) -> ir.Table:
    """The events with what is known of their waiting time at the month's end.

    Adds ``seconds`` (a begun second counts when ended, so that 300.2 s is not within 300; null where the wait never ends),
    ``has_ended``, ``is_bound`` (ended_at only bounds the end from above) and ``severity`` (seconds, endless waits last).
    Events whose end lies before their start contradict themselves and are left out: their wait is unknown.
    """
    cut = workbook.period.end
    is_contradiction = ibis.coalesce(ended < started, False)
    # Each is worked out once a row, before it is used in several places.
    cases = events.mutate(_started=started, _ended=ended, _never=_certain(never), _is_upper_bound=_certain(is_upper_bound), _is_wrong=is_contradiction)
    cases = cases.filter(cases._started.notnull(), cases._never | ((cases._started <= cut) & ~cases._is_wrong))
    cases = cases.mutate(has_ended=ibis.coalesce(cases._ended < cut, False) & ~cases._never)
    waited = ibis.ifelse(cases.has_ended, cases._ended, cut).delta(cases._started, unit="microsecond")
    # One division a row: that is most of what a row costs.
    seconds = (waited + ibis.ifelse(cases.has_ended, SECOND - 1, 0)) // SECOND
    cases = cases.mutate(seconds=ibis.ifelse(cases._never, ibis.null("int64"), seconds.cast("int64")), is_bound=cases.has_ended & cases._is_upper_bound)
    return cases.mutate(severity=_severity(cases.seconds)).select(*events.columns, "seconds", "has_ended", "is_bound", "severity")


def _severity(seconds: ir.IntegerValue) -> ir.FloatingValue:
    """How bad a wait is: its seconds, endless ones last."""
    return ibis.ifelse(seconds.isnull(), float("1e15"), seconds.cast("float64"))


def cases_by_second(cases: ir.Table, *groups: str, all_ended: bool = False) -> ir.Table:
    """The `waiting_cases` per supplier (and further ``groups``) and distinct second, in order, as `waiting_counts` takes them.

    Where ``all_ended`` at times that are known, the engine need not tell such cases from others, row by row.
    """
    keys = ["supplier_id", *groups, "seconds", *([] if all_ended else ["has_ended", "is_bound"])]
    found = cases.group_by(keys).agg(cases=cases.count())
    found = found.mutate(has_ended=True, is_bound=False) if all_ended else found
    return in_order(found, *groups)


def in_order(counts: ir.Table, *groups: str) -> ir.Table:
    """The rows of `cases_by_second` in its order."""
    return counts.order_by(ibis.asc(key, nulls_first=False) for key in ("supplier_id", *groups, "seconds", "has_ended", "is_bound"))


def by_severity(counts: ir.Table) -> ir.Table:
    """How many of the `cases_by_second` cases are how bad: supplier_id, severity, cases."""
    return counts.group_by("supplier_id", severity=_severity(counts.seconds)).agg(cases=counts.cases.sum())


def waiting_counts(counts: pd.DataFrame, *groups: str) -> pd.DataFrame:
    """What came of `cases_by_second`, in its order: supplier_id, …, seconds (inf: never), ended, is_bound, cases."""
    counts["never"] = counts["seconds"].isna()
    counts["seconds"] = counts["seconds"].astype("float64").fillna(np.inf)
    counts["ended"] = counts["has_ended"].astype(bool) | counts["never"]
    return counts[["supplier_id", *groups, "seconds", "ended", "is_bound", "cases"]]


def waiting_frame(workbook: Workbook, measure: str, counts: pd.DataFrame) -> pd.DataFrame:
    """The measures frame of a waiting time, from `waiting_counts`.

    The measure itself is the share within its standard's limit; ``.p50_seconds``, ``.p95_seconds`` and ``.open_share`` stand beside it. A case
    whose end is only bounded from above counts as late unless the bound is within the limit; such a supplier is judged by its bounds.
    """
    limit, confidence = workbook.standards.limit(measure), workbook.standards.value("counting.confidence")
    by_supplier = CasesBySupplier.of(counts)
    shares = share_within_by(by_supplier, limit, confidence)
    undecided = counts[counts["is_bound"] & (counts["seconds"] > limit)]
    if len(undecided):
        favourable = counts.assign(seconds=counts["seconds"].where(~counts.index.isin(undecided.index), 0.0))
        shares = shares.assign(upper=share_within_by(favourable, limit, confidence)["upper"])
    shares["basis"] = np.where(shares["supplier_id"].isin(undecided["supplier_id"]), "bounded", "census")
    parts = [measures_frame(workbook, measure, shares.rename(columns={"share": "value"}), unit="share")]
    for label, q in (("p50_seconds", 0.5), ("p95_seconds", 0.95)):
        quantiles = waiting_quantiles_by(by_supplier, q, confidence).assign(n=by_supplier.n)
        parts.append(measures_frame(workbook, f"{measure}.{label}", quantiles, unit="seconds"))
    still_open = counts["cases"].where(~counts["ended"], 0).groupby(counts["supplier_id"]).sum()
    opened = shares["supplier_id"].map(still_open).astype("float64") / shares["n"].where(shares["n"] > 0)
    parts.append(measures_frame(workbook, f"{measure}.open_share", shares.assign(value=opened, lower=np.nan, upper=np.nan, basis="census"), unit="share"))
    return pd.concat(parts, ignore_index=True)


def _certain(value: ir.BooleanValue | bool) -> ir.BooleanValue:
    return ibis.coalesce(value, False) if isinstance(value, ir.Value) else ibis.literal(value)
