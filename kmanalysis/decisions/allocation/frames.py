"""Next month's purchase plan as frames: what to buy where, what each supplier gets, and what the plan and its alternatives cost.

A split is about the others too: ``supplier`` is no supplier_id, so that it stays on the portfolio's pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from kmanalysis.decisions.allocation.inputs import FLOOR, Inputs, plan_inputs, purchase_offers
from kmanalysis.decisions.allocation.model import CONSTRAINTS, Bill, bills
from kmanalysis.decisions.allocation.splits import Allocation, allocate, with_cap
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.money import CENT
from kmanalysis.workbook import Workbook, frame

LINES = ("supplier", "sku", "currency", "unit_price", "stock", "units", "last_units")
PARTS = (
    "supplier", "currency", "barred_by", "list_amount", "discount_amount", "fees", "landed_cost", "share",
    "last_list_amount", "last_landed_cost", "last_share",
)  # fmt: skip
SCENARIOS = ("scenario", "currency", "share_cap", "state", "landed_cost", "extra_cost", "gap", "conflicts", "short_skus", "unoffered_skus", "unpriced_units")

PLAN, LAST, TIGHTER = "plan", "last_split", "tighter_cap"


def page_plan(workbook: Workbook) -> tuple[Inputs, Allocation]:
    """The plan for the month after the workbook's, as the standards ask for it.

    A page waits for it: of more offers than the standards name, only the cap is priced, and the first good split stands, with what its cost may be
    above the least one. `plan_frames` proves it whatever the size.
    """
    inputs = plan_inputs(workbook)
    small = is_small(workbook, inputs)
    return inputs, allocate(inputs.problem, CONSTRAINTS if small else ("share_cap",), node_limit(workbook), small)


def is_small(workbook: Workbook, inputs: Inputs) -> bool:
    """Whether a page can wait for the proof."""
    return len(inputs.problem.offers) <= workbook.standards.value("planning.proven_offers")


def node_limit(workbook: Workbook) -> int:
    """Nodes that a search may take."""
    return int(workbook.standards.value("planning.node_limit"))


@frame("allocation.purchase_lines")
def purchase_lines(workbook: Workbook) -> pd.DataFrame:
    """The plan by supplier and SKU; `plan_lines`."""
    return plan_lines(*page_plan(workbook))


@frame("allocation.purchase_parts")
def purchase_parts(workbook: Workbook) -> pd.DataFrame:
    """The plan by supplier; `plan_parts`."""
    return plan_parts(*page_plan(workbook))


@frame("allocation.purchase_scenarios")
def purchase_scenarios(workbook: Workbook) -> pd.DataFrame:
    """The plan, last month's split, and the plan under other constraints; `plan_scenarios`."""
    inputs, found = page_plan(workbook)
    return plan_scenarios(inputs, found, tighter_cap(workbook), node_limit(workbook), is_small(workbook, inputs))


def tighter_cap(workbook: Workbook) -> Decimal:
    """The cap that the plan is compared with."""
    return Decimal(str(workbook.standards.value("planning.tighter_cap")))


@dataclass(frozen=True)
class PlanFrames:
    """The three frames of a purchase plan."""

    scenarios: pd.DataFrame
    lines: pd.DataFrame
    parts: pd.DataFrame


def plan_frames(workbook: Workbook, share_cap: Decimal | None = None, floor: str = FLOOR, demand: dict[str, int] | None = None) -> PlanFrames:
    """The plan as it is asked for; `plan_inputs` says what the options mean."""
    inputs = plan_inputs(workbook, share_cap, floor, demand)
    found = allocate(inputs.problem, node_limit=node_limit(workbook))
    return PlanFrames(plan_scenarios(inputs, found, tighter_cap(workbook), node_limit(workbook)), plan_lines(inputs, found), plan_parts(inputs, found))


def plan_lines(inputs: Inputs, found: Allocation) -> pd.DataFrame:
    """What to buy where, columns `LINES`: unit_price is the list price (decimal), stock units (NaN where unknown), last_units those of last month."""
    units = found.quantities or {}
    offers = {(offer.supplier_id, offer.sku): offer for offer in inputs.problem.offers}
    rows = [
        (
            *key, inputs.currency,
            _amount(offers[key].unit_price) if key in offers else None,
            None if key not in offers else offers[key].stock,
            units.get(key, 0), inputs.last_split.get(key, 0),
        )
        for key in sorted({*units, *inputs.last_split})
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=LINES).astype({"stock": "float64", "units": "int64", "last_units": "int64"})


