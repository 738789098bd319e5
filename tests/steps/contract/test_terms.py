"""The terms in force: the contract's over the standards', and what must be mended."""

from __future__ import annotations

import pandas as pd
import pytest

from kmanalysis.steps.contract import FRAMES
from kmanalysis.steps.contract.terms import terms


def only(found, supplier="s1"):
    rows = found[found["supplier_id"] == supplier]
    assert len(rows) == 1
    return rows.iloc[0]


def signed(name="c1", since="2026-01-01", until="2027-12-31", reviewed="2025-12-20", **more):
    return {"contract_id": name, "valid_from": since, "valid_to": until, "legal_review_on": reviewed, **more}


def stated(name="c1", **terms):
    return [{"contract_id": name, "term": term, "value": value} for term, value in terms.items()]


def test_the_standards_hold_where_a_contract_says_nothing(workbook_of):
    row = only(terms(workbook_of({"contracts": [signed()], "contract_terms": stated(data_security="true")})))
    assert (row["state"], row["contract_id"], row["gaps"], row["differs"], row["unreadable"]) == ("in_force", "c1", "", "", "")
    assert (row["restock_seconds"], row["reship_seconds"], row["compensation_share"], row["damages_share"]) == (7200, 86_400, 0.1, 0.3)
    assert (row["failures_in_a_row"], row["remedy_base"], row["data_security"]) == (3, "cost", "agreed")


def test_a_stated_term_holds_over_the_standard_and_one_that_says_the_same_does_not_differ(workbook_of):
    said = stated(restock_hours="4", reship_hours="24", damages_share="0.5", failures_in_a_row="5", remedy_base="amount", data_security="TRUE")
    row = only(terms(workbook_of({"contracts": [signed()], "contract_terms": said})))
    assert (row["restock_seconds"], row["damages_share"], row["failures_in_a_row"], row["remedy_base"]) == (14_400, 0.5, 5, "amount")
    assert row["differs"] == "restock_hours;damages_share;failures_in_a_row;remedy_base"


def test_what_cannot_be_read_is_unknown_and_not_the_standard(workbook_of):
    said = stated(damages_share="thirty", restock_hours="-1", remedy_base="retail", data_security="maybe")
    row = only(terms(workbook_of({"contracts": [signed()], "contract_terms": said})))
    assert pd.isna(row["damages_share"])
    assert pd.isna(row["restock_seconds"])
    assert pd.isna(row["remedy_base"])
    assert (row["unreadable"], row["differs"], row["gaps"]) == ("restock_hours;damages_share;remedy_base", "", "no_data_security")


@pytest.mark.parametrize(
    ("contract", "gaps"),
    [
        ({"until": "2027-01-29"}, "expires_soon"),  # 90 days after the last of October
        ({"until": "2027-01-30"}, ""),
        ({"until": None}, ""),
        ({"reviewed": None}, "no_legal_review"),
        ({"reviewed": "2026-11-01"}, "no_legal_review"),
        ({"until": "2026-10-30"}, "ended"),
        ({"since": "2026-11-01"}, "no_contract"),
    ],
)
def test_what_must_be_mended(workbook_of, contract, gaps):
    row = only(terms(workbook_of({"contracts": [signed(**contract)], "contract_terms": stated(data_security="true")})))
    assert row["gaps"] == gaps


def test_refused_and_unstated_data_security_are_gaps_until_the_operator_asks_for_none(workbook_of):
    given = {
        "contracts": [signed("c1"), signed("c2", supplier_id="s2")],
        "contract_terms": stated("c1", data_security="false"),
    }
    found = terms(workbook_of(given))
    assert dict(zip(found["data_security"], found["gaps"], strict=True)) == {"refused": "no_data_security", "unstated": "no_data_security"}
    relaxed = {"contract.data_security": {"value": 0}}
    assert set(terms(workbook_of(given, standards=relaxed))["gaps"]) == {""}


def test_of_two_contracts_in_force_the_later_one_counts_and_an_ended_one_gives_no_terms(workbook_of):
    given = {
        "contracts": [signed("c1"), signed("c2", since="2026-06-01"), signed("c3", since="2025-01-01", until="2026-03-01", supplier_id="s2")],
        "contract_terms": stated("c1", damages_share="0.4") + stated("c2", damages_share="0.6") + stated("c3", damages_share="0.7"),
    }
    found = terms(workbook_of(given))
    assert (only(found)["contract_id"], only(found)["damages_share"]) == ("c2", 0.6)
    ended = only(found, "s2")
    assert (ended["state"], ended["contract_id"], ended["damages_share"]) == ("ended", "c3", 0.3)
    assert pd.isna(ended["days_left"])


def test_frames_keep_their_values_in_a_slice(workbook_of, tmp_path):
    orders = [{"order_id": f"o{n}", "failed_at": f"2026-10-0{n} 01:00:00", "ordered_at": f"2026-10-0{n} 00:00:00", "at_fault": "supplier"} for n in (1, 2, 3)]
    tickets = [{"order_id": f"o{n}", "opened_at": f"2026-10-0{n} 02:00:00", "at_fault": "supplier", "kind": "invalid_code"} for n in (1, 2, 3)]
    workbook = workbook_of({"contracts": [signed()], "orders": orders, "tickets": tickets})
    for function in FRAMES:
        found = function(workbook)
        found.to_parquet(tmp_path / "kept.parquet", index=False)
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "kept.parquet"), found, check_dtype=False)


def test_of_a_supplier_without_a_contract_and_without_events_that_alone_is_said(workbook_of):
    workbook = workbook_of({"suppliers": [{"supplier_id": "s1"}]})
    assert list(terms(workbook)["gaps"]) == ["no_contract"]
    assert [len(function(workbook)) for function in FRAMES[1:]] == [0, 0, 0]
