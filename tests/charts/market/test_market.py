"""The market's charts and tables: what each says of a few literal rows, and what it says where there are none."""

import re
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kmanalysis.charts.kit.style import picture
from kmanalysis.charts.market import assortment, demand, trends
from kmanalysis.standards import default_standards, override_standards

STANDARDS = default_standards()


def frame(columns, *rows):
    return pd.DataFrame(list(rows), columns=columns.split())


TREND = "category status growth lower upper p adjusted_p months orders last_orders"
MONTHS = "category month orders quantity orders_per_day is_counted"
GAPS = "sku name category suppliers only_supplier is_gap growth category_status sku_status launched_on"
FADING = "level category sku name growth p orders currency amount margin margin_share is_drop"
FOCUS = "currency category orders amount known_amount cost_amount margin_amount margin amount_share margin_share is_focus"
CANDIDATES = "sku name category is_gap growth suppliers supplier_id probability category_skus margin is_category is_candidate"
SEGMENTS = "currency recency frequency is_large buyers orders amount amount_share"
PAIRS = "level first first_name second second_name baskets first_baskets second_baskets together support lift lower upper is_more"

TRENDS = frame(
    TREND,
    ["ai_tool", "emerging", 0.1, 0.08, 0.12, 0.0028, 0.0056, 6, 3650, 766],
    ["software", "fading", -0.1, -0.11, -0.08, 0.0028, 0.0056, 6, 3966, 490],
    ["<b>own</b>", "steady", 0.001, -0.01, 0.01, 1.0, 1.0, 6, 900, 150],
    ["new", "unproven", np.nan, np.nan, np.nan, np.nan, np.nan, 1, 9, 9],
)
GAP = ["G25", "语音包", "ai_tool", 0, "", True, 0.1, "emerging", "unproven", None]
WATCHED = ["G24", "应援卡", "new", 1, "S02", False, 0.2, "unproven", "unproven", None]


def texts_of(shown):
    return re.sub(r"<[^>]+>", " ", shown._repr_html_())


EMPTY_PICTURES = {
    "lines": lambda words: trends.lines(frame(MONTHS), frame(TREND), words),
    "growth": lambda words: trends.growth(frame(TREND), STANDARDS, words),
    "focus": lambda words: assortment.focus(frame(FOCUS), STANDARDS, words),
    "segments": lambda words: demand.segments(frame(SEGMENTS), STANDARDS, words),
}
EMPTY_TABLES = {
    "moving": lambda words, names: trends.moving(frame(TREND), words),
    "gaps": lambda words, names: assortment.gap_table(frame(GAPS), words, names),
    "drop": lambda words, names: assortment.drop_table(frame(FADING), STANDARDS, words),
    "candidates": lambda words, names: assortment.candidate_table(frame(CANDIDATES), words, names),
    "segments": lambda words, names: demand.segment_table(frame(SEGMENTS), words),
    "together": lambda words, names: demand.together(frame(PAIRS).astype({"is_more": bool}), STANDARDS, words),
}


@pytest.mark.parametrize("draw", EMPTY_PICTURES.values(), ids=EMPTY_PICTURES.keys())
def test_nothing_to_draw_is_a_sentence(draw, words):
    ax = draw(words)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that no font has
        picture(ax)
    assert not ax.axison


@pytest.mark.parametrize("made", EMPTY_TABLES.values(), ids=EMPTY_TABLES.keys())
def test_nothing_to_list_is_a_sentence(made, words, names):
    assert "<table" not in made(words, names).html
    assert 'class="nothing"' in made(words, names).html


def test_the_first_sentence_says_what_grows_what_fades_and_where_a_gap_is(en, zh):
    told = texts_of(trends.opening(TRENDS, frame(GAPS, GAP, WATCHED), frame(FADING).astype({"is_drop": bool}), en))
    assert "Growing: AI tools (+10% a month). Fading: Software (−10% a month). Gaps in what grows: G25 语音包." in told
    assert "growing so far, without proof yet: G24 应援卡" in told
    assert "Too little was seen to tell: new" in told
    assert "增长：AI 工具（每月 +10%）。衰退：软件（每月 −10%）。" in texts_of(trends.opening(TRENDS, frame(GAPS), frame(FADING), zh))


def test_without_orders_nothing_is_said_of_the_market(en):
    assert "nothing is said" in texts_of(trends.opening(frame(TREND), frame(GAPS), frame(FADING), en))
    still = TRENDS[TRENDS["status"] == "steady"]
    told = texts_of(trends.opening(still, frame(GAPS).astype({"is_gap": bool}), frame(FADING).astype({"is_drop": bool}), en))
    assert "No category is shown to grow. No category is shown to fade. What grows has no gap." in told


def test_names_of_an_operator_are_no_markup(en):
    assert "<b>" not in trends.trend_table(TRENDS, en, "x", empty="")._repr_html_()
    assert "<b>" not in trends.opening(TRENDS.assign(status="unproven"), frame(GAPS), frame(FADING), en)._repr_html_()


def test_lines_start_at_one_hundred_per_cent_on_a_logarithmic_axis(words, texts):
    months = frame(
        MONTHS,
        ["ai_tool", "2026-08", 31, 31, 1.0, True], ["ai_tool", "2026-09", 45, 45, 1.5, True], ["ai_tool", "2026-10", 62, 62, 2.0, True],
        ["software", "2026-08", 31, 31, 1.0, False], ["software", "2026-09", 60, 60, 2.0, True], ["software", "2026-10", 31, 31, 1.0, True],
    )  # fmt: skip
    ax = trends.lines(months, TRENDS, words)
    heights = [line.get_ydata() for line in ax.lines]
    assert ax.get_yscale() == "log"
    assert [list(height) for height in heights] == [[1, 1.5, 2], [pytest.approx(np.nan, nan_ok=True), 1, 0.5]]
    assert {"100%", "200%"} <= set(texts(picture(ax)))


