"""The scorecard: every measure against its standard, and what that makes of each dimension."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ir
from kmanalysis.measures.observation import observed
from kmanalysis.scoring.verdicts import points, verdicts
from kmanalysis.standards import Standards
from kmanalysis.tables import DIMENSIONS, SCORECARD
from kmanalysis.workbook import Workbook, frame, query

ASKED_FOR = {"compliance.family_coverage": "family", "compliance.new_category_speed": "category"}
"""Measures that count only where the needs profile asks for something: the subject that it must speak of."""

DETAILS = ("minimum_n", "limit", "limit_unit", "source", "worst", "best", "is_zero_tolerance")


@frame("scoring.scorecard")
def scorecard(workbook: Workbook) -> pd.DataFrame:
    """The month's scorecard (``tables.SCORECARD`` and `DETAILS`): one row a supplier and standard.

    ``weight`` is the measure's share of the whole (all weights sum to 1); ``points`` is NaN where there is no data.
    """
    judged = observed(workbook).merge(
        standards_frame(workbook.standards, unrequested(workbook)), on="measure", validate="many_to_one", suffixes=("", "_standard")
    )
    judged["verdict"] = verdicts(judged)
    judged["points"] = points(judged, workbook.standards.value("grade.target_points")).round(6)
    order = {measure: place for place, measure in enumerate(workbook.standards.measures)}
    judged = judged.sort_values(["supplier_id", "measure"], key=lambda column: column.map(order) if column.name == "measure" else column, ignore_index=True)
    return judged[[*SCORECARD, *DETAILS]]


@frame("scoring.requested_subjects")
@query("scoring.requested_subjects")
def requested_subjects(workbook: Workbook) -> ir.Table:
    """The subjects that the needs profile speaks of, a row each."""
    return workbook.table("needs").select("subject").distinct().order_by("subject")


def unrequested(workbook: Workbook) -> frozenset[str]:
    """Measures whose subject the needs profile does not mention: they weigh nothing."""
    subjects = set(requested_subjects(workbook)["subject"])
    return frozenset(measure for measure, subject in ASKED_FOR.items() if subject not in subjects)


def standards_frame(standards: Standards, unrequested: frozenset[str] = frozenset()) -> pd.DataFrame:
    """The standards that judge a measure, a row each; ``weight`` is the share of the whole: dimension's share × share within it."""
    judging = [standards[identifier] for identifier in standards.measures]
    judged = pd.DataFrame(
        {
            "measure": [standard.id for standard in judging],
            "dimension": [standard.dimension for standard in judging],
            "op": [standard.op for standard in judging],
            "target": [float(standard.value) for standard in judging],
            "raw_weight": [0.0 if standard.id in unrequested else float(standard.weight) for standard in judging],
            "veto": [standard.veto for standard in judging],
            "minimum_n": [standard.minimum_n for standard in judging],
            "limit": [standard.limit for standard in judging],
            "limit_unit": [standard.limit_unit for standard in judging],
            "source": [standard.source for standard in judging],
            "worst": [standard.worst for standard in judging],
            "best": [standard.best for standard in judging],
            "is_zero_tolerance": [standard.is_zero_tolerance for standard in judging],
        }
    ).astype({"limit": "float64", "worst": "float64", "best": "float64"})
    within = judged.groupby("dimension")["raw_weight"].transform("sum")
    of_dimension = judged["dimension"].map({dimension: standards.value(f"dimension.{dimension}") for dimension in DIMENSIONS})
    judged["weight"] = (of_dimension / of_dimension[~judged["dimension"].duplicated()].sum() * (judged["raw_weight"] / within).fillna(0.0)).round(12)
    return judged.drop(columns="raw_weight")


def weighted_scores(judged: pd.DataFrame, *by: str) -> pd.DataFrame:
    """Score (weighted mean of the points there are; NaN where none) and coverage (share of weight that was observed) of each group."""
    counted = judged.assign(
        earned=judged["weight"] * judged["points"].fillna(0.0),
        weighed=judged["weight"].where(judged["points"].notna(), 0.0),
        covered=judged["weight"].where(judged["verdict"].isin(["met", "missed"]), 0.0),
    )
    sums = counted.groupby(list(by), sort=True)[["earned", "weighed", "covered", "weight"]].sum()
    scores = pd.DataFrame(
        {"score": (sums["earned"] / sums["weighed"].where(sums["weighed"] > 0)), "coverage": sums["covered"] / sums["weight"].where(sums["weight"] > 0)}
    )
    return scores.round(6).reset_index()


@frame("scoring.dimension_scores")
def dimension_scores(workbook: Workbook) -> pd.DataFrame:
    """Score and coverage of each supplier's dimensions: month, supplier_id, dimension, score, coverage; dimensions in their order."""
    scores = weighted_scores(scorecard(workbook), "supplier_id", "dimension")
    scores.insert(0, "month", str(workbook.month))
    order = scores["dimension"].map(DIMENSIONS.index)
    return scores.assign(order=order).sort_values(["supplier_id", "order"], ignore_index=True).drop(columns="order")


@frame("scoring.dimension_history")
def dimension_history(workbook: Workbook) -> pd.DataFrame:
    """The dimension scores of every month looked back on."""
    return pd.concat([dimension_scores(workbook.at(month)) for month in workbook.months], ignore_index=True)


@frame("scoring.moves")
def moves(workbook: Workbook) -> pd.DataFrame:
    """What moved: each supplier's measures this month beside the last month's (NaN and empty where that lies before the folder's first)."""
    columns = ["supplier_id", "measure", "value", "points", "verdict"]
    now = scorecard(workbook)[[*columns, "unit", "weight"]]
    last = workbook.month - 1
    before = scorecard(workbook.at(last))[columns] if last >= workbook.first_month else now[columns].head(0)
    return now.merge(before.rename(columns={name: f"previous_{name}" for name in columns[2:]}), on=columns[:2], how="left")


@frame("scoring.reasons")
def reasons(workbook: Workbook) -> pd.DataFrame:
    """What costs each supplier most: supplier_id, rank (1 first), measure, verdict, points, veto, lost (points of the whole score)."""
    judged = scorecard(workbook)
    lost = (judged["weight"] * (100.0 - judged["points"])).round(6)
    costly = judged.assign(lost=lost)[(lost > 0) | (judged["veto"] & (judged["verdict"] != "met"))]
    is_veto = costly["veto"] & (costly["verdict"] == "missed")
    costly = costly.assign(is_veto=is_veto).sort_values(["supplier_id", "is_veto", "lost", "measure"], ascending=[True, False, False, True], ignore_index=True)
    costly["rank"] = costly.groupby("supplier_id").cumcount() + 1
    return costly[["supplier_id", "rank", "measure", "verdict", "points", "veto", "lost"]]
