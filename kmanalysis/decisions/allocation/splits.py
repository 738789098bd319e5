"""Splits next month's purchases over suppliers at least landed cost: the plan, its proof, what each constraint costs, and what conflicts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from kmanalysis.decisions.allocation.model import CONSTRAINTS, Bill, Problem, Quantities, available, bills, broken, cost
from kmanalysis.decisions.allocation.programme import solve


@dataclass(frozen=True)
class Allocation:
    """The plan for a problem, or what makes it impossible. Amounts are in 分, exact.

    ``quantities`` is None where there is no split. ``cost_lower`` is what no split can cost less than. ``prices`` says what each constraint
    costs: the plan's cost less that of the best split without it. ``conflicts`` names, where there is no split, the constraints each of which, left out
    alone, makes one possible; ``short`` the SKUs that the admitted suppliers cannot supply, with what they have.
    """

    quantities: Quantities | None
    bills: dict[str, Bill] = field(default_factory=dict)
    cost: Decimal = Decimal(0)
    cost_lower: Decimal = Decimal(0)
    prices: dict[str, Decimal] = field(default_factory=dict)
    conflicts: tuple[str, ...] = ()
    short: dict[str, int] = field(default_factory=dict)
    is_infeasible: bool = False

    @property
    def gap(self) -> float:
        """How far the cost may be above the least one, relative to it: 0 where the proof reaches the 分."""
        missing = self.cost - self.cost_lower
        return 0.0 if missing < 1 or not self.cost else float(missing / self.cost)


@lru_cache(maxsize=16)
def allocate(problem: Problem, priced: tuple[str, ...] = CONSTRAINTS, node_limit: int | None = None, is_proven: bool = True) -> Allocation:
    """The cheapest split of a problem, the price of the constraints in ``priced``, and the conflict where there is no split.

    `allocation_programme.solve` says what ``node_limit`` and ``is_proven`` mean.
    """
    found = solve(problem, node_limit=node_limit, is_proven=is_proven)
    if found.quantities is None:
        return _conflict(problem, node_limit) if found.is_infeasible else Allocation(None)
    if violated := broken(problem, found.quantities):
        raise ArithmeticError(f"the solver's split breaks {violated} in exact numbers")
    total = cost(problem, found.quantities)
    prices = {name: _price(problem, name, total, node_limit, is_proven) for name in priced if may_bind(problem, name)}
    return Allocation(found.quantities, bills(problem, found.quantities), total, min(total, Decimal(repr(found.bound))), prices)


def _price(problem: Problem, name: str, total: Decimal, node_limit: int | None, is_proven: bool) -> Decimal:
    relaxed = solve(problem, frozenset({name}), node_limit, is_proven=is_proven).quantities
    # The plan itself is allowed there too: a search that was ended early may only have found something dearer.
    return Decimal(0) if relaxed is None else max(total - cost(problem, relaxed), Decimal(0))


def may_bind(problem: Problem, name: str) -> bool:
    """Whether a constraint can forbid any split at all."""
    asked = dict(problem.demand)
    if name == "share_cap":
        return problem.share_cap is not None and problem.share_cap < 1
    if name == "stock":
        return any(offer.stock is not None and offer.stock < asked.get(offer.sku, 0) for offer in problem.offers)
    if name == "minimum_order":
        return any(source.minimum_order > 0 for source in problem.sources)
    return any(source.barred_by == name for source in problem.sources)


def _conflict(problem: Problem, node_limit: int | None) -> Allocation:
    freeing = tuple(
        name for name in CONSTRAINTS if may_bind(problem, name) and solve(problem, frozenset({name}), node_limit, is_any=True).quantities is not None
    )
    reached = available(problem)
    short = {sku: reached[sku] for sku, units in problem.demand if reached[sku] < units}
    return Allocation(None, conflicts=freeing, short=short, is_infeasible=True)


def with_cap(problem: Problem, share_cap: Decimal | None) -> Problem:
    """The same problem with another cap on a supplier's share."""
    return replace(problem, share_cap=share_cap)
