"""Every finished frame of a month: computed once a run, shared by all pages."""

from __future__ import annotations

import pandas as pd

from kmanalysis import measures
from kmanalysis.measures import compliance, price, reputation, service, stability
from kmanalysis.scoring import grades, scorecard
from kmanalysis.workbook import Workbook, frame_name

FRAMES = (
    measures.observed,
    scorecard.asked_subjects,
    scorecard.scorecard,
    scorecard.dimension_scores,
    scorecard.dimension_history,
    scorecard.moves,
    scorecard.reasons,
    grades.grades,
    grades.grade_history,
    *stability.FRAMES,
    *compliance.FRAMES,
    *price.FRAMES,
    *service.FRAMES,
    *reputation.FRAMES,
)


def finished_frames(workbook: Workbook) -> dict[str, pd.DataFrame]:
    """All frames by name: what was observed, what it means, what the charts show, and the worst rows behind each measure."""
    measures.observe(workbook, workbook.months)
    frames = {frame_name(function): function(workbook) for function in FRAMES}
    evidence = {measures.evidence_name(measure): measures.worst_rows(workbook, measure) for measure in workbook.standards.measures}
    return frames | evidence
