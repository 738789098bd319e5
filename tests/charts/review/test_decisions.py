"""The review's tables and charts of what is decided: what each says of a few literal rows, and what it says where there are none."""

import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kmanalysis.charts.kit.style import picture
from kmanalysis.charts.review import decisions, dependence, drift
from kmanalysis.decisions.actions import ACTIONS, COLUMNS
from kmanalysis.decisions.corrective import CORRECTIVE
from kmanalysis.decisions.drift import DRIFTS, SERIES

MONEY = ("supplier", "currency", "purchased_amount", "owed_amount", "switching_cost")
SPARE = ("supplier", "orders", "carried_share", "skus", "without_backup", "currency", "extra_cost", "uncosted")
SKUS = ("supplier", "sku", "name", "orders", "needed", "backups", "carried", "carried_share", "reason", "currency", "extra_cost", "uncosted")
CHANGES = ("supplier_id", "measure", "value", "previous_value", "n", "previous_n", "difference", "lower", "upper", "p", "is_more_than_noise", "is_worse")
MONTHS = ("supplier_id", "score", "grade", "reason", "turnover", "previous_score", "previous_grade", "previous_reason", "previous_turnover")
MOVES = ("supplier_id", "skus", "own_change", "peers_change", "relative_change", "lower", "upper", "is_more_than_noise")
OUTCOMES = ("supplier_id", "measure", "since", "check_on", "previous_value", "value", "unit", "verdict", "outcome")
PLACES = ("supplier", "rank", "first_share", "best_rank", "worst_rank")
SWAPS = ("above", "below", "gap", "measure", "weight", "swapped_weight", "change")
HHI = ("currency", "scope", "subject", "paid_amount", "suppliers", "hhi", "largest", "largest_share")


def frame(columns, *rows):
    return pd.DataFrame([dict.fromkeys(columns) | row for row in rows], columns=list(columns))


@pytest.fixture
def decided():
    """An end, a switch, a corrective action and an S supplier, with their frames."""
    day = pd.Timestamp("2026-11-30")
    common = {"month": "2026-10", "probability": 0.9, "score": 80.0, "failures": 0, "previous_action": "correct", "measures": ""}
    actions = frame(
        COLUMNS,
        common | {"supplier_id": "S03", "action": "end", "reason": "vetoed_for_months", "months": 2, "measures": "compliance.licences"},
        common | {"supplier_id": "S02", "action": "correct", "reason": "missed", "months": 1, "check_on": day},
        common | {"supplier_id": "S01", "action": "deepen", "reason": "exclusive", "months": 4, "previous_action": "deepen"},
    )
    late = {"supplier_id": "S02", "measure": "stability.delivery_time", "state": "new", "since": "2026-10", "months": 1, "verdict": "missed", "value": 0.72}
    late |= {"unit": "share", "op": ">=", "target": 0.95, "limit": 300.0, "limit_unit": "seconds", "began_on": pd.Timestamp("2026-10-08")}
    money = frame(
        MONEY,
        {"supplier": "S03", "currency": "CNY", "purchased_amount": Decimal("500"), "owed_amount": Decimal("28.80"), "switching_cost": Decimal("-3.5")},
        {"supplier": "S02", "currency": "USD", "purchased_amount": Decimal("7"), "owed_amount": Decimal(0)},
    )
    spare = frame(SPARE, {"supplier": "S03", "orders": 10, "carried_share": 0.75, "skus": 2, "without_backup": 1})
    return actions, frame(CORRECTIVE, late), money, spare


def test_each_action_says_who_what_why_when_and_how_much(decided, en, names):
    html = decisions.actions_table(*decided, en, names).html
    for told in (
        "end the contract *",
        "Months in a row with a missed veto: 2",
        "The others could carry 75% of its orders.",
        f"owes {en.money(Decimal('28.80'), 'CNY')}",
        f"its backups are {en.money(Decimal('3.50'), 'CNY')} cheaper",
        "72%",
        "drift since 2026-10-08",
        "2026-11-30",
        f"bought {en.money(Decimal(7), 'USD')}",
        "priority, and talk about an exclusive deal",
        "Months in a row at S: 4; probability 90%.",
    ):
        assert told in html
    assert html.index("S03") < html.index("S02") < html.index("S01")
    assert "deepen · priority, and talk about an exclusive deal *" not in html


