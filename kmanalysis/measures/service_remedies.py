"""After-sales remedies: failures that are the supplier's, how soon they were made good, and what was owed and paid for them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from math import ceil

import ibis
import numpy as np
import pandas as pd
from ibis.expr import types as ir

from kmanalysis.measures.frames import measures_frame
from kmanalysis.measures.waiting import SECOND, counted, waiting_cases, waiting_counts, waiting_frame
from kmanalysis.statistics.survival import share_within_by
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, frame, kept, query

CASES_SHOWN = 50
"""Failures a supplier that a page lists."""

LONGEST_TERM_HOURS = 24 * 366
"""A contract that allows more hours than a year has is not readable."""

_PER_MILLION = 1_000_000
_PARTS = 10_000  # of a currency unit: a canonical decimal has four places
_CENT = 100  # parts
_SHORTEST_MONTH = 28 * 86_400  # seconds


def reship_in_time(workbook: Workbook) -> pd.DataFrame:
    """Share of the month's failures by the supplier that were made good within the limit, from failure to the first good code sent.

    Failures whose fault is not known are no part of the value but move its bounds: the lower one takes those that were late for the
    supplier's, the upper one those in time. ``.unknown_fault`` counts them; ``.p50_seconds``, ``.p95_seconds`` and ``.open_share`` as in `waiting_frame`.
    """
    measure = "service.reship_in_time"
    counts = waiting_counts(_reship_counts(workbook), "fault")
    is_known = counts["fault"] == "supplier"
    found = waiting_frame(workbook, measure, counts[is_known])
    return pd.concat([_widened(workbook, measure, found, counts), _unknown_fault(workbook, measure, counts)], ignore_index=True)


@query
def _reship_counts(workbook: Workbook) -> ir.Table:
    return counted(_reship_cases(workbook), "fault")


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
    sums = _main_currency(_sums(workbook))
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
    cases = _owed(workbook)
    columns = ["supplier_id", "order_id", "contract_id", "fault", "failed_at", "deadline", "reshipped_at", "is_made_good", "currency"]
    amounts = {f"{column}_amount": _amount(cases[column]) for column in ("due", "paid", "outstanding")}
    return cases.select(*columns, "base_amount", "remedy_share", **amounts, severity=cases.outstanding.cast("float64") / _PARTS)


@frame
def remedies(workbook: Workbook) -> pd.DataFrame:
    """What was due and paid per supplier and currency, for failures whose deadline fell in the month.

    Columns: supplier_id, currency, failures, made_good, unknown_due, unknown_fault, due_amount, paid_amount, outstanding_amount (decimals).
    """
    sums = _sums(workbook).rename(columns={"due": "due_amount", "paid": "paid_amount"})
    sums["outstanding_amount"] = sums["due_amount"] - sums["paid_amount"]
    amounts = ["due_amount", "paid_amount", "outstanding_amount"]
    sums[amounts] = sums[amounts].astype("object").map(lambda parts: Decimal(int(parts)).scaleb(-4).quantize(Decimal("0.01"), ROUND_HALF_UP))
    return sums[["supplier_id", "currency", "failures", "made_good", "unknown_due", "unknown_fault", *amounts]]


@frame
@query
def remedy_cases(workbook: Workbook) -> ir.Table:
    """The failures of `compensation_paid_rows` with the most outstanding, at most `CASES_SHOWN` a supplier."""
    cases = compensation_paid_rows(workbook)
    order = ibis.window(group_by="supplier_id", order_by=[ibis.desc(cases.severity), ibis.asc(cases.order_id)])
    ranked = cases.mutate(rank=ibis.row_number().over(order))
    shown = ranked.filter(ranked["rank"] < CASES_SHOWN).order_by("supplier_id", "rank")
    return shown.drop("rank", "severity")


@kept
def failures(workbook: Workbook) -> ir.Table:
    """The month's failed orders that are the supplier's fault, or nobody knows whose (``fault``)."""
    orders = workbook.table("orders")
    failed = orders.filter(orders.failed_at >= workbook.period.start, orders.failed_at < workbook.period.end)
    failed = failed.mutate(fault=ibis.coalesce(failed.at_fault, "unknown"))
    failed = failed.filter(failed.fault.isin(("supplier", "unknown")))
    return failed.select("order_id", "supplier_id", "sku", "failed_at", "failure_cause", "fault", "amount", "cost_amount", "currency")


def _made_good(workbook: Workbook, failed: ir.Table) -> ir.Table:
    """The failures with the first ``reshipped_at`` of their real tickets."""
    tickets = workbook.table("tickets").semi_join(failed, "order_id")
    sent = tickets.filter(tickets.opened_at < workbook.period.end, ~tickets.is_staged, tickets.reshipped_at < workbook.period.end)
    first = sent.group_by("order_id").agg(reshipped_at=sent.reshipped_at.min())
    return failed.left_join(first, "order_id").drop("order_id_right")


def _reship_cases(workbook: Workbook) -> ir.Table:
    cases = _made_good(workbook, failures(workbook))
    return waiting_cases(workbook, cases, started=cases.failed_at, ended=cases.reshipped_at)


def _widened(workbook: Workbook, measure: str, found: pd.DataFrame, counts: pd.DataFrame) -> pd.DataFrame:
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


def _owed(workbook: Workbook) -> ir.Table:
    """Failures whose deadline fell in the month, each with its terms; ``due``, ``paid`` and ``outstanding`` in ten-thousandths of its currency."""
    period = workbook.period
    longest = ceil(_longest_reship_seconds(workbook))
    failed = ibis.union(failures(workbook), failures(workbook, months_before=ceil(longest / _SHORTEST_MONTH)))
    failed = failed.filter(failed.failed_at >= period.start - ibis.interval(seconds=longest))
    cases = _with_terms(workbook, _made_good(workbook, failed))
    allowed = cases.allowed_seconds * SECOND
    start, end = (moment.delta(cases.failed_at, unit="microsecond") for moment in (period.start, period.end))
    made_good = ibis.coalesce(cases.reshipped_at.delta(cases.failed_at, unit="microsecond") <= allowed, False)
    cases = cases.mutate(is_made_good=made_good, deadline=cases.failed_at + cases.allowed_seconds.as_interval("s")).filter(start <= allowed, allowed < end)
    cases = cases.mutate(remedy_per_million=ibis.ifelse(cases.is_made_good, cases.compensation_per_million, cases.damages_per_million))
    cases = cases.mutate(due=_share_of(cases.base_amount, cases.remedy_per_million), remedy_share=cases.remedy_per_million.cast("float64") / _PER_MILLION)
    cases = cases.left_join(_damages(workbook, failed), ["order_id", "currency"]).drop("order_id_right", "currency_right")
    received = ibis.coalesce(cases.received, 0)
    # Not `least`: that passes over a debt that is not known.
    cases = cases.mutate(paid=ibis.ifelse(received > cases.due, cases.due, ibis.ifelse(cases.due.isnull(), ibis.null("int64"), received)))
    return cases.mutate(outstanding=cases.due - cases.paid)


def _with_terms(workbook: Workbook, failures: ir.Table) -> ir.Table:
    """The failures with the terms of the contract in force on their local day: the standards', where it says nothing or there is none.

    Of several contracts in force the one that began last counts. What is stated and not readable is null, but for the hours.
    """
    failures = failures.mutate(day=to_local(failures.failed_at).date())
    contracts = _contracts(workbook).rename(contract_supplier_id="supplier_id")
    is_theirs = failures.supplier_id == contracts.contract_supplier_id
    joined = failures.left_join(contracts, [is_theirs, contracts.valid_from <= failures.day, ibis.coalesce(contracts.valid_to, failures.day) >= failures.day])
    latest = ibis.window(group_by="order_id", order_by=[ibis.desc(joined.valid_from), ibis.desc(joined.contract_id)])
    ranked = joined.mutate(rank=ibis.row_number().over(latest))
    cases = ranked.filter(ranked["rank"] == 0)
    standard = workbook.standards.value
    hours = _number(cases.reship_hours, LONGEST_TERM_HOURS)
    default_seconds = int(standard("contract.reship_time"))
    base = ibis.coalesce(cases.remedy_base, "cost")
    is_readable = cases.reship_hours.isnull() | hours.notnull()
    return cases.select(
        "order_id", "supplier_id", "failed_at", "fault", "currency", "reshipped_at", "contract_id",
        allowed_seconds=ibis.coalesce((hours * 3600).round().cast("int64"), default_seconds),
        base_amount=ibis.cases((is_readable & (base == "cost"), cases.cost_amount), (is_readable & (base == "amount"), cases.amount)),
        compensation_per_million=_per_million(cases.compensation_share, standard("contract.compensation_share")),
        damages_per_million=_per_million(cases.damages_share, standard("contract.damages_share")),
    )  # fmt: skip


def _contracts(workbook: Workbook) -> ir.Table:
    """The contracts, one row each, with the terms that a remedy rests on, as they are written."""
    terms = workbook.table("contract_terms")
    names = ("compensation_share", "damages_share", "reship_hours", "remedy_base")
    stated = terms.group_by("contract_id").agg(**{name: terms.value.max(where=terms.term == name) for name in names})
    contracts = workbook.table("contracts").select("contract_id", "supplier_id", "valid_from", "valid_to")
    return contracts.left_join(stated, "contract_id").drop("contract_id_right")


def _longest_reship_seconds(workbook: Workbook) -> float:
    """The longest time that any contract, or the standard, allows: no earlier failure has its deadline in the month."""
    terms = workbook.table("contract_terms")
    hours = _number(terms.value, LONGEST_TERM_HOURS).max(where=terms.term == "reship_hours").execute()
    standard = workbook.standards.value("contract.reship_time")
    return standard if pd.isna(hours) else max(standard, hours * 3600)


def _number(text, maximum: float):
    """The number that a term states; null where it states none from 0 to the maximum."""
    number = text.try_cast("float64")
    return ibis.ifelse((number >= 0) & (number <= maximum), number, ibis.null("float64"))


def _per_million(text, default: float):
    stated = (_number(text, 1.0) * _PER_MILLION).round().cast("int64")
    return ibis.ifelse(text.isnull(), round(default * _PER_MILLION), stated)


def _share_of(amount, per_million):
    """A share of an amount, rounded half-up to the cent, in ten-thousandths: whole numbers throughout, so that a half is a half."""
    parts = (amount.cast("decimal(38,4)") * _PARTS).cast("decimal(38,0)")
    scale = _PER_MILLION * _CENT
    scaled = parts * per_million + scale // 2
    return ((scaled - scaled % scale).cast("float64") / scale).round().cast("int64") * _CENT


def _amount(parts):
    """Ten-thousandths as an exact amount."""
    return (parts.cast("decimal(18,4)") * ibis.literal(Decimal("0.0001"), type="decimal(18,4)")).cast("decimal(18,4)")


def _damages(workbook: Workbook, failed: ir.Table) -> ir.Table:
    """Damages paid for the failures by the month's end, per order and currency, in ten-thousandths."""
    paid = workbook.table("compensations").semi_join(failed, "order_id")
    paid = paid.filter(paid.kind == "damages", paid.paid_at < workbook.period.end)
    parts = (paid.amount.cast("decimal(38,4)") * _PARTS).cast("int64")
    return paid.mutate(parts=parts).group_by("order_id", "currency").agg(received=ibis._.parts.sum())


@query
def _sums(workbook: Workbook) -> ir.Table:
    """Counts and sums (ten-thousandths) per supplier and currency; of unknown fault apart."""
    cases = _owed(workbook)
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


def _main_currency(sums: pd.DataFrame) -> pd.DataFrame:
    """One row a supplier: that of the currency with most failures, the first by name where two have as many."""
    ranked = sums.sort_values(["supplier_id", "failures", "currency"], ascending=[True, False, True])
    return ranked.drop_duplicates("supplier_id")
