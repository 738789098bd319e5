from fractions import Fraction
from math import comb, inf, isnan

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from kmanalysis.statistics.intervals import (
    binomial_quantile,
    cluster_share_bounds,
    cluster_share_bounds_by,
    counted_quantile,
    counted_quantiles_by,
    finite_lot_bounds,
    proportion_bounds,
    quantile_bounds,
)

quick = settings(max_examples=60, deadline=None, derandomize=True)
draws = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_299_clean_codes_show_99_percent_and_298_do_not():
    lower, upper = proportion_bounds([299, 298], [299, 298])
    assert lower[0] >= 0.99 > lower[1]
    np.testing.assert_array_equal(upper, 1)


def test_five_of_five_show_no_more_than_54_9_percent():
    lower, upper = proportion_bounds(5, 5)
    assert lower == pytest.approx(0.05 ** (1 / 5))
    assert lower == pytest.approx(0.549, abs=5e-4)
    assert upper == 1


@pytest.mark.parametrize(
    ("successes", "n", "lower", "upper"), [(81, 263, 0.2527, 0.3676), (15, 148, 0.0578, 0.1617), (0, 20, 0.0, 0.1684), (1, 29, 0.0009, 0.1776)]
)
def test_newcombes_table_of_exact_intervals(successes, n, lower, upper):
    # Newcombe (1998), Statistics in Medicine 17, 857–872, table I, method 5 (Clopper–Pearson), 95 % two-sided: 97.5 % a side.
    assert [round(float(bound), 4) for bound in proportion_bounds(successes, n, 0.975)] == [lower, upper]


def test_no_success_has_lower_bound_0_and_the_rule_of_three_above():
    lower, upper = proportion_bounds(0, 100)
    assert lower == 0
    assert upper == pytest.approx(0.0295, abs=1e-4)


def test_nothing_drawn_has_no_bounds():
    lower, upper = proportion_bounds([0, 1, np.nan], [0, 2, 2])
    np.testing.assert_array_equal(np.isnan(lower), [True, False, True])
    np.testing.assert_array_equal(np.isnan(upper), [True, False, True])


def test_confidence_belongs_to_each_side():
    assert proportion_bounds(368, 368, confidence=0.975)[0] >= 0.99 > proportion_bounds(367, 367, confidence=0.975)[0]


