"""Months, local time and the Chinese working calendar: the one place that knows the zone.

Times are stored as naive UTC and shown in Asia/Shanghai, which is UTC+8 the year round.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import chinese_calendar

from kmanalysis.errors import UsageError

SHANGHAI_OFFSET = timedelta(hours=8)

YEARS = range(1900, 2200)
"""Years that a month may be named of: beyond them calendars and the types of times end one after the other."""

Moment = TypeVar("Moment")


def to_local(moment: Moment) -> Moment:
    """Asia/Shanghai time of a naive UTC time: a datetime, a pandas or numpy column, or an engine expression."""
    utc: Any = moment
    local: Moment = utc + SHANGHAI_OFFSET
    return local


def to_utc(moment: Moment) -> Moment:
    """Naive UTC of an Asia/Shanghai time; the inverse of `to_local`."""
    local: Any = moment
    utc: Moment = local - SHANGHAI_OFFSET
    return utc


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month in Asia/Shanghai."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Month:
        """The month written as ``2026-10``. Raises UsageError for anything else, and outside of `YEARS`."""
        match = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
        if not match:
            raise UsageError("Month {found!r} cannot be read. Write it as year-month, like 2026-10.", found=text)
        month = cls(int(match[1]), int(match[2]))
        if month.year not in YEARS:
            raise UsageError("Month {found!r} is out of range. Name one from {first} to {last}.", found=text, first=cls(YEARS[0], 1), last=cls(YEARS[-1], 12))
        return month

    @classmethod
    def of(cls, moment: datetime) -> Month:
        """The month in which a naive UTC time falls in Asia/Shanghai."""
        local = to_local(moment)
        return cls(local.year, local.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    def __add__(self, months: int) -> Month:
        year, index = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, index + 1)

    def __sub__(self, months: int) -> Month:
        return self + -months

    @property
    def first_day(self) -> date:
        """First day."""
        return date(self.year, self.number, 1)

    @property
    def last_day(self) -> date:
        """Last day."""
        return (self + 1).first_day - timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return self.last_day.day

    @property
    def start(self) -> datetime:
        """Its first instant, naive UTC."""
        return to_utc(datetime.combine(self.first_day, datetime.min.time()))

    @property
    def end(self) -> datetime:
        """The first instant after it, naive UTC."""
        return (self + 1).start

    def until(self, last: Month) -> list[Month]:
        """The months from this one to ``last``, both included; empty where ``last`` is earlier."""
        count = (last.year - self.year) * 12 + last.number - self.number + 1
        return [self + months for months in range(max(count, 0))]


@cache
def day_kind(day: date) -> str | None:
    """``workday``, ``weekend`` or ``holiday`` by the Chinese calendar with its make-up workdays; None for a year that it does not know."""
    try:
        is_holiday, festival = chinese_calendar.get_holiday_detail(day)
    except NotImplementedError:
        return None
    if not is_holiday:
        return "workday"
    return "holiday" if festival else "weekend"
