"""Made-up observations: every measure worth the same points but those that a test states."""

import numpy as np

from kmanalysis.standards import default_standards

UNREQUESTED = frozenset({"compliance.family_coverage", "compliance.new_category_speed"})


def observed_rows(month, supplier, earning, **values):
    """One supplier's measures, every one of them worth ``earning`` points but those in ``values`` (measure with __ for the point)."""
    standards = default_standards()
    rows = []
    for identifier in standards.measures:
        standard = standards[identifier]
        given = values.get(identifier.replace(".", "__"), {})
        value = _worth(earning, standard) if not standard.veto else (0.0 if standard.op == "<=" else 1.0)
        row = {"value": value, "n": 1000, "lower": np.nan, "upper": np.nan, "basis": "census"} | given
        rows.append({"month": month, "supplier_id": supplier, "measure": identifier, "unit": standard.unit} | row)
    return rows


def _worth(earning, standard):
    low, high, span = (standard.worst, standard.value, 80) if earning <= 80 else (standard.value, standard.best, 20)
    return low + (high - low) * (earning - (0 if earning <= 80 else 80)) / span
