"""TOML that people write: read as plain data of bounded depth and size, with the line on which it goes wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from kmanalysis.errors import DataError, KmError
from kmanalysis.files.faults import said

DEEPEST = 48
"""How deep lists and sections may be nested: what is deeper was not written by a person, and would end in a RecursionError where it is walked or shown."""

LARGEST_INTEGER = (1 << 63) - 1
_LARGEST_EXPONENT = 400
_PLACE = re.compile(r"(?P<problem>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)
_LONG_NUMBER = re.compile(rb"[\d_]{400}")


def read_toml(path: Path, kind: type[KmError], *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """What a TOML file declares.

    Raises ``kind``, which names the file and its line, for one that is no TOML in UTF-8, and as `check_plain` does; PathError for one that the system
    does not let be read.
    """
    with said(path):
        raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = problem.object.count(b"\n", 0, problem.start) + 1
        raise _as(kind, DataError("{file}, line {line}: this is not text in UTF-8. Save the file as UTF-8.", file=path.name, line=line)) from problem
    try:
        declared = tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as problem:
        raise _as(kind, _not_toml(path.name, text, problem)) from problem
    except RecursionError as problem:
        raise _as(kind, _too_deep(path.name)) from problem
    except ValueError as problem:
        found = _LONG_NUMBER.search(raw)
        line = raw.count(b"\n", 0, found.start() if found else 0) + 1
        error = DataError("{file}, line {line}: a number has too many digits to be read. Shorten it, or write it as text in quotes.", file=path.name, line=line)
        raise _as(kind, error) from problem
    check_plain(declared, path.name, kind)
    return declared


def check_plain(declared: Mapping[str, Any], file: str, kind: type[KmError]) -> None:
    """Refuses, with ``kind``, what TOML can say and nobody means: sections nested too deeply, numbers beyond 64 bits, zero bytes in a text."""
    waiting: list[tuple[object, str, int]] = [(declared, "", 0)]
    while waiting:
        value, place, depth = waiting.pop()
        match value:
            case Mapping() | list() if depth >= DEEPEST:
                raise _as(kind, _too_deep(file))
            case Mapping():
                for key, inner in value.items():
                    where = f"{place}.{key}" if place else str(key)
                    waiting += [(str(key), where, depth), (inner, where, depth + 1)]
            case list():
                waiting += [(inner, place, depth + 1) for inner in value]
            case str() if "\0" in value:
                raise _as(kind, DataError("{file}: {place}: a text holds a zero byte. Remove it.", file=file, place=place.replace("\0", "\\u0000")))
            case int() | Decimal() if _is_too_large(value):
                raise _as(kind, DataError("{file}: {place}: the number is too large or too small to be read. Correct it.", file=file, place=place))


def _is_too_large(number: int | Decimal) -> bool:
    if isinstance(number, Decimal):
        return number.is_finite() and abs(number.adjusted()) > _LARGEST_EXPONENT
    return not -LARGEST_INTEGER <= number <= LARGEST_INTEGER


def _not_toml(file: str, text: str, problem: tomllib.TOMLDecodeError) -> DataError:
    found = _PLACE.fullmatch(str(problem))
    line = int(found["line"]) if found and found["line"] else text.count("\n") + 1
    return DataError(
        "{file}, line {line}: this is not valid TOML ({problem}). Correct the line: texts stand in quotes, lists in square brackets.",
        file=file,
        line=line,
        problem=found["problem"] if found else str(problem),
    )


def _too_deep(file: str) -> DataError:
    return DataError("{file}: lists or sections are nested more than {limit} deep. Write them flatter.", file=file, limit=DEEPEST)


def _as(kind: type[KmError], problem: KmError) -> KmError:
    """The same sentence as an error of that kind."""
    return kind(problem.message, **problem.fields)
