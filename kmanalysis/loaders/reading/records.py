"""Delimited text to records, in plain Python: the reference for the engine's reader, and what reads where that one cannot.

A record is where it starts (physical line), its cells, and whether its quotes are in order.
"""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from kmanalysis.loaders.reading.dialect import PLAIN, Dialect, without_empty_words

DELIMITERS = (",", "\t", ";")
LONGEST_QUOTE = 1000
"""A quoted cell over more lines than this is taken for a quote that was never closed."""

CELL_LIMIT = 131_072
SPACE = " \t\r\n\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
"""What padding may consist of."""


_FOOTERS = ("合计", "总计", "小计", "导出时间", "导出日期", "制表", "制表人", "统计时间", "total", "grand total", "exported at", "generated at")


@dataclass(frozen=True)
class Record:
    """One record. ``line`` is where it starts, ``end`` where it ends, both counted from 1."""

    line: int
    end: int
    cells: list[str]
    is_whole: bool = True

    @property
    def is_blank(self) -> bool:
        """Whether nothing but padding and delimiters stands in it."""
        return not any(cell.strip(SPACE) for cell in self.cells)


def numbered_lines(chunks: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines without their ends, numbered from 1."""
    number = 0
    for chunk in chunks:
        for line in chunk.removesuffix("\n").split("\n"):
            number += 1
            yield number, line


def records(lines: Iterable[tuple[int, str]], delimiter: str, width: int = 0, dialect: Dialect = PLAIN) -> Iterator[Record]:
    """The records of delimited text. A record that goes over several lines must have ``width`` cells (0: any number) and
    well-formed quotes; else its first line alone is given as a record that is not whole, and reading goes on below it.
    Unquoted empty words of the dialect are empty cells."""
    ahead: deque[tuple[int, str]] = deque()
    source = iter(lines)
    while True:
        entry = ahead.popleft() if ahead else next(source, None)
        if entry is None:
            return
        number, line = entry
        if '"' not in line and len(line) < CELL_LIMIT:
            yield Record(number, number, without_empty_words(line, delimiter, dialect).split(delimiter))
            continue
        taken = [entry]
        cells = _quoted(taken, ahead, source, delimiter, width, dialect)
        if cells is None:
            ahead.extendleft(reversed(taken[1:]))
            yield Record(number, number, without_empty_words(line, delimiter, dialect).split(delimiter), is_whole=False)
        else:
            yield Record(number, taken[-1][0], cells)


def _quoted(
    taken: list[tuple[int, str]], ahead: deque[tuple[int, str]], source: Iterator[tuple[int, str]], delimiter: str, width: int, dialect: Dialect
) -> list[str] | None:
    """The cells of the record that begins with the line in ``taken``, to which the lines that it takes are added; None where its quotes are wrong."""
    ran_out = False

    def feed() -> Iterator[str]:
        nonlocal ran_out
        yield taken[0][1] + "\n"
        while len(taken) < LONGEST_QUOTE:
            entry = ahead.popleft() if ahead else next(source, None)
            if entry is None:
                break
            taken.append(entry)
            yield entry[1] + "\n"
        ran_out = True

    try:
        cells = next(csv.reader(feed(), delimiter=delimiter, skipinitialspace=True))
        if len(taken) > 1 and not ran_out:
            strict = next(csv.reader((line + "\n" for _, line in taken), delimiter=delimiter, strict=True, skipinitialspace=True))
            return _without_empty_words(strict, taken, delimiter, dialect) if not width or len(strict) == width else None
    except (csv.Error, StopIteration):
        return None
    return None if ran_out else _without_empty_words(cells, taken, delimiter, dialect)


def _without_empty_words(cells: list[str], taken: list[tuple[int, str]], delimiter: str, dialect: Dialect) -> list[str]:
    """The cells of these lines, which no longer show what was quoted, with those empty that hold an unquoted empty word."""
    if not any(cell in dialect.empty for cell in cells):
        return cells
    text = without_empty_words("\n".join(line for _, line in taken), delimiter, dialect)
    again = next(csv.reader((line + "\n" for line in text.split("\n")), delimiter=delimiter, skipinitialspace=True), [])
    return [cell if cell == now else "" for cell, now in zip(cells, again, strict=True)] if len(again) == len(cells) else cells


def footer_pattern(words: Iterable[str] = ()) -> re.Pattern[str]:
    """What the first cell of a line that closes an export looks like: a word for totals or for the export itself, alone or before a colon, bracket or
    number ("Total War" is a product), or one that begins with one of ``words``."""
    known = "|".join(map(re.escape, _FOOTERS))
    own = "".join(f"|{re.escape(word)}.*" for word in words)
    return re.compile(rf"(?:{known})\s*(?:[:：(（\d].*)?{own}", re.IGNORECASE | re.DOTALL)


@cache
def _regular_quotes(delimiter: str) -> re.Pattern[str]:
    edge = re.escape(delimiter) + "\n"
    return re.compile(rf'"(?<![^{edge}]")[^"\n]*(?:""[^"\n]*)*"(?![^{edge}])')


def is_regular(text: str, delimiter: str) -> bool:
    """Whether every reader reads these whole lines alike: no record over two lines, no blank line, no quote inside a bare cell, no giant cell."""
    if "\n\n" in text or text.startswith("\n"):
        return False
    # A line that is an empty quoted cell is blank to the one and a row to the other.
    if '"' in text and '\n""\n' in f"\n{text}":
        return False
    if '"' in text and '"' in _regular_quotes(delimiter).sub("", text):
        return False
    position = 0
    while len(text) - position >= CELL_LIMIT:
        end = text.rfind("\n", position, position + CELL_LIMIT) + 1
        if not end:
            return False
        position = end
    return True


def delimiter_of(text: str) -> str:
    """The delimiter with which most of the head's records have the same number of cells, more than one; comma where none has."""
    return likely_delimiters(text)[0]


def likely_delimiters(text: str) -> list[str]:
    """All delimiters, the likeliest first, as `delimiter_of`."""

    def score(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(record.cells) for record in records(numbered_lines([text]), delimiter) if not record.is_blank and len(record.cells) > 1)
        return max(((rows * min(width, 3), width) for width, rows in widths.items()), default=(0, 0))

    return sorted(DELIMITERS, key=score, reverse=True)
