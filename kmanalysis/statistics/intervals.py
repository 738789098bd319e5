"""One-sided bounds for shares and quantiles; a pair of them at 0.95 is a two-sided 90 % interval."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from kmanalysis.statistics.hypergeometric import tails

# A probability that equals its limit on paper must not miss it by a rounding error.
ROUNDING = 1e-9


def proportion_bounds(successes: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of a share (0–1), each at ``confidence``; arrays broadcast, NaN where n is 0 or missing.

    Raises ValueError for more successes than cases. Source: Clopper and Pearson (1934), by quantiles of the beta distribution.
    """
    good, drawn = _counts(successes, n)
    known = drawn > 0
    lower = np.where(good == 0, 0.0, special.betaincinv(good, drawn - good + 1, 1 - confidence))
    upper = np.where(good == drawn, 1.0, special.betaincinv(good + 1, drawn - good, confidence))
    return np.where(known, lower, np.nan), np.where(known, upper, np.nan)


def finite_lot_bounds(successes: ArrayLike, drawn: ArrayLike, lot: ArrayLike, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of the share (0–1) of good items in a lot of which ``drawn`` were checked; exact once all were.

    Arrays broadcast; NaN where nothing was drawn or a number is missing. Raises ValueError for more successes than drawn or more drawn than the lot holds.
    Source: hypergeometric inversion (Cochran, Sampling Techniques, 1977, chapter 3): a number of good items stands as long as
    the sample is not too unlikely under it.
    """
    good, checked = _counts(successes, drawn)
    _, size = _counts(drawn, lot)
    good, checked, size = np.broadcast_arrays(good, checked, size)
    known = (checked > 0) & ~np.isnan(good + size)
    good, checked, size = (np.where(known, part, 1).astype(np.int64) for part in (good, checked, size))
    fewest_good = _fewest(good, checked, size, 1 - confidence)
    fewest_bad = _fewest(checked - good, checked, size, 1 - confidence)
    return np.where(known, fewest_good / size, np.nan), np.where(known, (size - fewest_bad) / size, np.nan)


def cluster_share_bounds(successes: ArrayLike, totals: ArrayLike, confidence: float = 0.95) -> tuple[float, float]:
    """Lower and upper bound of sum(successes) / sum(totals), one entry a cluster whose cases depend on each other (a SKU, say).

    Clusters without cases are left out; NaN for fewer than two. Clusters of one and the same share show no spread: both bounds are that
    share. Raises ValueError for more successes than cases.
    Source: Cochran, Sampling Techniques (1977), chapters 3 and 6: linearised variance of a ratio, with replacement; Student t with clusters − 1
    degrees of freedom; clipped to 0–1.
    """
    good, cases = _counts(successes, totals)
    bounds = cluster_share_bounds_by(np.zeros(good.shape, dtype=int), good, cases, confidence)
    return (float(bounds["lower"].iloc[0]), float(bounds["upper"].iloc[0])) if len(bounds) else (np.nan, np.nan)


def cluster_share_bounds_by(groups: ArrayLike | pd.Series, successes: ArrayLike, totals: ArrayLike, confidence: float = 0.95) -> pd.DataFrame:
    """`cluster_share_bounds` of every group (a supplier, say): a frame ``lower``, ``upper`` indexed by group, in order."""
    good, cases = _counts(successes, totals)
    codes, names = pd.factorize(np.asarray(groups), sort=True)
    if np.isnan(good).any() or np.isnan(cases).any() or (codes < 0).any():
        raise ValueError("a cluster's group, successes and total must not be missing")

    def sums(part: np.ndarray) -> np.ndarray:
        return np.bincount(codes, weights=part, minlength=len(names))

    clusters, total = sums(cases > 0), sums(cases)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = sums(good) / total
        variance = clusters / (clusters - 1) * sums((good - share[codes] * cases) ** 2) / total**2
        reach = special.stdtrit(clusters - 1, confidence) * np.sqrt(variance)
    index = pd.Index(names, name=groups.name if isinstance(groups, pd.Series) else "group")
    return pd.DataFrame({"lower": np.clip(share - reach, 0, 1), "upper": np.clip(share + reach, 0, 1)}, index=index)


def quantile_bounds(values: ArrayLike, counts: ArrayLike, q: float, confidence: float = 0.95) -> tuple[float, float]:
    """Lower and upper bound of the ``q`` quantile, each at ``confidence``, from values (inf allowed) and how often each was seen.

    −inf or inf where there are too few cases for a bound; NaN without cases. An upper bound needs ``q ** n <= 1 - confidence``: for P95 59
    cases at the default 0.95 a side, and 72 at 0.975 a side, which is the two-sided 95 % interval.
    Source: order statistics; Conover, Practical Nonparametric Statistics (1999), §3.2. Holds for ties too.
    """
    ordered, cumulated = _cumulative(values, counts)
    if not len(ordered):
        return np.nan, np.nan
    n = int(cumulated[-1])
    miss = (1 - confidence) * (1 + ROUNDING)
    first = int(binomial_quantile(miss, n, q))
    last = int(binomial_quantile(1 - miss, n, q)) + 1
    lower = float(ordered[np.searchsorted(cumulated, first)]) if first >= 1 else -np.inf
    upper = float(ordered[np.searchsorted(cumulated, last)]) if last <= n else np.inf
    return lower, upper


def binomial_quantile(probability: ArrayLike, n: ArrayLike, share: ArrayLike) -> np.ndarray:
    """The smallest number of successes in ``n`` draws that is not exceeded with at least the probability; arrays broadcast."""
    number: np.ndarray = np.ceil(special.bdtrik(probability, n, share))
    fewer = np.maximum(number - 1, 0)
    is_enough: np.ndarray = special.bdtr(fewer, n, share) >= probability
    return np.where(is_enough, fewer, number)


def counted_quantile(values: ArrayLike, counts: ArrayLike, q: float) -> float:
    """The smallest value that at least the share ``q`` of the cases does not exceed; NaN without cases."""
    ordered, cumulated = _cumulative(values, counts)
    if not len(ordered):
        return np.nan
    rank = max(int(np.ceil(q * cumulated[-1] * (1 - 1e-12))), 1)
    return float(ordered[np.searchsorted(cumulated, rank)])


def counted_quantiles_by(groups: pd.Series, values: ArrayLike, counts: ArrayLike, q: float) -> pd.DataFrame:
    """`counted_quantile` of every group (a supplier, say): a frame ``value`` and ``n`` (its cases), indexed by group, in order.

    Groups without cases are left out.
    """
    cases = pd.DataFrame({"group": groups.array, "value": np.asarray(values, dtype=float), "n": np.asarray(counts, dtype=np.int64)})
    if cases["value"].isna().any() or (cases["n"] < 0).any():
        raise ValueError("values must not be missing and counts must not be negative")
    cases = cases[cases["n"] > 0].sort_values(["group", "value"], kind="stable")
    by_group = cases.groupby("group")["n"]
    rank = np.maximum(np.ceil(q * by_group.transform("sum") * (1 - 1e-12)), 1)
    found = cases[by_group.cumsum() >= rank].drop_duplicates("group").set_index("group")["value"]
    return pd.DataFrame({"value": found, "n": by_group.sum()}).rename_axis(str(groups.name))


def _counts(part: ArrayLike, whole: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    some, every = np.broadcast_arrays(np.asarray(part, dtype=float), np.asarray(whole, dtype=float))
    if ((some < 0) | (some > every)).any():
        raise ValueError("a part must lie between 0 and the whole that it is counted from")
    return some, every


def _fewest(seen: np.ndarray, drawn: np.ndarray, lot: np.ndarray, miss: float) -> np.ndarray:
    """The smallest number of such items in the lot under which seeing that many or more has a probability above ``miss``."""
    low, high = seen.copy(), lot - (drawn - seen)
    while (low < high).any():
        middle = (low + high) // 2
        _, so_many = tails(seen - 1, lot, middle, drawn)
        stands = so_many > miss * (1 + ROUNDING)
        low, high = np.where(stands, low, np.minimum(middle + 1, high)), np.where(stands, middle, high)
    return low


def _cumulative(values: ArrayLike, counts: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    numbers, cases = np.asarray(values, dtype=float), np.asarray(counts, dtype=np.int64)
    if np.isnan(numbers).any() or (cases < 0).any():
        raise ValueError("values must not be missing and counts must not be negative")
    kept = cases > 0
    order = np.argsort(numbers[kept], kind="stable")
    return numbers[kept][order], np.cumsum(cases[kept][order])
