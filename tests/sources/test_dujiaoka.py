"""dujiaoka's database on a real MariaDB: what a pull makes of it, trap by trap."""

import random
import shutil
import tomllib
from datetime import date, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pyarrow.parquet as pq
import pytest

from kmanalysis.loaders.checking.secrets import digest, existing_key
from kmanalysis.loaders.checking.stamp import given_columns
from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.toml import parse_mapping
from kmanalysis.sources.inventory import given_in_folder
from kmanalysis.tables import tables
from tests.sources import servers
from tests.sources.shops import DUJIAOKA, Dujiaoka

pytestmark = pytest.mark.skipif(not servers.HAS_MARIADB, reason="mariadbd or PyMySQL is not installed")


@pytest.fixture
def shop(mariadb, tmp_path):
    return Dujiaoka(mariadb, tmp_path)


def utc(text):
    return datetime.fromisoformat(text) - timedelta(hours=8)


def given(shop, table):
    return given_columns(pq.read_schema(shop.into / f"{table}.parquet"), tables()[table.partition("/")[0]])


def filled(shop, orders=240, seed=5):
    """A month of orders of every status, cards sold and unsold, some codes there twice."""
    with shop.many():
        fill(shop, orders, seed)


def fill(shop, orders, seed):
    draw = random.Random(seed)
    start = datetime(2026, 10, 3)
    for number in range(orders):
        at = start + timedelta(minutes=draw.randrange(30 * 24 * 60))
        status = draw.choice([4, 4, 4, 4, 4, 1, -1, 2, 3, 5, 6])
        amount, goods = draw.randint(1, 3), draw.randint(1, 2)
        codes = [f"CODE-{goods}-{number}-{place}" if draw.random() > 0.05 else f"CODE-{goods}-again" for place in range(amount)]
        done = at + timedelta(seconds=draw.randint(1, 400))
        shop.order(
            status, str(at), str(done), goods_id=goods, buy_amount=amount, actual_price=f"{draw.randint(100, 9999) / 100:.2f}",
            email=f"b{number % 50}@mail.example", info="\r\n".join(codes) if status == 4 else "",
        )  # fmt: skip
        for code in codes if status == 4 else ():
            shop.card(code, sold=str(done), goods_id=goods)
    for number in range(60):
        shop.card(f"UNSOLD-{number}", goods_id=1 + number % 2)


def test_totals_are_those_of_the_source(shop):
    filled(shop)
    pulled = shop.pull()
    assert not any(receipt.rejected for receipt in pulled.receipts)
    statuses = {"pending": (2, 3), "delivered": (4,), "failed": (5, 6)}
    by_status = {status: (rows, amount, units) for status, rows, amount, units in shop.ask(
        "SELECT status, count(*), sum(actual_price), sum(buy_amount) FROM orders GROUP BY status"
    )}  # fmt: skip
    expected = {name: tuple(sum(by_status[status][place] for status in theirs) for place in range(3)) for name, theirs in statuses.items()}
    found = {name: tuple(rest) for name, *rest in shop.kept("SELECT status, count(*), sum(amount), sum(quantity) FROM orders GROUP BY status")}
    assert found == expected
    assert pulled.checks["unpaid"] == by_status[1][0] + by_status[-1][0]
    # Stock by SKU now, codes, and repeats.
    latest = "SELECT sku, arg_max(quantity, observed_at) FROM stock_snapshots GROUP BY sku ORDER BY sku"
    assert shop.kept(latest) == [(str(goods), rows) for goods, rows in shop.ask("SELECT goods_id, count(*) FROM carmis WHERE status = 1 GROUP BY 1 ORDER BY 1")]
    assert shop.kept("SELECT count(*), count(DISTINCT order_id) FROM codes") == [
        (shop.ask("SELECT count(*) FROM carmis WHERE status = 2")[0][0], by_status[4][0])
    ]
    repeats = shop.kept("SELECT count(*) FROM codes GROUP BY code_digest HAVING count(*) > 1 ORDER BY 1")
    assert repeats == shop.ask("SELECT count(*) FROM carmis WHERE status = 2 GROUP BY carmi HAVING count(*) > 1 ORDER BY 1")
    assert repeats
    assert shop.kept("SELECT count(DISTINCT buyer_digest) FROM orders") == shop.ask("SELECT count(DISTINCT email) FROM orders WHERE status IN (2, 3, 4, 5, 6)")


