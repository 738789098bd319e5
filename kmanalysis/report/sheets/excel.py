"""scorecard.xlsx: the month's figures on a few sheets, for who works in a spreadsheet."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from io import BytesIO
from numbers import Real

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format

from kmanalysis.measures.observation import observed
from kmanalysis.report.sheets.columns import SHEETS
from kmanalysis.report.sheets.decisions import decision_sheets
from kmanalysis.report.sheets.files import HEADING, NUMBER_FORMATS, fitting, new_workbook
from kmanalysis.report.site.index import changed_fields
from kmanalysis.scoring.grades import grades
from kmanalysis.scoring.scorecard import dimension_scores, scorecard
from kmanalysis.standards import SIGNS, default_standards
from kmanalysis.tables import DIMENSIONS
from kmanalysis.units import unit_of
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook

_DIGITS = 4  # of a figure: one that is whole within them is shown without a point
_BARS = {
    "share": {"max_value": 1.0, "bar_color": "#CDE9DE"},
    "points": {"max_value": 100.0, "bar_color": "#D3E1F4"},
}
_BARRED = frozenset({"score", "points", "probability", "coverage", "p_s", "p_a", "p_b", "p_none", "carried_share", "largest_share", "passed_share"})
_MARKED = {
    "verdict": {
        "met": {"font_color": "#1B5E45"},
        "missed": {"font_color": "#9C1C1C", "bg_color": "#FBE3E0", "bold": True},
        "unproven": {"font_color": "#6B5200", "bg_color": "#FFF4D1", "italic": True},
        "no_data": {"font_color": "#666666", "italic": True},
    },
}
_PAPER_A4 = 9
_SHAPES = {"share": "share", "points": "points", "money": "money"} | dict.fromkeys(("count", "days", "months", "index"), "whole")
"""Number formats of the units; all others are figures."""

_NAMED = frozenset({"measure", "dimension", "verdict", "basis", "reason", "unit", "limit_unit", "source"})
_GRADES = ["grade", "supplier_id", "name", "reason", "score", "probability", "coverage", "vetoes", "raw_grade", "p_s", "p_a", "p_b", "p_none"]
_VALUE = ["measure", "value", "unit", "n", "lower", "upper", "basis"]
_MEASURED = ["supplier_id", "name", *_VALUE]
_JUDGED = ["supplier_id", "name", "dimension", *_VALUE, "op", "target", "limit", "limit_unit", "verdict", "points", "weight", "veto"]
_STANDARD = ["id", "measure", "op", "value", "unit", "limit", "limit_unit", "minimum_n", "relative_weight", "veto", "worst", "best", "source", "default"]


def scorecard_workbook(workbook: Workbook) -> bytes:
    """The Excel file: its contents, grades, dimensions, scorecard, all measures, the decisions, standards in force, and what each column means."""
    words, sheets = workbook.words, sheet_tables(workbook)
    target = BytesIO()
    with new_workbook(target, f"{words.text('Supplier report')} {workbook.month}") as book:
        first, *others = sheets.items()
        _link(book, _write_sheet(book, words, *first), [words.name(f"sheet.{name}") for name, _ in others])
        for name, frame in others:
            _write_sheet(book, words, name, frame)
    return target.getvalue()


def sheet_tables(workbook: Workbook) -> dict[str, pd.DataFrame]:
    """What the sheets hold, by their ids in the order in which the file has them."""
    words = workbook.words
    sheets = {
        "grades": grades(workbook)[_GRADES],
        "dimensions": _dimensions(workbook),
        "scorecard": _named(scorecard(workbook), workbook)[_JUDGED],
        "measures": _named(observed(workbook), workbook)[_MEASURED],
        **decision_sheets(workbook),
        "standards": _standards(workbook),
    }
    sheets["columns"] = _explained(sheets, words)
    return {"contents": _contents(sheets, words)} | sheets


def _named(frame: pd.DataFrame, workbook: Workbook) -> pd.DataFrame:
    return frame.assign(name=frame["supplier_id"].map(workbook.names))


def _dimensions(workbook: Workbook) -> pd.DataFrame:
    scores = dimension_scores(workbook)
    wide = {column: scores.pivot(index="supplier_id", columns="dimension", values=column).reindex(columns=list(DIMENSIONS)) for column in ("score", "coverage")}
    both = [wide["score"].add_prefix("score:"), wide["coverage"].add_prefix("coverage:")]
    joined = pd.concat(both, axis=1).reset_index()
    joined.insert(1, "name", joined["supplier_id"].map(workbook.names))
    return joined


def _standards(workbook: Workbook) -> pd.DataFrame:
    defaults = default_standards()
    rows = []
    for identifier, standard in workbook.standards.items():
        default = defaults[identifier]
        said = "; ".join(f"{workbook.words.name(f'column.{name}')} {getattr(default, name)}" for name in changed_fields(standard, default))
        rows.append({name: getattr(standard, name, None) for name in _STANDARD} | {"measure": identifier, "relative_weight": standard.weight, "default": said})
    return pd.DataFrame(rows, columns=_STANDARD)


def _explained(sheets: dict[str, pd.DataFrame], words: Words) -> pd.DataFrame:
    columns = list(dict.fromkeys(name.partition(":")[0] for frame in sheets.values() for name in frame.columns))
    return pd.DataFrame({"column": [_heading(name, words) for name in columns], "id": columns, "meaning": [words.name(f"meaning.{name}") for name in columns]})


def _contents(sheets: dict[str, pd.DataFrame], words: Words) -> pd.DataFrame:
    told = [(words.name(f"sheet.{name}"), len(frame), words.name(f"about.{name}")) for name, frame in sheets.items()]
    return pd.DataFrame(told, columns=["sheet", "rows", "about"])


def _link(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, names: list[str]) -> None:
    """Makes the names in the first column lead to their sheets."""
    link = book.add_format({"font_color": "#0B57A4", "underline": 1, "valign": "top", "indent": 1})
    for line, name in enumerate(names, start=1):
        sheet.write_url(line, 0, f"internal:'{name}'!A1", link, name)


def _heading(name: str, words: Words) -> str:
    column, _, dimension = name.partition(":")
    told = words.name(f"column.{column}") + (f" · {words.name(f'short.{dimension}')}" if dimension else "")
    return told[:1].upper() + told[1:]


def sheet_units(name: str, columns: Iterable[str]) -> dict[str, str]:
    """The unit of each column of a sheet; empty for one that nobody declared."""
    own = SHEETS[name].units if name in SHEETS else {}
    return {column: own.get(column) or unit_of(column.partition(":")[0]) for column in columns}


def _write_sheet(book: xlsxwriter.Workbook, words: Words, name: str, frame: pd.DataFrame) -> xlsxwriter.worksheet.Worksheet:
    units = sheet_units(name, frame.columns)
    sheet = book.add_worksheet(words.name(f"sheet.{name}"))
    formats = {shape: book.add_format({"num_format": code, "valign": "top"}) for shape, code in NUMBER_FORMATS.items()}
    text = book.add_format({"valign": "top", "indent": 1})
    head = book.add_format(HEADING)
    for place, column in enumerate(frame.columns):
        sheet.write_string(0, place, _heading(column, words), head)
        unit = units[column]
        measured_in = frame[unit.removeprefix("@")] if unit.startswith("@") else [""] * len(frame)
        longest = 0
        for line, (value, in_row) in enumerate(zip(frame[column], measured_in, strict=True), start=1):
            longest = max(longest, _write_cell(sheet, line, place, _shown(value, column, words), _format(formats, unit, in_row, value), text))
        sheet.set_column(place, place, min(max(longest, _width(_heading(column, words)), 6) + 2, 60))
        if len(frame):
            _mark(book, sheet, words, column, unit, (1, place, len(frame), place))
    sheet.freeze_panes(1, _staying(frame))
    if len(frame):
        sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
    _set_up_print(sheet)
    return sheet


def _staying(frame: pd.DataFrame) -> int:
    """Columns that stay when the sheet is moved sideways: up to the supplier's name where that comes early, else the first."""
    first = list(frame.columns[:3])
    return first.index("name") + 1 if "name" in first else 1


