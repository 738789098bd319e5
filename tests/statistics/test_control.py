"""Control charts, change points and two proportions, against printed examples and other implementations."""

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

from kmanalysis.statistics.control import daily_variance, drift_onset, ewma, ewma_spread, mean_bounds, share_difference, share_difference_p

COUNTS = st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_ewma_replays_the_nist_handbook():
    # NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.4: weight 0.3, centre 50, s = 2.0539, limits 52.5884 and 47.4115.
    data = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    printed = [50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52, 50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99]
    assert ewma(data, 0.3, 50.0) == pytest.approx(printed, abs=0.006)
    in_the_long_run = ewma_spread(np.full(500, 2.0539**2), 0.3)[-1]
    assert 50 + 3 * in_the_long_run == pytest.approx(52.5884, abs=2e-3)
    assert 50 - 3 * in_the_long_run == pytest.approx(47.4115, abs=2e-3)


def test_ewma_replays_montgomery():
    # Montgomery, Introduction to Statistical Quality Control, example 9.2: weight 0.10, width 2.7, centre 10, sigma 1. Worked out in the text are the
    # first averages 9.945 and 9.7495, and the limits 10.27, 10.36 and, in the long run, 10.62.
    data = [
        *(9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08),
        *(9.37, 10.62, 10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52),
    ]
    average, limit = ewma(data, 0.1, 10.0), 10 + 2.7 * ewma_spread(np.ones(30), 0.1)
    assert average[:2] == pytest.approx([9.945, 9.7495], abs=1e-9)
    assert limit[[0, 1, 29]] == pytest.approx([10.27, 10.36, 10.62], abs=6e-3)
    assert int(np.flatnonzero(average > limit)[0]) + 1 == 29


def test_a_missing_day_leaves_the_chart_where_it_was():
    assert ewma([2.0, np.nan, 2.0], 0.5, 0.0).tolist() == [1.0, 1.0, 1.5]
    assert ewma_spread([4.0, np.nan, 4.0], 0.5) ** 2 == pytest.approx([1.0, 1.0, 1.25])


def test_limits_follow_n():
    few, many = ewma_spread(np.ones(5) / 2, 0.2), ewma_spread(np.ones(5) / 200, 0.2)
    assert few / many == pytest.approx(np.full(5, 10.0))


def test_the_variance_of_a_case_comes_from_day_means():
    generator = np.random.default_rng(1)
    counts = generator.integers(3, 12, 3000)
    means = 5 + 2 * generator.standard_normal(3000) / np.sqrt(counts)
    assert daily_variance(means, counts, 5.0) == pytest.approx(4.0, rel=0.08)
    assert np.isnan(daily_variance([1.0, np.nan], [3, 0], 1.0))


def test_the_nile_changed_in_1899():
    # Cobb (1978), and many after him: the annual flow of the Nile at Aswan fell after 1898. The chart looks upwards, so the sign is turned.
    nile = sm.datasets.nile.load_pandas().data
    flow = -nile["volume"].to_numpy()
    baseline = flow[(nile["year"] < 1891).to_numpy()].mean()
    onset = drift_onset(flow, np.ones(len(flow)), baseline)
    assert (int(nile["year"].iloc[onset.place]), onset.kind) == (1899, "step")


def brute_force_onset(values, counts, centre):
    """Least squares of every step and ramp, fitted by a general solver."""
    best = (np.inf, None, None)
    for kind in ("step", "ramp"):
        for place in range(len(values)):
            shape = np.zeros(len(values))
            shape[place:] = 1.0 if kind == "step" else np.arange(1, len(values) - place + 1)
            root = np.sqrt(counts)
            size, *_ = np.linalg.lstsq((shape * root)[:, None], (values - centre) * root, rcond=None)
            rest = float((counts * (values - centre - size[0] * shape) ** 2).sum())
            if size[0] > 0 and rest < best[0] - 1e-9:
                best = (rest, place, kind)
    return best


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.floats(-3, 3), st.integers(1, 9)), min_size=2, max_size=12))
def test_onset_is_that_of_brute_force(days):
    values, counts = (np.array(part, dtype=float) for part in zip(*days, strict=True))
    rest, _, _ = brute_force_onset(values, counts, 0.5)
    onset = drift_onset(values, counts, 0.5)
    if onset is None:
        assert rest == np.inf
        return
    shape = np.zeros(len(values))
    shape[onset.place :] = 1.0 if onset.kind == "step" else np.arange(1, len(values) - onset.place + 1)
    assert float((counts * (values - 0.5 - onset.size * shape) ** 2).sum()) == pytest.approx(rest, abs=1e-6)