def test_a_sold_card_tells_when_its_order_was_delivered(shop):
    shop.order(at="2026-10-10 12:00:00", changed="2026-10-12 09:00:00", info="AAA\nBBB", buy_amount=2)
    shop.card("AAA", sold="2026-10-10 12:00:07")
    shop.card("BBB", sold="2026-10-10 12:00:09")
    shop.order(at="2026-10-10 13:00:00", changed="2026-10-10 13:30:00", info="not in the cards")
    shop.order(at="2026-10-10 14:00:00", changed="2026-10-10 14:30:00", type=2, info="account of the buyer")
    shop.pull()
    assert shop.kept("SELECT ordered_at, delivered_at, delivered_is_upper_bound FROM orders ORDER BY order_id") == [
        (utc("2026-10-10 12:00:00"), utc("2026-10-10 12:00:09"), False),
        (utc("2026-10-10 13:00:00"), utc("2026-10-10 13:30:00"), True),
        (utc("2026-10-10 14:00:00"), utc("2026-10-10 14:30:00"), True),
    ]


def test_a_card_edited_after_its_sale_only_bounds_the_delivery(shop):
    shop.order(at="2026-10-10 12:00:00", changed="2026-10-10 12:00:05", info="AAA")
    shop.card("AAA", sold="2026-10-20 12:00:00")
    shop.pull()
    assert shop.kept("SELECT delivered_at, delivered_is_upper_bound FROM orders") == [(utc("2026-10-10 12:00:05"), True)]


@pytest.mark.parametrize("zone", ["+00:00", "+08:00", "-05:00"])
def test_times_are_shanghais_whatever_the_servers_zone(mariadb, tmp_path, zone):
    with mariadb.admin() as connection, connection.cursor() as cursor:
        cursor.execute("SET GLOBAL time_zone = %s", [zone])
    try:
        shop = Dujiaoka(mariadb, tmp_path)
        shop.order(at="2026-10-10 12:00:00")
        shop.pull()
    finally:
        with mariadb.admin() as connection, connection.cursor() as cursor:
            cursor.execute("SET GLOBAL time_zone = '+00:00'")
    assert shop.kept("SELECT ordered_at FROM orders") == [(datetime(2026, 10, 10, 4),)]


def test_dates_that_there_are_not_are_empty(shop):
    shop.run("SET sql_mode = ''", "INSERT INTO carmis (goods_id, status, carmi, created_at, updated_at) VALUES (1, 1, 'A', '0000-00-00 00:00:00', NULL)")
    shop.card("B", at="2026-10-02 08:30:00", id=50)
    shop.pull()
    # A card of unknown age may have been there: there is no count.
    assert shop.kept("SELECT DISTINCT quantity, scan_ok FROM stock_snapshots") == [(None, False)]


def test_unpaid_orders_are_none_though_they_have_a_price(shop):
    shop.order(1)
    shop.order(-1)
    shop.order(-1, trade_no="paid after it expired")
    pulled = shop.pull()
    assert shop.kept("SELECT order_id, status, at_fault FROM orders") == [("SN0003", "failed", "unknown")]
    assert pulled.checks == {"unpaid": 2}


def test_an_order_that_ran_short_is_nobodys_fault_and_its_repair_is_kept(shop):
    number = shop.order(6, "2026-10-10 12:00:00", "2026-10-10 12:00:05", info="")
    shop.pull()
    columns = "status, failed_at, delivered_at, failure_cause, at_fault"
    assert shop.kept(f"SELECT {columns} FROM orders") == [("failed", utc("2026-10-10 12:00:05"), None, None, "unknown")]
    shop.run(f"UPDATE orders SET status = 4, info = 'by hand', updated_at = '2026-10-10 15:00:00' WHERE id = {number}")
    shop.pull()
    made_good = ("delivered", utc("2026-10-10 12:00:05"), utc("2026-10-10 15:00:00"), None, "unknown")
    assert shop.kept(f"SELECT {columns} FROM orders") == [made_good]
    shop.run(f"UPDATE orders SET updated_at = '2026-11-01 15:00:00' WHERE id = {number}")
    shop.pull()
    assert shop.kept(f"SELECT {columns} FROM orders") == [made_good]


