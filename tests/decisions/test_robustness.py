"""Ranks under drawn weights, and the smallest change of a weight that swaps two suppliers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.decisions.robustness import ranks_by_score, swapping_weights, weighted_scores

POINTS = st.one_of(st.just(np.nan), st.floats(0, 100).map(lambda value: round(value, 1)))


def score(points, weights):
    seen = ~np.isnan(points)
    return (points[seen] * weights[seen]).sum() / weights[seen].sum()


def test_a_swap_worked_out_by_hand():
    # 0.5·80 + 0.3·60 + 0.2·50 = 68 against 0.5·70 + 0.3·70 + 0.2·55 = 67. With weight x on the first criterion and the others as 3 to 2 the means
    # are 56 + 24·x and 64 + 6·x: equal at x = 8/18.
    first, second, weights = np.array([80.0, 60.0, 50.0]), np.array([70.0, 70.0, 55.0]), np.array([0.5, 0.3, 0.2])
    needed = swapping_weights(first, second, weights)
    assert needed[0] == pytest.approx(8 / 18)
    # The second: 0.7 share of 71.43 and 65.71 …: (500/7)(1−x) + 60x = (460/7)(1−x) + 70x.
    assert needed[1] == pytest.approx((40 / 7) / (40 / 7 + 10))


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.lists(st.tuples(POINTS, POINTS, st.floats(0.05, 1)), min_size=2, max_size=5))
def test_at_the_swapping_weight_the_means_are_equal_and_no_nearer_one_makes_them_so(rows):
    first, second, raw = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    weights = raw / raw.sum()
    needed = swapping_weights(first, second, weights)
    for place, share in enumerate(needed):

        def moved(new, place=place):
            scaled = weights * (1 - new) / (1 - weights[place])
            scaled[place] = new
            return scaled

        def gap(new, moved=moved):
            with np.errstate(invalid="ignore"):
                return score(first, moved(new)) - score(second, moved(new))

        if not np.isnan(share):
            assert gap(share) == pytest.approx(0, abs=1e-6)
        if np.isnan(first).all() or np.isnan(second).all():
            continue
        # A grid of weights: between the weight and the swap the order never turns.
        end = 1 - 1e-9 if np.isnan(share) else share
        between = [gap(new) for new in np.linspace(weights[place], end, 25)[:-1] if 0 < new < 1]
        between = [value for value in between if not np.isnan(value) and abs(value) > 1e-7]
        assert len({np.sign(value) for value in between}) <= 1


def test_ranks_share_the_better_place():
    assert ranks_by_score(np.array([[90.0], [80.0], [90.0], [70.0]]))[:, 0].tolist() == [1, 3, 1, 4]


def test_scores_are_means_over_what_was_observed():
    import pandas as pd

    table = pd.DataFrame({"a": [100.0, np.nan], "b": [50.0, 40.0]})
    assert weighted_scores(table, np.array([[0.5, 0.9], [0.5, 0.1]])).tolist() == [[75.0, 95.0], [40.0, 40.0]]
