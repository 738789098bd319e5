"""Cells with times as SQL, and the hours that a zone's clocks showed twice or never."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.loaders.mapping.model import ColumnMapping, Source
from kmanalysis.loaders.mapping.times import TIME_SKIPPED, TIME_TWICE, Clock, joined, shifted, steady_offset
from kmanalysis.loaders.mapping.translation import add_functions


@pytest.fixture(scope="module")
def engine():
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    add_functions(connection, b"k" * 32)
    return connection


def clock_of(*formats, zone="Asia/Shanghai", **declared):
    sources = {"is_sheet": declared.pop("is_sheet", False), "is_typed": declared.pop("is_typed", False)}
    return Clock(ColumnMapping(headings=("t",), formats=formats, timezone=zone, **declared), Source(), **sources)


def asked(engine, sql, cell):
    return engine.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS t)", [cell]).fetchone()[0]


@pytest.mark.parametrize(
    ("formats", "cell", "utc"),
    [
        ((), "2026-10-01 08:00:00", "2026-10-01 00:00:00"),
        ((), "2026/10/1 下午 8:00", "2026-10-01 12:00:00"),
        ((), "2026-10-01 08:00:00.123456789", "2026-10-01 00:00:00.123456"),
        ((), "2026/10/01 08:00:00 +0900", "2026-09-30 23:00:00Z"),
        ((), "2026-10-01T08:00+0900", "2026-10-01T08:00+0900"),
        (("%d/%m/%Y %H:%M",), "01/10/2026\u00a008:00", "2026-10-01 00:00:00"),
        (("%d/%m/%Y %I:%M %p",), "01/10/2026 8:00 下午", "2026-10-01 12:00:00"),
        (("%d/%m/%Y %H:%M %z",), "01/10/2026 08:00 +0900", "2026-09-30 23:00:00"),
        (("%d/%m/%Y",), "2026-10-01T08:00Z", "2026-10-01T08:00Z"),
        (("unix",), "1790812800", "2026-10-01 00:00:00"),
    ],
)
def test_what_a_cell_says(engine, formats, cell, utc):
    assert asked(engine, clock_of(*formats).timestamp("t", "t"), cell) == utc
    rows = ["(SELECT ?::VARCHAR AS t)"]

    def named(expression):
        rows.append(f"(SELECT *, {expression} AS x{len(rows)} FROM {rows[-1]})")
        return f"x{len(rows) - 1}"

    sql = clock_of(*formats).timestamp("t", "t", named)
    assert engine.execute(f"SELECT {sql} FROM {rows[-1]}", [cell]).fetchone()[0] == utc


@pytest.mark.parametrize(
    ("formats", "cell"),
    [
        (("%d/%m/%Y",), "2026-10-01 08:00:00"), ((), "01/10/2026"), ((), "2026-10-01 08:00:00+15:00"), (("unix",), "99999999999999999"), (("unix",), "1e300"),
        (("unix_ms",), "-9223372036854775808"),
    ],
)  # fmt: skip
def test_what_it_does_not_say(engine, formats, cell):
    assert asked(engine, clock_of(*formats).timestamp("t", "t"), cell) == "\ue000" + cell


def test_the_other_half_of_the_day_is_refused_with_both_hours(engine):
    plain = clock_of("%Y/%m/%d %H:%M")
    assert asked(engine, plain.timestamp("t", "t"), "2026/10/1 下午 3:05") == "\ue00615:05 / 3:05\ue0032026/10/1 下午 3:05"
    removed = "replace(t, '下午 ', '')"
    for clock in (plain, clock_of()):
        assert asked(engine, clock.timestamp(removed, "t"), "2026/10/1 下午 3:05") == "\ue00615:05 / 3:05\ue0032026/10/1 下午 3:05"
        assert asked(engine, clock.timestamp(removed, "t"), "2026/10/1 3:05") == "2026-09-30 19:05:00"


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-10-01", "2026-10-01"),
        ("2026-10-01 23:30:00", "2026-10-01"),
        ("2026-10-01 17:00:00Z", "2026-10-02"),
        ("2026/10/1 17:00 +0000", "2026-10-02"),
        ("x", "\ue000x"),
    ],
)
def test_days(engine, cell, day):
    assert asked(engine, clock_of().date("t", "t"), cell) == day


@pytest.mark.parametrize(
    ("formats", "cell", "day"),
    [
        ((), "10-01", "2026-10-01"),
        ((), "10/1", "2026-10-01"),
        ((), "10月1日", "2026-10-01"),
        ((), "2025-10-01", "2025-10-01"),
        (("%d/%m",), "1/10", "2026-10-01"),
        ((), "2-29", "\ue0002026-2-29"),
    ],
)
def test_a_year_that_the_mapping_states(engine, formats, cell, day):
    clock = clock_of(*formats, year=2026)
    sql = clock.dated("t")
    assert asked(engine, clock.date(f"({sql})", f"({sql})"), cell) == day


@pytest.mark.parametrize(
    ("opened", "passed", "utc"),
    [
        ("2026-10-01 08:00:00", "1.5", "2026-10-01 01:30:00"),
        ("2026-10-01T00:00Z", "0", "2026-10-01 00:00:00"),
        ("2026-10-01 08:00:00", None, None),
        (None, "1", None),
        ("x", "1", "\ue000x"),
        ("2026-10-01 08:00:00", "-1", "\ue000-1"),
        ("2026-10-01 08:00:00", "nan", "\ue000nan"),
        ("2026-10-01 08:00:00", "1e300", "\ue0001e300"),
        ("2026-10-01 08:00:00", "半天", "\ue000半天"),
    ],
)
def test_a_moment_and_what_passed_since(engine, opened, passed, utc):
    sql = clock_of().later("t", "p", 3600)
    assert engine.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS t, ?::VARCHAR AS p)", [opened, passed]).fetchone()[0] == utc


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (("2026-10-01", "12:30"), "2026-10-01 12:30"),
        (("2026-10-01 00:00:00", "1899-12-31 12:30:00"), "2026-10-01 12:30:00"),
        (("2026-10-01", None), "\ue0002026-10-01"),
        ((None, "12:30"), "\ue00012:30"),
        ((None, None), None),
    ],
)
def test_a_day_and_a_time_make_a_moment(engine, cells, text):
    sql = joined(["a", "b"], is_moment=True)
    assert engine.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS a, ?::VARCHAR AS b)", list(cells)).fetchone()[0] == text


ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Shanghai", "Asia/Kolkata", "Africa/Casablanca"]


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.datetimes(datetime(2000, 1, 3), datetime(2060, 1, 1)))
def test_hours_that_clocks_showed_twice_or_never_are_those_of_the_zones_rules(zone, moment):
    moment = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    clocks = ZoneInfo(zone)
    showing = {moment.replace(tzinfo=clocks, fold=fold).astimezone(UTC) for fold in (0, 1)}
    back = {instant for instant in showing if instant.astimezone(clocks).replace(tzinfo=None) == moment}
    skipped, twice = shifted(zone)
    assert (moment in skipped, moment in twice) == (not back, len(back) > 1)


@pytest.mark.parametrize(
    ("zone", "cell", "doubt"),
    [
        ("America/New_York", "2026-11-01 01:10:00", TIME_TWICE),
        ("America/New_York", "2026-11-01 01:10:00-04:00", None),
        ("America/New_York", "2026-11-01 00:59:59", None),
        ("America/New_York", "2026/3/8 上午 2:30", TIME_SKIPPED),
        ("America/New_York", None, None),
        ("Australia/Lord_Howe", "2026-04-05 01:45:00", TIME_TWICE),
    ],
)
def test_doubts(engine, zone, cell, doubt):
    assert asked(engine, clock_of(zone=zone).doubt("t"), cell) == doubt


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", ""])
def test_zones_whose_clocks_are_not_changed_cost_nothing(zone):
    assert clock_of(zone=zone).doubt("t") == ""


def test_turns_are_found_within_the_week():
    skipped, twice = shifted("Europe/London")
    assert len(skipped) == len(twice) == 400
    assert all(later - earlier >= timedelta(minutes=15) for earlier, later in pairwise(twice))


@settings(deadline=None)
@given(
    st.sampled_from(["Asia/Shanghai", "Asia/Kolkata", "Asia/Kathmandu", "America/Sao_Paulo", "Asia/Pyongyang", "UTC"]),
    st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1)),
)
def test_a_steady_offset_reads_as_the_zones_rules(engine, zone, moment):
    moment = moment.replace(microsecond=0)
    read = asked(engine, clock_of(zone=zone).timestamp("t", "t"), str(moment))
    assert read == engine.execute("SELECT timezone('UTC', timezone(?, ?::TIMESTAMP))::VARCHAR", [zone, moment]).fetchone()[0]


@pytest.mark.parametrize(
    ("zone", "hours"),
    [("Asia/Shanghai", 8), ("Asia/Kolkata", 5.5), ("UTC", 0), ("America/New_York", None), ("Asia/Pyongyang", None), ("Africa/Casablanca", None)],
)
def test_zones_whose_clocks_are_not_changed(zone, hours):
    assert steady_offset(zone) == (None if hours is None else timedelta(hours=hours))
