"""How much a reader is shown: texts that fit, and rows that fit. Nothing here draws, so who only writes tables needs no matplotlib."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from types import MappingProxyType

VERDICT_SYMBOLS = MappingProxyType({"met": "✓", "missed": "✗", "unproven": "?", "no_data": "–"})

MOST_ROWS = 20
"""Suppliers that a chart shows, the worst ones, where there are more than `MANY_ROWS`."""

MANY_ROWS = 25


def columns(text: str) -> int:
    """Width of a text in half-width characters: a Chinese one counts two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def shortened(text: str, width: int) -> str:
    """The text, cut with … where it is wider than ``width`` half-width characters."""
    if columns(text) <= width:
        return text
    kept = text
    while columns(kept) > width - 1:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` half-width characters, broken at blanks or between Chinese characters."""
    lines: list[str] = []
    line = ""
    for piece in re.findall(r"[（“]?[^ \u2e80-\uffff]+ ?|[（“]?[\u2e80-\uffff]| ", text):
        # Closing punctuation never begins a line.
        if line and columns(line + piece.rstrip()) > width and piece not in "，。；：、）】":
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def supplier_label(supplier: str, names: Mapping[str, str], width: int = 20) -> str:
    """How a chart calls a supplier: by its name, with its id before it where that says more. No other of ``names`` is called the same."""
    return told_apart(supplier, names, width, _name_or_both)


def told_apart(supplier: str, names: Mapping[str, str], width: int, tell: Callable[[str, str], str]) -> str:
    """What ``tell``, a function of a module, makes of a supplier's id and name, in so many columns; where that is the same for others of ``names``, with
    what their ids differ in."""
    known = names if supplier in names else {**names, supplier: supplier}
    return _all_told(tuple(known.items()), width, tell)[supplier]


def _name_or_both(supplier: str, name: str) -> str:
    return name if supplier in name or columns(supplier) > 8 else f"{supplier} {name}"


@lru_cache(maxsize=64)
def _all_told(names: tuple[tuple[str, str], ...], width: int, tell: Callable[[str, str], str]) -> dict[str, str]:
    told = {supplier: shortened(tell(supplier, name), width) for supplier, name in names}
    groups: dict[str, list[str]] = {}
    for supplier, label in told.items():
        groups.setdefault(label, []).append(supplier)
    taken = {label for label, suppliers in groups.items() if len(suppliers) == 1}
    for twins in (sorted(suppliers) for suppliers in groups.values() if len(suppliers) > 1):
        marked = next(found for marks in _marks(twins) if len(taken.union(found := _marked(dict(names), marks, width))) == len(taken) + len(twins))
        taken.update(marked)
        told |= dict(zip(twins, marked, strict=True))
    return told


def _marks(twins: Sequence[str]) -> Iterator[dict[str, str]]:
    """What could tell suppliers of one name apart, the best first: their ids from where they differ, the ends of these, numbers."""
    differing = (place for place, signs in enumerate(zip(*twins, strict=False)) if len(set(signs)) > 1)
    same = next(differing, min(map(len, twins)))
    yield {twin: twin if same < 3 else f"…{twin[same - 1 :]}" for twin in twins}
    yield {twin: f"…{twin[-5:]}" for twin in twins}
    for first in count(1):
        yield {twin: f"#{number}" for number, twin in enumerate(twins, first)}


def _marked(names: Mapping[str, str], marks: Mapping[str, str], width: int) -> list[str]:
    cut = {twin: shortened(mark, width // 2) for twin, mark in marks.items()}
    return [f"{shortened(names[twin], width - columns(mark) - 1)} {mark}" for twin, mark in cut.items()]


def names_apart(names: Mapping[str, str]) -> dict[str, str]:
    """Names by id, as a text gives them where no id stands beside: several suppliers' one name with each one's id behind it."""
    counts = Counter(name.strip().casefold() for name in names.values())
    return {supplier: name if counts[name.strip().casefold()] == 1 else f"{name} ({supplier})" for supplier, name in names.items()}
