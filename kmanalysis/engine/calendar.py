"""The engine's table of the days, with their kind: a month table whose rows nobody has to work out."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from kmanalysis.engine.interface import Column
from kmanalysis.times import Month, day_kind

CALENDAR = "kmanalysis.calendar"
"""Its name among the kept tables."""

CALENDAR_COLUMNS = (Column("day", "date", "DATE"), Column("day_kind", "string", "STRING"))


def calendar_days(month: Month) -> pa.Table:
    """The days of a month: ``day`` and ``day_kind`` (see `times.day_kind`; "unknown" for a year that it does not know)."""
    days = [month.first_day + timedelta(days=number) for number in range(month.days)]
    return pa.table({"day": pa.array(days, pa.date32()), "day_kind": pa.array([day_kind(day) or "unknown" for day in days], pa.string())})
