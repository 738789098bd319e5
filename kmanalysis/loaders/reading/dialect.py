"""How a text file writes an empty cell, and signs that would end a cell: words for nothing that stand unquoted, and the escape sign of MySQL's dumps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

EMPTY_WORDS = ("NULL", "\\N")
"""What databases write where there is nothing."""


@dataclass(frozen=True)
class Dialect:
    """``empty``: words that are an empty cell where they stand alone and unquoted. ``escape``: the sign that takes the next one's meaning away, where
    the file has one (see `escaped`)."""

    empty: tuple[str, ...] = ()
    escape: str = ""


PLAIN = Dialect()
"""Cells are what they are, as in the project's own tables."""


def without_empty_words(text: str, delimiter: str, dialect: Dialect, *, is_padded: bool = True) -> str:
    """Whole records of delimited text, their unquoted empty words taken out.

    ``is_padded`` is off where it is known that no padding stands before a quote: that is faster.
    """
    words = tuple(word for word in dialect.empty if word in text)
    if not words:
        return text
    if '"' not in text:
        return _bare_words(delimiter, words).sub("", text)
    return _quoted_cells_and_bare_words(delimiter, words, is_padded).sub(lambda found: found["quoted"] or "", text)


def _words(delimiter: str, words: tuple[str, ...]) -> str:
    edge = re.escape(delimiter) + "\n"
    # The word first and what lies before it second: a pattern that begins with plain signs is looked for much faster.
    return "|".join(f"{re.escape(word)}(?<![^{edge}]{re.escape(word)})(?![^{edge}])" for word in words)


@cache
def _bare_words(delimiter: str, words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(_words(delimiter, words))


@cache
def _quoted_cells_and_bare_words(delimiter: str, words: tuple[str, ...], is_padded: bool) -> re.Pattern[str]:
    edge = re.escape(delimiter) + "\n"
    opening = f'(?<![^{edge}]) *"' if is_padded else f'"(?<![^{edge}]")'
    return re.compile(rf'(?P<quoted>{opening}[^"]*(?:""[^"]*)*")|{_words(delimiter, words)}')
