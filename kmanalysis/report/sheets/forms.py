"""The form for the tables that are kept by hand: an Excel file with drop-downs, checks and an example, which `loaders.forms` reads back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from kmanalysis.errors import DataError
from kmanalysis.loaders.forms.filled import Filled
from kmanalysis.loaders.forms.layout import ABOUT_MARK, EXAMPLES, FORM_MARK, INDEX, NOT_LOADED, form_tables, table_mark, value_names
from kmanalysis.loaders.reading.workbook import cell_text
from kmanalysis.report.sheets.files import HEADING, fitting, new_workbook
from kmanalysis.tables import Column, Table
from kmanalysis.times import to_local
from kmanalysis.words import Words

_NAMES, _HEADINGS, _MEANINGS, _EXAMPLE, _FIRST = range(5)  # lines of a table's sheet
_MOST_ROWS = 1_048_576 - _FIRST
_ROOM = 2_000
"""Rows below those that are filled in for which cells are checked."""

_LISTS_FROM = 4  # column of the index
_DIGITS = ".15g"
"""What a number in a sheet keeps."""

_FORMATS = {"date": "yyyy-mm-dd", "timestamp": "yyyy-mm-dd hh:mm:ss", "decimal": "General", "float": "General", "integer": "0"}
_TEXT = "@"
_WIDTHS = {"date": 13, "timestamp": 20, "boolean": 10, "text": 26}
_EARLIEST, _LATEST = date(1990, 1, 1), date(2099, 12, 31)
_NO_SUMMER_TIME = 1992
"""The first year in which Asia/Shanghai was eight hours ahead all the year round."""


def form_workbook(filled: Filled, words: Words) -> bytes:
    """The form with the rows that there are; the same rows give the same bytes. Raises DataError for a table that no sheet can hold."""
    target = BytesIO()
    with new_workbook(target, words.text("Hand-kept tables")) as book:
        about = book.add_worksheet(words.text("How to fill in"))
        sheets = {name: book.add_worksheet(words.name(name)) for name in form_tables()}
        index = _Index(book.add_worksheet(INDEX), words)
        _write_about(book, about, filled, words)
        for name, table in form_tables().items():
            _TableSheet(book, sheets[name], table, index, filled, words).write()
        about.activate()
    return target.getvalue()


class _Index:
    """The hidden sheet: the form's mark, the example rows as they were written, and the lists of the drop-downs."""

    def __init__(self, sheet: Worksheet, words: Words) -> None:
        self._sheet = sheet
        self._lists: dict[tuple[str, ...], str] = {}
        self._lines = 1
        sheet.write_row(0, 0, [FORM_MARK, words.lang])
        sheet.very_hidden()

    def add_example(self, table: Table, cells: Sequence[str]) -> None:
        self._sheet.write_row(self._lines, 0, [table.name, json.dumps(list(cells), ensure_ascii=False)])
        self._lines += 1

    def list_of(self, values: Sequence[str]) -> str:
        """The range that holds these values."""
        if (key := tuple(values)) not in self._lists:
            place = _LISTS_FROM + len(self._lists)
            for line, value in enumerate(values):
                self._sheet.write_string(line, place, value)
            column = xl_col_to_name(place)
            self._lists[key] = f"={INDEX}!${column}$1:${column}${len(values)}"
        return self._lists[key]