@pytest.mark.parametrize(("successes", "n"), [(2, 1), (-1, 3)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError, match="part"):
        proportion_bounds([0, successes], [1, n])


@given(draws)
@quick
def test_proportion_bounds_are_scipys_exact_interval_and_statsmodels_beta(counts):
    successes, n = counts
    lower, upper = proportion_bounds(successes, n)
    exact = stats.binomtest(successes, n).proportion_ci(confidence_level=0.9, method="exact")
    assert (float(lower), float(upper)) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert (float(lower), float(upper)) == pytest.approx(proportion_confint(successes, n, alpha=0.1, method="beta"), abs=1e-9)


def test_a_lot_of_50_is_cleared_by_48_good_codes_and_not_by_47():
    lower, upper = finite_lot_bounds([46, 47, 48], [46, 47, 48], 50)
    np.testing.assert_array_equal(lower, [0.98, 0.98, 1.0])
    np.testing.assert_array_equal(upper, 1.0)


def test_a_probability_of_exactly_the_limit_is_unlikely_enough():
    assert finite_lot_bounds(19, 19, 20)[0] == 1.0
    assert finite_lot_bounds(18, 18, 20)[0] == 0.95
    assert finite_lot_bounds(9, 9, 10, confidence=0.9)[0] == 1.0
    assert quantile_bounds([7.0], [1], 0.95) == (7, inf)


def test_a_fully_checked_lot_is_exact():
    lower, upper = finite_lot_bounds([50, 47, 0], 50, 50)
    np.testing.assert_array_equal(lower, [1.0, 0.94, 0.0])
    np.testing.assert_array_equal(upper, lower)


def test_an_unchecked_lot_has_no_bounds():
    assert np.isnan(finite_lot_bounds([0, 1, np.nan], [0, 2, 2], [50, np.nan, 50])).all()


def test_more_cannot_be_drawn_than_the_lot_holds():
    with pytest.raises(ValueError, match="part"):
        finite_lot_bounds(5, 51, 50)


def test_a_huge_lot_is_bounded_like_a_process():
    assert finite_lot_bounds(297, 300, 10**7)[0] == pytest.approx(proportion_bounds(297, 300)[0], abs=1e-4)


@given(st.integers(1, 40).flatmap(lambda lot: st.integers(1, lot).flatmap(lambda drawn: st.tuples(st.integers(0, drawn), st.just(drawn), st.just(lot)))))
@quick
def test_finite_lot_bounds_are_the_lots_that_exact_fractions_leave_standing(counts):
    successes, drawn, lot = counts

    def chance(good: int, outcomes: range) -> Fraction:
        return sum((Fraction(comb(good, k) * comb(lot - good, drawn - k), comb(lot, drawn)) for k in outcomes), Fraction(0))

    possible = range(successes, lot - (drawn - successes) + 1)
    lower, upper = finite_lot_bounds(successes, drawn, lot)
    assert lower == min(good for good in possible if chance(good, range(successes, drawn + 1)) > Fraction(1, 20)) / lot
    assert upper == max(good for good in possible if chance(good, range(successes + 1)) > Fraction(1, 20)) / lot


def test_cluster_share_by_hand():
    # shares 1/2 and 1 over 4 and 4 cases: R = 3/4, residuals -1 and 1, variance 2 / 1 * 2 / 64, t(0.95, 1) = 6.3138 reaches beyond both ends
    assert cluster_share_bounds([2, 4], [4, 4]) == (0.0, 1.0)
    # ten clusters of 100: R = 0.85, squared residuals sum to 250, variance 10 / 9 * 250 / 10**6, t(0.95, 9) = 1.8331
    lower, upper = cluster_share_bounds([80, 90] * 5, [100] * 10)
    assert (lower, upper) == pytest.approx((0.85 - 1.8331 * 0.0166667, 0.85 + 1.8331 * 0.0166667), abs=1e-5)


def test_one_cluster_has_no_spread_to_judge_by():
    assert np.isnan(cluster_share_bounds([3], [4])).all()
    assert np.isnan(cluster_share_bounds([3, 0], [4, 0])).all()
    assert np.isnan(cluster_share_bounds([], [])).all()


def test_clusters_without_cases_change_nothing():
    assert cluster_share_bounds([8, 0, 9, 4], [9, 0, 9, 6]) == cluster_share_bounds([8, 9, 4], [9, 9, 6])


def test_clusters_that_agree_leave_no_spread():
    assert cluster_share_bounds([5, 7], [5, 7]) == (1.0, 1.0)


clusters = st.lists(st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=12)


@given(clusters)
@quick
def test_cluster_share_bounds_are_weighted_least_squares_with_robust_errors(pairs):
    successes, totals = np.array(pairs, dtype=float).T
    lower, upper = cluster_share_bounds(successes, totals)
    model = sm.WLS(successes / totals, np.ones(len(totals)), weights=totals).fit(cov_type="HC1", use_t=True)
    expected = np.clip(model.conf_int(alpha=0.1)[0], 0, 1)
    assert (lower, upper) == pytest.approx(tuple(expected), abs=1e-7)


@given(st.lists(st.tuples(st.sampled_from("cab"), st.integers(0, 9), st.integers(0, 9)), max_size=15))
@quick
def test_groups_are_bounded_as_if_alone(rows):
    frame = pd.DataFrame(rows, columns=["supplier_id", "good", "bad"]).astype({"supplier_id": object, "good": float, "bad": float})
    bounds = cluster_share_bounds_by(frame["supplier_id"], frame["good"], frame["good"] + frame["bad"])
    assert list(bounds.index) == sorted(frame["supplier_id"].unique())
    assert bounds.index.name == "supplier_id"
    for supplier, group in frame.groupby("supplier_id"):
        alone = cluster_share_bounds(group["good"], group["good"] + group["bad"])
        np.testing.assert_allclose(bounds.loc[supplier].to_numpy(dtype=float), alone, atol=1e-12)


def test_a_missing_cluster_total_is_refused():
    with pytest.raises(ValueError, match="missing"):
        cluster_share_bounds([1, 2], [3, np.nan])


@pytest.mark.parametrize(("confidence", "n"), [(0.95, 59), (0.975, 72)])
def test_p95_has_an_upper_bound_from_59_cases_a_side_or_72_for_a_two_sided_95_percent_interval(confidence, n):
    lower, upper = quantile_bounds(np.arange(n), np.ones(n), 0.95, confidence)
    assert upper == n - 1
    assert 0 < lower < upper
    assert quantile_bounds(np.arange(n - 1), np.ones(n - 1), 0.95, confidence)[1] == inf


def test_the_median_of_20_lies_between_the_6th_and_15th_value():
    # Conover, table A3: P(at most 5 of 20 below the median) = 0.0207; 6 would be 0.0577
    assert quantile_bounds(range(1, 21), [1] * 20, 0.5) == (6, 15)


def test_too_few_cases_have_no_bound():
    assert quantile_bounds([1, 2, 3, 4], [1, 1, 1, 1], 0.5) == (-inf, inf)
    assert quantile_bounds([1, 2, 3, 4, 5], [1, 1, 1, 1, 1], 0.5) == (1, 5)
    assert all(isnan(bound) for bound in quantile_bounds([], [], 0.5))
    assert all(isnan(bound) for bound in quantile_bounds([3.0], [0], 0.5))


def test_a_bound_may_be_a_case_that_never_ended():
    assert quantile_bounds([inf, 10], [2, 98], 0.95) == (10, inf)
    assert quantile_bounds([inf, 10], [50, 50], 0.95) == (inf, inf)


def test_missing_values_are_refused():
    with pytest.raises(ValueError, match="missing"):
        quantile_bounds([1.0, np.nan], [1, 1], 0.5)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 25)), min_size=1, max_size=5), st.sampled_from([0.05, 0.5, 0.9, 0.95]))
