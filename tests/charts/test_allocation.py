from decimal import Decimal
from html import unescape

import pandas as pd
import pytest

from kmanalysis.charts import allocation as charts
from kmanalysis.charts.kit.style import picture
from kmanalysis.decisions.allocation.frames import plan_lines, plan_parts, plan_scenarios
from kmanalysis.decisions.allocation.inputs import Inputs
from kmanalysis.decisions.allocation.model import Offer, Problem, Source
from kmanalysis.decisions.allocation.splits import allocate
from kmanalysis.standards import default_standards


@pytest.fixture
def plan():
    sources = (Source("S01"), Source("S02"), Source("S03", barred_by="veto"))
    offers = (Offer("S01", "G01", 1_000, 60), Offer("S02", "G01", 1_100), Offer("S03", "G01", 900))
    inputs = Inputs(Problem((("G01", 100),), sources, offers, Decimal("0.7")), "CNY", {("S02", "G01"): 40, ("S03", "G01"): 60}, {})
    found = allocate(inputs.problem)
    return plan_scenarios(inputs, found, Decimal("0.2"), 1000), plan_lines(inputs, found), plan_parts(inputs, found)


def test_opening_says_cost_saving_and_the_price_of_caution(plan, en):
    told = unescape(charts.opening(*plan, en).data).replace("\\", "")
    assert told.startswith("**The plan costs CN¥1,040.00 landed, with 2 suppliers (proven: no split is cheaper).**")
    assert "Last month's split would cost CN¥980.00 at the same prices, CN¥60.00 less; it breaks a constraint of the plan." in told
    assert "Stock limits: costs CN¥11.00." in told
    assert "The cap of 70% on a supplier's share: costs nothing." in told
    assert "Vetoes: costs CN¥112.00." in told
    assert "No split keeps a cap of 20%." in told


def test_shares_stand_beside_last_months_and_the_cap(plan, words, names, texts):
    shown = texts(picture(charts.shares(plan[2], default_standards()["planning.share_cap"], words, names)))
    assert [words.text("planned") in shown, words.text("last month") in shown] == [True, True]
    assert any("40" in text for text in shown)


def test_costs_tell_what_each_alternative_costs(plan, en, texts):
    shown = texts(picture(charts.costs(plan[0], en)))
    assert {"Last month's split", "Without: Stock limits", "-CN¥60.00"} <= set(shown)


def test_tables_hold_the_plan(plan, words, names):
    assert "云杉数卡" in charts.split_table(plan[1], words, names).html
    assert "速惠卡仓" not in charts.supplier_table(plan[2], words, names).html
    assert words.text("no split") in charts.scenario_table(plan[0], words).html
    assert charts.planned_units(plan[1], words).to_numpy().tolist() == [[60, 0], [40, 40], [0, 60]]


def test_nothing_to_plan_is_said(words, names):
    inputs = Inputs(Problem((), (), ()), "", {}, {})
    found = allocate(inputs.problem)
    scenarios, lines, parts = plan_scenarios(inputs, found, Decimal("0.2"), 1000), plan_lines(inputs, found), plan_parts(inputs, found)
    assert words.text("There is nothing to plan: nothing was sold that anybody offers at a known price.") in charts.opening(scenarios, lines, parts, words).data
    there_is_none = words.text("There is no plan.")
    for axes in (charts.shares(parts, default_standards()["planning.share_cap"], words, names), charts.costs(scenarios, words)):
        assert there_is_none in axes.get_label()
    for table in (charts.split_table(lines, words, names), charts.supplier_table(parts, words, names), charts.scenario_table(scenarios, words)):
        assert there_is_none in table.html
    assert isinstance(charts.planned_units(lines, words), pd.DataFrame)