class _TableSheet:
    def __init__(self, book: xlsxwriter.Workbook, sheet: Worksheet, table: Table, index: _Index, filled: Filled, words: Words) -> None:
        self.sheet, self.table, self.index, self.filled, self.words = sheet, table, index, filled, words
        self.columns = list(table.columns.values())
        self.rows = filled.rows.get(table.name, [])
        self.named = {column.name: value_names(column, words) for column in self.columns}
        soft = {"font_color": "#6B7280", "italic": True, "valign": "top"}
        self.head, self.required = book.add_format(HEADING), book.add_format({**HEADING, "font_color": "#9C1C1C"})
        self.meaning = book.add_format({**soft, "text_wrap": True, "font_size": 9})
        self.mark = book.add_format(soft)
        self.looks = {code: book.add_format({"num_format": code, "valign": "top"}) for code in (_TEXT, *_FORMATS.values())}
        self.examples = {code: book.add_format({**soft, "num_format": code, "bg_color": "#F3F4F6"}) for code in self.looks}

    def write(self) -> None:
        if len(self.rows) > _MOST_ROWS:
            raise DataError("{table} has {rows} rows, more than a sheet can hold: keep it as a file.", table=self.table.name, rows=len(self.rows))
        words, sheet = self.words, self.sheet
        sheet.set_column(0, 0, 12, self.looks[_TEXT])
        example = f"{NOT_LOADED} {words.text('example, not loaded')}"
        for line, text in ((_NAMES, table_mark(self.table)), (_HEADINGS, f"{NOT_LOADED} {words.text('mark')}"), (_MEANINGS, NOT_LOADED), (_EXAMPLE, example)):
            sheet.write_string(line, 0, text, self.head if line == _HEADINGS else self.mark)
        shown = [self._write_column(place, column) for place, column in enumerate(self.columns, start=1)]
        self.index.add_example(self.table, [example, *shown])
        for line, row in enumerate(self.rows, start=_FIRST):
            for place, (column, value) in enumerate(zip(self.columns, row, strict=True), start=1):
                self._write(line, place, column, value, self.looks)
        sheet.set_row(_NAMES, None, None, {"hidden": True})
        sheet.set_row(_MEANINGS, 62)
        sheet.freeze_panes(_MEANINGS, 2)

    def _write_column(self, place: int, column: Column) -> str:
        """Writes the head of a column, its checks and its example; the example as it will be read."""
        words = self.words
        name = words.name(f"{self.table.name}.{column.name}")
        code = _FORMATS.get(column.type, _TEXT)
        self.sheet.set_column(place, place, _WIDTHS.get(column.type, 16), self.looks[code])
        self.sheet.write_string(_NAMES, place, column.name, self.mark)
        self.sheet.write_string(_HEADINGS, place, f"{name} *" if column.required else name, self.required if column.required else self.head)
        meaning = words.sentences(words.text(column.meaning), words.text("Required.") if column.required else "")
        given = self.filled.given.get(self.table.name)
        is_new = given is not None and column.name not in given
        self.sheet.write_string(_MEANINGS, place, words.sentences(meaning, words.text("Not supplied so far.") if is_new else ""), self.meaning)
        self.sheet.write_comment(_HEADINGS, place, f"{column.name}\n{meaning}", {"x_scale": 2})
        self.sheet.data_validation(_EXAMPLE, place, _FIRST + len(self.rows) + _ROOM, place, self._check(column, name, meaning))
        value = EXAMPLES[self.table.name][column.name]
        return self._write(_EXAMPLE, place, column, words.text(value) if isinstance(value, str) and column.type == "text" else value, self.examples)

    def _check(self, column: Column, name: str, meaning: str) -> dict[str, Any]:
        said: dict[str, Any] = {"input_title": name[:32], "input_message": meaning[:255], "error_title": name[:32], "ignore_blank": True}
        if self.named[column.name]:
            return said | {"validate": "list", "source": self.index.list_of(list(self.named[column.name].values()))}
        if column.refers_to == "suppliers.supplier_id" and self.filled.suppliers:
            return said | {"validate": "list", "source": self.index.list_of(self.filled.suppliers), "error_type": "warning"}
        match column.type:
            case "date" | "timestamp":
                return said | {"validate": "date", "criteria": "between", "minimum": _EARLIEST, "maximum": _LATEST}
            case "decimal" | "float" | "integer":
                low = -1e14 if column.minimum is None else column.minimum
                high = 1e14 if column.maximum is None else column.maximum
                kind = "integer" if column.type == "integer" else "decimal"
                return said | {"validate": kind, "criteria": "between", "minimum": low, "maximum": high}
        return said | ({"validate": "length", "criteria": "==", "value": 3} if column.name == "currency" else {"validate": "any"})

    def _write(self, line: int, place: int, column: Column, value: object, looks: Mapping[str, Format]) -> str:
        """Writes a cell so that it is read back exactly; gives the text that will be read."""
        look = looks[_FORMATS.get(column.type, _TEXT)]
        cell = self._cell(column, value)
        match cell:
            case None:
                self.sheet.write_blank(line, place, None, look)
                return ""
            case datetime() | date():
                self.sheet.write_datetime(line, place, cell, look)
            case float():
                self.sheet.write_number(line, place, cell, look)
            case _:
                if fitting(str(cell)) != cell:
                    raise DataError(
                        "{table}.{column} holds a text of {length} characters, more than a cell can hold: keep the table as a file.",
                        table=self.table.name,
                        column=column.name,
                        length=len(str(cell)),
                    )
                self.sheet.write_string(line, place, str(cell), look)
        return cell_text(cell)

    def _cell(self, column: Column, value: object) -> datetime | date | float | str | None:
        """What stands in the cell: what a sheet cannot keep exactly as a number or a time is written as text."""
        match value:
            case None:
                return None
            case bool():
                return self.named[column.name]["true" if value else "false"]
            case datetime():
                local = to_local(value)
                is_kept = not local.microsecond and local.year >= _NO_SUMMER_TIME
                return local if is_kept else f"{local.isoformat(sep=' ')}+08:00"
            case date():
                return value
            case float():
                return value if float(format(value, _DIGITS)) == value else repr(value)
            case Decimal():
                return float(value) if Decimal(format(float(value), _DIGITS)) == value else format(value, "f")
        return self.named[column.name].get(str(value), str(value))


