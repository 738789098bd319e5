from datetime import timedelta

import numpy as np
import pandas as pd
from matplotlib.collections import PathCollection, QuadMesh

from kmanalysis.charts.forms import curves, day_map, measured, stacked
from kmanalysis.charts.style import picture
from kmanalysis.times import Month

RESPONSE = "service.first_response"


def test_measure_is_shown_worst_first_with_its_standard(card_of, zh, names, texts):
    card = card_of({RESPONSE: {"S01": (0.99, 100, 0.97, 1.0), "S02": (0.4, 100, 0.3, 0.5), "S03": (1.0, 5, 0.5, 1.0)}})
    ax = measured(card, RESPONSE, zh, names)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["S02 灵犀智享", "S01 云杉数卡", "S03 速惠卡仓"]
    assert [line.get_xdata()[0] for line in ax.get_lines()] == [0.95]
    shown = texts(picture(ax))
    assert {"标准 ≥ 95%", "✗ 40%  n=100", "✓ 99%  n=100", "? 100%  n=5"} <= set(shown)
    assert ax.get_label().startswith("首次响应及时率：3 家中 1 家未达标，要求 ≥\u00a095%（限 10 分钟）")


def test_verdicts_have_markers_of_their_own(card_of, en, names):
    card = card_of({RESPONSE: {"S01": (0.99, 100, 0.97, 1.0), "S02": (0.4, 100, 0.3, 0.5), "S03": (1.0, 5, 0.5, 1.0)}})
    marks = [collection for collection in measured(card, RESPONSE, en, names).collections if isinstance(collection, PathCollection)]
    shapes = [mark.get_paths()[0].vertices.tolist() for mark in marks]
    assert len(marks) == 3
    assert shapes[0] != shapes[1] != shapes[2]


def test_falling_standard_puts_the_highest_first(card_of, en, names):
    card = card_of({"service.dispute_rate": {"S01": (0.01, 500, 0.0, 0.02), "S02": (0.05, 500, 0.04, 0.06)}})
    ax = measured(card, "service.dispute_rate", en, names)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["S02 灵犀智享", "S01 云杉数卡"]


def test_many_suppliers_are_cut_and_it_is_said(card_of, en):
    values = {f"S{number:03d}": (number / 200, 100, number / 250, number / 190) for number in range(1, 181)}
    ax = measured(card_of({RESPONSE: values}), RESPONSE, en, {})
    labels = [label.get_text() for label in ax.get_yticklabels()]
    assert (len(labels), labels[0], labels[-1]) == (20, "S001", "S020")
    assert "Only the worst 20 of 180 are shown." in ax.get_label()


def test_suppliers_without_data_are_counted_not_drawn(card_of, en, names):
    card = card_of({RESPONSE: {"S01": (0.99, 100, 0.97, 1.0), "S02": (np.nan, 0, np.nan, np.nan)}})
    ax = measured(card, RESPONSE, en, names)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["S01 云杉数卡"]
    assert "1 without data." in ax.get_label()


def test_measure_that_nobody_was_seen_in_says_so(card_of, words, names):
    ax = measured(card_of({RESPONSE: {"S01": (np.nan, 0, np.nan, np.nan)}}), RESPONSE, words, names)
    assert not ax.axison
    assert ax.get_label() in (
        "首次响应及时率 本月没有观测到任何供货商的数据，因此不下结论。",
        "First response in time Nothing was observed for any supplier this month, so nothing is said.",
    )


def test_zero_share_is_not_taken_for_no_data(card_of, en, names, texts):
    ax = measured(card_of({RESPONSE: {"S01": (0.0, 50, 0.0, 0.06)}}), RESPONSE, en, names)
    assert "✗ 0%  n=50" in texts(picture(ax))


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
    assert "Nobody is below it." in ax.get_label()
