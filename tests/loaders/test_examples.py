"""The ready mappings for the platforms' databases, on rows of our own in the layout of their exports."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.checking.secrets import digest, existing_key
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.load import load

EXAMPLES = Path(__file__).parents[2] / "examples"


def batch(*rows: tuple[object, ...]) -> str:
    """What ``mysql --batch`` prints."""

    def cell(value: object) -> str:
        return "NULL" if value is None else str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")

    return "".join("\t".join(map(cell, row)) + "\n" for row in rows)


def outfile(*rows: tuple[object, ...]) -> str:
    """What ``SELECT … INTO OUTFILE`` writes."""

    def cell(value: object) -> str:
        return "\\N" if value is None else str(value).replace("\\", "\\\\").replace("\t", "\\\t").replace("\n", "\\\n")

    return "".join("\t".join(map(cell, row)) + "\n" for row in rows)


@pytest.fixture
def loaded(tmp_path):
    """Loads a text as one table by an example, and gives the receipt's rejects by reason, and the table's rows by key."""

    def run(mapping: str, text: str, table: str, key: str):
        raw = tmp_path / f"{table}.txt"
        raw.write_text(text, encoding="utf-8")
        found = load([raw], EXAMPLES / mapping, tmp_path / "data", table=table)
        rows = pq.read_table(tmp_path / "data" / f"{table}.parquet").to_pylist()
        return [receipt.rejected for receipt in found.receipts], {row[key]: row for row in rows}

    return run


def is_accepted(folder: Path) -> bool:
    return not any(receipt.rejected for receipt in attach(connect(), folder, trust=False).receipts)


GOODS = (("goods_id", "gd_name", "gp_name"), (1, "月卡\t首发", "会员"), (2, "季卡", "会员"), (3, "点券", None))


def test_dujiaoka_goods_orders_and_cards(loaded, tmp_path):
    assert loaded("dujiaoka.toml", batch(*GOODS), "suppliers", "supplier_id")[1].keys() == {"云杉", "青禾"}
    _, products = loaded("dujiaoka.toml", batch(*GOODS), "products", "sku")
    assert (products["1"]["name"], products["3"]["category"]) == ("月卡\t首发", None)
    made, changed = "2026-10-01 12:00:00", "2026-10-01 12:00:30"
    head = ("order_sn", "goods_id", "buy_amount", "actual_price", "status", "email", "created_at", "updated_at")
    states = (-1, 1, 2, 3, 4, 5, 6)
    orders = [(f"SN{state}", 1, 2, "19.80", state, "buyer@example.com", made, changed) for state in states]
    rejected, found = loaded("dujiaoka.toml", batch(head, *orders, ("SN9", 9, 1, "1.00", 4, None, made, changed)), "orders", "order_id")
    assert rejected == [{"not_in_lookup": 1}]
    told = {name: (row["status"], row["delivered_at"], row["failed_at"], row["failure_cause"], row["at_fault"]) for name, row in found.items()}
    moment = datetime(2026, 10, 1, 4, 0, 30)
    assert told == {
        "SN2": ("pending", None, None, None, None),
        "SN3": ("pending", None, None, None, None),
        "SN4": ("delivered", moment, None, None, None),
        "SN5": ("failed", None, moment, None, "unknown"),
        "SN6": ("failed", None, moment, "stock_out", "unknown"),
    }
    order = found["SN4"]
    assert (order["supplier_id"], order["amount"], order["quantity"], order["delivered_is_upper_bound"]) == ("云杉", Decimal("19.8"), 2, True)
    assert order["buyer_digest"] == digest("buyer@example.com", existing_key(tmp_path / "data"))
    cards = (("card_id", "goods_id", "card_status", "is_loop", "carmi", "updated_at"), (7, 3, 2, 0, "AB\\CD\n--\tEF", changed), (8, 3, 1, 1, "LOOP", changed))
    _, codes = loaded("dujiaoka.toml", batch(*cards), "codes", "code_id")
    assert codes.keys() == {"7"}
    assert codes["7"]["code_digest"] == digest("AB\\CD\n--\tEF", existing_key(tmp_path / "data"))
    assert is_accepted(tmp_path / "data")


def test_dujiaoka_cards_as_the_server_writes_them(loaded, tmp_path):
    for table, key in (("suppliers", "supplier_id"), ("products", "sku")):
        loaded("dujiaoka.toml", batch(*GOODS), table, key)
    rows = outfile((7, 3, 0, "AB\\CD\n--\tEF", "2026-10-01 12:00:30"), (8, 1, 1, "SHARED", "2026-10-01 12:00:31"))
    rejected, codes = loaded("dujiaoka_carmis_outfile.toml", rows, "codes", "code_id")
    assert rejected == [{}]
    key = existing_key(tmp_path / "data")
    assert {name: (row["supplier_id"], row["code_digest"], row["is_shared_use"]) for name, row in codes.items()} == {
        "7": ("青禾", digest("AB\\CD\n--\tEF", key), False),
        "8": ("云杉", digest("SHARED", key), True),
    }
    assert b"SHARED" not in b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())


def test_acg_faka_commodities_orders_and_cards(loaded, tmp_path):
    head = ("commodity_id", "name", "category", "factory_price", "stock", "shared_id", "shared_name", "create_time", "read_at")
    made, read = "2026-01-02 09:00:00", "2026-10-01 12:00:00"
    goods = batch(
        head,
        (1, "月卡", "会员", "8.00", 5, 0, None, made, read),
        (3, "点券", "游戏", "0.00", 10000000, 2, "北岸", made, read),
        (4, "皮肤", "游戏", "3.50", 12, 2, "北岸", made, read),
    )
    assert loaded("acg_faka.toml", goods, "suppliers", "supplier_id")[1].keys() == {"云杉", "北岸"}
    loaded("acg_faka.toml", goods, "products", "sku")
    _, listings = loaded("acg_faka.toml", goods, "listings", "sku")
    assert (listings["1"]["listed_from"], listings["1"]["cost_price"], listings["3"]["cost_price"]) == (date(2026, 1, 2), Decimal(8), Decimal(0))
    _, stock = loaded("acg_faka.toml", goods, "stock_snapshots", "sku")
    assert {sku: (row["quantity"], row["is_placeholder"]) for sku, row in stock.items()} == {"3": (10000000, True), "4": (12, False)}
    paid = "2026-10-01 12:00:05"
    rows = batch(
        ("trade_no", "commodity_id", "card_num", "amount", "rent", "contact", "pay_time", "delivery_status", "shared_id", "shared_name", "outcome"),
        ("T1", 1, 1, "10.00", "8.00", "13800138000", paid, 1, 0, None, None),
        ("T2", 4, 2, "12.00", "7.00", "b@example.com", paid, 1, 2, "北岸", "short"),
        ("T3", 4, 1, "6.00", "3.50", None, paid, 1, 2, "北岸", "waiting"),
        ("T4", 3, 1, "6.00", "0.00", None, paid, 0, 2, "北岸", None),
    )
    rejected, orders = loaded("acg_faka.toml", rows, "orders", "order_id")
    assert rejected == [{}]
    assert {name: (row["supplier_id"], row["status"], row["failure_cause"], row["failed_at"]) for name, row in orders.items()} == {
        "T1": ("云杉", "delivered", None, None),
        "T2": ("北岸", "failed", "stock_out", datetime(2026, 10, 1, 4, 0, 5)),
        "T3": ("北岸", "pending", None, None),
        "T4": ("北岸", "pending", None, None),
    }
    assert "delivered_at" not in attach(connect(), tmp_path / "data").given["orders"]
    cards = batch(
        ("card_id", "commodity_id", "trade_no", "purchase_time", "secret", "shared_id", "shared_name"),
        (70, 1, "T1", paid, "C-1", 0, None),
        (71, 1, None, paid, "C-2", 0, None),
    )
    _, codes = loaded("acg_faka.toml", cards, "codes", "code_id")
    assert {name: (row["order_id"], row["supplier_id"]) for name, row in codes.items()} == {"70": ("T1", "云杉"), "71": (None, "云杉")}
    assert is_accepted(tmp_path / "data")


SKUS = """\
sku_id,title,connection_id,connection,upstream_stock,stock_synced_at,read_at
11,月卡,5,北岸,-1,2026-10-01 11:59:00+08,2026-10-01 12:00:00+08
12,"点券, 大",5,北岸,30,,2026-10-01 12:00:00+08
"""
NEXT_ORDERS = """\
order_no,item_id,sku_id,quantity,total_price,cost,currency,status,paid_at,canceled_at,updated_at,guest_email,delivered_at,connection_id,upstream_status,upstream_updated_at
DJ1,1,12,1,10.00,8.00,CNY,completed,2026-10-01 12:00:00+08,,2026-10-01 13:00:00+08,a@example.com,2026-10-01 12:00:20.5+08,5,completed,2026-10-01 12:00:20+08
DJ2,2,12,2,20.00,16.00,CNY,fulfilling,2026-10-01 12:00:00+08,,2026-10-01 13:00:00+08,,,5,rejected,2026-10-01 12:01:00+08
DJ3,3,12,1,10.00,8.00,USD,fulfilling,2026-10-01 12:00:00+08,,2026-10-01 13:00:00+08,,,5,accepted,2026-10-01 12:01:00+08
DJ4,4,11,1,10.00,0.00,CNY,delivered,2026-10-01 12:00:00+08,,2026-10-01 13:00:00+08,,2026-10-01 12:05:00+08,,,
DJ5,5,12,1,10.00,8.00,CNY,resent,2026-10-01 12:00:00+08,,2026-10-01 13:00:00+08,,,5,,
"""


def test_dujiao_next_skus_and_orders(loaded, tmp_path):
    loaded("dujiao_next.toml", SKUS, "suppliers", "supplier_id")
    loaded("dujiao_next.toml", SKUS, "products", "sku")
    _, stock = loaded("dujiao_next.toml", SKUS, "stock_snapshots", "sku")
    assert {sku: (row["quantity"], row["is_placeholder"], row["source_synced_at"]) for sku, row in stock.items()} == {
        "11": (None, True, datetime(2026, 10, 1, 3, 59)),
        "12": (30, False, None),
    }
    rejected, orders = loaded("dujiao_next.toml", NEXT_ORDERS, "orders", "order_id")
    # DJ4's supplier is nobody's connection and was not added to the suppliers; DJ5 is in a state that nobody knows.
    assert rejected == [{"not_in_case": 1, "unknown_reference": 1}]
    assert {name: (row["supplier_id"], row["status"], row["delivered_at"], row["failed_at"], row["currency"]) for name, row in orders.items()} == {
        "dj1|1": ("5", "delivered", datetime(2026, 10, 1, 4, 0, 20, 500000), None, "CNY"),
        "dj2|2": ("5", "failed", None, datetime(2026, 10, 1, 4, 1), "CNY"),
        "dj3|3": ("5", "pending", None, None, "USD"),
    }
    assert is_accepted(tmp_path / "data")
