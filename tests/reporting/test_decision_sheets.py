"""The decisions in scorecard.xlsx: one sheet a subject, in words, money as numbers, nothing that is only an identifier."""

import pytest

from kmanalysis.reporting.decision_sheets import SHEETS, decision_sheets
from kmanalysis.workbook import open_workbook
from tests.reporting.small import judged_workbook


@pytest.fixture(scope="module", params=["zh", "en"])
def workbook(request):
    return open_workbook(month="2026-10", lang=request.param)


@pytest.fixture(scope="module")
def sheets(workbook):
    return decision_sheets(workbook)


def test_every_sheet_and_column_has_a_name_and_a_meaning(sheets, workbook):
    assert set(sheets) == set(SHEETS)
    words = workbook.words
    columns = {column for table in sheets.values() for column in table.columns}
    assert [name for name in SHEETS if not words.has_name(f"sheet.{name}")] == []
    assert sorted(column for column in columns if not (words.has_name(f"column.{column}") and words.has_name(f"meaning.{column}"))) == []


def test_what_the_rules_say_stands_in_words():
    sheets = decision_sheets(open_workbook(month="2026-10", lang="zh"))
    for name, sheet in SHEETS.items():
        for column in set(sheet.named) - {"item"}:  # a family is called what it is
            told = sheets[name][column].dropna()
            assert [cell for cell in told.unique() if cell and cell.isascii()] == [], (name, column)


def test_money_owed_is_the_ledger_s(sheets):
    claims = sheets["claims"]
    assert set(claims["supplier_id"]) == {"S10"}
    assert [str(amount) for amount in claims["claim_amount"].head(2)] == ["36.0000", "36.0000"]
    assert claims["failed_at"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d").all()


def test_a_slice_without_decisions_has_no_sheets_of_them():
    assert decision_sheets(judged_workbook({"S01": 99.0})) == {}
