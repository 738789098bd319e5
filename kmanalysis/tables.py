"""The canonical tables: what each column holds, declared once in ``tables.toml`` and read from here.

Two result frames travel through everything above the measures; their columns are declared here as well:
``MEASURES`` (what was observed) and ``SCORECARD`` (what it means against its standard).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

MEASURES = ("month", "supplier_id", "measure", "value", "unit", "n", "lower", "upper", "basis")
"""Columns of the measures frame: one row a supplier and measure.

``value`` is NaN where nothing was observed; ``lower`` and ``upper`` are one-sided 95 % bounds (NaN where there is
no honest one); ``basis`` is one of `BASES`.
"""

SCORECARD = (*MEASURES, "dimension", "op", "target", "verdict", "points", "weight", "veto")
"""Columns of the scorecard frame: the measures that have a standard, judged by it."""

BASES = ("census", "sample", "bounded")
"""How much was seen: every event; some, drawn; every event, but some only up to bounds.

A census is judged by its value; a sample and a bounded measure by their bounds.
"""

VERDICTS = ("met", "missed", "unproven", "no_data")
DIMENSIONS = ("stability", "compliance", "price", "service", "reputation")
GRADES = ("S", "A", "B")

NO_DISPUTE_KINDS = ("question", "other")
"""Kinds of tickets that are not disputes."""

SQL_TYPES = MappingProxyType(
    {
        "id": "VARCHAR",
        "text": "VARCHAR",
        "enum": "VARCHAR",
        "digest": "VARCHAR",
        "integer": "BIGINT",
        "decimal": "DECIMAL(18,4)",
        "float": "DOUBLE",
        "boolean": "BOOLEAN",
        "timestamp": "TIMESTAMP",
        "date": "DATE",
    }
)
"""Type in the engine of each declared type. A timestamp is naive UTC to the microsecond."""


@dataclass(frozen=True)
class Column:
    """One column: its declared type, unit and meaning, and what it accepts."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    required: bool = False
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    refers_to: str = ""
    orphan: str = "reject"
    not_before: str = ""
    zero: str = ""
    headings: tuple[str, ...] = ()
    vague: tuple[str, ...] = ()

    @property
    def sql_type(self) -> str:
        """Type of the column in the engine."""
        return SQL_TYPES[self.type]

    @property
    def is_secret(self) -> bool:
        """Whether the raw value may only be kept as a keyed digest."""
        return self.type == "digest"

    @property
    def is_code(self) -> bool:
        """Whether it is a card code of which the digest is kept."""
        return self.is_secret and self.name.startswith("code")


@dataclass(frozen=True)
class Table:
    """One canonical table: its columns by name, its key, and the column that places a row in time, if any.

    ``derived`` columns are never supplied: they are computed from the others when rows are loaded. If ``one_of`` names columns, every row must
    fill in at least one of them.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    event_time: str = ""
    derived: Mapping[str, Column] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()

    @property
    def stored(self) -> Mapping[str, Column]:
        """All columns as they stand in the engine and in Parquet: the supplied ones, then the derived ones."""
        return MappingProxyType({**self.columns, **self.derived})

    def may_hold_contacts(self, column: Column) -> bool:
        """Whether a column is free text, in which contacts and codes are replaced by their digests."""
        return column.type == "text" and not column.pattern and column.name not in self.key

    @property
    def series(self) -> tuple[str, ...]:
        """The key without the time: rows alike in it are readings of one thing."""
        return tuple(name for name in self.key if name != self.event_time)


@cache
def _declarations() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("tables.toml").read_text(encoding="utf-8"))


@cache
def tables() -> Mapping[str, Table]:
    """All canonical tables by name, in the order in which they are declared."""
    return MappingProxyType({name: _table(name, spec) for name, spec in _declarations().items()})


def _table(name: str, spec: Mapping[str, Any]) -> Table:
    key = tuple(spec["key"])
    columns = {column: _column(column, declared, is_key=column in key) for column, declared in spec["columns"].items()}
    derived = {column: _column(column, declared, is_key=False) for column, declared in spec.get("derived", {}).items()}
    return Table(name, spec["meaning"], key, MappingProxyType(columns), spec.get("event_time", ""), MappingProxyType(derived), tuple(spec.get("one_of", ())))


def _column(name: str, declared: dict[str, Any], *, is_key: bool) -> Column:
    lists = {field: tuple(declared[field]) for field in ("values", "headings", "vague") if field in declared}
    return Column(name, **(declared | lists | {"required": is_key or declared.get("required", False)}))