def test_one_suppliers_next_action_is_a_sentence(decided, zh, en):
    actions, todo, *_ = decided
    told = decisions.next_action(actions.iloc[[1]], todo, en).data
    assert told.startswith("**Next: corrective action.** Newly missed: Delivered in time 72%")
    assert told.endswith("Checked on 2026-11-30.")
    ended = decisions.next_action(actions.iloc[[0]], todo.head(0), zh).data
    assert ended.startswith("**下一步：终止合作。** ")
    assert ended.endswith("上月：限期整改。")
    assert decisions.next_action(actions.head(0), todo, zh).data == ""


def test_actions_are_counted_in_words(decided, words):
    counts = decisions.action_counts(decided[0], words, ACTIONS)
    assert counts.to_numpy().tolist() == [[0, 1], [0, 0], [2, 1], [1, 1], [0, 0]]
    assert all(name == words.name(f"action.{action}") for name, action in zip(counts.index, ACTIONS, strict=True))


def test_every_action_reason_outcome_and_hurdle_has_a_name(words):
    ids = [f"action.{action}" for action in ACTIONS]
    ids += [f"deepen.{step}" for step in ("priority", "exclusive", "equity")]
    ids += [
        f"why.{reason}" for reason in ("vetoed_lately", "below_floor", "not_corrected", "missed", "on_watch", "lacks_evidence", "exceptions", "nothing_missed")
    ]
    ids += [f"outcome.{outcome}" for outcome in ("worse", "unchanged", "undecided", "improved", "on_watch", "closed")]
    ids += [f"hurdle.{hurdle}" for hurdle in ("not_offered", "vetoed", "same_upstream", "unknown_stock", "no_stock")]
    assert [name for name in ids if not words.has_name(name)] == []


def test_a_change_names_both_months_and_its_interval(en, names):
    row = {"supplier_id": "S01", "measure": "service.dispute_rate", "value": 0.05, "previous_value": 0.01, "n": 400, "previous_n": 380}
    row |= {"difference": 0.04, "lower": 0.011, "upper": 0.07, "p": 0.001, "is_more_than_noise": True, "is_worse": True}
    html = decisions.changes_table(frame(CHANGES, row, row | {"supplier_id": "S02", "is_more_than_noise": False}), en, names).html
    assert "1% (n = 380)" in html
    assert "▼ +4" in html
    assert "+1.1 … +7" in html
    assert "S02" not in html


def test_month_on_month_marks_what_is_more_than_noise(en, names):
    month = {"supplier_id": "S01", "score": 80.0, "grade": "A", "reason": "", "turnover": 0.25, "previous_score": 82.5, "previous_grade": "S"}
    month |= {"previous_reason": "", "previous_turnover": np.nan}
    move = {"supplier_id": "S01", "skus": 4, "own_change": 0.03, "peers_change": -0.01, "relative_change": 0.04, "is_more_than_noise": True}
    html = decisions.month_table(frame(MONTHS, month), frame(CHANGES), frame(MOVES, move), en, names).html
    for told in ("S → A", "82.5 → 80", "0.25", "+3%", "−1%", "+4% !"):
        assert told in html


def test_migrations_stand_from_row_to_column(en):
    found = pd.DataFrame([("2026-09", "S", "A", 1), ("2026-10", "S", "A", 2)], columns=["month", "previous_grade", "grade", "suppliers"])
    assert "2 (3)" in decisions.migration_table(found, "2026-10", en).html


def drifted():
    days = pd.date_range("2026-08-01", periods=30, freq="D")
    rising = np.log(40.0) + np.linspace(0, 1, 30)
    series = pd.DataFrame(
        {"supplier_id": "S01", "measure": "stability.delivery_time", "day": days, "cases": 5, "value": rising, "is_baseline": False}
        | {"centre": np.log(40.0), "ewma": rising, "limit": np.log(60.0)}
    )[list(SERIES)]
    row = {"supplier_id": "S01", "measure": "stability.delivery_time", "signalled_on": days[14], "began_on": days[2], "kind": "ramp", "size": 0.03}
    return series, frame(DRIFTS, row | {"centre": np.log(40.0), "latest": np.log(108.0), "limit": np.log(60.0), "is_standing": True})


def test_a_drift_is_drawn_with_its_days(words, names, texts):
    series, found = drifted()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = texts(picture(drift.control_chart(series, found, "stability.delivery_time", words, names)))
    assert "S01 云杉数卡" in told
    html = drift.drift_table(found, words, names).html
    assert "2026-08-03" in html
    assert words.duration(108.0) in html


