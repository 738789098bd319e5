"""Trends that one odd month does not move: Theil–Sen slopes and the Mann–Kendall test, exact for short series."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

EXACT = 40
"""Longest series whose distribution is counted out; longer ones lean on the normal distribution."""


class Slope(NamedTuple):
    """A slope (values per unit of time) with its interval; NaN where the series is too short for one."""

    slope: float
    lower: float
    upper: float


class MannKendall(NamedTuple):
    """Mann–Kendall's S (rising pairs − falling pairs) and its two-sided p."""

    s: int
    p: float


def theil_sen(times: ArrayLike, values: ArrayLike, confidence: float = 0.9) -> Slope:
    """Median slope of all pairs of points at different times, with a two-sided interval that holds at least ``confidence``.

    Times need not be evenly spaced. NaN where there is no pair; bounds are NaN where so few points cannot give so sure an interval. Raises ValueError
    where a number is missing.
    Source: Theil (1950); Sen, Journal of the American Statistical Association 63 (1968), 1379–1389: the bounds are those slopes that Kendall's test
    of the residuals does not refuse; its exact distribution up to `EXACT` points.
    """
    when, what = _series(times, values)
    earlier, later = np.triu_indices(len(when), 1)
    apart = when[later] - when[earlier]
    slopes = np.sort(((what[later] - what[earlier])[apart != 0]) / apart[apart != 0])
    if not len(slopes):
        return Slope(math.nan, math.nan, math.nan)
    refused = _refused_from(len(when), 1 - confidence)
    place = (len(slopes) - refused) // 2  # of the lower bound, from 0: the first slope that is not refused
    if place < 0:
        return Slope(float(np.median(slopes)), math.nan, math.nan)
    return Slope(float(np.median(slopes)), float(slopes[place]), float(slopes[-1 - place]))


def mann_kendall(values: ArrayLike, *, longest_exact: int = EXACT) -> MannKendall:
    """Test for a trend of values that stand in the order of their (different) times; ties among values count as neither rising nor falling.

    p is exact, given the ties, up to ``longest_exact`` values; beyond that normal with the variance for ties and a continuity correction. Fewer than two
    values give p = 1. Raises ValueError where a number is missing.
    Source: Mann, Econometrica 13 (1945); Kendall, Rank Correlation Methods (1975), chapters 1 and 4; Gilbert, Statistical Methods for Environmental
    Pollution Monitoring (1987), chapter 16. Exact with ties: inversions of a sequence with repeats are counted by Gaussian multinomials (MacMahon).
    """
    _, what = _series(np.arange(np.size(values)), values)
    earlier, later = np.triu_indices(len(what), 1)
    s = int(np.sign(what[later] - what[earlier]).sum())
    ties = tuple(sorted(int(count) for count in np.unique(what, return_counts=True)[1] if count > 1))
    n = len(what)
    if n <= longest_exact:
        return MannKendall(s, _exact_p(n, ties, abs(s)))
    variance = (n * (n - 1) * (2 * n + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    z = max(abs(s) - 1, 0) / math.sqrt(variance) if variance else 0.0
    return MannKendall(s, float(min(1.0, 2 * special.ndtr(-z))))


def adjusted_p(p: ArrayLike) -> np.ndarray:
    """The p of each of many tests, raised so that of those at or under a level no more than that share is false; in the order given.

    Raises ValueError where a number is missing. Source: Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995), 289–300.
    """
    found = np.asarray(p, dtype="float64")
    if np.isnan(found).any():
        raise ValueError("A test without a p cannot be adjusted: leave it out.")
    order = np.argsort(found, kind="stable")[::-1]
    raised = found[order] * len(found) / np.arange(len(found), 0, -1)
    adjusted = np.empty_like(found)
    adjusted[order] = np.minimum(np.minimum.accumulate(raised), 1.0)
    return adjusted


def _series(times: ArrayLike, values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    when, what = np.asarray(times, dtype="float64"), np.asarray(values, dtype="float64")
    if when.shape != what.shape or when.ndim != 1:
        raise ValueError(f"Times and values are two series of one length, not {when.shape} and {what.shape}.")
    if np.isnan(when).any() or np.isnan(what).any():
        raise ValueError("A series with a missing number has no trend: leave the point out.")
    return when, what


@cache
def _refused_from(n: int, alpha: float) -> int:
    """The smallest |S| of ``n`` points that a two-sided test at ``alpha`` refuses; more than there are pairs where it can refuse none."""
    pairs = n * (n - 1) // 2
    if n > EXACT:
        # The next |S| of the same parity as the number of pairs, as every S has.
        beyond: int = math.floor(-special.ndtri(alpha / 2) * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)) + 1
        return beyond + (pairs - beyond) % 2
    return next((s for s in range(pairs % 2, pairs + 1, 2) if _exact_p(n, (), s) <= alpha), pairs + 2)


@cache
def _exact_p(n: int, ties: tuple[int, ...], s: int) -> float:
    """Probability of |S| ≥ ``s`` when all orders of the values are equally likely."""
    if s <= 0:
        return 1.0
    counts = _inversions(n, ties)
    most = len(counts) - 1  # pairs that are not tied: S = most − 2 · inversions
    return min(1.0, 2 * sum(counts[: (most - s) // 2 + 1]) / sum(counts))


@cache
def _inversions(n: int, ties: tuple[int, ...]) -> Sequence[int]:
    """How many orders of ``n`` values, with groups of equal ones of the sizes ``ties``, have 0, 1, 2 … inversions.

    The coefficients of [n]!/Π[t]! in q, as Π(1 − q^k) over the values divided by the same over each group.
    """
    length = n * (n - 1) // 2 - sum(t * (t - 1) // 2 for t in ties) + 1
    counts = [1] + [0] * (length - 1)
    for size in range(1, n + 1):
        counts = [count - (counts[place - size] if place >= size else 0) for place, count in enumerate(counts)]
    for size in [size for group in (*ties, *[1] * (n - sum(ties))) for size in range(1, group + 1)]:
        for place in range(size, length):
            counts[place] += counts[place - size]
    return tuple(counts)
