"""What our Excel files have in common: how they are opened, their number formats, and how much text a cell takes."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from types import MappingProxyType

import xlsxwriter

NUMBER_FORMATS = MappingProxyType({"share": "0.0%", "points": "0.0", "whole": "#,##0", "money": "#,##0.00", "figure": "#,##0.####"})

HEADING = MappingProxyType({"bold": True, "bg_color": "#DFF1EA", "bottom": 1, "text_wrap": True, "valign": "top"})
"""How a column's heading looks."""

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": False}
_CREATED = datetime(2000, 1, 1)  # a file that says when it was made would differ from run to run
_LONGEST = 32_767
"""UTF-16 units that a cell may hold: a longer one makes the program say that the file is damaged."""


def new_workbook(target: BytesIO, title: str) -> xlsxwriter.Workbook:
    """A file that takes texts as texts and is the same bytes each time."""
    book = xlsxwriter.Workbook(target, _OPTIONS)
    book.set_properties({"created": _CREATED, "title": title})
    return book


def fitting(text: str) -> str:
    """As much of the text as a cell holds; no character is cut in two."""
    units = text.encode("utf-16-le", "replace")
    return text if len(units) <= 2 * _LONGEST else units[: 2 * _LONGEST].decode("utf-16-le", "ignore")
