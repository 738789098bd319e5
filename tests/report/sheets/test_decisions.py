"""The decisions in scorecard.xlsx: one sheet a subject, in words, money as numbers, nothing that is only an identifier."""

from decimal import Decimal
from io import BytesIO

import numpy as np
import openpyxl
import pandas as pd
import pytest

from kmanalysis.decisions.bundle import FRAMES
from kmanalysis.decisions.drift import drifts
from kmanalysis.opening import open_workbook
from kmanalysis.report.sheets.columns import SHEETS, SUPPLIERS
from kmanalysis.report.sheets.decisions import decision_sheets
from kmanalysis.report.sheets.excel import scorecard_workbook
from kmanalysis.words import languages
from tests.report.small import judged_workbook


@pytest.fixture(scope="module")
def workbooks(samples, english_samples):
    return {"zh": samples, "en": english_samples}


@pytest.fixture(scope="module", params=languages())
def workbook(request, workbooks):
    return workbooks[request.param]


@pytest.fixture(scope="module")
def sheets(workbook):
    return decision_sheets(workbook)


def test_every_sheet_and_column_has_a_name_and_a_meaning(sheets, workbook):
    assert set(sheets) == set(SHEETS)
    words = workbook.words
    columns = {column for table in sheets.values() for column in table.columns}
    assert [name for name in SHEETS if not words.has_name(f"sheet.{name}")] == []
    assert sorted(column for column in columns if not (words.has_name(f"column.{column}") and words.has_name(f"meaning.{column}"))) == []


def test_what_the_rules_say_stands_in_words(workbooks):
    sheets = decision_sheets(workbooks["zh"])
    for name, sheet in SHEETS.items():
        for column in set(sheet.named) - {"item", "purchases_of"}:  # a family is called what it is
            told = sheets[name][column].dropna()
            assert [cell for cell in told.unique() if cell and cell.isascii()] == [], (name, column)


def test_what_is_about_no_supplier_names_none(sheets):
    beside = {name: [column for column in table.columns if column in SUPPLIERS.values()] for name, table in sheets.items()}
    apart = {"funnel": [], "trends": [], "concentration": ["largest_supplier_name"], "gaps": ["only_supplier_name"]}
    assert beside == {name: ["name"] for name in SHEETS} | apart
    named = sheets["gaps"].query("sellers == 1")
    assert named[["only_supplier_id", "only_supplier_name"]].to_numpy().tolist() == [["S20", "石榴工具"]]
    assert sheets["gaps"].query("sellers == 0")["only_supplier_name"].isna().all()


def test_frames_come_with_the_batch():
    assert [name for name, sheet in SHEETS.items() if sheet.frame not in FRAMES] == []


def test_every_code_of_a_cell_is_named(workbook_of):
    contract = {"contract_id": "c1", "valid_from": "2026-01-01", "valid_to": None, "legal_review_on": None}
    said = [{"contract_id": "c1", "term": term, "value": value} for term, value in (("restock_hours", "4"), ("damages_share", "0.2"))]
    terms = decision_sheets(workbook_of({"contracts": [contract], "contract_terms": said}))["terms"]
    assert terms[["contract_gaps", "differing_terms"]].to_numpy().tolist() == [["no legal review; no data security clause", "restock within; damages"]]


def test_days_are_text_and_money_is_exact(sheets):
    days = pd.concat([table[column].dropna() for table in sheets.values() for column in table.columns if column.endswith("_on")])
    assert days.str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    amounts = pd.concat([sheets["plan"]["list_unit_price"], sheets["concentration"]["bought_amount"], sheets["qualification"]["min_order"]])
    assert {type(amount) for amount in amounts.dropna()} == {Decimal}


def test_drifts_are_told_in_seconds_or_shares(sheets, workbook):
    charted, told = drifts(workbook), sheets["drift"]
    is_time = charted["measure"] == "stability.delivery_time"
    assert set(is_time) == {True, False}
    assert told["latest_seconds"].notna().tolist() == is_time.tolist()
    assert told["latest_share"].notna().tolist() == (~is_time).tolist()
    assert told.loc[is_time, "latest_seconds"].tolist() == pytest.approx(np.exp(charted.loc[is_time, "latest"]).tolist())


def test_the_file_writes_them_with_shares_as_shares(sheets, workbook):
    book = openpyxl.load_workbook(BytesIO(scorecard_workbook(workbook)))
    words = workbook.words
    assert [name for name in SHEETS if words.name(f"sheet.{name}") not in book.sheetnames] == []
    shares = {
        "drift": ["baseline_share", "latest_share"],
        "terms": ["compensation_share", "damages_share"],
        "qualification": ["lowest_margin", "median_margin"],
        "funnel": ["passed_share", "passed_lower", "passed_upper", "contacted_share"],
        "concentration": ["largest_share"],
        "trends": ["growth", "growth_lower", "growth_upper"],
        "gaps": ["larger_growth"],
    }
    for name, columns in shares.items():
        sheet, places = book[words.name(f"sheet.{name}")], list(sheets[name].columns)
        cells = [cell for column in columns for cell in list(sheet.columns)[places.index(column)][1:] if cell.value is not None]
        assert {cell.number_format for cell in cells} == {"0.0%"}, name


def test_what_is_not_known_is_an_empty_cell(tmp_path):
    (tmp_path / "suppliers.csv").write_text("supplier_id,name\nS01,云杉数卡\n", encoding="utf-8")
    book = openpyxl.load_workbook(BytesIO(scorecard_workbook(open_workbook(tmp_path, "2026-10", lang="en"))))
    heads, *rows = book["Qualification"].values
    told = [dict(zip(heads, row, strict=True)) for row in rows]
    assert [(row["Supplier id"], row["Stock API"], row["Minimum order"], row["Margin: lowest"]) for row in told] == [("S01", None, None, None)]
    assert list(book["Purchase plan"].values)[1:] == []


def test_money_owed_is_the_ledger_s(sheets):
    claims = sheets["claims"]
    assert set(claims["supplier_id"]) == {"S10"}
    assert [str(amount) for amount in claims["claim_amount"].head(2)] == ["36.0000", "36.0000"]
    assert claims["failed_at"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d").all()


def test_a_slice_without_decisions_has_no_sheets_of_them():
    assert decision_sheets(judged_workbook({"S01": 99.0})) == {}