def test_what_the_operator_found_out_stays(shop):
    from kmanalysis.engine.duckdb import connect
    from kmanalysis.loaders.folder import attach
    from kmanalysis.loaders.store import put_in_place, write_table

    shop.order(6)
    shop.pull()
    connection = connect()
    attach(connection, shop.into)
    connection.execute("CREATE TABLE judged AS SELECT * REPLACE ('stock_out' AS failure_cause, 'supplier' AS at_fault) FROM orders")
    target = shop.into / "orders.parquet"
    put_in_place([(write_table(connection, "judged", tables()["orders"], target), target)], shop.into)
    shop.run("UPDATE orders SET updated_at = '2026-10-30 12:00:00'")
    shop.pull()
    assert shop.kept("SELECT failure_cause, at_fault FROM orders") == [("stock_out", "supplier")]


def test_the_platforms_race_is_no_repeat_of_the_suppliers(shop):
    # One card in two orders; then a code that the supplier delivered twice, sold twice.
    shop.card("RACE", sold="2026-10-10 12:00:01")
    shop.order(at="2026-10-10 12:00:00", changed="2026-10-10 12:00:01", info="RACE")
    shop.order(at="2026-10-10 12:00:00", changed="2026-10-10 12:00:01", info="RACE")
    for hour in (13, 14):
        shop.card("TWICE", sold=f"2026-10-10 {hour}:00:01")
        shop.order(at=f"2026-10-10 {hour}:00:00", changed=f"2026-10-10 {hour}:00:01", info="TWICE")
    pulled = shop.pull()
    key = existing_key(shop.into)
    assert shop.kept("SELECT order_id, code_digest, is_platform_race FROM codes WHERE NOT is_shared_use ORDER BY order_id") == [
        ("SN0001", digest("RACE", key), False),
        ("SN0002", digest("RACE", key), True),
        ("SN0003", digest("TWICE", key), False),
        ("SN0004", digest("TWICE", key), False),
    ]
    assert pulled.checks["races"] == 1
    assert shop.kept("SELECT delivered_is_upper_bound FROM orders ORDER BY order_id") == [(False,), (True,), (False,), (False,)]


@pytest.mark.parametrize("change", ["order", "card"])
def test_a_race_that_turned_out_to_be_none_is_withdrawn(shop, change):
    shop.card("RACE", sold="2026-10-10 12:00:01")
    for second in (1, 2):
        shop.order(at=f"2026-10-10 12:00:0{second}", changed=f"2026-10-10 12:00:0{second}", info="RACE")
    shop.rules('[[rule]]\nsupplier = "acme"\ngroup = "Steam"\ncost = "3.25"\n')
    shop.pull()
    assert shop.kept("SELECT code_id FROM codes ORDER BY 1") == [("c1",), ("r1-SN0002-2",)]
    if change == "order":
        shop.run("UPDATE orders SET status = 5, updated_at = '2026-10-11 12:00:00' WHERE id = 1")
    else:
        shop.card("RACE", sold="2026-10-10 12:00:02")
    shop.pull()
    assert shop.kept("SELECT count(*) FROM codes WHERE is_platform_race") == [(0,)]
    assert shop.stands_as_pulled_anew("codes", "purchases")


def test_looped_codes_repeat_on_purpose_and_stay_in_stock(shop):
    shop.card("LOOP", is_loop=1)
    shop.order(at="2026-10-10 12:00:00", changed="2026-10-10 12:00:02", info="LOOP")
    shop.order(at="2026-10-11 12:00:00", changed="2026-10-11 12:00:02", info="LOOP")
    shop.pull()
    assert shop.kept("SELECT order_id, is_shared_use FROM codes ORDER BY 1") == [("SN0001", True), ("SN0002", True)]
    assert shop.kept("SELECT DISTINCT quantity FROM stock_snapshots") == [(1,)]


def test_stock_is_rebuilt_from_the_cards_own_times(shop):
    shop.card("A", at="2026-10-02 08:10:00", sold="2026-10-02 11:00:00")
    shop.card("B", at="2026-10-02 09:00:00")
    shop.card("C", at="2026-10-02 09:00:00", deleted_at="2026-10-02 10:30:00", updated_at="2026-10-02 10:30:00")
    shop.pull()
    hours = [utc(f"2026-10-02 {hour:02}:00:00") for hour in range(9, 14)]
    found = shop.kept("SELECT observed_at, quantity FROM stock_snapshots WHERE sku = '1' ORDER BY 1 LIMIT 5")
    assert found == list(zip(hours, [3, 3, 1, 1, 1], strict=True))
    shop.pull(stock_minutes=30)
    halves = shop.kept("SELECT quantity FROM stock_snapshots WHERE sku = '1' ORDER BY observed_at LIMIT 4")
    assert halves == [(1,), (3,), (3,), (3,)]


