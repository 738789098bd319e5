"""The cast: who the suppliers are, what is planted in whom, and how each behaves in a month."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from kmanalysis.samples.draws import generator
from kmanalysis.samples.goods import GROUPS, NEW, SHELF, SOLE
from kmanalysis.times import Month

CLASSES = ("day", "night", "weekend", "holiday")
"""Kinds of hours: workdays 8–22, any night 22–8, weekends and holidays by day."""


@dataclass(frozen=True)
class Conduct:
    """How a supplier behaves in a month. Shares are quotas that are met exactly, and rates in a random world; the defaults are those of a clean supplier."""

    late: float = 0.024
    delivery_median: float = 38.0
    failures: tuple[tuple[str, float], ...] = (("invalid_code", 2), ("wrong_item", 1))
    """Orders that failed by the supplier's fault, by cause: a number below 1 is a share of the orders, else a count a hundred and sixty."""
    reships: bool = True
    compensates: bool = True
    answered: tuple[float, float, float, float] = (1.0, 0.9, 1.0, 1.0)
    """Share of tickets answered in time, by `CLASSES`."""
    resolved: float = 0.98
    stock: tuple[int, int] = (10_300, 18_000)
    dry: float = 0.0
    """Share of the restocking cycle in which `dry_goods` of its goods are at 0."""
    dry_goods: int = 0
    synced: float = 0.965
    outage_hours: int = 0
    down: float = 0.0
    """Share of the time in which its server does not answer, in a random world."""
    price_offset: float = 0.0
    fee_share: float = 0.0
    """Undisclosed fees on purchases."""
    watched: float = 1.0
    """Share of readings, probes and quotes that were taken at all."""


@dataclass(frozen=True)
class Supplier:
    """One supplier: its planted role, what it sells and on what terms. ``months`` is how long it has been there; 0 means always."""

    number: int
    slug: str
    name: str
    places: tuple[int, ...]
    mode: str = "wholesale"
    size: float = 1.0
    tiers: tuple[tuple[int, float], ...] = ((50_000, 0.05),)
    months: int = 0
    grants: bool = True
    """Whether it grants the discounts that it offers."""

    @property
    def id(self) -> str:
        """Its supplier_id."""
        return f"S{self.number:02d}"

    @property
    def part(self) -> int:
        """Its number in the cast; 0 for others."""
        return self.number if self.number <= len(CAST) and self.slug == CAST[self.number - 1].slug else 0


_VIDEO, _GAME, _AI, _TOOLS = (tuple(GROUPS[group]) for group in ("video", "game", "ai", "tools"))

CAST: tuple[Supplier, ...] = tuple(
    replace(supplier, number=number)
    for number, supplier in enumerate(
        (
            Supplier(0, "excellent", "云杉数卡", (*_VIDEO, 6, 7), size=1.5, tiers=((50_000, 0.07), (200_000, 0.08))),
            Supplier(0, "excellent_niche", "灵犀智享", _AI, size=1.2, tiers=((50_000, 0.06),)),
            Supplier(0, "hidden_fees", "速惠卡仓", _VIDEO),
            Supplier(0, "expired_licence", "长河数娱", _VIDEO),
            Supplier(0, "broken_chain", "橙岸软件", _TOOLS, size=1.15),
            Supplier(0, "runs_dry", "星桥点卡", _GAME, "dropship"),
            Supplier(0, "oversold", "快闪游卡", _GAME),
            Supplier(0, "outages", "北岸互娱", _GAME, "agency"),
            Supplier(0, "slow_nights", "晨光会员", _VIDEO, "agency"),
            Supplier(0, "no_compensation", "九木数码", _TOOLS, size=1.15),
            Supplier(0, "forged_references", "海纳卡盟", _TOOLS, size=1.15),
            Supplier(0, "price_drift", "金穗点卡", _GAME),
            Supplier(0, "bad_trial", "微光智能", _AI, size=1.1),
            Supplier(0, "thin", "新芽科技", _AI[:2], size=0.05, tiers=(), months=2),
            Supplier(0, "falling", "岭南数汇", _TOOLS, size=1.2, tiers=((50_000, 0.06),)),
            Supplier(0, "recovering", "归航智选", _AI, size=1.15, tiers=((50_000, 0.06),)),
            Supplier(0, "ordinary", "百川会员", _VIDEO, size=1.05, grants=False),
            Supplier(0, "ordinary", "青柠点卡", _GAME, size=1.05, tiers=()),
            Supplier(0, "ordinary", "知行智能", _AI, "dropship", size=1.1),
            Supplier(0, "ordinary", "石榴工具", (*_TOOLS, SOLE), size=1.2),
        ),
        start=1,
    )
)
"""The planted suppliers. Every good is quoted by at least three suppliers whose prices stay with the market."""

