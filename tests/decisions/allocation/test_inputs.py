"""What a plan is made from: prices, stock, tiers, fees, minimum orders and grades of a few literal rows; and the frames of the plan."""

from decimal import Decimal

import pandas as pd
import pytest

from kmanalysis.decisions.allocation import inputs as allocation_inputs
from kmanalysis.decisions.allocation.frames import FRAMES, plan_frames, purchase_lines, purchase_parts, purchase_scenarios
from kmanalysis.decisions.allocation.inputs import asked_cap, asked_floor, plan_inputs, purchase_offers, read_demand
from kmanalysis.decisions.allocation.model import Tier
from kmanalysis.decisions.allocation.splits import allocate
from kmanalysis.decisions.allocation.words import sentences
from kmanalysis.errors import UsageError
from kmanalysis.words import Words


@pytest.fixture
def all_graded(monkeypatch):
    """Grades by supplier instead of those that a few rows would earn."""

    def give(**graded):
        rows = [
            {"supplier_id": supplier, "grade": grade if grade in "SAB" else "", "reason": "" if grade in "SAB" else grade} for supplier, grade in graded.items()
        ]
        monkeypatch.setattr(allocation_inputs, "grades", lambda workbook: pd.DataFrame(rows))

    return give


def prices(workbook):
    return {(row["supplier_id"], row["sku"]): float(row["unit_price"]) for row in purchase_offers(workbook).to_dict("records")}


def test_a_standing_quote_goes_before_the_listing_in_force(workbook_of):
    listing = {"cost_price": "10", "currency": "CNY", "listed_from": "2026-01-01"}
    workbook = workbook_of(
        {
            "listings": [
                {**listing, "supplier_id": "old", "cost_price": "9", "listed_from": "2025-01-01"},
                {**listing, "supplier_id": "old"},
                {**listing, "supplier_id": "quoted"},
                {**listing, "supplier_id": "stale"},
                {**listing, "supplier_id": "gone", "listed_to": "2026-10-31"},
                {**listing, "supplier_id": "later", "listed_from": "2026-11-01"},
                {**listing, "supplier_id": "free", "cost_price": "0"},
            ],
            "quotes": [
                {"supplier_id": "quoted", "quoted_at": "2026-10-30 04:00:00", "unit_price": "11"},
                {"supplier_id": "stale", "quoted_at": "2026-10-20 04:00:00", "unit_price": "12"},
                {"supplier_id": "gone", "quoted_at": "2026-10-30 04:00:00", "unit_price": "8"},
                {"supplier_id": "unlisted", "quoted_at": "2026-10-30 04:00:00", "unit_price": "13"},
            ],
        }
    )
    assert prices(workbook) == {("old", "k1"): 10, ("quoted", "k1"): 11, ("stale", "k1"): 10, ("unlisted", "k1"): 13}


def test_stock_is_the_last_known_reading_of_the_month(workbook_of):
    read = {"supplier_id": "s1", "sku": "k1"}
    listings = [{"supplier_id": supplier, "cost_price": "10", "currency": "CNY"} for supplier in ("s1", "s2")]
    workbook = workbook_of(
        {
            "listings": listings,
            "stock_snapshots": [
                {**read, "observed_at": "2026-10-02 00:00:00", "quantity": 70},
                {**read, "observed_at": "2026-10-20 00:00:00", "quantity": 50},
                {**read, "observed_at": "2026-10-21 00:00:00", "quantity": 999, "is_placeholder": "true"},
                {**read, "observed_at": "2026-10-22 00:00:00", "quantity": None, "scan_ok": "false"},
                {**read, "observed_at": "2026-11-01 00:00:00", "quantity": 5},
                {**read, "supplier_id": "s2", "observed_at": "2026-09-20 00:00:00", "quantity": 7},
            ],
        }
    )
    stocks = purchase_offers(workbook).set_index("supplier_id")["stock"]
    assert stocks["s1"] == 50
    assert pd.isna(stocks["s2"])


def test_terms_are_read_as_they_really_work(workbook_of, all_graded):
    tier = {"threshold_amount": "50000", "discount_share": 0.05, "valid_from": "2026-01-01"}
    bought = {"list_amount": "60000", "paid_amount": "60000", "discount_amount": "0", "quantity": 10, "received_quantity": 10}
    workbook = workbook_of(
        {
            "suppliers": [
                {"supplier_id": "kept", "min_order": "100.50", "currency": "CNY"},
                {"supplier_id": "broke", "min_order": "7", "currency": "USD"},
                {"supplier_id": "small"},
                {"supplier_id": "ended"},
            ],
            "discount_tiers": [
                {**tier, "supplier_id": "kept", "valid_from": "2025-01-01", "discount_share": 0.04},
                {**tier, "supplier_id": "kept"},
                {**tier, "supplier_id": "broke"},
                {**tier, "supplier_id": "small", "applies_to": "part_above"},
                {**tier, "supplier_id": "ended", "valid_to": "2026-10-31"},
            ],
            "purchases": [
                {**bought, "supplier_id": "kept", "discount_amount": "3000", "paid_amount": "57000"},
                {**bought, "supplier_id": "broke", "discount_amount": "1500", "paid_amount": "58500"},
                {**bought, "supplier_id": "small", "list_amount": "100", "paid_amount": "100"},
            ],
            "fees": [{"supplier_id": "small", "amount": "23", "charged_at": "2026-10-20 00:00:00"}],
            "orders": [{"supplier_id": "kept", "quantity": 3}],
            "listings": [{"supplier_id": "kept", "cost_price": "10.005", "currency": "CNY"}],
        }
    )
    all_graded(kept="S", broke="B", small="vetoed", ended="lacks_evidence")
    inputs = plan_inputs(workbook)
    found = {source.supplier_id: source for source in inputs.problem.sources}
    assert found["kept"].tiers == (Tier(5_000_000, Decimal("0.05")),)
    # 60 000 earned 3 000 and half of it was granted: half of the promise is what the tier is worth.
    assert found["broke"].tiers == (Tier(5_000_000, Decimal("0.025")),)
    assert found["small"].tiers == (Tier(5_000_000, Decimal("0.05"), "part_above"),)
    assert found["ended"].tiers == ()
    assert (found["kept"].minimum_order, found["broke"].minimum_order) == (10_050, 0)
    assert found["small"].fee_share == Decimal("0.23")
    assert {name: source.barred_by for name, source in found.items()} == {"kept": "", "broke": "", "small": "veto", "ended": "grade_floor"}
    assert [offer.unit_price for offer in inputs.problem.offers] == [1001]
    assert (inputs.problem.demand, inputs.problem.share_cap) == ((("k1", 3),), Decimal("0.4"))
    assert {source.supplier_id: source.barred_by for source in plan_inputs(workbook, floor="A").problem.sources}["broke"] == "grade_floor"


