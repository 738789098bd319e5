"""How every Excel file is made: the same content gives the same bytes, and no text is taken for a formula, an address or a number."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

import xlsxwriter

_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "nan_inf_to_errors": False}
_CREATED = datetime(2000, 1, 1)  # a file that says when it was made would differ from run to run


def new_book(target: BytesIO, title: str) -> xlsxwriter.Workbook:
    """A workbook that is written to ``target`` when it is closed. Use it as a context manager."""
    book = xlsxwriter.Workbook(target, _OPTIONS)
    book.set_properties({"created": _CREATED, "title": title})
    return book
