"""The claims ledger: what each failed order gives a claim to, what was claimed for it before, and what is left to claim or to take back.

An event is claimed once, under the digest of contract and event. `kmanalysis claims export` alone records claims as made; a ledger is a reading of
the tables and changes nothing. Every recorded line of an event counts as claimed, whatever its clause; where the sum of its lines is not what is
outstanding now (it was paid since, or a fact was corrected) an adjustment brings it there. Claims dated after the month that follows the ledger's
month belong to a later ledger, which their events are left to.
"""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.errors import UsageError
from kmanalysis.measures.common.money import as_amount, as_parts, to_cent
from kmanalysis.measures.common.remedies import failed_orders, remedies_due
from kmanalysis.times import Month
from kmanalysis.workbook import Workbook, frame, kept, query

CLAUSES = ("compensation", "damages")
"""Clauses that give a claim: made good in time, or not. One failed order earns one of them."""

ADJUSTMENT = "adjustment:"
"""How the clause of a recorded adjustment begins; the claim that it adjusts follows."""

TO_CLAIM = ("claim", "adjustment")
"""States of the events that have something to claim or to take back."""

NOT_CLAIMABLE = ("unknown_fault", "unknown_amount")
"""States of the events that cannot be claimed yet: nobody knows whose fault, or the base or the terms are missing."""

NEEDS = {"orders": ("failed_at", "at_fault"), "tickets": ("reshipped_at",), "compensations": ("paid_at",)}
"""What must be given before anything is owed: a table of payments that is not there does not say that nothing was paid."""

LINES_SHOWN = 50
"""Lines of the ledger a supplier that a page lists."""

_KEYS = ("order_id", "supplier_id", "currency")
_LINE = (
    "supplier_id", "claim_id", "state", "contract_id", "order_id", "clause", "reason", "adjusts", "failed_at", "deadline", "reshipped_at",
    "base_amount", "remedy_share", "due_amount", "paid_amount", "outstanding_amount", "claimed_amount", "claim_amount", "currency",
    "ticket_ids", "compensation_ids",
)  # fmt: skip


@kept("decisions.ledger")
def ledger(workbook: Workbook) -> ir.Table:
    """The events whose deadline had passed at the month's end, a row an order, supplier and currency, with what is to claim for each.

    Of `remedies_due`; amounts in ten-thousandths: ``claimed`` (recorded), ``amount`` (to claim; negative: to take back). ``state``: claim,
    adjustment, settled (nothing is left to claim), later (a later ledger has it), and `NOT_CLAIMABLE`. ``reason`` of an adjustment: paid (since),
    withdrawn (no longer a failure of the supplier's), corrected.
    """
    recorded, by_event = _claims_by_event(workbook), _all_claims(workbook)
    due = remedies_due(workbook, failed_orders(workbook))
    due = due.mutate(clause=ibis.ifelse(due.is_made_good, "compensation", "damages"))
    columns = (*due.columns, "claimed", "lines")
    known = due.left_join(recorded, _KEYS).select(*columns)
    events = known.union(_withdrawn(workbook, due, recorded).select(*columns))
    events = events.left_join(by_event, "order_id").drop("order_id_right")
    is_supplier_fault = events.fault == "supplier"
    outstanding = ibis.ifelse(is_supplier_fault, to_cent(events.outstanding), 0)
    events = events.mutate(is_claimed=events.lines.notnull(), change=outstanding - ibis.coalesce(events.claimed, 0))
    state = ibis.cases(
        (ibis.coalesce(events.has_later, False), "later"),
        (~is_supplier_fault & ~events.is_claimed, "unknown_fault"),
        (is_supplier_fault & events.due.isnull(), "unknown_amount"),
        (~events.is_claimed & (events.change > 0), "claim"),
        (events.is_claimed & (events.change != 0), "adjustment"),
        else_="settled",
    )
    events = events.mutate(state=state).mutate(amount=ibis.ifelse(ibis._.state.isin(TO_CLAIM), ibis._.change, 0))
    is_paid = (events.change < 0) & (events.due >= events.claimed) & (events.paid >= -events.change)
    reason = ibis.cases((events.state != "adjustment", ibis.null("string")), (~is_supplier_fault, "withdrawn"), (is_paid, "paid"), else_="corrected")
    return events.mutate(reason=reason, claim_id=_claim_id(events), adjusts=ibis.ifelse(events.is_claimed, events.first_id, ibis.null("string")))


