"""Forms: workbooks as `form_workbook` writes them and people fill them in, of which each cell is known; and such forms changed inside."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from random import Random

import duckdb

from benchmarks.fuzz.drawing import mutated_zip
from benchmarks.fuzz.orders import Different, Row, compare, plain, staged_rows
from benchmarks.fuzz.workbooks import DrawnCell, drawn_cell, new_cell
from benchmarks.fuzz.xlsx_parts import Texts, XlsxCell, XlsxSheet, text_item, xlsx_bytes
from kmanalysis.loaders.forms.filled import Filled
from kmanalysis.loaders.forms.layout import FORM_MARK, INDEX, form_tables, table_mark
from kmanalysis.loaders.forms.load import load_form
from kmanalysis.loaders.forms.sheets import form_sheets, is_form, stage_form_sheet
from kmanalysis.loaders.load import check
from kmanalysis.loaders.reading.text import drop_staged
from kmanalysis.report.sheets.forms import form_workbook
from kmanalysis.tables import Column, Table
from kmanalysis.words import Words


def read(draw: Random, folder: Path, connection: duckdb.DuckDBPyConnection, whole: bool) -> None:
    """Draws a form and reads it. Raises Different where what was read is not what was written."""
    path = folder / "drawn.xlsx"
    is_mutated = draw.random() < 0.5
    texts, sheets, written = Texts(), list[XlsxSheet](), dict[str, tuple[list[str], list[Row]]]()
    if not is_mutated or draw.random() < 0.7:
        index = {1: {0: texts.cell(text_item(FORM_MARK)), 1: texts.cell(text_item("zh"))}}
        for number, table in enumerate(draw.sample(list(form_tables().values()), draw.choice((1, 1, 2, 3))), 2):
            sheet, headings, rows = _sheet(draw, table, texts)
            sheets.append(sheet)
            written[table.name] = headings, rows
            index[number] = {0: texts.cell(text_item(table.name)), 1: texts.cell(text_item(json.dumps(["# 例", "EXAMPLE-1"], ensure_ascii=False)))}
        sheets.append(XlsxSheet(INDEX, index, "veryHidden"))
        content = xlsx_bytes(sheets, texts)
    else:
        content = _empty()
    path.write_bytes(mutated_zip(content, draw) if is_mutated else content)
    if not is_form(path):
        if not is_mutated:
            raise Different("a form that is none")
        return
    titles = form_sheets(path)
    if not is_mutated and set(titles) != set(written):
        raise Different(f"sheets {titles}, written {set(written)}")
    read_rows = 0
    for name, title in titles.items():
        staged = stage_form_sheet(connection, path, title, form_tables()[name], "_staged")
        found = staged_rows(connection, staged)
        drop_staged(connection, staged)
        read_rows += len(found)
        if not is_mutated:
            headings, rows = written[name]
            if list(staged.headings) != headings:
                raise Different(f"headings {staged.headings}, written {headings}")
            compare(found, {0: rows})
    if whole:
        _load(path, folder / "into", read_rows)


def _load(path: Path, into: Path, rows: int) -> None:
    into.mkdir()
    attached = load_form(path, into)
    receipts = attached.receipts
    if any(one.read != one.kept + sum(one.rejected.values()) for one in receipts) or sum(one.read for one in receipts) != rows:
        raise Different(f"{rows} rows staged, receipts {receipts}")
    again = check(into)
    if any(one.rejected for one in again.receipts) or sum(one.kept for one in again.receipts) != sum(one.new for one in receipts):
        raise Different(f"loaded {receipts}, found then {again.receipts}")


@cache
def _empty() -> bytes:
    return form_workbook(Filled(), Words("zh"))


def _sheet(draw: Random, table: Table, texts: Texts) -> tuple[XlsxSheet, list[str], list[Row]]:
    columns = [column for column in table.columns.values() if column.required or draw.random() < 0.8]
    columns = draw.sample(columns, len(columns))
    rows = {1: {place: texts.cell(text_item(text)) for place, text in enumerate((table_mark(table), *(column.name for column in columns)))}}
    if draw.random() < 0.7:
        rows[2] = {0: texts.cell(text_item("# 表头")), 1: texts.cell(text_item("说明"))}
    if draw.random() < 0.3:
        rows[3] = {0: texts.cell(text_item("# 例")), 1: texts.cell(text_item("EXAMPLE-1"))}
    expected, line = [], 4
    for number in range(draw.choice((0, 1, 3, 10))):
        line += draw.choice((1, 1, 1, 3))
        cells = [form_cell(draw, column, number) for column in columns]
        made: dict[int, XlsxCell] = {place: one for place, cell in enumerate(cells, 1) if (one := new_cell(draw, cell, texts)) is not None}
        mark = draw.choice(("", "", "", "", " ", "x", "# not yet"))
        if mark:
            made[0] = texts.cell(text_item(mark))
        rows[line] = made
        if not mark.startswith("#") and any(plain(cell.text) for cell in cells):
            expected.append(Row(line, [cell.text for cell in cells]))
    name = Words(draw.choice(("zh", "en"))).name(table.name)
    return XlsxSheet(name, rows), [column.name for column in columns], expected


def form_cell(draw: Random, column: Column, number: int) -> DrawnCell:
    """A cell of a hand-kept table: mostly one that its column takes."""
    if draw.random() < 0.15:
        return drawn_cell(draw, "备注", number, False, False)
    match column.type:
        case "decimal" | "float" | "integer":
            amount = draw.choice((draw.randrange(1, 5000), draw.randrange(1, 100) / 4))
            text = str(int(amount)) if float(amount).is_integer() else repr(amount)
            return DrawnCell("number", int(amount) if text.isdigit() else amount, text)
        case "date":
            text = draw.choice(("2026-03-01", "2025-12-31"))
        case "timestamp":
            text = draw.choice(("2026-03-01 10:30:00", "2026/3/1 10:30", "昨天"))
        case "enum":
            text = draw.choice([*column.values, *(Words("zh").name(f"value.{value}") for value in column.values)])
        case "boolean":
            text = draw.choice(("是", "否", "yes", "true", ""))
        case "id" if column.name.endswith("supplier_id"):
            text = "S01"
        case _:
            text = f"{column.name}-{number}"
    return DrawnCell("text", text, text)
