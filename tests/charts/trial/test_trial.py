"""The page of trials: what it draws and says of a few literal rows, and where there are none."""

import warnings
from datetime import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kmanalysis.charts.kit.style import picture
from kmanalysis.charts.trial import evidence as charts
from kmanalysis.charts.trial import tables as told
from kmanalysis.decisions.trials.plans import checked_curves, sequential_lines, trial_request
from kmanalysis.standards import default_standards

AT = datetime(2026, 10, 8, 2)
ASKED = trial_request(default_standards())
VERDICTS = "supplier_id trial_id started_at is_current verdict missed unproven no_data"
CRITERIA = "supplier_id trial_id is_current criterion value unit currency n lower upper basis op target verdict"
CHECKS = "supplier_id trial_id n bad decision"
DELIVERIES = "supplier_id trial_id seconds has_ended"
REPEATS = "supplier_id trial_id code_id issued_at where_before earlier_code_id earlier_supplier_id earlier_issued_at"


def frame(columns, *rows):
    return pd.DataFrame(list(rows), columns=columns.split())


def verdict(supplier, trial, found="missed", current=True):
    return (supplier, trial, AT, current, found, "trial.repeated_codes" if found == "missed" else "", "", "")


def valid(supplier, trial, claim, found, value=1.0, lower=0.9):
    return (supplier, trial, True, f"trial.valid_share.{claim}", value, "share", "CNY", 20, lower, 1.0, "sample", ">=", 0.99, found)


NONE = frame(VERDICTS)
TWO = frame(VERDICTS, verdict("S01", "X1", "unproven"), verdict("S02", "X2"), verdict("S03", "X0", "missed", current=False))
EMPTY = {
    "validity": lambda words, names: charts.validity(frame(CRITERIA), NONE, words, names),
    "deliveries": lambda words, names: charts.deliveries(frame(DELIVERIES), NONE, 300.0, words, names),
    "sequential": lambda words, names: charts.sequential(frame(CHECKS), sequential_lines(ASKED), NONE, words, names),
    "passing": lambda words, names: charts.passing(frame("n good_share acceptance"), 0.99, words),
}


@pytest.mark.parametrize("draw", EMPTY.values(), ids=EMPTY.keys())
def test_nothing_to_show_is_a_sentence(draw, words, names):
    ax = draw(words, names)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        picture(ax)
    assert not ax.axison
    assert len(ax.get_label()) > 15


