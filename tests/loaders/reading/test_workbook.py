from datetime import date, datetime, time, timedelta

import openpyxl
import pytest
import xlsxwriter
import xlwt

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.workbook import Workbook, cell_text, fitted, is_workbook


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (3.0, "3"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.3"),
        (1234567.5, "1234567.5"),
        (1e-7, "0.0000001"),
        (1e15, "1000000000000000"),
        (2026100112345671.0, "2026100112345671"),
        (2.0**53, "9007199254740992"),
        (2.02610011234567e17, "2.02610011234567E+17"),
        (1234567890123456.5, "1.23456789012346E+15"),
        (float("inf"), "inf"),
        (True, "true"),
        (datetime(2026, 10, 1, 3, 4, 5), "2026-10-01 03:04:05"),
        (date(2026, 10, 1), "2026-10-01 00:00:00"),
        (time(3, 4, 5), "03:04:05"),
        (timedelta(hours=30), "1 day, 6:00:00"),
        ("０１", "０１"),
        ("", ""),
    ],
)
def test_cells_read_as_a_person_reads_them(cell, text):
    assert cell_text(cell).casefold() == text.casefold()


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_sheets_rows_and_what_is_merged(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    if suffix == "xlsx":
        with xlsxwriter.Workbook(path) as book:
            first, second = book.add_worksheet("一"), book.add_worksheet("二")
            second.hide()
            first.merge_range("B3:C4", "m")
            first.write("B5", 7)
            second.write("A1", "h")
            book.add_chartsheet("图")
    else:
        old = xlwt.Workbook(encoding="utf-8")
        first, second = old.add_sheet("一"), old.add_sheet("二")
        second.visibility = 1
        first.write_merge(2, 3, 1, 2, "m")
        first.write(4, 1, 7)
        second.write(0, 0, "h")
        old.save(str(path))
    book = Workbook(path)
    assert [(sheet.name, sheet.is_visible) for sheet in book.sheets] == [("一", True), ("二", False)]
    assert [(row.line, [cell for cell in row.cells if cell]) for row in book.rows("一")] == [(1, []), (2, []), (3, ["m"]), (4, []), (5, ["7"])]
    assert [row.cells.index("m") for row in book.rows("一") if "m" in row.cells] == [1]
    assert book.merged("一") == [((2, 1), (3, 2))]
    assert not book.is_marked


def test_a_row_that_holds_a_formula_alone_is_there(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["a"])
    book.active["C3"] = "=A1"
    book.save(tmp_path / "a.xlsx")
    read = Workbook(tmp_path / "a.xlsx")
    rows = {row.line: row.cells for row in read.rows("Sheet")}
    assert rows[3][2] == "\ue008=A1"
    assert read.is_marked


def test_what_is_a_workbook_and_what_is_called_one(tmp_path):
    for name, content, expected in [
        ("a.csv", b"PK\x03\x04", False),
        ("a.xlsx", b"PK\x03\x04", True),
        ("b.xlsx", b"", True),
        ("c.xls", b"a\tb\n1\t2\n", False),
        ("d.xls", "a\tb\n".encode("utf-16"), False),
        ("e.xls", b"<html>", True),
        ("f.xls", bytes(50), True),
    ]:
        (tmp_path / name).write_bytes(content)
        assert is_workbook(tmp_path / name) == expected, name


def test_a_password_is_told(tmp_path):
    book = xlwt.Workbook()
    book.add_sheet("a")
    book.save(str(tmp_path / "a.xls"))
    content = (tmp_path / "a.xls").read_bytes()
    # A workbook under a password says so in its first records.
    place = content.find(b"\x42\x00\x02\x00")
    (tmp_path / "a.xls").write_bytes(content[:place] + b"\x2f" + content[place + 1 :])
    with pytest.raises(DataError, match=r"a\.xls"):
        Workbook(tmp_path / "a.xls")


def test_rows_are_fitted_to_their_headings():
    assert fitted(["a"], 3) == ["a", "", ""]
    assert fitted(["a", "NULL", "", ""], 2, ("NULL",)) == ["a", ""]
    assert fitted(["a", "b", "c"], 2) == ["a", "b", "c"]
    # As wide as a sheet may be, many times: in the time that one pass takes.
    for _ in range(500):
        assert fitted([""] * 16384, 2) == ["", ""]
