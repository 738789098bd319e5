from datetime import date

import pytest

from tests.loaders.forms.filling import FIRST, add, edit, folder_with, rows_of

TIER = {"supplier_id": "S02", "threshold_amount": "500", "discount_share": "0.05", "applies_to": "all_units", "currency": "CNY", "valid_from": "2026-01-01"}


def test_a_form_there_and_back(run, tmp_path):
    folder = folder_with(tmp_path / "data", {"discount_tiers": [TIER, TIER | {"threshold_amount": "900"}]})
    form = tmp_path / "forms.xlsx"
    done = run("forms", "--out", form, "--data", folder)
    assert (done.exit_code, done.stdout) == (0, f"{form}\n")
    edit(form, lambda book: book["阶梯折扣"].delete_rows(FIRST), add("discount_tiers", {"discount_share": 0.1}, line=FIRST))
    done = run("load", form, "--into", folder)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "forms.xlsx · 阶梯折扣 → 阶梯折扣：读取 1 行" in done.stdout
    assert "表单中已没有、从表中删除：1 行" in done.stdout
    assert "forms.xlsx · 费用：没有记录" in done.stdout
    assert [row[1:3] for row in rows_of(folder, "discount_tiers")["discount_tiers"]] == [(900, 0.1)]


def test_rejected_rows_are_said_with_sheet_row_and_column(run, tmp_path):
    form = tmp_path / "forms.xlsx"
    assert run("forms", "--out", form, "--lang", "en").exit_code == 0
    row = {"contract_id": "C1", "supplier_id": "S01", "valid_from": "soon", "signed_on": date(2026, 1, 1)}
    edit(form, add("contracts", row, lang="en"))
    done = run("load", form, "--into", tmp_path / "data", "--lang", "en")
    assert done.exit_code == 1
    assert f"forms.xlsx · Contracts, line {FIRST}, column " in done.stderr
    assert "soon" in done.stderr


@pytest.mark.parametrize("option", [["--as", "fees"], ["--mapping", "m.toml"]])
def test_a_form_needs_no_mapping(run, tmp_path, option):
    form = tmp_path / "forms.xlsx"
    run("forms", "--out", form)
    done = run("load", form, "--into", tmp_path / "data", *option, "--lang", "en")
    assert done.exit_code == 2
    assert f"forms.xlsx is a form, which needs no {option[0]}" in done.stderr


def test_what_is_there_is_not_written_over(run, tmp_path):
    form = tmp_path / "forms.xlsx"
    form.write_bytes(b"mine")
    done = run("forms", "--out", form, "--lang", "en")
    assert (done.exit_code, form.read_bytes()) == (2, b"mine")
    assert "may hold what you filled in" in done.stderr
    assert run("forms", "--out", form, "--force").exit_code == 0
    assert form.read_bytes() != b"mine"


@pytest.mark.parametrize(("out", "told"), [("forms.csv", "a form is an Excel file"), ("nowhere/forms.xlsx", "Folder nowhere was not found")])
def test_a_place_that_cannot_be_is_said(run, tmp_path, out, told):
    done = run("forms", "--out", tmp_path / out, "--lang", "en")
    assert done.exit_code == 2
    assert told in done.stderr
