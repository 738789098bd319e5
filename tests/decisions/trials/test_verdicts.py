"""What a trial's figures are held against, and what came of it."""

from datetime import datetime, timedelta

import pandas as pd
import pytest

from kmanalysis.decisions.trials.verdicts import CRITERIA, FRAMES, criteria, verdict

BEGAN = datetime(2026, 10, 8, 2)


@pytest.fixture
def trial_of(workbook_of):
    """A trial of a lot of ``lot`` codes of which so many were checked: what is not stated is in order."""

    def make(outcomes=(), lot=50, delay=30, asked=60, standards=None, **purchase):
        bought = {"purchase_id": "p1", "trial_id": "t1", "purchased_at": BEGAN, "quantity": lot, "received_quantity": lot, "paid_amount": "400"} | purchase
        codes = [{"code_id": f"c{n}", "purchase_id": "p1", "issued_at": BEGAN + timedelta(seconds=delay), "code_digest": f"kd1:{n:032x}"} for n in range(lot)]
        checks = [{"trial_id": "t1", "code_id": f"c{n}", "checked_at": BEGAN + timedelta(hours=1), "outcome": told} for n, told in enumerate(outcomes)]
        opened = BEGAN + timedelta(hours=1)
        answers = [] if asked is None else [opened + timedelta(seconds=asked)]
        tickets = [{"opened_at": opened, "first_response_at": answer, "is_staged": True} for answer in answers]
        rows = {"trials": [{"trial_id": "t1", "started_at": BEGAN, "budget_amount": "500"}], "purchases": [bought], "codes": codes, "trial_checks": checks}
        return workbook_of(rows | {"tickets": tickets}, standards=standards)

    return make


def told(workbook):
    return criteria(workbook).set_index("criterion")["verdict"].to_dict()


def test_a_lot_is_cleared_and_its_process_is_not(trial_of):
    found = trial_of(["valid"] * 48)
    assert told(found) == dict.fromkeys(CRITERIA, "met") | {"trial.valid_share.process": "unproven"}
    assert verdict(found)[["verdict", "missed", "unproven"]].values.tolist() == [["unproven", "", "trial.valid_share.process"]]
    assert told(trial_of(["valid"] * 47))["trial.valid_share.lot"] == "unproven"


def test_enough_clean_codes_prove_the_process(trial_of):
    assert verdict(trial_of(["valid"] * 299, lot=299))["verdict"].tolist() == ["met"]
    assert told(trial_of(["valid"] * 298, lot=298))["trial.valid_share.process"] == "unproven"


def test_a_dead_code_refutes_the_lot_at_once(trial_of):
    found = trial_of(["invalid"] + ["valid"] * 9)
    assert told(found)["trial.valid_share.lot"] == "missed"
    assert told(found)["trial.valid_share.process"] == "unproven"
    assert verdict(found)["verdict"].tolist() == ["missed"]


def test_an_unclear_code_is_neither_good_nor_bad(trial_of):
    assert told(trial_of(["valid"] * 49 + ["unclear"]))["trial.valid_share.lot"] == "unproven"


def test_slow_dear_and_thinly_checked_trials_miss(trial_of):
    found = told(trial_of(["valid"] * 4, delay=301, asked=601, paid_amount="500.01"))
    assert {name for name, verdict in found.items() if verdict == "missed"} == {
        "trial.budget", "trial.delivery_time", "trial.response_time", "trial.sampled_share",
    }  # fmt: skip


def test_what_nobody_did_is_no_data(trial_of, workbook_of):
    found = told(trial_of(asked=None))
    assert {name for name, verdict in found.items() if verdict == "no_data"} == {"trial.response_time", "trial.valid_share.lot", "trial.valid_share.process"}
    bare = workbook_of({"trials": [{"trial_id": "t1", "started_at": BEGAN}]})
    assert set(told(bare).values()) == {"no_data"}
    assert verdict(bare)["verdict"].tolist() == ["no_data"]


def test_codes_that_are_not_listed_leave_delivery_and_repeats_open(trial_of):
    found = told(trial_of(lot=10, received_quantity=12, quantity=12))
    assert (found["trial.delivery_time"], found["trial.repeated_codes"]) == ("unproven", "unproven")
    assert told(trial_of(lot=10, quantity=12))["trial.delivery_time"] == "missed"


def test_the_operator_s_standards_are_held(trial_of):
    assert told(trial_of(["valid"] * 48, standards={"trial.delivery_time": 20}))["trial.delivery_time"] == "missed"


def test_frames_without_a_trial_have_their_columns(workbook_of, tmp_path):
    for compute in FRAMES:
        found = compute(workbook_of({"suppliers": [{"supplier_id": "s1"}]}))
        assert found.empty
        found.to_parquet(tmp_path / "frame.parquet", index=False)
        assert list(pd.read_parquet(tmp_path / "frame.parquet").columns) == list(found.columns)
