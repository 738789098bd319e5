"""Time within a month, in the engine: days that a span covers, and whole microseconds since the month's first instant."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ir
from kmanalysis.times import Month
from kmanalysis.workbook import Workbook

SECOND = 1_000_000
"""Microseconds."""

DAY = 86_400 * SECOND
"""Microseconds."""


def each_day(workbook: Workbook, spans: ir.Table, first: str, last: str) -> ir.Table:
    """A row for each of the month's days that a span covers, from its column ``first`` to its column ``last``, both included; adds ``day``."""
    days = workbook.calendar.select("day")
    return spans.join(days, [days.day >= spans[first], days.day <= spans[last]])


def month_length(workbook: Workbook) -> ir.IntegerScalar:
    """Microseconds of the month, in the engine."""
    return workbook.period.days * DAY


def moment(workbook: Workbook, microseconds: ir.IntegerValue) -> ir.TimestampValue:
    """The naive UTC time that lies so many microseconds after the month's start."""
    return workbook.period.start + microseconds.as_interval("us")


def month_days(month: Month, numbers: pd.Series) -> pd.Series:
    """The days of the month by their number, the first being 0."""
    return pd.Series(pd.Timestamp(month.first_day), index=numbers.index).dt.as_unit("s") + pd.to_timedelta(numbers, unit="D")
