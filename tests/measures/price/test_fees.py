"""Fees that nobody was told of, and volume discounts promised and granted."""

from decimal import Decimal

import pytest

from kmanalysis.measures.price import fees as fees_of

DAY = "2026-10-15 02:00:00"


def purchase(number: str, listed: str, discount: str = "0", **more) -> dict:
    paid = str(Decimal(listed) - Decimal(discount))
    return {"purchase_id": number, "purchased_at": DAY, "list_amount": listed, "discount_amount": discount, "paid_amount": paid} | more


def fee(number: str, amount: str, *, disclosed: bool = False, **more) -> dict:
    return {"fee_id": number, "charged_at": DAY, "amount": amount, "is_disclosed": disclosed, "kind": "restock"} | more


def tier(threshold: str, discount: float, **more) -> dict:
    return {"threshold_amount": threshold, "discount_share": discount, "applies_to": "all_units", "currency": "CNY", "valid_from": "2026-01-01"} | more


def value(frame, measure: str, column: str = "value", supplier: str = "s1"):
    rows = frame[(frame["measure"] == f"price.{measure}") & (frame["supplier_id"] == supplier)]
    assert len(rows) == 1
    return rows.iloc[0][column]


# Hidden fees


def test_hidden_fees_are_over_what_was_paid(workbook_of):
    charged = [fee("f1", "3"), fee("f2", "2", kind="technical_service"), fee("f3", "15", disclosed=True), fee("f4", "9", charged_at="2026-09-30 15:59:59")]
    workbook = workbook_of({"purchases": [purchase("p1", "300", "100"), purchase("p2", "50")], "fees": charged})
    found = fees_of.hidden_fee_rate(workbook)
    assert (value(found, "hidden_fee_rate"), value(found, "hidden_fee_rate", "n"), value(found, "hidden_fee_rate", "basis")) == (0.02, 2, "census")
    assert value(found, "hidden_fee_rate.fee_rate") == 0.08
    assert value(found, "hidden_fee_rate.undisclosed_fees") == 2
    rows = workbook.rows_of(fees_of.hidden_fee_rate_rows(workbook).order_by("fee_id"))
    assert rows[["fee_id", "severity"]].values.tolist() == [["f1", 3.0], ["f2", 2.0], ["f3", 0.0]]
    assert fees_of.fees_by_kind(workbook)[["kind", "is_disclosed", "fees", "amount", "share_of_purchases"]].values.tolist() == [
        ["restock", False, 1, Decimal("3"), 0.012],
        ["restock", True, 1, Decimal("15"), 0.06],
        ["technical_service", False, 1, Decimal("2"), 0.008],
    ]


def test_purchases_without_fees_are_clean(workbook_of):
    found = fees_of.hidden_fee_rate(workbook_of({"purchases": [purchase("p1", "300")]}))
    assert (value(found, "hidden_fee_rate"), value(found, "hidden_fee_rate", "n")) == (0.0, 1)


def test_fee_hidden_in_another_currency_does_not_escape(workbook_of):
    bought = [purchase("p1", "300"), purchase("p2", "300"), purchase("p3", "100", currency="USD")]
    found = fees_of.hidden_fee_rate(workbook_of({"purchases": bought, "fees": [fee("f1", "3"), fee("f2", "4", currency="USD")]}))
    assert (value(found, "hidden_fee_rate"), value(found, "hidden_fee_rate", "n")) == (0.04, 1)
    assert value(found, "hidden_fee_rate.undisclosed_fees") == 2


def test_hidden_fee_without_a_purchase_is_a_whole_one(workbook_of):
    found = fees_of.hidden_fee_rate(workbook_of({"fees": [fee("f1", "3")]}))
    assert (value(found, "hidden_fee_rate"), value(found, "hidden_fee_rate", "n")) == (1.0, 1)


def test_supplier_without_purchases_or_hidden_fees_has_no_data(workbook_of):
    assert fees_of.hidden_fee_rate(workbook_of({"suppliers": [{"supplier_id": "s1"}]})).empty
    assert fees_of.hidden_fee_rate(workbook_of({"fees": [fee("f1", "3", disclosed=True)]})).empty


# Volume discount: the standard asks 5 % above 50 000 a month


