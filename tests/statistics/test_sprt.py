"""The sequential test against published plans, and against every sequence followed one by one."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.statistics.sprt import SequentialPlan, decisions, five_points, performance

LIGHT = settings(derandomize=True, deadline=None, max_examples=25)


def test_lines_replay_the_nist_handbook():
    # NIST/SEMATECH e-Handbook of Statistical Methods, §6.2.6: p1 = 0.01, p2 = 0.10, α = 0.05, β = 0.10.
    plan = SequentialPlan(0.01, 0.10, 0.05, 0.10)
    assert (plan.accept_intercept, plan.reject_intercept, plan.slope) == (
        pytest.approx(0.939, abs=5e-4), pytest.approx(1.205, abs=5e-4), pytest.approx(0.0397, abs=5e-5),
    )  # fmt: skip
    # Its table: the second item may reject, the 24th is the first that accepts.
    assert plan.reject_number([1, 2, 19, 24, 26]).tolist() == [2, 2, 2, 3, 3]
    assert plan.accept_number([23, 24, 26]).tolist() == [-1, 0, 0]
    assert plan.clean_items == 24


def test_lines_replay_montgomery():
    # Montgomery, Introduction to Statistical Quality Control, item-by-item sequential sampling: p1 = 0.01, p2 = 0.06, α = 0.05, β = 0.10.
    plan = SequentialPlan(0.01, 0.06, 0.05, 0.10)
    assert (plan.accept_intercept, plan.reject_intercept, plan.slope) == (
        pytest.approx(1.22, abs=5e-3), pytest.approx(1.57, abs=5e-3), pytest.approx(0.028, abs=5e-4),
    )  # fmt: skip
    assert plan.clean_items == 44
    assert plan.reject_number(2) == 2


def test_house_plan_accepts_after_326_clean_codes():
    plan = SequentialPlan(0.001, 0.01)
    assert plan.clean_items == 326
    found = decisions(plan, np.zeros(400, dtype=int))
    assert found.loc[found["decision"] == "accept", "n"].min() == 326
    assert decisions(plan, [0, 1, 0, 1, 0])["decision"].tolist() == ["go_on", "go_on", "go_on", "reject", "reject"]


def test_five_points_replay_wald():
    # Wald (1947), §3.5: what is expected at 0, p0, s, p1 and 1, written out for the plan of the NIST handbook.
    plan = SequentialPlan(0.01, 0.10, 0.05, 0.10)
    h1, h2, s = 0.93886, 1.20538, 0.039747
    found = five_points(plan)
    np.testing.assert_allclose(found["acceptance"], [1, 0.95, h2 / (h1 + h2), 0.10, 0], atol=1e-4)
    expected = [h1 / s, (0.95 * h1 - 0.05 * h2) / (s - 0.01), h1 * h2 / (s * (1 - s)), (0.9 * h2 - 0.1 * h1) / (0.10 - s), h2 / (1 - s)]
    np.testing.assert_allclose(found["expected_items"], expected, rtol=1e-3)


@settings(LIGHT, max_examples=12)
@given(st.sampled_from([0.05, 0.1, 0.2]), st.sampled_from([0.3, 0.5, 0.7]), st.integers(1, 8), st.sampled_from([0.0, 0.1, 0.4, 0.9, 1.0]))
def test_performance_is_that_of_every_sequence_followed_one_by_one(p0, p1, last, share):
    plan = SequentialPlan(p0, p1, 0.1, 0.2, last=last)
    accepted = rejected = items = 0.0
    for sequence in product((0, 1), repeat=last):
        told = decisions(plan, sequence)
        ends = told[told["decision"] != "go_on"]
        assert len(ends), "the last item ends the test"
        chance = share ** sum(sequence) * (1 - share) ** (last - sum(sequence))
        accepted += chance * (ends["decision"].iloc[0] == "accept")
        rejected += chance * (ends["decision"].iloc[0] == "reject")
        items += chance * ends["n"].iloc[0]
    (found,) = performance(plan, share).to_dict("records")
    assert (found["acceptance"], found["rejection"], found["expected_items"]) == (pytest.approx(accepted), pytest.approx(rejected), pytest.approx(items))


@LIGHT
@given(st.sampled_from([(0.001, 0.01), (0.01, 0.1), (0.02, 0.3)]), st.lists(st.integers(0, 1), max_size=120))
def test_lines_are_wald_s_likelihood_ratio(shares, is_bad):
    # Wald (1947), §3.1: accept once the ratio is at most β / (1 − α), reject once it is at least (1 − β) / α.
    p0, p1 = shares
    found = decisions(SequentialPlan(p0, p1, 0.05, 0.1), is_bad)
    ratio, ended = 1.0, "go_on"
    for bad, told in zip(is_bad, found["decision"], strict=True):
        ratio *= p1 / p0 if bad else (1 - p1) / (1 - p0)
        if ended == "go_on":
            ended = "accept" if ratio <= 0.1 / 0.95 else "reject" if ratio >= 0.9 / 0.05 else "go_on"
        assert told == ended


def test_an_end_keeps_the_risks_near_to_those_asked_for():
    found = performance(SequentialPlan(0.001, 0.01, last=978), [0.001, 0.01])
    assert found["rejection"].iloc[0] < 0.05
    assert found["acceptance"].iloc[1] == pytest.approx(0.05, abs=0.003)
    np.testing.assert_allclose(found["acceptance"] + found["rejection"], 1.0)


@pytest.mark.parametrize("wrong", [{"p0": 0.0}, {"p0": 0.2}, {"p1": 1.0}, {"alpha": 0.0}, {"alpha": 0.6, "beta": 0.5}, {"last": 0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        SequentialPlan(**({"p0": 0.01, "p1": 0.1} | wrong))


def test_a_test_without_an_end_has_no_exact_performance():
    with pytest.raises(ValueError, match="last item"):
        performance(SequentialPlan(0.01, 0.1), 0.05)
    assert decisions(SequentialPlan(0.01, 0.1), [])["decision"].tolist() == []
