"""What a measure is: its id and dimension, how it is computed, the rows behind it, and what is written about it.

A measure of an operator's own is the same record, with functions and a guide from elsewhere.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import StringIO

import pandas as pd

from kmanalysis.engine.lazy import ir
from kmanalysis.workbook import Workbook


@dataclass(frozen=True)
class Example:
    """A few canonical rows of October 2026, and the row that the measure makes of them for supplier s1."""

    story: str
    tables: Mapping[str, str]
    value: float
    n: int
    basis: str
    verdict: str
    lower: float | None = None
    upper: float | None = None

    def rows(self, table: str) -> list[dict[str, str | None]]:
        """The rows of one of its tables, an empty cell as None."""
        return [{column: cell or None for column, cell in row.items()} for row in csv.DictReader(StringIO(self.tables[table]))]


@dataclass(frozen=True)
class Guide:
    """What a guide.toml says of a measure, beside what the standards and the catalogue say already.

    In ``says``, ``computed`` and ``not_said``, ``{limit}`` stands for the standard's limit and ``{counting.…}`` for a setting's value.
    """

    says: str
    """What a reader learns from the value."""

    computed: Sequence[str]
    """How the value comes about, in the order in which it happens."""

    basis: Sequence[str]
    """The bases that a row of it may have (``tables.BASES``)."""

    settings: Sequence[str]
    """The settings that it reads; a test compares them with what it asks for."""

    reads: Mapping[str, Sequence[str]]
    """The columns that it reads, by table; a test compares them with what the engine scans."""

    not_said: str
    """What may not be concluded."""

    example: Example
    """A test runs it."""


@dataclass(frozen=True)
class Measure:
    """A measure: ``compute`` gives its measures frame (``tables.MEASURES``), ``rows`` the engine rows behind it, with how bad each is as ``severity``.

    ``guide_file`` is the TOML file that holds its guide under its id. ``how_bad``, where rows are many and counted anyway, gives how many of them are
    how bad (supplier_id, severity, cases), so that the worst need not be looked for among all.
    """

    id: str
    dimension: str
    compute: Callable[[Workbook], pd.DataFrame]
    rows: Callable[[Workbook], ir.Table]
    guide_file: Traversable
    how_bad: Callable[[Workbook], ir.Table] | None = None

    @property
    def guide(self) -> Guide:
        """What is written about it. Raises LookupError where its file has nothing under its id."""
        written = guides(self.guide_file)
        if self.id not in written:
            raise LookupError(f"Measure {self.id} has no guide in {self.guide_file}.")
        return written[self.id]


def reads_of(measure: str) -> Callable[[], Mapping[str, Sequence[str]]]:
    """What a measure of the package says that it reads, for a frame that shows the same (`workbook.frame`)."""
    return lambda: guides(files("kmanalysis.measures") / measure.partition(".")[0] / "guide.toml")[measure].reads


def guides(file: Traversable) -> Mapping[str, Guide]:
    """The guides that a TOML file holds, by the ids of their measures."""
    return _guides(file.read_text(encoding="utf-8"))


@cache
def _guides(text: str) -> Mapping[str, Guide]:
    return {measure: Guide(**(fields | {"example": Example(**fields["example"])})) for measure, fields in tomllib.loads(text).items()}