def test_a_number_kept_beside_the_goods_is_no_stock(shop):
    shop.run("UPDATE goods SET in_stock = 999")
    shop.card("A", at="2026-10-02 08:10:00")
    shop.pull()
    assert shop.kept("SELECT DISTINCT sku, quantity FROM stock_snapshots") == [("1", 1)]


def test_a_sold_card_deleted_before_anybody_looked_makes_no_count(shop):
    shop.card("A", at="2026-10-02 08:00:00", status=2, updated_at="2026-10-02 12:00:00", deleted_at="2026-10-02 12:00:00")
    shop.card("B", at="2026-10-02 08:00:00")
    shop.pull()
    found = shop.kept("SELECT quantity, scan_ok FROM stock_snapshots WHERE sku = '1' ORDER BY observed_at LIMIT 6")
    assert found == [(None, False)] * 4 + [(1, True)] * 2


def test_a_sale_that_was_seen_outlives_the_cards_deletion(shop):
    number = shop.card("A", at="2026-10-02 08:00:00", sold="2026-10-02 10:00:00")
    shop.pull()
    shop.run(f"UPDATE carmis SET deleted_at = '2026-10-20 10:00:00', updated_at = '2026-10-20 10:00:00' WHERE id = {number}")
    shop.pull()
    assert shop.kept("SELECT issued_at FROM codes") == [(utc("2026-10-02 10:00:00"),)]
    assert shop.kept("SELECT quantity FROM stock_snapshots ORDER BY observed_at LIMIT 3") == [(1,), (1,), (0,)]


def test_an_unsold_card_that_was_removed_for_good_is_no_stock(shop):
    for code in "ABC":
        shop.card(code)
    shop.card("SOLD", sold="2026-10-10 12:00:00")
    shop.pull()
    missing = f"SELECT id, missing_at IS NOT NULL, there_at IS NOT NULL FROM '{shop.into}/.kmanalysis-pull/carmis.parquet' ORDER BY id"
    assert shop.kept(missing) == [(number, False, False) for number in range(1, 5)]
    shop.run("DELETE FROM carmis WHERE id IN (2, 4)", "UPDATE carmis SET status = 2, updated_at = '2026-11-20 12:00:00' WHERE id = 3")
    shop.card("NEW", id=9)
    shop.pull()
    # What was sold stays sold, though its row is gone.
    assert shop.kept(missing) == [(1, False, False), (2, True, True), (3, False, False), (4, False, False), (9, False, False)]
    assert shop.kept("SELECT count(*) FROM codes") == [(2,)]
    shop.pull()
    assert shop.kept(missing) == [(1, False, False), (2, True, True), (3, False, False), (4, False, False), (9, False, False)]


def test_goods_off_the_shelf_were_on_it_until_then(shop):
    shop.goods(is_open=0, at="2026-10-05 10:00:00", updated_at="2026-10-08 10:00:00")
    shop.goods(deleted_at="2026-10-09 23:30:00", at="2026-10-05 10:00:00")
    shop.pull()
    assert shop.kept("SELECT sku, listed_from, listed_to FROM listings WHERE sku > '2' ORDER BY 1") == [
        ("3", date(2026, 10, 5), date(2026, 10, 8)),
        ("4", date(2026, 10, 5), date(2026, 10, 9)),
    ]
    shop.run("UPDATE goods SET is_open = 1, updated_at = '2026-11-01 10:00:00' WHERE id = 3")
    shop.pull()
    assert shop.kept("SELECT listed_to FROM listings WHERE sku = '3'") == [(None,)]


def test_a_further_pull_reads_what_may_have_changed(shop):
    filled(shop, orders=60)
    first = shop.pull()
    assert first.read["orders"] == 60
    before = shop.kept("SELECT order_id, status, amount FROM orders ORDER BY 1")
    shop.run("DELETE FROM orders WHERE id = 1")
    paid = shop.ask("SELECT id FROM orders WHERE status = 2 ORDER BY id")[0][0]
    shop.run(f"UPDATE orders SET status = 4, updated_at = '2026-11-20 12:00:00' WHERE id = {paid}")
    shop.order(at="2026-11-20 13:00:00", id=900)
    latest = shop.ask("SELECT max(updated_at) - INTERVAL 1 HOUR FROM orders WHERE updated_at < '2026-11-20'")[0][0]
    again = shop.ask(f"SELECT count(*) FROM orders WHERE updated_at >= '{latest}'")[0][0]
    second = shop.pull()
    assert second.read["orders"] == again < 10
    assert second.read["carmis"] < first.read["carmis"]
    after = {number: rest for number, *rest in shop.kept("SELECT order_id, status, amount FROM orders")}
    # A row that vanished stays.
    assert len(after) == len(before) + 1
    assert after[f"SN{paid:04}"][0] == "delivered"


