"""Days in the engine: what a span covers, and what is on offer."""

from __future__ import annotations

from kmanalysis.engine.lazy import ir
from kmanalysis.workbook import Workbook


def each_day(workbook: Workbook, spans: ir.Table, first: str, last: str) -> ir.Table:
    """A row for each of the month's days that a span covers, from its column ``first`` to its column ``last``, both included; adds ``day``."""
    days = workbook.calendar.select("day")
    return spans.join(days, [days.day >= spans[first], days.day <= spans[last]])


def on_offer(workbook: Workbook) -> ir.Table:
    """The listings that overlap the month."""
    listings = workbook.table("listings")
    still_listed = listings.listed_to.isnull() | (listings.listed_to >= workbook.period.first_day)
    return listings.filter(listings.listed_from <= workbook.period.last_day, still_listed)
