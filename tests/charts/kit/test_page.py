import re

import numpy as np
import pandas as pd
import pytest

from kmanalysis.charts.kit.page import heading, measure_heading, missing_data, opening, review_opening, settings_table, supplier_opening
from kmanalysis.charts.kit.tables import evidence, standards_table
from kmanalysis.measures.observation import not_given
from kmanalysis.standards import default_standards, override_standards
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook

RESPONSE = "service.first_response"


def test_opening_names_the_worst_of_what_was_missed(card_of, zh, names):
    card = card_of({RESPONSE: {"S01": (0.99, 100, 0.97, 1.0), "S02": (0.4, 100, 0.3, 0.5), "S03": (np.nan, 0, np.nan, np.nan)}})
    assert opening(card, zh, names).data == (
        "**3 家供货商中，1 家至少一项未达标。** 另有 1 家在此完全没有数据。\n\n- **首次响应及时率**，要求 ≥\u00a095%（限 10 分钟），未达标：S02 灵犀智享 (40%)"
    )


def test_opening_counts_the_rest(card_of, en):
    card = card_of({RESPONSE: {f"S{number}": (number / 10, 100, number / 11, number / 9) for number in range(1, 6)}})
    assert opening(card, en, {}).data.endswith("missed by S1 (10%), S2 (20%), S3 (30%) and 2 more")


def test_opening_praises_nobody_for_lack_of_data(card_of, en, names):
    card = card_of({RESPONSE: {"S01": (np.nan, 0, np.nan, np.nan)}})
    assert opening(card, en, names).data.startswith("Nothing was observed here this month. No verdict is given")


def test_opening_says_where_nobody_missed(card_of, en, names):
    card = card_of({RESPONSE: {"S01": (0.99, 100, 0.97, 1.0)}})
    assert opening(card, en, names).data.startswith("**No supplier missed a standard, of 1.**")


def test_opening_does_not_take_unproven_for_met(card_of, en, names):
    card = card_of({RESPONSE: {"S01": (1.0, 3, 0.4, 1.0), "S02": (np.nan, 0, np.nan, np.nan)}})
    assert opening(card, en, names).data.startswith("**Nothing could be decided: what was observed proves too little.** 1 have no data")


def test_opening_blames_nobody_for_our_own_watching(card_of, en, names):
    card = card_of({"price.monitored_peers": {"S01": (1.0, 30, np.nan, np.nan)}, "price.gross_margin": {"S01": (0.3, 30, np.nan, np.nan)}})
    assert opening(card, en, names).data.startswith("**No supplier missed a standard, of 1.**")


def test_names_are_not_read_as_markup(card_of, en):
    card = card_of({RESPONSE: {"S01": (0.4, 100, 0.3, 0.5)}})
    told = opening(card, en, {"S01": "<script>x</script> [a](b) *c* `d`"}).data
    assert "<script" not in told
    assert "\\[a\\]\\(b\\) \\*c\\* \\`d\\`" in told
    assert heading("# <b>").data == "## \\# &lt;b&gt;"


def test_a_measures_section_leads_to_its_standard_and_its_rows(card_of, zh):
    assert measure_heading(RESPONSE, zh).data == (
        "## 首次响应及时率\n\n[标准](#standard-service.first_response) · [最差明细](#evidence-service.first_response)"
    )
    card = card_of({RESPONSE: {"S01": (0.4, 100, 0.3, 0.5)}})
    assert '<a id="standard-service.first_response" href="#evidence-service.first_response">' in standards_table(card, default_standards(), zh).html
    rows = pd.DataFrame({"supplier_id": ["S01"], "rank": [1], "order_id": ["O1"]})
    for shown in (rows, rows.head(0)):
        assert 'id="evidence-service.first_response"' in evidence(shown, RESPONSE, zh, {"S01": "甲"}).html


def graded(**given):
    rows = [{"supplier_id": supplier, "grade": grade, "reason": "" if grade else "vetoed"} for supplier, grade in given.items()]
    return pd.DataFrame(rows, columns=["supplier_id", "grade", "reason"])


def test_review_counts_grades_and_names_who_moved(zh, names):
    told = review_opening(graded(S01="S", S02="", S03="B"), graded(S01="A", S02="S", S03="B"), zh, names).data
    assert told.splitlines() == [
        "**共 3 家供货商**：S 级 1 家、A 级 0 家、B 级 1 家；未定级 1 家。",
        "",
        "- **一票否决** (1) S02 灵犀智享",
        "- **上升** S01 云杉数卡 (A → S)",
        "- **下降** S02 灵犀智享 (S → –)",
    ]


