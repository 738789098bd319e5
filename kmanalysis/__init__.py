"""Vetting of upstream suppliers of digital goods: from raw exports to graded suppliers and a monthly report.

>>> import kmanalysis as km
>>> workbook = km.open_workbook("my-data", month="2026-10")
>>> km.grades(workbook)
>>> km.explain(workbook, "S01", "service.first_response")
>>> km.forms("my-data")
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from kmanalysis.explorers.forms import forms
    from kmanalysis.measures.observation import observed
    from kmanalysis.scoring.explain import explain
    from kmanalysis.scoring.grades import grade_history, grades
    from kmanalysis.scoring.scorecard import dimension_scores, scorecard

__all__ = ["dimension_scores", "explain", "forms", "grade_history", "grades", "observed", "open_workbook", "scorecard"]

_HOMES = {
    "open_workbook": "kmanalysis.opening",
    "observed": "kmanalysis.measures.observation",
    "scorecard": "kmanalysis.scoring.scorecard",
    "dimension_scores": "kmanalysis.scoring.scorecard",
    "grades": "kmanalysis.scoring.grades",
    "grade_history": "kmanalysis.scoring.grades",
    "explain": "kmanalysis.scoring.explain",
    "forms": "kmanalysis.explorers.forms",
}


def __getattr__(name: str) -> object:
    # Imported when first asked for: the command line's --help need not wait for the engine.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
