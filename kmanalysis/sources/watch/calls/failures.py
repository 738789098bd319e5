"""How a call can fail: a reason that is a word of ours, and nothing that the upstream said."""

from __future__ import annotations

from datetime import datetime

REASONS = (
    "unreachable", "timeout", "server_error", "too_many", "refused", "moved", "other_host", "too_large", "truncated",
    "broken_answer", "broken_value", "missing",
)  # fmt: skip
"""Why a reading failed; ``name:watch.<reason>`` says it to a reader."""

OF_ONE_ITEM = ("broken_value", "missing")
"""Reasons that say something of one item and nothing of the upstream: they slow no pace."""


class Failure(Exception):
    """A call that gave no reading.

    ``answered``: the server answered, if badly. ``status`` is the HTTP status or the answer's own code, where there was one; ``retry_after`` the
    seconds that it asks to be left alone; ``at`` when it was known.
    """

    def __init__(self, reason: str, *, answered: bool, status: int | None = None, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.reason, self.answered, self.status, self.retry_after = reason, answered, status, retry_after
        self.at: datetime | None = None
