"""The codes of a trial: which are its own, the sequential test over the checked ones, and repeats."""

from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.errors import StandardsError
from kmanalysis.standards import default_standards, override_standards
from kmanalysis.steps.trial.codes import checks, code_counts, repeats, sequential_plan

BEGAN = datetime(2026, 10, 8, 2)
TRIALS = [{"trial_id": "t1", "supplier_id": "s1", "started_at": BEGAN}, {"trial_id": "t2", "supplier_id": "s2", "started_at": BEGAN}]
PURCHASES = [{"purchase_id": f"p{n}", "trial_id": f"t{n}", "supplier_id": f"s{n}", "purchased_at": BEGAN} for n in (1, 2)]


def code(name, digest, at, supplier="s1", purchase=None, shared=None):
    return {
        "code_id": name, "supplier_id": supplier, "purchase_id": purchase, "issued_at": BEGAN + timedelta(minutes=at), "code_digest": f"kd1:{digest:032x}",
        "is_shared_use": shared,
    }  # fmt: skip


def test_repeats_are_found_in_the_trial_and_before_it(workbook_of):
    codes = [
        code("old", 1, -60, supplier="s2"),
        code("a", 1, 1, purchase="p1"),
        code("b", 2, 2, purchase="p1"),
        code("c", 2, 3, purchase="p1"),
        code("d", 3, 4, purchase="p1"),
        code("later", 3, 50, supplier="s2"),
        code("e", 4, 5, purchase="p1"),
        code("many", 4, -90, supplier="s2", shared=True),
    ]
    found = repeats(workbook_of({"trials": TRIALS, "purchases": PURCHASES, "codes": codes}))
    told = found[["code_id", "where_before", "earlier_code_id", "earlier_supplier_id"]].values.tolist()
    assert told == [["a", "elsewhere", "old", "s2"], ["c", "within_trial", "b", "s1"]]


def test_repeats_on_the_list_and_the_platforms_races_are_none_of_a_trials(workbook_of):
    codes = [
        code("old", 1, -60, supplier="s2"),
        code("a", 1, 1, purchase="p1"),
        code("raced", 2, -60, supplier="s2") | {"is_platform_race": True},
        code("b", 2, 2, purchase="p1"),
    ]
    listed = {"sku": None, "code_digest": codes[0]["code_digest"], "reason": "one link for all"}
    tables = {"trials": TRIALS, "purchases": PURCHASES, "codes": codes}
    assert list(repeats(workbook_of(tables))["code_id"]) == ["a"]
    assert repeats(workbook_of(tables | {"allowed_repeats": [listed]})).empty


def test_a_code_that_was_checked_belongs_to_the_trial_without_a_purchase(workbook_of):
    codes = [code("a", 1, 1), code("b", 2, 1)]
    checked = [{"trial_id": "t1", "code_id": "a", "checked_at": BEGAN + timedelta(hours=1), "outcome": "valid"}]
    found = code_counts(workbook_of({"trials": TRIALS, "codes": codes, "trial_checks": checked}))
    assert found.values.tolist() == [["t1", 1]]


def test_the_sequential_test_runs_in_the_order_of_checking(workbook_of):
    outcomes = ["valid", "unclear", "invalid", "valid", "invalid", "valid"]
    codes = [code(f"c{n}", n, 1, purchase="p1") for n in range(6)]
    checked = [
        {"check_id": f"k{9 - n}", "trial_id": "t1", "code_id": f"c{n}", "checked_at": BEGAN + timedelta(hours=n), "outcome": told}
        for n, told in enumerate(outcomes)
    ]
    found = checks(workbook_of({"trials": TRIALS, "purchases": PURCHASES, "codes": codes, "trial_checks": checked[::-1]}))
    assert found["code_id"].tolist() == [f"c{n}" for n in range(6)]
    assert found["n"].tolist() == [1, 1, 2, 3, 4, 5]
    assert found["bad"].tolist() == [0, 0, 1, 1, 2, 2]
    assert found["decision"].tolist() == ["go_on", "go_on", "go_on", "go_on", "reject", "reject"]


def test_each_trial_runs_by_itself_and_an_unclear_beginning_goes_on(workbook_of):
    codes = [code("a", 1, 1, purchase="p1"), code("b", 2, 1, supplier="s2", purchase="p2")]
    checked = [
        {"trial_id": "t1", "code_id": "a", "checked_at": BEGAN, "outcome": "invalid"},
        {"trial_id": "t2", "code_id": "b", "checked_at": BEGAN, "outcome": "unclear"},
    ]
    found = checks(workbook_of({"trials": TRIALS, "purchases": PURCHASES, "codes": codes, "trial_checks": checked}))
    columns = ["supplier_id", "trial_id", "place", "n", "bad", "reject_number", "decision"]
    assert found[columns].values.tolist() == [["s1", "t1", 1, 1, 1, 2, "go_on"], ["s2", "t2", 1, 0, 0, 2, "go_on"]]


def test_the_plan_comes_from_the_standards():
    plan = sequential_plan(default_standards())
    assert (plan.clean_items, plan.last) == (326, 978)
    with pytest.raises(StandardsError, match="cannot be told apart"):
        sequential_plan(override_standards({"trial.good_share": 0.99}, file="test"))


@settings(derandomize=True, deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.integers(-5, 5), st.sampled_from(["s1", "s2"]), st.sampled_from([None, "p1", "p2"]), st.sampled_from([None, False, True])
        ),
        min_size=1,
        max_size=16,
    )
)
def test_repeats_are_those_of_a_slow_search(workbook_of, drawn):
    rows = [code(f"c{n:02d}", digest, at, supplier, purchase, shared) for n, (digest, at, supplier, purchase, shared) in enumerate(drawn)]
    found = repeats(workbook_of({"trials": TRIALS, "purchases": PURCHASES, "codes": rows}))
    expected = {}
    meant_for_many = {row["code_digest"] for row in rows if row["is_shared_use"]}
    for row in rows:
        earlier = [
            other
            for other in rows
            if other["code_digest"] == row["code_digest"] and (other["issued_at"], other["code_id"]) < (row["issued_at"], row["code_id"])
        ]
        if row["purchase_id"] and earlier and row["code_digest"] not in meant_for_many:
            is_own = any(other["purchase_id"] != row["purchase_id"] for other in earlier)
            expected[row["code_id"]] = "elsewhere" if is_own else "within_trial"
    assert found.set_index("code_id")["where_before"].to_dict() == expected
    assert isinstance(found, pd.DataFrame)
