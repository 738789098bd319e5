"""How much more often two things come together than chance would have it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import special


class Lift(NamedTuple):
    """Support (share of baskets with both) and lift with its bounds, as arrays; NaN where they are not known."""

    support: np.ndarray
    lift: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def lift(together: ArrayLike, first: ArrayLike, second: ArrayLike, baskets: ArrayLike, confidence: float = 0.95) -> Lift:
    """Share of baskets that hold both over the product of the shares that hold each: 1 where they are independent.

    ``together``, ``first`` and ``second`` count the baskets that hold both, the first and the second, of ``baskets`` in all; arrays broadcast. Lower and
    upper bound each at ``confidence``; NaN where both were never together. Baskets are taken as independent of each other. Raises ValueError where the
    counts contradict each other.
    Source: lift (interest) of Brin, Motwani, Ullman and Tsur, SIGMOD 1997; its logarithm is taken as normal, with the variance by the delta method over
    the four cells of the table (Agresti, Categorical Data Analysis, 2002, section 14.1):
    1/n₁₁ − 1/n₁ − 1/n₂ + (2·lift − 1)/n.
    """
    both, one, other, n = np.broadcast_arrays(*(np.asarray(part, dtype="float64") for part in (together, first, second, baskets)))
    # Neither count may exceed the baskets that it is part of, nor may the two alone hold more than there are.
    if (both > np.minimum(one, other)).any() or (one + other - both > n).any() or (both < 0).any():
        raise ValueError("The counts contradict each other: both ≤ first, second and first + second − both ≤ baskets.")
    known = (n > 0) & (one > 0) & (other > 0)
    defined = known & (both > 0)
    size, left, right, joint = (np.where(defined, part, 1.0) for part in (n, one, other, both))
    found = joint * size / (left * right)
    # Never under 0 but by rounding: it is the variance of a sum.
    error = np.sqrt(np.maximum(1 / joint - 1 / left - 1 / right + (2 * found - 1) / size, 0.0))
    spread = np.exp(special.ndtri(confidence) * error)
    support = np.divide(both, n, out=np.full(n.shape, np.nan), where=n > 0)
    value = np.where(defined, found, np.where(known, 0.0, np.nan))
    return Lift(support, value, np.where(defined, found / spread, np.nan), np.where(defined, found * spread, np.nan))


def chance(together: ArrayLike, first: ArrayLike, second: ArrayLike, baskets: ArrayLike) -> np.ndarray:
    """At most how probable so many baskets with both are where the two are independent (one-sided); counts as `lift`, NaN where one is 0.

    Source: the Poisson tail about the expected first · second / baskets. From one above the expected on it is no smaller than the hypergeometric
    one of Fisher's exact test, which is a sum of independent trials (Hoeffding, Annals of Mathematical Statistics 27, 1956; Anderson and Samuels,
    Fifth Berkeley Symposium, 1967), and close to it where each of the two is rare.
    """
    both, one, other, n = np.broadcast_arrays(*(np.asarray(part, dtype="float64") for part in (together, first, second, baskets)))
    known = (n > 0) & (one > 0) & (other > 0)
    expected = np.divide(one * other, n, out=np.full(n.shape, np.nan), where=known)
    return np.where(known, np.where(both > 0, special.gammainc(np.maximum(both, 1.0), expected), 1.0), np.nan)
