"""Every finished frame of a month: computed once a run, shared by all pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from types import MappingProxyType

import pandas as pd

from kmanalysis.decisions import actions, backups, claims, cocreation, corrective, dependence, drift, exceptions, review, robustness
from kmanalysis.decisions.allocation import frames as allocation_frames
from kmanalysis.decisions.trials import verdicts
from kmanalysis.measures import compliance, observation, price, reputation, service, stability
from kmanalysis.scoring import grades, scorecard
from kmanalysis.steps import contract, market, needs, trial
from kmanalysis.workbook import Frame, Workbook

FIRST = (observation.observed, observation.not_given, scorecard.scorecard)
"""What every page of a dimension shows. Like the rest of what these show, it is about the month alone, so that they need not wait for the history."""

OF_DIMENSIONS = MappingProxyType(
    {
        "stability": stability.FRAMES,
        "compliance": compliance.FRAMES,
        "price": price.FRAMES,
        "service": service.FRAMES,
        "reputation": reputation.FRAMES,
    }
)

LATER = (
    scorecard.requested_subjects,
    scorecard.dimension_scores,
    scorecard.dimension_history,
    scorecard.moves,
    scorecard.reasons,
    grades.grades,
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

FRAMES = (*FIRST, *chain.from_iterable(OF_DIMENSIONS.values()), *LATER)


def finished_frames(workbook: Workbook) -> dict[str, pd.DataFrame]:
    """All frames by name: what was observed, what it means, what the charts show, and the worst rows behind each measure."""
    return dict(each_finished_frame(workbook))


def each_finished_frame(workbook: Workbook) -> Iterator[tuple[str, pd.DataFrame]]:
    """`finished_frames`, each with its name as it is finished, in the order in which pages want them."""
    yield from _frames(workbook, FIRST)
    for dimension, functions in OF_DIMENSIONS.items():
        yield from _frames(workbook, functions)
        for measure in workbook.standards.measures:
            if measure.startswith(f"{dimension}."):
                yield observation.evidence_name(measure), observation.worst_rows(workbook, measure)
    yield from _frames(workbook, LATER)


def _frames(workbook: Workbook, functions: Iterable[Frame]) -> Iterator[tuple[str, pd.DataFrame]]:
    yield from ((function.name, function(workbook)) for function in functions)


def frame_names(workbook: Workbook) -> list[str]:
    """The names that `finished_frames` will give."""
    return [*(function.name for function in FRAMES), *map(observation.evidence_name, workbook.standards.measures)]
