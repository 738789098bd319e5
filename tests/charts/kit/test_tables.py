import re

import numpy as np
import pandas as pd

from kmanalysis.charts.kit.tables import evidence, grade_counts, grade_table, measure_table, plain, standards_table, table, verdict_counts, verdict_matrix
from kmanalysis.standards import default_standards, override_standards

RESPONSE, RESOLUTION = "service.first_response", "service.resolution"
FOUR = {"S01": (0.99, 100, 0.97, 1.0), "S02": (0.4, 100, 0.3, 0.5), "S03": (1.0, 5, 0.5, 1.0), "S04": (np.nan, 0, np.nan, np.nan)}


def rows_of(html):
    """Class and text of each cell, row by row."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, flags=re.DOTALL)
    return [re.findall(r'<td(?: class="([^"]*)")?>(.*?)</td>', row, flags=re.DOTALL) for row in rows]


def test_verdicts_are_symbol_value_and_class(card_of, zh, names):
    shown = verdict_matrix(card_of({RESPONSE: FOUR}), zh, names)
    cells = [row[-1] for row in rows_of(shown.html) if row]
    assert cells == [("missed", "✗ 40%"), ("unproven", "? 100%"), ("met", "✓ 99%")]
    assert "✓ 达标　✗ 未达标　? 证据不足　– 无数据　另有 1 家没有任何数据，未列出。" in shown.html


def test_measures_that_nobody_was_seen_in_stand_last(card_of, zh, names):
    unseen = dict.fromkeys(FOUR, (np.nan, 0, np.nan, np.nan))
    shown = verdict_matrix(card_of({RESPONSE: unseen, RESOLUTION: FOUR}), zh, names)
    assert re.findall(r"<th(?: [^>]*)?>(.*?)</th>", shown.html) == [
        "供货商",
        '<a href="#standard-service.resolution">解决及时率</a>',
        '<a href="#standard-service.first_response">首次响应及时率</a>',
    ]


def test_large_portfolio_lists_the_worst_and_says_so(card_of, en):
    values = {f"S{number:03d}": (number / 250, 100, number / 300, number / 240) for number in range(1, 201)}
    shown = verdict_matrix(card_of({RESPONSE: values}), en, {})
    assert len([row for row in rows_of(shown.html) if row]) == 40
    assert "Only the worst 40 of 200 are shown." in shown.html


def test_counts_of_verdicts_are_a_plain_frame(card_of, zh):
    counts = verdict_counts(card_of({RESPONSE: FOUR, RESOLUTION: FOUR}), zh)
    assert list(counts.columns) == ["达标", "未达标", "证据不足", "无数据"]
    assert counts.to_dict("index") == {name: {"达标": 1, "未达标": 1, "证据不足": 1, "无数据": 1} for name in ("首次响应及时率", "解决及时率")}
    assert verdict_counts(card_of({RESPONSE: FOUR, RESOLUTION: FOUR}), zh, by="dimension").to_numpy().tolist() == [[2, 2, 2, 2]]


def test_cells_and_headings_are_escaped():
    shown = table(pd.DataFrame({"<b>head</b>": ["<script>alert(1)</script>"]}), "<i>title</i>")
    assert "<script" not in shown.html
    assert "<b>head" not in shown.html
    assert "<i>title" not in shown.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.html


def test_ids_come_from_what_is_shown():
    frame = pd.DataFrame({"a": ["1", "2"]})
    ids = {re.findall(r'<table id="(T_[0-9a-f]+)"', table(frame, title).html)[0] for title in ("one", "one", "two")}
    assert len(ids) == 2


def test_table_without_rows_is_a_sentence():
    assert table(pd.DataFrame(), "Title", empty="There is none.").html == '<p class="nothing"><strong>Title</strong> There is none.</p>'


def test_one_suppliers_measures_are_told_in_full(card_of, zh):
    card = card_of({RESPONSE: {"S02": FOUR["S02"]}})
    told = [text for _, text in rows_of(measure_table(card, default_standards(), zh).html)[1]]
    name = '<span id="standard-service.first_response">首次响应及时率</span>'
    assert told == [name, "✗ 未达标", "40%", "≥\u00a095%（限 10 分钟）", "30% – 50%", "100", "0", "售后", "原文数字"]


def test_standards_that_differ_are_marked(card_of, zh):
    card = card_of({RESPONSE: FOUR})
    assert "*" not in standards_table(card, default_standards(), zh).html.split("</style>")[1]
    changed = override_standards({RESPONSE: {"minimum_n": 30}}, file="mine.toml")
    shown = standards_table(card, changed, zh).html
    assert "* 与默认值不同。" in shown


def grades_frame():
    rows = [("S01", "S", "", 93.0, 1.0, 0.97), ("S02", "", "vetoed", 89.0, 1.0, 1.0), ("S03", "A", "", 80.0, 0.9, 0.6)]
    frame = pd.DataFrame(rows, columns=["supplier_id", "grade", "reason", "score", "coverage", "probability"])
    return frame.assign(month="2026-10", name=["云杉数卡", "灵犀智享", "速惠卡仓"])


def test_grades_come_best_first_with_their_reason(zh):
    dimensions = pd.DataFrame([("S01", "price", 50.4), ("S03", "price", np.nan)], columns=["supplier_id", "dimension", "score"])
    shown = rows_of(grade_table(grades_frame(), dimensions, zh).html)
    told = [[text for _, text in row] for row in shown if row]
    assert [row[:5] for row in told] == [
        ["S01 云杉数卡", "S 级", "97%", "93", "100%"],
        ["S03 速惠卡仓", "A 级", "60%", "80", "90%"],
        ["S02 灵犀智享", "未定级：一票否决", "100%", "89", "100%"],
    ]
    assert [row[7] for row in told] == ["50", "—", "—"]


def test_grades_are_counted_by_month(en):
    history = pd.concat([grades_frame(), grades_frame().assign(month="2026-09", grade="A")], ignore_index=True)
    counts = grade_counts(history, en)
    assert counts.index.tolist() == ["2026-09", "2026-10"]
    assert counts.to_numpy().tolist() == [[0, 3, 0, 0], [1, 1, 0, 1]]


def test_evidence_keeps_the_worst_of_each_and_says_how_many(zh, names):
    rows = pd.DataFrame({"order_id": list("abcde"), "supplier_id": ["S01"] * 4 + ["S02"], "seconds": [9.0, 8.0, 7.0, 6.0, 5.0], "rank": [1, 2, 3, 4, 1]})
    shown = evidence(rows, "stability.delivery_time", zh, names)
    assert [[text for _, text in row][:2] for row in rows_of(shown.html) if row] == [
        ["S01 云杉数卡", "a"],
        ["S01 云杉数卡", "b"],
        ["S01 云杉数卡", "c"],
        ["S02 灵犀智享", "e"],
    ]
    assert "共保留 5 行，列出 4 行。" in shown.html


def test_plain_table_says_what_it_leaves_out(en):
    shown = plain(pd.DataFrame({"order_id": [str(number) for number in range(40)]}), "Title", en, limit=5)
    assert len([row for row in rows_of(shown.html) if row]) == 5
    assert "The first 5 of 40." in shown.html
