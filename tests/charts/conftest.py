import re
from io import StringIO

import pandas as pd
import pytest
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from kmanalysis.charts.kit import style
from kmanalysis.scoring.scorecard import DETAILS, standards_frame
from kmanalysis.scoring.verdicts import points, verdicts
from kmanalysis.standards import default_standards
from kmanalysis.tables import SCORECARD
from kmanalysis.words import Words


@pytest.fixture(params=["zh", "en"])
def words(request):
    return Words(request.param)


@pytest.fixture
def zh():
    return Words("zh")


@pytest.fixture
def en():
    return Words("en")


@pytest.fixture
def names():
    return {"S01": "云杉数卡", "S02": "灵犀智享", "S03": "速惠卡仓"}


@pytest.fixture
def card_of():
    """Builds scorecard rows: {measure: {supplier: (value, n, lower, upper)}}."""

    def build(values, basis="census"):
        standards = default_standards()
        rows = [
            {
                "month": "2026-10", "supplier_id": supplier, "measure": measure, "unit": standards[measure].unit, "basis": basis,
                "value": value, "n": n, "lower": lower, "upper": upper,
            }
            for measure, of_measure in values.items()
            for supplier, (value, n, lower, upper) in of_measure.items()
        ]  # fmt: skip
        judged = pd.DataFrame(rows).merge(standards_frame(standards), on="measure")
        judged["verdict"] = verdicts(judged)
        judged["points"] = points(judged, 80.0)
        return judged[[*SCORECARD, *DETAILS]]

    return build


@pytest.fixture
def texts():
    """The texts of a picture, in the order in which they are drawn."""
    return lambda picture: [re.sub(r"<[^>]+>", "", found) for found in re.findall(r"<text[^>]*>.*?</text>", picture.svg, flags=re.DOTALL)]


def _around(ax):
    figure = ax.get_figure()
    for of_figure in figure.axes:
        for label in (*of_figure.get_xticklabels(which="both"), *of_figure.get_yticklabels(which="both")):
            label.set_in_layout(True)
    renderer = RendererSVG(figure.bbox.width, figure.bbox.height, StringIO())
    standing = Bbox.union([of_figure.get_tightbbox(renderer) for of_figure in figure.axes])
    outside = [artist.get_window_extent(renderer) for artist in (*figure.texts, *figure.legends)]
    return standing, outside


@pytest.fixture
def around():
    """What a chart's Axes take once its picture was made, and what its title, note and legend take; in points."""
    return _around


@pytest.fixture(autouse=True)
def _whole_pictures(monkeypatch):
    """No chart that a test here draws may cut off a text in its picture, or put one upon the legend."""
    figures = []

    class Kept(Figure):
        def __init__(self, *args, **keywords):
            super().__init__(*args, **keywords)
            figures.append(self)

    monkeypatch.setattr(style, "Figure", Kept)
    yield
    for figure in figures:
        if figure.get_layout_engine() is not None:
            style.picture(figure.axes[0])
        standing, outside = _around(figure.axes[0])
        for box in (standing, *outside):
            assert box.x0 > -0.1
            assert box.y0 > -0.1
            assert box.x1 < figure.bbox.x1 + 0.1
            assert box.y1 < figure.bbox.y1 + 0.1
            assert box is standing or not (box.height and box.width and standing.overlaps(box))
