from datetime import date, datetime

import duckdb
import openpyxl
import pytest
import xlwt

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.records import footer_pattern
from kmanalysis.loaders.reading.sheets import cell_text, stage_sheet


def workbook(tmp_path, rows, name="订单"):
    book = openpyxl.Workbook()
    book.active.title = "说明"
    sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(row)
    path = tmp_path / "导出.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (0.1 + 0.2, "0.3"),
        (1234567.5, "1234567.5"),
        (1e-7, "0.0000001"),
        (1e15, "1000000000000000"),
        (2.02610011234567e17, "2.02610011234567E+17"),
        (True, "true"),
        (datetime(2026, 10, 1, 3, 4, 5), "2026-10-01 03:04:05"),
        (date(2026, 10, 1), "2026-10-01 00:00:00"),
        ("０１", "０１"),
        ("", ""),
    ],
)
def test_cells_read_as_a_person_reads_them(cell, text):
    assert cell_text(cell) == text


def test_the_chosen_sheet_with_its_row_numbers(tmp_path):
    path = workbook(tmp_path, [["店铺导出"], [], ["订单号", "数量", "时间"], [1001, 2, datetime(2026, 10, 1, 8)], [], ["A2", None, None], ["合计", 2]])
    connection = duckdb.connect()
    staged = stage_sheet(connection, path, "raw", sheet="订单", header=lambda first: 1, footer=footer_pattern())
    assert staged.headings == ("订单号", "数量", "时间")
    assert connection.execute(f"SELECT * FROM {staged.relation} ORDER BY _line").fetchall() == [
        (4, None, 3, "1001", "2", "2026-10-01 08:00:00"),
        (6, None, 3, "A2", "", ""),
    ]


def test_a_workbook_of_the_old_form_reads_the_same(tmp_path):
    book = xlwt.Workbook(encoding="utf-8")
    book.add_sheet("说明")
    sheet = book.add_sheet("订单")
    dated = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
    for place, row in enumerate([["店铺导出"], [], ["订单号", "数量", "时间"], [1001, 2, datetime(2026, 10, 1, 8)], [], ["A2"], ["合计", 2]]):
        for column, cell in enumerate(row):
            sheet.write(place, column, cell, *([dated] if isinstance(cell, datetime) else []))
    path = tmp_path / "导出.xls"
    book.save(str(path))
    connection = duckdb.connect()
    staged = stage_sheet(connection, path, "raw", sheet="订单", header=lambda first: 1, footer=footer_pattern())
    assert staged.headings == ("订单号", "数量", "时间")
    assert connection.execute(f"SELECT * FROM {staged.relation} ORDER BY _line").fetchall() == [
        (4, None, 3, "1001", "2", "2026-10-01 08:00:00"),
        (6, None, 3, "A2", "", ""),
    ]


def test_a_cell_beyond_the_headings_makes_the_row_ragged(tmp_path):
    path = workbook(tmp_path, [["a", "b"], [1, 2, 3]])
    connection = duckdb.connect()
    staged = stage_sheet(connection, path, "raw", sheet="订单")
    assert connection.execute(f"SELECT _line, _fault, _found FROM {staged.relation}").fetchall() == [(2, "ragged", 3)]


def test_a_sheet_without_headings_and_with_words_for_nothing(tmp_path):
    path = workbook(tmp_path, [["A1", "NULL"], ["A2", 2]])
    connection = duckdb.connect()
    staged = stage_sheet(connection, path, "raw", sheet="订单", headings=["编号", "数量"], empty=("NULL",))
    assert staged.headings == ("编号", "数量")
    assert connection.execute(f"SELECT * FROM {staged.relation} ORDER BY _line").fetchall() == [(1, None, 2, "A1", ""), (2, None, 2, "A2", "2")]


def test_an_unknown_sheet_is_an_error_that_lists_the_others(tmp_path):
    with pytest.raises(DataError, match=r"there is no sheet 'x'\. Its sheets: 说明, 订单"):
        stage_sheet(duckdb.connect(), workbook(tmp_path, [["a"]]), "raw", sheet="x")


def test_what_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_text("a,b\n")
    with pytest.raises(DataError, match=r"x\.xlsx cannot be read as an Excel workbook"):
        stage_sheet(duckdb.connect(), path, "raw")
