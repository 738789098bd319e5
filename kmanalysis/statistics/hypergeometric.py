"""How many marked items a sample drawn from a finite lot without replacement holds: the two tails of the hypergeometric distribution."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def tails(seen: ArrayLike, lot: ArrayLike, marked: ArrayLike, drawn: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Probability of at most ``seen`` marked items and of more than that, where ``drawn`` of a ``lot`` are drawn that holds ``marked``.

    Whole numbers; arrays broadcast. Both are exact to some 12 digits, however small. Raises ValueError where more is marked or drawn than the lot holds.
    Source: sums of the probabilities by their ratios from the likeliest number outwards (Johnson, Kemp and Kotz, Univariate Discrete
    Distributions, 2005, §6.2), so that no logarithm of a large number is taken.
    """
    k, size, some, sample = np.broadcast_arrays(*(np.asarray(number, dtype=float)[..., np.newaxis] for number in (seen, lot, marked, drawn)))
    if ((some < 0) | (some > size) | (sample < 0) | (sample > size)).any():
        raise ValueError("what is marked and what is drawn must lie between 0 and the lot")
    mode = np.floor((sample + 1) * (some + 1) / (size + 2))
    others = size - some - sample
    # Further out there is nothing that a float could hold: exp(-2 steps² / n) by Hoeffding (1963).
    steps = np.arange(1, 2 + 20 * np.sqrt(np.minimum(some, sample).max(initial=0)))
    above, below = mode + steps, mode - steps
    rising = np.cumprod(np.maximum(some - above + 1, 0) * np.maximum(sample - above + 1, 0) / (above * (others + above)), axis=-1)
    falling = np.cumprod(np.maximum(below + 1, 0) * np.maximum(others + below + 1, 0) / ((some - below) * (sample - below)), axis=-1)
    numbers = np.concatenate([below[..., ::-1], mode, above], axis=-1)
    weights = np.concatenate([falling[..., ::-1], np.ones(mode.shape), rising], axis=-1)
    at_most, more = (np.where(part, weights, 0.0).sum(axis=-1) for part in (numbers <= k, numbers > k))
    return at_most / (at_most + more), more / (at_most + more)
