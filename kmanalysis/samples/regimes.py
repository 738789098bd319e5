"""Suppliers that are drawn and not planted: each has true rates, by its regime, and what happens in a month is chance."""

from __future__ import annotations

from dataclasses import replace

from kmanalysis.samples.draws import generator
from kmanalysis.samples.plan import Conduct, Supplier, ordinary
from kmanalysis.times import Month

REGIMES = ("clearly_good", "near_limit", "clearly_bad", "few_orders", "drifting")
"""Well within every standard; just at them; well beyond them; as good as the first with a twentieth of the orders; from the first to the third."""

_GOOD = Conduct(
    late=0.015,
    delivery_median=25,
    failures=(("invalid_code", 0.003), ("wrong_item", 0.001), ("stock_out", 0.0004)),
    answered=(0.99,) * 4,
    resolved=0.99,
    stock=(20_500, 32_000),
    synced=0.99,
    price_offset=-0.01,
    down=0.0005,
)
_LIMIT = replace(
    _GOOD,
    late=0.05,
    delivery_median=60,
    failures=(("invalid_code", 0.013), ("wrong_item", 0.005), ("stock_out", 0.002)),
    answered=(0.95,) * 4,
    resolved=0.95,
    synced=0.95,
    dry=0.01,
    dry_goods=1,
    price_offset=0.0,
    down=0.005,
)
_BAD = replace(
    _GOOD,
    late=0.2,
    delivery_median=95,
    failures=(("invalid_code", 0.045), ("wrong_item", 0.01), ("stock_out", 0.015)),
    answered=(0.75, 0.6, 0.6, 0.6),
    resolved=0.75,
    synced=0.75,
    stock=(4_000, 15_000),
    dry=0.15,
    dry_goods=3,
    price_offset=0.03,
    down=0.02,
)
_CONDUCT = {"clearly_good": _GOOD, "near_limit": _LIMIT, "clearly_bad": _BAD, "few_orders": _GOOD}
_SPREAD = 0.15
"""How far the true rates of one supplier may lie from its regime's, as a share of them."""


def drawn_suppliers(count: int, seed: int, shelf: int) -> list[Supplier]:
    """So many suppliers, the regimes in turns; they sell from the whole shelf."""
    found = []
    for number in range(1, count + 1):
        regime = REGIMES[(number - 1) % len(REGIMES)]
        found.append(replace(ordinary(number, seed, shelf), slug=regime, size=0.05 if regime == "few_orders" else 1.0))
    return found


def conduct_of(supplier: Supplier, month: Month, first: Month, last: Month, seed: int) -> Conduct:
    """The supplier's true rates in a month: its regime's, a little better or worse by a factor of its own that never changes."""
    factor = 1 + _SPREAD * float(generator(seed, supplier.number, "factor").uniform(-1, 1))
    if supplier.slug != "drifting":
        return _scaled(_CONDUCT[supplier.slug], factor)
    # The first half of the months is good; from there it goes down in equal steps.
    months, place = len(first.until(last)), len(first.until(month)) - 1
    fallen = max(place - months // 2, 0) / max(months - 1 - months // 2, 1)
    return _scaled(_between(_GOOD, _BAD, fallen), factor)


def _scaled(conduct: Conduct, factor: float) -> Conduct:
    return replace(
        conduct,
        late=conduct.late * factor,
        failures=tuple((cause, share * factor) for cause, share in conduct.failures),
        answered=tuple(1 - (1 - share) * factor for share in conduct.answered),  # type: ignore[arg-type]
        resolved=1 - (1 - conduct.resolved) * factor,
        synced=1 - (1 - conduct.synced) * factor,
        dry=conduct.dry * factor,
        down=conduct.down * factor,
    )


def _between(good: Conduct, bad: Conduct, share: float) -> Conduct:
    """Rates that lie so far on the way from one conduct to the other."""

    def mixed(first: float, second: float) -> float:
        return first + (second - first) * share

    return replace(
        good if share < 1 else bad,
        late=mixed(good.late, bad.late),
        delivery_median=mixed(good.delivery_median, bad.delivery_median),
        failures=tuple((cause, mixed(rate, other)) for (cause, rate), (_, other) in zip(good.failures, bad.failures, strict=True)),
        answered=tuple(mixed(*pair) for pair in zip(good.answered, bad.answered, strict=True)),  # type: ignore[arg-type]
        resolved=mixed(good.resolved, bad.resolved),
        synced=mixed(good.synced, bad.synced),
        stock=(round(mixed(good.stock[0], bad.stock[0])), round(mixed(good.stock[1], bad.stock[1]))),
        dry=mixed(good.dry, bad.dry),
        dry_goods=bad.dry_goods if share else good.dry_goods,
        price_offset=mixed(good.price_offset, bad.price_offset),
        down=mixed(good.down, bad.down),
    )
