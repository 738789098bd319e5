"""What our own watching saw: stock readings, probes of servers, and quotes."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from kmanalysis.samples.draws import DAY, NULL, end_second, generator, start_second
from kmanalysis.samples.frames import Events
from kmanalysis.samples.plan import Supplier
from kmanalysis.samples.setting import Setting
from kmanalysis.times import Month

PLACEHOLDER = 19
"""Supplier whose shop shows 999 instead of a count for its first good in the last month."""

FAILING_SCANS = (17, 18)
"""Suppliers whose readings sometimes fail and are taken again."""

DRY_SPELL, OUTAGE = 10 * 3600.0, 2 * 3600.0
"""Seconds that a good is out of stock, and a server down, on average, in a random world."""

RETRIED_PROBES = (17, 20)
"""Suppliers whose server misses a probe now and then, and answers the next one."""


def _grid(month: Month, hours: float, jitter: float, phase: float, *, from_start: bool) -> np.ndarray:
    """Moments about every so many hours, on one grid over all months; the first month of all also begins with one."""
    step, start, end = int(hours * 3600), start_second(month), end_second(month)
    places = np.arange(start // step - 1, end // step + 2)
    # not drawn: both months must agree on a moment at their border; multiples of the plastic number's inverse spread evenly
    spread = (places * 0.7548776662466927 + phase * 13.7) % 1 * 2 - 1
    moments = ((places + phase + spread * jitter) * step).astype(np.int64)
    moments = moments[(moments >= start) & (moments < end)]
    return np.union1d([start], moments) if from_start else moments


def stock_snapshots(setting: Setting, supplier: Supplier, month: Month) -> Events:
    """The month's readings of all that the supplier sells."""
    behaviour, parts = setting.conduct(supplier, month), []
    low, high = behaviour.stock
    rng = generator(setting.seed, supplier.number, month, "stock")
    for place in setting.sold(supplier, month):
        phase = (supplier.number * 37 + place * 11) % 97 / 97
        seen = _grid(month, setting.snapshot_hours, 0.04, phase, from_start=month == setting.first)
        seen = seen[setting.some(rng, len(seen), behaviour.watched)] if behaviour.watched < 1 else seen
        cycle = (seen / (DAY * 5) + phase) % 1
        left = (low + (high - low) * (1 - cycle)).astype(np.int64)
        if place in supplier.places[: behaviour.dry_goods]:
            left[_spells(rng, seen, behaviour.dry, DRY_SPELL) if setting.is_random else cycle > 1 - behaviour.dry] = 0
        synced = setting.some(rng, len(seen), behaviour.synced)
        age = np.where(synced, rng.integers(5, 280, len(seen)), rng.integers(400, 5000, len(seen)))
        readings = np.vstack([seen, left, np.ones_like(seen), np.zeros_like(seen), seen - age, np.full(len(seen), place)])
        parts.append(_oddities(rng, setting, supplier, month, place, readings))
    seen, left, is_ok, is_placeholder, synced_at, places = np.hstack(parts)
    return {
        "supplier_id": np.full(len(seen), supplier.number - 1),
        "sku": places,
        "observed_at": seen,
        "quantity": left,
        "scan_ok": is_ok,
        "is_placeholder": is_placeholder,
        "source_synced_at": synced_at,
    }


def _oddities(rng: np.random.Generator, setting: Setting, supplier: Supplier, month: Month, place: int, readings: np.ndarray) -> np.ndarray:
    """Readings that failed and were taken again, and a shop that shows a fixed number."""
    if supplier.part in FAILING_SCANS:
        failed = np.sort(rng.choice(np.arange(1, readings.shape[1]), 2, replace=False))
        again = readings[:, failed]
        again[[0, 4]] += 600
        readings[1, failed], readings[2, failed], readings[4, failed] = NULL, 0, NULL
        readings = np.hstack([readings, again[:, again[0] < end_second(month)]])
    if supplier.part == PLACEHOLDER and month == setting.last and place == supplier.places[0]:
        readings[1], readings[3] = 999, 1
    return readings


