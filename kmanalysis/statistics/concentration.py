"""How concentrated a total is on few: shares and the Herfindahl–Hirschman index."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

WHOLE = 10_000
"""The index of a total that is all one party's: 100 % squared."""


def shares(amounts: ArrayLike) -> np.ndarray:
    """Each amount's share of the total (0–1); NaN where the total is 0. Raises ValueError for a negative amount."""
    parts = np.asarray(amounts, dtype=float)
    if (parts < 0).any():
        raise ValueError("an amount must not be negative")
    total = parts.sum()
    return parts / total if total > 0 else np.full(parts.shape, np.nan)


def hhi(amounts: ArrayLike) -> float:
    """The Herfindahl–Hirschman index of the amounts, 0–10 000: the sum of the squared shares in per cent; NaN where the total is 0.

    Source: U.S. Department of Justice and Federal Trade Commission, Merger Guidelines (2023), §2.1.
    """
    found = shares(amounts)
    return float((found**2).sum() * WHOLE) if len(found) else np.nan
