"""Nights, weekends, holidays and make-up workdays, in Asia/Shanghai."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.service.hours import response_by_hour, round_the_clock, round_the_clock_rows
from kmanalysis.times import day_kind


def ticket(local, response=60, **more):
    """A ticket opened at a local time and answered after so many seconds (None: not at all)."""
    opened = datetime.fromisoformat(local) - timedelta(hours=8)
    return {"opened_at": opened, "first_response_at": None if response is None else opened + timedelta(seconds=response), **more}


def row(found, measure, supplier="s1"):
    rows = found[(found["measure"] == measure) & (found["supplier_id"] == supplier)]
    assert len(rows) == 1, f"{len(rows)} rows of {measure} for {supplier}"
    return rows.iloc[0]


def shares(found):
    return {
        label: (row(found, f"service.round_the_clock{label}")["value"], row(found, f"service.round_the_clock{label}")["n"])
        for label in ("", ".night", ".weekend", ".holiday")
    }


def test_the_calendar_of_october_2026(workbook_of):
    """As announced by the State Council for 2026: 1 to 7 October off, 10 October (a Saturday) worked."""
    workbook = workbook_of({"tickets": [ticket("2026-10-12 12:00:00", 9000)]})
    days = workbook.rows_of(workbook.calendar.order_by("day"))["day_kind"]
    assert len(days) == 31
    assert [number for number in range(1, 32) if days.iloc[number - 1] == "holiday"] == [1, 2, 3, 4, 5, 6, 7]
    assert [number for number in range(1, 32) if days.iloc[number - 1] == "weekend"] == [11, 17, 18, 24, 25, 31]
    assert days.iloc[9] == "workday"


def test_nights_weekends_and_holidays_apart(workbook_of):
    tickets = [
        ticket("2026-10-12 12:00:00", 9000),  # Monday noon: not asked here
        ticket("2026-10-12 23:00:00", 60),  # Monday night
        ticket("2026-10-13 03:00:00", 9000),  # and after midnight
        ticket("2026-10-17 12:00:00", 60),  # Saturday
        ticket("2026-10-18 23:30:00", 9000),  # Sunday night: night and weekend, once in the whole
        ticket("2026-10-01 12:00:00", 60),  # National Day
    ]
    found = round_the_clock(workbook_of({"tickets": tickets}))
    assert shares(found) == {"": (0.6, 5), ".night": (pytest.approx(1 / 3), 3), ".weekend": (0.5, 2), ".holiday": (1.0, 1)}


def test_a_make_up_workday_is_no_weekend(workbook_of):
    found = round_the_clock(workbook_of({"tickets": [ticket("2026-10-10 12:00:00", 9000), ticket("2026-10-11 12:00:00", 60)]}))
    assert (row(found, "service.round_the_clock")["value"], row(found, "service.round_the_clock")["n"]) == (1.0, 1)


def test_the_night_begins_at_ten_and_ends_at_eight(workbook_of):
    times = ["21:59:59", "22:00:00", "07:59:59", "08:00:00"]
    found = round_the_clock(workbook_of({"tickets": [ticket(f"2026-10-13 {time}") for time in times]}))
    assert row(found, "service.round_the_clock.night")["n"] == 2


def test_the_night_is_a_standard(workbook_of):
    changed = {"counting.night_from": {"value": 1}, "counting.night_until": {"value": 5}}
    tickets = [ticket(f"2026-10-13 {time}") for time in ("00:59:59", "01:00:00", "04:59:59", "05:00:00", "23:00:00")]
    found = round_the_clock(workbook_of({"tickets": tickets}, standards=changed))
    assert row(found, "service.round_the_clock.night")["n"] == 2


def test_a_year_that_the_calendar_does_not_know(workbook_of):
    """In an unknown year a day counts for its night alone, and the report can say how many days were unknown."""
    assert day_kind(datetime(2031, 10, 1).date()) is None
    tickets = [ticket("2031-10-01 12:00:00", 9000), ticket("2031-10-04 12:00:00", 9000), ticket("2031-10-06 23:00:00", 60)]
    found = round_the_clock(workbook_of({"tickets": tickets}, month="2031-10"))
    assert (row(found, "service.round_the_clock")["value"], row(found, "service.round_the_clock")["n"]) == (1.0, 1)
    assert (row(found, "service.round_the_clock.unknown_days")["value"], row(found, "service.round_the_clock.unknown_days")["n"]) == (31, 31)
    assert found[found["measure"].isin(["service.round_the_clock.weekend", "service.round_the_clock.holiday"])].empty


def test_a_known_year_has_no_unknown_days(workbook_of):
    found = round_the_clock(workbook_of({"tickets": [ticket("2026-10-13 23:00:00")]}))
    assert "service.round_the_clock.unknown_days" not in set(found["measure"])


def test_the_last_ten_minutes_of_a_month_are_cut(workbook_of):
    """Opened at 23:55 on the last evening and answered after midnight: the month's end cuts it."""
    tickets = [ticket("2026-10-31 23:55:00", 900), ticket("2026-10-31 23:00:00", 60), ticket("2026-10-31 12:00:00", 60, is_staged=True)]
    found = round_the_clock(workbook_of({"tickets": tickets}))
    assert (row(found, "service.round_the_clock")["value"], row(found, "service.round_the_clock")["n"]) == (0.5, 2)
    assert row(found, "service.round_the_clock.open_share")["value"] == 0.5