@pytest.mark.parametrize("kind", ["step", "ramp"])
def test_onsets_of_known_drifts_are_found(kind):
    generator = np.random.default_rng(7)
    found = []
    for _ in range(60):
        after = np.maximum(np.arange(40) - 24, 0)
        values = 0.5 * generator.standard_normal(40) + (1.5 * (after > 0) if kind == "step" else 0.4 * after)
        found.append(drift_onset(values, np.ones(40), 0.0).place)
    assert np.median(found) == 25
    assert np.mean(np.abs(np.array(found) - 25) <= 2) > 0.85


def test_nothing_above_the_centre_is_no_drift():
    assert drift_onset([-1.0, -2.0, np.nan], [1, 1, 0], 0.0) is None


def test_newcombe_s_printed_intervals():
    # Newcombe, Statistics in Medicine 17 (1998) 873–890, table II, method 10, examples (a) to (h).
    cases = {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (6, 7, 2, 7): (0.0582, 0.8062),
        (5, 56, 0, 29): (-0.0381, 0.1926),
        (0, 10, 0, 20): (-0.1611, 0.2775),
        (0, 10, 0, 10): (-0.2775, 0.2775),
        (10, 10, 0, 20): (0.6791, 1.0),
        (10, 10, 0, 10): (0.6075, 1.0),
    }
    lower, upper = share_difference(*np.array(list(cases)).T, confidence=0.95)
    assert np.column_stack([lower, upper]) == pytest.approx(np.array(list(cases.values())), abs=5.1e-5)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(COUNTS, COUNTS, st.sampled_from([0.9, 0.95, 0.99]))
def test_two_proportions_agree_with_statsmodels(now, before, confidence):
    lower, upper = share_difference(*now, *before, confidence)
    assert (lower, upper) == pytest.approx(confint_proportions_2indep(*now, *before, method="newcomb", compare="diff", alpha=1 - confidence), abs=1e-9)
    if 0 < now[0] + before[0] < now[1] + before[1]:
        _, p = proportions_ztest([now[0], before[0]], [now[1], before[1]])
        assert share_difference_p(*now, *before) == pytest.approx(p, abs=1e-9)


def test_nothing_seen_is_no_difference():
    lower, upper = share_difference([0, 3], [0, 5], [1, 0], [4, 0], 0.95)
    assert np.isnan([lower, upper]).all()
    assert np.isnan(share_difference_p([0], [0], [1], [4])).all()
    assert share_difference_p(4, 4, 9, 9) == 1.0


def test_the_interval_of_a_mean_is_the_handbook_s():
    # NIST/SEMATECH e-Handbook, 1.3.5.2: 195 values of mean 9.261460 and deviation 0.022789; t = 1.9723.
    values = np.random.default_rng(3).normal(size=195)
    values = (values - values.mean()) / values.std(ddof=1) * 0.022789 + 9.261460
    assert mean_bounds(values, 0.95) == pytest.approx((9.258242, 9.264679), abs=2e-6)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30).filter(lambda values: np.std(values) > 1e-6), st.sampled_from([0.9, 0.99]))
def test_the_interval_of_a_mean_is_student_s(values, confidence):
    expected = stats.t.interval(confidence, len(values) - 1, np.mean(values), stats.sem(values))
    assert mean_bounds(values, confidence) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_one_value_says_nothing_of_a_mean_and_equal_ones_all():
    assert np.isnan(mean_bounds([1.0], 0.95)).all()
    assert mean_bounds([2.0, 2.0, 2.0], 0.99) == (2.0, 2.0)


@pytest.mark.parametrize("skus", [2, 3, 5, 20])
@pytest.mark.parametrize("quotes", [0, 10])
def test_a_mean_that_is_noise_is_told_as_more_no_oftener_than_is_claimed(skus, quotes):
    generator = np.random.default_rng(7)
    # Normal, or as months' prices are: each the mean of a few quotes, which lie evenly about the level.
    drawn = generator.uniform(-1, 1, (10_000, skus, quotes)).mean(axis=2) if quotes else generator.normal(size=(10_000, skus))
    alarms = np.mean([lower > 0 or upper < 0 for lower, upper in (mean_bounds(row, 0.99) for row in drawn)])
    assert alarms <= 0.01 * 1.5
