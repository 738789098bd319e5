"""What the tests of stability share: times written in Asia/Shanghai, one measure's row, and the month half hour by half hour."""

from datetime import datetime, timedelta

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from kmanalysis.times import to_utc

HOUR = 3600
SLOT = 30  # minutes
SLOTS = 31 * 24 * 60 // SLOT
DAY_SLOTS = 24 * 60 // SLOT
CAP = 18
EVENT_SLOTS = st.one_of(st.integers(-CAP - 2, 3 * DAY_SLOTS), st.integers(SLOTS - DAY_SLOTS, SLOTS + 4))
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def utc(local: str) -> datetime:
    """UTC of a time in October 2026, or whatever is written out in full."""
    return to_utc(datetime.fromisoformat(local if local.startswith("20") else f"2026-{local}"))


def only(frame, measure, supplier="s1"):
    found = frame[(frame["measure"] == measure) & (frame["supplier_id"] == supplier)]
    assert len(found) == 1
    return found.iloc[0]


def slot_by_slot(events: dict[int, int | None]) -> np.ndarray:
    """The reading that speaks in each half hour of the month, NaN where none does: written out with no cleverness."""
    spoken = np.full(SLOTS, np.nan)
    for slot in range(SLOTS):
        before = [at for at in events if slot - CAP < at <= slot]
        if before and events[max(before)] is not None:
            spoken[slot] = events[max(before)]
    return spoken


def at_slot(slot: int) -> datetime:
    return utc("10-01 00:00") + timedelta(minutes=SLOT * slot)
