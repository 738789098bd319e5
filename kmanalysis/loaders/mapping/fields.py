"""The checks that every part of a mapping goes through: known keys, values of the right kind. All raise MappingError."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rapidfuzz.process import extractOne

from kmanalysis.errors import MappingError

Kinds = type | tuple[type, ...]


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
    is_right = isinstance(value, kind) and not (isinstance(value, bool) and kind is int)
    if is_right and isinstance(value, list):
        is_right = all(isinstance(entry, str) for entry in value)
    if not is_right:
        accepted = ", ".join(entry.__name__ for entry in (kind if isinstance(kind, tuple) else (kind,)))
        raise MappingError("{file}: {place}: {found!r} is of the wrong kind. Accepted: {accepted}.", file=file, place=place, found=value, accepted=accepted)


def check_zone(zone: object, file: str, place: str) -> None:
    """Refuses what is no time zone."""
    if not zone:
        return
    try:
        ZoneInfo(str(zone))
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise MappingError("{file}: {place}: {found!r} is no time zone. Write one like Asia/Shanghai or UTC.", file=file, place=place, found=zone) from problem


def constant_text(value: str | float | bool) -> str:
    """A constant of TOML as the text of a cell."""
    return str(value).lower() if isinstance(value, bool) else str(value)
