"""What `plan trial` says: the figures of a claim, of a small sample, of the sequential test and of a plan by two risks."""

from decimal import Decimal

import numpy as np
import pytest

from kmanalysis.decisions.trials.plans import (
    budget_sample,
    checked_curves,
    curves,
    risk_plan,
    sequential,
    sequential_lines,
    sequential_points,
    sizes,
    trial_request,
)
from kmanalysis.decisions.trials.words import claim_sentences, curve_cells, point_cells, sample_sentences, sentences, size_cells
from kmanalysis.errors import UsageError
from kmanalysis.standards import default_standards, override_standards
from kmanalysis.words import Words

STANDARDS = default_standards()
EN = Words("en")


def asked(**changed):
    return trial_request(STANDARDS, **changed)


def test_a_claim_costs_its_codes():
    found = sizes(asked(failures=2, lot=50))
    assert found["codes"].tolist() == [299, 473, 628]
    assert found["cost_amount"].tolist() == [Decimal("2990.00"), Decimal("4730.00"), Decimal("6280.00")]
    assert found["lot_codes"].isna().tolist() == [False, True, True]
    assert (found["lot_codes"].iloc[0], found["lot_cost_amount"].iloc[0]) == (48, Decimal("480.00"))
    assert sizes(asked(claim=0.95, price=Decimal("9.99")))["cost_amount"].tolist() == [Decimal("589.41")]
    assert sizes(asked(confidence=0.99))["codes"].tolist() == [459]


def test_ten_percent_of_500_yuan_prove_nothing():
    found = budget_sample(asked())
    assert (found.codes, found.checked, found.lot_needed) == (50, 5, 48)
    assert (round(found.process_lower, 3), round(found.poor_passes, 2)) == (0.549, 0.59)
    assert not found.is_shown
    assert not found.is_shown_of_lot
    told = " ".join(sample_sentences(asked(), EN))
    assert "5, are checked" in told
    assert "at least 54.9% of what the supplier sends" in told
    assert "10% dead codes passes this check 59% of the time" in told
    assert "for 99% this check proves nothing" in told


def test_a_whole_purchase_shows_its_lot_and_a_large_one_the_process():
    whole = budget_sample(asked(sample_share=1.0))
    assert (whole.is_shown, whole.is_shown_of_lot) == (False, True)
    assert "nothing yet of those that the supplier will send" in " ".join(sample_sentences(asked(sample_share=1.0), EN))
    large = asked(sample_share=1.0, price=Decimal("1"), budget=Decimal("299"))
    assert budget_sample(large).is_shown
    assert "This shows 99%." in sample_sentences(large, EN)
    assert budget_sample(asked(price=Decimal("501"))) is None
    assert sample_sentences(asked(price=Decimal("501")), EN) == ["CN¥500.00 buys no code at CN¥501.00."]


def test_a_share_of_a_purchase_is_whole_codes():
    assert budget_sample(asked(budget=Decimal("510"))).checked == 6
    assert budget_sample(asked(budget=Decimal("300"))).checked == 3
    assert budget_sample(asked(budget=Decimal("10"))).checked == 1


def test_the_sequential_plan_has_its_figures():
    plan = sequential(asked())
    assert (plan.clean_items, plan.last) == (326, 978)
    points = sequential_points(asked())
    np.testing.assert_allclose(points["good_share"], [1, 0.999, 1 - plan.slope, 0.99, 0], atol=1e-12)
    np.testing.assert_allclose(points["expected_codes"], [325.36, 393.28, 416.05, 188.39, 1.28], atol=0.01)
    lines = sequential_lines(asked())
    assert (lines["n"].min(), lines["n"].max()) == (1, pytest.approx(489))
    assert np.interp(326, lines["n"], lines["accept"]) >= 0


def test_two_risks_give_a_plan():
    assert (risk_plan(asked()).n, risk_plan(asked()).c) == (628, 2)


def test_curves_fall_with_the_share_of_dead_codes():
    found = curves(asked())
    assert found["good_share"].is_monotonic_decreasing
    at_claim = found[found["good_share"] == 0.99].iloc[0]
    assert at_claim["claim"] <= 0.05
    assert at_claim["sample"] == pytest.approx(0.99**5)
    drawn = checked_curves([5, 0, 51, 5], asked())
    assert sorted(set(drawn["n"])) == [5, 51, 299]
    assert (drawn["good_share"].min(), drawn["good_share"].max()) == (0.9, 1.0)


def test_sentences_name_the_lot_that_is_refuted():
    assert "299 codes, none of them dead: CN¥2,990.00 at CN¥10.00" in claim_sentences(asked(), EN)[0]
    assert "48 of them" in claim_sentences(asked(lot=50), EN)[1]
    assert "of which at most 1 may be dead" in claim_sentences(asked(failures=1), EN)[0]
    assert "1 refute it, however many are checked" in claim_sentences(asked(failures=1, lot=50), EN)[1]
    assert claim_sentences(asked(claim=0.9999999, good=0.99999999), EN) == ["More than 10,000,000 codes would be needed to show this claim."]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_part_is_said_in_both_languages(lang):
    words = Words(lang)
    told = sentences(asked(lot=50), words)
    assert len(told) == 9
    assert not any("{" in sentence for sentence in told)
    for cells in (size_cells(asked(lot=50), words), curve_cells(asked(), words), point_cells(asked(), words)):
        assert len(cells)
        assert not cells.isna().any(axis=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"claim": 1.0},
        {"confidence": 0.0},
        {"claim": 0.999},
        {"sample_share": 0.0},
        {"alpha": 0.6, "beta": 0.5},
        {"failures": -1},
        {"lot": 0},
        {"price": Decimal(0)},
    ],
)
def test_what_cannot_be_planned_is_refused(wrong):
    with pytest.raises(UsageError):
        asked(**wrong)


def test_the_operator_s_standards_are_asked():
    own = override_standards({"trial.valid_share": 0.95, "trial.unit_price": 2}, file="test")
    assert sizes(trial_request(own))["cost_amount"].tolist() == [Decimal("118.00")]
