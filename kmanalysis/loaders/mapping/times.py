"""Cells with times to SQL: what the mapping's formats say, else every way of writing one that cannot be mistaken; and hours that a zone's clocks had twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from kmanalysis.engine.sql import quoted
from kmanalysis.loaders.checking.casts import NAIVE_TIME, OTHER_HALF, UNREADABLE, WHAT_WAS_FOUND, ZONED_TIME, instant
from kmanalysis.loaders.mapping.fields import SPECIAL_FORMATS
from kmanalysis.loaders.mapping.model import ColumnMapping, Source
from kmanalysis.loaders.reading.package import DAY_ZERO

TIME_FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日%H:%M:%S", "%Y年%m月%d日%H:%M",
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d",
)  # fmt: skip
"""What the engine reads where a mapping names no formats, the year first, so that day and month cannot be mistaken; what is written otherwise is left to
`moments`."""

TIME_TWICE, TIME_SKIPPED = "time_twice", "time_skipped"
"""Doubts about a time without an offset: its zone's clocks showed it twice, or never."""

_HALF = "上午|下午|(?i:[apａｐ]\\.?[mｍ])"
_LONGEST_SPAN = 100 * 366 * 86_400
_STEP = timedelta(minutes=15)
# Coarse, since each load walks through it: no zone changes its clocks twice in a week.
_WALK = timedelta(days=7)
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class Clock:
    """How the times of one column are read. ``is_typed``: its source has times that are no texts; they come out in ISO form, whatever formats are stated.
    ``day_zero`` is the day that its numbers of days count from."""

    def __init__(self, mapped: ColumnMapping, source: Source, *, is_sheet: bool, is_typed: bool, day_zero: str = DAY_ZERO) -> None:
        self.special = [entry for entry in mapped.formats if entry in SPECIAL_FORMATS]
        named = [entry for entry in mapped.formats if entry not in SPECIAL_FORMATS]
        self.is_free = not mapped.formats
        self.zoned = [entry for entry in named if "%z" in entry or "%Z" in entry]
        self.naive = [entry for entry in named if entry not in self.zoned] or (list(TIME_FORMATS) if self.is_free else [])
        self.knows_halves = self.is_free or any("%p" in entry for entry in named)
        self.zone, self.year = mapped.timezone or source.timezone, mapped.year
        if mapped.year:
            self.zoned, self.naive = ([entry if entry in TIME_FORMATS else f"%Y {entry}" for entry in listed] for listed in (self.zoned, self.naive))
        self.is_sheet, self.takes_iso, self.day_zero = is_sheet, is_typed or self.is_free, day_zero
        if is_typed:
            self.naive += [entry for entry in TIME_FORMATS[:3] if entry not in self.naive]

    @property
    def needs_zone(self) -> bool:
        """Whether a cell of it may state a time, and neither it nor the mapping a zone."""
        return not self.zone and not any(entry.startswith("unix") for entry in self.special)

    def dated(self, cell: str) -> str:
        """SQL of the cell with the year that the mapping states, where it has none of its own."""
        if not self.year:
            return cell
        if not self.is_free:
            return f"CASE WHEN regexp_full_match({cell}, '{NAIVE_TIME}') THEN {cell} ELSE '{self.year} ' || {cell} END"
        signs = " ".join(f"WHEN contains({cell}, '{sign}') THEN '{self.year}{before}' || {cell}" for sign, before in (("月", "年"), ("/", "/"), (".", ".")))
        return f"CASE WHEN regexp_matches({cell}, '^\\d{{4}}\\D') THEN {cell} {signs} ELSE '{self.year}-' || {cell} END"

    def later(self, cell: str, passed: str, seconds: int) -> str:
        """SQL, as text, of the cell's time and what passed since: ``passed`` is SQL of a number, of so many ``seconds`` each."""
        span = f"TRY_CAST({passed} AS DOUBLE) * {seconds}"
        return (
            f"CASE WHEN {cell} IS NULL OR {passed} IS NULL THEN NULL WHEN {self.moment(cell)} IS NULL THEN {quoted(UNREADABLE)} || {cell} "
            f"WHEN coalesce({span} BETWEEN 0 AND {_LONGEST_SPAN}, false) "
            f"THEN ({self.moment(cell)} + to_microseconds(round({span} * 1000000)::BIGINT))::VARCHAR ELSE {quoted(UNREADABLE)} || {passed} END"
        )

    def timestamp(self, cell: str, stated: str, named: Callable[[str], str] = str) -> str:
        """SQL of the cell's time as text: UTC, or with its offset as it stands. ``stated`` is SQL of the cell before the mapping removed anything;
        ``named`` gives an expression that is mentioned twice a name."""
        local = named(self._before_offset(cell) if self.is_free else self.local(cell))
        read = [*self._unix(cell), f"({self._utc(local)})::VARCHAR", *self._with_offset(cell)]
        return self._text(cell, stated, cell, read, f"{local} IS NULL AND " if self.is_free else "")

    def moment(self, cell: str) -> str:
        """SQL of the cell's time as the engine's own, in UTC; NULL where it states none."""
        read = [f"TRY_CAST({text} AS TIMESTAMP)" for text in self._unix(cell)]
        read += [self._utc(self.local(cell)), *map(_naive_utc, self._with_offset(cell)), f"CASE WHEN {_has_offset(cell)} THEN {instant(cell)} END"]
        return f"coalesce({', '.join(read)})"

    def date(self, cell: str, stated: str) -> str:
        """SQL of the cell's day as text, as `timestamp`: a time with an offset gives the day in Asia/Shanghai."""
        read = [f"({self.local(cell)})::DATE::VARCHAR", *(f"({_naive_utc(text)} + INTERVAL 8 HOUR)::DATE::VARCHAR" for text in self._with_offset(cell))]
        return self._text(cell, stated, f"({instant(cell)} + INTERVAL 8 HOUR)::DATE::VARCHAR", read)

    def local(self, cell: str) -> str:
        """SQL of the naive time that a cell without an offset states in its own zone."""
        return _first(self._local(cell))

    def _before_offset(self, cell: str) -> str:
        """The same, of any cell, NULL where it has an offset. What the usual formats read has none, and need not be searched for one."""
        by_format, *others = self._local(cell)
        return _first([by_format, f"CASE WHEN {_has_offset(cell)} THEN NULL ELSE {_first(others)} END"])

    def _local(self, cell: str) -> list[str]:
        parts = []
        if self.naive:
            written = f"replace(replace({cell}, '上午', 'AM'), '下午', 'PM')" if any("%p" in entry for entry in self.naive) else cell
            formats = ", ".join(map(quoted, self.naive))
            parts.append(f"try_strptime({written}, [{formats}])")
            if not self.is_free:
                parts.append(f"try_strptime(km_plain_text({written}), [{formats}])")
        if self.takes_iso:
            parts.append(f"CASE WHEN regexp_full_match({cell}, '{NAIVE_TIME}') THEN TRY_CAST({cell} AS TIMESTAMP) END")
        number = f"TRY_CAST({cell} AS DOUBLE)"
        if self.is_sheet or "excel" in self.special:
            since = f"to_milliseconds(round({number} * 86400000)::BIGINT)"
            parts.append(f"CASE WHEN {number} BETWEEN 30000 AND 75000 THEN TIMESTAMP '{self.day_zero}' + {since} END")
        if self.is_free:
            parts.append(f"TRY_CAST(km_local_time({cell}) AS TIMESTAMP)")
        return parts

    def _text(self, cell: str, stated: str, with_offset: str, read: list[str], glance: str = "") -> str:
        """SQL of the first of those readings that there is; ``with_offset`` is that of an ISO time with an offset, after what formats were stated, and
        ``glance`` goes before the search for one.

        An hour whose 上午, 下午, AM or PM the formats do not know, or the mapping removed, is refused.
        """
        iso = f"WHEN {glance}{_has_offset(cell)} THEN {with_offset}"
        kept = f"{iso} " if self.takes_iso else ""
        read = read if self.takes_iso else [*read, f"CASE {iso} END"]
        both = f"{quoted(OTHER_HALF)} || km_half_day({stated}) || {quoted(WHAT_WAS_FOUND)} || {stated}"
        if stated != cell:
            unheard = f" AND NOT regexp_matches({cell}, '{_HALF}')" if self.knows_halves else ""
            kept = f"WHEN regexp_matches({stated}, '{_HALF}'){unheard} AND km_half_day({stated}) IS NOT NULL THEN {both} {kept}"
        elif not self.knows_halves:
            read = [*read, f"CASE WHEN regexp_matches({cell}, '{_HALF}') THEN {both} END"]
        return f"CASE WHEN {cell} IS NULL THEN NULL {kept}ELSE coalesce({', '.join(read)}, {quoted(UNREADABLE)} || {cell}) END"

    def doubt(self, cell: str) -> str:
        """SQL of the doubt about the cell's time, NULL where there is none; empty where the zone's clocks were never changed."""
        skipped, twice = shifted(self.zone) if self.zone else ((), ())
        if not skipped and not twice:
            return ""
        quarter = f"time_bucket(INTERVAL 15 MINUTE, {self.local(cell)})"
        clauses = [
            f"WHEN {quarter} IN ({', '.join(f'TIMESTAMP {quoted(str(start))}' for start in listed)}) THEN '{reason}'"
            for listed, reason in ((twice, TIME_TWICE), (skipped, TIME_SKIPPED))
            if listed
        ]
        return f"CASE WHEN {cell} IS NULL OR {_has_offset(cell)} THEN NULL {' '.join(clauses)} END"

    def _utc(self, moment: str) -> str:
        if self.zone in ("", "UTC"):
            return moment
        by_calendar = f"timezone('UTC', timezone({quoted(self.zone)}, {moment}))"
        offset = steady_offset(self.zone)
        if offset is None:
            return by_calendar
        # The engine's calendars take longer than all the rest of reading a time.
        is_steady = f"{moment} >= TIMESTAMP '{_FIRST:%Y-%m-%d}' + INTERVAL 1 DAY AND {moment} < TIMESTAMP '{_LAST:%Y-%m-%d}' - INTERVAL 1 DAY"
        return f"CASE WHEN {is_steady} THEN {moment} - to_seconds({offset // timedelta(seconds=1)}) ELSE {by_calendar} END"

    def _unix(self, cell: str) -> Iterator[str]:
        number, scale = f"TRY_CAST({cell} AS BIGINT)", {"unix": 1_000_000, "unix_ms": 1000}
        for entry in self.special:
            if entry in scale:
                # Multiplied as a wide number, a count of seconds that is none overflows nothing.
                micros = f"TRY_CAST({number}::HUGEINT * {scale[entry]} AS BIGINT)"
                yield f"CASE WHEN {number} BETWEEN -100000000000000 AND 100000000000000 THEN make_timestamp({micros})::VARCHAR END"

    def _with_offset(self, cell: str) -> Iterator[str]:
        if self.zoned:
            yield f"timezone('UTC', try_strptime({cell}, [{', '.join(map(quoted, self.zoned))}]))::VARCHAR"
        if self.is_free:
            yield f"km_zoned_time({cell})"


