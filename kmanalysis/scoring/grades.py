"""Grades: S, A, B or not graded with its reason; held through a single bad month; with the probability that they are right."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from kmanalysis.scoring.scorecard import scorecard, standards_frame, unrequested, weighted_scores
from kmanalysis.scoring.verdicts import scale_points
from kmanalysis.standards import Standards
from kmanalysis.statistics.seeds import generator
from kmanalysis.tables import GRADES
from kmanalysis.workbook import Workbook, frame

RANKS = {"": 0} | {grade: rank for rank, grade in enumerate(reversed(GRADES), start=1)}
"""Grades as numbers: not graded 0, B 1, A 2, S 3."""

AT_ONCE = ("vetoed", "lacks_evidence")
"""Reasons that end a grade at once; a score under the floor has to last."""


@frame("scoring.raw_grades")
def raw_grades(workbook: Workbook) -> pd.DataFrame:
    """The grade that the month alone would give: supplier_id, raw_grade, reason, score, coverage, missed (standards that weigh something), vetoes."""
    judged = scorecard(workbook)
    scores = weighted_scores(judged, "supplier_id")
    veto = judged[judged["veto"]]
    failed = veto[veto["verdict"] == "missed"].groupby("supplier_id")["measure"].agg(";".join)
    open_vetoes = set(veto.loc[veto["verdict"].isin(["no_data", "unproven"]), "supplier_id"])
    scores["vetoes"] = [failed.get(supplier, "") for supplier in scores["supplier_id"]]
    counts = (judged["verdict"] == "missed") & (judged["weight"] > 0)
    scores["missed"] = scores["supplier_id"].map(judged[counts].groupby("supplier_id").size()).fillna(0).astype("int64")
    ranks = graded_ranks(scores["score"].to_numpy(), scores["coverage"].to_numpy(), scores["missed"].to_numpy(), workbook.standards)
    lowest_coverage = workbook.standards.value(f"grade.{GRADES[-1]}.coverage")
    lacks = scores["supplier_id"].isin(open_vetoes) | (scores["coverage"] < lowest_coverage) | scores["score"].isna()
    scores["reason"] = np.select([scores["vetoes"] != "", lacks, ranks == 0], ["vetoed", "lacks_evidence", "below_floor"], "")
    names = {rank: grade for grade, rank in RANKS.items()}
    scores["raw_grade"] = [names[rank] if reason == "" else "" for rank, reason in zip(ranks, scores["reason"], strict=True)]
    return scores[["supplier_id", "raw_grade", "reason", "score", "coverage", "missed", "vetoes"]]


def graded_ranks(score: np.ndarray, coverage: np.ndarray, missed: np.ndarray, standards: Standards) -> np.ndarray:
    """Rank of the grade that score and coverage reach (see `RANKS`); the first grade also asks that few standards are ``missed``."""
    ranks = np.zeros(np.broadcast(score, coverage).shape, dtype="int64")
    for grade in reversed(GRADES):
        reached = (score >= standards.value(f"grade.{grade}.points")) & (coverage >= standards.value(f"grade.{grade}.coverage"))
        ranks = np.where(reached, RANKS[grade], ranks)
    allowed = missed <= standards.value(f"grade.{GRADES[0]}.missed")
    return np.where(allowed, ranks, np.minimum(ranks, RANKS[GRADES[1]]))


@frame("scoring.grades")
def grades(workbook: Workbook) -> pd.DataFrame:
    """The month's grades: month, supplier_id, name, grade, raw_grade, reason, score, coverage, probability, p_s, p_a, p_b, p_none, missed, vetoes.

    A grade falls only when the months that the standards name have all been under it; a veto and a lack of evidence act at once. ``probability``
    is that of the grade shown; ``p_none`` that of no grade.
    """
    graded = raw_grades(workbook)
    held = held_rank(workbook)
    floor = graded["supplier_id"].map(held).fillna(0).astype("int64").to_numpy()
    ends_at_once = graded["reason"].isin(AT_ONCE).to_numpy()
    shown = np.where(ends_at_once, 0, np.maximum(graded["raw_grade"].map(RANKS).to_numpy(), floor))
    names = {rank: grade for grade, rank in RANKS.items()}
    graded["grade"] = [names[rank] for rank in shown]
    graded.loc[graded["grade"] != "", "reason"] = ""
    chances = grade_chances(workbook, graded, np.where(ends_at_once, 0, floor), ends_at_once)
    for grade in reversed(RANKS):
        graded[f"p_{grade.lower() or 'none'}"] = chances[:, RANKS[grade]].round(4)
    graded["probability"] = chances[np.arange(len(graded)), shown].round(4)
    graded["name"], graded["month"] = graded["supplier_id"].map(workbook.names), str(workbook.month)
    columns = [
        "month",
        "supplier_id",
        "name",
        "grade",
        "raw_grade",
        "reason",
        "score",
        "coverage",
        "probability",
        "p_s",
        "p_a",
        "p_b",
        "p_none",
        "missed",
        "vetoes",
    ]
    return graded[columns]


def held_rank(workbook: Workbook) -> pd.Series:
    """The rank that earlier months still hold a supplier at, by supplier_id.

    Its best raw grade within the falling months, as far back as nothing ended a grade at once.
    """
    earlier = [workbook.month - back for back in range(1, int(workbook.standards.value("grade.falling_months")))]
    held = pd.Series(dtype="int64")
    unbroken: pd.Series | None = None
    for month in (month for month in earlier if month >= workbook.first_month):
        past = raw_grades(workbook.at(month)).set_index("supplier_id")
        stands = ~past["reason"].isin(AT_ONCE)
        unbroken = stands if unbroken is None else unbroken & stands
        ranks = past["raw_grade"].map(RANKS).where(unbroken, 0)
        held = ranks if held.empty else held.combine(ranks, max, fill_value=0)
    return held.astype("int64")


@frame("scoring.grade_history")
def grade_history(workbook: Workbook) -> pd.DataFrame:
    """The grades of every month looked back on, one month below the other."""
    return pd.concat([grades(workbook.at(month)) for month in workbook.months], ignore_index=True)


def grade_chances(workbook: Workbook, graded: pd.DataFrame, floor: np.ndarray, ends_at_once: np.ndarray) -> np.ndarray:
    """Chance of each rank (columns 0–3) for each supplier of ``graded``: measures redrawn from their intervals, weights from a Dirichlet.

    Vetoes, facts without an interval and unproven measures (which count at their unfavourable bound) stay as they are. ``floor`` is the rank
    that earlier months hold a supplier at.
    """
    standards = workbook.standards
    draws = int(standards.value("grade.draws"))
    weights = weight_draws(standards, unrequested(workbook), draws)
    chances = np.zeros((len(graded), len(RANKS)))
    scores = score_draws(scorecard(workbook), weights, standards)
    nothing = np.full(draws, np.nan)
    for place, row in enumerate(graded[["supplier_id", "coverage", "missed"]].to_dict("records")):
        if ends_at_once[place]:
            chances[place, 0] = 1.0
            continue
        drawn = scores.get(row["supplier_id"], nothing)
        ranks = np.maximum(graded_ranks(drawn, row["coverage"], row["missed"], standards), floor[place])
        chances[place] = np.bincount(ranks, minlength=len(RANKS)) / draws
    return chances


def weight_draws(standards: Standards, unrequested: frozenset[str], draws: int) -> pd.DataFrame:
    """Drawn weights, a row a measure and a column a draw: one set for all suppliers, around the configured weights."""
    configured = standards_frame(standards, unrequested).set_index("measure")["weight"]
    weighing = configured[configured > 0]
    drawn = generator("weights").dirichlet(weighing.to_numpy() * standards.value("grade.weight_concentration"), size=draws)
    return pd.DataFrame(drawn.T, index=weighing.index)


def score_draws(judged: pd.DataFrame, weights: pd.DataFrame, standards: Standards) -> dict[str, np.ndarray]:
    """Drawn scores of each supplier of these scorecard rows, one a draw; suppliers without points are left out."""
    counted = judged[judged["points"].notna() & judged["measure"].isin(weights.index)]
    # Arrays of all rows: to take a supplier's from a frame takes longer than to draw them.
    is_free = (~counted["veto"] & (counted["verdict"] != "unproven") & (counted["upper"] > counted["lower"])).to_numpy()
    numbers = counted[["points", "value", "lower", "upper", "worst", "target", "best"]].to_numpy(dtype="float64")
    most = np.where(counted["unit"] == "share", 1.0, np.inf)
    names = list(zip(counted["supplier_id"], counted["measure"], counted["month"], strict=True))
    of_measure = weights.index.get_indexer(pd.Index(counted["measure"]))
    scores = {}
    for supplier, places in counted.groupby("supplier_id", sort=False).indices.items():
        rows = np.asarray(places)
        free = rows[is_free[rows]]
        drawn = np.repeat(numbers[rows, :1], weights.shape[1], axis=1)
        drawn[is_free[rows]] = _point_draws([names[row] for row in free], numbers[free, 1:], most[free], weights.shape[1], standards)
        weighing = weights.iloc[of_measure[rows]].to_numpy()
        scores[str(supplier)] = (weighing * drawn).sum(axis=0) / weighing.sum(axis=0)
    return scores


def _point_draws(names: list[tuple[str, ...]], numbers: np.ndarray, most: np.ndarray, draws: int, standards: Standards) -> np.ndarray:
    """Drawn points, a row a measure: seeded by its names, redrawn from its value, lower and upper, on the scale of its worst, target and best."""
    z = np.empty((len(names), draws))
    for place, seed in enumerate(names):
        generator(*seed).standard_normal(out=z[place])
    value, lower, upper, worst, target, best = numbers.T[:, :, np.newaxis]
    # Two half-normals that meet at the value and have the measure's one-sided bounds as their quantiles.
    seen = value + z * np.where(z > 0, upper - value, value - lower) / ndtri(standards.value("counting.confidence"))
    return scale_points(np.clip(seen, 0.0, most[:, np.newaxis]), worst, target, best, standards.value("grade.target_points"))
