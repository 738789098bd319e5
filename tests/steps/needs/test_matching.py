"""The needs profile, what each supplier meets of it, and who fits."""

from datetime import datetime, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from kmanalysis.steps.needs.matching import fits, match, profile


def need(item, value=None, is_must=True, subject="requirement"):
    return {"subject": subject, "item": item, "value": value, "is_must": is_must}


def supplier(name="s1", **traits):
    return {"supplier_id": name, **traits}


def judged(workbook, item):
    """supplier → (state, found) of a line."""
    rows = match(workbook)
    rows = rows[rows["item"] == item]
    told = rows["found"].astype("object").where(rows["found"].notna(), None)
    return dict(zip(rows["supplier_id"], zip(rows["state"], told, strict=True), strict=True))


def orders_on(day, count, supplier="s1", **more):
    return [{"order_id": f"{supplier}-{day}-{number}", "supplier_id": supplier, "ordered_at": f"{day} 04:00:00", **more} for number in range(count)]


def reading(sku, units, at="2026-10-20 00:00:00", **more):
    return {"sku": sku, "quantity": units, "observed_at": at, **more}


def test_the_standard_stands_in_for_a_value_that_the_line_lacks(workbook_of):
    lines = [need("wholesale_minimum"), need("response_seconds"), need("prepayment"), need("daily_orders", subject="daily_orders", is_must=False)]
    found = profile(workbook_of({"needs": lines, "suppliers": [supplier()]}))
    assert found[["item", "value", "unit"]].astype("object").where(found.notna(), None).to_numpy().tolist() == [
        ["prepayment", None, "amount"],
        ["response_seconds", "1800", "seconds"],
        ["wholesale_minimum", "10", "amount"],
        ["daily_orders", "100", "orders"],
    ]


def test_flags_are_met_missed_or_unknown(workbook_of):
    suppliers = [supplier("s1", api_stock=True), supplier("s2", api_stock=False), supplier("s3", api_stock=None)]
    workbook = workbook_of({"suppliers": suppliers, "needs": [need("api_stock")]})
    assert judged(workbook, "api_stock") == {"s1": ("met", "true"), "s2": ("missed", "false"), "s3": ("unknown", None)}
    assert fits(workbook).set_index("supplier_id")["state"].to_dict() == {"s1": "fits", "s2": "fails", "s3": "unproven"}


def test_a_missed_must_have_fails_whatever_else_is_unknown_and_a_wish_never_does(workbook_of):
    suppliers = [
        supplier("s1", api_stock=False, api_order_status=None, bulk_custom=True),
        supplier("s2", api_stock=True, api_order_status=True, bulk_custom=False),
    ]
    lines = [need("api_stock"), need("api_order_status"), need("bulk_custom", is_must=False), need("invoice", is_must=False)]
    rows = fits(workbook_of({"suppliers": suppliers, "needs": lines})).set_index("supplier_id")
    counts = ["state", "musts", "musts_missed", "musts_unknown", "wishes", "wishes_met"]
    assert rows[counts].to_numpy().tolist() == [["fails", 2, 1, 1, 2, 1], ["fits", 2, 0, 0, 2, 0]]


def test_what_no_table_can_show_is_unknown_and_kept(workbook_of):
    workbook = workbook_of({"suppliers": [supplier()], "needs": [need("invoice within a day")]})
    assert judged(workbook, "invoice within a day") == {"s1": ("unknown", None)}
    assert fits(workbook)["state"].tolist() == ["unproven"]


@pytest.mark.parametrize(
    ("traits", "state"),
    [
        ({"min_order": "500", "currency": "CNY"}, ("met", "500")),
        ({"min_order": "500.01", "currency": "CNY"}, ("missed", "500.01")),
        ({"min_order": "5", "currency": "USD"}, ("unknown", None)),
        ({"min_order": "5", "currency": None}, ("unknown", None)),
        ({"min_order": None, "currency": "CNY"}, ("unknown", None)),
    ],
)
def test_amounts_are_held_against_the_limit_in_its_currency(workbook_of, traits, state):
    assert judged(workbook_of({"suppliers": [supplier(**traits)], "needs": [need("wholesale_minimum", "500")]}), "wholesale_minimum") == {"s1": state}


