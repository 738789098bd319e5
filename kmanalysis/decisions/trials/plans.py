"""How many codes a trial has to check: for a claim, by two risks, one after the other; and what a small sample can and cannot show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import ceil

import numpy as np
import pandas as pd

from kmanalysis.errors import UsageError
from kmanalysis.measures.common.money import CENT
from kmanalysis.standards import Standards
from kmanalysis.statistics.intervals import ROUNDING, finite_lot_bounds, proportion_bounds
from kmanalysis.statistics.sampling import SamplingPlan, acceptance, bad_allowance, items_to_check, plan_by_risks
from kmanalysis.statistics.sprt import SequentialPlan, ending_plan, five_points, performance

CURVE_POINTS = 121
"""Points of an operating characteristic curve."""

LADDER = (1.0, 0.999, 0.995, 0.99, 0.98, 0.95, 0.9)
"""Shares of good codes at which a plan's curve is told, beside those that the plan is about."""


@dataclass(frozen=True)
class TrialRequest:
    """What a plan is asked: shares are of good codes, 0–1; money is in ``currency``.

    ``lot`` is a number of codes (None: no lot is named), ``sample_share`` the share of a purchase for ``budget`` that is checked. Raises UsageError for
    numbers that no plan can be made for.
    """

    claim: float
    confidence: float
    failures: int
    lot: int | None
    price: Decimal
    budget: Decimal
    currency: str
    sample_share: float
    good: float
    poor: float
    alpha: float
    beta: float
    truncation: float

    def __post_init__(self) -> None:
        shares = {name: getattr(self, name) for name in ("claim", "confidence", "good", "poor", "alpha", "beta")}
        for name, value in shares.items():
            if not 0 < value < 1:
                raise UsageError("{name} must lie between 0 and 1, found {found}. Write 99 % as 0.99.", name=name, found=value)
        if not 0 < self.sample_share <= 1:
            raise UsageError("{name} must lie between 0 and 1, found {found}. Write 99 % as 0.99.", name="sample", found=self.sample_share)
        if self.good <= self.claim:
            raise UsageError("A good supplier's share {good} must be above the claim {claim}: no plan tells them apart.", good=self.good, claim=self.claim)
        if self.alpha + self.beta >= 1:
            raise UsageError("The risks alpha {alpha} and beta {beta} must be less than 1 together.", alpha=self.alpha, beta=self.beta)
        if self.failures < 0 or self.price <= 0 or self.budget <= 0 or self.truncation < 1 or (self.lot is not None and self.lot < 1):
            raise UsageError("Failures may not be negative, and a lot, a price, a budget and an end of the sequential test must be above 0.")


def trial_request(standards: Standards, **changed: object) -> TrialRequest:
    """What the standards ask of a trial; ``changed`` names what is asked otherwise (None: as the standards say)."""
    by_standard: dict[str, object] = {
        "claim": standards.value("trial.valid_share"),
        "confidence": standards.value("counting.confidence"),
        "failures": 0,
        "lot": None,
        "price": Decimal(str(standards.value("trial.unit_price"))),
        "budget": Decimal(str(standards.value("trial.budget"))),
        "currency": standards["trial.budget"].unit,
        "sample_share": standards.value("trial.sampled_share"),
        "good": standards.value("trial.good_share"),
        "poor": standards.value("trial.poor_share"),
        "alpha": standards.value("trial.producer_risk"),
        "beta": standards.value("trial.consumer_risk"),
        "truncation": standards.value("trial.truncation"),
    }
    return TrialRequest(**(by_standard | {name: value for name, value in changed.items() if value is not None}))  # type: ignore[arg-type]


def sizes(asked: TrialRequest) -> pd.DataFrame:
    """Codes to check so that the claim is shown with no failure, one … as many as are asked for.

    Columns: failures, codes and cost_amount for the process; lot_codes and lot_cost_amount for the lot (empty without a lot, and where so many
    failures already refute the claim).
    """
    allowed = range(asked.failures + 1)
    codes = [items_to_check(asked.claim, asked.confidence, failures) for failures in allowed]
    of_lot = [items_to_check(asked.claim, asked.confidence, failures, asked.lot) if asked.lot else None for failures in allowed]
    return pd.DataFrame(
        {
            "failures": list(allowed),
            "codes": pd.array(codes, dtype="Int64"),
            "cost_amount": pd.Series([_cost(asked, number) for number in codes], dtype="object"),
            "lot_codes": pd.array(of_lot, dtype="Int64"),
            "lot_cost_amount": pd.Series([_cost(asked, number) for number in of_lot], dtype="object"),
            "currency": asked.currency,
        }
    )


@dataclass(frozen=True)
class BudgetSample:
    """What a sample of a purchase shows where none of its codes fails.

    ``codes`` bought, ``checked`` of them; ``process_lower`` and ``lot_lower``: the shares of good codes that are then shown; ``poor_passes``: how often
    a supplier of the poor share passes all the same; ``is_shown`` and ``is_shown_of_lot``: whether the claim is; ``lot_needed``: codes of the
    purchase that would have to be checked.
    """

    codes: int
    checked: int
    process_lower: float
    lot_lower: float
    poor_passes: float
    is_shown: bool
    is_shown_of_lot: bool
    lot_needed: int | None