def test_ranks_swaps_concentration_and_backups_are_told(words, names, texts):
    places = frame(PLACES, {"supplier": "S01", "rank": 1, "first_share": 0.8, "best_rank": 1, "worst_rank": 2})
    assert any("80%" in text for text in texts(picture(dependence.ranks(places, words, names))))
    swaps = frame(
        SWAPS,
        {"above": "S01", "below": "S02", "gap": 0.5, "measure": "service.dispute_rate", "weight": 0.05, "swapped_weight": 0.08, "change": 0.03},
        {"above": "S02", "below": "S03", "gap": 9.0, "measure": ""},
    )
    assert "5% → 8%" in dependence.swaps_table(swaps, words, names).html
    found = frame(
        HHI,
        {
            "currency": "CNY",
            "scope": "all",
            "subject": "",
            "paid_amount": Decimal("100"),
            "suppliers": 2,
            "hhi": 5200.0,
            "largest": "S01",
            "largest_share": 0.6,
        },
        {
            "currency": "USD",
            "scope": "all",
            "subject": "",
            "paid_amount": Decimal("3"),
            "suppliers": 1,
            "hhi": 10_000.0,
            "largest": "S02",
            "largest_share": 1.0,
        },
    )
    drawn = texts(picture(dependence.concentrations(found, 1800, words)))
    assert "5,200" in drawn
    assert "10,000" not in drawn
    assert "¥100.00" in dependence.concentration_table(found, words, names).html
    bought = frame(
        ("supplier", "currency", "scope", "subject", "paid_amount", "share"),
        {"supplier": "S01", "currency": "CNY", "scope": "all", "subject": "", "paid_amount": Decimal("60"), "share": 0.6},
        {"supplier": "S02", "currency": "CNY", "scope": "all", "subject": "", "paid_amount": Decimal("40"), "share": 0.4},
        {"supplier": "S02", "currency": "CNY", "scope": "category", "subject": "software", "paid_amount": Decimal("40"), "share": 1.0},
        {"supplier": "S03", "currency": "USD", "scope": "all", "subject": "", "paid_amount": Decimal("3"), "share": 1.0},
    )
    html = dependence.shares_table(bought, words, names).html
    assert html.index("S01") < html.index("S02")
    assert "S03" not in html
    bare = frame(SKUS, {"supplier": "S01", "sku": "G24", "name": "某卡", "backups": 0, "reason": "not_offered"})
    spare = frame(SPARE, {"supplier": "S01", "orders": 10, "carried_share": 0.75, "currency": "CNY", "extra_cost": Decimal("12.5")})
    html = dependence.backups_table(spare, bare, 7, words, names).html
    assert "G24 某卡" in html
    assert "¥12.50" in html


EMPTY = {
    "actions": lambda words, names: decisions.actions_table(frame(COLUMNS), frame(CORRECTIVE), frame(MONEY), frame(SPARE), words, names),
    "outcomes": lambda words, names: decisions.outcomes_table(frame(OUTCOMES), words, names),
    "migrations": lambda words, names: decisions.migration_table(frame(("month", "previous_grade", "grade", "suppliers")), "2026-10", words),
    "months": lambda words, names: decisions.month_table(frame(MONTHS), frame(CHANGES), frame(MOVES), words, names),
    "changes": lambda words, names: decisions.changes_table(frame(CHANGES).astype({"is_more_than_noise": bool, "difference": float}), words, names),
    "drifts": lambda words, names: drift.drift_table(frame(DRIFTS), words, names),
    "swaps": lambda words, names: dependence.swaps_table(frame(SWAPS), words, names),
    "concentration": lambda words, names: dependence.concentration_table(frame(HHI), words, names),
    "shares": lambda words, names: dependence.shares_table(frame(("supplier", "currency", "scope", "subject", "paid_amount", "share")), words, names),
    "backups": lambda words, names: dependence.backups_table(frame(SPARE), frame(SKUS), 7, words, names),
}


@pytest.mark.parametrize("tell", EMPTY.values(), ids=EMPTY.keys())
def test_an_empty_table_is_a_sentence(tell, words, names):
    html = tell(words, names).html
    assert "<table" not in html
    assert 'class="nothing"' in html


NOT_DRAWN = {
    "drift": lambda words, names: drift.control_chart(frame(SERIES), frame(DRIFTS), "price.band_share", words, names),
    "ranks": lambda words, names: dependence.ranks(frame(PLACES), words, names),
    "concentration": lambda words, names: dependence.concentrations(frame(HHI), 1800, words),
}


@pytest.mark.parametrize("draw", NOT_DRAWN.values(), ids=NOT_DRAWN.keys())
def test_nothing_to_draw_is_a_sentence(draw, words, names):
    ax = draw(words, names)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a glyph that no font has
        picture(ax)
    assert not ax.axison
