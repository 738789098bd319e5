"""Wald's sequential probability ratio test on good and bad items: accept, reject or go on after each, at the latest at a last item."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from kmanalysis.statistics.intervals import ROUNDING

ACCEPT, REJECT, GO_ON = "accept", "reject", "go_on"


@dataclass(frozen=True)
class SequentialPlan:
    """Tells a bad share ``p0`` (accepted but for the risk ``alpha``) from ``p1`` above it (accepted with the risk ``beta`` at most, about).

    ``last``: the item at which the test ends whatever it shows; None where it has no end. There the likelier of the two shares decides, an even one accepts.
    Raises ValueError for numbers out of range. Source: Wald, Sequential Analysis (1947), chapters 3 and 5: the lines are s·n − h1 and s·n + h2 bad items.
    """

    p0: float
    p1: float
    alpha: float = 0.05
    beta: float = 0.05
    last: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.p0 < self.p1 < 1:
            raise ValueError(f"the bad shares must lie between 0 and 1, the lower one first, found {self.p0} and {self.p1}")
        if not (0 < self.alpha < 1 and 0 < self.beta < 1 and self.alpha + self.beta < 1):
            raise ValueError(f"the risks must be above 0 and less than 1 together, found {self.alpha} and {self.beta}")
        if self.last is not None and self.last < 1:
            raise ValueError(f"the last item must be 1 or more, found {self.last}")

    @property
    def _spread(self) -> float:
        return log(self.p1 * (1 - self.p0) / (self.p0 * (1 - self.p1)))

    @property
    def slope(self) -> float:
        """Bad items an item that both lines rise by (s)."""
        return log((1 - self.p0) / (1 - self.p1)) / self._spread

    @property
    def accept_intercept(self) -> float:
        """Bad items that the line of acceptance lies under the slope (h1)."""
        return log((1 - self.alpha) / self.beta) / self._spread

    @property
    def reject_intercept(self) -> float:
        """Bad items that the line of rejection lies above the slope (h2)."""
        return log((1 - self.beta) / self.alpha) / self._spread

    def accept_number(self, n: ArrayLike) -> np.ndarray:
        """The most bad items among ``n`` that accept; below 0 where nothing can be accepted yet."""
        numbers = np.asarray(n)
        plain = np.floor(self.slope * numbers - self.accept_intercept + ROUNDING).astype(np.int64)
        return plain if self.last is None else np.where(numbers >= self.last, floor(self.slope * self.last + ROUNDING), plain)

    def reject_number(self, n: ArrayLike) -> np.ndarray:
        """The fewest bad items among ``n`` that reject."""
        numbers = np.asarray(n)
        plain = np.ceil(self.slope * numbers + self.reject_intercept - ROUNDING).astype(np.int64)
        return plain if self.last is None else np.where(numbers >= self.last, floor(self.slope * self.last + ROUNDING) + 1, plain)

    @property
    def clean_items(self) -> int:
        """Items without a bad one that accept."""
        free = ceil(self.accept_intercept / self.slope - ROUNDING)
        return free if self.last is None else min(free, self.last)


def decisions(plan: SequentialPlan, is_bad: ArrayLike) -> pd.DataFrame:
    """What the test says after each item, in their order: ``n``, ``bad`` (so far), ``accept_number``, ``reject_number``, ``decision``.

    The decision is ``accept``, ``reject`` or ``go_on``; the first that ends the test stands for all items after it.
    """
    bad = np.cumsum(np.asarray(is_bad, dtype=np.int64))
    n = np.arange(1, len(bad) + 1)
    accept, reject = plan.accept_number(n), plan.reject_number(n)
    verdict = np.select([bad <= accept, bad >= reject], [ACCEPT, REJECT], GO_ON).astype(object)
    ended = np.flatnonzero(verdict != GO_ON)
    if len(ended):
        verdict[ended[0] :] = verdict[ended[0]]
    return pd.DataFrame({"n": n, "bad": bad, "accept_number": accept, "reject_number": reject, "decision": pd.Series(verdict, dtype="str")})


def five_points(plan: SequentialPlan) -> pd.DataFrame:
    """Wald's approximations at 0, p0, the slope, p1 and 1: ``bad_share``, ``acceptance`` and ``expected_items`` of the test without an end.

    Source: Wald (1947), §3.4 and §3.5, and NIST/SEMATECH e-Handbook of Statistical Methods, §6.2.6: the lines are taken as reached exactly.
    """
    s, h1, h2 = plan.slope, plan.accept_intercept, plan.reject_intercept
    shares = np.array([0.0, plan.p0, s, plan.p1, 1.0])
    accepted = np.array([1.0, 1 - plan.alpha, h2 / (h1 + h2), plan.beta, 0.0])
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = (accepted * h1 - (1 - accepted) * h2) / (s - shares)
    expected[2] = h1 * h2 / (s * (1 - s))
    return pd.DataFrame({"bad_share": shares, "acceptance": accepted, "expected_items": expected})


def performance(plan: SequentialPlan, bad_shares: ArrayLike) -> pd.DataFrame:
    """The exact ``acceptance``, ``rejection`` and ``expected_items`` of a test with a last item, a row a ``bad_share``.

    Raises ValueError for a plan without a last item. Source: the numbers of bad items with which the test is still going on, followed item by item.
    """
    if plan.last is None:
        raise ValueError("only a test with a last item can be followed to its end")
    shares = np.atleast_1d(np.asarray(bad_shares, dtype=float))
    n = np.arange(1, plan.last + 1)
    accept, reject = plan.accept_number(n), plan.reject_number(n)
    width = int(reject.max()) + 1
    number = np.arange(width)
    going = np.zeros((len(shares), width))
    going[:, 0] = 1.0
    accepted, rejected, expected = np.zeros(len(shares)), np.zeros(len(shares)), np.zeros(len(shares))
    good, bad = (1 - shares)[:, None], shares[:, None]
    for lowest, highest in zip(accept, reject, strict=True):
        expected += going.sum(axis=1)
        moved = going * good
        moved[:, 1:] += going[:, :-1] * bad
        is_accepted, is_rejected = number <= lowest, number >= highest
        accepted += moved[:, is_accepted].sum(axis=1)
        rejected += moved[:, is_rejected].sum(axis=1)
        going = np.where(is_accepted | is_rejected, 0.0, moved)
    return pd.DataFrame({"bad_share": shares, "acceptance": accepted, "rejection": rejected, "expected_items": expected})


def ending_plan(p0: float, p1: float, alpha: float, beta: float, times: float) -> SequentialPlan:
    """The plan whose last item is ``times`` as many as the clean ones that accept."""
    free = SequentialPlan(p0, p1, alpha, beta)
    return SequentialPlan(p0, p1, alpha, beta, last=max(ceil(times * free.clean_items), free.clean_items))