@quick
def test_quantile_bounds_are_the_ranks_that_the_binomial_leaves(pairs, q):
    values, counts = (list(column) for column in zip(*pairs, strict=True))
    cases = sorted(value for value, count in pairs for _ in range(count))
    n, share, miss = len(cases), Fraction(str(q)), Fraction(1, 20)
    if not n:
        return
    below = [sum((comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(rank)), Fraction(0)) for rank in range(n + 1)]
    low = [cases[rank - 1] for rank in range(1, n + 1) if below[rank] <= miss]
    high = [cases[rank - 1] for rank in range(1, n + 1) if 1 - below[rank] <= miss]
    assert quantile_bounds(values, counts, q) == (max(low, default=-inf), min(high, default=inf))
    assert counted_quantile(values, counts, q) == next(value for rank, value in enumerate(cases, 1) if rank >= share * n)


@quick
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(-3, 9), st.integers(0, 4)), max_size=20), st.sampled_from([0.05, 0.5, 0.95]))
def test_quantiles_of_all_groups_are_each_by_itself(cases, q):
    counts = pd.DataFrame(cases, columns=["group", "value", "n"]).astype({"group": "str", "value": "float64", "n": "int64"})
    found = counted_quantiles_by(counts["group"], counts["value"], counts["n"], q)
    expected = {group: (counted_quantile(rows["value"], rows["n"], q), rows["n"].sum()) for group, rows in counts.groupby("group") if rows["n"].sum()}
    assert {group: (row["value"], row["n"]) for group, row in found.iterrows()} == expected


def test_quantiles_of_missing_values_and_negative_counts_are_refused():
    for values, counts in (([np.nan], [1]), ([1.0], [-1])):
        with pytest.raises(ValueError, match="must not be"):
            counted_quantiles_by(pd.Series(["a"]), values, counts, 0.5)


@quick
@given(st.sampled_from([0.01, 0.05, 0.5, 0.95, 0.99]), st.integers(1, 5000), st.sampled_from([0.01, 0.5, 0.95]))
def test_binomial_quantiles_are_scipys_own(probability, n, share):
    assert binomial_quantile(probability, n, share) == stats.binom.ppf(probability, n, share)