@frame("decisions.claims_owed", needs=lambda: NEEDS)
@query("decisions.claims_owed")
def claims_owed(workbook: Workbook) -> ir.Table:
    """What each supplier owes, a row a supplier and currency.

    Columns: supplier_id, currency; failures of the month by the supplier with their due_amount, paid_amount and month_outstanding_amount (deadline in
    the month); outstanding_amount (of all events until the month's end); claimed_amount (recorded for them), new_amount, adjustment_amount and
    claim_amount (both: what is to claim now), claims and adjustments (their lines); unknown_fault and unknown_fault_amount, unknown_amounts.
    """
    events = ledger(workbook)
    is_supplier_fault = events.fault == "supplier"
    of_month = is_supplier_fault & events.is_of_month
    open_amount = to_cent(events.outstanding)
    sums = {
        "due": events.due.sum(where=of_month),
        "paid": events.paid.sum(where=of_month),
        "month_outstanding": open_amount.sum(where=of_month),
        "outstanding": open_amount.sum(where=is_supplier_fault),
        "claimed": events.claimed.sum(where=events.state != "later"),
        "new": events.amount.sum(where=events.state == "claim"),
        "adjustment": events.amount.sum(where=events.state == "adjustment"),
        "claim": events.amount.sum(),
        "unknown_fault": open_amount.sum(where=events.state == "unknown_fault"),
    }
    found = events.group_by("supplier_id", "currency").agg(
        failures=events.count(where=of_month),
        claims=events.count(where=events.state == "claim"),
        adjustments=events.count(where=events.state == "adjustment"),
        unknown_fault=events.count(where=events.state == "unknown_fault"),
        unknown_amounts=events.count(where=events.state == "unknown_amount"),
        **{f"{name}_amount": as_amount(ibis.coalesce(parts, 0)) for name, parts in sums.items()},
    )
    counts = ("claims", "adjustments", "unknown_fault", "unknown_amounts")
    return found.select("supplier_id", "currency", "failures", *(f"{name}_amount" for name in sums), *counts).order_by("supplier_id", "currency")


@frame("decisions.claim_lines", needs=lambda: NEEDS)
@query("decisions.claim_lines")
def claim_lines(workbook: Workbook) -> ir.Table:
    """The lines of the ledger that are to claim, to take back, or not claimable yet, at most `LINES_SHOWN` a supplier, the largest amounts first."""
    lines = _lines(workbook, (*TO_CLAIM, *NOT_CLAIMABLE))
    weight = lines.claim_amount.abs()
    order = ibis.window(group_by="supplier_id", order_by=[ibis.desc(weight), ibis.desc(lines.outstanding_amount), ibis.asc(lines.order_id), "currency"])
    ranked = lines.mutate(rank=ibis.row_number().over(order))
    return ranked.filter(ranked["rank"] < LINES_SHOWN).order_by("supplier_id", "rank").drop("rank")


def claims_to_make(workbook: Workbook, suppliers: tuple[str, ...] = ()) -> pd.DataFrame:
    """Every line of the ledger that is to claim or to take back, of these suppliers or all, in order of supplier, deadline and event.

    Columns as `claim_lines`. Raises UsageError for a supplier that there is not, and where `NEEDS` were not given.
    """
    if lacks := workbook.not_given(NEEDS):
        raise UsageError("Claims cannot be calculated: this folder lacks {lacks}, so remedies and payments are unknown.", lacks=", ".join(lacks))
    for supplier in suppliers:
        if supplier not in workbook.names:
            raise UsageError("No supplier has the id {found!r}. Known: {accepted}.", found=supplier, accepted=", ".join(workbook.suppliers[:20]))
    lines = _claim_lines(workbook)
    return lines[lines["supplier_id"].isin(suppliers)].reset_index(drop=True) if suppliers else lines


def recorded_claims(lines: pd.DataFrame, on: date) -> pd.DataFrame:
    """The lines as rows of the canonical table ``claims``, made on that day."""
    clause = lines["clause"].where(lines["adjusts"].isna(), ADJUSTMENT + lines["adjusts"].astype("str"))
    named = lines.assign(event_id=lines["order_id"], clause=clause, amount=lines["claim_amount"], claimed_on=on)
    return named[["claim_id", "contract_id", "supplier_id", "event_id", "clause", "amount", "currency", "claimed_on"]]


def claim_day(month: Month, text: str | None = None) -> date:
    """The day on which a month's claims are made: the one written as ``2026-11-03``, else the day after the month.

    Raises UsageError for a text that is no day, and for a day before the month is over.
    """
    first = month.last_day + timedelta(days=1)
    if text is None:
        return first
    try:
        day = date.fromisoformat(text)
    except ValueError as problem:
        raise UsageError("Day {found!r} cannot be read. Write it as year-month-day, like 2026-11-01.", found=text) from problem
    if day < first:
        raise UsageError("Claims of {month} cannot be made on {day}: the month is not over. Choose {first} or later.", month=month, day=day, first=first)
    return day