def test_growth_stands_between_the_standards(words):
    ax = trends.growth(TRENDS, override_standards({"market.emerging_growth": {"value": 0.07}}, file="test"), words)
    dashed = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"]
    assert dashed == [0.07, -0.05]


def test_gaps_say_who_sells_and_what_is_proven(en, names):
    told = texts_of(assortment.gap_table(frame(GAPS, GAP, WATCHED), en, names))
    assert re.search(r"G25 语音包\s+AI tools\s+nobody\s+\+10%\s+▲ proven: a gap", told)
    assert re.search(r"G24 应援卡\s+new\s+S02 灵犀智享\s+\+20%\s+\? not proven", told)


def test_what_fades_is_dropped_or_kept(en):
    rows = frame(
        FADING,
        ["category", "software", "", "", -0.1, 0.01, 5, "CNY", Decimal("12.50"), 0.1, 0.01, True],
        ["sku", "software", "G19", "办公", -0.1, 0.01, 5, "", Decimal(0), np.nan, np.nan, False],
    )
    told = texts_of(assortment.drop_table(rows, STANDARDS, en))
    assert re.search(r"Software\s+−10%\s+5\s+CN¥12.50\s+10%\s+1%\s+✗ drop", told)
    assert re.search(r"G19 办公\s+−10%\s+5\s+—\s+—\s+—\s+keep", told)


def test_focus_draws_one_currency_and_says_how_many_rows_it_leaves_out(en):
    money = [Decimal(1)] * 4
    rows = frame(
        FOCUS,
        ["CNY", "ai_tool", 9, *money, 0.3, 0.6, 0.7, True], ["CNY", "software", 5, *money, 0.2, 0.4, 0.3, False], ["USD", "new", 2, *money, 0.1, 1, 1, True],
    )  # fmt: skip
    ax = assortment.focus(rows, STANDARDS, en)
    assert [patch.get_width() for patch in ax.patches] == [0.7, 0.3, 0.6, 0.4]
    assert "1 rows in other currencies are not drawn." in ax.get_label()


def test_gaps_of_one_category_share_a_row_of_candidates(en, names):
    rows = frame(
        CANDIDATES,
        ["G25", "语音包", "ai_tool", True, 0.1, 0, "S01", 0.9, 2, 0.3, True, True],
        ["G26", "皮肤卡", "ai_tool", True, 0.1, 0, "S01", 0.9, 2, 0.3, True, True],
        ["G24", "应援卡", "new", False, 0.2, 1, "S02", 0.8, 0, 0.1, False, False],
        ["G24", "应援卡", "new", False, 0.2, 1, "S03", 0.8, 0, 0.4, False, True],
    )
    told = texts_of(assortment.candidate_table(rows, en, names))
    assert re.search(r"G25 语音包, G26 皮肤卡\s+▲ \+10%\s+S01 云杉数卡\s+90%\s+2\s+30%\s+yes", told)
    assert re.search(r"S02 灵犀智享\s+80%\s+0\s+10% \*\s+no: the margin", told)
    assert re.search(r"S03 速惠卡仓\s+80%\s+0\s+40% \*\s+once growth is proven", told)


def test_buyers_are_counted_in_one_currency(en, texts):
    rows = frame(
        SEGMENTS,
        ["CNY", "active", "frequent", True, 4, 40, Decimal(4000), 0.8], ["CNY", "active", "frequent", False, 6, 40, Decimal(900), 0.15],
        ["CNY", "lapsed", "once", False, 3, 3, Decimal(100), 0.05], ["USD", "active", "once", False, 1, 1, Decimal(7), 1.0],
    )  # fmt: skip
    ax = demand.segments(rows, STANDARDS, en)
    assert [patch.get_width() for patch in ax.patches] == [4, 0, 6, 3]
    assert "Buyers in 1 other currencies are not drawn." in ax.get_label()
    assert "active · frequent" in texts(picture(ax))
    assert "CN¥4,000.00" in texts_of(demand.segment_table(rows, en))


def test_what_is_known_of_buyers_is_said_first(en):
    columns = "orders known_orders buyers known_share"
    assert "35% of 200 orders have a known buyer: 30 buyers." in texts_of(demand.coverage(frame(columns, [200, 70, 30, 0.35]), en))
    assert "nothing is known" in texts_of(demand.coverage(frame(columns, [200, 0, 0, 0.0]), en))
    assert "nothing is known" in texts_of(demand.coverage(frame(columns, [0, 0, 0, np.nan]), en))


def test_pairs_beyond_chance_are_listed_and_the_others_counted(en):
    rows = frame(
        PAIRS,
        ["sku", "G01", "月卡", "G04", "爱奇艺", 1000, 100, 100, 50, 0.05, 5.0, 4.0, 6.25, True],
        ["category", "ai_tool", "ai_tool", "software", "software", 1000, 300, 300, 40, 0.04, 0.44, 0.4, 0.5, False],
    )
    told = texts_of(demand.together(rows, STANDARDS, en))
    assert re.search(r"G01 月卡\s+G04 爱奇艺\s+50\s+5%\s+5\s+4 – 6.25", told)
    assert "1 other pairs are not shown to be more frequent than chance." in told


def test_the_counts_of_trends_are_a_plain_frame(en):
    counts = trends.status_counts(TRENDS, TRENDS.head(1), en)
    assert counts.to_numpy().tolist() == [[1, 1, 1, 1], [1, 0, 0, 0]]
    assert list(counts.columns) == ["emerging", "fading", "steady", "unproven"]