def labels(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def test_the_month_s_trials_come_worst_first_and_earlier_ones_apart(zh, en, names):
    trials = frame(
        "trial_id decision decided_after checked valid repeated_within repeated_elsewhere",
        ("X1", "go_on", np.nan, 5, 5, 0, 0), ("X2", "reject", 6.0, 20, 16, 3, 1), ("X0", "go_on", np.nan, 0, 0, 0, 0),
    )  # fmt: skip
    shown = told.verdict_table(TWO, trials, en, names).html
    assert shown.index("S02 灵犀智享") < shown.index("S01 云杉数卡")
    assert "reject, after 6 codes" in shown
    assert "S03" not in shown.split("</style>")[1]
    assert "S03" in told.earlier_table(TWO, trials, zh, names).html
    assert "2 trials this month: Missed 1, Unproven 1." in told.opening(TWO, en).data
    assert "本月没有开始或结束的小额测试" in told.opening(NONE, zh).data


def test_criteria_are_told_in_their_units(en, names):
    budget = ("S02", "X2", True, "trial.budget", 475.0, "CNY", "CNY", 1, np.nan, np.nan, "census", "<=", 500.0, "met")
    wait = ("S02", "X2", True, "trial.delivery_time", np.inf, "seconds", "CNY", 50, 70.0, np.inf, "bounded", "<=", 300.0, "unproven")
    repeated = ("S02", "X2", True, "trial.repeated_codes", 4.0, "count", "CNY", 50, 4.0, 4.0, "census", "<=", 0.0, "missed")
    shown = told.criteria_table(frame(CRITERIA, budget, wait, repeated), TWO, en, names).html
    assert "≤\u00a0CN¥500.00" in shown
    assert "1.2 minutes – never" in shown
    assert "✗ Missed" in shown


def test_purchases_and_questions_are_listed(en, names):
    columns = "supplier_id trial_id currency budget_amount paid_amount fees_amount quantity undelivered codes slowest_seconds answers slowest_answer_seconds"
    row = ("S02", "X2", "CNY", Decimal("500"), Decimal("475.00"), None, 50, 0, 50, 69.0, 1, np.inf)
    shown = told.purchase_table(frame(columns, row), TWO, en, names).html
    assert "CN¥475.00" in shown
    assert "never" in shown
    asked = frame("supplier_id trial_id ticket_id opened_at first_response_at seconds has_ended", ("S02", "X2", "T1", AT, pd.NaT, 4000.0, False))
    assert "&gt; 1.1 hours" in told.questions_table(asked, TWO, en, names).html


def test_repeats_name_codes_and_where_they_were_before(zh, names):
    found = frame(REPEATS, ("S02", "X2", "D1", AT, "elsewhere", "D9", "S03", AT), ("S02", "X2", "D2", AT, "within_trial", "D1", "S02", AT))
    shown = told.repeats_table(found, TWO, zh, names).html
    assert "S03 速惠卡仓" in shown
    assert "同一测试之内" in shown
    assert "此前都没有发放过" in told.repeats_table(found.head(0), TWO, zh, names).html


def test_both_claims_stand_side_by_side_with_the_standard(en, names):
    found = frame(
        CRITERIA, valid("S02", "X2", "lot", "met", lower=1.0), valid("S02", "X2", "process", "unproven"), valid("S01", "X1", "lot", "missed", 0.8, 0.6)
    )
    ax = charts.validity(found, TWO, en, names)
    assert labels(ax) == ["S02 灵犀智享 · lot", "S02 灵犀智享 · process", "S01 云杉数卡 · lot"]
    assert ax.lines[0].get_xdata()[0] == 0.99
    assert ax.get_legend_handles_labels()[1] == ["Met", "Missed", "Unproven"]


def test_each_trial_runs_between_the_lines_to_its_decision(en, names):
    run = [("S02", "X2", n, bad, said) for n, bad, said in ((1, 0, "go_on"), (2, 1, "go_on"), (3, 2, "reject"), (4, 3, "reject"))]
    ax = charts.sequential(frame(CHECKS, *run, ("S01", "X1", 1, 0, "go_on")), sequential_lines(ASKED), TWO, en, names)
    assert sorted(ax.get_legend_handles_labels()[1]) == ["S01 云杉数卡: go on", "S02 灵犀智享: reject"]
    marks = sorted(mark.tolist() for dots in ax.collections[2:] for mark in dots.get_offsets())
    assert marks == [[1, 0], [3, 2]]


def test_deliveries_are_dots_and_open_ones_arrows(en, names):
    found = frame(DELIVERIES, ("S02", "X2", 30.0, True), ("S02", "X2", 900.0, False), ("S02", "X2", np.nan, False), ("S01", "X1", 20.0, True))
    ax = charts.deliveries(found, TWO, 300.0, en, names)
    assert labels(ax) == ["S02 灵犀智享", "S01 云杉数卡"]
    assert ax.get_legend_handles_labels()[1] == ["delivered", "not delivered yet"]
    assert "1 were never delivered" in ax.get_label()


def test_curves_say_how_many_codes_they_stand_for(zh, texts):
    ax = charts.passing(checked_curves([5, 51], ASKED), 0.99, zh)
    assert ax.get_legend_handles_labels()[1] == ["验 5 张", "验 51 张", "验 299 张"]
    assert "通过的机会" in texts(picture(ax))
