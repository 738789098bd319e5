"""The checks that every part of a mapping goes through: known keys, values of the right kind, what the engine can run. All raise MappingError."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
from rapidfuzz.process import extractOne

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import MappingError

Kinds = type | tuple[type, ...]

SPECIAL_FORMATS = ("unix", "unix_ms", "excel")
"""Formats that are numbers and no patterns of `strptime`."""

HALF_DAY = re.compile("上午|下午|(?<![a-z])[ap]\\.?m(?![a-z])", re.IGNORECASE)
"""Words that say which half of the day an hour is in."""

_KNOWN_ZONES = ("Asia/Shanghai", "UTC")
_MOST_FACTOR, _FACTOR_DECIMALS = 10**8, 6
_DELIMITING = "\t\x01\x1e\x1f"
_NOT_DELIMITING = "\"'`\\.+-"
# They are text encodings to Python, but a line end is another byte or sign in them.
_NOT_OF_FILES = ("punycode", "idna", "raw-unicode-escape", "unicode-escape", "undefined", "mbcs", "oem")


def section(value: object, file: str, place: str) -> Mapping[str, Any]:
    """The value, which must be a section of keys."""
    if not isinstance(value, Mapping):
        raise MappingError("{file}: {place} must be a section with keys, found {found!r}.", file=file, place=place, found=value)
    return value


def check_keys(spec: Iterable[str], accepted: tuple[str, ...], file: str, place: str) -> None:
    """Refuses keys that are not accepted, naming the nearest."""
    for key in spec:
        if key not in accepted:
            nearest = extractOne(key, accepted)[0]
            raise MappingError("{file}: {place}: {found!r} is not known. Did you mean {nearest}?", file=file, place=place or "—", found=key, nearest=nearest)


def check_choice(found: object, accepted: Iterable[str], file: str, place: str) -> None:
    """Refuses what is not one of those accepted."""
    if found not in tuple(accepted):
        raise MappingError("{file}: {place}: {found!r} is not known. Accepted: {accepted}.", file=file, place=place, found=found, accepted=", ".join(accepted))


def check_kind(value: object, kind: Kinds, file: str, place: str) -> None:
    """Refuses a value of another kind; a list must be of texts."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    is_right = isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds)
    if is_right and isinstance(value, list):
        is_right = all(isinstance(entry, str) for entry in value)
    if not is_right:
        accepted = ", ".join(entry.__name__ for entry in kinds)
        raise MappingError("{file}: {place}: {found!r} is of the wrong kind. Accepted: {accepted}.", file=file, place=place, found=value, accepted=accepted)


def check_filled(listed: Iterable[str], file: str, place: str) -> None:
    """Refuses texts in which nothing stands."""
    if not all(entry.strip() for entry in listed):
        raise MappingError("{file}: {place}: an entry is empty. Write what is meant, or remove it.", file=file, place=place)


def check_zone(zone: object, file: str, place: str) -> None:
    """Refuses what is no time zone, to Python or to the engine."""
    # Nearly every mapping states one of these; an engine that only checks it takes as long as all the rest of reading a mapping.
    if not zone or zone in _KNOWN_ZONES:
        return
    try:
        ZoneInfo(str(zone))
        _run("SELECT timezone($1, TIMESTAMP '2026-01-01')", str(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError, duckdb.Error) as problem:
        raise MappingError("{file}: {place}: {found!r} is no time zone. Write one like Asia/Shanghai or UTC.", file=file, place=place, found=zone) from problem


def check_delimiter(delimiter: str, file: str, place: str) -> None:
    """Refuses what cannot stand between two cells: more than one sign, or one that cells are made of."""
    is_one = len(delimiter) == 1 and delimiter not in _NOT_DELIMITING
    if not is_one or not (delimiter in _DELIMITING or unicodedata.category(delimiter)[0] in "PS"):
        raise MappingError(
            "{file}: {place}: {found!r} cannot separate cells. A delimiter is one sign, such as , ; | or \\t.", file=file, place=place, found=delimiter
        )


def check_encoding(encoding: str, file: str, place: str) -> None:
    """Refuses what is no encoding of text files, or one whose line ends the reader does not know."""
    try:
        name = codecs.lookup(encoding).name
        sample = "a,1\n"
        raw = sample.encode(encoding)
        is_known = codecs.getincrementaldecoder(encoding)("strict").decode(raw, final=True) == sample and (
            name.startswith("utf-16") or raw.removeprefix(codecs.BOM_UTF8) == sample.encode("ascii")
        )
    except (LookupError, ValueError, OSError):
        name, is_known = "", False
    if not is_known or name in _NOT_OF_FILES:
        raise MappingError(
            "{file}: {place}: {found!r} is no encoding of text that can be read. Write one like utf-8, gb18030, big5, shift_jis or utf-16-le.",
            file=file,
            place=place,
            found=encoding,
        )


def check_pattern(pattern: str, file: str, place: str) -> None:
    """Refuses a regular expression that the engine cannot run."""
    try:
        _run("SELECT regexp_replace('a', $1, '', 'g')", pattern)
    except duckdb.Error as problem:
        raise MappingError(
            "{file}: {place}: {found!r} is not a valid regular expression ({problem}). It must be one of RE2: without look-ahead, look-behind and "
            "back-references, with \\z for the end of the text.",
            file=file,
            place=place,
            found=pattern,
            problem=_cause(problem),
        ) from problem


def check_format(written: str, file: str, place: str) -> None:
    """Refuses a format of times that the engine cannot run, or that would mistake one half of the day for the other."""
    if written in SPECIAL_FORMATS:
        return
    try:
        _run("SELECT try_strptime('', [$1])", written)
    # UnicodeDecodeError: the engine quotes the first byte of a sign that it does not know, which is no text where the sign has several.
    except (duckdb.Error, UnicodeDecodeError) as problem:
        raise MappingError(
            "{file}: {place}: {found!r} is no format of times ({problem}). Write one like %Y-%m-%d %H:%M:%S, or one of {accepted}.",
            file=file,
            place=place,
            found=written,
            problem=_cause(problem),
            accepted=", ".join(SPECIAL_FORMATS),
        ) from problem
    if HALF_DAY.search(written) or ("%p" not in written and re.search("%-?I", written)):
        raise MappingError(
            "{file}: {place}: {found!r} would read hours of the afternoon as hours of the morning. Write %I for the hour and %p for 上午, 下午, AM or PM.",
            file=file,
            place=place,
            found=written,
        )


def check_factor(number: float, file: str, place: str) -> None:
    """Refuses what amounts cannot be multiplied by exactly."""
    by = Decimal(str(number))
    if not by.is_finite() or by == 0 or abs(by) >= _MOST_FACTOR or by != round(by, _FACTOR_DECIMALS):
        raise MappingError(
            "{file}: {place}: numbers cannot be multiplied by {found}. Accepted: a number other than 0, below {most}, with at most {decimals} decimals.",
            file=file,
            place=place,
            found=number,
            most=_MOST_FACTOR,
            decimals=_FACTOR_DECIMALS,
        )


def constant_text(value: str | float | bool) -> str:
    """A constant of TOML as the text of a cell."""
    return str(value).lower() if isinstance(value, bool) else str(value)


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    return connect(threads=1, reads=[])


def _run(query: str, value: str) -> None:
    _engine().execute(query, [value]).fetchall()


def _cause(problem: duckdb.Error | UnicodeDecodeError) -> str:
    said = problem.object.decode("utf-8", "ignore") if isinstance(problem, UnicodeDecodeError) else str(problem)
    return said.splitlines()[0].rpartition("Error: ")[2]