def _spells(rng: np.random.Generator, moments: np.ndarray, share: float, length: float) -> np.ndarray:
    """Which of the moments lie in a spell: spells begin at random, last ``length`` seconds on average, and take that share of the time."""
    mask = np.zeros(len(moments), dtype=bool)
    if not len(moments) or share <= 0:
        return mask
    start, end = int(moments[0]), int(moments[-1]) + 1
    begins = np.cumsum(rng.exponential(length * (1 - share) / share, max(int((end - start) / length), 1) + 8)) + start
    lengths = rng.exponential(length, len(begins))
    begins[1:] += np.cumsum(lengths)[:-1]
    place = np.searchsorted(begins, moments, side="right") - 1
    mask[place >= 0] = (moments < begins[place] + lengths[place])[place >= 0]
    return mask


def probes(setting: Setting, supplier: Supplier, month: Month) -> Events:
    """The month's probes of the supplier's server."""
    rng = generator(setting.seed, supplier.number, month, "probes")
    behaviour, start = setting.conduct(supplier, month), start_second(month)
    asked = _grid(month, setting.probe_hours, 0.08, supplier.number * 0.37 % 1, from_start=month == setting.first)
    asked = asked[setting.some(rng, len(asked), behaviour.watched)] if behaviour.watched < 1 else asked
    is_up = np.ones(len(asked), dtype=np.int64)
    for outage in range(3 if behaviour.outage_hours else 0):
        begins = start + (4 + outage * 9) * DAY + int(rng.integers(0, DAY))
        is_up[(asked >= begins) & (asked < begins + behaviour.outage_hours * 3600)] = 0
    if setting.is_random:
        is_up[_spells(rng, asked, behaviour.down, OUTAGE)] = 0
    if supplier.part in RETRIED_PROBES:
        missed = rng.choice(np.arange(1, len(asked) - 1), 2, replace=False)
        is_up[missed] = 0
        asked, is_up = np.concatenate([asked, asked[missed] + 240]), np.concatenate([is_up, [1, 1]])
    if month == setting.last:
        begins, ends = setting.common_outage
        is_up[(asked >= begins) & (asked < ends)] = 0
        own = supplier.number % 60
        asked, is_up = np.concatenate([asked, [begins + own, begins + 1800 + own, ends + own]]), np.concatenate([is_up, [0, 0, 1]])
        asked, kept = np.unique(asked, return_index=True)
        is_up = is_up[kept]
    latency = np.clip(140 * np.exp(0.4 * rng.standard_normal(len(asked))), 20, 2000).astype(np.int64)
    return {
        "supplier_id": np.full(len(asked), supplier.number - 1),
        "probed_at": asked,
        "is_up": is_up,
        "latency_ms": np.where(is_up == 1, latency, NULL),
    }


def quotes(setting: Setting, supplier: Supplier, month: Month) -> Events:
    """The month's quotes: the supplier's price of the day, give or take half a per cent."""
    rng = generator(setting.seed, supplier.number, month, "quotes")
    behaviour, sold = setting.conduct(supplier, month), setting.sold(supplier, month)
    every = setting.quote_days if behaviour.watched == 1 else 15
    days = np.arange(0, month.days, every)
    prices = np.vstack([setting.costs(supplier, month.first_day + timedelta(days=int(day)))[sold] for day in days])
    count = prices.size
    return {
        "supplier_id": np.full(count, supplier.number - 1),
        "sku": np.tile(sold, len(days)),
        "quoted_at": start_second(month) + np.repeat(days, len(sold)) * DAY + rng.integers(0, 4 * 3600, count),
        "unit_price": np.rint(prices.ravel() * (1 + rng.uniform(-0.005, 0.005, count))).astype(np.int64),
    }
