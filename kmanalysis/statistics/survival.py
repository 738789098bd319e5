"""Waiting times of which some have not ended yet: curves, shares within a limit and quantiles, from counts per second.

Throughout, ``seconds``, ``ended`` and ``cases`` are arrays of one length: ``cases`` waits of ``seconds`` each that ended, or (``ended`` false) were
still open when watching stopped. ``seconds`` of inf never end, whatever ``ended`` says: they stay at risk for ever and are not censored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from kmanalysis.statistics.intervals import ROUNDING, counted_quantile, proportion_bounds, quantile_bounds


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
        return self.n - np.cumsum(left) + left


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


def share_within_by(counts: pd.DataFrame, limit: float, confidence: float = 0.95) -> pd.DataFrame:
    """`share_within` of every supplier.

    ``counts``: columns supplier_id, seconds, ended, cases. Gives supplier_id (in order), share, lower, upper, n, censored (before the limit).
    """
    shares = [(supplier, share_within(*columns, limit, confidence)) for supplier, columns in _by_supplier(counts)]
    rows = [(supplier, found.share, found.lower, found.upper, found.n, found.censored_before) for supplier, found in shares]
    return _frame(counts, rows, {"share": "float64", "lower": "float64", "upper": "float64", "n": "int64", "censored": "int64"})


def waiting_quantiles_by(counts: pd.DataFrame, q: float, confidence: float = 0.95) -> pd.DataFrame:
    """`waiting_quantile` of every supplier.

    ``counts``: columns supplier_id, seconds, ended, cases. Gives supplier_id (in order), value, lower, upper (seconds).
    """
    rows = [(supplier, *waiting_quantile(*columns, q, confidence)) for supplier, columns in _by_supplier(counts)]
    return _frame(counts, rows, {"value": "float64", "lower": "float64", "upper": "float64"})


def _curve(counts: _Cases, confidence: float) -> SurvivalCurve:
    at_risk, ended = counts.at_risk, counts.ended
    survival = np.cumprod((at_risk - ended) / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(np.cumsum(ended / (at_risk * (at_risk - ended)))) / np.abs(np.log(survival))
        reach = stats.norm.ppf(confidence) * error
        lower, upper = survival ** np.exp(reach), survival ** np.exp(-reach)
    is_flat = (survival <= 0) | (survival >= 1)
    ended_so_far = np.cumsum(ended)[is_flat]
    fewest, most = proportion_bounds(ended_so_far, ended_so_far + (at_risk - ended)[is_flat], confidence)
    lower[is_flat], upper[is_flat] = 1 - most, 1 - fewest
    return SurvivalCurve(counts.times, survival, lower, upper)


def _first_time(times: np.ndarray, shares: np.ndarray, level: float, otherwise: float) -> float:
    reached = shares <= level + ROUNDING
    return float(times[np.argmax(reached)]) if reached.any() else otherwise


def _by_supplier(counts: pd.DataFrame) -> Iterator[tuple[object, tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    for supplier, rows in counts.groupby("supplier_id", sort=True, observed=True):
        yield supplier, (rows["seconds"].to_numpy(), rows["ended"].to_numpy(), rows["cases"].to_numpy())


def _frame(counts: pd.DataFrame, rows: list[tuple], columns: dict[str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["supplier_id", *columns])
    return frame.astype({"supplier_id": counts["supplier_id"].dtype, **columns})
