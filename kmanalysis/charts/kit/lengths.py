"""How much a reader is shown: texts that fit, and rows that fit. Nothing here draws, so who only writes tables needs no matplotlib."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
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
    """How a chart calls a supplier: by its name, with its id before it where that says more."""
    name = names.get(supplier, supplier)
    told = name if supplier in name or columns(supplier) > 8 else f"{supplier} {name}"
    return shortened(told, width)
