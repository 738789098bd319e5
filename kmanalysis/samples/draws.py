"""Random draws that depend on nothing but the seed and what they are for, so that adding a supplier moves nobody."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b

import numpy as np

from kmanalysis.times import Month

NULL = -1
"""Stands for an empty cell in the arrays of events: times, amounts and codes are never negative."""

DAY = 86400


def generator(seed: int, *purpose: object) -> np.random.Generator:
    """The generator of one purpose, such as a supplier, a month and a table."""
    digest = blake2b("/".join(map(str, (seed, *purpose))).encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def quota(rng: np.random.Generator, count: int, share: float) -> np.ndarray:
    """A mask with exactly the rounded share of places true: planted rates must not be missed by chance."""
    mask = np.zeros(count, dtype=bool)
    mask[rng.permutation(count)[: round(count * share)]] = True
    return mask


def keyed_digests(seed: int, purpose: str, count: int, first: int = 0) -> list[str]:
    """Digests of invented secrets in the form that the loaders write, under a key that is derived from the seed."""
    key = blake2b(f"{seed}/{purpose}".encode(), digest_size=32).digest()
    return ["kd1:" + blake2b(str(number).encode(), key=key, digest_size=16).hexdigest() for number in range(first, first + count)]


@cache
def start_second(month: Month) -> int:
    """First second of the month, as naive UTC seconds since 1970."""
    return int(np.datetime64(month.start, "s").astype(np.int64))


def end_second(month: Month) -> int:
    """First second after the month."""
    return start_second(month + 1)
