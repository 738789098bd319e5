import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.scoring.verdicts import points, scale_points, verdicts
from kmanalysis.statistics.intervals import proportion_bounds


def judged(**changes):
    row = {"value": 0.96, "n": 100, "lower": 0.9, "upper": 0.99, "basis": "census", "op": ">=", "target": 0.95, "minimum_n": 30, "is_zero_tolerance": False}
    return pd.DataFrame([row | changes])


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "met"),
        ({"value": 0.94}, "missed"),
        ({"n": 29}, "unproven"),
        ({"n": 0, "value": np.nan}, "no_data"),
        ({"value": 0.95}, "met"),
        # a sample is judged by its bound, not by its value
        ({"basis": "sample"}, "unproven"),
        ({"basis": "sample", "lower": 0.951}, "met"),
        ({"basis": "sample", "value": 0.9, "upper": 0.949}, "missed"),
        ({"basis": "sample", "lower": np.nan, "upper": np.nan}, "unproven"),
        # the fewer the better
        ({"op": "<=", "value": 0.01, "target": 0.02}, "met"),
        ({"op": "<=", "value": 0.03, "target": 0.02}, "missed"),
        ({"op": "<=", "basis": "sample", "value": 0.01, "upper": 0.03, "lower": 0.001, "target": 0.02}, "unproven"),
        # everything or nothing: one counter-example is a miss at any n, no counter-example in a sample proves little
        ({"is_zero_tolerance": True, "target": 1.0, "value": 0.9, "n": 10}, "missed"),
        ({"is_zero_tolerance": True, "target": 1.0, "value": 1.0, "n": 10}, "unproven"),
        ({"is_zero_tolerance": True, "target": 1.0, "value": 1.0, "n": 100, "lower": 0.97, "upper": 1.0, "basis": "sample"}, "unproven"),
        ({"is_zero_tolerance": True, "target": 1.0, "value": 1.0, "n": 50, "lower": 1.0, "upper": 1.0, "basis": "sample"}, "met"),
        ({"is_zero_tolerance": True, "target": 1.0, "value": 0.98, "n": 100, "lower": 0.9, "upper": 1.0, "basis": "sample"}, "missed"),
        # a bounded measure: what is unknown is no counter-example
        ({"is_zero_tolerance": True, "target": 1.0, "value": 0.5, "n": 93, "lower": 0.5, "upper": 1.0, "basis": "bounded"}, "unproven"),
        ({"is_zero_tolerance": True, "target": 1.0, "value": 0.5, "n": 93, "lower": 0.5, "upper": 0.9, "basis": "bounded"}, "missed"),
        ({"is_zero_tolerance": True, "target": 0, "op": "<=", "value": 0, "n": 5, "lower": 0, "upper": 2, "basis": "bounded"}, "unproven"),
    ],
)
def test_a_value_gets_its_verdict(changes, verdict):
    assert list(verdicts(judged(**changes))) == [verdict]


def test_299_clean_codes_show_99_percent_and_298_do_not():
    # The textbook zero-failure plan: n = ln(0.05) / ln(0.99) = 298.07, so 299.
    lower, upper = proportion_bounds(np.array([298, 299]), np.array([298, 299]))
    frame = pd.concat([judged(basis="sample", value=1.0, target=0.99, n=n, lower=low, upper=up) for n, low, up in zip((298, 299), lower, upper, strict=True)])
    assert list(verdicts(frame)) == ["unproven", "met"]


@pytest.mark.parametrize(
    ("value", "worst", "target", "best", "expected"),
    [
        (0.7, 0.7, 0.95, 1.0, 0.0),
        (0.825, 0.7, 0.95, 1.0, 40.0),
        (0.95, 0.7, 0.95, 1.0, 80.0),
        (0.975, 0.7, 0.95, 1.0, 90.0),
        (1.0, 0.7, 0.95, 1.0, 100.0),
        (0.2, 0.7, 0.95, 1.0, 0.0),
        (0.02, 0.08, 0.02, 0.0, 80.0),
        (0.05, 0.08, 0.02, 0.0, 40.0),
        (0.0, 0.08, 0.02, 0.0, 100.0),
        (1.0, 0.95, 1.0, 1.0, 100.0),
        (0.975, 0.95, 1.0, 1.0, 40.0),
        (0.0, 0.05, 0.0, 0.0, 100.0),
    ],
)
def test_points_run_from_worst_over_target_to_best(value, worst, target, best, expected):
    earned = scale_points(np.array(value), np.array(worst), np.array(target), np.array(best), 80.0)
    assert float(earned) == pytest.approx(expected)


@given(st.floats(-1, 2), st.floats(-1, 2), st.booleans())
def test_a_better_value_never_earns_less(one, other, falling):
    scale = (0.08, 0.02, 0.0) if falling else (0.5, 0.95, 1.0)
    low, high = sorted((one, other))
    earned = [float(scale_points(np.array(value), *map(np.array, scale), 80.0)) for value in (low, high)]
    assert earned == sorted(earned, reverse=falling)


def test_unproven_earns_its_unfavourable_bound_and_nothing_without_one():
    scale = {"worst": 0.5, "best": 1.0, "verdict": "unproven"}
    frame = pd.concat([judged(**scale, lower=0.725), judged(**scale, lower=np.nan), judged(**scale | {"verdict": "no_data"})])
    np.testing.assert_allclose(points(frame, 80.0), [40.0, 0.0, np.nan])