def test_offer_counts_while_the_month_is_small(workbook_of):
    workbook = workbook_of({"discount_tiers": [tier("50000", 0.05), tier("100000", 0.08)], "purchases": [purchase("p1", "50000")]})
    found = fees_of.tier_discount(workbook)
    assert found["measure"].tolist() == ["price.tier_discount", "price.tier_discount.offered"]
    assert found["value"].tolist() == [0.05, 0.05]
    # Exactly 50 000 does not exceed it.
    assert fees_of.tiers(workbook)[["is_large", "threshold_amount"]].values.tolist() == [[False, Decimal("50000")]]


def test_what_was_granted_counts_in_a_large_month(workbook_of):
    workbook = workbook_of({"discount_tiers": [tier("50000", 0.05)], "purchases": [purchase("p1", "50000", "1500"), purchase("p2", "25000", "750")]})
    found = fees_of.tier_discount(workbook)
    assert found["value"].tolist() == [0.03, 0.05, 0.03]
    assert value(found, "tier_discount", "n") == 3
    rows = workbook.rows_of(fees_of.tier_discount_rows(workbook).order_by("purchase_id"))
    assert rows[["purchase_id", "offered", "severity"]].values.tolist() == [["p1", 0.05, 1000.0], ["p2", 0.05, 500.0]]


def test_more_granted_than_offered_is_not_promised(workbook_of):
    found = fees_of.tier_discount(workbook_of({"discount_tiers": [tier("50000", 0.02)], "purchases": [purchase("p1", "60000", "3600")]}))
    assert (value(found, "tier_discount"), value(found, "tier_discount.granted")) == (0.02, 0.06)


def test_large_month_without_tiers_shows_what_was_granted(workbook_of):
    found = fees_of.tier_discount(workbook_of({"purchases": [purchase("p1", "60000", "3000")]}))
    assert found["measure"].tolist() == ["price.tier_discount", "price.tier_discount.granted"]
    assert found["value"].tolist() == [0.05, 0.05]


def test_cents_are_no_broken_promise(workbook_of):
    found = fees_of.tier_discount(workbook_of({"purchases": [purchase("p1", "50000.09", "2500")]}))
    assert value(found, "tier_discount") == 0.05


def test_tier_that_starts_higher_offers_nothing_at_the_amount(workbook_of):
    found = fees_of.tier_discount(workbook_of({"discount_tiers": [tier("80000", 0.05)]}))
    assert (value(found, "tier_discount"), value(found, "tier_discount", "n")) == (0.0, 1)
    workbook = workbook_of({"discount_tiers": [tier("80000", 0.05)]})
    rows = workbook.rows_of(fees_of.tier_discount_rows(workbook))
    assert rows[["purchase_id", "threshold_amount"]].isna().all(axis=None)
    assert rows["severity"].tolist() == [0.05]


def test_small_month_without_tiers_has_no_data(workbook_of):
    assert fees_of.tier_discount(workbook_of({"purchases": [purchase("p1", "100", "5")]})).empty


@pytest.mark.parametrize(
    ("tiers", "offered"),
    [
        ([tier("10000", 0.03), tier("50000", 0.05)], 0.05),  # the highest threshold reached
        ([tier("50000", 0.05, valid_to="2026-09-30")], None),  # over before the month
        ([tier("50000", 0.05, valid_to="2026-10-01")], 0.05),  # its last day is the month's first
        ([tier("50000", 0.05, valid_from="2026-11-01")], None),  # not yet
        ([tier("50000", 0.05, valid_to="2026-10-10"), tier("40000", 0.02, valid_from="2026-10-11")], 0.02),  # what lasts speaks
        ([tier("50000", 0.05), tier("50000", 0.04, valid_from="2026-10-11")], 0.04),  # the later of two of one threshold
    ],
)
def test_offer_is_the_tier_in_force(workbook_of, tiers, offered):
    found = fees_of.tier_discount(workbook_of({"discount_tiers": tiers}))
    assert found.loc[found["measure"] == "price.tier_discount", "value"].tolist() == ([] if offered is None else [offered])


def test_discount_is_taken_in_the_main_currency(workbook_of):
    tables = {
        "discount_tiers": [tier("50000", 0.05), tier("1000", 0.1, currency="USD")],
        "purchases": [purchase("p1", "60000", "0", currency="USD"), purchase("p2", "60000", "3000"), purchase("p3", "60000", "3000")],
    }
    workbook = workbook_of(tables)
    assert fees_of.tiers(workbook)[["currency", "list_amount", "granted"]].values.tolist() == [["CNY", Decimal("120000"), 0.05]]
