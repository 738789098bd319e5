"""Headings, or data that stands where headings should: which of the two a line looks like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.dialect import EMPTY_WORDS
from kmanalysis.loaders.reading.package import column_letters
from kmanalysis.loaders.reading.records import SPACE, Record

_DATA = re.compile(r"[+-]?(?:[$¥￥€£]\s*)?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?%?|(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}.*|\S+@\S+\.\S+")


def looks_like_data(cells: Sequence[str]) -> bool:
    """Whether a line holds what no heading is: a number, a time, an address, or a database's word for nothing."""
    return any(cell in EMPTY_WORDS or _DATA.fullmatch(cell) for cell in (cell.strip(SPACE) for cell in cells))


def no_header(file: str, first: Sequence[Record]) -> DataError:
    """The error for a file in whose ``first`` records no headings were found. It shows no cell: one may be a secret."""
    widest = max(first, key=lambda record: len(record.cells), default=None)
    if widest is None:
        return empty_file(file)
    if not looks_like_data(widest.cells):
        return DataError("{file}: no header line was found. Give its number as header_line in the mapping.", file=file)
    return DataError(
        "{file}, line {line}: this looks like data, and no line has the headings. State them in a mapping, for its {columns} columns in their order: "
        'headings = ["…", "…"] under [source].',
        file=file,
        line=widest.line,
        columns=len(widest.cells),
    )


def empty_file(file: str) -> DataError:
    """The error for a file in which nothing stands."""
    return DataError("{file} is empty: there is nothing in it to read. Export it again.", file=file)


def stated_header(headings: Sequence[str], first: Sequence[Record]) -> Record:
    """The header where the headings are stated: the file's first line, should it say the same, else none of its lines."""
    if first and [cell.strip(SPACE) for cell in first[0].cells] == list(headings):
        return first[0]
    return Record(0, 0, list(headings))


def folded(heading: str) -> str:
    """A heading as it is compared: width, case and spaces do not matter."""
    return " ".join(unicodedata.normalize("NFKC", heading).casefold().split())


def check_columns(file: str, line: int, columns: int, most: int) -> None:
    """Raises DataError where a line has more headings than a table can have columns."""
    if columns > most:
        raise DataError(
            "{file}, line {line}: {columns} headings, and at most {limit} are read. Is it a table? Leave out the columns that no mapping reads.",
            file=file,
            line=line,
            columns=columns,
            limit=most,
        )


def check_once(headings: Sequence[str], wanted: Collection[str], file: str, line: int) -> None:
    """Raises DataError where a heading that is ``wanted`` stands over two columns: nobody can say which of them is meant."""
    places: dict[str, int] = {}
    read = {folded(heading) for heading in wanted}
    for column, heading in enumerate(headings):
        key = folded(heading)
        if key and key in read and places.setdefault(key, column) != column:
            before = places[key]
            raise DataError(
                "{file}, line {line}: two columns have one heading, {first} and {second}. Give one of them another heading, or leave it out.",
                file=file,
                line=line,
                first=f"{column_letters(before)} ({before + 1}) {headings[before]!r}",
                second=f"{column_letters(column)} ({column + 1}) {heading!r}",
            )
