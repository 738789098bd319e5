"""Workbook folders: a canonical table in one of its forms, of which each row is known, as `check` and all that opens a folder reads it; or changed inside."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from random import Random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.fuzz.drawing import mutated, mutated_zip
from benchmarks.fuzz.forms import form_cell
from benchmarks.fuzz.orders import Different, in_order, plain
from benchmarks.fuzz.texts import TextWriter
from benchmarks.fuzz.workbooks import DrawnCell, new_cell
from benchmarks.fuzz.xlsx_parts import Texts, XlsxCell, XlsxSheet, text_item, xlsx_bytes
from kmanalysis.loaders.folder import Attached
from kmanalysis.loaders.forms.layout import FORM_TABLES
from kmanalysis.loaders.load import check
from kmanalysis.tables import tables

_TABLES = ("suppliers", *(name for name in FORM_TABLES if name != "needs"))


def read(draw: Random, folder: Path, connection: duckdb.DuckDBPyConnection, whole: bool) -> None:
    """Draws a folder and reads it. Raises Different where rows are neither kept nor rejected, or others are rejected than stand there."""
    table = tables()[draw.choice(_TABLES)]
    columns = [column for column in table.columns.values() if column.required or draw.random() < 0.7]
    columns = draw.sample(columns, len(columns))
    rows = [[form_cell(draw, column, number) for column in columns] for number in range(draw.choice((0, 1, 3, 10, 30)))]
    form, write = draw.choice((("csv", _csv), ("xlsx", _xlsx), ("parquet", _parquet)))
    content, lines = write(draw, [column.name for column in columns], rows)
    is_mutated = draw.random() < 0.5
    if is_mutated:
        content = mutated_zip(content, draw) if form == "xlsx" else mutated(content, draw)
    own = folder / "data"
    own.mkdir()
    (own / f"{table.name}.{form}").write_bytes(content)
    if is_mutated:
        _added_up(check(own))
        return
    with in_order():
        attached = check(own)
    _added_up(attached)
    if (read_rows := sum(receipt.read for receipt in attached.receipts)) != len(lines):
        raise Different(f"{read_rows} rows read, {len(lines)} written")
    if other := {int(line) for line in attached.rejects["line"]} - set(lines):
        raise Different(f"rejected lines that have no row: {sorted(other)}")


def _added_up(attached: Attached) -> None:
    for receipt in attached.receipts:
        if receipt.read != receipt.kept + sum(receipt.rejected.values()):
            raise Different(f"receipt does not add up: {receipt}")


def _csv(draw: Random, names: list[str], rows: list[list[DrawnCell]]) -> tuple[bytes, list[int]]:
    writer = TextWriter(draw, ",", draw.choice(("\n", "\r\n")), empty=())
    writer.add(names, is_row=False)
    for row in rows:
        writer.add([one.text for one in row], width=len(names))
    return "".join(writer.parts).encode(draw.choice(("utf-8", "utf-8-sig"))), [row.line for row in writer.rows]


def _xlsx(draw: Random, names: list[str], rows: list[list[DrawnCell]]) -> tuple[bytes, list[int]]:
    texts = Texts()
    cells: dict[int, dict[int, XlsxCell]] = {1: {place: texts.cell(text_item(name)) for place, name in enumerate(names)}}
    line, lines = 1, []
    for row in rows:
        line += draw.choice((1, 1, 1, 3))
        cells[line] = {place: made for place, one in enumerate(row) if (made := new_cell(draw, one, texts)) is not None}
        lines += [line] if any(plain(one.text) for one in row) else []
    return xlsx_bytes([XlsxSheet("a", cells)], texts), lines


def _parquet(draw: Random, names: list[str], rows: list[list[DrawnCell]]) -> tuple[bytes, list[int]]:
    target = BytesIO()
    columns = {name: pa.array([row[place].text or None for row in rows], pa.string()) for place, name in enumerate(names)}
    pq.write_table(pa.table(columns), target, write_page_checksum=draw.random() < 0.5)
    return target.getvalue(), list(range(1, len(rows) + 1))
