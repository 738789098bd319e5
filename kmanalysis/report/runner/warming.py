"""What every page would do once for itself, done before its process is forked: catalogues read, templates compiled, the font measured."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.style import chart, new_axes, picture, set_title
from kmanalysis.report.making.task import Task
from kmanalysis.report.runner.page import shown
from kmanalysis.words import Words, languages


def warm_up() -> None:
    """Draws a chart, styles a table and renders a page of them in each language. Nothing of it is kept but what the libraries keep."""
    outputs = [nbformat.v4.new_output("stream", text="0"), *(nbformat.v4.new_output("display_data", data) for data in (_picture(), _table()))]
    cells = [nbformat.v4.new_markdown_cell("## A\n\n**B**"), nbformat.v4.new_code_cell("a = 1", outputs=outputs)]
    for lang in languages():
        task = Task(Path(), {}, Path(), Path(), 0.0, lang, title="", crumb="", month="", home="", links=(), provenance=())
        shown(task, nbformat.v4.new_notebook(cells=cells), None, Words(lang))


def _picture() -> dict[str, str]:
    @chart
    def draw() -> Axes:
        ax = new_axes(None)
        ax.plot([0.0, 1.0])
        return set_title(ax, "A", "B")

    return {"image/svg+xml": picture(draw()).svg}


def _table() -> dict[str, str]:
    return {"text/html": pd.DataFrame({"a": [1]}).style.to_html()}
