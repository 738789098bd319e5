"""Concentration of purchases on literal rows: currencies and unknown categories apart."""

from decimal import Decimal

import pytest

from kmanalysis.decisions.dependence import concentration, purchase_shares


def purchase(number, supplier, sku, paid, currency="CNY"):
    return {
        "purchase_id": f"p{number}", "supplier_id": supplier, "sku": sku, "purchased_at": "2026-10-05 04:00:00",
        "list_amount": paid, "paid_amount": paid, "currency": currency,
    }  # fmt: skip


@pytest.fixture
def workbook(workbook_of):
    products = [
        {"sku": "k1", "category": "software", "family": "Tencent"},
        {"sku": "k2", "category": "game_card", "family": None},
        {"sku": "k3", "category": None, "family": "Tencent"},
    ]
    rows = [("s1", "k1", "60"), ("s2", "k1", "20"), ("s1", "k1", "20"), ("s2", "k2", "50.50"), ("s3", "k3", "49.50")]
    purchases = [purchase(number, *row) for number, row in enumerate(rows)] + [purchase(9, "s3", "k1", "7", "USD")]
    return workbook_of({"products": products, "purchases": purchases})


def test_the_index_is_that_of_shares_within_a_currency(workbook):
    found = concentration(workbook).set_index(["currency", "scope", "subject"])
    assert found.loc[("CNY", "category", "software"), "hhi"] == pytest.approx(80**2 + 20**2)
    assert found.loc[("CNY", "category", "software"), ["largest", "largest_share", "suppliers"]].tolist() == ["s1", 0.8, 2]
    assert found.loc[("CNY", "all", ""), "hhi"] == pytest.approx(40**2 + 35.25**2 + 24.75**2)
    assert found.loc[("CNY", "all", ""), "paid_amount"] == Decimal("200")
    assert found.loc[("USD", "all", ""), "hhi"] == 10_000
    assert found.loc[("CNY", "family", "Tencent"), "paid_amount"] == Decimal("149.5")


def test_goods_without_a_category_are_in_none(workbook):
    found = purchase_shares(workbook)
    within = found[(found["currency"] == "CNY") & (found["scope"] == "category")]
    assert sorted(within["subject"].unique()) == ["game_card", "software"]
    assert found.groupby(["currency", "scope", "subject"])["share"].sum().round(9).eq(1).all()
