"""Lift against textbook tables, and its interval against a numeric delta method and redrawn tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kmanalysis.statistics.association import chance, lift

Z95 = 1.6448536269514722
cells = st.tuples(*[st.integers(1, 400)] * 4)


def test_tea_and_coffee_of_tan_steinbach_and_kumar():
    # Introduction to Data Mining (2005), table 6.8: of 1000 people 200 drink tea, 800 coffee, 150 both: lift 0.9375
    found = lift(150, 200, 800, 1000)
    assert (found.support, found.lift) == pytest.approx((0.15, 0.9375))


def test_tea_and_coffee_of_brin_and_others():
    # Beyond Market Baskets, SIGMOD 1997, example 1: 20 % buy both, 25 % tea, 90 % coffee: 0.89
    assert lift(20, 25, 90, 100).lift == pytest.approx(0.89, abs=0.002)


def log_lift(shares):
    return np.log(shares[0] / ((shares[0] + shares[1]) * (shares[0] + shares[2])))


@settings(derandomize=True, deadline=None, max_examples=60)
@given(cells)
def test_the_interval_is_the_delta_method_s(table):
    # Independent: gradient by differences, covariance of the multinomial written out.
    n, shares = sum(table), np.array(table) / sum(table)
    step = 1e-6 * np.eye(4) * shares
    gradient = np.array([(log_lift(shares + move) - log_lift(shares - move)) / (2 * move.sum()) for move in step])
    variance = gradient @ (np.diag(shares) - np.outer(shares, shares)) @ gradient / n
    both, one, other = table[0], table[0] + table[1], table[0] + table[2]
    found = lift(both, one, other, n)
    assert np.log(found.upper / found.lift) == pytest.approx(Z95 * np.sqrt(variance), rel=1e-4, abs=1e-5)
    assert found.lower * found.upper == pytest.approx(found.lift**2)


def test_tables_drawn_again_spread_as_the_interval_says():
    rng = np.random.default_rng(3)
    shares = np.array([0.03, 0.09, 0.08, 0.80])
    drawn = rng.multinomial(4000, shares, 4000)
    found = lift(drawn[:, 0], drawn[:, 0] + drawn[:, 1], drawn[:, 0] + drawn[:, 2], 4000)
    truth = np.exp(log_lift(shares))
    assert np.mean(found.lower <= truth) == pytest.approx(0.95, abs=0.012)
    assert np.mean(found.upper >= truth) == pytest.approx(0.95, abs=0.012)


def test_what_never_came_together_has_no_interval_and_what_is_not_known_no_lift():
    found = lift([0, 0, 5], [3, 0, 5], [4, 4, 5], [20, 20, 5])
    assert found.lift == pytest.approx([0.0, np.nan, 1.0], nan_ok=True)
    assert np.isnan(found.lower).tolist() == [True, True, False]
    assert (found.lower[2], found.upper[2]) == pytest.approx((1.0, 1.0))
    assert np.isnan(lift(0, 0, 0, 0).support)


@pytest.mark.parametrize("counts", [(5, 4, 9, 20), (1, 8, 9, 10), (-1, 3, 3, 10)])
def test_counts_that_contradict_each_other_are_refused(counts):
    with pytest.raises(ValueError, match="contradict"):
        lift(*counts)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(cells)
def test_chance_is_no_smaller_than_fisher_s_exact_test(table):
    both, one, other, n = table[0], table[0] + table[1], table[0] + table[2], sum(table)
    exact = stats.hypergeom.sf(both - 1, n, one, other)
    found = float(chance(both, one, other, n))
    if both >= one * other / n + 1:
        assert found >= exact * (1 - 1e-9)
    # The Poisson distribution's own tail, by another road.
    assert found == pytest.approx(stats.poisson.sf(both - 1, one * other / n), rel=1e-8, abs=1e-300)


def test_chance_of_rare_goods_is_close_to_fisher_s_exact_test():
    counts = np.array([3, 8, 20, 31])
    assert chance(counts, 400, 500, 100_000) == pytest.approx(stats.hypergeom.sf(counts - 1, 100_000, 400, 500), rel=0.25)


def test_the_lady_tasting_tea():
    # Fisher, The Design of Experiments (1935), chapter 2: four of four told right has 1/70, three of four 17/70; the bound may not be under them.
    assert chance([4, 3], 4, 4, 8)[0] >= 1 / 70
    assert chance([4, 3], 4, 4, 8)[1] >= 17 / 70
    assert np.isnan(chance(0, 0, 3, 9))
    assert chance(0, 2, 3, 9) == 1.0
