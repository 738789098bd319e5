"""Verdicts of trials: what each figure of a trial is held against, and what came of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.scoring.verdicts import verdicts
from kmanalysis.steps.trial.trials import trials
from kmanalysis.workbook import Workbook, frame

CRITERIA = (
    "trial.budget",
    "trial.delivery_time",
    "trial.response_time",
    "trial.sampled_share",
    "trial.valid_share.lot",
    "trial.valid_share.process",
    "trial.repeated_codes",
)
"""What a trial is judged by, in order. Valid codes are two claims: of the lot that was bought, and of the process behind it."""


@frame("trials.criteria")
def criteria(workbook: Workbook) -> pd.DataFrame:
    """Each trial's verdict by each criterion, in the order of `CRITERIA`.

    Columns: supplier_id, trial_id, is_current, criterion, value, unit, currency, n, lower, upper, basis, op, target, verdict. The budget is the trial's own;
    delivery and answers are held by their slowest; what was delivered or listed is not always known, and then the criterion is ``bounded``.
    """
    found = trials(workbook)
    parts = [
        _budget(found),
        _waits(found, "trial.delivery_time", "deliveries", "slowest_seconds", "slowest_sure_seconds", missing=found["undelivered"], unseen=found["unlisted"]),
        _waits(found, "trial.response_time", "answers", "slowest_answer_seconds", "slowest_sure_answer_seconds"),
        _row(found, "trial.sampled_share", found["sampled_share"], found["lot"]),
        *(_valid(found, claim) for claim in ("lot", "process")),
        _repeats(found),
    ]
    rows = pd.concat(parts, ignore_index=True)
    standards = {criterion: workbook.standards[".".join(criterion.split(".")[:2])] for criterion in CRITERIA}
    target = rows["criterion"].map({criterion: standard.value for criterion, standard in standards.items()}).astype("float64")
    rows["target"] = rows["budget"].where(rows["criterion"] == "trial.budget", target)
    for field in ("op", "unit"):
        rows[field] = rows["criterion"].map({criterion: getattr(standard, field) for criterion, standard in standards.items()}).astype("str")
    rows["unit"] = rows["currency"].where(rows["criterion"] == "trial.budget", rows["unit"])
    rows["minimum_n"] = 1
    rows["is_zero_tolerance"] = rows["criterion"].map({criterion: standard.is_zero_tolerance for criterion, standard in standards.items()}).astype("bool")
    rows["verdict"] = pd.Series(verdicts(rows), dtype="str")
    numbers = ["value", "lower", "upper", "target"]
    rows[numbers] = rows[numbers].astype("float64").round(DIGITS)
    place = rows["criterion"].map({criterion: number for number, criterion in enumerate(CRITERIA)})
    ordered = rows.assign(place=place).sort_values(["supplier_id", "started_at", "trial_id", "place"], ignore_index=True)
    columns = ["supplier_id", "trial_id", "is_current", "criterion", "value", "unit", "currency", "n", "lower", "upper", "basis", "op", "target", "verdict"]
    return ordered[columns]


@frame("trials.verdict")
def verdict(workbook: Workbook) -> pd.DataFrame:
    """Each trial as a whole: supplier_id, trial_id, started_at, is_current, verdict, and its criteria ``missed`` and ``unproven`` (ids, joined by ;).

    One miss is a miss; it is met where every criterion is met; otherwise, where anything was seen, it is unproven.
    """
    rows = criteria(workbook)

    def criteria_with(verdict: str) -> pd.Series:
        return rows[rows["verdict"] == verdict].groupby("trial_id")["criterion"].agg(";".join)

    whole = trials(workbook)[["supplier_id", "trial_id", "started_at", "is_current"]].copy()
    for verdict in ("missed", "unproven", "no_data"):
        whole[verdict] = whole["trial_id"].map(criteria_with(verdict)).astype("object").fillna("").astype("str")
    nothing = whole["no_data"] == ";".join(CRITERIA)
    is_open = (whole["unproven"] != "") | (whole["no_data"] != "")
    judged = np.select([whole["missed"] != "", nothing, is_open], ["missed", "no_data", "unproven"], "met")
    whole["verdict"] = pd.Series(judged, dtype="str", index=whole.index)
    return whole[["supplier_id", "trial_id", "started_at", "is_current", "verdict", "missed", "unproven", "no_data"]]


def _row(
    found: pd.DataFrame,
    criterion: str,
    value: pd.Series,
    n: pd.Series,
    *,
    lower: pd.Series | float = np.nan,
    upper: pd.Series | float = np.nan,
    basis: np.ndarray | str = "census",
) -> pd.DataFrame:
    known = found[["supplier_id", "trial_id", "started_at", "is_current", "currency"]].assign(budget=found["budget_amount"].astype("float64"))
    return known.assign(criterion=criterion, value=value.astype("float64"), n=n, lower=lower, upper=upper, basis=basis)


def _budget(found: pd.DataFrame) -> pd.DataFrame:
    return _row(found, "trial.budget", found["cost_amount"].astype("float64"), found["purchases"])


def _waits(
    found: pd.DataFrame,
    criterion: str,
    n: str,
    slowest: str,
    sure: str,
    *,
    missing: pd.Series | None = None,
    unseen: pd.Series | None = None,
) -> pd.DataFrame:
    longest, least = found[slowest].astype("float64"), found[sure].astype("float64")
    if missing is not None:
        # What was paid for and did not come at all waits without an end.
        longest, least = longest.mask(missing > 0, np.inf), least.mask(missing > 0, np.inf)
    at_most = longest if unseen is None else longest.mask(unseen > 0, np.inf)
    is_bounded = (at_most != least) & ~longest.isna()
    value = least.where(longest.isna() | np.isinf(longest) & ~np.isinf(least), longest)
    counted = found[n] if missing is None else found[n] + missing
    return _row(found, criterion, value, counted, lower=least.fillna(0.0).mask(longest.isna()), upper=at_most, basis=np.where(is_bounded, "bounded", "census"))


def _valid(found: pd.DataFrame, claim: str) -> pd.DataFrame:
    bounds = {"lower": found[f"{claim}_lower"], "upper": found[f"{claim}_upper"]}
    return _row(found, f"trial.valid_share.{claim}", found["valid_share"], found["checked"], **bounds, basis="sample")


def _repeats(found: pd.DataFrame) -> pd.DataFrame:
    seen = found["repeated_within"] + found["repeated_elsewhere"]
    # A code that is not listed may repeat another.
    basis = np.where(found["unlisted"] > 0, "bounded", "census")
    return _row(found, "trial.repeated_codes", seen, found["codes"], lower=seen, upper=seen + found["unlisted"], basis=basis)


FRAMES = (criteria, verdict)
