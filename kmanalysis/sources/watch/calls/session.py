"""The calls of one scan: each is made once, and its answer or its failure stands with the time at which it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kmanalysis.sources.watch.calls.failures import OF_ONE_ITEM, Failure
from kmanalysis.sources.watch.clock import Clock

MOST_IN_A_ROW = 3
"""After so many calls in a row that were not answered the others of the scan are not made: they fail as the last one did."""


@dataclass(frozen=True)
class Told:
    """What a call answered, and when."""

    answer: Any
    at: datetime


class NotAsked(Exception):
    """The scan ended before this call: nothing is known, and nothing is recorded."""


class Session:
    """One scan's calls to one upstream. ``failures`` are those that say something of the upstream, in order."""

    def __init__(self, clock: Clock, *, seconds: float, is_stopped: Callable[[], bool]) -> None:
        self._clock, self._is_stopped = clock, is_stopped
        self._ends = clock.elapsed() + seconds
        self._kept: dict[object, Told | Failure] = {}
        self._unanswered = 0
        self._last: Failure | None = None
        self.calls = 0
        self.failures: list[Failure] = []

    def ask(self, key: object, call: Callable[[], Any]) -> Told:
        """What the call named ``key`` answers. Raises Failure, or NotAsked where the time of the scan is over."""
        if key not in self._kept:
            self._kept[key] = self._called(call)
        kept = self._kept[key]
        if isinstance(kept, Failure):
            raise kept.with_traceback(None)
        return kept

    def _called(self, call: Callable[[], Any]) -> Told | Failure:
        if self._last is not None and (self._unanswered >= MOST_IN_A_ROW or self._last.reason == "too_many"):
            return self._last
        if self._is_stopped() or self._clock.elapsed() >= self._ends:
            raise NotAsked
        self.calls += 1
        try:
            answer = call()
        except Failure as failure:
            failure.at = self._clock.now()
            if failure.reason not in OF_ONE_ITEM:
                self.failures.append(failure)
                self._unanswered = 0 if failure.answered else self._unanswered + 1
                self._last = failure
            return failure
        self._unanswered, self._last = 0, None
        return Told(answer, self._clock.now())
