from math import inf, isnan

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from kmanalysis.statistics.intervals import proportion_bounds, quantile_bounds
from kmanalysis.statistics.survival import WaitingShare, share_within, share_within_by, survival_curve, waiting_quantile, waiting_quantiles_by

quick = settings(max_examples=60, deadline=None, derandomize=True)

# Weeks in remission of 21 patients on 6-MP: Freireich et al. (1963), Blood 21, as printed by Cox and Oakes and by Kleinbaum and Klein.
FREIREICH = (
    [6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 34, 35],
    [True] * 7 + [False] * 11,
    [3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1],
)

rows = st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 5)), min_size=1, max_size=14).filter(lambda cases: sum(row[2] for row in cases) > 0)


def columns(cases):
    seconds, ended, counts = zip(*cases, strict=True)
    return list(seconds), list(ended), list(counts)


def one_by_one(cases):
    """A case a line: times and whether they ended."""
    times = np.repeat(*np.array([(row[0], row[2]) for row in cases]).T).astype(float)
    return times, np.repeat([row[1] for row in cases], [row[2] for row in cases])


def test_freireichs_curve():
    curve = survival_curve(*FREIREICH)
    drops = np.isin(curve.times, [6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_allclose(curve.survival[drops], [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], atol=5e-4)
    assert curve.times[~drops].tolist() == [9, 11, 17, 19, 20, 25, 32, 34, 35]


def test_freireichs_two_sided_95_percent_band():
    # as R's survfit(conf.type = "log-log") and Stata's sts list print it
    curve = survival_curve(*FREIREICH, confidence=0.975)
    drops = np.isin(curve.times, [6, 7, 10, 13, 16, 22, 23])
    np.testing.assert_allclose(curve.lower[drops], [0.6197, 0.5631, 0.5032, 0.4316, 0.3675, 0.2678, 0.1881], atol=5e-5)
    np.testing.assert_allclose(curve.upper[drops], [0.9516, 0.9228, 0.8894, 0.8491, 0.8049, 0.7468, 0.6801], atol=5e-5)


def test_kaplan_and_meiers_own_example():
    # Kaplan and Meier (1958), §1: deaths at 0.8, 3.1, 5.4 and 9.2 months, losses at 1.0, 2.7, 7.0 and 12.1.
    curve = survival_curve([0.8, 3.1, 5.4, 9.2, 1.0, 2.7, 7.0, 12.1], [True] * 4 + [False] * 4, [1] * 8)
    at = dict(zip(curve.times.tolist(), curve.survival.tolist(), strict=True))
    assert [round(at[time], 4) for time in (0.8, 3.1, 5.4, 9.2)] == [0.875, 0.7, 0.525, 0.2625]


def test_the_maintained_group_of_the_leukaemia_trial():
    # Embury et al. (1977), as printed by Miller, Survival Analysis (1981), §3.2: weeks to relapse of the 11 maintained patients.
    weeks, ended = [9, 13, 13, 18, 23, 28, 31, 34, 45, 48, 161], [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]
    curve = survival_curve(weeks, np.array(ended, dtype=bool), np.ones(11, dtype=int))
    at = dict(zip(curve.times.tolist(), curve.survival.round(2).tolist(), strict=True))
    assert [at[week] for week in (9, 13, 18, 23, 31, 34, 48)] == [0.91, 0.82, 0.72, 0.61, 0.49, 0.37, 0.18]


def test_freireichs_median_is_23_weeks():
    assert waiting_quantile(*FREIREICH, 0.5, confidence=0.975) == (23, 13, inf)


@given(rows)
@quick
def test_the_curve_is_scipys_and_statsmodels(cases):
    curve = survival_curve(*columns(cases))
    times, ended = one_by_one(cases)
    scipys = stats.ecdf(stats.CensoredData(uncensored=times[ended], right=times[~ended])).sf
    np.testing.assert_array_equal(curve.times, scipys.quantiles)
    np.testing.assert_allclose(curve.survival, scipys.probabilities, atol=1e-12)
    if ended.any():
        theirs = SurvfuncRight(times, ended.astype(float))
        np.testing.assert_allclose(curve.survival[np.isin(curve.times, theirs.surv_times)], theirs.surv_prob, atol=1e-12)


@pytest.mark.filterwarnings(
    "ignore:The confidence interval is undefined:RuntimeWarning", "ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning"
)
@given(rows)
@quick
def test_the_band_is_scipys_log_log_band_where_that_is_defined(cases):
    curve = survival_curve(*columns(cases))
    times, ended = one_by_one(cases)
    scipys = stats.ecdf(stats.CensoredData(uncensored=times[ended], right=times[~ended])).sf
    between = (curve.survival > 0) & (curve.survival < 1)
    if between.any():
        theirs = scipys.confidence_interval(0.9, method="log-log")
        np.testing.assert_allclose(curve.lower[between], theirs.low.probabilities[between], atol=1e-9)
        np.testing.assert_allclose(curve.upper[between], theirs.high.probabilities[between], atol=1e-9)
    assert not np.isnan([curve.lower, curve.upper]).any()
    assert (curve.lower <= curve.survival + 1e-12).all()
    assert (curve.survival <= curve.upper + 1e-12).all()


@given(rows, st.integers(0, 6))
@quick
def test_cases_that_never_end_are_censored_after_everything_else(cases, never):
    curve = survival_curve(*columns([*cases, (inf, True, never)]))
    late = survival_curve(*columns([*cases, (1000, False, never)]))
    kept = late.times < 1000
    np.testing.assert_array_equal(curve.times, late.times[kept])
    np.testing.assert_array_equal(curve.survival, late.survival[kept])
    np.testing.assert_array_equal(curve.lower, late.lower[kept])


def test_a_curve_at_1_or_0_has_the_exact_binomial_band():
    curve = survival_curve([5, 10], [False, True], [2, 10])
    np.testing.assert_array_equal(curve.survival, [1, 0])
    np.testing.assert_allclose(curve.lower, [0.05 ** (1 / 12), 0])
    np.testing.assert_allclose(curve.upper, [1, 1 - 0.05 ** (1 / 10)])


def test_no_cases_have_an_empty_curve():
    assert survival_curve([], [], []).times.size == 0
    assert survival_curve([3.0], [True], [0]).times.size == 0


@pytest.mark.parametrize(("seconds", "cases"), [([np.nan], [1]), ([1.0], [-1])])
def test_missing_seconds_and_negative_cases_are_refused(seconds, cases):
    with pytest.raises(ValueError, match="must not"):
        survival_curve(seconds, [True], cases)


def test_share_within_counts_the_limit_itself_and_keeps_failures_as_never():
    found = share_within([299, 300, 301, inf], [True, True, True, False], [50, 40, 6, 4], 300)
    lower, upper = proportion_bounds(90, 100)
    assert found == WaitingShare(0.9, float(lower), float(upper), 100, 0)


def test_open_cases_that_were_watched_up_to_the_limit_are_known():
    found = share_within([10, 300, 900], [True, False, False], [95, 3, 2], 300)
    lower, upper = proportion_bounds(95, 100)
    assert found == WaitingShare(0.95, float(lower), float(upper), 100, 0)


def test_censoring_before_the_limit_takes_the_kaplan_meier_curve():
    found = share_within(*FREIREICH, 22)
    curve = survival_curve(*FREIREICH)
    at = curve.times.tolist().index(22)
    assert found.share == pytest.approx(1 - 0.5378, abs=5e-5)
    assert (found.lower, found.upper) == (1 - curve.upper[at], 1 - curve.lower[at])
    assert (found.n, found.censored_before) == (21, 8 - 1)


def test_a_share_of_0_or_1_with_censoring_is_bounded_by_the_cases_known_at_the_limit():
    everyone = share_within([10, 20, 30], [False, True, True], [2, 5, 5], 60)
    assert (everyone.share, everyone.upper, everyone.censored_before) == (1, 1, 2)
    assert everyone.lower == pytest.approx(0.05 ** (1 / 10))
    nobody = share_within([10, 100], [False, True], [2, 10], 60)
    assert (nobody.share, nobody.lower, nobody.n) == (0, 0, 12)
    assert nobody.upper == pytest.approx(1 - 0.05 ** (1 / 10))


def test_a_share_that_nobody_was_watched_for_is_open_above():
    found = share_within([10, 20], [True, False], [8, 2], 60)
    assert (found.share, found.upper) == (pytest.approx(0.8), 1)
    assert 0 < found.lower < 0.8


@pytest.mark.parametrize(("seconds", "cases", "n"), [([], [], 0), ([10.0], [0], 0), ([10.0], [7], 7)])
def test_without_a_known_case_there_is_no_share(seconds, cases, n):
    found = share_within(seconds, [False] * len(seconds), cases, 60)
    assert isnan(found.share)
    assert isnan(found.lower)
    assert isnan(found.upper)
    assert (found.n, found.censored_before) == (n, n)


@given(rows, st.integers(0, 14))
@quick
def test_share_within_is_scipys_curve_at_the_limit(cases, limit):
    found = share_within(*columns(cases), limit)
    times, ended = one_by_one(cases)
    assert (found.n, found.censored_before) == (len(times), (times[~ended] < limit).sum())
    if found.censored_before == found.n:
        assert isnan(found.share)
        return
    scipys = stats.ecdf(stats.CensoredData(uncensored=times[ended], right=times[~ended])).cdf
    assert found.share == pytest.approx(float(scipys.evaluate(limit)), abs=1e-12)
    assert 0 <= found.lower <= found.share + 1e-12
    assert found.share - 1e-12 <= found.upper <= 1


def test_quantiles_without_censoring_are_order_statistics():
    seconds = np.arange(1, 101)
    assert waiting_quantile(seconds, [True] * 100, [1] * 100, 0.95) == (95, *quantile_bounds(seconds, [1] * 100, 0.95))
    assert waiting_quantile([30, inf], [True, False], [94, 6], 0.95).value == inf
    assert waiting_quantile([30, inf], [True, False], [95, 5], 0.95) == (30, 30, inf)


def test_few_cases_have_the_loosest_bounds():
    assert waiting_quantile([5, 9], [True, True], [1, 1], 0.5) == (5, 0, inf)


def test_censoring_beyond_the_upper_bound_changes_nothing():
    seconds, cases = [*range(1, 101)], [1] * 100
    assert waiting_quantile(seconds, [True] * 60 + [False] * 40, cases, 0.5) == waiting_quantile(seconds, [True] * 100, cases, 0.5) == (50, 42, 59)


def test_censoring_below_the_upper_bound_takes_the_curve_and_its_band():
    ended = [True] * 40 + [False] + [True] * 58 + [False]
    # 0.6 is left at 40; of the 59 watched from then on 50 are left at 50 (0.508) and 49 at 51 (0.498)
    assert waiting_quantile(range(1, 101), ended, [1] * 100, 0.5) == (51, 43, 59)


def test_a_quantile_that_watching_ended_too_early_for_is_open_above():
    assert waiting_quantile([5, 6], [True, False], [10, 990], 0.95) == (inf, 6, inf)
    assert waiting_quantile([5, 6, inf], [True, False, False], [10, 10, 980], 0.95) == (inf, inf, inf)
    assert waiting_quantile([100], [False], [3], 0.5) == (inf, 0, inf)


def test_without_cases_there_is_no_quantile():
    assert all(isnan(number) for number in waiting_quantile([], [], [], 0.95))


@given(rows, st.sampled_from([0.25, 0.5, 0.95]))
@quick
def test_a_quantile_is_the_first_time_at_which_scipys_curve_reaches_it(cases, q):
    found = waiting_quantile(*columns(cases), q)
    times, ended = one_by_one(cases)
    scipys = stats.ecdf(stats.CensoredData(uncensored=times[ended], right=times[~ended])).cdf
    reached = scipys.quantiles[scipys.probabilities >= q - 1e-9]
    assert found.value == (reached[0] if len(reached) else inf)
    assert found.lower <= found.value <= found.upper


COUNTS = pd.DataFrame(
    [("s2", 10.0, True, 90), ("s2", 400.0, True, 10), ("s1", 10.0, True, 8), ("s1", 20.0, False, 2), ("s3", inf, False, 4)],
    columns=["supplier_id", "seconds", "ended", "cases"],
)


def test_shares_by_supplier():
    found = share_within_by(COUNTS, 300)
    assert list(found.columns) == ["supplier_id", "share", "lower", "upper", "n", "censored"]
    assert found["supplier_id"].tolist() == ["s1", "s2", "s3"]
    np.testing.assert_allclose(found["share"], [0.8, 0.9, 0.0])
    assert found["n"].tolist() == [10, 100, 4]
    assert found["censored"].tolist() == [2, 0, 0]
    assert found["upper"].tolist()[:2] == [1.0, float(proportion_bounds(90, 100)[1])]


def test_quantiles_by_supplier():
    found = waiting_quantiles_by(COUNTS, 0.95)
    assert list(found.columns) == ["supplier_id", "value", "lower", "upper"]
    assert found["supplier_id"].tolist() == ["s1", "s2", "s3"]
    assert found["value"].tolist() == [inf, 400.0, inf]


@pytest.mark.parametrize("by", [share_within_by, waiting_quantiles_by])
def test_no_counts_give_an_empty_frame_of_the_same_types(by):
    empty, full = by(COUNTS.head(0), 0.5), by(COUNTS, 0.5)
    assert len(empty) == 0
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)


by_supplier = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([0, 1, 2, 3, 5, 8, inf]), st.booleans(), st.integers(0, 30)), min_size=1, max_size=25
)


@quick
@given(by_supplier, st.sampled_from([0, 1, 2.5, 5, 8]), st.sampled_from([0.5, 0.95]))
def test_all_suppliers_at_once_are_each_by_itself(cases, limit, q):
    counts = pd.DataFrame(cases, columns=["supplier_id", "seconds", "ended", "cases"])
    shares, quantiles = share_within_by(counts, limit), waiting_quantiles_by(counts, q)
    for place, (supplier, rows) in enumerate(counts.groupby("supplier_id")):
        columns = rows["seconds"], rows["ended"], rows["cases"]
        share, quantile = share_within(*columns, limit), waiting_quantile(*columns, q)
        assert shares["supplier_id"].iloc[place] == quantiles["supplier_id"].iloc[place] == supplier
        found = shares.loc[place, ["share", "lower", "upper", "n", "censored"]].to_numpy(dtype=float)
        np.testing.assert_allclose(found, [share.share, share.lower, share.upper, share.n, share.censored_before], rtol=1e-12, atol=1e-12)
        np.testing.assert_array_equal(quantiles.loc[place, ["value", "lower", "upper"]].to_numpy(dtype=float), quantile)
