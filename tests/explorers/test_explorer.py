"""The widgets without a browser: what they hold after a person moved something."""

import re

import ipywidgets as widgets
import pandas as pd
import pytest

from kmanalysis.explorers.comparison import beside
from kmanalysis.explorers.display import interactive_table, put
from kmanalysis.explorers.explorer import explorer_of
from kmanalysis.explorers.models.whatif import WhatIf
from kmanalysis.explorers.sliders import step_of
from kmanalysis.measures.price.board import board
from kmanalysis.opening import open_workbook
from kmanalysis.scoring.grades import grades
from kmanalysis.standards import load_standards
from kmanalysis.words import Words
from tests.report.small import judged_workbook


@pytest.fixture
def explorer(samples):
    return explorer_of(samples, "samples")


def shown(explorer):
    return dict(re.findall(r'data-supplier="([^"]*)" data-grade="([^"]*)"', explorer.sliders.table.value))


def test_a_slider_moves_a_grade_and_the_file_says_so_to_the_batch(explorer, samples, tmp_path):
    before = shown(explorer)
    assert before == dict(zip(*(grades(samples)[column] for column in ("supplier_id", "grade")), strict=True))
    explorer.sliders.control("stability.delivery_time", "value").value = 1.0
    explorer.sliders.control("service.resolution", "weight").value = 55
    explorer.sliders.control("service.dispute_rate", "veto").value = True
    assert shown(explorer) != before
    explorer.export.name.value = str(tmp_path / "own.toml")
    explorer.export.write()
    assert str(tmp_path / "own.toml") in explorer.export.result.value
    batch = grades(open_workbook(month="2026-10", standards=load_standards(tmp_path / "own.toml")))
    assert shown(explorer) == dict(zip(batch["supplier_id"], batch["grade"], strict=True))
    pd.testing.assert_frame_equal(batch, explorer.session.model.grades(explorer.session.standards))


def test_back_to_the_standards_in_force(explorer):
    before = shown(explorer)
    explorer.sliders.control("stability.delivery_time", "value").value = 1.0
    explorer.sliders.reset()
    assert shown(explorer) == before
    assert explorer.session.choices.changes == {}
    assert explorer.sliders.control("stability.delivery_time", "value").value == 0.95


def test_what_was_set_is_there_again_when_the_cells_run_again(samples):
    first = explorer_of(samples, "samples")
    first.sliders.control("dimension.price", "value").value = 70
    first.trials.times.value = 326
    first.trials.enter("valid")
    first.drilldown.supplier.value = "S10"
    again = explorer_of(samples, "samples")
    assert again.sliders.control("dimension.price", "value").value == 70
    assert shown(again) == shown(first)
    assert 'data-decision="accept"' in again.trials.decision.value
    assert again.drilldown.supplier.value == "S10"
    other = explorer_of(samples, "another folder")
    assert other.sliders.control("dimension.price", "value").value == 20


def test_nothing_that_weighs_is_said_and_moves_nothing(explorer):
    for dimension in ("stability", "compliance", "price", "service", "reputation"):
        explorer.sliders.control(f"dimension.{dimension}", "value").value = 0
    assert "权重" in explorer.sliders.refusal.value
    assert explorer.session.standards.value("dimension.reputation") == 10


def test_searching_and_sorting_the_grades(explorer):
    explorer.sliders.search.value = "s1"
    assert len(shown(explorer)) == 10
    assert all(supplier.startswith("S1") for supplier in shown(explorer))
    explorer.sliders.search.value = ""
    explorer.sliders.order.value = "supplier_id"
    assert list(shown(explorer)) == sorted(explorer.workbook.suppliers)


def test_choosing_another_month_and_suppliers(explorer, samples):
    assert len(shown(explorer)) == 20
    month, category = explorer.pickers.children[1].children[0].children
    suppliers = explorer.pickers.children[1].children[1]
    suppliers.value = ("S02", "S03")
    assert sorted(shown(explorer)) == ["S02", "S03"]
    assert [value for _, value in explorer.drilldown.supplier.options] == ["S02", "S03"]
    suppliers.value = ()
    month.value = "2026-09"
    past = grades(samples.at(samples.month - 1))
    assert shown(explorer) == dict(zip(past["supplier_id"], past["grade"], strict=True))
    category.value = category.options[1][1]
    assert 0 < len(shown(explorer)) <= 20


def test_drilling_down_turns_pages(explorer):
    drill = explorer.drilldown
    drill.supplier.value, drill.measure.value = "S10", "stability.delivery_time"
    assert drill.page.first == 0
    assert drill.page.total > 50
    assert drill.previous.disabled
    drill.turn(50)
    assert drill.page.first == 50
    assert len(drill.page.rows) == min(50, drill.page.total - 50)
    drill.turn(10_000)
    assert drill.page.first == 50
    drill.measure.value = "service.resolution"
    assert drill.page.first == 0


