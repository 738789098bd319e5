"""Text with an escape sign to records: what MySQL's SELECT … INTO OUTFILE, mysqldump --tab and mysql --batch write, and PostgreSQL's COPY.

The sign takes the next one's meaning away, be it the delimiter, the line's end, a quote or itself; before some letters it stands for what cannot be seen.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from types import MappingProxyType

from kmanalysis.loaders.reading.dialect import PLAIN, Dialect
from kmanalysis.loaders.reading.records import LONGEST_QUOTE, Record, likely_delimiters, records

# A zero byte is in no text that anybody means.
_LETTERS = MappingProxyType({"0": "", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "Z": "\x1a"})

Line = tuple[int, str]


def dialect_records(lines: Iterable[Line], delimiter: str, width: int = 0, dialect: Dialect = PLAIN) -> Iterator[Record]:
    """The records of delimited text as its dialect writes them; see `records` for ``width``."""
    return _escaped_records(lines, delimiter, width, dialect) if dialect.escape else records(lines, delimiter, width, dialect)


def dialect_delimiters(head: str, dialect: Dialect) -> list[str]:
    """The delimiters that a file may have which begins with ``head``, the likeliest first: with an escape sign that is the tab, as databases write them."""
    return ["\t"] if dialect.escape and "\t" in head.partition("\n")[0] else likely_delimiters(head)


def _escaped_records(lines: Iterable[Line], delimiter: str, width: int, dialect: Dialect) -> Iterator[Record]:
    ahead: deque[Line] = deque()
    source = iter(lines)

    def following() -> Line | None:
        return ahead.popleft() if ahead else next(source, None)

    while entry := following():
        taken = [entry]
        text = entry[1]
        while _is_open(text, dialect.escape) and len(taken) < LONGEST_QUOTE and (more := following()):
            taken.append(more)
            text += "\n" + more[1]
        cells, is_closed = _cells(text, delimiter, dialect)
        whole = len(taken)
        # Enclosed cells may hold bare line ends; with tabs between them nothing needs enclosing, and a quote is a sign like others.
        while not is_closed and len(taken) < LONGEST_QUOTE and (more := following()):
            taken.append(more)
            text += "\n" + more[1]
            longer, is_longer_closed = _cells(text, delimiter, dialect) if '"' in more[1] else ([], False)
            if is_longer_closed and width in (0, len(longer)):
                cells, whole, is_closed = longer, len(taken), True
        ahead.extendleft(reversed(taken[whole:]))
        yield Record(taken[0][0], taken[whole - 1][0], cells, is_closed)


def _is_open(text: str, escape: str) -> bool:
    """Whether the line's end is escaped: an odd number of signs stands before it."""
    return (len(text) - len(text.rstrip(escape))) % 2 == 1


def _cells(text: str, delimiter: str, dialect: Dialect) -> tuple[list[str], bool]:
    """The cells of a record, and whether every quote that opens one is closed."""
    if dialect.escape not in text and '"' not in text:
        return ["" if cell in dialect.empty else cell for cell in text.split(delimiter)], True
    pattern = _cell_pattern(delimiter, dialect.escape)
    nothing = (dialect.escape + "N", *dialect.empty)
    cells, position, is_closed = [], 0, True
    while found := pattern.match(text, position):
        bare = found["bare"]
        if bare is None:
            cells.append(_meant(found["enclosed"], dialect.escape, is_enclosed=True))
        else:
            is_closed = is_closed and (delimiter == "\t" or not bare.lstrip(" ").startswith('"'))
            cells.append("" if bare in nothing else _meant(bare, dialect.escape))
        if found.end() >= len(text):
            break
        position = found.end() + len(delimiter)
    return cells, is_closed


def _meant(raw: str, escape: str, *, is_enclosed: bool = False) -> str:
    """What a cell says; in an enclosed one two quotes are one."""
    if escape not in raw and not (is_enclosed and '"' in raw):
        return raw
    return _escape_pattern(escape, is_enclosed).sub(lambda found: _LETTERS.get(found["sign"], found["sign"]) if found["sign"] else '"', raw)


@cache
def _escape_pattern(escape: str, is_enclosed: bool) -> re.Pattern[str]:
    return re.compile(f"{re.escape(escape)}(?P<sign>.)" + ('|""' if is_enclosed else ""), re.DOTALL)


@cache
def _cell_pattern(delimiter: str, escape: str) -> re.Pattern[str]:
    sign, edge = re.escape(escape), re.escape(delimiter)
    stops, more = (f'"{sign}{edge}', f"{sign}.") if delimiter == "\t" else (f'"{sign}', f'(?:{sign}.|"")')
    enclosed = rf' *"(?P<enclosed>[^{stops}]*(?:{more}[^{stops}]*)*)" *(?={edge}|\Z)'
    bare = rf"(?P<bare>[^{sign}{edge}]*(?:{sign}.[^{sign}{edge}]*)*{sign}?)"
    return re.compile(f"{enclosed}|{bare}", re.DOTALL)
