"""The explorer of a notebook: a part a cell, all of one session."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import ipywidgets as widgets

from kmanalysis.explorers.comparison import Comparison
from kmanalysis.explorers.display import opened_folder
from kmanalysis.explorers.drilldown import Drilldown
from kmanalysis.explorers.export import Export
from kmanalysis.explorers.forms import Forms
from kmanalysis.explorers.models.session import Session, kept_choices
from kmanalysis.explorers.pickers import pickers as pickers_of
from kmanalysis.explorers.price_board import PriceBoard
from kmanalysis.explorers.sliders import Sliders
from kmanalysis.explorers.trials import TrialDesk
from kmanalysis.opening import open_workbook
from kmanalysis.workbook import Workbook


class Explorer:
    """The parts of one session; each is made when a cell first asks for it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.words = session.words

    @property
    def workbook(self) -> Workbook:
        """The workbook seen from the month that was chosen."""
        return self.session.seen

    @cached_property
    def pickers(self) -> widgets.Widget:
        """Month, category and suppliers of all that follows."""
        return pickers_of(self.session)

    @cached_property
    def sliders(self) -> Sliders:
        """What if: the sliders and the grades."""
        return Sliders(self.session)

    @cached_property
    def drilldown(self) -> Drilldown:
        """From a grade to its rows."""
        return Drilldown(self.session)

    @cached_property
    def comparison(self) -> Comparison:
        """Two suppliers, or two months."""
        return Comparison(self.session)

    @cached_property
    def board(self) -> PriceBoard:
        """The price board."""
        return PriceBoard(self.session)

    @cached_property
    def trials(self) -> TrialDesk:
        """The trial desk."""
        return TrialDesk(self.session)

    @cached_property
    def forms(self) -> Forms:
        """The hand-kept tables, to fill in."""
        return Forms(Path(self.session.folder), self.session.words)

    @cached_property
    def export(self) -> Export:
        """The standards as a file."""
        return Export(self.session)


def open_explorer(month: str | None = None, lang: str = "zh", data: str | Path | None = None, standards: str | Path | None = None) -> Explorer:
    """Opens a folder (as `open_workbook` does) and gives its explorer.

    What was set before in this kernel, for the same folder, month and language, is set again: a cell may be run twice. Tables that sort
    and search are made ready in the notebook, without the net. Raises DataError, StandardsError or UsageError.
    """
    folder = opened_folder(data)
    workbook = open_workbook(folder, month, standards, lang)
    workbook.check_month()
    return explorer_of(workbook, str(folder))


def explorer_of(workbook: Workbook, folder: str) -> Explorer:
    """The explorer of a workbook; ``folder`` tells workbooks apart."""
    return Explorer(Session(workbook, kept_choices(folder, str(workbook.month), workbook.words.lang), folder))
