"""When an upstream is looked at next: its pace, longer after failures, a little later by chance, and never sooner than it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kmanalysis.sources.watch.listed.watchlist import Pace

EARLY_SHARE = 0.1
"""A run of `--once` may come this share of the pace early: cron does not keep the second."""


@dataclass(frozen=True)
class Turn:
    """An upstream's place in the schedule: the last scan began at ``last``, the next may begin at ``due``; ``failures`` scans in a row failed."""

    last: datetime
    due: datetime
    failures: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As it is kept between runs."""
        return {"last": self.last.isoformat(), "due": self.due.isoformat(), "failures": self.failures}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Turn:
        """As it was kept. Raises ValueError, KeyError or TypeError for anything else."""
        return cls(datetime.fromisoformat(kept["last"]), datetime.fromisoformat(kept["due"]), int(kept["failures"]))


def next_turn(pace: Pace, before: Turn | None, began: datetime, *, has_failed: bool, retry_after: float = 0.0, chance: float = 0.0) -> Turn:
    """The turn after a scan that began at ``began``; ``chance`` is from 0 to 1."""
    failures = (before.failures if before else 0) + 1 if has_failed else 0
    most = max(pace.backoff_most, pace.pace)
    # The exponent is bounded: a shop may be down for a year.
    delay = min(pace.pace * pace.backoff ** min(failures, 64), most)
    delay = max(delay * (1 + pace.jitter * chance), retry_after)
    return Turn(began, began + timedelta(seconds=delay), failures)


def is_due(pace: Pace, turn: Turn | None, now: datetime, *, is_early_allowed: bool = False) -> bool:
    """Whether an upstream may be looked at. A clock that was set back makes nobody wait: a turn that lies ahead of any delay is none."""
    if turn is None or now < turn.last:
        return True
    early = timedelta(seconds=pace.pace * (EARLY_SHARE + pace.jitter)) if is_early_allowed and not turn.failures else timedelta()
    return now >= turn.due - early
