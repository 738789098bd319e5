"""The form without a browser: fields by type, what is wrong beside its field, and what the folder holds afterwards."""

from datetime import date, datetime

import ipywidgets as widgets
import pytest
from IPython.core.formatters import DisplayFormatter

import kmanalysis as km
from kmanalysis.assets import samples_folder
from kmanalysis.explorers.explorer import explorer_of
from kmanalysis.loaders.forms.layout import form_tables
from kmanalysis.opening import open_workbook
from tests.loaders.forms.filling import folder_with, rows_of

CONTRACT = {"contract_id": "C1", "supplier_id": "S01", "signed_on": "2026-01-01", "valid_from": "2026-01-01"}


@pytest.fixture
def folder(tmp_path):
    return folder_with(tmp_path / "data", {"contracts": [CONTRACT]})


@pytest.fixture
def forms(folder):
    return forms_of(folder)


def forms_of(folder, lang="zh"):
    return explorer_of(open_workbook(folder, "2026-10", lang=lang), str(folder)).forms


def fill(forms, **cells):
    for column, value in cells.items():
        forms.fields[column].value = value


def test_fields_are_of_the_type_of_their_column(forms):
    forms.table.value = "fees"
    kinds = {column: type(field) for column, field in forms.fields.items()}
    assert kinds["supplier_id"] is widgets.Combobox
    assert forms.fields["supplier_id"].options == ("S01", "S02", "S03")
    assert kinds["charged_at"] is widgets.NaiveDatetimePicker
    assert (kinds["kind"], kinds["is_disclosed"], kinds["amount"]) == (widgets.Dropdown, widgets.Dropdown, widgets.Text)
    assert ("是", "true") in forms.fields["is_disclosed"].options
    assert forms.fields["amount"].description.endswith("*")
    for name in form_tables():
        forms.table.value = name
        assert list(forms.fields) == list(form_tables()[name].columns)


def test_a_row_is_added_then_changed_then_deleted(forms, folder):
    forms.table.value = "fees"
    fill(forms, fee_id="F1", supplier_id="S02", charged_at=datetime(2026, 3, 1, 10, 30), kind="restock", amount="88.50", currency="CNY", is_disclosed="false")
    forms.save()
    assert "已保存" in forms.result.value
    (row,) = rows_of(folder, "fees")["fees"]
    assert row[:4] == ("F1", "S02", None, datetime(2026, 3, 1, 2, 30))
    # The row that was saved is the one that is open now.
    assert (forms.row.value, forms.fields["charged_at"].value, forms.fields["amount"].value) == (0, datetime(2026, 3, 1, 10, 30), "88.5")
    fill(forms, amount="90", purchase_id="P1")
    forms.save()
    (row,) = rows_of(folder, "fees")["fees"]
    assert (row[2], float(row[5])) == ("P1", 90.0)
    forms.delete()
    assert rows_of(folder, "fees")["fees"] == []
    assert (forms.row.value, forms.delete_button.disabled) == (-1, True)


def test_what_is_wrong_stands_beside_its_field_in_the_reader_s_language(forms, folder):
    forms.table.value = "fees"
    fill(forms, fee_id="F1", supplier_id="S01", charged_at=datetime(2026, 3, 1), amount="many", currency="CNY", is_disclosed="true")
    forms.save()
    assert "不是数字" in forms.faults["amount"].value
    assert forms.faults["kind"].value
    assert not forms.faults["currency"].value
    assert "没有保存" in forms.result.value
    assert not list(folder.glob("fees.*"))
    # What was typed is still there, and is saved once it is right.
    fill(forms, amount="1", kind="api")
    forms.save()
    assert not any(fault.value for fault in forms.faults.values())
    assert len(rows_of(folder, "fees")["fees"]) == 1


def test_rows_that_are_there_are_shown_and_not_overwritten_by_a_new_one(forms, folder):
    forms.table.value = "contracts"
    assert [value for _, value in forms.row.options] == [-1, 0]
    assert "C1 · S01 · 2026-01-01" in forms.row.options[1][0]
    fill(forms, contract_id="C1", supplier_id="S02", signed_on=date(2026, 2, 1), valid_from=date(2026, 2, 1))
    forms.save()
    assert forms.faults["contract_id"].value
    assert rows_of(folder, "contracts")["contracts"][0][1] == "S01"
    forms.row.value = 0
    assert (forms.fields["supplier_id"].value, forms.fields["signed_on"].value) == ("S01", date(2026, 1, 1))


def test_english(folder):
    forms = forms_of(folder, "en")
    forms.table.value = "contracts"
    forms.save()
    assert "empty" in forms.faults["contract_id"].value


def test_the_samples_stay_as_they_are(samples):
    forms = explorer_of(samples, str(samples_folder())).forms
    forms.table.value, forms.row.value = "contracts", 0
    before = (samples_folder() / "contracts.csv").read_bytes()
    forms.save()
    forms.delete()
    assert "样例" in forms.result.value
    assert (samples_folder() / "contracts.csv").read_bytes() == before


def test_a_folder_that_cannot_be_read_is_said(samples):
    forms = explorer_of(samples, "nowhere").forms
    assert "nowhere" in forms.result.value
    forms.save()
    assert forms.fields == {}


def test_the_form_of_a_folder_needs_no_month(folder, monkeypatch):
    forms = km.forms(folder, lang="en")
    assert forms.table.description == "Table"
    forms.table.value, forms.row.value = "contracts", 0
    fill(forms, supplier_id="S03")
    forms.save()
    assert rows_of(folder, "contracts")["contracts"][0][1] == "S03"
    # A cell that ends with it shows the widget.
    shown, _ = DisplayFormatter().format(forms)
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == forms.widget.model_id
    # Without a folder: that of the environment, else the samples.
    monkeypatch.setenv("KMANALYSIS_DATA", str(folder))
    assert km.forms().table.description == "数据表"
    monkeypatch.delenv("KMANALYSIS_DATA")
    assert len(km.forms().row.options) > 1
