"""Control charts of daily figures, when a drift began, and whether two shares differ by more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri, stdtrit


@dataclass(frozen=True)
class Onset:
    """Where a drift began: ``place`` of the first changed value, ``kind`` (step or ramp), ``size`` (of the step; a place, of the ramp)."""

    place: int
    kind: str
    size: float


def ewma(values: ArrayLike, weight: float, centre: float) -> np.ndarray:
    """The exponentially weighted moving average after each value, begun at ``centre``; a missing value leaves it where it was.

    Source: Roberts (1959); NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.4.
    """
    seen = np.asarray(values, dtype=float)
    found, level = np.empty(len(seen)), centre
    for place, value in enumerate(seen):
        level = level if np.isnan(value) else weight * value + (1 - weight) * level
        found[place] = level
    return found


def ewma_spread(variances: ArrayLike, weight: float) -> np.ndarray:
    """Standard deviation of `ewma` after each value, from the variance of each value (that of a mean of n cases is σ²/n; NaN where missing).

    Exact, so that the limits are narrow at the start and follow n. Source: Montgomery, Introduction to Statistical Quality Control, §9.2; with
    values of one variance it is σ² λ/(2−λ) [1−(1−λ)^(2i)].
    """
    each = np.asarray(variances, dtype=float)
    found, total = np.empty(len(each)), 0.0
    for place, variance in enumerate(each):
        total = total if np.isnan(variance) else weight**2 * variance + (1 - weight) ** 2 * total
        found[place] = total
    return np.sqrt(found)


def daily_variance(values: ArrayLike, counts: ArrayLike, centre: float) -> float:
    """Variance of a single case, from the means of days of ``counts`` cases around ``centre``; NaN for fewer than two days.

    It holds what differs from day to day as well as within one.
    """
    means, n = np.asarray(values, dtype=float), np.asarray(counts, dtype=float)
    known = ~np.isnan(means) & (n > 0)
    return float((n[known] * (means[known] - centre) ** 2).sum() / (known.sum() - 1)) if known.sum() > 1 else np.nan


def drift_onset(values: ArrayLike, counts: ArrayLike, centre: float) -> Onset | None:
    """When a drift away from a known ``centre`` began, by maximum likelihood, from the values up to the chart's signal; None where none is upwards.

    ``values`` are daily means of ``counts`` cases of one variance. Of all steps and all straight ramps that begin somewhere and last to the end,
    the one that explains most of the squares. Sources: Samuel, Pignatiello and Calvin (1998) for the step, Perry and Pignatiello (2006) for the ramp.
    """
    means, n = np.asarray(values, dtype=float), np.asarray(counts, dtype=float)
    known = np.flatnonzero(~np.isnan(means) & (n > 0))
    best, most = None, 0.0
    for place in known:
        after = known[known >= place]
        for kind, shape in (("step", np.ones(len(after))), ("ramp", after - place + 1.0)):
            weighed = n[after] * shape
            product, squares = (weighed * (means[after] - centre)).sum(), (weighed * shape).sum()
            explained = product**2 / squares
            if product > 0 and explained > most * (1 + 1e-12):
                best, most = Onset(int(place), kind, float(product / squares)), explained
    return best


def share_difference(successes: ArrayLike, n: ArrayLike, earlier: ArrayLike, n_earlier: ArrayLike, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Two-sided interval of the difference of two shares, this one minus the earlier; arrays broadcast, NaN where an n is 0.

    Source: Newcombe (1998), Interval estimation for the difference between independent proportions, method 10 (Wilson's limits, squared and added).
    """
    z = ndtri((1 + confidence) / 2)
    p1, low1, high1 = _wilson(successes, n, z)
    p2, low2, high2 = _wilson(earlier, n_earlier, z)
    difference = p1 - p2
    lower = difference - np.sqrt((p1 - low1) ** 2 + (high2 - p2) ** 2)
    upper = difference + np.sqrt((high1 - p1) ** 2 + (p2 - low2) ** 2)
    return lower, upper


def share_difference_p(successes: ArrayLike, n: ArrayLike, earlier: ArrayLike, n_earlier: ArrayLike) -> np.ndarray:
    """Two-sided probability of a difference of two shares at least so large where there is none (pooled score test); NaN where an n is 0.

    Source: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), §3.1, without continuity correction.
    """
    x1, n1, x2, n2 = (np.asarray(part, dtype=float) for part in (successes, n, earlier, n_earlier))
    with np.errstate(invalid="ignore", divide="ignore"):
        pooled = (x1 + x2) / (n1 + n2)
        spread = np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))
        z = np.where(spread > 0, (x1 / n1 - x2 / n2) / spread, 0.0)
    return np.where((n1 > 0) & (n2 > 0), 2 * ndtr(-np.abs(z)), np.nan)


def mean_bounds(values: ArrayLike, confidence: float) -> tuple[float, float]:
    """Student's two-sided interval of a mean; NaN for fewer than two values. It is as wide as few values ask: a resample of two or three is not.

    Source: Student (1908), The Probable Error of a Mean; NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.2.
    """
    seen = np.asarray(values, dtype=float)
    n = len(seen)
    if n < 2:
        return np.nan, np.nan
    reach = stdtrit(n - 1, (1 + confidence) / 2) * seen.std(ddof=1) / np.sqrt(n)
    return float(seen.mean() - reach), float(seen.mean() + reach)


def _wilson(successes: ArrayLike, n: ArrayLike, z: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    good, cases = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    cases = np.where(cases > 0, cases, np.nan)
    share = good / cases
    middle, reach = share + z**2 / (2 * cases), z * np.sqrt(share * (1 - share) / cases + z**2 / (4 * cases**2))
    scale = 1 + z**2 / cases
    return share, (middle - reach) / scale, (middle + reach) / scale
