import re

import pandas as pd
import pytest

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
