"""Waiting times of which some have not ended yet: curves, shares within a limit and quantiles, from counts per second.

Throughout, ``seconds``, ``ended`` and ``cases`` are arrays of one length: ``cases`` waits of ``seconds`` each that ended, or (``ended`` false) were
still open when watching stopped. ``seconds`` of inf never end, whatever ``ended`` says: they stay at risk for ever and are not censored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

from kmanalysis.statistics.intervals import ROUNDING, binomial_quantile, counted_quantile, proportion_bounds, quantile_bounds


@dataclass(frozen=True)
class SurvivalCurve:
    """Share still waiting after each time: a step function that starts at 1 and drops at ``times`` (seconds), with a pointwise band."""

    times: np.ndarray
    survival: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True)
class WaitingShare:
    """Share of waits that ended within a limit, its bounds, the number of cases and how many were censored before the limit."""

    share: float
    lower: float
    upper: float
    n: int
    censored_before: int


class WaitingQuantile(NamedTuple):
    """A quantile of waiting times and its bounds, in seconds."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class _Cases:
    """Cases by distinct finite time, and those that never end."""

    times: np.ndarray
    ended: np.ndarray
    censored: np.ndarray
    never: int

    @classmethod
    def of(cls, seconds: ArrayLike, ended: ArrayLike, cases: ArrayLike) -> _Cases:
        time, done, count = np.asarray(seconds, dtype=float), np.asarray(ended, dtype=bool), np.asarray(cases, dtype=np.int64)
        if np.isnan(time).any() or (count < 0).any():
            raise ValueError("seconds must not be missing and cases must not be negative")
        finite = np.isfinite(time) & (count > 0)
        times, place = np.unique(time[finite], return_inverse=True)

        def summed(kept: np.ndarray) -> np.ndarray:
            return np.bincount(place, weights=np.where(kept, count, 0)[finite], minlength=len(times)).astype(np.int64)

        return cls(times, summed(done), summed(~done), int(count[np.isposinf(time)].sum()))

    @property
    def n(self) -> int:
        return int(self.ended.sum() + self.censored.sum()) + self.never

    @property
    def at_risk(self) -> np.ndarray:
        left = self.ended + self.censored
        at_risk: np.ndarray = self.n - np.cumsum(left) + left
        return at_risk


def survival_curve(seconds: ArrayLike, ended: ArrayLike, cases: ArrayLike, confidence: float = 0.95) -> SurvivalCurve:
    """Kaplan–Meier curve at every distinct finite time; lower and upper each at ``confidence``. Censored at t is at risk at t.

    Where the curve is still 1 or already 0 the band is the exact binomial one of the cases whose state at that time is known.
    Raises ValueError for missing seconds. Source: Kaplan and Meier (1958); Greenwood's variance on the log(−log) scale, Kalbfleisch and
    Prentice, The Statistical Analysis of Failure Time Data (2002), §1.4.
    """
    return _curve(_Cases.of(seconds, ended, cases), confidence)


def share_within(seconds: ArrayLike, ended: ArrayLike, cases: ArrayLike, limit: float, confidence: float = 0.95) -> WaitingShare:
    """Share of waits that ended within ``limit`` seconds, the limit included; NaN where no case's state at the limit is known.

    With nobody censored before the limit: the plain share with exact binomial bounds. Otherwise one minus the Kaplan–Meier curve with its band;
    where that is 0 or 1 and so has no band, exact binomial bounds on the cases whose state at the limit is known. Where watching ended for
    all before the limit, the curve stays where it is (Gill 1980): the share is the least that it can be, and the upper bound is 1.
    """
    counts = _Cases.of(seconds, ended, cases)
    place = int(np.searchsorted(counts.times, limit, side="right"))
    within = int(counts.ended[:place].sum())
    censored = int(counts.censored[counts.times < limit].sum())
    known = counts.n - censored
    curve = _curve(counts, confidence)
    survival = float(curve.survival[place - 1]) if place else 1.0
    if not known:
        return WaitingShare(np.nan, np.nan, np.nan, counts.n, censored)
    if not censored or survival in (0.0, 1.0):
        lower, upper = proportion_bounds(within, known, confidence)
        return WaitingShare(within / known, float(lower), float(upper), counts.n, censored)
    is_watched = known > within
    lower, upper = 1 - curve.upper[place - 1], 1 - curve.lower[place - 1]
    return WaitingShare(1 - survival, float(lower), float(upper) if is_watched else 1.0, counts.n, censored)


