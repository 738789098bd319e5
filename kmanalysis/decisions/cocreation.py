"""With whom to make something of one's own: suppliers of the first grade × gaps in the market × margin."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.scoring.grades import grades
from kmanalysis.steps.market.assortment import UNKNOWN, category_margins, gaps
from kmanalysis.tables import GRADES
from kmanalysis.workbook import Workbook, frame

CANDIDATES_SHOWN = 3
"""Suppliers a gap that are kept, the best placed first."""

CANDIDATES = [
    "sku",
    "name",
    "category",
    "is_gap",
    "growth",
    "suppliers",
    "supplier_id",
    "probability",
    "category_skus",
    "margin",
    "is_category",
    "is_candidate",
]


@frame("decisions.candidates")
def candidates(workbook: Workbook) -> pd.DataFrame:
    """For each of `gaps` the suppliers of the first grade to make a product of one's own with: at most `CANDIDATES_SHOWN` a gap, the best placed first.

    Columns as `CANDIDATES`: the gap as `gaps` has it; the supplier, with the probability of its grade; category_skus (what it has on offer in the gap's
    category) and margin: the median between cost and suggested retail of its listings there (is_category), else of its other categories, weighed by
    their SKUs. ``is_candidate`` where the margin reaches what is asked of a supplier. First come those that know the category, then the larger margin.
    """
    best = grades(workbook)
    best = best.loc[best["grade"] == GRADES[0], ["supplier_id", "probability"]]
    margins = category_margins(workbook)
    overall = margins.assign(weighed=margins["margin"] * margins["skus"]).groupby("supplier_id", as_index=False)[["weighed", "skus"]].sum()
    overall = overall.assign(other_margin=(overall["weighed"] / overall["skus"]).round(DIGITS))[["supplier_id", "other_margin"]]
    found = gaps(workbook).merge(best, how="cross").assign(known=lambda every: every["category"].astype("object").fillna(UNKNOWN).astype("str"))
    within = margins.rename(columns={"category": "known", "skus": "category_skus", "margin": "own_margin"})
    found = found.merge(within, on=["supplier_id", "known"], how="left").merge(overall, on="supplier_id", how="left")
    found["is_category"] = found["own_margin"].notna()
    found["margin"] = np.where(found["is_category"], found["own_margin"], found["other_margin"]).astype("float64")
    found["category_skus"] = found["category_skus"].fillna(0).astype("int64")
    found["is_candidate"] = found["margin"] >= workbook.standards.value("qualification.gross_margin")
    order = ["is_gap", "growth", "category", "sku", "is_candidate", "is_category", "margin", "supplier_id"]
    found = found.sort_values(order, ascending=[False, False, True, True, False, False, False, True], ignore_index=True)
    return found.groupby("sku").head(CANDIDATES_SHOWN)[CANDIDATES].reset_index(drop=True)


FRAMES = (candidates,)
