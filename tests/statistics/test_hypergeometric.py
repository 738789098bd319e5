"""The tails of the hypergeometric distribution against exact fractions and scipy's, and what is decided by them."""

from fractions import Fraction
from math import comb
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from kmanalysis.statistics import intervals, sampling
from kmanalysis.statistics.hypergeometric import tails

LIGHT = settings(derandomize=True, deadline=None, max_examples=100)


def parts_of(largest):
    """A lot, and so many marked and drawn of it."""
    return st.integers(1, largest).flatmap(lambda lot: st.tuples(st.just(lot), st.integers(0, lot), st.integers(0, lot)))


def scipys_tails(seen, lot, marked, drawn):
    return hypergeom.cdf(seen, lot, marked, drawn), hypergeom.sf(seen, lot, marked, drawn)


@LIGHT
@given(parts_of(60), st.integers(-1, 61))
def test_tails_are_the_exact_fractions(parts, seen):
    lot, marked, drawn = parts
    at_most = Fraction(sum(comb(marked, k) * comb(lot - marked, drawn - k) for k in range(min(seen, drawn) + 1)), comb(lot, drawn))
    assert tails(seen, lot, marked, drawn) == pytest.approx((float(at_most), float(1 - at_most)), rel=1e-13)


@LIGHT
@given(parts_of(100_000), st.floats(-8, 8))
def test_tails_are_scipys_far_out_as_well(parts, deviations):
    lot, marked, drawn = parts
    mean = marked * drawn / lot
    seen = round(mean + deviations * np.sqrt(mean * (1 - mean / max(marked, drawn, 1)) + 1))
    assert tails(seen, lot, marked, drawn) == pytest.approx(scipys_tails(seen, lot, marked, drawn), rel=1e-10, abs=1e-280)


def test_tails_of_a_million_are_what_one_draw_leaves_open():
    # One marked item is among 950 000 of 1 000 000 or it is not; of two, both are missed with 50 000 / 1 000 000 × 49 999 / 999 999.
    assert tails(0, 10**6, 1, 950_000) == pytest.approx((0.05, 0.95), rel=1e-13)
    assert tails(0, 10**6, [1, 2], 950_000)[0] == pytest.approx([0.05, 0.05 * 49_999 / 999_999], rel=1e-13)
    half = tails([249_999, 250_000], 10**6, 500_000, 500_000)
    assert half[0][0] == pytest.approx(half[1][1], rel=1e-11)


def test_nothing_marked_drawn_or_left_over_is_certain():
    np.testing.assert_array_equal(tails([-1, 0, 5], 9, 0, 5), ([0, 1, 1], [1, 0, 0]))
    np.testing.assert_array_equal(tails(0, 9, [3, 0], [0, 9]), ([1, 1], [0, 0]))
    np.testing.assert_array_equal(tails([3, 4], 4, 4, 4), ([0, 1], [1, 0]))
    assert tails([], 1, 1, 1)[0].shape == (0,)


@pytest.mark.parametrize("parts", [(5, 6, 1), (5, 1, 6), (5, -1, 1), (5, 1, -1)])
def test_more_than_the_lot_holds_is_refused(parts):
    with pytest.raises(ValueError, match="lot"):
        tails(0, *parts)


@LIGHT
@given(st.lists(parts_of(20_000), min_size=1, max_size=8), st.sampled_from([0.8, 0.9, 0.95, 0.975]))
def test_bounds_of_a_lot_are_those_by_scipys_tails(parts, confidence):
    lot, some, other = np.array(parts).T
    good, drawn = np.minimum(some, other), np.maximum(np.maximum(some, other), 1)
    found = intervals.finite_lot_bounds(good, drawn, lot, confidence)
    with patch.object(intervals, "tails", scipys_tails):
        np.testing.assert_array_equal(found, intervals.finite_lot_bounds(good, drawn, lot, confidence))


@LIGHT
@given(st.integers(1, 20_000), st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]), st.sampled_from([0.8, 0.9, 0.95, 0.99]), st.integers(0, 4))
def test_items_to_check_are_those_by_scipys_tails(lot, claim, confidence, failures):
    found = sampling.items_to_check(claim, confidence, failures, lot)
    with patch.object(sampling, "tails", scipys_tails):
        assert found == sampling.items_to_check(claim, confidence, failures, lot)


@settings(LIGHT, max_examples=30)
@given(st.integers(1, 5_000), st.sampled_from([0.005, 0.01, 0.02, 0.05]), st.sampled_from([0.06, 0.1, 0.15, 0.25]), st.sampled_from([0.05, 0.1]))
def test_plans_by_two_risks_are_those_by_scipys_tails(lot, aql, ltpd, risk):
    found = sampling.plan_by_risks(aql, ltpd, risk, risk, lot)
    with patch.object(sampling, "tails", scipys_tails):
        assert found == sampling.plan_by_risks(aql, ltpd, risk, risk, lot)