_SLOW = (1.0, 0.5, 0.5, 0.5)
_MEDIOCRE = Conduct(late=0.18, answered=(0.82, 0.85, 0.82, 1.0), resolved=0.8, price_offset=0.012)

_SOUND = Conduct(late=0.004, answered=(1.0,) * 4, resolved=1.0, stock=(20_500, 32_000), synced=1.0, price_offset=-0.01)
_CLEAN = Conduct(late=0.012, answered=(1.0,) * 4, resolved=1.0)

_CONDUCT = {
    "excellent": replace(_SOUND, late=0.0, delivery_median=18, stock=(21_000, 40_000), price_offset=-0.02),
    "excellent_niche": replace(_SOUND, delivery_median=22, price_offset=-0.015),
    "hidden_fees": Conduct(price_offset=-0.14, fee_share=0.23),
    "runs_dry": Conduct(stock=(300, 9_000), dry=0.25, dry_goods=4),
    "oversold": Conduct(late=0.006, failures=(("stock_out", 0.04),), synced=0.62),
    "outages": Conduct(outage_hours=9),
    "slow_nights": Conduct(answered=_SLOW),
    "no_compensation": Conduct(failures=(("invalid_code", 2), ("repeated_code", 1)), reships=False, compensates=False),
    "bad_trial": Conduct(late=0.006, failures=(("invalid_code", 0.03), ("repeated_code", 0.007))),
    "thin": Conduct(failures=(), late=0.0, watched=0.12),
}

_SLIPPING = replace(
    _SOUND,
    late=0.2,
    delivery_median=85,
    failures=(("invalid_code", 0.03),),
    answered=(0.85, 0.7, 0.7, 0.7),
    resolved=0.82,
    synced=0.88,
    stock=(7_000, 19_000),
)
_FALLEN = replace(
    _SOUND,
    late=0.24,
    delivery_median=95,
    failures=(("invalid_code", 0.045),),
    answered=(0.8, 0.6, 0.6, 0.6),
    resolved=0.72,
    synced=0.8,
    dry=0.18,
    dry_goods=3,
    stock=(4_000, 15_000),
)
_WEAK = replace(_FALLEN, late=0.3, failures=(("invalid_code", 0.07),), answered=(0.7, 0.5, 0.5, 0.5), resolved=0.6, price_offset=0.04)

DRIFT_BEGINS = {"price_drift": 14, "falling": 7}
"""Days after the first of the month two months before the last on which a drift begins: of prices, and of the time to deliver."""

PRICE_RISE = {"price_drift": (0.0018, 0.1), "falling": (0.0016, 0.1)}
"""Rise a day after the drift began, and where it ends."""


MEDIOCRE = (17, 20)
"""Ordinary suppliers that deliver and answer a little too late."""


LATE_TESTS = 18
"""Ordinary supplier that answers our staged questions late, and real ones in time."""

OPEN_AT_END = (18, 20)
"""Ordinary suppliers with questions of the last evening that are open at the end."""

HIGHER_COMPENSATION = 20
"""Ordinary supplier whose contract asks for twice the standard compensation."""


