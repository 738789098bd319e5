"""Time as the watch sees it: the machine's, or one that a test moves."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from threading import Event
from typing import Protocol


class Clock(Protocol):
    """What the watch asks of time."""

    def now(self) -> datetime:
        """This moment, naive UTC to the microsecond."""

    def elapsed(self) -> float:
        """Seconds on a clock that nobody sets: for lengths of time alone."""

    def sleep(self, seconds: float) -> None:
        """Waits, or until the watch is to stop."""


class MachineClock:
    """The machine's clock; a set ``stop`` ends a sleep."""

    def __init__(self, stop: Event) -> None:
        self._stop = stop

    def now(self) -> datetime:
        """See `Clock`."""
        return datetime.now(UTC).replace(tzinfo=None)  # noqa: TID251 - a reading says when it was taken

    def elapsed(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """See `Clock`."""
        self._stop.wait(seconds)
