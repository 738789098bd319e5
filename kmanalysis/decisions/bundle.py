"""Every finished frame of a month: computed once a run, shared by all pages."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kmanalysis.decisions import actions, backups, claims, cocreation, corrective, dependence, drift, exceptions, review, robustness
from kmanalysis.decisions.allocation import frames as allocation_frames
from kmanalysis.decisions.trials import verdicts
from kmanalysis.measures import compliance, observation, price, reputation, service, stability
from kmanalysis.scoring import grades, scorecard
from kmanalysis.steps import contract, market, needs, trial
from kmanalysis.workbook import Workbook

FIRST = (
    observation.observed,
    observation.not_given,
    scorecard.requested_subjects,
    scorecard.scorecard,
    scorecard.dimension_scores,
    scorecard.dimension_history,
    scorecard.moves,
    scorecard.reasons,
    grades.grades,
    *stability.FRAMES,
    *compliance.FRAMES,
    *price.FRAMES,
    *service.FRAMES,
    *reputation.FRAMES,
)
"""What the pages of the dimensions show, which come first."""

LATER = (
    grades.grade_history,
    *needs.FRAMES,
    *trial.FRAMES,
    *verdicts.FRAMES,
    *contract.FRAMES,
    *claims.FRAMES,
    *exceptions.FRAMES,
    *cocreation.FRAMES,
    *actions.FRAMES,
    *corrective.FRAMES,
    *review.FRAMES,
    *drift.FRAMES,
    *robustness.FRAMES,
    *backups.FRAMES,
    *dependence.FRAMES,
    *market.FRAMES,
    *allocation_frames.FRAMES,
)

FRAMES = (*FIRST, *LATER)


def finished_frames(workbook: Workbook) -> dict[str, pd.DataFrame]:
    """All frames by name: what was observed, what it means, what the charts show, and the worst rows behind each measure."""
    return dict(each_finished_frame(workbook))


def each_finished_frame(workbook: Workbook) -> Iterator[tuple[str, pd.DataFrame]]:
    """`finished_frames`, each with its name as it is finished, in the order in which pages want them."""
    observation.observe(workbook, workbook.months)
    yield from ((function.name, function(workbook)) for function in FIRST)
    for measure in workbook.standards.measures:
        yield observation.evidence_name(measure), observation.worst_rows(workbook, measure)
    yield from ((function.name, function(workbook)) for function in LATER)


def frame_names(workbook: Workbook) -> list[str]:
    """The names that `finished_frames` will give."""
    return [*(function.name for function in FRAMES), *map(observation.evidence_name, workbook.standards.measures)]
