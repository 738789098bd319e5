"""What all parts of the samples share: the months, the shelf and how closely things were watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property

import numpy as np

from kmanalysis.samples.draws import DAY, end_second, generator, quota, start_second
from kmanalysis.samples.goods import Good
from kmanalysis.samples.plan import Conduct, Supplier, conduct, price_rise, sold_places
from kmanalysis.samples.regimes import conduct_of
from kmanalysis.times import Month, day_kind

MANY = 1000
"""From this many orders a supplier and month on, machines watch closely instead of now and then."""

SAME_DAY = 0.05
"""Correlation of two orders of one day being late, in a random world."""

MOST_BUYERS = 1_000_000
"""More than these would only take memory: each has a digest."""


@dataclass(frozen=True)
class Setting:
    """The world of one set of samples; ``base`` is the orders a supplier and month.

    ``snapshot_hours`` and ``probe_hours`` are the hours between readings of a stock and between probes of a server. ``is_random``: shares are rates, by
    which each thing happens by chance, and not quotas.
    """

    seed: int
    first: Month
    last: Month
    base: float
    shelf: tuple[Good, ...]
    snapshot_hours: float
    probe_hours: float
    is_random: bool = False

    @property
    def since(self) -> date:
        """First day of papers, contracts and, two months later, most listings: before anything is bought."""
        return min(date(2025, 1, 1), self.first.first_day - timedelta(days=150))

    @property
    def quote_days(self) -> int:
        """Days between quotes."""
        return 3 if self.base < MANY else 1

    @property
    def buyers(self) -> int:
        """How many buyers are known."""
        return min(max(2000, int(self.base * 30)), MOST_BUYERS)

    @property
    def exported(self) -> int:
        """The second at which everything was exported: half an hour after the last month. Nothing later is known."""
        return end_second(self.last) + 1800

    @property
    def common_outage(self) -> tuple[int, int]:
        """First and last second of an outage of our own: every probe failed."""
        start = start_second(self.last) + 13 * DAY + 3 * 3600
        return start, start + 3600

    def back(self, month: Month) -> int:
        """How many months before the last it is."""
        return len(month.until(self.last)) - 1

    def conduct(self, supplier: Supplier, month: Month) -> Conduct:
        """How the supplier behaves in the month."""
        if self.is_random:
            return conduct_of(supplier, month, self.first, self.last, self.seed)
        return conduct(supplier, month, self.last, self.seed)

    def some(self, rng: np.random.Generator, count: int, share: float) -> np.ndarray:
        """A mask of places: the rounded share of them, or each by chance."""
        return rng.random(count) < share if self.is_random else quota(rng, count, share)

    def some_by_day(self, rng: np.random.Generator, days: np.ndarray, share: float) -> np.ndarray:
        """The same of things of these days. Where it is chance, a day is good or bad for all of them: two of a day are correlated by `SAME_DAY`."""
        if not self.is_random or not 0 < share < 1:
            return self.some(rng, len(days), share)
        weight = 1 / SAME_DAY - 1
        by_day = rng.beta(share * weight, (1 - share) * weight, int(days.max(initial=0)) + 1)
        mask: np.ndarray = rng.random(len(days)) < by_day[days]
        return mask

    def about(self, rng: np.random.Generator, planned: float) -> int:
        """How many there are of something of which so many are expected."""
        return int(rng.poisson(planned)) if self.is_random else round(planned)

    def order_count(self, supplier: Supplier, month: Month) -> int:
        """Orders that the supplier gets in the month: its size, moved with the demand for what it sells."""
        places = list(supplier.places)
        moved = self.demand(month)[places].sum() / self.demand(self.last)[places].sum()
        planned = self.base * supplier.size * float(moved)
        return max(self.about(generator(self.seed, supplier.number, month, "count"), planned), 4)

    def sold(self, supplier: Supplier, month: Month) -> np.ndarray:
        """Places of the goods that the supplier sells in the month."""
        return np.array(sold_places(supplier, month, self.last))

    def costs(self, supplier: Supplier, day: date) -> np.ndarray:
        """The supplier's listed cost price of each of the shelf's goods on a day, in 分."""
        offset = self.conduct(supplier, Month(day.year, day.month)).price_offset + price_rise(supplier, day, self.last)
        # in whole 角, so that 10 % and 30 % of a cost are whole 分
        return np.rint(self._market * (1 + offset)).astype(np.int64) * 10

    @cached_property
    def _market(self) -> np.ndarray:
        return np.array([good.cost for good in self.shelf], dtype=float)

    @cached_property
    def retail(self) -> np.ndarray:
        """Suggested retail price of each good, in 分."""
        return np.array([good.retail * 10 for good in self.shelf])

    @cached_property
    def _demand(self) -> np.ndarray:
        return np.array([[good.demand(back) for good in self.shelf] for back in range(self.back(self.first) + 1)]) * [good.popularity for good in self.shelf]

    def demand(self, month: Month) -> np.ndarray:
        """Weight of each good in the month's demand."""
        weights: np.ndarray = self._demand[self.back(month)]
        return weights


HOURS = np.array([3, 2, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 7, 6, 5, 5, 6, 6, 7, 8, 9, 9, 7, 5], dtype=float)
"""How orders spread over the local hours."""


@cache
def day_kinds(month: Month) -> np.ndarray:
    """Per day of the month: 0 workday, 2 weekend, 3 holiday; a year that the calendar does not know has weekends alone."""
    kinds = []
    for offset in range(month.days):
        day = month.first_day + timedelta(days=offset)
        kind = day_kind(day) or ("weekend" if day.weekday() > 4 else "workday")
        kinds.append({"workday": 0, "weekend": 2, "holiday": 3}[kind])
    return np.array(kinds)


def hour_class(seconds: np.ndarray, month: Month) -> np.ndarray:
    """Index into `plan.CLASSES` of each second of the month (later ones count as its last day)."""
    since = seconds - start_second(month)
    hours = since // 3600 % 24
    kinds = day_kinds(month)[np.clip(since // DAY, 0, month.days - 1)]
    return np.where((hours >= 22) | (hours < 8), 1, kinds)


def second_of(day: date) -> int:
    """First second of a local day."""
    return int(np.datetime64(datetime(day.year, day.month, day.day), "s").astype(np.int64)) - 8 * 3600