def test_a_limit_that_says_no_number_decides_nothing(workbook_of):
    suppliers = [supplier(prepayment="0", currency="CNY")]
    assert judged(workbook_of({"suppliers": suppliers, "needs": [need("prepayment", "little")]}), "prepayment") == {"s1": ("unknown", "0")}


@pytest.mark.parametrize(
    ("tools", "asked", "state"),
    [
        ("行为分析;推荐", "推荐", "met"),
        ("行为分析； 推荐", "推荐;行为分析", "met"),
        ("行为分析", "推荐", "missed"),
        ("x", None, "met"),
        (None, None, "unknown"),
    ],
)
def test_data_tools(workbook_of, tools, asked, state):
    workbook = workbook_of({"suppliers": [supplier(data_tools=tools)], "needs": [need("data_tools", asked)]})
    assert judged(workbook, "data_tools") == {"s1": (state, tools)}


@pytest.mark.parametrize(("mode", "state"), [("wholesale", "met"), ("dropship", "met"), ("agency", "missed"), (None, "unknown")])
def test_one_of_the_supply_modes_is_asked(workbook_of, mode, state):
    workbook = workbook_of({"suppliers": [supplier(supply_mode=mode)], "needs": [need("supply_mode", "wholesale;dropship")]})
    assert judged(workbook, "supply_mode") == {"s1": (state, mode)}


def test_families_categories_and_the_position_are_what_is_on_offer(workbook_of):
    products = [
        {"sku": "k1", "family": "Tencent", "category": "membership"},
        {"sku": "k2", "family": "Tencent", "category": "game_card"},
        {"sku": "k3", "family": "Baidu", "category": "software"},
    ]
    listings = [
        {"supplier_id": "s1", "sku": "k1"},
        {"supplier_id": "s1", "sku": "k2"},
        {"supplier_id": "s2", "sku": "k3", "listed_to": "2026-09-30"},
    ]
    lines = [
        need("Tencent", subject="family"),
        need("software", subject="category"),
        need("membership", subject="positioning"),
        need("luxury", subject="positioning"),
    ]
    workbook = workbook_of({"suppliers": [supplier("s1"), supplier("s2"), supplier("s3")], "products": products, "listings": listings, "needs": lines})
    assert judged(workbook, "Tencent") == {"s1": ("met", "2"), "s2": ("missed", "0"), "s3": ("unknown", None)}
    assert judged(workbook, "software") == {"s1": ("missed", "0"), "s2": ("missed", "0"), "s3": ("unknown", None)}
    assert judged(workbook, "membership")["s1"] == ("met", "1")
    assert judged(workbook, "luxury") == {"s1": ("unknown", None), "s2": ("unknown", None), "s3": ("unknown", None)}


def tickets(seconds, supplier="s1", start=datetime(2026, 10, 10)):
    return [
        {
            "supplier_id": supplier, "opened_at": start, "kind": "question",
            "first_response_at": None if wait is None else start + timedelta(seconds=wait),
        }
        for wait in seconds
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "state", "found"),
    [
        ([60] * 19 + [1800], "met", "1.0"),
        ([60] * 19 + [1801], "met", "0.95"),
        ([60] * 18 + [1801, 1801], "missed", "0.9"),
        ([60] * 18 + [1801, None], "missed", "0.9"),
        ([60] * 19, "unknown", "1.0"),
    ],
)
def test_answers_within_the_time_asked(workbook_of, seconds, state, found):
    workbook = workbook_of({"tickets": tickets(seconds), "needs": [need("response_seconds", "1800")]})
    assert judged(workbook, "response_seconds") == {"s1": (state, found)}
    assert match(workbook)["n"].tolist() == [len(seconds)]


def test_staged_tickets_and_those_without_a_supplier_of_ours_say_nothing(workbook_of):
    staged = [row | {"is_staged": True} for row in tickets([60] * 30)]
    workbook = workbook_of({"tickets": staged, "suppliers": [supplier("s1"), supplier("s2")], "needs": [need("response_seconds", "1800")]})
    assert judged(workbook, "response_seconds") == {"s1": ("unknown", None), "s2": ("unknown", None)}