def test_every_measure_and_supplier_can_be_drilled_into(explorer):
    for _, measure in explorer.drilldown.measure.options:
        explorer.drilldown.measure.value = measure
        assert measure in explorer.session.choices.drilled
    for _, supplier in explorer.drilldown.supplier.options[::4]:
        explorer.drilldown.supplier.value = supplier
    assert explorer.drilldown.measure.value == measure


def test_two_months_of_one_supplier(explorer, samples):
    explorer.comparison.suppliers["right"].value = "S10"
    explorer.comparison.suppliers["left"].value = "S10"
    explorer.comparison.months["left"].value = "2026-09"
    assert explorer.comparison.summaries["left"].value
    now, past = WhatIf(samples), WhatIf(samples.at(samples.month - 1))
    both = beside((past, "S10"), (now, "S10"), samples.standards)
    assert list(both["measure"]) == list(samples.standards.measures)
    assert both["difference"].equals((both["points_right"] - both["points_left"]).round(6))


def test_the_price_board_follows_what_is_chosen_and_the_band_that_is_set(explorer, samples):
    view = explorer.board
    known = board(samples)
    pd.testing.assert_frame_equal(view.rows, known.assign(is_outside=known["is_outside"].eq(True)))
    assert 0 < view.rows["is_outside"].sum() < len(view.rows)
    assert {"▲", "✓"} <= set(view.table.value)
    choices = explorer.pickers.children[1].children
    choices[1].value = ("S02", "S03")
    assert set(view.rows["supplier"]) == {"S02", "S03"}
    category = choices[0].children[1]
    category.value = "game_card"
    products = samples.rows_of(samples.table("products").filter(samples.table("products").category == "game_card"))
    assert set(view.rows["sku"]) <= set(products["sku"])
    category.value, choices[1].value = "", ()
    explorer.session.move("price.band_share", "limit", 0.5)
    assert not view.rows["is_outside"].any()


def test_the_price_board_shows_whole_rows_with_a_breach(explorer):
    view = explorer.board
    whole = view.rows
    view.breaches.value = True
    is_breach = whole["is_outside"] | whole["is_loss"].eq(True)
    assert set(view.rows["sku"]) == set(whole.loc[is_breach, "sku"])
    assert len(view.rows) == whole["sku"].isin(view.rows["sku"]).sum()


def test_names_from_data_are_text():
    evil = '<img src=x onerror=alert(1)>"&'
    workbook = judged_workbook({"S0": 90.0, "S1": 70.0}, names=dict.fromkeys(("S0", "S1"), evil))
    explorer = explorer_of(workbook, "evil")
    workbook.finished("evidence.stability.delivery_time", lambda _: pd.DataFrame({"supplier_id": ["S0"], "rank": [1], "name": [evil]}))
    assert "<img" not in explorer.sliders.table.value
    html = interactive_table(pd.DataFrame({evil: [evil, "</script><b>"]}), "evil", Words("en"))
    assert "<img src=x" not in html
    assert "</script><b>" not in html


def test_a_table_has_the_same_id_each_time_and_asks_nobody():
    cells = pd.DataFrame({"a": ["1", "2"]})
    one, two, other = (interactive_table(cells, name, Words("zh")) for name in ("one", "one", "other"))
    assert one == two
    assert one != other
    # A link stands where the table is still being made; nothing is fetched.
    assert not re.findall(r"src=.?https?:|import\s*\(?.https?:|from\s+.https?:|url\(", one)
    output = widgets.Output()
    put(output, one)
    assert output.outputs[0]["data"]["text/html"] == one


@pytest.mark.parametrize(("ends", "unit", "step"), [((0.7, 1.0), "share", 0.001), ((0, 20000), "units", 100), ((0, 3), "count", 1), ((0, 5), "years", 0.1)])
def test_a_slider_s_steps_are_round(ends, unit, step):
    assert step_of(ends, unit) == pytest.approx(step)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_folder_that_knows_nobody_says_so(tmp_path, lang):
    (tmp_path / "suppliers.csv").write_text("supplier_id,name\n", encoding="utf-8")
    explorer = explorer_of(open_workbook(tmp_path, "2026-10", lang=lang), "nobody")
    for part in (
        explorer.pickers,
        explorer.sliders.widget,
        explorer.drilldown.widget,
        explorer.comparison.widget,
        explorer.board.widget,
        explorer.forms.widget,
        explorer.trials.widget,
        explorer.export.widget,
    ):
        assert isinstance(part, widgets.Widget)
    assert shown(explorer) == {}
    assert explorer.words.text("There is no supplier yet.") in explorer.drilldown.grade.value
    explorer.sliders.control("price.band_share", "weight").value = 50
    assert explorer.session.standards["price.band_share"].weight == 50


def test_a_supplier_of_whom_nothing_is_known_is_not_graded(workbook_of):
    explorer = explorer_of(workbook_of({"suppliers": [{"supplier_id": "s1", "name": "any"}]}), "unseen")
    assert shown(explorer) == {"s1": ""}
    assert explorer.drilldown.page.total == 0
    explorer.comparison.months["left"].value = "2026-10"
    pd.testing.assert_frame_equal(explorer.session.model.grades(explorer.session.standards), grades(explorer.workbook))
