"""Lookups that stand in a second file: two of its columns as keys and values. The file lies in the mapping's folder."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from rapidfuzz.process import extractOne

from kmanalysis.errors import MappingError
from kmanalysis.loaders.mapping.model import compared
from kmanalysis.loaders.reading.decoding import HEAD, decoding, text_chunks
from kmanalysis.loaders.reading.headings import folded
from kmanalysis.loaders.reading.records import SPACE, delimiter_of, numbered_lines, records

_KEYS = ("file", "key", "value")


def is_of_file(listed: Mapping[str, Any]) -> bool:
    """Whether a lookup names a file instead of listing its entries."""
    return set(listed) == set(_KEYS) and all(isinstance(value, str) for value in listed.values())


def lookup_of_file(declared: Mapping[str, str], folder: Path | None, mapping: str, place: str) -> dict[str, str]:
    """The values of a text table's column ``value`` by what stands under ``key``, as it is compared; rows without a key are left out.

    Raises MappingError for a file that does not lie in ``folder`` or below it, headings that it lacks, and a key that has two values.
    """
    path = _path_of(declared["file"], folder, mapping, place)
    read = decoding(path)
    head = next(text_chunks(path, read), "")
    rows = (record for record in records(numbered_lines(text_chunks(path, read)), delimiter_of(head[:HEAD])) if not record.is_blank)
    headings = [folded(cell) for top in islice(rows, 1) for cell in top.cells]
    columns = [_column(declared[key], headings, path.name, mapping, f"{place}.{key}") for key in ("key", "value")]
    found: dict[str, str] = {}
    for record in rows:
        key, value = (record.cells[column].strip(SPACE) if column < len(record.cells) else "" for column in columns)
        if not key:
            continue
        if found.setdefault(compared(key), value) != value:
            raise MappingError(
                "{file}: {place}: {other}, line {line}: {found!r} has another value above. Keep one of them.",
                file=mapping,
                place=place,
                other=path.name,
                line=record.line,
                found=key,
            )
    return found


def _path_of(name: str, folder: Path | None, mapping: str, place: str) -> Path:
    path = (folder or Path()) / name
    try:
        is_there = folder is not None and not Path(name).is_absolute() and path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except OSError:  # a name that no file can have
        is_there = False
    if not is_there:
        raise MappingError(
            "{file}: {place}.file: {found!r} is no file in the mapping's own folder. Put a text table (CSV) there and name it.",
            file=mapping,
            place=place,
            found=name,
        )
    return path


def _column(heading: str, headings: list[str], name: str, mapping: str, place: str) -> int:
    if folded(heading) not in headings:
        nearest = extractOne(heading, headings)
        raise MappingError(
            "{file}: {place}: {other} has no column {found!r}. Nearest heading there: {nearest}.",
            file=mapping,
            place=place,
            other=name,
            found=heading,
            nearest=nearest[0] if nearest else "—",
        )
    return headings.index(folded(heading))
