"""How the reference pages write a standard, a number, a name and a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kmanalysis.standards import SIGNS, Standard
from kmanalysis.words import MISSING, Words

FOREWORD = "<!-- Written by `make docs` from {source}: change that, not this page. -->"

_PLAIN = ("share", "count", "weight", "currency")


def format_standard(standard: Standard) -> str:
    """What a standard asks: sign, value and unit, and the limit inside the measure."""
    op = "" if standard.op == "=" else f"{SIGNS[standard.op]} "
    if standard.unit == "flag":
        return "yes" if standard.value else "no"
    asked = op + as_quantity(standard.value, standard.unit)
    return asked if standard.limit is None else f"{asked}; limit {as_quantity(standard.limit, standard.limit_unit)}"


def as_quantity(value: float, unit: str) -> str:
    """A value in its unit, in the unit that reads best where it is a time."""
    if unit == "seconds":
        return Words("en").duration(value)
    return as_number(value, unit) if unit in _PLAIN else f"{as_number(value, unit)} {Words('en').name(f'unit.{unit}')}"


def as_number(value: float | None, unit: str) -> str:
    """A number of a standard; shares in per cent, a dash where there is none."""
    if value is None:
        return MISSING
    return f"{value * 100:g} %" if unit == "share" else f"{value:,.10g}"


def in_both_languages(identifier: str) -> tuple[str, str]:
    """The Chinese and the English name."""
    return Words("zh").name(identifier), Words("en").name(identifier)


def as_grid(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    first, *others = [f"| {' | '.join(row)} |" for row in cells]
    return [first, "|" + "---|" * len(header), *others]