def test_one_currency_at_a_time(workbook_of, all_graded):
    listings = [
        {"supplier_id": "s1", "sku": "k1", "cost_price": "10", "currency": "CNY"},
        {"supplier_id": "s1", "sku": "k2", "cost_price": "3", "currency": "USD"},
    ]
    orders = [{"sku": "k1", "quantity": 5}, {"sku": "k2", "quantity": 2}, {"sku": "k3", "quantity": 4}]
    all_graded(s1="A")
    inputs = plan_inputs(workbook_of({"listings": listings, "orders": orders}), Decimal(1))
    assert (inputs.currency, inputs.problem.demand, inputs.unoffered) == ("CNY", (("k1", 5),), {"k2": 2, "k3": 4})
    assert allocate(inputs.problem).cost == inputs.last_cost == 5_000


def test_last_months_split_without_a_price_is_unknown(workbook_of, all_graded):
    all_graded(s1="A", s2="A")
    workbook = workbook_of({"listings": [{"cost_price": "10", "currency": "CNY"}], "orders": [{"quantity": 5}, {"supplier_id": "s2", "quantity": 2}]})
    plan = plan_frames(workbook, Decimal(1))
    assert plan.scenarios.set_index("scenario").at["last_split", "state"] == "undecided"
    assert plan.lines.set_index("supplier")["last_units"].to_dict() == {"s1": 5, "s2": 2}
    told = " ".join(sentences(plan.scenarios, plan.lines, plan.parts, Words("en")))
    assert "2 units came from suppliers that no longer offer the SKU" in told
    assert "7 of the planned units rest on a stock that nobody knows" in told


def test_a_month_without_anything_has_an_empty_plan(workbook_of):
    workbook = workbook_of({"suppliers": [{"supplier_id": "s1"}]})
    assert [len(found(workbook)) for found in FRAMES] == [0, 0, 0, 0]
    assert "nothing to plan" in sentences(purchase_scenarios(workbook), purchase_lines(workbook), purchase_parts(workbook), Words("en"))[0]


def test_an_infeasible_plan_says_which_constraints_conflict(workbook_of, all_graded):
    all_graded(s1="vetoed")
    plan = plan_frames(workbook_of({"listings": [{"cost_price": "10", "currency": "CNY"}], "orders": [{"quantity": 5}]}), Decimal(1))
    assert list(plan.scenarios["state"])[:1] == ["infeasible"]
    assert sentences(plan.scenarios, plan.lines, plan.parts, Words("en"))[1] == "Leaving out any one of these makes one possible: Vetoes."


def test_options_that_cannot_be_used_are_refused(tmp_path):
    assert asked_cap("0.4") == Decimal("0.4")
    for text in ("40", "x", "0", "nan"):
        with pytest.raises(UsageError, match="cannot be kept"):
            asked_cap(text)
    with pytest.raises(UsageError, match="not known"):
        asked_floor("C")
    file = tmp_path / "demand.csv"
    file.write_text("sku,quantity\nG01,5\nG01,2\nG02,0\n", encoding="utf-8")
    assert read_demand(file) == {"G01": 7}
    for content in ("sku,units\nG01,5\n", "sku,quantity\nG01,x\n", "sku,quantity\nG01,-1\n", ""):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(UsageError, match="cannot be read"):
            read_demand(file)


def test_a_page_of_many_offers_takes_the_first_good_split(workbook_of, all_graded):
    all_graded(s1="A", s2="A")
    listings = [{"supplier_id": supplier, "cost_price": price, "currency": "CNY"} for supplier, price in (("s1", "10"), ("s2", "11"))]
    settings = {"planning.proven_offers": 1, "planning.share_cap": 0.6}
    found = purchase_scenarios(workbook_of({"listings": listings, "orders": [{"quantity": 10}]}, standards=settings)).set_index("scenario")
    assert list(found.index) == ["plan", "last_split", "share_cap", "tighter_cap"]
    assert found.at["plan", "landed_cost"] == Decimal("104.00")
    assert found.at["plan", "gap"] < 0.01
    assert found.at["share_cap", "extra_cost"] == Decimal("-4.00")
