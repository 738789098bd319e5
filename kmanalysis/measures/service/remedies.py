"""After-sales remedies: failures that are the supplier's, how soon they were made good, and what was owed and paid for them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.money import CENT, PARTS, as_amount, main_currencies
from kmanalysis.measures.common.remedies import failures, made_good, month_remedies
from kmanalysis.measures.common.waiting import cases_by_second, waiting_cases, waiting_counts, waiting_frame
from kmanalysis.statistics.survival import share_within_by
from kmanalysis.workbook import Workbook, frame, query

CASES_SHOWN = 50
"""Failures a supplier that a page lists."""


def reship_in_time(workbook: Workbook) -> pd.DataFrame:
    """Share of the month's failures by the supplier that were made good within the limit, from failure to the first good code sent.

    Failures whose fault is not known are no part of the value but move its bounds: the lower one takes those that were late for the
    supplier's, the upper one those in time. ``.unknown_fault`` counts them; ``.p50_seconds``, ``.p95_seconds`` and ``.open_share`` as in `waiting_frame`.
    """
    measure = "service.reship_in_time"
    counts = waiting_counts(_reship_counts(workbook), "fault")
    is_known = counts["fault"] == "supplier"
    found = waiting_frame(workbook, measure, counts[is_known])
    return pd.concat([_with_wider_bounds(workbook, measure, found, counts), _unknown_fault(workbook, measure, counts)], ignore_index=True)


@query("service.reship_counts")
def _reship_counts(workbook: Workbook) -> ir.Table:
    return cases_by_second(_reship_cases(workbook), "fault")


def reship_in_time_rows(workbook: Workbook) -> ir.Table:
    """The month's failures by the supplier, or by nobody knows whom: the longest waits for a good code first."""
    cases = _reship_cases(workbook)
    return cases.select("supplier_id", "order_id", "sku", "failure_cause", "fault", "failed_at", "reshipped_at", "seconds", "has_ended", "severity")


def compensation_paid(workbook: Workbook) -> pd.DataFrame:
    """Damages paid / damages due, for failures by the supplier whose deadline for a good code fell in the month.

    One failure earns one remedy: the compensation share where a good code came by the deadline, else the damages share, of what the platform
    paid for the order. The contract in force on the day of the failure says otherwise where it does: shares, hours, and the base. What is due is
    rounded half-up to 分 an order; what was paid on the order by the month's end counts up to what is due. A supplier's measure is in the currency of
    most of its failures. Failures of unknown fault move the bounds alone. ``.unknown_due`` counts failures by the supplier whose base or terms
    are missing or not readable: they are no part of the value.
    """
    measure = "service.compensation_paid"
    sums = main_currencies(_sums(workbook), "failures")
    due, paid = sums["due"].astype("float64"), sums["paid"].astype("float64")
    unknown_due, unknown_paid = sums["unknown_fault_due"].astype("float64"), sums["unknown_fault_paid"].astype("float64")
    data = sums.assign(
        value=paid / due.where(due > 0),
        n=sums["judged"],
        # Whichever of the undecided failures turn out to be the supplier's, the ratio stays between these.
        lower=(paid / (due + unknown_due - unknown_paid)).where(unknown_due > 0),
        upper=((paid + unknown_paid) / (due + unknown_paid)).where(unknown_due > 0),
        basis=np.where(unknown_due > 0, "bounded", "census"),
    )
    unknown = measures_frame(workbook, f"{measure}.unknown_due", sums.assign(value=sums["unknown_due"], n=sums["failures"]), unit="count")
    return pd.concat([measures_frame(workbook, measure, data, unit="share"), unknown], ignore_index=True)


def compensation_paid_rows(workbook: Workbook) -> ir.Table:
    """The failures whose deadline fell in the month, with what was due, paid and is outstanding: the largest outstanding amounts first."""
    cases = month_remedies(workbook)
    columns = ["supplier_id", "order_id", "contract_id", "fault", "failed_at", "deadline", "reshipped_at", "is_made_good", "currency"]
    amounts = {f"{column}_amount": as_amount(cases[column]) for column in ("due", "paid", "outstanding")}
    return cases.select(*columns, "base_amount", "remedy_share", **amounts, severity=cases.outstanding.cast("float64") / PARTS)