def test_versions_without_a_column_are_read_without_it(mariadb, tmp_path):
    old = DUJIAOKA.replace(" is_loop tinyint(1) NOT NULL DEFAULT 0,", "")
    shop = Dujiaoka(mariadb, tmp_path, old)
    shop.card("A", sold="2026-10-10 12:00:01")
    pulled = shop.pull()
    assert pulled.missing == ["carmis.is_loop"]
    assert "is_shared_use" not in given(shop, "codes")
    # The platform is brought up to date: the table is read anew, whatever changed when.
    shop.run("ALTER TABLE carmis ADD is_loop tinyint(1) NOT NULL DEFAULT 0")
    shop.card("B", id=20)
    assert shop.pull().read["carmis"] == 2
    assert "is_shared_use" in given(shop, "codes")


def test_what_the_rules_gave_is_taken_back_with_the_rule(shop):
    shop.card("A")
    shop.card("D", at="2026-10-03 08:00:00", sold="2026-10-10 12:00:01")
    shop.order(info="D", changed="2026-10-10 12:00:01")
    rule = '[[rule]]\nsupplier = "acme"\ngroup = "Steam"\n'
    shop.rules(f'{rule}cost = "3.25"\n')
    shop.pull()
    assert shop.kept("SELECT count(*) FROM purchases") == [(2,)]
    costed = {"listings": {"cost_price", "currency"}, "orders": {"cost_amount"}, "codes": {"purchase_id"}}
    assert all(columns <= given(shop, name) for name, columns in costed.items())
    # What was loaded by hand stays.
    by_hand = shop.tmp_path / "purchases.csv"
    row = {"purchase_id": "HAND-1", "supplier_id": "acme", "sku": "1", "purchased_at": "2026-10-05 00:00:00", "quantity": 1, "list_amount": 2}
    pd.DataFrame([row | {"discount_amount": 0, "paid_amount": 2, "currency": "CNY"}]).to_csv(by_hand, index=False)
    columns = "".join(f"{name} = {{ from = '{name}' }}\n" for name in pd.read_csv(by_hand).columns)
    mapping = parse_mapping(tomllib.loads(f"[source]\ntimezone = 'UTC'\n[tables.purchases.columns]\n{columns}"), "m.toml")
    load([by_hand], mapping, shop.into)
    shop.rules(rule)
    shop.pull()
    assert shop.kept("SELECT purchase_id FROM purchases") == [("HAND-1",)]
    assert shop.kept("SELECT cost_amount FROM orders UNION ALL SELECT cost_price FROM listings WHERE supplier_id = 'acme'") == [(None,), (None,)]
    assert all(columns.isdisjoint(given(shop, name)) for name, columns in costed.items())
    assert shop.stands_as_pulled_anew("orders", "codes", "listings")
    # The next pull has nothing to take back, and leaves alone what the operator knows better.
    before = (shop.into / "orders.parquet").read_bytes()
    shop.pull()
    assert (shop.into / "orders.parquet").read_bytes() == before


def test_a_table_whose_rows_were_all_taken_back_was_not_given(shop):
    shop.card("A")
    rule = '[[rule]]\nsupplier = "acme"\ngroup = "Steam"\n'
    for cost in ('cost = "3.25"\n', ""):
        shop.rules(rule + cost)
        shop.pull()
    assert shop.kept("FROM purchases") == []
    assert "purchases" not in given_in_folder(shop.into)
    shop.rules(f'{rule}cost = "3.25"\n')
    shop.pull()
    assert shop.kept("SELECT quantity, paid_amount FROM purchases") == [(1, Decimal("3.25"))]
    assert "paid_amount" in given_in_folder(shop.into)["purchases"]


