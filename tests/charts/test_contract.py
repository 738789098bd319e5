"""The charts and tables of the contract: what each says of a few literal rows, and where there are none."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pandas as pd
import pytest

from kmanalysis.charts import contract
from kmanalysis.charts.kit.style import picture
from kmanalysis.standards import default_standards

WHEN = pd.Timestamp("2026-10-03 02:00:00")
STANDARDS = default_standards()
AMOUNTS = ("due_amount", "paid_amount", "month_outstanding_amount", "outstanding_amount", "claimed_amount", "new_amount", "adjustment_amount", "claim_amount")


def owed(supplier="S01", outstanding="30", month="10", **more):
    counts = {"failures": 2, "claims": 1, "adjustments": 0, "unknown_fault": 0, "unknown_amounts": 0}
    amounts = dict.fromkeys(AMOUNTS, Decimal(0)) | {"outstanding_amount": Decimal(outstanding), "month_outstanding_amount": Decimal(month)}
    return {"supplier_id": supplier, "currency": "CNY"} | counts | amounts | more


def line(**more):
    amounts = {f"{name}_amount": Decimal(amount) for name, amount in (("base", 100), ("due", 30), ("paid", 0), ("claimed", 0), ("claim", 30))}
    plain = {
        "supplier_id": "S01", "claim_id": "C1", "state": "claim", "order_id": "o1", "clause": "damages", "reason": None, "adjusts": None, "deadline": WHEN,
        "remedy_share": 0.3, "currency": "CNY", "ticket_ids": "t1", "compensation_ids": None,
    }  # fmt: skip
    return plain | amounts | more


def restock(state="late", lower=9000, upper=20_000.0, **more):
    times = {"lower_seconds": lower, "upper_seconds": upper, "limit_seconds": 7200, "out_at": WHEN}
    return {"supplier_id": "S01", "sku": "k1", "state": state} | times | more


def run(**more):
    plain = {"contract_id": "c1", "failures": 4, "asked": 3, "first_opened_at": WHEN, "right_arose_at": WHEN + pd.Timedelta(days=3), "is_unbroken": True}
    return {"supplier_id": "S01", "last_deadline_at": WHEN, "first_ticket_id": "t1", "deciding_ticket_id": "t3"} | plain | more


def term(**more):
    dates = {"valid_to": date(2026, 11, 20), "days_left": 20.0, "legal_review_on": None}
    numbers = {"restock_seconds": 7200.0, "reship_seconds": 86_400.0, "compensation_share": 0.2, "damages_share": 0.3, "failures_in_a_row": 3.0}
    told = {
        "differs": "compensation_share",
        "unreadable": "damages_share",
        "gaps": "expires_soon;no_legal_review",
        "data_security": "refused",
        "remedy_base": "cost",
    }
    return {"supplier_id": "S01", "state": "in_force", "contract_id": "c1"} | dates | numbers | told | more


SHOWN = {
    "opening": (lambda rows, words, names: contract.ledger_opening(rows, words), owed()),
    "amounts owed": (lambda rows, words, names: picture(contract.amounts_owed(rows, words, names)), owed()),
    "owed table": (contract.owed_table, owed()),
    "ledger": (contract.ledger_table, line()),
    "restock times": (lambda rows, words, names: picture(contract.restock_times(rows, words, names)), restock()),
    "restock table": (
        contract.restock_table,
        {
            "supplier_id": "S01",
            "stockouts": 3,
            "in_time": 1,
            "late": 1,
            "undecided": 1,
            "still_open": 0,
            "older": 0,
            "longest_seconds": 9000,
            "limit_seconds": 7200,
        },
    ),
    "runs": (contract.runs_table, run()),
    "terms": (lambda rows, words, names: contract.terms_table(rows, STANDARDS, words, names), term()),
}


def told(shown):
    return shown.svg if hasattr(shown, "svg") else shown._repr_html_() if hasattr(shown, "_repr_html_") and shown._repr_html_() else shown.data


@pytest.mark.parametrize("name", SHOWN)
def test_each_says_something_of_a_row_and_something_else_of_none(name, words, names):
    show, row = SHOWN[name]
    full, empty = told(show(pd.DataFrame([row]), words, names)), told(show(pd.DataFrame([row]).head(0), words, names))
    assert full != empty
    assert "nan" not in full.lower().replace("finance", "")
    assert "None" not in full
    assert len(empty) > 10


def test_the_opening_says_the_sum_and_what_cannot_be_claimed(en):
    rows = pd.DataFrame([owed(claim_amount=Decimal("30")), owed("S02", "0.55", "0.55", unknown_fault=2), owed("S03", "0", "0")])
    said = contract.ledger_opening(rows, en).data
    assert "**CN¥30.55 is owed**" in said
    assert "suppliers that owe: 2" in said
    assert "2 failures cannot be claimed yet" in said


def test_who_owes_most_stands_first_and_who_owes_nothing_is_not_drawn(en, names, texts):
    drawn = texts(picture(contract.amounts_owed(pd.DataFrame([owed("S01", "5", "5"), owed("S02", "30"), owed("S03", "0", "0")]), en, names)))
    assert [text for text in drawn if text.startswith("S0")] == ["S02 灵犀智享", "S01 云杉数卡"]
    assert {"CN¥5.00", "CN¥30.00"} <= set(drawn)
    frame = contract.money_owed(pd.DataFrame([owed("S01", "5", "5"), owed("S02", "30"), owed("S03", "0", "0")]), en, names)
    assert list(frame.index) == ["S02 灵犀智享", "S01 云杉数卡"]


def test_an_adjustment_names_its_claim_and_its_reason(en, names):
    html = contract.ledger_table(pd.DataFrame([line(state="adjustment", reason="paid", adjusts="C0", claim_amount=Decimal("-30"))]), en, names).html
    assert "adjustment (paid since → C0)" in html
    assert "-CN¥30.00" in html


def test_an_open_stock_out_and_one_in_time_are_drawn_apart(en, names, texts):
    rows = pd.DataFrame([restock(), restock("undecided", 0, float("nan"), sku="k2"), restock("in_time", 0, 3600.0, sku="k3")])
    drawn = texts(picture(contract.restock_times(rows, en, names)))
    assert {"late", "undecided", "in time", "no upper bound"} <= set(drawn)


def test_a_right_that_has_not_arisen_is_said(en, names):
    html = contract.runs_table(pd.DataFrame([run(failures=2, right_arose_at=pd.NaT, deciding_ticket_id=None)]), en, names).html
    assert "not yet" in html
    assert "2 / 3" in html


def test_terms_say_what_differs_and_what_cannot_be_read(en, names):
    html = contract.terms_table(pd.DataFrame([term(damages_share=None)]), STANDARDS, en, names).html
    assert "compensation 20%, damages: not readable" in html
    assert "ends soon, no legal review" in html
