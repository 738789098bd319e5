"""What every page would do once for itself, done before its process is forked: catalogues read, templates compiled, the font measured."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.forms import day_map, stacked
from kmanalysis.charts.kit.style import BLUE, RASTER_MARKS, picture
from kmanalysis.charts.kit.tables import plain
from kmanalysis.report.runner.page import Task, shown
from kmanalysis.standards import default_standards
from kmanalysis.words import Words, languages

_DAYS = pd.date_range("2026-10-01", periods=RASTER_MARKS + 1)


def warm_up() -> None:
    """Draws charts, styles a table and renders a page of them in each language. Nothing of it is kept but what the libraries keep."""
    default_standards()
    for lang in languages():
        words = Words(lang)
        shows = [{"image/svg+xml": picture(ax).svg} for ax in (_map(words), _bars(words))] + [{"text/html": _table(words)}]
        outputs = [nbformat.v4.new_output("stream", text="0"), *(nbformat.v4.new_output("display_data", data) for data in shows)]
        cells = [nbformat.v4.new_markdown_cell("## A\n\n**B**"), nbformat.v4.new_code_cell("a = 1", outputs=outputs)]
        task = Task(Path(), {}, Path(), Path(), 0.0, lang, title="", crumb="", month="", home="", links=(), provenance=())
        shown(task, nbformat.v4.new_notebook(cells=cells), None, words)


def _map(words: Words) -> Axes:
    """So many days that they are drawn as pixels."""
    return day_map(pd.DataFrame({"supplier_id": "A", "day": _DAYS, "share": np.linspace(0, 1, len(_DAYS))}), "share", "A", words, {})


def _bars(words: Words) -> Axes:
    return stacked(pd.DataFrame({"supplier_id": ["A"], "count": [1]}), {"count": ("A", BLUE, "//")}, "A", words, {})


def _table(words: Words) -> str:
    """A row with a value of each kind."""
    row = {"supplier_id": "A", "day": _DAYS[0], "opened_at": _DAYS[0], "seconds": 90.0, "share": 0.5, "amount": 1.5, "currency": "CNY", "orders": 2}
    return plain(pd.DataFrame([row]), "A", words, {"A": "B"}).html