def waiting_quantile(seconds: ArrayLike, ended: ArrayLike, cases: ArrayLike, q: float, confidence: float = 0.95) -> WaitingQuantile:
    """The time by which the share ``q`` of waits has ended, and its bounds; inf where it is not reached, NaN without cases.

    Without censoring before the upper bound: order statistics. Otherwise the times at which the Kaplan–Meier curve and its band reach 1 − q;
    a lower bound that watching ended too early to see is the last time watched. No lower bound is 0, no upper bound inf.
    Source: `quantile_bounds`; Brookmeyer and Crowley (1982).
    """
    counts = _Cases.of(seconds, ended, cases)
    if not counts.n:
        return WaitingQuantile(np.nan, np.nan, np.nan)
    times, numbers = np.append(counts.times, np.inf), np.append(counts.ended, counts.n - counts.ended.sum())
    lower, upper = quantile_bounds(times, numbers, q, confidence)
    watched = counts.times[counts.censored > 0]
    if not len(watched) or upper <= watched[0]:
        return WaitingQuantile(counted_quantile(times, numbers, q), max(lower, 0.0), upper)
    curve = _curve(counts, confidence)
    start = 1 - float(proportion_bounds(0, counts.n, confidence)[1])
    last = np.inf if counts.never else float(counts.times[-1])
    return WaitingQuantile(
        value=_first_time(curve.times, curve.survival, 1 - q, np.inf),
        lower=_first_time(np.append(0.0, curve.times), np.append(start, curve.lower), 1 - q, last),
        upper=_first_time(curve.times, curve.upper, 1 - q, np.inf),
    )


def share_within_by(counts: pd.DataFrame | CasesBySupplier, limit: float, confidence: float = 0.95) -> pd.DataFrame:
    """`share_within` of every supplier, all at once.

    ``counts``: columns supplier_id, seconds, ended, cases. Gives supplier_id (in order), share, lower, upper, n, censored (before the limit).
    """
    cases = counts if isinstance(counts, CasesBySupplier) else CasesBySupplier.of(counts)
    is_early, size = cases.times <= limit, len(cases.n)
    within = np.bincount(cases.supplier[is_early], cases.ended[is_early], size)
    is_cut = cases.times < limit
    censored = np.bincount(cases.supplier[is_cut], cases.censored[is_cut], size)
    known = cases.n - censored
    survival, error = cases.survival(is_early)
    lower, upper = proportion_bounds(within, known, confidence)
    is_curved = (censored > 0) & (survival > 0) & (survival < 1)
    reach = special.ndtri(confidence) * error
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.where(known > 0, np.where(is_curved, 1 - survival, within / known), np.nan)
        lower = np.where(is_curved, 1 - survival ** np.exp(-reach), lower)
        upper = np.where(is_curved, np.where(known > within, 1 - survival ** np.exp(reach), 1.0), upper)
    columns = {"share": share, "lower": lower, "upper": upper, "n": cases.n, "censored": censored.astype(np.int64)}
    return _frame(cases.names, columns)


