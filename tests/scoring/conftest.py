import pandas as pd
import pytest

from kmanalysis.scoring.scorecard import DETAILS, standards_frame
from kmanalysis.scoring.verdicts import points, verdicts
from kmanalysis.standards import default_standards
from kmanalysis.tables import SCORECARD
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook
from tests.scoring.observed import UNASKED


@pytest.fixture
def seen():
    """Builds a workbook, seen from the last month, on measures that are given instead of observed: {month: [rows]}."""

    def build(observed):
        standards = default_standards()
        frames = {}
        for month, rows in observed.items():
            judged = pd.DataFrame(rows).merge(standards_frame(standards, UNASKED), on="measure")
            judged["verdict"] = verdicts(judged)
            judged["points"] = points(judged, 80.0)
            frames[month, "scoring.scorecard"] = judged[[*SCORECARD, *DETAILS]]
            frames[month, "scoring.asked_subjects"] = pd.DataFrame({"subject": []})
        suppliers = sorted({row["supplier_id"] for rows in observed.values() for row in rows})
        facts = {"names": {supplier: f"供货商 {supplier}" for supplier in suppliers}, "first_month": min(observed)}
        return Workbook(Month.parse(max(observed)), standards, Words("zh"), frames=frames, facts=facts)

    return build