def test_review_without_a_month_before_names_no_moves(en, names):
    assert review_opening(graded(S01="S"), graded(), en, names).data == "**1 suppliers**: S: 1, A: 0, B: 0; not graded: 0."


@pytest.fixture
def dossier():
    """Builds a workbook that holds one supplier's finished grades: the month's, and the last month's grade."""

    def build(lang, last="", reasons=(), **given):
        row = {"month": "2026-10", "supplier_id": "S01", "grade": "A", "raw_grade": "A", "reason": "", "score": 80.0, "coverage": 0.9, "probability": 0.8}
        row |= {"missed": 1, "vetoes": ""} | given
        history = pd.DataFrame([row | {"month": "2026-09", "grade": last}, row]) if last else pd.DataFrame([row])
        lost = pd.DataFrame(list(reasons), columns=["measure", "lost"]).assign(supplier_id="S01")
        frames = {"scoring.grades": pd.DataFrame([row]), "scoring.grade_history": history, "scoring.reasons": lost}
        return Workbook(
            Month(2026, 10), default_standards(), Words(lang), frames={("2026-10", name): frame for name, frame in frames.items()},
            facts={"names": {"S01": "云杉数卡"}},
        )  # fmt: skip

    return build


def test_dossier_opens_with_grade_last_month_and_costs(dossier):
    workbook = dossier("zh", last="S", reasons=[("service.first_response", 5.04), ("compliance.licences", np.nan)])
    assert supplier_opening(workbook, "S01").data == (
        "**S01 云杉数卡：A 级**（把握度 80%）。总分 80；计权部分有 90% 已观测并有定论。 上月：S 级。 失分最多：首次响应及时率 (−5)。"
    )


def test_dossier_tells_the_veto(dossier):
    told = supplier_opening(dossier("en", grade="", reason="vetoed", vetoes="compliance.licences"), "S01").data
    assert told.startswith("**S01 云杉数卡: not graded: vetoed**")
    assert "Veto missed: Licences in force. A veto is not averaged away." in told


def test_dossier_tells_a_lack_of_evidence(dossier):
    assert "The evidence does not carry a grade" in supplier_opening(dossier("en", grade="", reason="lacks_evidence"), "S01").data


def test_dossier_tells_a_grade_that_is_held(dossier):
    assert "This month alone would give B" in supplier_opening(dossier("en", raw_grade="B"), "S01").data


def test_dossier_tells_what_kept_it_from_the_first_grade(dossier):
    assert "which allows 0 missed standards at most; 2 are missed." in supplier_opening(dossier("en", score=95.0, missed=2), "S01").data
    assert "missed standards at most" not in supplier_opening(dossier("en", score=80.0, missed=2), "S01").data


def test_a_page_s_settings_are_said_and_changes_marked(en):
    changed = override_standards({"market.emerging_growth": {"value": 0.07}}, file="test")
    told = settings_table(changed, ["market", "counting.confidence"], en).html
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", told) if "<td" in row]
    assert ['<span id="standard-market.emerging_growth">Emerging: growth a month</span>', "≥\u00a07%"] in [row[:2] for row in cells]
    assert len(cells) == len([name for name in changed if name.startswith("market.")]) + 1
    assert [row[2] for row in cells if row[2].endswith(" *")] != []
    assert 'id="standards"' in told
    assert "* differs from the default." in told
    assert " *<" not in settings_table(default_standards(), ["market"], en).html


def test_a_page_says_what_was_not_supplied_what_that_closes_and_how_to_supply_it(en, zh):
    lacks = [("S01", "price.hidden_fee_rate", "fees"), ("S01", "service.resolution", "tickets.resolved_at"), ("S02", "price.hidden_fee_rate", "fees")]
    frames = {("2026-10", not_given.name): pd.DataFrame(lacks, columns=["supplier_id", "measure", "lacks"])}
    workbook = Workbook(Month.parse("2026-10"), default_standards(), en, frames=frames)
    told = missing_data(workbook).html
    assert told.count("<tr>") == 3
    assert "Hidden fee rate" in told
    assert "kmanalysis load FILE --as fees --into DIR" in told
    assert "Add the column resolved_at to the table tickets" in told
    assert missing_data(workbook, "price").html.count("<tr>") == 2
    assert missing_data(workbook, "stability") is None
    assert "确实没有" in missing_data(workbook.spoken(zh)).html