@query("decisions.lines_to_claim")
def _claim_lines(workbook: Workbook) -> ir.Table:
    return _lines(workbook, TO_CLAIM).order_by("supplier_id", "deadline", "order_id", "currency")


def _lines(workbook: Workbook, states: tuple[str, ...]) -> ir.Table:
    """Events of these states with their amounts and the ids of the tickets and payments behind them."""
    events = ledger(workbook)
    chosen = events.filter(events.state.isin(states))
    chosen = _with_ids(workbook, chosen, "tickets", "ticket_id", "opened_at")
    chosen = _with_ids(workbook, chosen, "compensations", "compensation_id", "paid_at")
    amounts = {f"{name}_amount": as_amount(chosen[name]) for name in ("due", "paid", "outstanding")}
    lines = chosen.mutate(**amounts, claimed_amount=as_amount(ibis.coalesce(chosen.claimed, 0)), claim_amount=as_amount(chosen.amount))
    return lines.select(*_LINE)


def _with_ids(workbook: Workbook, events: ir.Table, name: str, column: str, moment: str) -> ir.Table:
    rows = workbook.table(name)
    rows = rows.filter(rows[moment] < workbook.period.end)
    rows = rows.filter(~rows.is_staged) if name == "tickets" else rows
    ids = rows.semi_join(events, "order_id").group_by("order_id").agg(**{f"{column}s": rows[column].collect().sort().join(" ")})
    return events.left_join(ids, "order_id").drop("order_id_right")


def _claims(workbook: Workbook) -> ir.Table:
    """The recorded claims, with whether they are of a later ledger than the month's, and whether this ledger made them."""
    claims = workbook.table("claims")
    later = workbook.period.end + ibis.interval(hours=8) + ibis.interval(months=1)
    is_adjustment = claims.clause.startswith(ADJUSTMENT)
    return claims.mutate(
        order_id=claims.event_id, parts=as_parts(claims.amount), is_later=claims.claimed_on >= later.date(), is_adjustment=is_adjustment,
        is_ours=is_adjustment | claims.clause.isin(CLAUSES),
    )  # fmt: skip


def _claims_by_event(workbook: Workbook) -> ir.Table:
    """What was claimed by event, supplier and currency: claimed (parts), lines, is_ours (all of them are this ledger's)."""
    claims = _claims(workbook)
    return claims.filter(~claims.is_later).group_by(*_KEYS).agg(
        claimed=ibis._.parts.sum(), lines=ibis._.count(), is_ours=ibis._.is_ours.all(), recorded_contract=ibis._.contract_id.max(),
        recorded_clause=ibis._.clause.min(where=~ibis._.is_adjustment),
    )  # fmt: skip


def _all_claims(workbook: Workbook) -> ir.Table:
    """The claims of an event, whoever they were made on: first_id (the first claim's), all_lines, has_later."""
    claims = _claims(workbook)
    first = claims.claim_id.min(where=~claims.is_adjustment)
    return claims.group_by("order_id").agg(first_id=ibis.coalesce(first, claims.claim_id.min()), all_lines=claims.count(), has_later=claims.is_later.any())


def _withdrawn(workbook: Workbook, due: ir.Table, recorded: ir.Table) -> ir.Table:
    """Claims of this ledger whose order is there and is no failure of that supplier's any more. An order that is not there says nothing."""
    gone = recorded.filter(recorded.is_ours).anti_join(due, _KEYS)
    orders = workbook.table("orders").select("order_id", failed_at_now="failed_at")
    known = gone.join(orders, "order_id")
    empty = {name: ibis.null(str(kind)) for name, kind in due.schema().items() if name not in known.columns}
    now = {
        "fault": ibis.literal("none"),
        "contract_id": known.recorded_contract,
        "clause": ibis.coalesce(known.recorded_clause, CLAUSES[1]),
        "failed_at": known.failed_at_now,
    }
    none = {name: ibis.literal(0, type="int64") for name in ("due", "paid", "outstanding")} | {"is_of_month": ibis.literal(False)}
    return known.mutate(**(empty | now | none))


def _claim_id(events: ir.Table) -> ir.StringValue:
    """The digest of contract and event; of an event that was claimed before, the digest of that claim and of what tells this line from its others."""
    mark = "\x1f"
    first = ibis.coalesce(events.contract_id, "") + mark + events.order_id
    further = events.first_id + mark + events.all_lines.cast("string") + mark + events.supplier_id + mark + events.currency
    return ibis.literal("C") + ibis.ifelse(events.all_lines.isnull(), first, further).hexdigest("sha256").substr(0, 20)


FRAMES = (claims_owed, claim_lines)
