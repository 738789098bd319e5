"""The form as a file: what stands at the head of each sheet, what its cells accept, and that Office programs open it."""

import shutil
import subprocess
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.forms.filled import Filled, filled_rows
from kmanalysis.loaders.forms.layout import FORM_TABLES, INDEX, form_tables
from kmanalysis.loaders.forms.load import load_form
from kmanalysis.report.sheets.forms import form_workbook
from kmanalysis.words import Words, languages
from tests.loaders.forms.filling import FIRST, folder_with, rows_of, title

FEE = ("F1", "S01", None, datetime(2026, 10, 1, 3, 4, 5), "restock", Decimal("10.5000"), "CNY", True)


def opened(filled=None, lang="zh"):
    return openpyxl.load_workbook(BytesIO(form_workbook(filled or Filled(), Words(lang))))


def cells(sheet, line):
    return [cell.value for cell in sheet[line]][1:]


@pytest.mark.parametrize("lang", languages())
def test_a_sheet_a_table_with_names_headings_and_meanings(lang):
    book, words = opened(lang=lang), Words(lang)
    assert book.sheetnames[1:-1] == [title(name, lang) for name in FORM_TABLES]
    assert (book.sheetnames[-1], book[INDEX].sheet_state) == (INDEX, "veryHidden")
    for name, table in form_tables().items():
        sheet = book[title(name, lang)]
        assert sheet.row_dimensions[1].hidden
        assert cells(sheet, 1) == list(table.columns)
        told = [words.name(f"{name}.{column.name}") + (" *" if column.required else "") for column in table.columns.values()]
        assert cells(sheet, 2) == told
        assert all(meaning.startswith(words.text(column.meaning)) for meaning, column in zip(cells(sheet, 3), table.columns.values(), strict=True))
        assert all(cell.comment for cell in sheet[2][1:])
        assert sheet.cell(4, 1).value.startswith("#")


def test_a_chinese_form_says_chinese_words():
    book = opened()
    assert [name for name in book.sheetnames[:-1] if name.isascii()] == []
    told = [cell.value for sheet in book.worksheets[1:-1] for line in (2, 3) for cell in sheet[line] if cell.value not in (None, "#")]
    assert [text for text in told if text.isascii()] == []


def test_cells_are_what_they_are():
    row = openpyxl.load_workbook(BytesIO(form_workbook(Filled({"fees": [FEE]}, {"fees": frozenset(form_tables()["fees"].columns)}), Words("zh"))))["费用"]
    assert cells(row, FIRST) == ["F1", "S01", None, datetime(2026, 10, 1, 11, 4, 5), "补货费", 10.5, "CNY", "是"]
    assert [cell.number_format for cell in row[FIRST]][1:] == ["@", "@", "@", "yyyy-mm-dd hh:mm:ss", "@", "General", "@", "@"]


@pytest.mark.parametrize(
    ("amount", "cell"),
    [("99999999999999.9999", "99999999999999.9999"), ("12345678901.2345", 12345678901.2345), ("123456789012.3456", "123456789012.3456"), ("0.0001", 0.0001)],
)
def test_an_amount_that_a_number_would_blur_is_text(amount, cell):
    assert cells(opened(Filled({"fees": [(*FEE[:5], Decimal(amount), *FEE[6:])]}))["费用"], FIRST)[5] == cell


@pytest.mark.parametrize("moment", [datetime(2026, 10, 1, 3, 4, 5, 1), datetime(1991, 7, 1, 3, 4, 5)])
def test_a_time_that_a_sheet_would_blur_is_text_with_its_zone(moment):
    told = cells(opened(Filled({"fees": [(*FEE[:3], moment, *FEE[4:])]}))["费用"], FIRST)[3]
    assert datetime.fromisoformat(told).timestamp() == pytest.approx((moment - datetime(1970, 1, 1)).total_seconds(), abs=1e-6)