def _mark(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet, words: Words, column: str, unit: str, cells: tuple[int, int, int, int]) -> None:
    """Bars behind scores and shares, on one scale for all rows; verdicts in their colours. Both are rules: they follow the rows when these are sorted."""
    kind = column.partition(":")[0]
    if kind in _BARRED:
        bar = {"type": "data_bar", "data_bar_2010": True, "bar_solid": True, "min_type": "num", "max_type": "num", "min_value": 0}
        sheet.conditional_format(*cells, bar | _BARS[unit])
    for code, look in _MARKED.get(kind, {}).items():
        rule = {"type": "cell", "criteria": "==", "value": f'"{words.name(code)}"', "format": book.add_format(look)}
        sheet.conditional_format(*cells, rule)


def _set_up_print(sheet: xlsxwriter.worksheet.Worksheet) -> None:
    sheet.set_landscape()
    sheet.set_paper(_PAPER_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&R&P / &N")


def _shown(value: object, column: str, words: Words) -> object:
    if column == "unit" or column == "limit_unit":
        return words.name(f"unit.{value}") if value else ""
    if column == "op":
        return SIGNS[str(value)]
    if column == "source":
        return words.name(f"source.{value}")
    if column == "vetoes":
        return words.join([words.name(measure) for measure in str(value).split(";") if measure], "; ")
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return words.text("yes") if value else words.text("no")
    return words.name(str(value)) if column in _NAMED and value else value


def _format(formats: Mapping[str, Format], unit: str, measured_in: object, value: object) -> Format:
    """The number format of a column's unit; ``measured_in`` is the unit that the row names, for a column whose values are in that."""
    if unit.startswith("@"):
        unit = "share" if measured_in == "share" else "number"
    shape = _SHAPES.get(unit, "figure")
    if shape != "figure":
        return formats[shape]
    # A spreadsheet shows the point of "#.####" even where nothing follows it.
    is_whole = isinstance(value, Real | Decimal) and math.isfinite(value) and round(value, _DIGITS) == round(value)
    return formats["whole" if is_whole else "figure"]


def _write_cell(sheet: xlsxwriter.worksheet.Worksheet, line: int, place: int, value: object, number: object, text: object) -> int:
    """Writes the cell, empty where the value is missing; returns how wide it shows."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)) or value == "":
        return 0
    if isinstance(value, str):
        sheet.write_string(line, place, fitting(value), text)
        return _width(value)
    sheet.write_number(line, place, float(value), number)  # type: ignore[arg-type]
    return 10


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text[:80])