def budget_sample(asked: TrialRequest) -> BudgetSample | None:
    """The sample that the budget and the share give; None where the budget buys no code."""
    codes = int(asked.budget // asked.price)
    if not codes:
        return None
    checked = max(ceil(codes * asked.sample_share - ROUNDING), 1)
    process = float(proportion_bounds(checked, checked, asked.confidence)[0])
    lot = float(finite_lot_bounds(checked, checked, codes, asked.confidence)[0])
    needed = items_to_check(asked.claim, asked.confidence, lot=codes)
    return BudgetSample(
        codes=codes,
        checked=checked,
        process_lower=process,
        lot_lower=lot,
        poor_passes=float(acceptance(checked, 0, 1 - asked.poor)),
        is_shown=process >= asked.claim - ROUNDING,
        is_shown_of_lot=needed is not None and checked >= needed,
        lot_needed=needed,
    )


def risk_plan(asked: TrialRequest) -> SamplingPlan | None:
    """The smallest plan that keeps both risks: the good supplier's share as AQL, the claim as LTPD."""
    return plan_by_risks(1 - asked.good, 1 - asked.claim, asked.alpha, asked.beta)


def sequential(asked: TrialRequest) -> SequentialPlan:
    """The sequential plan between the good supplier's share and the claim."""
    return ending_plan(1 - asked.good, 1 - asked.claim, asked.alpha, asked.beta, asked.truncation)


def sequential_points(asked: TrialRequest) -> pd.DataFrame:
    """The sequential plan at the classic five shares: good_share, acceptance and expected_codes (Wald's), and both exactly with its end."""
    plan = sequential(asked)
    points = five_points(plan)
    exact = performance(plan, points["bad_share"])
    return pd.DataFrame(
        {
            "good_share": 1 - points["bad_share"],
            "acceptance": points["acceptance"],
            "expected_codes": points["expected_items"],
            "exact_acceptance": exact["acceptance"],
            "exact_codes": exact["expected_items"],
        }
    )


def curve(n: int, c: int, shares: np.ndarray | list[float]) -> pd.DataFrame:
    """How often a plan accepts: good_share, acceptance."""
    good = np.asarray(shares, dtype="float64")
    return pd.DataFrame({"good_share": good, "acceptance": acceptance(n, c, 1 - good)})


def curves(asked: TrialRequest) -> pd.DataFrame:
    """How often each way of checking accepts a supplier, by its share of good codes: good_share, and a column a way.

    ``claim``: the codes of `sizes` with the failures asked for; ``sample``: `budget_sample` without a failure; ``sequential``: that plan with its end.
    """
    ladder = sorted({*LADDER, asked.claim, asked.good, asked.poor}, reverse=True)
    n = items_to_check(asked.claim, asked.confidence, asked.failures)
    small = budget_sample(asked)
    shares = np.array(ladder)
    return pd.DataFrame(
        {
            "good_share": shares,
            "claim": acceptance(n, asked.failures, 1 - shares) if n else np.nan,
            "sample": acceptance(small.checked, 0, 1 - shares) if small else np.nan,
            "sequential": performance(sequential(asked), 1 - shares)["acceptance"].to_numpy(),
        }
    )


def sequential_lines(asked: TrialRequest) -> pd.DataFrame:
    """The lines of the sequential plan as they are drawn: n, accept, reject (dead codes), a little beyond the first clean acceptance."""
    plan = sequential(asked)
    n = np.unique(np.geomspace(1, plan.clean_items * 1.5, CURVE_POINTS))
    return pd.DataFrame({"n": n, "accept": plan.slope * n - plan.accept_intercept, "reject": plan.slope * n + plan.reject_intercept})


def checked_curves(numbers: Iterable[int], asked: TrialRequest) -> pd.DataFrame:
    """How often a supplier passes where so many codes are checked and none may be dead: n, good_share, acceptance.

    For the numbers given, and last for the one that shows the claim; from the poor supplier's share to 1.
    """
    needed = items_to_check(asked.claim, asked.confidence)
    shares = np.linspace(min(asked.poor, asked.claim), 1.0, CURVE_POINTS)
    checked = sorted({int(number) for number in numbers if number > 0} | ({needed} if needed else set()))
    return pd.concat([curve(n, 0, shares).assign(n=n) for n in checked], ignore_index=True)[["n", "good_share", "acceptance"]]


def lot_allowance(asked: TrialRequest) -> int | None:
    """Dead codes that the lot may hold under the claim; None without a lot."""
    return None if asked.lot is None else bad_allowance(asked.claim, asked.lot)


def _cost(asked: TrialRequest, codes: int | None) -> Decimal | None:
    return None if codes is None else (asked.price * codes).quantize(CENT)
