"""What an allocation is made from, and what a split really costs.

All-units and part-above discounts are brackets of a supplier's monthly list amount: in a bracket the discount is ``rate · amount + constant``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

CONSTRAINTS = ("stock", "minimum_order", "share_cap", "grade_floor", "veto")
"""What holds a split back, beside the demand that is met exactly."""

Quantities = Mapping[tuple[str, str], int]
"""Units by supplier and SKU."""


@dataclass(frozen=True)
class Tier:
    """A volume discount: ``share`` off once the month's list amount exceeds ``threshold`` (分), on all of it or on the part above."""

    threshold: int
    share: Decimal
    applies_to: str = "all_units"


@dataclass(frozen=True)
class Source:
    """A supplier: smallest month that it accepts (分 at list price), its fees as a share of what is paid, its tiers, and what bars it, if anything.

    ``barred_by`` is empty, ``grade_floor`` or ``veto``.
    """

    supplier_id: str
    minimum_order: int = 0
    fee_share: Decimal = Decimal(0)
    tiers: tuple[Tier, ...] = ()
    barred_by: str = ""


@dataclass(frozen=True)
class Offer:
    """What a supplier asks for a unit (whole 分, list price), and how many it has; None where nobody knows, which limits nothing."""

    supplier_id: str
    sku: str
    unit_price: int
    stock: int | None = None


@dataclass(frozen=True)
class Problem:
    """A month to buy for: units by SKU, suppliers, offers, and the largest share of the list amount that one supplier may have (None: any)."""

    demand: tuple[tuple[str, int], ...]
    sources: tuple[Source, ...]
    offers: tuple[Offer, ...]
    share_cap: Decimal | None = None


@dataclass(frozen=True)
class Bracket:
    """A span of a supplier's list amount (分, both ends included) in which the discount is ``rate · amount + constant``."""

    lower: int
    upper: int | None
    rate: Decimal
    constant: Decimal


@dataclass(frozen=True)
class Bill:
    """What one supplier's part of a split costs, in 分: exact, not rounded."""

    list_amount: int
    discount: Decimal
    fees: Decimal

    @property
    def cost(self) -> Decimal:
        """Landed cost: list amount − discount + fees."""
        return self.list_amount - self.discount + self.fees


def brackets(tiers: tuple[Tier, ...]) -> tuple[Bracket, ...]:
    """The spans that the tiers cut the list amount into, from 0 on: a threshold itself is still under its tier."""
    order = sorted(tiers, key=lambda tier: tier.threshold)
    found, rate, constant, lower = [], Decimal(0), Decimal(0), 0
    for tier in order:
        found.append(Bracket(lower, tier.threshold, rate, constant))
        reached = rate * tier.threshold + constant
        rate, constant, lower = tier.share, Decimal(0) if tier.applies_to == "all_units" else reached - tier.share * tier.threshold, tier.threshold + 1
    return (*found, Bracket(lower, None, rate, constant))


def discount(tiers: tuple[Tier, ...], list_amount: int) -> Decimal:
    """The discount on a month's list amount, in 分."""
    reached = next(span for span in reversed(brackets(tiers)) if span.lower <= list_amount)
    return reached.rate * list_amount + reached.constant


def bills(problem: Problem, quantities: Quantities) -> dict[str, Bill]:
    """What a split costs by supplier, exactly; suppliers that sell nothing are left out. Raises KeyError for a part that nobody offers."""
    prices = {(offer.supplier_id, offer.sku): offer.unit_price for offer in problem.offers}
    amounts: dict[str, int] = defaultdict(int)
    for key, units in quantities.items():
        if units:
            amounts[key[0]] += prices[key] * units
    sources = {source.supplier_id: source for source in problem.sources}
    return {supplier: _bill(sources[supplier], amount) for supplier, amount in sorted(amounts.items())}


def _bill(source: Source, amount: int) -> Bill:
    off = discount(source.tiers, amount)
    return Bill(amount, off, (amount - off) * source.fee_share)


def cost(problem: Problem, quantities: Quantities) -> Decimal:
    """What a split costs in 分, exactly."""
    return sum((bill.cost for bill in bills(problem, quantities).values()), Decimal(0))


def broken(problem: Problem, quantities: Quantities) -> tuple[str, ...]:
    """The constraints that a split breaks, in exact numbers; ``demand`` where it is not met exactly."""
    bought: dict[str, int] = defaultdict(int)
    for (_, sku), units in quantities.items():
        bought[sku] += units
    found = [] if {sku: units for sku, units in bought.items() if units} == {sku: units for sku, units in problem.demand if units} else ["demand"]
    stocks = {(offer.supplier_id, offer.sku): offer.stock for offer in problem.offers}
    billed, sources = bills(problem, quantities), {source.supplier_id: source for source in problem.sources}
    total = sum(bill.list_amount for bill in billed.values())
    checks = {
        "stock": any(stocks[key] is not None and units > stocks[key] for key, units in quantities.items()),  # type: ignore[operator]
        "minimum_order": any(bill.list_amount < sources[supplier].minimum_order for supplier, bill in billed.items()),
        "share_cap": problem.share_cap is not None and any(bill.list_amount > Fraction(problem.share_cap) * total for bill in billed.values()),
        "grade_floor": any(sources[supplier].barred_by == "grade_floor" for supplier in billed),
        "veto": any(sources[supplier].barred_by == "veto" for supplier in billed),
    }
    return (*found, *(name for name in CONSTRAINTS if checks[name]))


def available(problem: Problem, without: frozenset[str] = frozenset()) -> dict[str, int]:
    """Units of each SKU in demand that the suppliers that may be bought from have, at most what is asked for."""
    asked, barred = dict(problem.demand), {source.supplier_id: source.barred_by for source in problem.sources}
    found = dict.fromkeys(asked, 0)
    for offer in problem.offers:
        if offer.sku in asked and (not barred[offer.supplier_id] or barred[offer.supplier_id] in without):
            found[offer.sku] += most_units(offer, asked, without)
    return {sku: min(found[sku], units) for sku, units in asked.items()}


def most_units(offer: Offer, asked: Mapping[str, int], without: frozenset[str]) -> int:
    """The units of an offer that can be bought: at most what is asked for and, unless ``without`` names the stock, what there is."""
    wanted = asked[offer.sku]
    return wanted if offer.stock is None or "stock" in without else min(wanted, offer.stock)
