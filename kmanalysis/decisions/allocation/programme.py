"""The integer programme that finds the cheapest split, and the proof that no other is cheaper.

It has, for each supplier, bracket and SKU, the units bought (an integer) and, for each bracket, whether the month ends in it (a binary). Units are
bounded by their bracket's binary one by one (the strong form, whose relaxation is close to the answer), a bracket's amount by its edges: over a
threshold is from a 分 above it. HiGHS answers, pattern of brackets by pattern; `model.bills` works the cost out again in exact numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array, csr_array, vstack

from kmanalysis.decisions.allocation.model import Bracket, Offer, Problem, Quantities, Source, available, brackets, most_units

_YUAN = 100
_OPTIMAL, _INFEASIBLE = 0, 2
_MOST_PATTERNS = 50


@dataclass(frozen=True)
class Solution:
    """The solver's answer: quantities (None where no split exists or none was found), a proven lower bound of the cost in 分, and whether it is infeasible."""

    quantities: Quantities | None
    bound: float = float("nan")
    is_infeasible: bool = False


def solve(problem: Problem, without: frozenset[str] = frozenset(), node_limit: int | None = None, *, is_proven: bool = True, is_any: bool = False) -> Solution:
    """The cheapest split, leaving out the constraints named in ``without``.

    The relative gap asked for is 0. ``node_limit`` (a count, so that the same input gives the same answer) ends the search early: the gap is then what
    the bound leaves. Without ``is_proven`` the first good split will do, beside the bound; with ``is_any`` the question is whether there is a split
    at all, and none is dearer than another.
    """
    reached = available(problem, without)
    if any(reached[sku] < units for sku, units in problem.demand):
        return Solution(None, is_infeasible=True)
    programme = _Programme(problem, without)
    if not programme.columns:
        is_asked = any(units for _, units in problem.demand)
        return Solution(None, is_infeasible=True) if is_asked else Solution({}, 0.0)
    return _search(programme, is_any, {"mip_rel_gap": 0.0} | ({} if node_limit is None else {"node_limit": node_limit}), is_proven)


def _search(programme: _Programme, is_any: bool, options: dict[str, float], is_proven: bool) -> Solution:
    """The answer by patterns of brackets: which supplier's month ends in which bracket.

    Were units divisible, the cheapest pattern is found soon, and its cost is a bound; with the pattern held, so are whole units. A pattern that was
    tried is ruled out, and the next one tried, until no other can be a 分 cheaper than the best split.
    """
    arguments = programme.arguments()
    if is_any:
        arguments["c"] = np.zeros_like(arguments["c"])
    units = len(programme.columns)
    integrality = np.concatenate([np.zeros(units), np.ones(len(programme.spans))])
    most, constraints = arguments["bounds"].ub, arguments["constraints"]
    # A bracket that begins at nothing and takes nothing off may be on or off without buying: it does not tell patterns apart.
    tells = np.array([bool(lower or span.rate or span.constant) for _, lower, _, span in programme.spans])
    best: OptimizeResult | None = None
    bound = left_open = float("inf")
    for _ in range(_MOST_PATTERNS if is_proven else 1):
        relaxed = milp(**arguments | {"integrality": integrality, "constraints": constraints}, options=options)
        if relaxed.x is None:
            ended_early = relaxed.status != _INFEASIBLE
            bound = (-np.inf if relaxed.mip_dual_bound is None else relaxed.mip_dual_bound) if ended_early else np.inf
            break
        bound = relaxed.mip_dual_bound
        if best is not None and bound > best.fun - 1 / _YUAN:
            break
        pattern = np.round(relaxed.x[units:])
        held = Bounds(np.append(np.zeros(units), np.where(tells, pattern, 0)), np.append(most[:units], np.where(tells, pattern, 1)))
        whole = milp(**arguments | {"bounds": held}, options=options)
        if whole.x is not None and (best is None or whole.fun < best.fun):
            best = whole
        if whole.status not in (_OPTIMAL, _INFEASIBLE):
            left_open = min(left_open, bound if whole.mip_dual_bound is None else whole.mip_dual_bound)
        if not is_proven and best is not None:
            break
        row = csr_array(np.append(np.zeros(units), np.where(tells, np.where(pattern > 0, 1, -1), 0)).reshape(1, -1))
        constraints = LinearConstraint(
            vstack([constraints.A, row]).tocsr(), np.append(constraints.lb, -np.inf), np.append(constraints.ub, pattern[tells].sum() - 1)
        )
    if best is None:
        return Solution(None, is_infeasible=min(bound, left_open) == float("inf"))
    return Solution(programme.quantities(best.x), min(bound, left_open, best.fun) * _YUAN)


