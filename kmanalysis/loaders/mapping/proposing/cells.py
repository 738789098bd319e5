"""What the cells of each column of a file are, found out in one pass of the engine over a bounded sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.loaders.checking.casts import ZONED_TIME
from kmanalysis.loaders.mapping.translation import FALSE_WORDS, TRUE_WORDS
from kmanalysis.loaders.reading.text import Staged, stripped

SAMPLE_CELLS = 400_000
MOST_ROWS, LEAST_ROWS = 5000, 200
MOST_VALUES = 1000
"""Distinct values of a column that are kept."""

LONGEST = 100
"""Signs of a cell that are looked at: no number and no time is longer."""

_CLOCK = r"(上午|下午|am|pm)?\s?\d{1,2}\s?[:时点]\s?\d{1,2}(\s?[:分]\s?\d{1,2}([.,]\d{1,9})?)?[分秒]?(\s?(am|pm))?"
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DAY = (
    r"((19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})"
    rf"|\d{{1,2}}[-/ ]{_MONTH}[-/, ]+(\d{{4}}|\d{{2}})|{_MONTH} \d{{1,2}},? \d{{4}})"
)
_ZONE = r"\s?(z|utc|gmt|cst|(utc|gmt)?[+-]\d{1,2}(:?\d{2})?)"
_COMPACT = r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_SIGN = r"(us\$|hk\$|[$¥€£元块]|cny|rmb|usd|eur|gbp|hkd)"
_NUMBER = rf"[-−+(]?\s?{_SIGN}?\s?-?(\d{{1,3}}(,\d{{3}})+|\d+)?(\.\d+)?\s?(百万|[千万亿kw])?\s?{_SIGN}?\s?%?\+?\)?"

# What is counted of a cell `x`: folded to small letters and ASCII digits, and without the sign that keeps spreadsheets from reading it.
_COUNTED = {
    "times": f"(regexp_full_match(x, '{_DAY}([ t,]*{_CLOCK})?({_ZONE})?') OR regexp_full_match(x, '{_COMPACT}([ t]?\\d{{6}}|[ t]{_CLOCK})'))",
    "days": f"regexp_full_match(x, '{_DAY}([ t]00:00(:00(\\.0+)?)?)?')",
    "compact_days": f"regexp_full_match(x, '{_COMPACT}')",
    "zoned": f"regexp_full_match(cell, '{ZONED_TIME}')",
    "clocks": f"regexp_full_match(x, '{_CLOCK}')",
    "unix": r"regexp_full_match(x, '1\d{9}(\d{3})?')",
    "numbers": f"(regexp_full_match(x, '{_NUMBER}') AND regexp_matches(x, '[0-9]'))",
    "wholes": r"regexp_full_match(x, '[-+]?(\d{1,3}(,\d{3})+|\d+)(\.0+)?')",
    "long_numbers": r"regexp_full_match(x, '\d{11,}')",
    "signed": f"(regexp_matches(x, '{_SIGN}') AND regexp_matches(x, '[0-9]'))",
    "foreign": r"(regexp_matches(x, '[$€£]|usd|eur|gbp|hkd') AND regexp_matches(x, '[0-9]'))",
    "percents": "ends_with(x, '%')",
    "negatives": r"regexp_matches(x, '^[-−(]\s?[^a-z]*[0-9]')",
    "booleans": f"x IN ({', '.join(map(quoted, (*TRUE_WORDS, *FALSE_WORDS)))})",
    "bare": "regexp_full_match(cell, '[!-~]{1,64}')",
    "rounded": r"regexp_full_match(x, '\d(\.\d+)?e\+?\d{2,}')",
    "marked": "regexp_matches(cell, '^[`'']')",
}


@dataclass(frozen=True)
class Cells:
    """What was found of a column's cells. ``rows`` were looked at; the other numbers count filled cells among them.

    ``times`` state a day, with or without a time; of them ``days`` have none, or midnight, as sheets keep days. ``compact_days`` could as well be numbers,
    like ``unix``, the seconds or milliseconds since 1970; ``clocks`` are times of day alone; ``numbers`` may have signs and units; ``bare`` cells are of
    ASCII signs without spaces; ``rounded`` ones were rounded by a spreadsheet; ``marked`` ones begin with a sign that keeps it from that.
    ``values`` are distinct cells in order, the first `MOST_VALUES`; ``known`` says for columns of the folder (``table.column``) which share of
    the distinct cells is among their values.
    """

    rows: int = 0
    filled: int = 0
    distinct: int = 0
    times: int = 0
    days: int = 0
    compact_days: int = 0
    zoned: int = 0
    clocks: int = 0
    unix: int = 0
    numbers: int = 0
    wholes: int = 0
    long_numbers: int = 0
    signed: int = 0
    foreign: int = 0
    percents: int = 0
    negatives: int = 0
    booleans: int = 0
    bare: int = 0
    rounded: int = 0
    marked: int = 0
    least: float | None = None
    greatest: float | None = None
    values: tuple[str, ...] = ()
    known: Mapping[str, float] = field(default_factory=dict)

    def mostly(self, count: int, share: float = 0.5) -> bool:
        """Whether more than this share of the filled cells is among those counted."""
        return self.filled > 0 and count > self.filled * share

    @property
    def are_times(self) -> bool:
        """Whether most cells state a day that is no number as well."""
        return self.mostly(self.times)

    @property
    def are_amounts(self) -> bool:
        """Whether most cells are numbers that are no identifiers: with a sign, a unit or a part after the point."""
        return self.mostly(self.numbers - self.wholes) or self.mostly(self.signed)


def cells_of(connection: duckdb.DuckDBPyConnection, staged: Staged, partners: Mapping[str, str]) -> list[Cells]:
    """What the cells of each of the file's columns are, in the order of its headings. Rows with a fault are left out, and in a long file every so many.

    ``partners`` are columns of the folder (``table.column``) that the distinct cells are compared with, and the SQL of a table with their ``value``.
    """
    width = len(staged.headings)
    columns = [f"c{index}" for index in range(width)]
    most = min(MOST_ROWS, max(LEAST_ROWS, SAMPLE_CELLS // width))
    # By the line and not at random, so that the same file is judged alike; an odd step, since rows often take turns.
    step = -(-_count(connection, f"{staged.relation} WHERE _fault IS NULL") // most) | 1
    picked = ", ".join(f"{stripped(column)} AS {column}" for column in columns)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _picked AS SELECT {picked} FROM {staged.relation} WHERE _fault IS NULL AND _line % {step} = 0")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE _cells AS SELECT place[2:]::INT AS place, cell, {_plain(f'left(cell, {LONGEST})')} AS x "
        f"FROM _picked UNPIVOT (cell FOR place IN ({', '.join(columns)}))"
    )
    looked = _count(connection, "_picked")
    counted = ", ".join(f"count(*) FILTER ({condition}) AS {name}" for name, condition in _COUNTED.items())
    # Digits alone, as the numbers' range is asked for and not their value.
    number = f"CASE WHEN regexp_full_match(x, '{_NUMBER}') THEN TRY_CAST(regexp_replace(x, '[^0-9.-]', '', 'g') AS DOUBLE) END"
    answer = connection.execute(
        f"SELECT place, count(*) AS filled, count(DISTINCT cell) AS distinct, {counted}, min({number}) AS least, max({number}) AS greatest, "
        f"list_sort(list(DISTINCT cell))[:{MOST_VALUES}] AS values FROM _cells GROUP BY place"
    )
    names = [entry[0] for entry in answer.description or ()]
    found = {row[0]: dict(zip(names[1:], row[1:], strict=True)) for row in answer.fetchall()}
    known: dict[int, dict[str, float]] = {}
    for partner, source in partners.items():
        shares = connection.execute(
            f"SELECT place, avg((cell IN (SELECT value FROM {source}))::INT) FROM (SELECT DISTINCT place, cell FROM _cells) GROUP BY place"
        ).fetchall()
        for place, share in shares:
            known.setdefault(place, {})[partner] = share
    connection.execute("DROP TABLE _cells; DROP TABLE _picked")
    return [
        Cells(rows=looked, known=known.get(place, {}), **(found[place] | {"values": tuple(found[place]["values"])})) if place in found else Cells(rows=looked)
        for place in range(width)
    ]


def column_values(table: str, column: str) -> str:
    """SQL of the values of an attached table's column, as `cells_of` compares with them."""
    return f"(SELECT {identifier(column)}::VARCHAR AS value FROM {identifier(table)} WHERE {identifier(column)} IS NOT NULL)"


def _count(connection: duckdb.DuckDBPyConnection, rows: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM {rows}").fetchone()
    return int(found[0]) if found else 0


def _plain(cell: str) -> str:
    """SQL of a cell in small letters, its full-width signs and digits as the ASCII ones, without a sign before it that keeps spreadsheets from reading it."""
    return f"ltrim(lower(translate({cell}, '０１２３４５６７８９，．￥：／－（）％　', '0123456789,.¥:/-()% ')), '`''')"
