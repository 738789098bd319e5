from datetime import timedelta

import numpy as np
import pandas as pd
from matplotlib.collections import QuadMesh

from kmanalysis.charts.kit.forms import curves, day_map, stacked
from kmanalysis.times import Month


def days_of(suppliers):
    month = Month(2026, 10)
    days = [month.first_day + timedelta(days=number) for number in range(31)]
    return pd.DataFrame([{"supplier_id": f"S{number:02d}", "day": day, "share": number / 40} for number in range(suppliers) for day in days])


def test_day_map_puts_the_lowest_first_and_leaves_the_unknown_empty(en):
    days = days_of(3)
    days.loc[(days["supplier_id"] == "S01") & (days["day"] == days["day"].iloc[4]), "share"] = np.nan
    ax = day_map(days, "share", "Title", en, {})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["S00", "S01", "S02"]
    (mesh,) = (collection for collection in ax.collections if isinstance(collection, QuadMesh))
    assert np.argwhere(np.ma.getmaskarray(mesh.get_array())).tolist() == [[1, 4]]
    assert not mesh.get_rasterized()


def test_large_day_map_is_drawn_as_pixels(en):
    (mesh,) = (collection for collection in day_map(days_of(12), "share", "Title", en, {}).collections if isinstance(collection, QuadMesh))
    assert mesh.get_rasterized()


def test_stacked_leaves_out_what_is_nowhere(en, names):
    counts = pd.DataFrame({"supplier_id": ["S02", "S01"], "bad": [3, 0], "none": [0, 0], "good": [1, 2]})
    looks = {"bad": ("bad", "#d55e00", "xx"), "none": ("none", "#949494", ""), "good": ("good", "#029e73", "")}
    ax = stacked(counts, looks, "Title", en, names)
    assert ax.get_legend_handles_labels()[1] == ["bad", "good"]
    assert [(bar.get_x(), bar.get_width()) for bar in ax.patches] == [(0, 3), (0, 0), (3, 1), (0, 2)]


def test_curves_name_those_below_the_standard_alone(en, names):
    steps = [("S01", 10, 0.5), ("S01", 60, 1.0), ("S02", 30, 0.4), ("S02", 900, 0.8), ("S03", 20, 0.97)]
    points = pd.DataFrame(steps, columns=["supplier_id", "seconds", "share"])
    ax = curves(points, "Title", en, names, limit=300, target=0.95)
    assert ax.get_legend_handles_labels()[1] == ["S02 灵犀智享 40%"]
    assert "Dashed: the standard, ≥\u00a095% within 5 minutes." in ax.get_label()


def test_curves_without_a_laggard_have_no_legend(en, names):
    points = pd.DataFrame({"supplier_id": ["S01"], "seconds": [10.0], "share": [1.0]})
    ax = curves(points, "Title", en, names, limit=300, target=0.95)
    assert ax.get_legend_handles_labels()[1] == []
    assert "Of those drawn, nobody is below it." in ax.get_label()


def test_a_name_that_begins_with_an_underscore_stands_in_the_legend(en):
    """Also those by which matplotlib calls what nobody named."""
    names = {name: name for name in ("_甲盟2", "_child0", "_nolegend_", "__", "$x$")}
    points = pd.DataFrame([(name, 60, 0.5) for name in names], columns=["supplier_id", "seconds", "share"])
    ax = curves(points, "Title", en, names, limit=300, target=0.95)
    (legend,) = ax.get_figure().legends
    assert {text.get_text() for text in legend.get_texts()} == {f"{name} 50%" for name in names}
    assert len([line for line in ax.lines if line.get_linewidth() > 1.5]) == len(legend.get_texts())
    counts = pd.DataFrame({"supplier_id": ["_甲盟2"], "bad": [3], "good": [1]})
    ax = stacked(counts, {"bad": ("_bad", "#d55e00", "xx"), "good": ("good", "#029e73", "")}, "Title", en, names)
    assert [text.get_text() for text in ax.get_figure().legends[0].get_texts()] == ["_bad", "good"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["_甲盟2"]