@dataclass
class _Programme:
    """The integer programme: units by supplier, bracket and SKU, then whether each bracket is the month's. Amounts in ¥."""

    problem: Problem
    without: frozenset[str]
    columns: list[tuple[Offer, int, int]] = field(default_factory=list)
    """Offer, place of its bracket, most units."""

    spans: list[tuple[Source, int, int, Bracket]] = field(default_factory=list)
    """Source, lower and upper end (分), and the bracket."""

    def __post_init__(self) -> None:
        asked = {sku: units for sku, units in self.problem.demand if units}
        offered: dict[str, list[Offer]] = defaultdict(list)
        highest = dict.fromkeys(asked, 0)
        for offer in self.problem.offers:
            if offer.sku in asked:
                offered[offer.supplier_id].append(offer)
                highest[offer.sku] = max(highest[offer.sku], offer.unit_price)
        # No split costs more than all of it at the highest price: with a cap, that bounds what one supplier can get.
        cap = self._cap
        most = None if cap is None else int(cap * sum(highest[sku] * units for sku, units in asked.items()))
        for source in self.problem.sources:
            if not source.barred_by or source.barred_by in self.without:
                self._add(source, offered[source.supplier_id], asked, most)

    @property
    def _cap(self) -> Fraction | None:
        return None if self.problem.share_cap is None or "share_cap" in self.without else Fraction(self.problem.share_cap)

    def _add(self, source: Source, offers: list[Offer], asked: Mapping[str, int], most: int | None) -> None:
        units = [most_units(offer, asked, self.without) for offer in offers]
        reach = sum(offer.unit_price * count for offer, count in zip(offers, units, strict=True))
        reach = reach if most is None else min(reach, most)
        minimum = 0 if "minimum_order" in self.without else source.minimum_order
        for span in brackets(source.tiers):
            lower, upper = max(span.lower, minimum), reach if span.upper is None else min(span.upper, reach)
            if lower > upper:
                continue
            for offer, count in zip(offers, units, strict=True):
                fitting = count if not offer.unit_price else min(count, upper // offer.unit_price)
                if fitting:
                    self.columns.append((offer, len(self.spans), fitting))
            self.spans.append((source, lower, upper, span))

    def arguments(self) -> dict[str, Any]:
        """What `scipy.optimize.milp` is called with."""
        count, spans = len(self.columns), len(self.spans)
        place = np.array([place for _, place, _ in self.columns])
        price = np.array([offer.unit_price for offer, _, _ in self.columns]) / _YUAN
        most = np.array([units for _, _, units in self.columns], dtype="float64")
        fees = np.array([1 + float(source.fee_share) for source, _, _, _ in self.spans])
        rates = np.array([float(span.rate) for _, _, _, span in self.spans])
        constants = np.array([float(span.constant) for _, _, _, span in self.spans]) / _YUAN
        costs = np.concatenate([price * (fees * (1 - rates))[place], -fees * constants])
        rows = list(self._rows(price, most, place))
        sizes = [len(low) for _, _, _, low, _ in rows]
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        entries = np.concatenate([values for _, _, values, _, _ in rows])
        at = np.concatenate([start + row for start, (row, _, _, _, _) in zip(starts, rows, strict=True)])
        columns = np.concatenate([column for _, column, _, _, _ in rows])
        matrix = coo_array((entries, (at, columns)), shape=(sum(sizes), count + spans)).tocsr()
        low, high = (np.concatenate([row[which] for row in rows]) for which in (3, 4))
        return {
            "c": costs,
            "integrality": np.ones(count + spans),
            "bounds": Bounds(0, np.concatenate([most, np.ones(spans)])),
            "constraints": LinearConstraint(matrix, low, high),
        }

    def _rows(self, price: np.ndarray, most: np.ndarray, place: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        """Blocks of rows: row, column, entry, then the lower and upper limit of each row."""
        count, spans = len(self.columns), len(self.spans)
        every, binaries = np.arange(count), count + np.arange(spans)
        asked = {sku: units for sku, units in self.problem.demand if units}
        skus = {sku: number for number, sku in enumerate(asked)}
        needed = np.array(list(asked.values()), dtype="float64")
        yield np.array([skus[offer.sku] for offer, _, _ in self.columns]), every, np.ones(count), needed, needed
        lower, upper = (np.array([span[which] for span in self.spans]) / _YUAN for which in (1, 2))
        at, columns = np.concatenate([place, np.arange(spans)]), np.concatenate([every, binaries])
        nothing, anything = np.zeros(spans), np.full(spans, np.inf)
        yield at, columns, np.concatenate([price, -upper]), -anything, nothing
        yield at, columns, np.concatenate([price, -lower]), nothing, anything
        yield (
            np.concatenate([every, every]),
            np.concatenate([every, count + place]),
            np.concatenate([np.ones(count), -most]),
            -np.full(count, np.inf),
            np.zeros(count),
        )
        owners = {source.supplier_id: number for number, source in enumerate({source.supplier_id: source for source, _, _, _ in self.spans}.values())}
        owner = np.array([owners[source.supplier_id] for source, _, _, _ in self.spans])
        yield owner, binaries, np.ones(spans), np.zeros(len(owners)), np.ones(len(owners))
        if self._cap is not None:
            shares = -float(self._cap) + (owner[place][None, :] == np.arange(len(owners))[:, None])
            # A supplier's own part less its share of all parts.
            at = np.repeat(np.arange(len(owners)), count)
            yield at, np.tile(every, len(owners)), (price * shares).ravel(), np.full(len(owners), -np.inf), np.zeros(len(owners))

    def quantities(self, found: np.ndarray) -> dict[tuple[str, str], int]:
        """The units that the solver found, by supplier and SKU."""
        units: dict[tuple[str, str], int] = defaultdict(int)
        for (offer, _, _), value in zip(self.columns, found[: len(self.columns)], strict=True):
            if round(value):
                units[offer.supplier_id, offer.sku] += round(value)
        return dict(sorted(units.items()))
