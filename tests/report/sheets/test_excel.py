import csv
import shutil
import subprocess
import zipfile
from io import BytesIO

import openpyxl
import pytest

from kmanalysis.opening import open_workbook
from kmanalysis.report.sheets.excel import scorecard_workbook
from kmanalysis.standards import override_standards
from kmanalysis.words import Words
from tests.report.small import judged_workbook

FORMULA = '=HYPERLINK("http://x","y")'
LONG = "🎮" + "长名字供货商" * 500
HOSTILE = {
    "S01": FORMULA,
    "S02": "<img src=x onerror=alert(1)>",
    "S03": LONG,
    "S04": "@SUM(1+1)*cmd|' /C calc'!A0",
    "S05": "-1+1",
    "S06": "_x0041_\x07 tab\tend",
}
EVERY_SHEET = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


def opened(workbook):
    return openpyxl.load_workbook(BytesIO(scorecard_workbook(workbook)))


def test_the_same_scorecard_is_the_same_bytes():
    assert scorecard_workbook(judged_workbook({"S01": 99.0})) == scorecard_workbook(judged_workbook({"S01": 99.0}))


def test_sheets_have_headings_that_stay_and_filters():
    book = opened(judged_workbook({"S01": 99.0, "S02": 50.0}, lang="en"))
    assert book.sheetnames == ["Contents", "Grades", "Dimensions", "Scorecard", "Measures", "Standards", "Columns"]
    assert {sheet.title: sheet.freeze_panes for sheet in book} == {
        "Contents": "B2", "Grades": "D2", "Dimensions": "C2", "Scorecard": "C2", "Measures": "C2", "Standards": "B2", "Columns": "B2"
    }  # fmt: skip
    assert {sheet.print_title_rows for sheet in book} == {"$1:$1"}
    assert all(sheet.auto_filter.ref for sheet in book)
    grades = list(book["Grades"].values)
    assert grades[0][:5] == ("Grade", "Supplier id", "Supplier", "Why not graded", "Score")
    assert grades[1][:4] == ("S", "S01", "供货商 S01", None)
    assert grades[1][4] == pytest.approx(99.0, abs=0.5)
    assert book["Grades"]["F2"].number_format == "0.0%"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_first_sheet_leads_to_the_others(lang, samples):
    book = opened(samples.spoken(Words(lang)))
    [contents, *others] = book
    assert [row[:2] for row in list(contents.values)[1:]] == [(sheet.title, sheet.max_row - 1) for sheet in others]
    assert [contents.cell(line, 1).hyperlink.location for line in range(2, len(others) + 2)] == [f"'{sheet.title}'!A1" for sheet in others]
    assert all(told and not told.startswith("about.") for _, _, told in list(contents.values)[1:])
    assert len(others) > 20


def test_names_are_text_whatever_they_look_like():
    book = opened(judged_workbook(dict.fromkeys(HOSTILE, 99.0), names=HOSTILE))
    found = {str(cell.value): cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.column_letter in "BC"}
    for name in HOSTILE.values():
        cell = found[name.replace("\x07", "_x0007_")]
        assert (cell.data_type, cell.hyperlink) == ("s", None)


def test_a_cell_holds_no_more_than_a_spreadsheet_can():
    book = opened(judged_workbook({"S01": 99.0}, names={"S01": "🎮" * 20_000}, lang="en"))
    shown = book["Grades"]["C2"].value
    assert set(shown) == {"🎮"}
    assert len(shown.encode("utf-16-le")) // 2 == 32_766


def test_numbers_that_are_whole_end_without_a_point():
    facts = {"stability__hot_depth": {"value": 12000.0}, "reputation__cooperation_years": {"value": 3.25, "lower": 3.0}, "price__band_share": {"value": 0.5}}
    scored = opened(judged_workbook({"S01": 99.0}, S01=facts, lang="en"))["Scorecard"]
    cells = {row[3].value: row for row in scored.iter_rows(min_row=2)}
    shown = [(cells[name][place].value, cells[name][place].number_format) for name, place in (
        ("Stock depth of hot SKUs", 4), ("Years of cooperation", 4), ("Years of cooperation", 7), ("Quotes within the price band", 4)
    )]  # fmt: skip
    assert shown == [(12000, "#,##0"), (3.25, "#,##0.####"), (3, "#,##0"), (0.5, "0.0%")]


def test_weights_limits_and_signs_read_as_what_they_are():
    rows = list(opened(judged_workbook({"S01": 99.0}, lang="en"))["Standards"].iter_rows())
    heads = [cell.value for cell in rows[0]]
    band = dict(zip(heads, next(row for row in rows if row[0].value == "price.band_share"), strict=True))
    assert (band["Weight in the dimension"].value, band["Weight in the dimension"].number_format) == (25, "#,##0")
    assert (band["Limit"].value, band["Limit"].number_format) == (0.05, "0.0%")
    assert {row[2].value for row in rows[1:]} == {"≥", "≤", "="}


def test_scores_have_bars_on_one_scale_and_verdicts_their_looks():
    with zipfile.ZipFile(BytesIO(scorecard_workbook(judged_workbook({"S01": 99.0})))) as parts:
        grades, scored = (parts.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (2, 4))
    assert grades.count("<dataBar>") == 7
    assert '<cfvo type="num" val="0"/><cfvo type="num" val="100.0"/>' in grades
    assert '<cfvo type="num" val="0"/><cfvo type="num" val="1.0"/>' in grades
    assert [word for word in ("达标", "未达标", "证据不足", "无数据") if f'<formula>"{word}"</formula>' not in scored] == []


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """What LibreOffice makes of a file with hostile names: the folder of the PDF and of a CSV file a sheet."""
    if (office := shutil.which("soffice")) is None:
        pytest.skip("LibreOffice is not on this machine")
    folder = tmp_path_factory.mktemp("office")
    (folder / "scorecard.xlsx").write_bytes(scorecard_workbook(judged_workbook(dict.fromkeys(HOSTILE, 99.0), names=HOSTILE, lang="en")))
    for kind in ("pdf", EVERY_SHEET):
        command = [office, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", kind, "--outdir", folder]
        done = subprocess.run([*command, folder / "scorecard.xlsx"], capture_output=True, text=True, timeout=180, check=True)
        assert "error" not in (done.stdout + done.stderr).lower()
    return folder


def test_libreoffice_opens_it_and_prints_it(converted):
    assert (converted / "scorecard.pdf").read_bytes().startswith(b"%PDF-")
    assert (converted / "scorecard.pdf").stat().st_size > 10_000
    assert len(list(converted.glob("scorecard-*.csv"))) == 7


def test_libreoffice_shows_names_as_text(converted):
    with (converted / "scorecard-Grades.csv").open(encoding="utf-8", newline="") as file:
        shown = {row["Supplier id"]: row["Supplier"] for row in csv.DictReader(file)}
    assert {supplier: shown[supplier] for supplier in ("S01", "S02", "S03", "S04", "S05")} == {
        supplier: HOSTILE[supplier] for supplier in ("S01", "S02", "S03", "S04", "S05")
    }
    assert shown["S06"].startswith("_x0041_")


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
    (tmp_path / "suppliers.csv").write_text("supplier_id,name\n", encoding="utf-8")
    book = opened(open_workbook(tmp_path, "2026-10", lang="en"))
    assert {name: len(list(book[name].values)) for name in ("Grades", "Dimensions", "Scorecard", "Measures", "Actions")} == dict.fromkeys(
        ("Grades", "Dimensions", "Scorecard", "Measures", "Actions"), 1
    )