def test_purchases_are_import_batches_where_a_cost_is_known(shop):
    for code in "ABC":
        shop.card(code, at="2026-10-02 08:00:00")
    shop.card("D", at="2026-10-03 08:00:00", sold="2026-10-10 12:00:01")
    shop.order(info="D", changed="2026-10-10 12:00:01", buy_amount=1)
    shop.pull()
    assert not (shop.into / "purchases.parquet").exists()
    assert {"cost_amount", "purchase_id", "promised_at"}.isdisjoint(given(shop, "orders"))
    shop.rules('[[rule]]\nsupplier = "acme"\nname = "Acme"\ngroup = "Steam"\ncost = "3.2500"\n')
    pulled = shop.pull()
    assert shop.kept("SELECT supplier_id, sku, purchased_at, quantity, paid_amount, currency FROM purchases ORDER BY purchased_at") == [
        ("acme", "1", utc("2026-10-02 08:00:00"), 3, Decimal("9.75"), "CNY"),
        ("acme", "1", utc("2026-10-03 08:00:00"), 1, Decimal("3.25"), "CNY"),
    ]
    # What only fills the form is not given: no discount was refused.
    assert {"list_amount", "discount_amount"}.isdisjoint(given(shop, "purchases"))
    assert shop.kept("SELECT cost_amount FROM orders") == [(Decimal("3.25"),)]
    assert shop.kept("SELECT purchase_id IN (SELECT purchase_id FROM purchases) FROM codes") == [(True,)]
    assert pulled.unassigned == {"listings": 1}


def test_rules_decide_in_their_order_and_move_all_rows(shop):
    shop.card("A", at="2026-10-02 08:00:00", sold="2026-10-10 12:00:01")
    shop.card("B", at="2026-10-03 08:00:00")
    shop.order(info="A", changed="2026-10-10 12:00:01")
    shop.order(goods_id=2)
    first = shop.pull()
    assert first.is_drafted
    assert shop.kept("SELECT supplier_id, name FROM suppliers ORDER BY 1") == [("group-1", "Steam"), ("group-2", "Video")]
    shop.rules('[[rule]]\nsupplier = "early"\nbatch = "2026-10-02"\n[[rule]]\nsupplier = "rest"\nproduct = "goods 1*"\n')
    second = shop.pull()
    assert not second.is_drafted
    assert shop.kept("SELECT order_id, supplier_id FROM orders ORDER BY 1") == [("SN0001", "early"), ("SN0002", "unassigned")]
    assert shop.kept("SELECT supplier_id, count(*) > 0 FROM stock_snapshots GROUP BY 1 ORDER BY 1") == [("early", True), ("rest", True)]
    assert shop.kept("SELECT supplier_id, sku FROM listings ORDER BY 1") == [("rest", "1"), ("unassigned", "2")]
    assert shop.kept("SELECT supplier_id FROM suppliers ORDER BY 1") == [("early",), ("rest",), ("unassigned",)]
    assert second.unassigned == {"listings": 1, "orders": 1}
    assert second.unassigned_goods == {"2": 1}


def test_goods_that_are_gone_are_still_named(shop):
    shop.order(goods_id=77)
    pulled = shop.pull()
    assert not any(receipt.rejected for receipt in pulled.receipts)
    assert shop.kept("SELECT name FROM products WHERE sku = '77'") == [("#77",)]
    assert pulled.unassigned == {"orders": 1}


def test_tables_that_the_platform_cannot_give_are_absent(shop):
    shop.order()
    shop.pull()
    assert {path.stem for path in shop.into.glob("*.parquet")} == {"suppliers", "products", "listings", "orders", "codes"}
    assert "suggested_retail_price" not in given(shop, "listings")
    assert given(shop, "stock_snapshots/pull") == {"supplier_id", "sku", "observed_at", "quantity", "scan_ok", "is_placeholder"}


def test_what_a_watch_reads_of_other_shops_stands_beside_what_is_pulled(shop):
    shop.card("A")
    shop.pull()
    own = shop.into / "stock_snapshots" / "pull.parquet"
    pulled = shop.kept("SELECT count(*) FROM stock_snapshots")
    shutil.copyfile(own, own.with_name("2026-10@3.parquet"))
    shop.card("B")
    shop.pull()
    assert sorted(path.name for path in own.parent.iterdir()) == ["2026-10@3.parquet", "pull.parquet"]
    watched, both = pq.read_metadata(own.with_name("2026-10@3.parquet")).num_rows, shop.kept("SELECT count(*) FROM stock_snapshots")
    assert pulled[0][0] == watched
    assert both[0][0] == watched + pq.read_metadata(own).num_rows