def plan_parts(inputs: Inputs, found: Allocation) -> pd.DataFrame:
    """What each supplier gets, columns `PARTS`: amounts are decimal, shares are of the list amount; last month's are at the same prices.

    Last month's amounts are empty where they are unknown (see `Inputs.last_cost`).
    """
    before = {} if inputs.last_cost is None else bills(inputs.problem, inputs.last_split)
    barred = {source.supplier_id: source.barred_by for source in inputs.problem.sources}
    rows = [
        (supplier, inputs.currency, barred[supplier], *_amounts(found.bills.get(supplier), found.bills), *_last(before.get(supplier), before))
        for supplier in sorted({*found.bills, *before})
    ]
    return pd.DataFrame(rows, columns=PARTS).astype({"share": "float64", "last_share": "float64"})


def _amounts(bill: Bill | None, among: dict[str, Bill]) -> tuple[Decimal | float, ...]:
    bill = bill or Bill(0, Decimal(0), Decimal(0))
    return *(_amount(amount) for amount in (bill.list_amount, bill.discount, bill.fees, bill.cost)), _share(bill, among)


def _last(bill: Bill | None, among: dict[str, Bill]) -> tuple[Decimal | float | None, ...]:
    if not among:
        return None, None, float("nan")
    bill = bill or Bill(0, Decimal(0), Decimal(0))
    return _amount(bill.list_amount), _amount(bill.cost), _share(bill, among)


def _share(bill: Bill, among: dict[str, Bill]) -> float:
    total = sum(other.list_amount for other in among.values())
    return round(bill.list_amount / total, DIGITS) if total else 0.0


def plan_scenarios(inputs: Inputs, found: Allocation, tighter: Decimal, nodes: int, is_proven: bool = True) -> pd.DataFrame:
    """What the plan costs and what else would cost, columns `SCENARIOS`; empty where nothing is asked for.

    scenario is ``plan``, ``last_split``, the name of a constraint (the best split without it) or ``tighter_cap``; extra_cost is the cost above the
    plan's. state is ``planned``, ``infeasible`` or ``undecided``; conflicts names the constraints each of which, left out alone, makes a split possible.
    """
    if not inputs.problem.demand:
        return pd.DataFrame(columns=list(SCENARIOS))
    cap = inputs.problem.share_cap
    rows = [_scenario(inputs, PLAN, cap, found, found)]
    last = inputs.last_cost
    rows.append(_row(inputs, LAST, None, "planned" if last is not None else "undecided", last, found))
    for name, price in found.prices.items():
        rows.append(_row(inputs, name, None if name == "share_cap" else cap, "planned", found.cost - price, found))
    if cap is None or tighter < cap:
        rows.append(_scenario(inputs, TIGHTER, tighter, allocate(with_cap(inputs.problem, tighter), (), nodes, is_proven), found))
    return pd.DataFrame(rows, columns=SCENARIOS).astype({"share_cap": "float64", "gap": "float64"})


def _scenario(inputs: Inputs, name: str, cap: Decimal | None, of: Allocation, plan: Allocation) -> tuple[object, ...]:
    state = "infeasible" if of.is_infeasible else "undecided" if of.quantities is None else "planned"
    row = _row(inputs, name, cap, state, of.cost if of.quantities is not None else None, plan)
    return (*row[:6], of.gap if of.quantities is not None else float("nan"), ";".join(of.conflicts), ";".join(of.short), *row[9:])


def _row(inputs: Inputs, name: str, cap: Decimal | None, state: str, cost: Decimal | None, plan: Allocation) -> tuple[object, ...]:
    extra = None if cost is None or plan.quantities is None else _amount(cost - plan.cost)
    amount = None if cost is None else _amount(cost)
    share = float("nan") if cap is None else float(cap)
    return name, inputs.currency, share, state, amount, extra, float("nan"), "", "", len(inputs.unoffered), inputs.unpriced_units


def _amount(cents: Decimal | int) -> Decimal:
    return (Decimal(cents) / 100).quantize(CENT, ROUND_HALF_UP)


FRAMES = (purchase_offers, purchase_lines, purchase_parts, purchase_scenarios)