def test_daily_orders_are_proven_by_the_largest_day_of_the_last_months(workbook_of):
    orders = orders_on("2026-07-05", 3) + orders_on("2026-10-05", 2) + orders_on("2026-06-05", 5)
    stock = [reading("k1", 50)]
    tables = {"orders": orders, "listings": [{"sku": "k1"}], "stock_snapshots": stock}
    daily = [need("daily_orders", "3", subject="daily_orders")]
    assert judged(workbook_of(tables | {"needs": daily}), "daily_orders") == {"s1": ("met", "3")}  # June is too long ago
    asked_more = [need("daily_orders", "4", subject="daily_orders")]
    assert judged(workbook_of(tables | {"needs": asked_more}), "daily_orders") == {"s1": ("unknown", "3")}


def test_orders_that_failed_for_want_of_stock_were_not_carried(workbook_of):
    orders = orders_on("2026-10-05", 2) + [row | {"order_id": f"f{row['order_id']}", "failure_cause": "stock_out"} for row in orders_on("2026-10-05", 3)]
    found = fits(workbook_of({"orders": orders, "needs": [need("daily_orders", "2", subject="daily_orders")]}))
    assert found[["largest_day_orders", "daily_orders"]].to_numpy().tolist() == [[2.0, 2.0]]


@pytest.mark.parametrize(
    ("readings", "state"),
    [
        ([reading("k1", 40), reading("k2", 59)], "missed"),
        ([reading("k1", 40), reading("k2", 60)], "unknown"),  # the stock would do, and nobody saw such a day
        ([reading("k1", 40)], "unknown"),  # of k2 nothing is known
        ([reading("k1", 40), reading("k2", 999, is_placeholder=True)], "unknown"),
        ([reading("k1", 40), reading("k2", 500, at="2026-10-02 00:00:00"), reading("k2", 3)], "missed"),  # the last reading speaks
        ([reading("k1", 40), reading("k2", 3), reading("k2", 500, at="2026-10-25 00:00:00", scan_ok=False)], "missed"),
    ],
)
def test_too_little_stock_for_one_day_is_a_miss_where_all_of_it_is_known(workbook_of, readings, state):
    listings = [{"sku": "k1"}, {"sku": "k2"}]
    workbook = workbook_of({"listings": listings, "stock_snapshots": readings, "needs": [need("daily_orders", "100", subject="daily_orders")]})
    assert judged(workbook, "daily_orders") == {"s1": (state, None)}


def test_how_long_the_smallest_purchase_and_the_prepayment_last(workbook_of):
    orders = orders_on("2026-10-05", 2, cost_amount="10") + orders_on("2026-10-06", 1, cost_amount="40") + orders_on("2026-09-06", 1, cost_amount="999")
    tables = {"orders": orders, "needs": [need("daily_orders", "5", subject="daily_orders")]}
    row = fits(workbook_of(tables | {"suppliers": [supplier(min_order="1000", prepayment="0", currency="CNY")]})).iloc[0]
    assert (row["mean_cost_amount"], row["min_order_days"], row["prepayment_days"]) == (20.0, 10.0, 0.0)
    assert row["min_order"] == Decimal(1000)
    other = fits(workbook_of(tables | {"suppliers": [supplier(min_order="1000", currency="USD")]})).iloc[0]
    assert pd.isna(other["min_order_days"])  # orders are paid in another currency


@pytest.mark.parametrize("lines", [[], [need("students", subject="audience", is_must=False)]])
def test_a_profile_that_asks_suppliers_for_nothing(workbook_of, lines):
    workbook = workbook_of({"suppliers": [supplier()], "needs": lines})
    assert (len(profile(workbook)), match(workbook).empty, fits(workbook).empty) == (len(lines), True, True)
    assert list(fits(workbook).columns)[:2] == ["supplier_id", "state"]


def test_frames_survive_parquet(workbook_of, tmp_path):
    suppliers = [supplier("s1", min_order="5", currency="CNY", api_stock=True), supplier("s2", api_stock=None)]
    workbook = workbook_of({"suppliers": suppliers, "needs": [need("api_stock"), need("wholesale_minimum"), need("x", is_must=False)]})
    for frame in (profile(workbook), match(workbook), fits(workbook)):
        frame.to_parquet(tmp_path / "kept.parquet", index=False)
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "kept.parquet"), frame)
