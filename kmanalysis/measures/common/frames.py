"""How a measures frame is built: the same few steps for every measure of every dimension."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from kmanalysis.statistics.intervals import proportion_bounds
from kmanalysis.tables import MEASURES
from kmanalysis.workbook import Workbook

_TEXT = pd.StringDtype(na_value=np.nan)

Row = Mapping[Hashable, Any]
"""A row of a frame, as ``to_dict("records")`` gives it."""

DIGITS = 12
"""Digits to which floats are rounded, so that the order of a sum never shows."""


def measures_frame(workbook: Workbook, measure: str, data: pd.DataFrame, *, unit: str, basis: str = "census") -> pd.DataFrame:
    """The measures frame (``tables.MEASURES``) of one measure.

    ``data`` has supplier_id, value and n, and where known lower, upper and basis; a supplier whose n is 0 has no value.
    """
    n = data["n"].to_numpy(dtype="int64")
    # Whole columns and one frame at the end: this runs a hundred times a month, and a frame takes long to spread a single value.
    texts = {name: pd.array([text] * len(n), dtype=_TEXT) for name, text in (("month", str(workbook.month)), ("measure", measure), ("unit", unit))}
    numbers = {
        name: np.where(n > 0, data[name].to_numpy(dtype="float64"), np.nan).round(DIGITS) if name in data else np.full(len(n), np.nan)
        for name in ("value", "lower", "upper")
    }
    seen_by = data["basis"].array if "basis" in data else pd.array([basis] * len(n), dtype=_TEXT)
    columns = texts | {"supplier_id": data["supplier_id"].astype(_TEXT).array, "n": n, "basis": seen_by} | numbers
    finished = pd.DataFrame({name: columns[name] for name in MEASURES})
    return finished if finished["supplier_id"].is_monotonic_increasing else finished.sort_values("supplier_id", ignore_index=True)


def share_frame(workbook: Workbook, measure: str, counts: pd.DataFrame, *, basis: str = "census") -> pd.DataFrame:
    """The measures frame of a share: ``counts`` has supplier_id, successes and n, one row a supplier; bounds are exact binomial ones."""
    n = counts["n"].to_numpy(dtype="float64")
    successes = counts["successes"].to_numpy(dtype="float64")
    lower, upper = proportion_bounds(successes, n, workbook.standards.value("counting.confidence"))
    value = np.divide(successes, n, out=np.full(len(n), np.nan), where=n > 0)
    data = counts.assign(value=value, lower=lower, upper=upper)
    return measures_frame(workbook, measure, data, unit="share", basis=basis)


def unobserved_frame(workbook: Workbook, missing: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """The measures frame that says of these suppliers, by measure, that nothing was observed."""
    pairs = [(measure, supplier) for measure, suppliers in missing.items() for supplier in suppliers]
    measure, supplier_id = (pd.array([pair[place] for pair in pairs], dtype=_TEXT) for place in (0, 1))
    unit = pd.array([workbook.standards[measure].unit for measure, _ in pairs], dtype=_TEXT)
    columns = {"month": str(workbook.month), "supplier_id": supplier_id, "measure": measure, "unit": unit, "n": 0, "basis": "census"}
    return pd.DataFrame({name: columns.get(name, np.nan) for name in MEASURES})
