"""Times the way people and their programs write them: 上午 and PM, 时 and 分, wide digits, offsets; read once, or not at all."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from functools import lru_cache

LONGEST_TIME = 64
"""No time that people write has more signs."""

LARGEST_OFFSET = timedelta(hours=14)
_HALF = r"上午|下午|[ap]\.?m\.?"
_DAY = r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
# A day and an hour that nothing separates could be cut in two ways.
_BETWEEN = r"(?:(?<=日)\s*|\s*t\s*|\s+|(?=[上下]午))"
_SIGNS = r"\d{1,2}\s*:\s*\d{2}(?:\s*:\s*\d{2}(?:[.,]\d{1,9})?)?"
_WORDS = r"\d{1,2}\s*[时点](?:\s*\d{1,2}\s*分(?:\s*\d{1,2}\s*秒)?)?"
_ZONE = r"z|(?:utc|gmt)?[+-]\d{1,2}(?::?\d{2})?|utc|gmt"
_TIME = re.compile(rf"{_DAY}(?:{_BETWEEN}(?P<half>{_HALF})?\s*(?P<clock>{_SIGNS}|{_WORDS})\s*(?P<later>{_HALF})?\s*(?P<zone>{_ZONE})?)?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)")


def local_time(text: str) -> str | None:
    """The time that a text states without an offset, in ISO form: ``2026/10/1 下午 3:05`` → ``2026-10-01 15:05:00``; None where it has an offset."""
    read = _read(text)
    return None if read is None or read[1] is not None else read[0].isoformat(sep=" ")


def zoned_time(text: str) -> str | None:
    """The time that a text states with an offset, in ISO form and UTC: ``2026/10/01 10:00 +0800`` → ``2026-10-01 02:00:00Z``; None where it states none."""
    read = _read(text)
    return None if read is None or read[1] is None else f"{(read[0] - read[1]).isoformat(sep=' ')}Z"


def half_day(text: str) -> str | None:
    """The two hours that a text with 上午, 下午, AM or PM states: what it means, and what is left where the word is not heeded; None where they are the same.

    ``2026/10/1 下午 3:05`` → ``15:05 / 3:05``.
    """
    if len(text) > LONGEST_TIME:
        return None
    normal = plain_text(text).casefold()
    found = re.search(rf"(?P<half>{_HALF})?\s*(?P<hour>\d{{1,2}})\s*[:时点]\s*(?P<minute>\d{{1,2}})(?:[\d:分秒.\s]*(?P<later>{_HALF}))?", normal)
    half = found and (found["half"] or found["later"])
    if not found or not half:
        return None
    hour = _hour(int(found["hour"]), half)
    return None if hour in (None, int(found["hour"])) else f"{hour}:{found['minute']} / {found['hour']}:{found['minute']}"


def plain_text(text: str) -> str:
    """The text in narrow signs and single spaces, with decimals of a second cut to the six that are kept."""
    normal = " ".join(unicodedata.normalize("NFKC", text).split())
    return re.sub(r"(:\d\d\.\d{6})\d{1,3}(?!\d)", r"\1", normal)


@lru_cache(maxsize=4096)
def _read(text: str) -> tuple[datetime, timedelta | None] | None:
    """The time as it is written, and its offset."""
    if len(text) > LONGEST_TIME:
        return None
    normal = plain_text(text).casefold()
    if compact := _COMPACT.fullmatch(normal):
        return _moment(*map(int, compact.groups()))
    found = _TIME.fullmatch(normal)
    if not found or (found["half"] and found["later"]):
        return None
    day = int(found["year"]), int(found["month"]), int(found["day"])
    if not found["clock"]:
        return _moment(*day)
    clock, _, part = found["clock"].replace(",", ".").partition(".")
    hour, minute, second = (*map(int, re.findall(r"\d+", clock)), 0, 0)[:3]
    turned = _hour(hour, found["half"] or found["later"])
    offset = _offset(found["zone"])
    if turned is None or (found["zone"] and offset is None):
        return None
    return _moment(*day, turned, minute, second, int(part[:6].ljust(6, "0")) if part else 0, offset=offset)


def _moment(*parts: int, offset: timedelta | None = None) -> tuple[datetime, timedelta | None] | None:
    try:
        read = datetime(*parts)  # type: ignore[arg-type]
        if offset:
            _ = read - offset
    except (ValueError, OverflowError):
        return None
    return read, offset


def _hour(hour: int, half: str | None) -> int | None:
    """The hour of the day; None where the word for the half of the day contradicts it."""
    if not half:
        return hour
    if half.startswith(("上", "a")):
        return 0 if hour == 12 else hour if hour < 12 else None
    return hour if hour >= 12 else hour + 12


def _offset(zone: str | None) -> timedelta | None:
    if not zone:
        return None
    found = re.search(r"([+-])(\d{1,2}):?(\d{2})?$", zone)
    if not found:
        return timedelta(0)
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if offset > LARGEST_OFFSET or int(found[3] or 0) > 59:
        return None
    return -offset if found[1] == "-" else offset
