"""Dimension 4, after-sales: answers, remedies, disputes."""

from __future__ import annotations

from kmanalysis.measures.service import disputes, hours, remedies, tickets

MEASURES = {
    "service.first_response": (tickets.first_response, tickets.first_response_rows),
    "service.resolution": (tickets.resolution, tickets.resolution_rows),
    "service.round_the_clock": (hours.round_the_clock, hours.round_the_clock_rows),
    "service.reship_in_time": (remedies.reship_in_time, remedies.reship_in_time_rows),
    "service.compensation_paid": (remedies.compensation_paid, remedies.compensation_paid_rows),
    "service.dispute_rate": (disputes.dispute_rate, disputes.dispute_rate_rows),
}

FRAMES = (
    tickets.response_curve,
    tickets.resolution_curve,
    hours.response_by_hour,
    tickets.tickets_by_day,
    tickets.backlog,
    disputes.disputes_by_kind,
    remedies.remedies,
    remedies.remedy_cases,
)
