"""Excel workbooks, .xlsx and .xls, with known cells, and the same workbooks with their bytes or markup mutated."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

import duckdb
import xlwt

from benchmarks.fuzz.drawing import mutated, mutated_zip, wild_text
from benchmarks.fuzz.orders import HEADINGS, Different, Row, cell, compare, in_order, load_whole, mapping, plain, staged_rows
from benchmarks.fuzz.xlsx_parts import DATE_STYLE, Texts, XlsxCell, XlsxSheet, text_item, xlsx_bytes
from kmanalysis.loaders.checking.marks import EXACT, EXCEL_ERROR, LOST_DIGITS, NO_VALUE
from kmanalysis.loaders.load import stage
from kmanalysis.loaders.reading.dialect import EMPTY_WORDS
from kmanalysis.loaders.reading.text import drop_staged

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ERRORS = {"#NULL!": 0, "#DIV/0!": 7, "#VALUE!": 15, "#REF!": 23, "#NAME?": 29, "#NUM!": 36, "#N/A": 42}
_DATED = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")


@dataclass
class DrawnCell:
    """A cell to write: its kind, its value, and the text that a reader must return for it."""

    kind: str
    value: object
    text: str


@dataclass
class _Sheet:
    name: str
    is_visible: bool
    headings: list[str]
    top: int
    left: int
    rows: dict[int, list[DrawnCell]] = field(default_factory=dict)

    @property
    def expected(self) -> list[Row]:
        """The rows that a reader must return: all that are not blank."""
        rows = [Row(line, [_meant(one.text) for one in cells]) for line, cells in self.rows.items()]
        return [row for row in rows if any(map(plain, row.cells))]


def _meant(text: str) -> str:
    return "" if text in EMPTY_WORDS else text


def read_new(draw: Random, folder: Path, connection: duckdb.DuckDBPyConnection, whole: bool) -> None:
    """Reads a generated .xlsx file. Raises Different if the result is not what was written."""
    sheets, is_1904 = _drawn(draw, is_old=False)
    content = _new_bytes(draw, sheets, is_1904)
    _read(draw, folder / "drawn.xlsx", connection, content, mutated_zip, sheets, whole)


def read_old(draw: Random, folder: Path, connection: duckdb.DuckDBPyConnection, whole: bool) -> None:
    """The same for a .xls file."""
    sheets, is_1904 = _drawn(draw, is_old=True)
    content = _old_bytes(sheets, is_1904)
    _read(draw, folder / "drawn.xls", connection, content, _mutated_old, sheets, whole)


def _mutated_old(content: bytes, draw: Random) -> bytes:
    # An insertion shifts everything behind it, and readers stop there: half of the files are changed in place instead.
    if draw.random() < 0.5:
        return mutated(content, draw)
    changed = bytearray(content)
    for _ in range(draw.choice((1, 2, 5))):
        place = draw.randrange(len(changed))
        changed[place] = draw.choice((0, 1, 0x7F, 0xFF, draw.randrange(256)))
    return bytes(changed)


def _read(draw: Random, path: Path, connection: duckdb.DuckDBPyConnection, content: bytes, change, sheets: list[_Sheet], whole: bool) -> None:  # type: ignore[no-untyped-def]
    is_mutated = draw.random() < 0.5
    path.write_bytes(change(content, draw) if is_mutated else content)
    by = mapping()
    with nullcontext() if is_mutated else in_order():
        staged = stage(connection, path, by)
    found = staged_rows(connection, staged)
    drop_staged(connection, staged)
    if is_mutated:
        if whole:
            load_whole(path, by, path.parent)
        return
    visible = [sheet for sheet in sheets if sheet.is_visible]
    same = [sheet for sheet in visible if sheet.headings == visible[0].headings and sheet.left == visible[0].left]
    unread = tuple(sheet.name for sheet in visible if sheet not in same)
    hidden = tuple(sheet.name for sheet in sheets if not sheet.is_visible)
    if (staged.unread_sheets, staged.hidden_sheets) != (unread, hidden):
        raise Different(f"unread {staged.unread_sheets}, hidden {staged.hidden_sheets}; written {unread}, {hidden}")
    left = visible[0].left
    if list(staged.headings)[: left + len(visible[0].headings)] != [""] * left + visible[0].headings:
        raise Different(f"headings {staged.headings}, written {visible[0].headings} from column {left}")
    written = {number: sheet.expected for number, sheet in enumerate(same)}
    compare([(sheet, line, fault, cells[left:]) for sheet, line, fault, cells in found], written)
    if whole:
        ids = [row.cells[visible[0].headings.index(HEADINGS[0])] for rows in written.values() for row in rows]
        load_whole(path, by, path.parent, sum(map(len, written.values())), ids)


def _drawn(draw: Random, *, is_old: bool) -> tuple[list[_Sheet], bool]:
    is_1904 = draw.random() < 0.1
    extra = [f"备注{number}" for number in range(draw.choice((0, 0, 2)))]
    headings = draw.sample([*HEADINGS, *extra], len(HEADINGS) + len(extra))
    top, left = draw.choice((1, 1, 1, 2, 4)), draw.choice((0, 0, 0, 1, 3))
    sheets = []
    for number in range(draw.choice((1, 1, 1, 2, 3))):
        is_same = not number or draw.random() < 0.7
        own = headings if is_same else ["名称", "说明"]
        sheet = _Sheet(f"表{number}" if draw.random() < 0.7 else f"a&b<{number}", not number or draw.random() < 0.7, own, top, left if is_same else 0)
        line = top
        for row in range(draw.choice((0, 1, 3, 8, 20)) if number else draw.choice((1, 3, 8, 20))):
            line += draw.choice((1, 1, 1, 1, 2, 5))
            sheet.rows[line] = [drawn_cell(draw, heading, row, is_1904, is_old) for heading in own]
        sheets.append(sheet)
    return sheets, is_1904


def drawn_cell(draw: Random, heading: str, row: int, is_1904: bool, is_old: bool) -> DrawnCell:
    match draw.randrange(14):
        case 0:
            number = draw.choice((draw.randrange(10**6), draw.randrange(2**53), -draw.randrange(1000), draw.randrange(EXACT - 3, EXACT + 1)))
            return DrawnCell("number", number, str(number))
        case 1 if not is_old or draw.random() < 0.5:
            number = draw.randrange(2**53 + 2, 10**20)
            return DrawnCell("number", float(number) if is_old else number, f"{LOST_DIGITS}…")
        case 2:
            part = draw.choice((draw.randrange(10**6) / 100, draw.random(), draw.random() * 1e-7, -draw.randrange(10**9) / 10_000))
            kept = format(part, ".15g")
            return DrawnCell("number", part, str(int(part)) if part.is_integer() else format(Decimal(kept), "f"))
        case 3:
            days, seconds = draw.randrange(40_000, 47_000), draw.randrange(86_400)
            zero = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)
            moment = zero + timedelta(days=days, seconds=seconds)
            return DrawnCell("date", moment if is_old else days + seconds / 86_400, moment.isoformat(sep=" "))
        case 4:
            is_true = draw.random() < 0.5
            return DrawnCell("bool", is_true, "true" if is_true else "false")
        case 5 if draw.random() < 0.5:
            error = draw.choice(list(_ERRORS))
            return DrawnCell("error", error, EXCEL_ERROR + error)
        case 6 if not is_old and draw.random() < 0.5:
            return DrawnCell("unkept", "SUM(A1:A2)", f"{NO_VALUE}=SUM(A1:A2)")
        case 7:
            return DrawnCell("blank", None, "")
        case _:
            text = cell(draw, heading, row) if draw.random() < 0.8 else wild_text(draw)
            text = _NO_XML.sub("", text.replace("\r\n", "\n").replace("\r", ""))
            # At the beginning of a text in UTF-16 it is a mark of the encoding, and no part of the text.
            return DrawnCell("text", text, text.removeprefix("\ufeff") if is_old else text)


def _new_bytes(draw: Random, sheets: list[_Sheet], is_1904: bool) -> bytes:
    texts = Texts()
    written = []
    for sheet in sheets:
        rows: dict[int, dict[int, XlsxCell]] = {}
        if sheet.top > 1 and draw.random() < 0.5:
            rows[1] = {0: texts.cell(text_item("报表"))}
        rows[sheet.top] = {sheet.left + place: texts.cell(text_item(heading, draw)) for place, heading in enumerate(sheet.headings)}
        for line, cells in sheet.rows.items():
            rows[line] = {sheet.left + place: made for place, one in enumerate(cells) if (made := new_cell(draw, one, texts)) is not None}
        written.append(XlsxSheet(sheet.name, rows, "" if sheet.is_visible else draw.choice(("hidden", "veryHidden"))))
    return xlsx_bytes(written, texts, is_1904=is_1904, numbered=draw.random() < 0.85, prefix=draw.choice(("", "", "", "", "x")))


def new_cell(draw: Random, one: DrawnCell, texts: Texts) -> XlsxCell | None:
    formula = "<f>A1</f>" if draw.random() < 0.1 else ""
    match one.kind:
        case "number":
            number = one.value
            shapes = [repr(number)]
            if isinstance(number, int) and abs(number) < EXACT:
                shapes += [f"{number}.0", f"{number}e0", f"{Decimal(number):E}"]
            return XlsxCell(draw.choice(("", "n")), f"{formula}<v>{draw.choice(shapes)}</v>")
        case "date":
            return XlsxCell("", f"<v>{one.value!r}</v>", DATE_STYLE)
        case "bool":
            return XlsxCell("b", f"{formula}<v>{int(bool(one.value))}</v>")
        case "error":
            return XlsxCell("e", f"{formula}<v>{one.value}</v>")
        case "unkept":
            return XlsxCell("", f"<f>{one.value}</f>" + draw.choice(("", "<v/>", "<v></v>")))
        case "blank":
            return draw.choice((None, XlsxCell(), XlsxCell("", "", DATE_STYLE), XlsxCell("str", "<f>A1</f><v></v>"), texts.cell("<t/>")))
    text = str(one.value)
    match draw.randrange(4):
        case 0:
            return XlsxCell("inlineStr", f"<is>{text_item(text, draw)}</is>")
        case 1 if text and "_x" not in text:
            return XlsxCell("str", f"<f>A1</f><v>{escape(text)}</v>")
        case _:
            return texts.cell(text_item(text, draw))


def _old_bytes(sheets: list[_Sheet], is_1904: bool) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = is_1904
    for sheet in sheets:
        made = book.add_sheet(sheet.name)
        made.visibility = 0 if sheet.is_visible else 1
        for place, heading in enumerate(sheet.headings):
            made.write(sheet.top - 1, sheet.left + place, heading)
        for line, cells in sheet.rows.items():
            for place, one in enumerate(cells):
                row, column = line - 1, sheet.left + place
                if one.kind == "error":
                    made.row(row).set_cell_error(column, _ERRORS[str(one.value)])
                elif one.kind == "date":
                    made.write(row, column, one.value, _DATED)
                elif one.kind != "blank":
                    made.write(row, column, one.value)
    target = BytesIO()
    book.save(target)
    return target.getvalue()
