"""Trends against published tables and worked examples, scipy, and the counting out of all orders."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kmanalysis.statistics.trend import adjusted_p, mann_kendall, theil_sen

quick = settings(derandomize=True, deadline=None, max_examples=40)
short = st.lists(st.integers(0, 6), min_size=2, max_size=7)
distinct = st.lists(st.integers(-1000, 1000), min_size=3, max_size=12, unique=True)


def order_with(n, s):
    """Any order of 0…n−1 with the given S: a rising one, with values moved one place down as often as needed."""
    falling, values = (n * (n - 1) // 2 - s) // 2, list(range(n))
    order = []
    while values:
        step = min(falling, len(values) - 1)
        order.append(values.pop(step))
        falling -= step
    return order


# Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987), table A18: probability that S is at least so large
TABLE_A18 = {
    4: {2: 0.375, 4: 0.167, 6: 0.042},
    5: {2: 0.408, 4: 0.242, 6: 0.117, 8: 0.042, 10: 0.0083},
    6: {1: 0.500, 3: 0.360, 5: 0.235, 7: 0.136, 9: 0.068, 11: 0.028, 13: 0.0083, 15: 0.0014},
    7: {9: 0.119, 11: 0.068, 13: 0.035, 15: 0.015, 17: 0.0054},
}


@pytest.mark.parametrize(("n", "s", "p"), [(n, s, p) for n, row in TABLE_A18.items() for s, p in row.items()])
def test_probabilities_are_those_of_gilbert_s_table_a18(n, s, p):
    found = mann_kendall(order_with(n, s))
    assert found.s == s
    assert found.p / 2 == pytest.approx(p, abs=0.0006)


def test_epa_qa_g9_box_4_16_five_measurements():
    # EPA, Guidance for Data Quality Assessment QA/G-9 (2000): 5, 6, 11, 8, 10 gives S = 6 and a one-sided p of 0.117.
    found = mann_kendall([5, 6, 11, 8, 10])
    assert (found.s, round(found.p / 2, 3)) == (6, 0.117)


def test_epa_qa_g9_normal_approximation_with_ties():
    # The same, example with two tied groups: S = 22, variance 155.33, z = 1.685.
    values = [10, 10, 10, 5, 10, 20, 18, 17, 15, 24, 15]
    found = mann_kendall(values, longest_exact=10)
    assert found.s == 22
    assert found.p == pytest.approx(2 * stats.norm.sf(1.685), abs=2e-4)
    assert mann_kendall(values).p == pytest.approx(found.p, abs=0.01)


def test_hollander_and_wolfe_example_9_1_cloud_seeding():
    # Hollander, Wolfe and Chicken, Nonparametric Statistical Methods (2014), example 9.1: C = −6, p = 0.117, slope −0.056
    ratio = [1.26, 1.27, 1.12, 1.16, 1.03]
    assert mann_kendall(ratio).s == -6
    assert mann_kendall(ratio).p / 2 == pytest.approx(0.117, abs=5e-4)
    assert theil_sen(range(1, 6), ratio).slope == pytest.approx(-0.05625)


def test_sen_1968_seven_points():
    # Sen (1968), section 6: slope 4 and the interval from 26/7 to 35/8, times unevenly spaced. He gives it at 93 %; as he does not refuse |S| = 13
    # itself, it holds 97.0 % exactly, and is the first to hold more than 93.1 %.
    times, values = [1, 2, 3, 4, 10, 12, 18], [9, 15, 19, 20, 45, 55, 78]
    for confidence in (0.932, 0.9698):
        assert theil_sen(times, values, confidence) == pytest.approx((4, 26 / 7, 35 / 8))
    assert theil_sen(times, values, 0.93).lower == pytest.approx(3.75)


@quick
@given(short)
def test_exact_p_is_the_share_of_all_orders(values):
    observed = abs(mann_kendall(values).s)
    sums = [abs(sum(np.sign(order[j] - order[i]) for i in range(len(order)) for j in range(i + 1, len(order)))) for order in permutations(values)]
    assert mann_kendall(values).p == pytest.approx(np.mean([s >= observed for s in sums]))


@quick
@given(distinct)
def test_without_ties_p_and_slope_are_scipy_s(values):
    times = np.arange(len(values))
    assert mann_kendall(values).p == pytest.approx(stats.kendalltau(times, values, method="exact").pvalue)
    assert theil_sen(times, values).slope == pytest.approx(stats.theilslopes(values, times).slope)


@quick
@given(distinct, st.sampled_from([0.8, 0.9, 0.95]))
def test_the_interval_holds_what_the_test_does_not_refuse(values, confidence):
    # Inversion by hand: a slope is inside where Kendall's test of the residuals has p > 1 − confidence.
    times = np.arange(len(values))
    found = theil_sen(times, values, confidence)
    if np.isnan(found.lower):
        assert mann_kendall(times).p > 1 - confidence
        return
    for bound, side in ((found.lower, -1), (found.upper, 1)):
        assert mann_kendall(values - (bound + side * 1e-7) * times).p <= 1 - confidence
        if found.lower < found.upper:
            assert mann_kendall(values - (bound - side * 1e-7) * times).p > 1 - confidence


def test_a_long_series_leans_on_the_normal_distribution():
    rng = np.random.default_rng(5)
    times = np.arange(60)
    values = 0.1 * times + rng.standard_normal(60)
    found, known = theil_sen(times, values, 0.9), stats.theilslopes(values, times, 0.9)
    assert found.slope == pytest.approx(known.slope)
    assert (found.lower, found.upper) == pytest.approx((known.low_slope, known.high_slope), abs=1e-3)
    assert mann_kendall(values).p == pytest.approx(stats.kendalltau(times, values, method="asymptotic").pvalue, rel=0.1)


def test_too_short_a_series_has_no_interval():
    assert np.isnan(theil_sen([1], [1]).slope)
    assert mann_kendall([1]) == (0, 1.0)
    found = theil_sen([1, 2, 3], [1, 2, 4])
    assert found.slope == 1.5
    assert np.isnan([found.lower, found.upper]).all()
    assert mann_kendall([3, 3, 3]) == (0, 1.0)


def test_a_missing_number_is_refused():
    with pytest.raises(ValueError, match="missing"):
        theil_sen([1, 2], [1, np.nan])
    with pytest.raises(ValueError, match="one length"):
        theil_sen([1, 2], [1])


def test_benjamini_and_hochberg_1995_section_3_2():
    # Their example of fifteen tests: at 0.05 the first four stand, and at 0.05 for a family alone (Bonferroni) only three.
    p = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert (adjusted_p(p) <= 0.05).tolist() == [True] * 4 + [False] * 11


@quick
@given(st.lists(st.floats(0, 1), max_size=12))
def test_adjusted_p_is_scipy_s(p):
    assert adjusted_p(p) == pytest.approx(stats.false_discovery_control(p) if p else [])


def test_a_missing_p_is_refused():
    with pytest.raises(ValueError, match="without a p"):
        adjusted_p([0.1, np.nan])