def rules(sheet):
    """The checks of a sheet by the letter of their column."""
    found = {}
    for rule in sheet.data_validations.dataValidation:
        for cells_checked in str(rule.sqref).split():
            found[cells_checked[0]] = rule
    return found


def listed(book, rule):
    return [cell.value for (cell,) in book[INDEX][rule.formula1.partition("!")[2].replace("$", "")]]


def test_cells_accept_what_the_tables_do():
    book = opened(Filled(suppliers=["S01", "S02"]))
    fees, tiers = rules(book["费用"]), rules(book["阶梯折扣"])
    assert listed(book, fees["F"]) == ["补货费", "技术服务费", "接口费", "手续费", "其他"]
    assert listed(book, fees["I"]) == ["是", "否"]
    assert (listed(book, fees["C"]), fees["C"].errorStyle) == (["S01", "S02"], "warning")
    assert (fees["E"].type, fees["E"].operator) == ("date", None)
    assert (fees["G"].type, float(fees["G"].formula1), float(fees["G"].formula2)) == ("decimal", 0.0, 1e14)
    assert (float(tiers["D"].formula1), float(tiers["D"].formula2)) == (0.0, 1.0)
    assert (fees["H"].type, fees["H"].formula1) == ("textLength", "3")
    assert fees["G"].prompt == "收取的金额。必填。"


def test_what_was_not_supplied_is_marked():
    given = frozenset(form_tables()["fees"].columns) - {"purchase_id"}
    meanings = cells(opened(Filled({"fees": [FEE]}, {"fees": given}))["费用"], 3)
    assert [meaning for meaning in meanings if meaning.endswith("目前尚未提供。")] == [meanings[2]]


def test_the_same_rows_give_the_same_bytes():
    assert form_workbook(Filled({"fees": [FEE]}), Words("zh")) == form_workbook(Filled({"fees": [FEE]}), Words("zh"))


def test_a_text_that_no_cell_takes_is_an_error():
    signal = ("N1", "S01", date(2026, 1, 1), "news", None, "bad", "很" * 40_000)
    with pytest.raises(DataError, match=r"signals\.summary holds a text of 40000 characters"):
        form_workbook(Filled({"signals": [signal]}), Words("zh"))


def test_libreoffice_opens_and_saves_it_and_it_reads_the_same(tmp_path):
    if (office := shutil.which("soffice")) is None:
        pytest.skip("LibreOffice is not on this machine")
    when = {"fee_id": "F1", "supplier_id": "S01", "charged_at": "2026-10-01 03:04:05"}
    fee = when | {"kind": "restock", "amount": "99999999999999.9999", "currency": "CNY", "is_disclosed": "true"}
    tier = {
        "supplier_id": "S02",
        "threshold_amount": "50000",
        "discount_share": "0.05",
        "applies_to": "all_units",
        "currency": "CNY",
        "valid_from": "2026-01-01",
    }
    source = folder_with(tmp_path / "from", {"fees": [fee, fee | {"fee_id": "007", "charged_at": "2026-10-01 03:04:05.000001"}], "discount_tiers": [tier]})
    (tmp_path / "forms.xlsx").write_bytes(form_workbook(filled_rows(source), Words("zh")))
    command = [office, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx", "--outdir", tmp_path / "saved"]
    done = subprocess.run([*command, tmp_path / "forms.xlsx"], capture_output=True, text=True, timeout=180, check=True)
    assert "error" not in (done.stdout + done.stderr).lower()
    saved = openpyxl.load_workbook(tmp_path / "saved" / "forms.xlsx")
    assert listed(saved, rules(saved["费用"])["F"])[0] == "补货费"
    into = folder_with(tmp_path / "into", {})
    assert load_form(tmp_path / "saved" / "forms.xlsx", into).rejects.empty
    assert rows_of(into, "fees", "discount_tiers") == rows_of(source, "fees", "discount_tiers")
