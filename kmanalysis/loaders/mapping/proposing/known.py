"""The words that exports head their columns with: how well a heading fits a canonical column, before any cell is looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne

from kmanalysis.loaders.mapping.cleaning import CURRENCY_SIGNS
from kmanalysis.loaders.reading.headings import folded
from kmanalysis.tables import Column, Table, tables
from kmanalysis.words import Words, languages

CLEAR, VAGUE, SIMILAR = "clear", "vague", "similar"
"""How a heading fits: it is a column's own word; a word that other things are called by too; no known word, but spelled like one."""

LEAST_SIMILAR, LEAST_SIMILAR_LETTERS = 75, 85
"""How alike a heading must be to a known word, of a hundred; more where it is of letters, of which unlike words share many."""

_UNIT = re.compile(r"(?P<bare>.+?)\s*(?:[(\[]\s*(?P<inside>[^()\[\]]{1,12}?)\s*[)\]]|/\s*(?P<after>[^/\s]{1,4}))")

CURRENCY_UNITS = MappingProxyType({folded(sign): code for sign, code in CURRENCY_SIGNS.items()} | dict.fromkeys(("分", "千元", "万元"), "CNY"))
"""Units of a heading that say which currency its amounts are in."""

FACTORS = MappingProxyType({"分": 0.01, "万元": 10_000, "万": 10_000, "千元": 1000, "%": 0.01, "秒": 1000, "s": 1000, "sec": 1000, "seconds": 1000})
"""What a cell is multiplied by where its heading states such a unit and the column's own is the smaller or larger one."""

ZONE_UNITS = MappingProxyType({"utc": "UTC", "gmt": "UTC", "utc+8": "Asia/Shanghai", "utc+08:00": "Asia/Shanghai", "北京时间": "Asia/Shanghai"})
"""What a heading says of its times' zone."""

_COUNTED = frozenset(
    {"件", "个", "张", "份", "套", "单", "台", "笔", "次", "pcs", "units", "毫秒", "ms", "milliseconds", "秒", "s", "sec", "seconds", "万", "%"}
)
_UNITS = frozenset({*CURRENCY_UNITS, *ZONE_UNITS, *_COUNTED})


@dataclass(frozen=True)
class Fit:
    """How a heading fits a column: ``grade`` is one of `CLEAR`, `VAGUE`, `SIMILAR`; ``place`` is the word's in the column's list, the preferred ones first;
    ``unit`` is what the heading says in brackets of its cells' unit, folded."""

    grade: str
    place: int = 0
    likeness: float = 100.0
    unit: str = ""


def without_unit(heading: str) -> tuple[str, str]:
    """A heading, folded, and the unit that it states at its end (empty where it states none): ``金额（元）`` → ``金额``, ``元``."""
    normal = _plain(heading)
    found = _UNIT.fullmatch(normal)
    unit = (found["inside"] or found["after"] or "") if found else ""
    return (found["bare"], unit) if found and unit in _UNITS else (normal, "")


def fit(table: Table, column: Column, heading: str) -> Fit | None:
    """How a heading fits a column of the table; None where it does not."""
    words = _words(table.name, languages())
    # Its own name as it is written in the project's own tables leaves no doubt, whatever the word means elsewhere.
    if heading == column.name:
        return Fit(CLEAR)
    bare, unit = without_unit(heading)
    for word, stated in ((_plain(heading), ""), (bare, unit)):
        if word in words:
            # What is another column's word is not a misspelling of this one's.
            grade, place = words[word].get(column.name, ("", 0))
            return Fit(grade, place, unit=stated or unit) if grade else None
    least = LEAST_SIMILAR_LETTERS if bare.isascii() else LEAST_SIMILAR
    nearest = extractOne(bare, _clear_words(table.name, languages())[column.name], scorer=ratio, score_cutoff=least)
    return Fit(SIMILAR, likeness=nearest[1], unit=unit) if nearest else None


def is_known(heading: str) -> bool:
    """Whether any column of any table is called by this heading."""
    known = _all_words(languages())
    return _plain(heading) in known or without_unit(heading)[0] in known


def _plain(heading: str) -> str:
    """A heading as it is compared here: programs join the words of one with strokes."""
    return folded(re.sub("[_-]+", " ", heading))


@cache
def _all_words(spoken: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for name in tables() for word in _words(name, spoken))


@cache
def _words(name: str, spoken: tuple[str, ...]) -> Mapping[str, Mapping[str, tuple[str, int]]]:
    """Folded words of a table, with the columns that each may mean: how clearly, and at which place of the column's list."""
    table = tables()[name]
    found: dict[str, dict[str, tuple[str, int]]] = {}
    for column in table.columns.values():
        for place, word in enumerate(dict.fromkeys(_plain(word) for word in _clear(table, column, spoken))):
            found.setdefault(word, {})[column.name] = (CLEAR, place)
        for place, word in enumerate(_plain(word) for word in column.vague):
            found.setdefault(word, {})[column.name] = (VAGUE, place)
    for meant in found.values():
        if sum(grade == CLEAR for grade, _ in meant.values()) > 1:
            meant.update({column: (VAGUE, place) for column, (_, place) in meant.items()})
    return found


@cache
def _clear_words(name: str, spoken: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """The clear words of each column."""
    words = _words(name, spoken)
    return {column: tuple(word for word, meant in words.items() if meant.get(column, ("",))[0] == CLEAR) for column in tables()[name].columns}


def _clear(table: Table, column: Column, spoken: tuple[str, ...]) -> list[str]:
    """A column's own words: declared headings, its name, what the catalogues call it, and the words of the column that it refers to."""
    found = [*column.headings, column.name, *_labels(f"{table.name}.{column.name}", spoken)]
    if column.refers_to:
        partner, _, key = column.refers_to.partition(".")
        found += [*tables()[partner].columns[key].headings, *_labels(column.refers_to, spoken)]
    return found


def _labels(identifier: str, spoken: tuple[str, ...]) -> list[str]:
    said = [Words(lang) for lang in spoken]
    return [words.name(identifier) for words in said if words.has_name(identifier)]


def value_words(column: Column) -> Mapping[str, str]:
    """The words for a column's values, folded, and which value each means: the values themselves, and what the catalogues call them.

    A word that means two of them is left out.
    """
    found: dict[str, str] = {}
    for value in column.values:
        for word in {folded(value), *(folded(label) for label in _labels(f"value.{value}", languages()))}:
            found[word] = value if found.get(word, value) == value else ""
    return {word: value for word, value in found.items() if value}
