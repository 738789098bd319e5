"""How much a ranking rests on the weights: how often each supplier is first, and what smallest change of a weight swaps two neighbours."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.scoring.grades import grades, weight_draws
from kmanalysis.scoring.scorecard import scorecard, standards_frame, unrequested
from kmanalysis.workbook import Workbook, frame


@frame("decisions.first_places")
def first_places(workbook: Workbook) -> pd.DataFrame:
    """Ranks of the graded suppliers under drawn weights: supplier, rank (by the weights as configured), first_share, best_rank, worst_rank.

    A rank is about the others too: ``supplier`` is no supplier_id, so that it stays on the portfolio's pages.
    The points stay, the weights are the draws that grades use; best and worst rank hold nine draws of ten. Ties share the better rank.
    """
    table = _points(workbook)
    standards = workbook.standards
    drawn = weight_draws(standards, unrequested(workbook), int(standards.value("grade.draws")))
    columns = ["supplier", "rank", "first_share", "best_rank", "worst_rank"]
    if table.empty:
        return pd.DataFrame(columns=columns).astype({"rank": "int64", "first_share": "float64", "best_rank": "int64", "worst_rank": "int64"})
    scores = weighted_scores(table, drawn.loc[table.columns].to_numpy())
    ranks = ranks_by_score(scores)
    configured = ranks_by_score(weighted_scores(table, _weights(workbook)[table.columns].to_numpy()[:, None]))[:, 0]
    best, worst = np.quantile(ranks, [0.05, 0.95], axis=1, method="inverted_cdf")
    found = pd.DataFrame(
        {
            "supplier": table.index.astype("str"),
            "rank": configured,
            "first_share": (ranks == 1).mean(axis=1).round(DIGITS),
            "best_rank": best.astype("int64"),
            "worst_rank": worst.astype("int64"),
        }
    )
    return found.sort_values(["rank", "supplier"], ignore_index=True)[columns]


@frame("decisions.weight_swaps")
def weight_swaps(workbook: Workbook) -> pd.DataFrame:
    """The smallest change of one weight that swaps neighbours in rank: above, below (ids), gap (points), measure, weight, swapped_weight, change.

    Weights are shares of the whole; the others keep their proportions. No measure and NaN where no weight of a single measure swaps them.
    """
    columns = ["above", "below", "gap", "measure", "weight", "swapped_weight", "change"]
    numbers = dict.fromkeys(("gap", "weight", "swapped_weight", "change"), "float64")
    table = _points(workbook)
    if len(table) < 2:
        return pd.DataFrame(columns=columns).astype(numbers)
    weights = _weights(workbook)[table.columns]
    scores = pd.Series(weighted_scores(table, weights.to_numpy()[:, None])[:, 0], index=table.index)
    order = scores.sort_values(ascending=False, kind="stable").index
    rows = []
    for above, below in pairwise(order):
        needed = swapping_weights(table.loc[above].to_numpy(), table.loc[below].to_numpy(), weights.to_numpy())
        change = np.abs(needed - weights.to_numpy())
        found = {"above": above, "below": below, "gap": round(scores[above] - scores[below], 6), "measure": ""}
        if not np.isnan(change).all():
            place = int(np.nanargmin(change))
            found |= {"measure": table.columns[place], "weight": weights.iloc[place], "swapped_weight": needed[place].round(DIGITS)}
            found["change"] = change[place].round(DIGITS)
        rows.append(found)
    return pd.DataFrame(rows, columns=columns).astype(numbers)


def swapping_weights(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """For each measure the share of weight, nearest to its own, at which two weighted means are equal; NaN where there is none from 0 to below 1.

    ``first`` and ``second`` are points a measure (NaN where not observed: the mean is over the others), ``weights`` sum to 1. With the measure's raw
    weight t and the others as they are, the means are (A + t·a)/(W + t) and (B + t·b)/(V + t): equal where a quadratic in t is zero. With
    everything observed this is the criterion weight change of Triantaphyllou and Sánchez (1997).
    """
    found = np.full(len(weights), np.nan)
    earned = [np.nan_to_num(points) * weights for points in (first, second)]
    weighed = [np.where(np.isnan(points), 0.0, weights) for points in (first, second)]
    for place, weight in enumerate(weights):
        (a, seen_a), (b, seen_b) = ((np.nan_to_num(points[place]), float(~np.isnan(points[place]))) for points in (first, second))
        rest_a, rest_b = (float(earn.sum() - earn[place]) for earn in earned)
        mass_a, mass_b = (float(mass.sum() - mass[place]) for mass in weighed)
        # (rest_a + t·a)(mass_b + t·seen_b) = (rest_b + t·b)(mass_a + t·seen_a), where a measure that is not observed has neither points nor weight.
        square = a * seen_a * seen_b - b * seen_b * seen_a
        linear = rest_a * seen_b + a * seen_a * mass_b - rest_b * seen_a - b * seen_b * mass_a
        roots = np.roots([square, linear, rest_a * mass_b - rest_b * mass_a]) if square or linear else np.array([])
        real = roots[np.isreal(roots)].real
        raw = real[(real >= 0) & (mass_a + real * seen_a > 0) & (mass_b + real * seen_b > 0)]
        shares = raw / (1 - weight + raw) if weight < 1 else np.array([])
        if len(shares):
            found[place] = shares[np.abs(shares - weight).argmin()]
    return found


def _points(workbook: Workbook) -> pd.DataFrame:
    """Points of the graded suppliers (rows) in the measures that weigh something (columns); NaN where not observed."""
    graded = grades(workbook)
    ranked = graded.loc[graded["grade"] != "", "supplier_id"]
    weights = _weights(workbook)
    card = scorecard(workbook)
    card = card[card["supplier_id"].isin(ranked) & card["measure"].isin(weights.index)]
    table = card.pivot(index="supplier_id", columns="measure", values="points").reindex(columns=weights.index)
    return table.dropna(how="all").dropna(how="all", axis=1).sort_index()


def _weights(workbook: Workbook) -> pd.Series:
    weights = standards_frame(workbook.standards, unrequested(workbook)).set_index("measure")["weight"]
    return weights[weights > 0]


def weighted_scores(table: pd.DataFrame, weights: np.ndarray) -> np.ndarray:
    """Weighted means of the points there are: a row a supplier, a column a set of weights."""
    points = table.to_numpy(dtype="float64")
    means: np.ndarray = np.nan_to_num(points) @ weights / (~np.isnan(points) @ weights)
    return means.round(9)


def ranks_by_score(scores: np.ndarray) -> np.ndarray:
    """Ranks from 1 within each column of scores; ties share the better one."""
    better: np.ndarray = (scores[None, :, :] > scores[:, None, :]).sum(axis=1)
    return 1 + better


FRAMES = (first_places, weight_swaps)
"""What the pages show."""
