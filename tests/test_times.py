from datetime import date, datetime

import pytest

from kmanalysis.errors import UsageError
from kmanalysis.times import Month, day_kind, to_local, to_utc


def test_a_month_begins_at_midnight_in_shanghai():
    month = Month.parse("2026-10")
    assert month.start == datetime(2026, 9, 30, 16)
    assert month.end == datetime(2026, 10, 31, 16)
    assert (month.first_day, month.last_day, month.days) == (date(2026, 10, 1), date(2026, 10, 31), 31)


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-10", "2026/10", "", "2026-10-01"])
def test_a_month_is_written_in_one_way(text):
    with pytest.raises(UsageError, match="2026-10"):
        Month.parse(text)


def test_months_are_counted_over_the_year_s_end():
    december = Month.parse("2025-12")
    assert str(december + 1) == "2026-01"
    assert str(december - 12) == "2024-12"
    assert [str(month) for month in december.until(december + 2)] == ["2025-12", "2026-01", "2026-02"]
    assert december.until(december - 1) == []
    assert Month.of(datetime(2026, 9, 30, 16)) == Month.parse("2026-10")
    assert Month.of(datetime(2026, 9, 30, 15, 59, 59)) == Month.parse("2026-09")


def test_local_time_is_eight_hours_ahead_all_year():
    for moment in (datetime(2026, 1, 1), datetime(2026, 7, 1)):
        assert (to_local(moment) - moment).total_seconds() == 8 * 3600
        assert to_utc(to_local(moment)) == moment


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 10, 1), "holiday"),  # National Day
        (date(2026, 10, 10), "workday"),  # a Saturday that is worked to make up for the holiday
        (date(2026, 10, 11), "weekend"),
        (date(2026, 10, 12), "workday"),
        (date(2031, 10, 12), None),
    ],
)
def test_the_chinese_calendar_knows_holidays_and_make_up_workdays(day, kind):
    assert day_kind(day) == kind
