"""Failed orders and what a contract gives for them: who failed, what was made good by when, what is due and what was paid.

Amounts are whole ten-thousandths of their currency, so that no sum ever rounds; `money.as_amount` makes them exact decimals again.
"""

from __future__ import annotations

from math import ceil, isnan

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.money import CENT_PARTS, MONEY_SUM, PARTS, as_parts
from kmanalysis.measures.common.time import SECOND
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, kept, query, row_fact

LONGEST_TERM_HOURS = 24 * 366
"""A contract that allows more hours than a year has is not readable."""

TERMS = ("compensation_share", "damages_share", "reship_hours", "restock_hours", "failures_in_a_row", "remedy_base", "data_security")
"""Terms that a contract may state; where it says nothing the standards hold."""

_PER_MILLION = 1_000_000
_SHORTEST_MONTH = 28 * 86_400  # seconds


@kept("remedies.failures")
def failures(workbook: Workbook) -> ir.Table:
    """The month's failed orders that are the supplier's fault, or nobody knows whose (``fault``)."""
    return failed_orders(workbook).filter(ibis._.failed_at >= workbook.period.start)


def failed_orders(workbook: Workbook) -> ir.Table:
    """The same of all time until the month's end."""
    orders = workbook.table("orders")
    failed = orders.filter(orders.failed_at < workbook.period.end)
    failed = failed.mutate(fault=ibis.coalesce(failed.at_fault, "unknown"))
    failed = failed.filter(failed.fault.isin(("supplier", "unknown")))
    return failed.select("order_id", "supplier_id", "sku", "failed_at", "failure_cause", "fault", "amount", "cost_amount", "currency")


def made_good(workbook: Workbook, failed: ir.Table) -> ir.Table:
    """The failures with the first ``reshipped_at`` of their real tickets."""
    tickets = workbook.table("tickets").semi_join(failed, "order_id")
    sent = tickets.filter(tickets.opened_at < workbook.period.end, ~tickets.is_staged, tickets.reshipped_at < workbook.period.end)
    first = sent.group_by("order_id").agg(reshipped_at=sent.reshipped_at.min())
    return failed.left_join(first, "order_id").drop("order_id_right")


def month_remedies(workbook: Workbook) -> ir.Table:
    """The failures whose deadline fell in the month, as `remedies_due` gives them."""
    failed = ibis.union(failures(workbook), failures(workbook, months_before=_months_owed(workbook)))
    return remedies_due(workbook, failed).filter(ibis._.is_of_month)


def remedies_due(workbook: Workbook, failed: ir.Table) -> ir.Table:
    """The failures whose deadline had passed at the month's end, with their terms and what was known then.

    Adds to the failure: contract_id, ``deadline``, ``is_of_month`` (it fell in the month), ``reshipped_at``, ``is_made_good``, ``base_amount``,
    ``remedy_share``, and in ten-thousandths of its currency ``due``, ``paid`` (up to what is due) and ``outstanding``; null where base or terms are missing.
    """
    period = workbook.period
    cases = with_terms(workbook, made_good(workbook, failed))
    allowed = cases.allowed_seconds * SECOND
    start, end = (moment.delta(cases.failed_at, unit="microsecond") for moment in (period.start, period.end))
    in_time = ibis.coalesce(cases.reshipped_at.delta(cases.failed_at, unit="microsecond") <= allowed, False)
    deadline = cases.failed_at + cases.allowed_seconds.as_interval("s")
    cases = cases.mutate(is_made_good=in_time, deadline=deadline, is_of_month=start <= allowed).filter(allowed < end)
    cases = cases.mutate(remedy_per_million=ibis.ifelse(cases.is_made_good, cases.compensation_per_million, cases.damages_per_million))
    cases = cases.mutate(due=_share_of(cases.base_amount, cases.remedy_per_million), remedy_share=cases.remedy_per_million.cast("float64") / _PER_MILLION)
    cases = cases.left_join(_damages(workbook, failed), ["order_id", "currency"]).drop("order_id_right", "currency_right")
    received = ibis.coalesce(cases.received, 0)
    # Not `least`: that passes over a debt that is not known.
    cases = cases.mutate(paid=ibis.ifelse(received > cases.due, cases.due, ibis.ifelse(cases.due.isnull(), ibis.null("int64"), received)))
    return cases.mutate(outstanding=cases.due - cases.paid)


