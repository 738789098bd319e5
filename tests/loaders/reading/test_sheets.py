from datetime import datetime

import duckdb
import openpyxl
import pytest
import xlwt

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.package import column_letters
from kmanalysis.loaders.reading.records import footer_pattern
from kmanalysis.loaders.reading.sheets import MOST_UNHEADED, stage_sheet


def workbook(tmp_path, rows, name="订单"):
    book = openpyxl.Workbook()
    book.active.title = "说明"
    sheet = book.create_sheet(name)
    for row in rows:
        sheet.append(row)
    path = tmp_path / "导出.xlsx"
    book.save(path)
    return path


def test_the_chosen_sheet_with_its_row_numbers(tmp_path):
    path = workbook(tmp_path, [["店铺导出"], [], ["订单号", "数量", "时间"], [1001, 2, datetime(2026, 10, 1, 8)], [], ["A2", None, None], ["合计", 2]])
    connection = duckdb.connect()
    staged = stage_sheet(connection, path, "raw", sheet="订单", header=lambda first: 1, footer=footer_pattern())
    assert staged.headings == ("订单号", "数量", "时间")
    assert connection.execute(f"SELECT * EXCLUDE _sheet FROM {staged.relation} ORDER BY _line").fetchall() == [
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
    assert connection.execute(f"SELECT * EXCLUDE _sheet FROM {staged.relation} ORDER BY _line").fetchall() == [
        (4, None, 3, "1001", "2", "2026-10-01 08:00:00"),
        (6, None, 3, "A2", "", ""),
    ]


def test_a_cell_beyond_the_headings_is_in_a_column_of_its_own(tmp_path):
    path = workbook(tmp_path, [["a", "b"], [1, 2, 3]])
    connection = duckdb.connect()
    staged = stage_sheet(connection, path, "raw", sheet="订单")
    assert (staged.headings, staged.unheaded) == (("a", "b", ""), {2: "#C"})
    assert connection.execute(f"SELECT _line, _fault, c0, c1, c2 FROM {staged.relation}").fetchall() == [(2, None, "1", "2", "3")]


def test_of_hundreds_of_columns_without_headings_those_are_named_that_are_filled(tmp_path):
    rows = [["a"], [1, *[None] * 498, "x"], [2, None, "y"], ["合计", *[None] * 49, "z"]]
    connection = duckdb.connect()
    staged = stage_sheet(connection, workbook(tmp_path, rows), "raw", sheet="订单", footer=footer_pattern())
    assert staged.unheaded == {2: "#C", 499: "#SF"}


def test_a_stray_cell_far_to_the_right_makes_no_wide_table(tmp_path):
    rows = [["a"], [1, *[None] * 16_000, "x"], [2, *[None] * MOST_UNHEADED, "y"], [3, *[None] * (MOST_UNHEADED - 1), "z"]]
    connection = duckdb.connect()
    staged = stage_sheet(connection, workbook(tmp_path, rows), "raw", sheet="订单")
    assert len(staged.headings) == 1 + MOST_UNHEADED
    assert staged.unheaded == {column: f"#{column_letters(column)}" for column in (MOST_UNHEADED, MOST_UNHEADED + 1, 16_001)}


def test_sheets_of_one_table_have_a_footer_each_and_numbers(tmp_path):
    book = openpyxl.Workbook()
    for name, rows in {"1": [["a"], ["x"], ["合计"]], "2": [["导出"], ["a"], ["y"], ["合计"], [None], ["z"]], "3": [["b"], ["q"]]}.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    connection = duckdb.connect()
    staged = stage_sheet(
        connection,
        tmp_path / "a.xlsx",
        "raw",
        header=lambda first: next((place for place, row in enumerate(first) if row.cells[0] in "ab"), None),
        footer=footer_pattern(),
    )
    assert (staged.sheets, staged.unread_sheets, staged.skipped) == (("1", "2"), ("3",), 3)
    assert staged.places("a.xlsx") == {0: "a.xlsx · 1", 1: "a.xlsx · 2"}
    found = connection.execute(f"SELECT {staged.file_number(0)}, _line, c0 FROM {staged.relation} ORDER BY ALL").fetchall()
    assert found == [(0, 2, "x"), (1, 3, "y"), (1, 4, "合计"), (1, 6, "z")]


def test_a_sheet_without_headings_and_with_words_for_nothing(tmp_path):
    path = workbook(tmp_path, [["A1", "NULL"], ["A2", 2]])
    connection = duckdb.connect()
    staged = stage_sheet(connection, path, "raw", sheet="订单", headings=["编号", "数量"], empty=("NULL",))
    assert staged.headings == ("编号", "数量")
    assert connection.execute(f"SELECT * EXCLUDE _sheet FROM {staged.relation} ORDER BY _line").fetchall() == [
        (1, None, 2, "A1", ""),
        (2, None, 2, "A2", "2"),
    ]


def test_an_unknown_sheet_is_an_error_that_lists_the_others(tmp_path):
    with pytest.raises(DataError, match=r"there is no sheet 'x'\. Its sheets: 说明, 订单"):
        stage_sheet(duckdb.connect(), workbook(tmp_path, [["a"]]), "raw", sheet="x")


def test_what_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "x.xlsx"
    path.write_text("a,b\n")
    with pytest.raises(DataError, match=r"x\.xlsx cannot be read as an Excel workbook"):
        stage_sheet(duckdb.connect(), path, "raw")