def _first(moments: Sequence[str]) -> str:
    return f"coalesce({', '.join(moments)})" if moments else "NULL::TIMESTAMP"


def _has_offset(cell: str) -> str:
    return f"regexp_full_match({cell}, '{ZONED_TIME}')"


def joined(cells: Sequence[str], *, is_moment: bool) -> str:
    """SQL of several cells as one text. Of a moment all must be there: a day whose time lacks is no midnight."""
    if not is_moment:
        return f"nullif(concat_ws(' ', {', '.join(cells)}), '')"
    # A workbook's days come with a midnight, and its times with the day that it counts from.
    parts = [f"regexp_replace({cell}, ' 00:00:00$', '')" for cell in cells[:-1]] + [f"regexp_replace({cells[-1]}, '^(1899-12-3[01]|1904-01-01) ', '')"]
    some, every = (f" {sign} ".join(f"{cell} IS NOT NULL" for cell in cells) for sign in ("OR", "AND"))
    text = f"concat_ws(' ', {', '.join(parts)})"
    return f"CASE WHEN {every} THEN {text} WHEN {some} THEN {quoted(UNREADABLE)} || {text} END"


def _naive_utc(text: str) -> str:
    return f"TRY_CAST(rtrim({text}, 'Z') AS TIMESTAMP)"