def test_rows_are_the_off_hours_tickets(workbook_of):
    tickets = [
        ticket("2026-10-12 12:00:00", ticket_id="noon"),
        ticket("2026-10-12 23:00:00", ticket_id="night"),
        ticket("2026-10-03 12:00:00", 700, ticket_id="holiday"),
    ]
    workbook = workbook_of({"tickets": tickets})
    rows = workbook.rows_of(round_the_clock_rows(workbook)).sort_values("severity")
    assert rows[["ticket_id", "day_kind", "is_night", "severity"]].to_numpy().tolist() == [["night", "workday", True, 60], ["holiday", "holiday", False, 700]]


def test_response_by_hour(workbook_of):
    tickets = [
        ticket("2026-10-12 09:10:00", 60),
        ticket("2026-10-13 09:50:00", 660),
        ticket("2026-10-14 09:20:00", 120),
        ticket("2026-10-17 09:00:00", None),
        ticket("2026-10-31 23:55:00", 900),
        ticket("2026-10-31 22:55:00", 30, supplier_id="s2"),
    ]
    found = response_by_hour(workbook_of({"tickets": tickets}))
    assert found[["supplier_id", "day_kind", "hour", "n"]].to_numpy().tolist() == [
        ["s1", "weekend", 9, 1],
        ["s1", "weekend", 23, 0],
        ["s1", "workday", 9, 3],
        ["s2", "weekend", 22, 1],
    ]
    assert found["share"].tolist() == pytest.approx([0.0, np.nan, 0.666666666667, 1.0], nan_ok=True)
    assert found["median_seconds"].tolist() == [np.inf, np.inf, 120, 30]


TICKETS = st.lists(
    st.tuples(st.sampled_from(["s1", "s2"]), st.integers(min_value=0, max_value=31 * 86400 - 8000), st.integers(min_value=0, max_value=1500)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TICKETS)
def test_round_the_clock_agrees_with_plain_pandas(workbook_of, cases):
    tickets = [ticket(str(datetime(2026, 10, 1) + timedelta(seconds=since)), response, supplier_id=supplier) for supplier, since, response in cases]
    found = round_the_clock(workbook_of({"tickets": tickets}))
    plain = pd.DataFrame(tickets)
    plain["local"] = plain["opened_at"] + pd.Timedelta(hours=8)
    plain["kind"] = [day_kind(day) for day in plain["local"].dt.date]
    plain["night"] = (plain["local"].dt.hour >= 22) | (plain["local"].dt.hour < 8)
    plain["quick"] = (plain["first_response_at"] - plain["opened_at"]).dt.total_seconds() <= 600
    meant = {
        "": plain["night"] | (plain["kind"] != "workday"),
        ".night": plain["night"],
        ".weekend": plain["kind"] == "weekend",
        ".holiday": plain["kind"] == "holiday",
    }
    for label, is_meant in meant.items():
        expected = plain[is_meant].groupby("supplier_id")["quick"].agg(["mean", "size"])
        rows = found[found["measure"] == f"service.round_the_clock{label}"].set_index("supplier_id")
        assert rows["n"].to_dict() == expected["size"].to_dict()
        assert rows["value"].to_dict() == pytest.approx(expected["mean"].to_dict())
