"""Gaps, what to drop, and where the margin lies: from literal folders."""

from decimal import Decimal

import numpy as np
import pytest

from kmanalysis.steps.market.assortment import category_margins, fading, focus, gaps, offers
from tests.steps.market.test_trends import SMALL, orders, products, steady

RISING, FALLING = [20, 24, 29, 35, 42, 50], [50, 42, 35, 29, 24, 20]


def listing(sku, supplier="s1", **columns):
    return {"sku": sku, "supplier_id": supplier, "listed_from": "2026-01-01"} | columns


def test_who_sells_is_who_lists_it_or_had_an_order_for_it(workbook_of):
    listings = [listing("k1"), listing("k1", "s2"), listing("k2"), listing("k3", listed_to="2026-09-30"), listing("k4", listed_from="2026-11-01")]
    sold = [{"sku": "k1", "supplier_id": "s3"}, {"sku": "k2"}]
    found = offers(workbook_of({"listings": listings, "orders": sold, "products": products(k5="a")})).set_index("sku")
    assert found["suppliers"].to_dict() == {"k1": 3, "k2": 1, "k3": 0, "k4": 0, "k5": 0}
    assert found["only_supplier"].to_dict() == {"k1": "", "k2": "s1", "k3": "", "k4": "", "k5": ""}
    assert found["is_known"].all()


def test_a_gap_grows_and_is_sold_by_one_or_none(workbook_of):
    goods = products(k1="new", k2="new", k3="new", other="old", unsold="old")
    listings = [listing("k1"), listing("k1", "s2"), listing("k2"), listing("other")]
    rows = orders(RISING) + orders([2] * 6, "k2") + steady()
    found = gaps(workbook_of({"orders": rows, "listings": listings, "products": goods}, standards=SMALL))
    # k1 has two suppliers; nobody sells k3; what stands still is no gap though one sells it or none.
    assert found[["sku", "suppliers", "only_supplier", "is_gap"]].values.tolist() == [["k3", 0, "", True], ["k2", 1, "s1", True]]
    assert set(found["category_status"]) == {"emerging"}


def test_what_grows_without_proof_is_to_be_watched(workbook_of):
    rows = orders([2, 3, 2, 4, 5, 6]) + steady()
    found = gaps(workbook_of({"orders": rows, "listings": [listing("k1")], "products": products(k1="new", k9="new", other="old")}))
    assert found[["sku", "is_gap", "category_status"]].values.tolist() == [["k9", False, "unproven"], ["k1", False, "unproven"]]


def test_without_any_listing_nobody_can_say_that_nobody_sells(workbook_of):
    rows = orders(RISING) + steady()
    found = gaps(workbook_of({"orders": rows, "products": products(k1="new", k9="new", other="old")}, standards=SMALL))
    assert found["sku"].tolist() == ["k1"]


def test_focus_adds_no_currencies_and_knows_what_it_does_not_know(workbook_of):
    def order(sku, amount, cost, currency="CNY", status="delivered"):
        return {"sku": sku, "amount": amount, "cost_amount": cost, "currency": currency, "status": status}

    rows = [
        order("k1", "10.10", "7.05"), order("k1", "5", None), order("k1", "99", "1", status="refunded"), order("k1", "99", "1", status="failed"),
        order("k2", "4.10", "3.10", status="pending"), order("k3", "1", "0.95"), order("k1", "8", "9", "USD"), order("k2", "1", None, "EUR"),
    ]  # fmt: skip
    found = focus(workbook_of({"orders": rows, "products": [*products(k1="a", k2="b"), {"sku": "k3", "category": None}]}))
    told = found.set_index(["currency", "category"])
    assert list(told.index) == [("CNY", "a"), ("CNY", "b"), ("CNY", "unknown"), ("EUR", "b"), ("USD", "a")]
    assert told.loc[("CNY", "a"), ["orders", "amount", "known_amount", "margin_amount"]].tolist() == [2, Decimal("15.10"), Decimal("10.10"), Decimal("3.05")]
    assert told["margin"].tolist() == pytest.approx([3.05 / 10.1, 1 / 4.1, 0.05, np.nan, -1 / 8], nan_ok=True)
    assert told["margin_share"].tolist() == pytest.approx([3.05 / 4.1, 1 / 4.1, 0.05 / 4.1, np.nan, np.nan], nan_ok=True)
    assert told["amount_share"].tolist() == pytest.approx([15.1 / 20.2, 4.1 / 20.2, 1 / 20.2, 1, 1])
    assert told["is_focus"].tolist() == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("amount", "cost", "is_drop"),
    [("10", "9", True), ("10", "7", False), ("1000", "900", False), ("10", None, False)],
    ids=["little, at a low margin", "at a good margin", "a large share", "margin unknown"],
)
def test_fading_goods_are_dropped_where_they_bring_little_at_a_low_margin(workbook_of, amount, cost, is_drop):
    rows = orders(FALLING, amount=amount, cost_amount=cost) + [row | {"amount": "1000", "cost_amount": "500"} for row in steady()]
    found = fading(workbook_of({"orders": rows, "products": products(k1="a", other="b")}, standards=SMALL))
    assert found[["level", "sku", "is_drop"]].values.tolist() == [["category", "", is_drop], ["sku", "k1", is_drop]]
    assert found["orders"].tolist() == [20, 20]


def test_fading_goods_that_brought_in_nothing_are_dropped(workbook_of):
    rows = orders([60, 40, 20, 8, 2, 0]) + steady()
    found = fading(workbook_of({"orders": rows, "products": products(k1="a", other="b")}, standards=SMALL))
    assert found[["level", "amount", "is_drop", "currency"]].values.tolist() == [["category", Decimal(0), True, ""], ["sku", Decimal(0), True, ""]]


def test_orders_at_a_cost_of_0_have_no_known_margin(workbook_of):
    rows = [{"sku": "k1", "amount": "10", "cost_amount": cost, "status": "delivered"} for cost in ("0", "8")]
    (told,) = focus(workbook_of({"orders": rows, "products": products(k1="a")})).to_dict("records")
    assert (told["orders"], told["known_amount"], told["margin_amount"], told["margin"]) == (2, Decimal(10), Decimal(2), pytest.approx(0.2))


def test_margins_of_listings_are_medians_of_what_is_known(workbook_of):
    prices = [("k1", "8", "10"), ("k2", "6", "10"), ("k3", "9", "10"), ("k4", None, "10"), ("k5", "1", "0"), ("k6", "0", "10")]
    listings = [listing(sku, cost_price=cost, suggested_retail_price=retail) for sku, cost, retail in prices]
    found = category_margins(workbook_of({"listings": listings, "products": products(k1="a", k2="a", k3="a", k4="a", k5="a", k6="a")}))
    assert found[["supplier_id", "category", "skus"]].values.tolist() == [["s1", "a", 3]]
    assert found["margin"].tolist() == pytest.approx([0.2])
