"""N−1 on a few literal rows: who counts as a backup, what it can carry, and what that costs."""

from decimal import Decimal

import pytest

from kmanalysis.decisions.backups import backup_skus, backup_suppliers

LAST_READING = "2026-10-31 12:00:00"
CASES = {
    "cheapest": "two backups: the cheapest carries first",
    "busy": "a backup that needs most of its stock itself",
    "alone": "nobody else has it on offer",
    "gone": "the other's listing ended the day before the last",
    "grey": "the other is vetoed",
    "unread": "nobody read the other's stock",
    "placeholder": "the other shows a fixed number",
    "failed": "the reading failed",
    "old": "the last reading is too old to speak",
    "empty": "the other has none",
    "upstream": "both buy from the same",
    "seller": "the other buys from the supplier",
    "last": "the last reading speaks, not the highest",
    "currency": "one backup asks for another currency",
    "landed": "the backup charges a fee beside its price",
}


def listing(supplier, sku, price="10", **more):
    return {"supplier_id": supplier, "sku": sku, "listed_from": "2026-01-01", "cost_price": price, "currency": "CNY"} | more


def stock(supplier, sku, quantity, **more):
    return {"supplier_id": supplier, "sku": sku, "observed_at": LAST_READING, "quantity": quantity, "scan_ok": "true"} | more


def order(supplier, sku, units):
    return {"order_id": f"o-{supplier}-{sku}", "supplier_id": supplier, "sku": sku, "quantity": units}


@pytest.fixture
def workbook(workbook_of):
    """310 units of each case's SKU were ordered of s1 in a month of 31 days: 70 are needed for 7 days."""
    others = [
        (listing("s2", "cheapest", "10.50"), stock("s2", "cheapest", 1000)),
        (listing("s3", "cheapest", "10.333"), stock("s3", "cheapest", 30)),
        (listing("s2", "busy"), stock("s2", "busy", 100)),
        (listing("s2", "gone", listed_to="2026-10-30"), stock("s2", "gone", 1000)),
        (listing("s4", "grey", grey_kind="pirated_software"), stock("s4", "grey", 1000)),
        (listing("s2", "unread"), None),
        (listing("s2", "placeholder"), stock("s2", "placeholder", 999, is_placeholder="true")),
        (listing("s2", "failed"), stock("s2", "failed", None, scan_ok="false")),
        (listing("s2", "old"), stock("s2", "old", 1000, observed_at="2026-10-20 12:00:00")),
        (listing("s2", "empty"), stock("s2", "empty", 0)),
        (listing("s5", "upstream"), stock("s5", "upstream", 1000)),
        (listing("s6", "seller"), stock("s6", "seller", 1000)),
        (listing("s2", "last"), stock("s2", "last", 7)),
        (listing("s2", "currency", "2", currency="USD"), stock("s2", "currency", 1000)),
        (listing("s3", "currency", "11"), stock("s3", "currency", 20)),
        (listing("s2", "landed", "9"), stock("s2", "landed", 1000)),
    ]
    bought = {
        "purchase_id": "p1", "supplier_id": "s2", "sku": "landed", "purchased_at": "2026-10-05 04:00:00", "quantity": 10,
        "received_quantity": 10, "list_amount": "90", "paid_amount": "90",
    }  # fmt: skip
    fee = {"supplier_id": "s2", "purchase_id": "p1", "charged_at": "2026-10-05 05:00:00", "amount": "20", "is_disclosed": "false"}
    return workbook_of(
        {
            "suppliers": [
                {"supplier_id": "s1", "upstream_id": "u"},
                {"supplier_id": "s5", "upstream_id": "u"},
                {"supplier_id": "s6", "upstream_id": "s1"},
                *({"supplier_id": supplier} for supplier in ("s2", "s3", "s4")),
            ],
            "orders": [*(order("s1", sku, 310) for sku in CASES), order("s2", "busy", 248)],
            "listings": [*(listing("s1", sku) for sku in CASES), *(offer for offer, _ in others)],
            "stock_snapshots": [*(reading for _, reading in others if reading), stock("s2", "last", 1000, observed_at="2026-10-31 01:00:00")],
            "purchases": [bought],
            "fees": [fee],
        }
    )


def test_a_list_price_of_0_is_no_price(workbook_of):
    offers = {"listings": [listing("s1", "k1"), listing("s2", "k1", "0")], "stock_snapshots": [stock("s2", "k1", 1000)]}
    found = backup_skus(workbook_of({"suppliers": [{"supplier_id": "s1"}, {"supplier_id": "s2"}], "orders": [order("s1", "k1", 31)], **offers}))
    (row,) = found[found["supplier"] == "s1"].to_dict("records")
    assert (row["backups"], row["carried"], row["uncosted"]) == (1, 7, 7)
    assert found["extra_cost"].isna().all()


def test_who_carries_how_much_and_at_what_cost(workbook):
    skus = backup_skus(workbook).set_index(["supplier", "sku"]).loc["s1"]
    assert set(skus["needed"]) == {70}
    assert skus[skus["backups"] > 0]["carried"].to_dict() == {"busy": 44, "cheapest": 70, "currency": 70, "landed": 70, "last": 7}
    assert skus["extra_cost"].dropna().to_dict() == {
        "busy": Decimal("0.00"),
        "cheapest": Decimal("29.99"),  # 30 × 0.333 + 40 × 0.50
        "currency": Decimal("20.00"),  # and 50 units whose price in CNY is not known
        "landed": Decimal("70.00"),  # 11 a unit with its fees, not 9
        "last": Decimal("0.00"),
    }
    assert skus["uncosted"].loc[skus["uncosted"] > 0].to_dict() == {"currency": 50}
    assert skus["reason"].loc[skus["backups"] == 0].to_dict() == {
        "alone": "not_offered",
        "empty": "no_stock",
        "failed": "unknown_stock",
        "gone": "not_offered",
        "grey": "vetoed",
        "old": "unknown_stock",
        "placeholder": "unknown_stock",
        "seller": "same_upstream",
        "unread": "unknown_stock",
        "upstream": "same_upstream",
    }
    answer = backup_suppliers(workbook).set_index("supplier").loc["s1"]
    assert answer["carried_share"] == pytest.approx((3 * 70 + 44 + 7) / 70 / len(CASES))
    assert (answer["orders"], answer["skus"], answer["without_backup"], answer["uncosted"]) == (15, 15, 10, 50)
    assert answer["extra_cost"] == Decimal("119.99")
