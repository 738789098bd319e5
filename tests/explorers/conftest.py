import pandas as pd
import pytest

from kmanalysis.explorers.models import session
from kmanalysis.standards import default_standards
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook


@pytest.fixture
def seen():
    """Builds a workbook, seen from the last month, on what was observed: {month: rows}; the standards are free."""

    def build(observed, standards=None, lang="en"):
        frames = {}
        for month, rows in observed.items():
            frames[month, "measures.observed"] = pd.DataFrame(rows)
            frames[month, "scoring.requested_subjects"] = pd.DataFrame({"subject": []})
        suppliers = sorted({row["supplier_id"] for rows in observed.values() for row in rows})
        facts = {"names": {supplier: f"供货商 {supplier}" for supplier in suppliers}, "first_month": min(observed)}
        return Workbook(Month.parse(max(observed)), standards or default_standards(), Words(lang), frames=frames, facts=facts)

    return build


@pytest.fixture(autouse=True)
def nothing_kept():
    """Each test begins with a kernel that was just started."""
    session.forget_choices()
