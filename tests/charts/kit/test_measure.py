import numpy as np
from matplotlib.collections import PathCollection

from kmanalysis.charts.kit.measure import measured
from kmanalysis.charts.kit.style import picture

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
