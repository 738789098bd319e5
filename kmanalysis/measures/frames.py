"""How a measures frame is built: the same few steps for every measure of every dimension."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.statistics.intervals import proportion_bounds
from kmanalysis.tables import MEASURES
from kmanalysis.workbook import Workbook

DIGITS = 12
"""Digits to which floats are rounded, so that the order of a sum never shows."""


def measures_frame(workbook: Workbook, measure: str, data: pd.DataFrame, *, unit: str, basis: str = "census") -> pd.DataFrame:
    """The measures frame (``tables.MEASURES``) of one measure.

    ``data`` has supplier_id, value and n, and where known lower, upper and basis; a supplier whose n is 0 has no value.
    """
    finished = pd.DataFrame({"supplier_id": data["supplier_id"].astype("str"), "value": data["value"].astype("float64"), "n": data["n"].astype("int64")})
    for bound in ("lower", "upper"):
        finished[bound] = data[bound].astype("float64") if bound in data else np.nan
    finished["basis"] = data.get("basis", basis)
    finished["month"], finished["measure"], finished["unit"] = str(workbook.month), measure, unit
    numbers = ["value", "lower", "upper"]
    finished[numbers] = finished[numbers].where(finished["n"] > 0).round(DIGITS)
    return finished[list(MEASURES)].sort_values("supplier_id", ignore_index=True)


def share_frame(workbook: Workbook, measure: str, counts: pd.DataFrame, *, basis: str = "census") -> pd.DataFrame:
    """The measures frame of a share: ``counts`` has supplier_id, successes and n, one row a supplier; bounds are exact binomial ones."""
    n = counts["n"].to_numpy(dtype="float64")
    successes = counts["successes"].to_numpy(dtype="float64")
    lower, upper = proportion_bounds(successes, n, workbook.standards.value("counting.confidence"))
    value = np.divide(successes, n, out=np.full(len(n), np.nan), where=n > 0)
    data = counts.assign(value=value, lower=lower, upper=upper)
    return measures_frame(workbook, measure, data, unit="share", basis=basis)


def nothing_observed(workbook: Workbook, measure: str, *, unit: str) -> pd.DataFrame:
    """The measures frame that says of every supplier that nothing was observed."""
    nothing = pd.DataFrame({"supplier_id": workbook.suppliers, "value": np.nan, "n": 0})
    return measures_frame(workbook, measure, nothing, unit=unit)
