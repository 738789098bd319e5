"""Real tickets, and how long customers wait for the first human answer. Staged tickets are test questions of ours and never among them."""

from __future__ import annotations

from kmanalysis.engine.lazy import ir
from kmanalysis.measures.common.waiting import cases_by_second, waiting_cases
from kmanalysis.workbook import Workbook, query


def real_tickets(workbook: Workbook) -> ir.Table:
    """The real tickets opened in the month."""
    tickets = workbook.in_month("tickets")
    return tickets.filter(~tickets.is_staged)


def answer_cases(workbook: Workbook) -> ir.Table:
    """The month's real tickets as waits for the first human answer (`waiting_cases`).

    A ticket that was resolved by the month's end without an answer before it never got one.
    """
    tickets = real_tickets(workbook)
    never = is_open(workbook, tickets.first_response_at) & ~is_open(workbook, tickets.resolved_at)
    return waiting_cases(workbook, tickets, started=tickets.opened_at, ended=tickets.first_response_at, never=never)


@query("tickets.answer_counts")
def answer_counts(workbook: Workbook) -> ir.Table:
    """The `answer_cases`, as `waiting_counts` takes them."""
    return cases_by_second(answer_cases(workbook))


def is_open(workbook: Workbook, ended: ir.TimestampValue) -> ir.BooleanValue:
    """Whether something had not happened yet at the month's end."""
    return ended.isnull() | (ended >= workbook.period.end)
