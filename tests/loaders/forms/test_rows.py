"""Single rows of hand-kept tables: the same rules as a load, and nothing half written."""

from datetime import date, datetime

import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.secrets import digest, key_of
from kmanalysis.loaders.forms.load import load_form
from kmanalysis.loaders.forms.rows import delete_row, save_row
from tests.loaders.forms.filling import FIRST, add, edit, folder_with, form_of, rows_of

TERM = {"contract_id": "C1", "term": "damages_share", "value": "0.3"}
CONTRACT = {"contract_id": "C1", "supplier_id": "S01", "signed_on": "2026-01-01", "valid_from": "2026-01-01"}


def given(folder, name):
    return (folder / f"{name}.csv").read_text(encoding="utf-8").partition("\n")[0].split(",")


@pytest.fixture
def folder(tmp_path):
    return folder_with(tmp_path / "data", {"contracts": [CONTRACT], "contract_terms": [TERM]})


def test_a_row_is_put_in_and_changed(folder):
    fee = {"fee_id": "F1", "supplier_id": "S01", "charged_at": datetime(2026, 3, 1, 10, 30), "kind": "restock", "amount": "88.50", "currency": "CNY"}
    assert save_row(folder, "fees", fee | {"is_disclosed": "false"}).empty
    (row,) = rows_of(folder, "fees")["fees"]
    assert row[3] == datetime(2026, 3, 1, 2, 30)
    assert save_row(folder, "fees", fee | {"is_disclosed": True, "amount": "90"}, ["F1"]).empty
    (row,) = rows_of(folder, "fees")["fees"]
    assert (float(row[5]), row[7]) == (90.0, True)


def test_a_key_may_be_changed_and_may_not_be_another_row_s(folder):
    assert save_row(folder, "contracts", CONTRACT | {"contract_id": "C2"}).empty
    assert save_row(folder, "contracts", CONTRACT | {"contract_id": "C3"}, ["C2"]).empty
    assert [row[0] for row in rows_of(folder, "contracts")["contracts"]] == ["C1", "C3"]
    for before in (None, ["C3"]):
        rejects = save_row(folder, "contracts", CONTRACT, before)
        assert list(rejects[["column", "reason"]].iloc[0]) == ["contract_id", "key_repeated"]
    assert [row[0] for row in rows_of(folder, "contracts")["contracts"]] == ["C1", "C3"]


def test_what_others_refer_to_stays(folder):
    before = (folder / "contracts.csv").read_bytes()
    for change in (lambda: delete_row(folder, "contracts", ["C1"]), lambda: save_row(folder, "contracts", CONTRACT | {"contract_id": "C9"}, ["C1"])):
        with pytest.raises(DataError):
            change()
    assert (folder / "contracts.csv").read_bytes() == before
    delete_row(folder, "contract_terms", ["C1", "damages_share"])
    delete_row(folder, "contracts", ["C1"])
    assert rows_of(folder, "contracts")["contracts"] == []


def test_every_faulty_cell_is_named_and_nothing_written(folder):
    rejects = save_row(folder, "contracts", {"contract_id": "", "supplier_id": "S99", "signed_on": "soon", "valid_from": date(2026, 1, 1)})
    assert {(fault["column"], fault["reason"]) for fault in rejects.to_dict("records")} == {("contract_id", "empty"), ("signed_on", "not_date")}
    assert list(save_row(folder, "contracts", CONTRACT | {"contract_id": "C2", "supplier_id": "S99"})["reason"]) == ["unknown_reference"]
    assert len(rows_of(folder, "contracts")["contracts"]) == 1


def test_a_column_that_nobody_filled_in_is_still_not_given(tmp_path):
    columns = ["contract_id", "supplier_id", "signed_on", "valid_from"]
    folder = folder_with(tmp_path / "data", {"contracts": [CONTRACT]}, {"contracts": columns})
    save_row(folder, "contracts", CONTRACT | {"contract_id": "C2", "valid_to": None})
    assert given(folder, "contracts") == columns
    save_row(folder, "contracts", CONTRACT | {"contract_id": "C2", "valid_to": date(2026, 12, 31)}, ["C2"])
    assert "valid_to" in given(folder, "contracts")


def test_a_row_equals_the_one_that_a_form_brings(tmp_path):
    cells = {
        "discount_share": 0.05,
        "applies_to": "all_units",
        "currency": "CNY",
        "threshold_amount": 500,
        "supplier_id": "S01",
        "valid_from": date(2026, 1, 1),
    }
    by_form, by_row = (folder_with(tmp_path / name, {}) for name in ("form", "row"))
    form = form_of(tmp_path / "forms.xlsx", by_form)
    edit(form, add("discount_tiers", cells, line=FIRST))
    load_form(form, by_form)
    assert save_row(by_row, "discount_tiers", cells).empty
    assert (by_form / "discount_tiers.parquet").read_bytes() == (by_row / "discount_tiers.parquet").read_bytes()


def test_contacts_become_digests(folder):
    signal = {"signal_id": "X1", "supplier_id": "S01", "found_on": "2026-03-01", "source_kind": "community", "polarity": "bad", "summary": "call 13800138000"}
    assert save_row(folder, "signals", signal).empty
    assert "13800138000" not in repr(rows_of(folder, "signals"))


def test_a_code_is_digested_as_a_load_does_it(folder):
    line = {"allowance_id": "A1", "reason": "one link for all"}
    assert save_row(folder, "allowed_repeats", line | {"code_digest": "SECRETCODE-1234"}).empty
    (row,) = rows_of(folder, "allowed_repeats")["allowed_repeats"]
    assert digest("SECRETCODE-1234", key_of(folder)) in row
    assert b"SECRETCODE" not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert list(save_row(folder, "allowed_repeats", {"allowance_id": "A2"})["column"]) == ["reason"]
    rejects = save_row(folder, "allowed_repeats", line | {"allowance_id": "A2"})
    assert rejects[["column", "reason"]].values.tolist() == [["sku, code_digest", "none_of_them"]]
    assert len(rows_of(folder, "allowed_repeats")["allowed_repeats"]) == 1