def _write_about(book: xlsxwriter.Workbook, sheet: Worksheet, filled: Filled, words: Words) -> None:
    """How the form is filled in, and what its sheets are."""
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    title, head = book.add_format({"bold": True, "font_size": 14}), book.add_format(HEADING)
    link = book.add_format({"font_color": "#0B57A4", "underline": 1, "valign": "top"})
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 78)
    sheet.set_column(2, 2, 10)
    sheet.write_string(0, 0, ABOUT_MARK)
    sheet.set_row(0, None, None, {"hidden": True})
    sheet.write_string(1, 0, words.text("Hand-kept tables"), title)
    told = [
        words.text("A sheet is a table, a row one thing. Required columns have a star; a cell of the heading says what it means."),
        words.text("A row whose first cell begins with # is not loaded. To make a row of the example, clear its first cell."),
        words.text("The sheet is the table: a row that you delete here is deleted there, and the load says how many were."),
        words.text("A sheet without rows says that there was none. Delete the whole sheet, and its table stays as it is."),
        words.text("A column that your folder does not have yet and that you leave empty still counts as not supplied."),
        words.text("Times are those of Asia/Shanghai. Money is exact to four places."),
        words.text("Do not change the hidden first row. When you are done: kmanalysis load forms.xlsx --into DIR"),
    ]
    for line, text in enumerate(told, start=2):
        sheet.merge_range(line, 0, line, 2, text, wrapped)
        sheet.set_row(line, 32)
    first = len(told) + 3
    for place, heading in enumerate((words.text("Sheet"), words.text("What it holds"), words.text("Rows"))):
        sheet.write_string(first, place, heading, head)
    for line, (name, table) in enumerate(form_tables().items(), start=first + 1):
        sheet.write_url(line, 0, f"internal:'{words.name(name)}'!A1", link, words.name(name))
        sheet.write_string(line, 1, words.text(table.meaning), wrapped)
        sheet.write_number(line, 2, len(filled.rows.get(name, [])))
