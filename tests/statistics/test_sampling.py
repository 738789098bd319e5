"""Sampling plans against published tables, worked examples and plain counting."""

from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.statistics.intervals import finite_lot_bounds, proportion_bounds
from kmanalysis.statistics.sampling import SamplingPlan, acceptance, bad_allowance, items_to_check, plan_by_risks

LIGHT = settings(derandomize=True, deadline=None, max_examples=40)


@pytest.mark.parametrize(
    ("claim", "confidence", "n"),
    [
        (0.90, 0.90, 22), (0.90, 0.95, 29), (0.95, 0.90, 45), (0.95, 0.95, 59), (0.95, 0.99, 90),
        (0.99, 0.90, 230), (0.99, 0.95, 299), (0.99, 0.99, 459), (0.90, 0.50, 7), (0.80, 0.90, 11),
    ],
)  # fmt: skip
def test_zero_failures_replay_the_success_run_table(claim, confidence, n):
    # Success-run theorem n = ln(1 - C) / ln(R), as reliability handbooks tabulate it (Kececioglu, Reliability and Life Testing Handbook).
    assert items_to_check(claim, confidence) == n == int(np.ceil(np.log(1 - confidence) / np.log(claim)))


def test_failures_allowed_replay_wilks():
    # Wilks (1941): sizes of one-sided 95 %/95 % tolerance limits by the 1st, 2nd … 6th largest observation.
    assert [items_to_check(0.95, 0.95, failures) for failures in range(6)] == [59, 93, 124, 153, 181, 208]


def test_plans_for_a_lot_of_100_replay_kenett_and_zacks():
    # Kenett and Zacks, Modern Industrial Statistics, single-stage plans for attributes, N = 100: with no failure, at a consumer's risk of 0.05
    # for 5, 8, 11 … 32 bad items in the lot.
    bad = np.arange(5, 33, 3)
    assert [items_to_check(1 - (number - 1) / 100, 0.95, lot=100) for number in bad] == [45, 31, 23, 18, 15, 13, 11, 10, 9, 8]


def test_curve_replays_the_nist_handbook():
    # NIST/SEMATECH e-Handbook of Statistical Methods, §6.2.3.2: n = 52, c = 3.
    shares = np.arange(0.01, 0.125, 0.01)
    published = [0.998, 0.980, 0.930, 0.845, 0.739, 0.620, 0.502, 0.394, 0.300, 0.223, 0.162, 0.115]
    np.testing.assert_allclose(acceptance(52, 3, shares), published, atol=0.0011)


def test_curve_replays_mil_std_105():
    # MIL-STD-105E, table X-J (code letter J, n = 80), AQL 1.0 (Ac = 2): lots of these percentages bad are accepted so often.
    bad = [0.0055, 0.0103, 0.0138, 0.0216, 0.0333, 0.0484, 0.0652]
    np.testing.assert_allclose(acceptance(80, 2, bad), [0.99, 0.95, 0.90, 0.75, 0.50, 0.25, 0.10], atol=0.0011)


def test_plan_by_two_risks_replays_kiermeier():
    # Kiermeier (2008), Visualizing and Assessing Acceptance Sampling Plans, Journal of Statistical Software 26(6): 5 % accepted at 0.95, 15 % at 0.075.
    assert plan_by_risks(0.05, 0.15, 0.05, 0.075) == SamplingPlan(80, 7)


def test_plan_by_two_risks_replays_the_points_of_a_published_plan():
    # Hilliard, samplingplans.com (2006): n = 68, c = 2 is accepted at 0.95 with 1.213 % bad and at 0.05 with 8.9704 %.
    np.testing.assert_allclose(acceptance(68, 2, [0.01213, 0.089704]), [0.95, 0.05], atol=2e-5)
    assert plan_by_risks(0.01213, 0.0898, 0.05, 0.05) == SamplingPlan(68, 2)


def test_claims_of_a_trial_have_their_figures():
    assert items_to_check(0.99, 0.95, lot=50) == 48
    assert items_to_check(0.99, 0.95, failures=1, lot=50) is None
    assert acceptance(5, 0, 0.1) == pytest.approx(0.59049)
    assert proportion_bounds(5, 5)[0] == pytest.approx(0.549, abs=5e-4)


@LIGHT
@given(st.integers(2, 30), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]), st.sampled_from([0.8, 0.95]), st.integers(0, 3))
def test_a_lot_s_plan_is_the_smallest_by_plain_counting(lot, claim, confidence, failures):
    allowed = bad_allowance(claim, lot)

    def shows(n):
        # Under every lot that is not good enough such a sample is unlikely.
        return all(
            sum(comb(bad, x) * comb(lot - bad, n - x) for x in range(failures + 1)) / comb(lot, n) <= 1 - confidence + 1e-12
            for bad in range(allowed + 1, lot + 1)
        )

    smallest = next((n for n in range(failures + 1, lot + 1) if failures <= allowed and shows(n)), None)
    found = items_to_check(claim, confidence, failures, lot)
    # A sample of c + 1 at least: fewer hold no c failures and a good one. A lot that holds no more is counted whole.
    assert found == smallest


@LIGHT
@given(st.sampled_from([0.7, 0.9, 0.95, 0.99]), st.sampled_from([0.8, 0.9, 0.95, 0.99]), st.integers(0, 4))
def test_plan_and_interval_agree(claim, confidence, failures):
    n = items_to_check(claim, confidence, failures)
    lower = proportion_bounds([n - failures, n - 1 - failures], [n, n - 1], confidence)[0]
    assert lower[0] >= claim - 1e-9
    assert lower[1] < claim


@LIGHT
@given(st.integers(5, 80), st.sampled_from([0.9, 0.95, 0.99]))
def test_plan_and_interval_of_a_lot_agree(lot, claim):
    n = items_to_check(claim, 0.95, lot=lot)
    assert finite_lot_bounds(n, n, lot)[0] >= claim
    assert n == 1 or finite_lot_bounds(n - 1, n - 1, lot)[0] < claim


@LIGHT
@given(st.sampled_from([0.01, 0.02, 0.05]), st.sampled_from([0.1, 0.15, 0.25]), st.sampled_from([0.05, 0.1]), st.sampled_from([None, 60]))
def test_no_smaller_plan_holds_both_risks(aql, ltpd, risk, lot):
    found = plan_by_risks(aql, ltpd, risk, risk, lot)
    most = found.n if found else lot
    sizes, numbers = np.meshgrid(np.arange(1, most + 1), np.arange(0, most), indexing="ij")
    holds = (acceptance(sizes, numbers, aql, lot) >= 1 - risk - 1e-12) & (acceptance(sizes, numbers, ltpd, lot) <= risk + 1e-12) & (numbers < sizes)
    if found:
        assert holds[found.n - 1, found.c]
        assert not holds[: found.n - 1].any()
    else:
        assert not holds.any()


@pytest.mark.parametrize("wrong", [{"claim": 1.0}, {"confidence": 0.0}, {"failures": -1}, {"lot": 0}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        items_to_check(**({"claim": 0.9, "confidence": 0.95} | wrong))


def test_contradicting_qualities_are_refused():
    with pytest.raises(ValueError, match="lower than"):
        plan_by_risks(0.1, 0.05, 0.05, 0.05)
    assert acceptance(3, 3, 1.0) == 1.0
