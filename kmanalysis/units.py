"""What each column holds: a share, an amount, seconds, a code … Declared once, and read by tables, spreadsheets and charts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from kmanalysis.tables import Column, tables

UNITS = frozenset(
    {"share", "money", "count", "points", "index", "number", "seconds", "microseconds", "milliseconds", "days", "months", "years", "hour"}
    | {"flag", "moment", "day", "month", "id", "text", "name", "unit", "@unit", "@limit_unit"}
)
"""The units that there are; ``units.toml`` says what each one means. One that begins with @ is that of the row, in the column of this name."""

_BY_TYPE = {"id": "id", "text": "text", "digest": "id", "enum": "name", "boolean": "flag", "timestamp": "moment", "date": "day"}
_BY_UNIT = {"units": "count"}


def unit_of(column: str, frame: str = "") -> str:
    """The unit of a column, in the finished frame of this name where one is given. Empty for a column that nobody declared."""
    return declared_in(frame).get(column) or declared().get(column, "")


@cache
def declared() -> Mapping[str, str]:
    """Units by column, for all frames."""
    canonical = {column.name: _of_canonical(column) for table in tables().values() for column in table.stored.values()}
    return MappingProxyType(canonical | _by_column(_file()["units"]))


@cache
def declared_in(frame: str) -> Mapping[str, str]:
    """Units by column where a frame means something else by them."""
    return MappingProxyType(_by_column(_file()["frames"].get(frame, {})))


def frames_declared() -> tuple[str, ...]:
    """The frames that mean something else by a name."""
    return tuple(_file()["frames"])


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("units.toml").read_text(encoding="utf-8"))


def _by_column(by_unit: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Columns with their units. Raises ValueError for a unit that there is not, and for a column that has two."""
    found: dict[str, str] = {}
    for unit, names in by_unit.items():
        if unit not in UNITS:
            raise ValueError(f"units.toml: {unit!r} is no unit.")
        for name in names:
            if name in found:
                raise ValueError(f"units.toml: {name!r} stands under {found[name]!r} and under {unit!r}.")
            found[name] = unit
    return found


def _of_canonical(column: Column) -> str:
    if column.unit.startswith("currency"):
        return "money"
    return _BY_UNIT.get(column.unit, column.unit) or _BY_TYPE.get(column.type, "number")
