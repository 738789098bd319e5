"""A small workbook whose measures are given and not observed, so that a report takes no engine."""

from pathlib import Path

import pandas as pd

from kmanalysis.decisions.bundle import FRAMES
from kmanalysis.measures.observation import observed
from kmanalysis.report.batch import begun
from kmanalysis.report.cache.fingerprints import Fingerprints
from kmanalysis.report.request import Options
from kmanalysis.scoring.scorecard import DETAILS, standards_frame
from kmanalysis.scoring.verdicts import points, verdicts
from kmanalysis.standards import default_standards
from kmanalysis.tables import MEASURES, SCORECARD
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook
from tests.scoring.observed import UNREQUESTED, observed_rows

FIXTURES = Path(__file__).parent / "fixtures"
MONTHS = ("2026-09", "2026-10")
FINGERPRINTS = Fingerprints(Path("data"), {"orders.csv": "0" * 32}, key="", program="1" * 32)


def judged_workbook(earning, before=None, *, names=None, lang="zh", standards=None, **values):
    """A workbook of October 2026 where each supplier's measures are worth so many points; ``before`` says how many in September."""
    standards = standards or default_standards()
    frames = judged_frames(earning, before, standards, **values)
    facts = {"names": {supplier: (names or {}).get(supplier, f"供货商 {supplier}") for supplier in sorted(earning)}, "first_month": MONTHS[0]}
    return Workbook(Month.parse(MONTHS[-1]), standards, Words(lang), frames=frames, facts=facts)


def judged_frames(earning, before, standards, **values):
    """The frames of such a workbook that are given and not computed, by month and name."""
    frames = {}
    for month, worth in zip(MONTHS, (before or earning, earning), strict=True):
        rows = pd.DataFrame([row for supplier, points_ in worth.items() for row in observed_rows(month, supplier, points_, **values.get(supplier, {}))])
        judged = rows.merge(standards_frame(standards, UNREQUESTED), on="measure")
        judged["verdict"] = verdicts(judged)
        judged["points"] = points(judged, 80.0)
        frames[month, "scoring.scorecard"] = judged[[*SCORECARD, *DETAILS]]
        frames[month, "scoring.requested_subjects"] = pd.DataFrame({"subject": pd.Series(dtype="str")})
        frames[month, observed.name] = rows[list(MEASURES)].sort_values(["supplier_id", "measure"], ignore_index=True)
    return frames


def write_report(source, pages, chosen, out, options=None, tell=lambda outcome: None):
    """Writes a report whose frames are all there already; the outcomes of the chosen pages."""
    with begun(source, pages, chosen, out, options or Options(jobs=1, timeout=120.0), tell) as batch:
        return batch.write(source)


def finished(workbook):
    """The finished frames that need no engine."""
    judged = ("kmanalysis.scoring.scorecard", "kmanalysis.scoring.grades")
    return {function.name: function(workbook) for function in FRAMES if function.__module__ in judged or function is observed}