def suppliers(count: int, seed: int, shelf: int) -> list[Supplier]:
    """The first ``count`` suppliers: the cast, then ordinary ones that sell from the whole shelf."""
    return list(CAST[:count]) + [ordinary(number, seed, shelf) for number in range(len(CAST) + 1, count + 1)]


def ordinary(number: int, seed: int, shelf: int) -> Supplier:
    """A supplier that sells a dozen goods from the whole shelf."""
    rng = generator(seed, number, "supplier")
    reach = min(shelf, SHELF + 10 * max(number - len(CAST), 0))
    common = [place for place in range(reach) if place not in (SOLE, SOLE + 1, SOLE + 2, NEW)]
    places = tuple(sorted(int(place) for place in rng.choice(common, size=min(12, len(common)), replace=False)))
    mode = ("wholesale", "agency", "wholesale", "wholesale", "dropship", "wholesale")[number % 6]
    return Supplier(number, "ordinary", f"{_FIRST[number % 20]}{_SECOND[number // 20 % 10]}数卡{number}号", places, mode)


_FIRST = tuple("东南西北春夏秋冬江河湖海松竹梅兰金玉明远")
_SECOND = tuple("辰岳川原林泉峰渡舟帆")


@cache
def conduct(supplier: Supplier, month: Month, last: Month, seed: int) -> Conduct:
    """How the supplier behaves in the month, at the end of which its prices stand where they stood on its first day."""
    back = len(month.until(last)) - 1
    if supplier.slug == "falling":
        return (_FALLEN, _FALLEN, _SLIPPING)[back] if back < 3 else _SOUND
    if supplier.slug == "recovering":
        return (_SOUND, _SOUND, _SLIPPING)[back] if back < 3 else _WEAK
    if supplier.slug == "ordinary" and supplier.number > len(CAST):
        return _varied(supplier, seed)
    if supplier.slug == "ordinary":
        if supplier.number in MEDIOCRE:
            return _MEDIOCRE
        return replace(_CLEAN, price_offset=-0.01) if not supplier.tiers else _CLEAN
    return _CONDUCT.get(supplier.slug, Conduct())


def _varied(supplier: Supplier, seed: int) -> Conduct:
    rng = generator(seed, supplier.number, "conduct")
    late, slow, offset = rng.uniform(0, 0.08), rng.uniform(0, 0.12), rng.uniform(-0.03, 0.03)
    answered = (1 - slow / 2, *(1 - slow * factor for factor in (1.5, 1.0, 1.2)))
    return Conduct(
        late=late,
        delivery_median=rng.uniform(20, 90),
        failures=(("invalid_code", rng.uniform(0.002, 0.02)), ("stock_out", rng.uniform(0, 0.004))),
        answered=answered,  # type: ignore[arg-type]
        resolved=1 - slow,
        dry=rng.uniform(0, 0.1) if supplier.number % 3 == 0 else 0.0,
        dry_goods=2,
        outage_hours=int(rng.integers(0, 4)),
        price_offset=offset,
    )


def drift_day(supplier: Supplier, last: Month) -> date | None:
    """The day on which the supplier's planted drift begins; None where it has none."""
    days = DRIFT_BEGINS.get(supplier.slug)
    return None if days is None else (last - 2).first_day + timedelta(days=days)


def price_rise(supplier: Supplier, day: date, last: Month) -> float:
    """How far the supplier's prices have drifted by that day, as a share."""
    begins = drift_day(supplier, last)
    if begins is None:
        return 0.0
    rate, end = PRICE_RISE[supplier.slug]
    return min(max((day - begins).days, 0) * rate, end)


def is_active(supplier: Supplier, month: Month, last: Month) -> bool:
    """Whether the supplier is there in the month."""
    return supplier.months == 0 or len(month.until(last)) <= supplier.months


def sold_places(supplier: Supplier, month: Month, last: Month) -> list[int]:
    """Places of the goods that it sells in the month: the new good comes a month after its launch."""
    return [place for place in supplier.places if place != NEW or month > last - 2]