@cache
def shifted(zone: str) -> tuple[tuple[datetime, ...], tuple[datetime, ...]]:
    """The quarters of an hour from 2000 to 2099 that a zone's clocks skipped, and those that they showed twice, each by its naive start."""
    clocks = ZoneInfo(zone)
    skipped: list[datetime] = []
    twice: list[datetime] = []
    day = _FIRST
    before = day.astimezone(clocks).utcoffset() or timedelta(0)
    while day < _LAST:
        following = day + _WALK
        after = following.astimezone(clocks).utcoffset() or timedelta(0)
        if after != before:
            turn = _turn(clocks, day, following, before).replace(tzinfo=None)
            start, end = sorted((turn + before, turn + after))
            quarters = [start + number * _STEP for number in range((end - start) // _STEP)]
            (skipped if after > before else twice).extend(quarters)
        day, before = following, after
    return tuple(skipped), tuple(twice)


def steady_offset(zone: str) -> timedelta | None:
    """What a zone's clocks are ahead of UTC from 2000 to 2099, None where they are changed in that time."""
    return None if any(shifted(zone)) else _FIRST.astimezone(ZoneInfo(zone)).utcoffset()


def _turn(clocks: ZoneInfo, low: datetime, high: datetime, before: timedelta) -> datetime:
    """The moment between two at which the offset changes, to the minute."""
    while high - low > timedelta(minutes=1):
        middle = low + (high - low) // timedelta(minutes=2) * timedelta(minutes=1)
        low, high = (middle, high) if middle.astimezone(clocks).utcoffset() == before else (low, middle)
    return high
