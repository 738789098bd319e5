"""Every finished frame of a month: computed once a run, shared by all pages."""

from __future__ import annotations

import pandas as pd

from kmanalysis.decisions import actions, backups, claims, cocreation, corrective, dependence, drift, review, robustness
from kmanalysis.decisions.allocation import frames as allocation_frames
from kmanalysis.decisions.trials import verdicts
from kmanalysis.measures import compliance, observation, price, reputation, service, stability
from kmanalysis.scoring import grades, scorecard
from kmanalysis.steps import contract, market, needs, trial
from kmanalysis.workbook import Workbook

FRAMES = (
    observation.observed,
    scorecard.requested_subjects,
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
    *contract.FRAMES,
    *claims.FRAMES,
    *trial.FRAMES,
    *verdicts.FRAMES,
    *needs.FRAMES,
    *market.FRAMES,
    *cocreation.FRAMES,
    *actions.FRAMES,
    *corrective.FRAMES,
    *review.FRAMES,
    *drift.FRAMES,
    *robustness.FRAMES,
    *backups.FRAMES,
    *dependence.FRAMES,
    *allocation_frames.FRAMES,
)


def finished_frames(workbook: Workbook) -> dict[str, pd.DataFrame]:
    """All frames by name: what was observed, what it means, what the charts show, and the worst rows behind each measure."""
    observation.observe(workbook, workbook.months)
    frames = {function.name: function(workbook) for function in FRAMES}
    evidence = {observation.evidence_name(measure): observation.worst_rows(workbook, measure) for measure in workbook.standards.measures}
    return frames | evidence