def waiting_quantiles_by(counts: pd.DataFrame | CasesBySupplier, q: float, confidence: float = 0.95) -> pd.DataFrame:
    """`waiting_quantile` of every supplier: those that order statistics answer all at once, the others by their curves.

    ``counts``: columns supplier_id, seconds, ended, cases. Gives supplier_id (in order), value, lower, upper (seconds).
    """
    cases = counts if isinstance(counts, CasesBySupplier) else CasesBySupplier.of(counts)
    size = len(cases.n)
    waiting = cases.n - np.bincount(cases.supplier, cases.ended, size).astype(np.int64)
    # Whoever waits on stands behind the last time of its supplier.
    ends = np.searchsorted(cases.supplier, np.arange(size), side="right")
    times, cumulated = np.insert(cases.times, ends, np.inf), np.cumsum(np.insert(cases.ended, ends, waiting))
    before = np.cumsum(cases.n) - cases.n
    miss = (1 - confidence) * (1 + ROUNDING)
    # A supplier without cases has no quantile; the 1 only keeps the distribution defined.
    drawn = np.maximum(cases.n, 1)
    ranks = (np.maximum(np.ceil(q * drawn * (1 - 1e-12)), 1), binomial_quantile(miss, drawn, q), binomial_quantile(1 - miss, drawn, q) + 1)

    def at(rank: np.ndarray) -> np.ndarray:
        place = np.searchsorted(cumulated, before + np.clip(rank, 1, drawn))
        quantiles: np.ndarray = times[np.minimum(place, max(len(times) - 1, 0))]
        return quantiles

    value, lower, upper = at(ranks[0]), np.where(ranks[1] >= 1, at(ranks[1]), 0.0), np.where(ranks[2] <= drawn, at(ranks[2]), np.inf)
    found = np.where(cases.n > 0, np.array([value, lower, upper]), np.nan)
    watched = np.full(size, np.inf)
    is_watched = cases.censored > 0
    np.minimum.at(watched, cases.supplier[is_watched], cases.times[is_watched])
    is_curved = upper > watched
    if is_curved.any():
        found[:, is_curved] = _curve_quantiles(cases.only(is_curved), q, confidence)
    return _frame(cases.names, dict(zip(("value", "lower", "upper"), found, strict=True)))