@frame("service.remedies", needs=reads_of("service.compensation_paid"))
def remedies(workbook: Workbook) -> pd.DataFrame:
    """What was due and paid per supplier and currency, for failures whose deadline fell in the month.

    Columns: supplier_id, currency, failures, made_good, unknown_due, unknown_fault, due_amount, paid_amount, outstanding_amount (decimals).
    """
    sums = _sums(workbook).rename(columns={"due": "due_amount", "paid": "paid_amount"})
    sums["outstanding_amount"] = sums["due_amount"] - sums["paid_amount"]
    amounts = ["due_amount", "paid_amount", "outstanding_amount"]
    sums[amounts] = sums[amounts].astype("object").map(lambda parts: Decimal(int(parts)).scaleb(-4).quantize(CENT, ROUND_HALF_UP))
    return sums[["supplier_id", "currency", "failures", "made_good", "unknown_due", "unknown_fault", *amounts]]


@frame("service.remedy_cases", needs=reads_of("service.compensation_paid"))
@query("service.remedy_cases")
def remedy_cases(workbook: Workbook) -> ir.Table:
    """The failures of `compensation_paid_rows` with the most outstanding, at most `CASES_SHOWN` a supplier."""
    cases = compensation_paid_rows(workbook)
    order = ibis.window(group_by="supplier_id", order_by=[ibis.desc(cases.severity), ibis.asc(cases.order_id)])
    ranked = cases.mutate(rank=ibis.row_number().over(order))
    shown = ranked.filter(ranked["rank"] < CASES_SHOWN).order_by("supplier_id", "rank")
    return shown.drop("rank", "severity")


def _reship_cases(workbook: Workbook) -> ir.Table:
    cases = made_good(workbook, failures(workbook))
    return waiting_cases(workbook, cases, started=cases.failed_at, ended=cases.reshipped_at)


def _with_wider_bounds(workbook: Workbook, measure: str, found: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
    """The main rows with bounds that hold whoever was at fault in the undecided failures."""
    limit, confidence = workbook.standards.limit(measure), workbook.standards.value("counting.confidence")
    is_known, is_in_time = counts["fault"] == "supplier", counts["ended"] & (counts["seconds"] <= limit)
    # A case cut before the limit may still come in time, or not.
    is_cut = ~counts["ended"] & (counts["seconds"] < limit)
    is_open = ~is_known & is_cut
    late = counts.assign(seconds=counts["seconds"].mask(is_open, np.inf))[is_known | ~is_in_time]
    prompt = counts.assign(seconds=counts["seconds"].mask(is_open, 0.0), ended=counts["ended"] | is_open)[is_known | is_in_time | is_cut]
    lower = share_within_by(late, limit, confidence).set_index("supplier_id")["lower"]
    upper = share_within_by(prompt, limit, confidence).set_index("supplier_id")["upper"]
    is_bounded = (found["measure"] == measure) & (found["n"] > 0) & found["supplier_id"].isin(counts.loc[~is_known, "supplier_id"])
    # An undecided case may also be left out: no bound may be tighter than the one without it.
    return found.assign(
        lower=found["lower"].where(~is_bounded, np.fmin(found["supplier_id"].map(lower), found["lower"])),
        upper=found["upper"].where(~is_bounded, np.fmax(found["supplier_id"].map(upper), found["upper"])),
        basis=found["basis"].where(~is_bounded, "bounded"),
    )


def _unknown_fault(workbook: Workbook, measure: str, counts: pd.DataFrame) -> pd.DataFrame:
    undecided = counts["cases"].where(counts["fault"] == "unknown", 0)
    both = counts.assign(value=undecided, n=counts["cases"]).groupby("supplier_id", as_index=False)[["value", "n"]].sum()
    return measures_frame(workbook, f"{measure}.unknown_fault", both, unit="count")


@query("service.sums")
def _sums(workbook: Workbook) -> ir.Table:
    """Counts and sums (ten-thousandths) per supplier and currency; of unknown fault apart."""
    cases = month_remedies(workbook)
    by_supplier = cases.fault == "supplier"
    sums = cases.group_by("supplier_id", "currency").agg(
        failures=cases.count(where=by_supplier),
        judged=cases.count(where=by_supplier & (cases.due > 0)),
        made_good=cases.count(where=by_supplier & cases.is_made_good),
        unknown_due=cases.count(where=by_supplier & cases.due.isnull()),
        unknown_fault=cases.count(where=~by_supplier),
        **{column: ibis.coalesce(cases[column].sum(where=by_supplier), 0) for column in ("due", "paid")},
        **{f"unknown_fault_{column}": ibis.coalesce(cases[column].sum(where=~by_supplier), 0) for column in ("due", "paid")},
    )
    return sums.order_by("supplier_id", "currency")
