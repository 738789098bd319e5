"""Attribute sampling plans: how many items to check, how many failures to allow, and what such a plan tells apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from kmanalysis.statistics.hypergeometric import tails
from kmanalysis.statistics.intervals import ROUNDING

MOST_CODES = 10_000_000
"""Items beyond which no plan is looked for."""


@dataclass(frozen=True)
class SamplingPlan:
    """Check ``n`` items; accept where at most ``c`` of them fail."""

    n: int
    c: int


def items_to_check(claim: float, confidence: float, failures: int = 0, lot: int | None = None) -> int | None:
    """The fewest items to check so that at most ``failures`` bad ones among them show "at least the share ``claim`` is good".

    ``claim`` and ``confidence`` lie between 0 and 1. Without ``lot`` the claim is about the process that makes the items (binomial); with it about the
    items of that lot alone (hypergeometric), and None where so many failures already refute it. None too where more than `MOST_CODES` would be needed.
    Raises ValueError for numbers out of range. Source: the sample must be no likelier than 1 − confidence under any share of good items
    below the claim (Clopper and Pearson 1934; with no failure, the success-run theorem n = ln(1 − confidence) / ln(claim)).
    """
    _check_share(claim=claim, confidence=confidence)
    if failures < 0 or (lot is not None and lot < 1):
        raise ValueError("failures must be 0 or more and a lot must hold an item")
    if lot is None:
        bad_share, most = 1 - claim, MOST_CODES
    else:
        allowed = bad_allowance(claim, lot)
        if failures > allowed:
            return None
        # The best of the lots that are not good enough: what is unlikely there is less likely in all others.
        bad_share, most = (allowed + 1) / lot, lot
    limit = (1 - confidence) * (1 + ROUNDING)
    return _fewest(lambda n: acceptance(n, failures, bad_share, lot) <= limit, failures + 1, most)


def bad_allowance(claim: float, lot: int) -> int:
    """Bad items that a lot of which the share ``claim`` is good may hold."""
    return floor(lot * (1 - claim) + ROUNDING)


def acceptance(n: ArrayLike, c: ArrayLike, bad_share: ArrayLike, lot: int | None = None) -> np.ndarray:
    """Probability that a plan accepts: at most ``c`` bad ones among ``n``, where the share ``bad_share`` is bad. Arrays broadcast.

    In a lot its bad items are the share of it, rounded to a whole number. As a function of the share this is the operating characteristic curve.
    """
    n, c, bad_share = np.broadcast_arrays(np.asarray(n, dtype=np.int64), np.asarray(c, dtype=np.int64), np.asarray(bad_share, dtype=float))
    if lot is not None:
        return tails(c, lot, np.rint(bad_share * lot), n)[0]
    return np.where(c >= n, 1.0, special.bdtr(np.minimum(c, n), n, bad_share))


def plan_by_risks(aql: float, ltpd: float, producer_risk: float, consumer_risk: float, lot: int | None = None) -> SamplingPlan | None:
    """The smallest plan that accepts a share ``aql`` of bad items with at least 1 − producer_risk, and ``ltpd`` with at most consumer_risk.

    None where no plan of at most ``lot`` (or `MOST_CODES`) items does both. Raises ValueError for numbers out of range or aql not under ltpd.
    Source: Guenther (1969), Use of the binomial, hypergeometric and Poisson tables to obtain sampling plans: the first c whose
    smallest n for the consumer is not above its largest n for the producer.
    """
    _check_share(aql=aql, ltpd=ltpd, producer_risk=producer_risk, consumer_risk=consumer_risk)
    if not aql < ltpd:
        raise ValueError("the share of bad items to accept must be lower than the one to reject")
    most = lot or MOST_CODES
    for c in range(most):
        n = _fewest(lambda n, c=c: acceptance(n, c, ltpd, lot) <= consumer_risk * (1 + ROUNDING), c + 1, most)
        if n is None:
            return None
        if acceptance(n, c, aql, lot) >= (1 - producer_risk) * (1 - ROUNDING):
            return SamplingPlan(n, c)
    return None


def _fewest(is_enough: Callable[..., ArrayLike], least: int, most: int) -> int | None:
    """The smallest n from ``least`` to ``most`` that is enough, where every larger one is too; None where none is."""
    high = max(least, 1)
    while high < most and not is_enough(high):
        high *= 2
    low, high = least, min(high, most)
    if low > high or not is_enough(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle + 1, high)
    return low


def _check_share(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 < share < 1:
            raise ValueError(f"{name} must lie between 0 and 1, found {share}")
