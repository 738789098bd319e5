"""Cells that hold nothing which could be taken for a value: each begins with a sign of its own, by which the validator names the reason.

Errors of a spreadsheet, formulas whose value was not stored, numbers with more digits than a number keeps.
"""

from __future__ import annotations

from types import MappingProxyType

EXCEL_ERROR, NO_VALUE, LOST_DIGITS = "\ue007", "\ue008", "\ue009"

MARKS = MappingProxyType({"excel_error": EXCEL_ERROR, "formula_without_value": NO_VALUE, "lost_digits": LOST_DIGITS})
"""The sign of each reason for which such a cell is rejected."""

EXACT = 1 << 53
"""Up to here every whole number is kept exactly by a number of 64 bits."""


def unmarked(cell: str) -> str:
    """What stood in the file, without the sign."""
    return cell[1:] if cell.startswith(tuple(MARKS.values())) else cell


def is_marked(cell: str) -> str:
    """SQL: whether a cell bears such a sign."""
    return f"coalesce(ord({cell}) BETWEEN {ord(EXCEL_ERROR)} AND {ord(LOST_DIGITS)}, false)"


def reason_of(cell: str) -> str:
    """SQL of the reason for which a marked cell is rejected; NULL for any other."""
    cases = " ".join(f"WHEN '{mark}' THEN '{reason}'" for reason, mark in MARKS.items())
    return f"CASE {cell}[1] {cases} END"