def _curve_quantiles(cases: CasesBySupplier, q: float, confidence: float) -> np.ndarray:
    """Value, lower and upper of each supplier's quantile by its Kaplan–Meier curve, as `waiting_quantile` has them."""
    curve = cases.curves(confidence)
    size = len(cases.n)

    def first(shares: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
        reached = np.flatnonzero(shares <= 1 - q + ROUNDING)
        suppliers, place = np.unique(cases.supplier[reached], return_index=True)
        times = otherwise.copy()
        times[suppliers] = cases.times[reached[place]]
        return times

    never = cases.n - np.bincount(cases.supplier, cases.ended + cases.censored, size).astype(np.int64)
    endless = np.full(size, np.inf)
    last = np.where(never > 0, np.inf, cases.times[np.searchsorted(cases.supplier, np.arange(size), side="right") - 1])
    is_early = 1 - proportion_bounds(0, cases.n, confidence)[1] <= 1 - q + ROUNDING
    return np.array([first(curve.survival, endless), np.where(is_early, 0.0, first(curve.lower, last)), first(curve.upper, endless)])


@dataclass(frozen=True)
class CasesBySupplier:
    """Cases by supplier and distinct finite time, in order; ``n`` and ``names`` a supplier, the rest a time.

    Made once where several figures of the same counts are wanted.
    """

    names: pd.Index
    n: np.ndarray
    supplier: np.ndarray
    times: np.ndarray
    ended: np.ndarray
    censored: np.ndarray

    @classmethod
    def of(cls, counts: pd.DataFrame) -> CasesBySupplier:
        """From columns supplier_id, seconds, ended, cases. Raises ValueError for missing seconds and negative cases."""
        time, done, count = (counts[column].to_numpy() for column in ("seconds", "ended", "cases"))
        time, done, count = time.astype(float), done.astype(bool), count.astype(np.int64)
        if np.isnan(time).any() or (count < 0).any():
            raise ValueError("seconds must not be missing and cases must not be negative")
        codes, names = pd.factorize(counts["supplier_id"], sort=True)
        finite = np.flatnonzero(np.isfinite(time) & (count > 0))
        supplier, time, done, number = codes[finite], time[finite], done[finite], count[finite]
        # The engine gives them in order.
        if not ((supplier[1:] > supplier[:-1]) | ((supplier[1:] == supplier[:-1]) & (time[1:] >= time[:-1]))).all():
            order = np.lexsort((time, supplier))
            supplier, time, done, number = supplier[order], time[order], done[order], number[order]
        is_first = np.ones(len(time), dtype=bool)
        is_first[1:] = (supplier[1:] != supplier[:-1]) | (time[1:] != time[:-1])
        place = np.cumsum(is_first) - 1

        def summed(kept: np.ndarray) -> np.ndarray:
            return np.bincount(place, np.where(kept, number, 0), int(is_first.sum())).astype(np.int64)

        n = np.bincount(codes, count, len(names)).astype(np.int64)
        return cls(pd.Index(names, dtype=counts["supplier_id"].dtype), n, supplier[is_first], time[is_first], summed(done), summed(~done))

    def survival(self, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Kaplan–Meier share still waiting after the kept times (the first ones of each supplier), and its error on the log(−log) scale."""
        left = self.ended + self.censored
        gone = np.cumsum(left) - left
        # The first row of a supplier tells how many had gone in all suppliers before it.
        start = gone[np.searchsorted(self.supplier, self.supplier)]
        at_risk = self.n[self.supplier] - (gone - start)
        survival = np.ones(len(self.n))
        supplier, at_risk, ended = self.supplier[kept], at_risk[kept], self.ended[kept]
        np.multiply.at(survival, supplier, (at_risk - ended) / at_risk)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = np.bincount(supplier, ended / (at_risk * (at_risk - ended)), len(self.n))
            return survival, np.sqrt(variance) / np.abs(np.log(survival))

    def only(self, chosen: np.ndarray) -> CasesBySupplier:
        """The cases of the chosen suppliers (a mask)."""
        rows, place = chosen[self.supplier], np.cumsum(chosen) - 1
        return CasesBySupplier(self.names[chosen], self.n[chosen], place[self.supplier[rows]], self.times[rows], self.ended[rows], self.censored[rows])

    def curves(self, confidence: float) -> SurvivalCurve:
        """The `survival_curve` of every supplier, one after the other."""
        left = self.ended + self.censored
        edges = np.searchsorted(self.supplier, np.arange(len(self.n) + 1))
        at_risk, survival, variance, ended = (np.empty(len(left), dtype) for dtype in (np.int64, float, float, np.int64))
        for code, rows in enumerate(map(slice, edges[:-1], edges[1:])):
            at_risk[rows] = self.n[code] - np.cumsum(left[rows]) + left[rows]
            survival[rows], variance[rows] = _product_limit(at_risk[rows], self.ended[rows])
            ended[rows] = np.cumsum(self.ended[rows])
        return _with_bands(self.times, survival, variance, ended, at_risk - self.ended, confidence)


def _curve(counts: _Cases, confidence: float) -> SurvivalCurve:
    at_risk, ended = counts.at_risk, counts.ended
    return _with_bands(counts.times, *_product_limit(at_risk, ended), np.cumsum(ended), at_risk - ended, confidence)


def _product_limit(at_risk: np.ndarray, ended: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share still waiting after each time, and the sum of Greenwood's variance."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.cumprod((at_risk - ended) / at_risk), np.cumsum(ended / (at_risk * (at_risk - ended)))


def _with_bands(times: np.ndarray, survival: np.ndarray, variance: np.ndarray, ended: np.ndarray, still: np.ndarray, confidence: float) -> SurvivalCurve:
    """The curve with its band; ``ended`` counts the cases up to each time, ``still`` those that are known to wait on after it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = special.ndtri(confidence) * np.sqrt(variance) / np.abs(np.log(survival))
        lower, upper = survival ** np.exp(reach), survival ** np.exp(-reach)
    is_flat = (survival <= 0) | (survival >= 1)
    fewest, most = proportion_bounds(ended[is_flat], (ended + still)[is_flat], confidence)
    lower[is_flat], upper[is_flat] = 1 - most, 1 - fewest
    return SurvivalCurve(times, survival, lower, upper)


def _first_time(times: np.ndarray, shares: np.ndarray, level: float, otherwise: float) -> float:
    reached = shares <= level + ROUNDING
    return float(times[np.argmax(reached)]) if reached.any() else otherwise


def _frame(names: pd.Index, columns: dict[str, np.ndarray]) -> pd.DataFrame:
    return pd.DataFrame({"supplier_id": names, **columns})
