"""Trials: purchases, deliveries, staged questions and the figures of the checked codes."""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kmanalysis.decisions.trials.verdicts import criteria
from kmanalysis.statistics.intervals import finite_lot_bounds, proportion_bounds
from kmanalysis.steps.trial import FRAMES
from kmanalysis.steps.trial.trials import deliveries, questions, trials

BEGAN = datetime(2026, 10, 8, 2)
TRIAL = {"trial_id": "t1", "started_at": BEGAN, "ended_at": BEGAN + timedelta(days=2), "budget_amount": "500"}
PURCHASE = {"purchase_id": "p1", "trial_id": "t1", "purchased_at": BEGAN, "quantity": 4, "received_quantity": 4, "list_amount": "40", "paid_amount": "38"}


def after(**spans):
    return BEGAN + timedelta(**spans)


def codes(number, **fields):
    return [
        {"code_id": f"c{place}", "purchase_id": "p1", "issued_at": after(seconds=30 + place), "code_digest": f"kd1:{place:032x}", **fields}
        for place in range(number)
    ]


def checks(*outcomes, trial="t1"):
    return [{"trial_id": trial, "code_id": f"c{place}", "checked_at": after(hours=1, minutes=place), "outcome": told} for place, told in enumerate(outcomes)]


def only(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def test_purchase_is_held_against_the_budget_with_its_fees(workbook_of):
    fees = [
        {"purchase_id": "p1", "amount": "1.50", "charged_at": after(days=1)},
        {"purchase_id": None, "amount": "9", "charged_at": after(days=1)},
        {"purchase_id": "p1", "amount": "5", "charged_at": datetime(2026, 10, 31, 16)},
    ]
    other = {"purchase_id": "p2", "trial_id": "t1", "purchased_at": after(hours=2), "quantity": 1, "received_quantity": 1, "paid_amount": "2.22"}
    row = only(trials(workbook_of({"trials": [TRIAL], "purchases": [PURCHASE, other], "fees": fees})))
    assert (row["paid_amount"], row["fees_amount"], row["cost_amount"]) == (Decimal("40.22"), Decimal("1.50"), Decimal("41.72"))
    assert (row["purchases"], row["quantity"], row["undelivered"]) == (2, 5, 0)


def test_what_was_paid_in_another_currency_is_no_amount_of_the_trial(workbook_of):
    row = only(trials(workbook_of({"trials": [TRIAL], "purchases": [PURCHASE | {"currency": "USD"}]})))
    assert (row["paid_amount"], row["cost_amount"]) == (None, None)
    assert only(trials(workbook_of({"trials": [TRIAL]})))["cost_amount"] is None


def test_of_a_lot_that_holds_fewer_codes_than_were_checked_nothing_is_known(workbook_of):
    later = codes(3, purchase_id=None, issued_at=datetime(2026, 11, 2))
    found = workbook_of({"trials": [TRIAL], "codes": later, "trial_checks": checks("valid", "valid", "invalid")})
    row = only(trials(found))
    assert (row["lot"], row["checked"]) == (0, 3)
    assert np.isnan([row["lot_lower"], row["lot_upper"], row["sampled_share"]]).all()
    assert row["process_upper"] == pytest.approx(proportion_bounds(2, 3)[1])
    told = criteria(found).set_index("criterion")["verdict"]
    assert (told["trial.sampled_share"], told["trial.valid_share.lot"]) == ("no_data", "unproven")


def test_codes_are_counted_with_the_bounds_of_lot_and_process(workbook_of):
    found = workbook_of({"trials": [TRIAL], "purchases": [PURCHASE], "codes": codes(4), "trial_checks": checks("valid", "unclear", "valid")})
    row = only(trials(found))
    assert (row["lot"], row["codes"], row["unlisted"], row["checked"], row["valid"], row["invalid"], row["unclear"]) == (4, 4, 0, 3, 2, 0, 1)
    assert row["valid_share"] == 1.0
    assert row["process_lower"] == pytest.approx(float(proportion_bounds(2, 3)[0]))
    assert (row["process_upper"], row["lot_upper"]) == (1.0, 1.0)
    assert row["lot_lower"] == pytest.approx(float(finite_lot_bounds(2, 3, 4)[0]))


def test_the_last_check_of_a_code_counts(workbook_of):
    again = [{"trial_id": "t1", "code_id": "c0", "checked_at": after(hours=5), "outcome": "invalid"}]
    row = only(trials(workbook_of({"trials": [TRIAL], "purchases": [PURCHASE], "codes": codes(4), "trial_checks": checks("valid") + again})))
    assert (row["checked"], row["valid"], row["invalid"]) == (1, 0, 1)


def test_codes_that_are_not_listed_or_not_there_are_told_apart(workbook_of):
    found = trials(workbook_of({"trials": [TRIAL], "purchases": [PURCHASE | {"received_quantity": 3}], "codes": codes(2)}))
    assert (only(found)["undelivered"], only(found)["unlisted"], only(found)["lot"]) == (1, 1, 3)
    still_open = trials(workbook_of({"trials": [TRIAL], "purchases": [PURCHASE | {"received_quantity": None}], "codes": codes(2)}))
    assert (only(still_open)["undelivered"], only(still_open)["unlisted"], only(still_open)["lot"]) == (0, 2, 2)


def test_trials_are_of_the_month_or_before_and_never_after(workbook_of):
    rows = [
        TRIAL,
        {"trial_id": "t0", "started_at": datetime(2026, 9, 1), "ended_at": datetime(2026, 9, 3)},
        {"trial_id": "t9", "started_at": datetime(2026, 9, 30), "ended_at": datetime(2026, 10, 2)},
        {"trial_id": "t2", "started_at": datetime(2026, 10, 31, 16)},
    ]
    found = trials(workbook_of({"trials": rows}))
    assert found.set_index("trial_id")["is_current"].to_dict() == {"t0": False, "t9": True, "t1": True}


def test_what_happened_after_the_month_is_not_seen(workbook_of):
    late = datetime(2026, 11, 2)
    given = {"trials": [TRIAL], "purchases": [PURCHASE], "codes": codes(1, issued_at=late), "trial_checks": checks("invalid")}
    given["trial_checks"][0]["checked_at"] = late
    row = only(trials(workbook_of(given)))
    assert (row["codes"], row["checked"], row["deliveries"]) == (0, 0, 0)
    assert only(trials(workbook_of(given, month="2026-11")))["invalid"] == 1


def test_codes_and_orders_are_timed(workbook_of):
    orders = [
        {"order_id": "o1", "purchase_id": "p1", "ordered_at": after(minutes=1), "delivered_at": after(minutes=2)},
        {"order_id": "o2", "purchase_id": "p1", "ordered_at": after(minutes=1), "delivered_at": None, "status": "failed"},
        {"order_id": "o3", "purchase_id": "p1", "ordered_at": after(minutes=1), "delivered_at": None, "status": "pending"},
        {"order_id": "o4", "purchase_id": "p1", "ordered_at": after(minutes=1), "delivered_at": after(hours=9), "delivered_is_upper_bound": True},
    ]
    listed = [
        {"code_id": "c1", "purchase_id": "p1", "order_id": "o1", "issued_at": after(seconds=75)},
        {"code_id": "c2", "purchase_id": "p1", "issued_at": after(seconds=40.2)},
    ]
    found = deliveries(workbook_of({"trials": [TRIAL], "purchases": [PURCHASE], "orders": orders, "codes": listed}))
    told = found.assign(key=found["code_id"].fillna(found["order_id"])).set_index("key")
    assert told["seconds"].drop(["o2", "o3"]).to_dict() == {"c1": 15, "c2": 41, "o4": 32_340}
    assert pd.isna(told.loc["o2", "seconds"])
    assert not told.loc["o3", "has_ended"]
    row = only(trials(workbook_of({"trials": [TRIAL], "purchases": [PURCHASE], "orders": orders[3:], "codes": listed[1:]})))
    assert (row["slowest_seconds"], row["slowest_sure_seconds"]) == (32_340, 41)
    row = only(trials(workbook_of({"trials": [TRIAL], "purchases": [PURCHASE], "orders": orders[2:3]})))
    assert np.isinf(row["slowest_seconds"])
    assert row["slowest_sure_seconds"] > 1_000_000


def test_staged_questions_of_the_trial_alone_are_timed(workbook_of):
    def ticket(name, **fields):
        return {"ticket_id": name, "opened_at": after(hours=1), "first_response_at": after(hours=1, minutes=3), "is_staged": True} | fields

    tickets = [
        ticket("a"),
        ticket("real", is_staged=False),
        ticket("before", opened_at=after(hours=-1)),
        ticket("after", opened_at=after(days=3), first_response_at=None),
        ticket("elsewhere", supplier_id="s2"),
        ticket("open", first_response_at=None),
        ticket("closed", first_response_at=None, resolved_at=after(hours=4)),
    ]
    found = questions(workbook_of({"trials": [TRIAL], "tickets": tickets})).set_index("ticket_id")
    assert sorted(found.index) == ["a", "closed", "open"]
    assert found.loc["a", "seconds"] == 180
    assert pd.isna(found.loc["closed", "seconds"])
    assert not found.loc["open", "has_ended"]


def test_frames_of_an_empty_folder_have_their_columns_and_survive_parquet(workbook_of, tmp_path):
    for given in (
        {"suppliers": [{"supplier_id": "s1"}]},
        {"trials": [TRIAL]},
        {"trials": [TRIAL], "purchases": [PURCHASE], "codes": codes(3), "trial_checks": checks("valid", "invalid")},
    ):
        found = workbook_of(given)
        for compute in FRAMES:
            frame = compute(found)
            frame.to_parquet(tmp_path / "frame.parquet", index=False)
            assert list(pd.read_parquet(tmp_path / "frame.parquet").columns) == list(frame.columns)
            assert "code_digest" not in frame
