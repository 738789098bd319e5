"""Failures in a row: when the right to end a contract arose.

Only real cases that are the supplier's fault count, in order of opening; an order with three tickets is one case. A case has failed when its
deadline passed without a good code (for a case without a failed order: without a solution), whenever its ticket was closed. A case that is
open, or whose fault nobody knows, neither breaks nor extends a run. A contract has runs of its own.
"""

from __future__ import annotations

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.remedies import allowed_seconds, in_force, stated_number
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, frame, query

RUNS_SHOWN = 20
"""Runs a supplier that a page lists, the latest."""

NEEDS = {"tickets": ("at_fault", "reshipped_at", "resolved_at"), "orders": ("failed_at",)}
"""What must be given before a case has failed: no remedy on record is one thing, no record of remedies another."""

_MOST_IN_A_ROW = 1_000
_PARTITION = ("supplier_id", "contract")


@frame("contract.failure_runs", needs=lambda: NEEDS)
@query("contract.failure_runs")
def failure_runs(workbook: Workbook) -> ir.Table:
    """The runs of failures until the month's end that gave a right to end the contract, and each supplier's unbroken one; at most `RUNS_SHOWN`.

    Columns: supplier_id, contract_id, failures, asked (in a row), first_opened_at, right_arose_at (the deadline of the failure that
    completed the row; null: not yet), first_ticket_id, deciding_ticket_id, last_deadline_at, is_unbroken, is_of_month (the right arose in the month).
    """
    cases = _decided_cases(workbook)
    so_far = ibis.window(group_by=list(_PARTITION), order_by=["opened_at", "case"], preceding=None, following=0)
    counted = cases.mutate(good=cases.is_good.cast("int64"))
    counted = counted.mutate(broken=counted.good.sum().over(so_far), broken_in_all=counted.good.sum().over(ibis.window(group_by=list(_PARTITION))))
    failed = counted.filter(counted.good == 0)
    within = ibis.window(group_by=[*_PARTITION, "broken"], order_by=["opened_at", "case"])
    failed = failed.mutate(place=ibis.row_number().over(within) + 1)
    runs = failed.group_by([*_PARTITION, "broken"]).agg(
        contract_id=failed.contract_id.max(),
        failures=failed.count(),
        asked=failed.asked.max(),
        first_opened_at=failed.opened_at.min(),
        completed_at=failed.deadline.max(where=failed.place <= failed.asked),
        first_ticket_id=failed.ticket_id.max(where=failed.place == 1),
        deciding_ticket_id=failed.ticket_id.max(where=failed.place == failed.asked),
        last_deadline_at=failed.deadline.max(),
        is_unbroken=(failed.broken == failed.broken_in_all).any(),
    )
    runs = runs.mutate(right_arose_at=ibis.ifelse(runs.failures >= runs.asked, runs.completed_at, ibis.null("timestamp")))
    runs = runs.filter(runs.right_arose_at.notnull() | runs.is_unbroken)
    latest = ibis.window(group_by="supplier_id", order_by=[ibis.desc(runs.last_deadline_at), ibis.desc(runs.contract), ibis.desc(runs.broken)])
    ranked = runs.mutate(rank=ibis.row_number().over(latest), is_of_month=ibis.coalesce(runs.right_arose_at >= workbook.period.start, False))
    shown = ranked.filter(ranked["rank"] < RUNS_SHOWN).order_by("supplier_id", "rank")
    return shown.select(
        "supplier_id", "contract_id", "failures", "asked", "first_opened_at", "right_arose_at", "first_ticket_id", "deciding_ticket_id",
        "last_deadline_at", "is_unbroken", "is_of_month",
    )  # fmt: skip


def _decided_cases(workbook: Workbook) -> ir.Table:
    """The supplier's cases of all time that were decided at the month's end, with their deadline and whether they were made good by it."""
    end = workbook.period.end
    cases = in_force(workbook, (begun := _cases(workbook)), key="case", day=to_local(begun.started_at).date())
    standard = int(workbook.standards.value("contract.failures_in_a_row"))
    asked = stated_number(cases.failures_in_a_row, _MOST_IN_A_ROW).round().cast("int64")
    cases = cases.mutate(
        contract=ibis.coalesce(cases.contract_id, ""),
        deadline=cases.started_at + allowed_seconds(workbook, cases.reship_hours, "contract.reship_time").as_interval("s"),
        asked=ibis.coalesce(ibis.ifelse(asked >= 1, asked, ibis.null("int64")), standard),
    )
    is_good = ibis.coalesce(cases.good_at <= cases.deadline, False) & ibis.coalesce(cases.good_at < end, False)
    cases = cases.mutate(is_good=is_good)
    return cases.filter(cases.is_good | (cases.deadline < end))


def _cases(workbook: Workbook) -> ir.Table:
    """Cases that are the supplier's fault: case, supplier_id, ticket_id, opened_at, started_at (the failure, else the opening), good_at."""
    tickets = workbook.table("tickets")
    real = tickets.filter(tickets.opened_at < workbook.period.end, ~tickets.is_staged)
    # Two kinds of ids must not meet.
    named = ibis.coalesce(ibis.literal("o") + real.order_id, ibis.literal("t") + real.ticket_id)
    by_case = real.mutate(case=named).group_by("supplier_id", "case").agg(
        order_id=real.order_id.max(),
        ticket_id=real.ticket_id.min(),
        opened_at=real.opened_at.min(),
        reshipped_at=real.reshipped_at.min(),
        resolved_at=real.resolved_at.min(),
        by_supplier=(real.at_fault == "supplier").any(),
    )  # fmt: skip
    theirs = by_case.filter(ibis.coalesce(by_case.by_supplier, False))
    orders = workbook.table("orders")
    failed = orders.filter(orders.failed_at < workbook.period.end).select("failed_at", failed_order_id="order_id")
    joined = theirs.left_join(failed, theirs.order_id == failed.failed_order_id)
    # `least` passes over what is not there, as it should here.
    solved = ibis.least(joined.reshipped_at, joined.resolved_at)
    return joined.select(
        "case",
        "supplier_id",
        "ticket_id",
        "opened_at",
        started_at=ibis.coalesce(joined.failed_at, joined.opened_at),
        good_at=ibis.ifelse(joined.failed_at.notnull(), joined.reshipped_at, solved),
    )
