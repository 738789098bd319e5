"""Dimension 4, after-sales: answers, remedies, disputes."""

from __future__ import annotations

from importlib.resources import files

from kmanalysis.measures.common.measure import Measure
from kmanalysis.measures.service import disputes, hours, remedies, tickets

_GUIDES = files(__name__) / "guide.toml"

MEASURES = (
    Measure("service.first_response", "service", tickets.first_response, tickets.first_response_rows, _GUIDES),
    Measure("service.resolution", "service", tickets.resolution, tickets.resolution_rows, _GUIDES),
    Measure("service.round_the_clock", "service", hours.round_the_clock, hours.round_the_clock_rows, _GUIDES),
    Measure("service.reship_in_time", "service", remedies.reship_in_time, remedies.reship_in_time_rows, _GUIDES),
    Measure("service.compensation_paid", "service", remedies.compensation_paid, remedies.compensation_paid_rows, _GUIDES),
    Measure("service.dispute_rate", "service", disputes.dispute_rate, disputes.dispute_rate_rows, _GUIDES),
)

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
"""What the charts draw beside the measures."""
