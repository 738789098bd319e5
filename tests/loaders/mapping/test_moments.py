"""Times as people write them, against what a person would say they are."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.loaders.mapping.moments import half_day, local_time, plain_text, zoned_time


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026/10/1 上午 9:05", "2026-10-01 09:05:00"),
        ("2026/10/1 下午 3:05:07", "2026-10-01 15:05:07"),
        ("2026-10-01下午3:05", "2026-10-01 15:05:00"),
        ("2026/10/1 3:05:00 PM", "2026-10-01 15:05:00"),
        ("2026/10/1 3:05\u202fp.m.", "2026-10-01 15:05:00"),
        ("2026-10-01 12:30 AM", "2026-10-01 00:30:00"),
        ("2026-10-01 12:30 PM", "2026-10-01 12:30:00"),
        ("2026-10-01 下午 0:30", "2026-10-01 12:30:00"),
        ("2026-10-01 15:05 PM", "2026-10-01 15:05:00"),
        ("2026-10-01 12：00：00", "2026-10-01 12:00:00"),
        ("２０２６-１０-０１　１２：００", "2026-10-01 12:00:00"),
        ("2026年10月1日 12时30分", "2026-10-01 12:30:00"),
        ("2026年10月1日12时30分15秒", "2026-10-01 12:30:15"),
        ("2026年10月1日 12点", "2026-10-01 12:00:00"),
        ("2026.10.01 12:00:00", "2026-10-01 12:00:00"),
        ("2026-10-01 12:00:00.123456789", "2026-10-01 12:00:00.123456"),
        ("2026-10-01 12:00:00,5", "2026-10-01 12:00:00.500000"),
        ("2026-10-01\u00a012:00", "2026-10-01 12:00:00"),
        ("20261001120000", "2026-10-01 12:00:00"),
        ("2026-10-01", "2026-10-01 00:00:00"),
    ],
)
def test_times_without_an_offset(text, read):
    assert (local_time(text), zoned_time(text)) == (read, None)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-04-05 21:06:21 +0400", "2026-04-05 17:06:21Z"),
        ("2026-04-05T10:00Z", "2026-04-05 10:00:00Z"),
        ("2026-04-05T10:00+08:00", "2026-04-05 02:00:00Z"),
        ("2026/10/01 10:00:00+08:00", "2026-10-01 02:00:00Z"),
        ("2026/10/01 10:00 GMT+8", "2026-10-01 02:00:00Z"),
        ("2026/10/01 10:00 -14:00", "2026-10-02 00:00:00Z"),
        ("2026/10/01 10:00 UTC", "2026-10-01 10:00:00Z"),
    ],
)
def test_times_with_an_offset(text, read):
    assert (zoned_time(text), local_time(text)) == (read, None)


@pytest.mark.parametrize(
    "text",
    [
        "01/10/2026 10:00", "2026-10-112:30", "2026-02-30 10:00", "2026-10-01 25:00", "2026-10-01 10:60", "2026-10-01 13:00 AM", "2026-10-01 上午 1:00 PM",
        "2026-10-01 10:00 +15:00", "2026-10-01 10:00 +14:30", "2026-10-01 10:00 +08:75", "2026-10-01 12时60分", "10:00", "下午 3:05", "", "十月一日",
        "2026-10-01 12:5", "0001-01-01 00:00 +08:00", "2026-10-01 10:00 " + " " * 100_000 + "x", "2026-10-01" + "0" * 100_000,
    ],
)  # fmt: skip
def test_what_can_be_mistaken_or_is_none_is_not_read(text):
    assert (local_time(text), zoned_time(text)) == (None, None)


moments = st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31))


@given(
    moments,
    st.sampled_from(["{y}-{m:02}-{d:02}", "{y}/{m}/{d}", "{y}年{m}月{d}日", "{y}.{m:02}.{d:02}"]),
    st.sampled_from(["24", "12 before", "12 after", "words"]),
    st.sampled_from([" ", "\u00a0", "　"]),
    st.booleans(),
)
def test_every_way_of_writing_gives_the_moment_back(moment, day, clock, space, is_wide):
    moment = moment.replace(microsecond=0)
    first = day.format(y=moment.year, m=moment.month, d=moment.day)
    hour, half = moment.hour % 12 or 12, ("上午" if moment.hour < 12 else "下午")
    rest = {
        "24": f"{moment:%H:%M:%S}",
        "12 before": f"{half}{hour}:{moment:%M:%S}",
        "12 after": f"{hour}:{moment:%M:%S} {'AM' if moment.hour < 12 else 'PM'}",
        "words": f"{moment.hour}时{moment.minute}分{moment.second}秒",
    }[clock]
    text = first + space + rest
    if is_wide:
        text = text.translate({ord(sign): ord(sign) + 0xFEE0 for sign in "0123456789:"})
    assert local_time(text) == str(moment)


@given(moments, st.integers(-14 * 60, 14 * 60), st.sampled_from(["", " "]), st.sampled_from(["", ":"]))
def test_an_offset_is_taken_off(moment, minutes, space, colon):
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    text = f"{moment:%Y-%m-%d %H:%M:%S}{space}{sign}{hours:02}{colon}{rest:02}"
    expected = moment.replace(microsecond=0) - timedelta(minutes=minutes)
    assert zoned_time(text) == f"{expected.isoformat(sep=' ')}Z"


@given(st.text(max_size=30))
def test_any_text_is_read_or_not(text):
    for read in (local_time(text), zoned_time(text)):
        assert read is None or datetime.fromisoformat(read.replace("Z", "+00:00"))
    assert local_time(text) is None or zoned_time(text) is None


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("2026/10/1 下午 3:05", "15:05 / 3:05"),
        ("2026-10-01 12:30 AM", "0:30 / 12:30"),
        ("上午 9:05", None),
        ("2026-10-01 15:05", None),
        ("下午 " * 50_000, None),
    ],
)
def test_the_two_hours_that_a_half_of_the_day_tells_apart(text, both):
    assert half_day(text) == both


def test_narrow_signs():
    assert plain_text("２０２６-10-01\u00a0\u3000 12：00：00.1234567") == "2026-10-01 12:00:00.123456"