def with_terms(workbook: Workbook, failed: ir.Table) -> ir.Table:
    """The failures with the terms of the contract in force on their local day: the standards', where it says nothing or there is none.

    What is stated and not readable is null, but for the hours.
    """
    cases = in_force(workbook, failed, key="order_id", day=to_local(failed.failed_at).date())
    standard = workbook.standards.value
    hours = stated_number(cases.reship_hours, LONGEST_TERM_HOURS)
    base = ibis.coalesce(cases.remedy_base, "cost")
    is_readable = cases.reship_hours.isnull() | hours.notnull()
    return cases.select(
        "order_id", "supplier_id", "failed_at", "fault", "currency", "reshipped_at", "contract_id",
        allowed_seconds=allowed_seconds(workbook, cases.reship_hours, "contract.reship_time"),
        base_amount=ibis.cases((is_readable & (base == "cost"), cases.cost_amount.nullif(0)), (is_readable & (base == "amount"), cases.amount)),
        compensation_per_million=_per_million(cases.compensation_share, standard("contract.compensation_share")),
        damages_per_million=_per_million(cases.damages_share, standard("contract.damages_share")),
    )  # fmt: skip


def in_force(workbook: Workbook, events: ir.Table, *, key: str | list[str], day: ir.DateValue) -> ir.Table:
    """The events (one row a ``key``, with supplier_id) with the contract in force on their day: contract_id and, as they are written, its `TERMS`.

    Of several contracts in force the one that began last counts.
    """
    events = events.mutate(day=day)
    contracts = stated_terms(workbook).select("contract_id", "valid_from", "valid_to", *TERMS, contract_supplier_id="supplier_id")
    is_own = events.supplier_id == contracts.contract_supplier_id
    joined = events.left_join(contracts, [is_own, contracts.valid_from <= events.day, ibis.coalesce(contracts.valid_to, events.day) >= events.day])
    latest = ibis.window(group_by=key, order_by=[ibis.desc(joined.valid_from), ibis.desc(joined.contract_id)])
    ranked = joined.mutate(rank=ibis.row_number().over(latest))
    return ranked.filter(ranked["rank"] == 0).drop("rank", "contract_supplier_id")


def stated_terms(workbook: Workbook) -> ir.Table:
    """The contracts, one row each, with their `TERMS` as they are written."""
    terms = workbook.table("contract_terms")
    stated = terms.group_by("contract_id").agg(**{name: terms.value.max(where=terms.term == name) for name in TERMS})
    return workbook.table("contracts").left_join(stated, "contract_id").drop("contract_id_right")


def stated_number(text: ir.StringValue, maximum: float) -> ir.FloatingValue:
    """The number that a term states; null where it states none from 0 to the maximum."""
    number = text.try_cast("float64")
    return ibis.ifelse((number >= 0) & (number <= maximum), number, ibis.null("float64"))


def allowed_seconds(workbook: Workbook, hours: ir.StringValue, standard: str) -> ir.IntegerValue:
    """The time that a term of hours allows, in whole seconds; the standard's, where it says nothing or is not readable."""
    stated = stated_number(hours, LONGEST_TERM_HOURS)
    return ibis.coalesce((stated * 3600).round().cast("int64"), int(workbook.standards.value(standard)))


@row_fact("remedies.months_owed")
def _months_owed(workbook: Workbook) -> int:
    """How many months back a failure may lie whose deadline falls in a month, by the longest time that any contract, or the standard, allows."""
    hours = float(_longest_term(workbook)["hours"].astype("float64").to_numpy()[0])
    standard = workbook.standards.value("contract.reship_time")
    return ceil((standard if isnan(hours) else max(standard, hours * 3600)) / _SHORTEST_MONTH)


@query("remedies.longest_term")
def _longest_term(workbook: Workbook) -> ir.Table:
    """The longest term for a good code, in hours: hours."""
    terms = workbook.table("contract_terms")
    return terms.aggregate(hours=stated_number(terms.value, LONGEST_TERM_HOURS).max(where=terms.term == "reship_hours"))


def _per_million(text: ir.StringValue, default: float) -> ir.IntegerValue:
    stated = (stated_number(text, 1.0) * _PER_MILLION).round().cast("int64")
    return ibis.ifelse(text.isnull(), round(default * _PER_MILLION), stated)


def _share_of(amount: ir.DecimalValue, per_million: ir.IntegerValue) -> ir.IntegerValue:
    """A share of an amount, rounded half-up to the cent, in ten-thousandths: whole numbers throughout, so that a half is a half."""
    parts = (amount.cast(MONEY_SUM) * PARTS).cast("decimal(38,0)")
    scale = _PER_MILLION * CENT_PARTS
    scaled = parts * per_million + scale // 2
    return ((scaled - scaled % scale).cast("float64") / scale).round().cast("int64") * CENT_PARTS


def _damages(workbook: Workbook, failed: ir.Table) -> ir.Table:
    """Damages paid for the failures by the month's end, per order and currency, in ten-thousandths."""
    paid = workbook.table("compensations").semi_join(failed, "order_id")
    paid = paid.filter(paid.kind == "damages", paid.paid_at < workbook.period.end)
    return paid.group_by("order_id", "currency").agg(received=as_parts(paid.amount).sum())
