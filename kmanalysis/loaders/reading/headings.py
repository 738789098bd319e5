"""Headings, or data that stands where headings should: which of the two a line looks like."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.dialect import EMPTY_WORDS
from kmanalysis.loaders.reading.records import SPACE, Record

_DATA = re.compile(r"[+-]?(?:[$¥￥€£]\s*)?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?%?|(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}.*|\S+@\S+\.\S+")


def looks_like_data(cells: Sequence[str]) -> bool:
    """Whether a line holds what no heading is: a number, a time, an address, or a database's word for nothing."""
    return any(cell in EMPTY_WORDS or _DATA.fullmatch(cell) for cell in (cell.strip(SPACE) for cell in cells))


def no_header(file: str, first: Sequence[Record]) -> DataError:
    """The error for a file in whose ``first`` records no headings were found. It shows no cell: one may be a secret."""
    widest = max(first, key=lambda record: len(record.cells), default=None)
    if widest is None or not looks_like_data(widest.cells):
        return DataError("{file}: no header line was found. Give its number as header_line in the mapping.", file=file)
    return DataError(
        "{file}, line {line}: this looks like data, and no line has the headings. State them in a mapping, for its {columns} columns in their order: "
        'headings = ["…", "…"] under [source].',
        file=file,
        line=widest.line,
        columns=len(widest.cells),
    )


def stated_header(headings: Sequence[str], first: Sequence[Record]) -> Record:
    """The header where the headings are stated: the file's first line, should it say the same, else none of its lines."""
    if first and [cell.strip(SPACE) for cell in first[0].cells] == list(headings):
        return first[0]
    return Record(0, 0, list(headings))
