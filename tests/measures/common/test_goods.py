"""Goods of the month in the engine, against slow and obvious pandas."""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kmanalysis.measures.common.goods import goods_landed, goods_offered, goods_sold, goods_stock, purchase_amounts, upstreams
from kmanalysis.measures.stability.orders import delivery_log_days

START, END = datetime(2026, 9, 30, 16), datetime(2026, 10, 31, 16)


@pytest.fixture
def random_rows():
    """Orders, readings and purchases around the month, some of them outside of it."""
    generator = np.random.default_rng(11)

    def moments(count):
        return [START + timedelta(seconds=int(second)) for second in generator.integers(-86_400 * 4, 86_400 * 35, count)]

    suppliers, skus = ["s1", "s2"], ["k1", "k2", "k3"]
    orders = [
        {"order_id": f"o{number}", "supplier_id": generator.choice(suppliers), "sku": generator.choice(skus), "ordered_at": at}
        | {"quantity": int(generator.integers(1, 9)), "status": str(generator.choice(["delivered", "failed", "pending"]))}
        for number, at in enumerate(moments(120))
    ]
    for row in orders:
        row["delivered_at"] = row["ordered_at"] + timedelta(seconds=int(generator.integers(0, 900))) if row["status"] == "delivered" else None
    readings = [
        {"supplier_id": generator.choice(suppliers), "sku": generator.choice(skus), "observed_at": at, "quantity": int(generator.integers(0, 50))}
        | {"scan_ok": bool(generator.random() > 0.2), "is_placeholder": bool(generator.random() > 0.8)}
        for at in sorted(set(moments(150)))
    ]
    return {"orders": orders, "stock_snapshots": readings}


def test_what_was_sold_and_held(workbook_of, random_rows):
    workbook = workbook_of(random_rows)
    orders = pd.DataFrame(random_rows["orders"])
    orders = orders[(orders["ordered_at"] >= START) & (orders["ordered_at"] < END)]
    sold = goods_sold(workbook).set_index(["supplier_id", "sku"])
    for key, of_one in orders.groupby(["supplier_id", "sku"]):
        delivered = of_one.loc[of_one["status"] == "delivered", "quantity"].sum()
        assert sold.loc[key].to_dict() == {"orders": len(of_one), "units": of_one["quantity"].sum(), "sold": delivered}
    readings = pd.DataFrame(random_rows["stock_snapshots"])
    is_known = (readings["observed_at"] >= START) & (readings["observed_at"] < END) & readings["scan_ok"] & ~readings["is_placeholder"]
    held = goods_stock(workbook).set_index(["supplier_id", "sku"])
    assert len(held) == 6
    for key, of_one in readings[is_known].groupby(["supplier_id", "sku"]):
        last = of_one.sort_values("observed_at").iloc[-1]
        speaks = last["observed_at"] >= END - timedelta(days=1)
        assert held.loc[key, "average_stock"] == pytest.approx(of_one["quantity"].mean())
        assert held.loc[key, "last_stock"] == last["quantity"] if speaks else np.isnan(held.loc[key, "last_stock"])


def test_logs_of_delivery_times(workbook_of, random_rows):
    found = delivery_log_days(workbook_of(random_rows)).set_index(["supplier_id", "day"])
    orders = pd.DataFrame(random_rows["orders"])
    done = (orders["status"] == "delivered") & (orders["ordered_at"] >= START) & (orders["ordered_at"] < END) & (orders["delivered_at"] < END)
    orders = orders[done].assign(day=(orders["ordered_at"] + timedelta(hours=8)).dt.normalize())
    seconds = (pd.to_datetime(orders["delivered_at"]) - orders["ordered_at"]).dt.total_seconds().clip(lower=1)
    expected = orders.assign(log=np.log(seconds)).groupby(["supplier_id", "day"])["log"].agg(["size", "mean"])
    assert found["delivered"].tolist() == expected["size"].tolist()
    assert found["log_seconds"].to_numpy() == pytest.approx(expected["mean"].to_numpy(), abs=1e-6)


def test_the_listing_that_began_last_is_the_offer(workbook_of):
    def listing(listed_from, listed_to, price, supplier="s1"):
        return {"supplier_id": supplier, "sku": "k1", "listed_from": listed_from, "listed_to": listed_to, "cost_price": price, "currency": "CNY"}

    rows = [
        listing("2026-01-01", None, "9"),
        listing("2026-03-01", None, None),
        listing("2026-11-01", None, "7"),
        listing("2026-01-01", "2026-10-30", "5", "s2"),
        listing("2026-01-01", "2026-10-31", "6", "s3"),
    ]
    found = goods_offered(workbook_of({"listings": rows})).set_index("supplier_id")["cost_price"]
    assert list(found.index) == ["s1", "s3"]
    assert pd.isna(found["s1"])  # the listing in force names no price: an older one's does not stand for it
    assert found["s3"] == Decimal("6")


def test_money_is_exact_and_an_unknown_category_stays_unknown(workbook_of):
    bought = [
        {"purchase_id": f"p{number}", "sku": sku, "purchased_at": "2026-10-05 04:00:00", "list_amount": paid, "paid_amount": paid, "quantity": 3}
        | {"received_quantity": received}
        for number, (sku, paid, received) in enumerate([("k1", "0.1", 3), ("k1", "0.2", 2), ("k2", "5", None)])
    ]
    workbook = workbook_of({"purchases": bought, "products": [{"sku": "k1", "category": "software", "family": "Tencent"}, {"sku": "k2"}]})
    found = purchase_amounts(workbook)
    assert found["paid_amount"].tolist() == [Decimal("0.3"), Decimal("5")]
    assert found["category"].isna().tolist() == [False, True]
    landed = goods_landed(workbook)
    assert landed[["sku", "received", "landed_amount"]].to_numpy().tolist() == [["k1", 5, Decimal("0.3")]]


def test_upstreams_are_told_where_known(workbook_of):
    found = upstreams(workbook_of({"suppliers": [{"supplier_id": "s1", "upstream_id": "u"}, {"supplier_id": "s2"}]}))
    assert dict(zip(found["supplier_id"], found["upstream_id"].fillna(""), strict=True)) == {"s1": "u", "s2": ""}
