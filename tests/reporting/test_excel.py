from io import BytesIO

import openpyxl
import pytest

from kmanalysis.reporting.excel import scorecard_workbook
from kmanalysis.standards import override_standards
from kmanalysis.workbook import open_workbook
from tests.reporting.small import judged_workbook

FORMULA = '=HYPERLINK("http://x","y")'


def opened(workbook):
    return openpyxl.load_workbook(BytesIO(scorecard_workbook(workbook)))


def test_the_same_scorecard_is_the_same_bytes():
    assert scorecard_workbook(judged_workbook({"S01": 99.0})) == scorecard_workbook(judged_workbook({"S01": 99.0}))


def test_sheets_have_headings_that_stay_and_filters():
    book = opened(judged_workbook({"S01": 99.0, "S02": 50.0}, lang="en"))
    assert book.sheetnames == ["Grades", "Dimensions", "Scorecard", "Measures", "Standards", "Columns"]
    assert {sheet.freeze_panes for sheet in book} == {"C2"}
    assert all(sheet.auto_filter.ref for sheet in book)
    grades = list(book["Grades"].values)
    assert grades[0][:5] == ("Grade", "Supplier id", "Supplier", "Why not graded", "Score")
    assert grades[1][:4] == ("S", "S01", "供货商 S01", None)
    assert grades[1][4] == pytest.approx(99.0, abs=0.5)
    assert book["Grades"]["F2"].number_format == "0.0%"


def test_a_name_that_looks_like_a_formula_is_a_name():
    book = opened(judged_workbook({"S01": 99.0}, names={"S01": FORMULA}))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == FORMULA]
    assert cells
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.hyperlink is None for cell in cells)


def test_a_missing_value_is_an_empty_cell():
    book = opened(judged_workbook({"S01": 99.0}, S01={"price__gross_margin": {"value": float("nan"), "n": 0}}, lang="en"))
    rows = [row for row in book["Scorecard"].values if row[3] == "Gross margin"]
    assert [row[4] for row in rows] == [None]


def test_standards_say_what_differs_from_the_default():
    standards = override_standards({"price.gross_margin": {"value": 0.25}}, file="own.toml")
    rows = {row[0]: row for row in opened(judged_workbook({"S01": 99.0}, standards=standards, lang="en"))["Standards"].values}
    assert rows["price.gross_margin"][3] == 0.25
    assert rows["price.gross_margin"][-1] == "Value 0.2"
    assert rows["price.band_share"][-1] is None


def test_every_column_is_explained():
    for lang in ("zh", "en"):
        rows = list(opened(judged_workbook({"S01": 99.0}, lang=lang)).worksheets[-1].values)[1:]
        assert [row for row in rows if row[0].startswith("column.") or row[2].startswith("meaning.")] == []


def test_a_folder_without_suppliers_has_sheets_of_headings_alone(tmp_path):
    (tmp_path / "needs.csv").write_text("subject,item,value,is_must\naudience,students,,false\n", encoding="utf-8")
    book = opened(open_workbook(tmp_path, "2026-10", lang="en"))
    assert {name: len(list(book[name].values)) for name in ("Grades", "Dimensions", "Scorecard", "Measures", "Actions")} == dict.fromkeys(
        ("Grades", "Dimensions", "Scorecard", "Measures", "Actions"), 1
    )
