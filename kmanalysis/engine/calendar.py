"""The engine's table of the days, with their kind."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pyarrow as pa

from kmanalysis.times import day_kind

CALENDAR = "kmanalysis_calendar"
"""Its name."""


@cache
def calendar_days() -> pa.Table:
    """Every day that a timestamp may fall on: ``day`` and ``day_kind`` (see `times.day_kind`; "unknown" for a year that it does not know)."""
    first, last = date(1990, 1, 1), date(2100, 12, 31)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    # It knows whole years: asking for every day of the others took half a second.
    known = {year for year in range(first.year, last.year + 1) if day_kind(date(year, 1, 1))}
    kinds = [(day_kind(day) if day.year in known else None) or "unknown" for day in days]
    return pa.table({"day": pa.array(days, pa.date32()), "day_kind": pa.array(kinds, pa.string())})
