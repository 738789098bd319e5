"""dujiao-next's database on a real PostgreSQL, on SQLite and on a real MariaDB: what a pull makes of it, trap by trap."""

import json
import re
import shutil
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.errors import DataError, UsageError
from kmanalysis.loaders.checking.secrets import digest, existing_key
from kmanalysis.loaders.checking.stamp import given_columns
from kmanalysis.sources.address import parse_address
from kmanalysis.sources.databases.opening import opened
from kmanalysis.sources.pull import pull
from kmanalysis.tables import tables
from tests.sources import servers
from tests.sources.shops import MARKER, Shop, layout
from tests.sources.test_pull import texts_of

LAYOUT = layout("dujiao_next")
UPSTREAM = layout("dujiao_next_upstream")
PAID = "2026-10-10 12:00:00+08:00"
GRANTED = re.compile(r"(\w+)[`\"] TO")
"""The table in a GRANT statement."""


class DujiaoNext(Shop):
    """One category, one product of own cards with one SKU; times carry their zone, but in MySQL, which keeps the application's wall clock (of ``hours``)."""

    def __init__(self, server, tmp_path, script=LAYOUT + UPSTREAM, hours=8):
        self.hours = hours
        if isinstance(server, servers.MariaDB):
            # As GORM lays them out there.
            script = script.replace("timestamptz", "datetime(3)")
        super().__init__("dujiao-next", server, script, tmp_path)
        there = [line for line in self.grants.splitlines() if f"CREATE TABLE {GRANTED.search(line)[1]} " in script]
        server.granted(self.database, "\n".join(there))
        self.add("categories", slug="c", name_json='{"en-US": "Cards", "zh-CN": "卡"}')
        self.product()

    def add(self, table, **cells):
        if self.kind == "mysql":
            cells = {name: self.wall(cell) if isinstance(cell, str) else cell for name, cell in cells.items()}
        return super().add(table, **cells)

    def time(self, text):
        """A time as a statement may say it."""
        return self.wall(text) if self.kind == "mysql" else text

    def wall(self, text):
        """A time as MySQL keeps it; other texts as they are."""
        if not re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d", text):
            return text
        return f"{datetime.fromisoformat(text).astimezone(timezone(timedelta(hours=self.hours))):%Y-%m-%d %H:%M:%S}"

    def product(self, **cells):
        number = self.numbers.get("products", 0) + 1
        at = {"created_at": "2026-10-01 20:00:00+00:00", "updated_at": "2026-10-01 20:00:00+00:00"}
        text = f'{{"zh-CN": "{MARKER}"}}'
        row = {
            "category_id": 1,
            "slug": f"{MARKER}-{number}",
            "title_json": f'{{"zh-CN": "商品 {number}"}}',
            "description_json": text,
            "content_json": text,
            "is_active": True,
        }
        product = self.add("products", **(row | at | cells))
        self.add("product_skus", product_id=product, sku_code="DEFAULT", is_active=True, **at)
        return product

    def order(self, status="delivered", paid=PAID, product=1, quantity=1, item=None, delivered=None, payload=None, kind="auto", **cells):
        number = self.numbers.get("orders", 0) + 1
        row = {
            "order_no": f"DJ{number:04}", "status": status, "currency": "CNY", "total_amount": "10.00", "paid_at": paid, "created_at": PAID, "updated_at": PAID,
            "guest_email": f"{MARKER}@mail.example", "guest_password": f"{MARKER}-password", "client_ip": f"{MARKER}-ip",
        }  # fmt: skip
        order = self.add("orders", **(row | cells))
        if item is not False:
            filled = {
                "title_json": "{}",
                "total_price": "10.00",
                "fulfillment_type": kind,
                "manual_form_submission_json": f'{{"a": "{MARKER}"}}',
                "updated_at": PAID,
            }
            self.add("order_items", order_id=order, product_id=product, sku_id=product, quantity=quantity, **(filled | (item or {})))
        if delivered:
            self.add(
                "fulfillments",
                order_id=order,
                type=kind,
                status="delivered",
                payload=payload or f"{MARKER}-payload",
                delivered_at=delivered,
                updated_at=delivered,
            )
        return order

    def card(self, code, status="available", **cells):
        at = "2026-10-02 08:00:00+08:00"
        return self.add("card_secrets", **({"product_id": 1, "sku_id": 1, "secret": code, "status": status, "created_at": at, "updated_at": at} | cells))

    def upstream(self, product, stock=5, synced="2026-10-10 11:55:00+08:00"):
        site = self.add("site_connections", name="North", base_url=f"{MARKER}-url", api_key=f"{MARKER}-key", api_secret=f"{MARKER}-secret", updated_at=PAID)
        mapping = self.add("product_mappings", connection_id=site, local_product_id=product, upstream_product_id=5, updated_at=PAID)
        self.add(
            "sku_mappings", product_mapping_id=mapping, local_sku_id=product, upstream_sku_id=6, upstream_stock=stock, stock_synced_at=synced, updated_at=PAID
        )
        return site

    def procurement(self, order, site, status="fulfilled", amount="7.00", **cells):
        row = {
            "connection_id": site, "local_order_id": order, "status": status, "upstream_amount": amount, "upstream_currency": "CNY", "currency": "CNY",
            "error_message": f"{MARKER}-error", "upstream_payload": f"{MARKER}-payload", "trace_id": f"{MARKER}-trace", "created_at": PAID, "updated_at": PAID,
        }  # fmt: skip
        return self.add("procurement_orders", **(row | cells))


@pytest.fixture(params=["postgresql", "sqlite", "mariadb"])
def server(request, tmp_path):
    if request.param == "sqlite":
        return servers.SQLite(tmp_path)
    return request.getfixturevalue(request.param)


@pytest.fixture
def shop(server, tmp_path):
    return DujiaoNext(server, tmp_path)


def given(shop, table):
    return given_columns(pq.read_schema(shop.into / f"{table}.parquet"), tables()[table])


def load_rows(path, sql):
    """Replaces a table's file by what a query makes of it, as a load by hand does."""
    schema = pq.read_schema(path)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")
        rows = connection.sql(sql).to_arrow_table().select(schema.names).cast(schema)
    pq.write_table(rows, path)


def test_totals_are_those_of_the_source(shop):
    shop.product()
    states = ("pending_payment", "paid", "fulfilling", "delivered", "completed", "canceled", "refunded")
    for number in range(42):
        state = states[number % 7]
        order = shop.order(
            state, None if state == "pending_payment" else PAID, product=1 + number % 2, quantity=1, total_amount=f"{number * 13 % 90 + 0.37:.2f}",
            guest_email=f"{number % 9}@mail.example", delivered=PAID if state in ("delivered", "completed") else None,
        )  # fmt: skip
        if state in ("delivered", "completed"):
            shop.card(f"CODE-{number}" if number % 4 else "CODE-again", "used", used_at=PAID, order_id=order, sku_id=1 + number % 2, product_id=1 + number % 2)
    for number in range(5):
        shop.card(f"UNSOLD-{number}", sku_id=1 + number % 2, product_id=1 + number % 2)
    pulled = shop.pull()
    assert not any(receipt.rejected for receipt in pulled.receipts)
    ((rows, amount, buyers),) = shop.ask("SELECT count(*), sum(total_amount), count(DISTINCT guest_email) FROM orders WHERE paid_at IS NOT NULL")
    expected = (rows, Decimal(str(amount)).quantize(Decimal("0.01")), buyers)
    assert shop.kept("SELECT count(*), sum(amount)::DECIMAL(18,2), count(DISTINCT buyer_digest) FROM orders") == [expected]
    source = dict(shop.ask("SELECT status, count(*) FROM orders GROUP BY 1"))
    assert dict(shop.kept("SELECT status, count(*) FROM orders GROUP BY 1")) == {
        "pending": source["paid"] + source["fulfilling"],
        "delivered": source["delivered"] + source["completed"],
        "cancelled": source["canceled"],
        "refunded": source["refunded"],
    }
    stock = shop.kept("SELECT sku, arg_max(quantity, observed_at) FROM stock_snapshots GROUP BY 1 ORDER BY 1")
    assert stock == [(str(sku), rows) for sku, rows in shop.ask("SELECT sku_id, count(*) FROM card_secrets WHERE status = 'available' GROUP BY 1 ORDER BY 1")]
    repeats = shop.kept("SELECT count(*) FROM codes GROUP BY code_digest HAVING count(*) > 1")
    assert repeats == shop.ask("SELECT count(*) FROM card_secrets WHERE status = 'used' GROUP BY secret HAVING count(*) > 1")
    assert shop.kept("SELECT DISTINCT name FROM products ORDER BY 1") == [("商品 1",), ("商品 2",)]
    assert shop.kept("SELECT DISTINCT category FROM products") == [("卡",)]


def test_times_carry_their_zone(shop):
    shop.order(paid="2026-10-10 12:00:00+08:00", delivered="2026-10-10 04:03:00+00:00")
    shop.pull()
    columns = "ordered_at, delivered_at, delivered_is_upper_bound"
    assert shop.kept(f"SELECT {columns} FROM orders") == [(datetime(2026, 10, 10, 4), datetime(2026, 10, 10, 4, 3), False)]
    # 20:00 UTC is the next day in Shanghai.
    assert shop.kept("SELECT listed_from, listed_to FROM listings") == [(date(2026, 10, 2), None)]


def test_children_are_counted_and_parents_not(shop):
    parent = shop.order("partially_delivered", total_amount="30.00", item=False)
    shop.order("delivered", None, parent_id=parent, delivered=PAID, guest_email=None)
    shop.order("paid", None, parent_id=parent, total_amount="20.00")
    shop.pull()
    assert shop.kept("SELECT order_id, status, amount, ordered_at FROM orders ORDER BY 1") == [
        ("DJ0002", "delivered", Decimal(10), datetime(2026, 10, 10, 4)),
        ("DJ0003", "pending", Decimal(20), datetime(2026, 10, 10, 4)),
    ]
    assert shop.kept("SELECT count(DISTINCT buyer_digest) FROM orders") == [(1,)]


def test_what_was_ordered_upstream_is_a_purchase_and_names_the_supplier(shop):
    product = shop.product()
    site = shop.upstream(product)
    order = shop.order(product=product, quantity=2, delivered=PAID, payload="UP-1\nUP-2", kind="upstream", updated_at=PAID)
    shop.procurement(order, site)
    shop.pull()
    key = existing_key(shop.into)
    assert shop.kept("SELECT supplier_id, cost_amount, purchase_id FROM orders") == [("site-1", Decimal(7), "p1")]
    assert shop.kept("SELECT purchase_id, supplier_id, quantity, received_quantity, paid_amount, currency FROM purchases") == [
        ("p1", "site-1", 2, 2, Decimal(7), "CNY")
    ]
    assert {"list_amount", "discount_amount"}.isdisjoint(given(shop, "purchases"))
    assert shop.kept("SELECT code_digest, supplier_id FROM codes ORDER BY code_id") == [(digest("UP-1", key), "site-1"), (digest("UP-2", key), "site-1")]
    assert shop.kept("SELECT name FROM suppliers WHERE supplier_id = 'site-1'") == [("North",)]


def test_what_only_fills_the_form_is_not_given_by_the_second_pull_either(shop):
    product = shop.product()
    shop.procurement(shop.order(product=product, delivered="2026-10-10 12:01:00+08:00", kind="upstream"), shop.upstream(product))
    shop.pull()
    before, written = given(shop, "purchases"), (shop.into / "purchases.parquet").read_bytes()
    assert before.isdisjoint({"list_amount", "discount_amount"})
    assert "paid_amount" in before
    shop.pull()
    assert (shop.into / "purchases.parquet").read_bytes() == written
    # Nor where a row changes and the file is written anew.
    shop.run(f"UPDATE procurement_orders SET upstream_amount = 8, updated_at = '{shop.time('2026-10-10 13:00:00+08:00')}'")
    shop.pull()
    assert shop.kept("SELECT paid_amount FROM purchases") == [(8,)]
    assert given(shop, "purchases") == before


def test_an_attempt_that_failed_later_is_withdrawn(shop):
    product = shop.product()
    site = shop.upstream(product)
    order = shop.order("fulfilling", product=product)
    first = shop.procurement(order, site, "accepted")
    shop.pull()
    assert shop.kept("SELECT purchase_id, paid_amount FROM purchases") == [("p1", 7)]
    # What was loaded by hand stays, whatever its name looks like.
    by_hand = "SELECT * REPLACE ('p77' AS purchase_id) FROM purchases UNION ALL FROM purchases"
    load_rows(shop.into / "purchases.parquet", by_hand)
    later = shop.time("2026-10-10 15:00:00+08:00")
    shop.run(f"UPDATE procurement_orders SET status = 'failed', updated_at = '{later}' WHERE id = {first}")
    shop.procurement(order, site, created_at=later, updated_at=later)
    shop.pull()
    assert shop.kept("SELECT purchase_id, paid_amount FROM purchases ORDER BY 1") == [("p2", 7), ("p77", 7)]
    assert shop.kept("SELECT upstream_order_id, status FROM upstream_orders") == [("p2", "delivered")]
    assert shop.stands_as_pulled_anew("upstream_orders")


def test_lines_of_a_delivery_that_was_taken_back_are_withdrawn(shop):
    product = shop.product()
    order = shop.order(product=product, quantity=2, delivered=PAID, payload="UP-1\nUP-2", kind="upstream")
    shop.procurement(order, shop.upstream(product))
    shop.card("OWN", "used", order_id=shop.order(), used_at=PAID)
    shop.pull()
    assert shop.kept("SELECT code_id FROM codes ORDER BY 1") == [("DJ0001-1",), ("DJ0001-2",), ("c1",)]
    later = shop.time("2026-10-10 15:00:00+08:00")
    shop.run(f"UPDATE fulfillments SET payload = 'UP-1', updated_at = '{later}'")
    shop.pull()
    assert shop.stands_as_pulled_anew("codes", "purchases", "upstream_orders")
    assert shop.kept("SELECT code_id FROM codes") == [("c1",)]


def test_rows_of_an_order_that_gets_another_key_are_withdrawn(shop):
    product = shop.product()
    orders = [shop.order(product=product, delivered=PAID, payload=f"UP-{number}", kind="upstream") for number in range(1, 6)]
    item = {"product_id": product, "sku_id": product, "quantity": 1, "title_json": "{}", "total_price": "4.00", "fulfillment_type": "auto"}
    item |= {"manual_form_submission_json": "{}", "updated_at": PAID}
    shop.add("order_items", order_id=orders[1], **item)
    shop.pull()
    assert shop.kept("SELECT order_id FROM orders ORDER BY 1") == [(key,) for key in ("DJ0001", "DJ0002-2", "DJ0002-6", "DJ0003", "DJ0004", "DJ0005")]
    # What was loaded by hand stays.
    load_rows(shop.into / "orders.parquet", "SELECT * REPLACE ('DJ0001-x' AS order_id) FROM orders WHERE order_id = 'DJ0001' UNION ALL FROM orders")
    later = "2026-10-10 15:00:00+08:00"
    # The first gets an item, the second loses one, the third is split; the fourth is deleted, and what vanished stays.
    shop.add("order_items", order_id=orders[0], **(item | {"updated_at": later}))
    deleted = f"UPDATE order_items SET deleted_at = '{shop.time(later)}', updated_at = '{shop.time(later)}' WHERE"
    shop.run(f"{deleted} id = 6", f"{deleted} order_id = {orders[3]}")
    shop.order(product=product, order_no="DJ0003-01", parent_id=orders[2], updated_at=later, item={"updated_at": later})
    shop.pull()
    keys = ("DJ0001-1", "DJ0001-7", "DJ0001-x", "DJ0002", "DJ0003-01", "DJ0004", "DJ0005")
    assert shop.kept("SELECT order_id FROM orders ORDER BY 1") == [(key,) for key in keys]
    assert shop.kept("SELECT code_id, order_id FROM codes ORDER BY 1") == [
        ("DJ0001-1-1", "DJ0001-1"),
        ("DJ0001-7-1", "DJ0001-7"),
        ("DJ0002-1", "DJ0002"),
        ("DJ0004-1", "DJ0004"),
        ("DJ0005-1", "DJ0005"),
    ]


def test_a_code_that_a_trial_checked_is_not_withdrawn(shop):
    product = shop.product()
    shop.procurement(shop.order(product=product, quantity=2, delivered=PAID, payload="UP-1\nUP-2", kind="upstream"), shop.upstream(product))
    shop.pull()
    trials = "trial_id,supplier_id,started_at,budget_amount,currency\nT1,site-1,2026-10-01 00:00:00,10,CNY\n"
    (shop.into / "trials.csv").write_text(trials, encoding="utf-8")
    checks = "check_id,trial_id,code_id,checked_at,outcome\nK1,T1,DJ0001-2,2026-10-11 00:00:00,valid\n"
    (shop.into / "trial_checks.csv").write_text(checks, encoding="utf-8")
    shop.run(f"UPDATE fulfillments SET payload = 'UP-1', updated_at = '{shop.time('2026-10-10 15:00:00+08:00')}'")
    shop.pull()
    with duckdb.connect() as connection:
        assert connection.sql(f"SELECT code_id FROM '{shop.into}/codes.parquet'").fetchall() == [("DJ0001-2",)]


def test_what_was_ordered_upstream_stands_beside_what_was_booked(shop):
    product = shop.product()
    site = shop.upstream(product)
    for number, status in enumerate(("completed", "refunded", "submitted", "failed"), 1):
        order = shop.order(product=product, delivered=PAID, item={"cost_price": "6.50"}, quantity=2)
        attempt = shop.procurement(order, site, status, "0.00" if status == "failed" else "14.00")
        shop.add("reconciliation_items", job_id=1, procurement_order_id=attempt, mismatch_type="amount", resolved=number > 1)
    shop.pull()
    assert shop.kept("SELECT order_id, status, amount, currency, booked_amount, is_disputed, quantity FROM upstream_orders ORDER BY 1") == [
        ("DJ0001", "delivered", Decimal(14), "CNY", Decimal(13), True, None),
        ("DJ0002", "refunded", Decimal(14), "CNY", Decimal(13), False, None),
        ("DJ0003", "open", Decimal(14), "CNY", Decimal(13), False, None),
        ("DJ0004", "failed", None, "CNY", Decimal(13), False, None),
    ]
    assert "quantity" not in given(shop, "upstream_orders")


def test_an_upstream_in_dollars_is_no_cost_in_yuan(shop):
    product = shop.product()
    order = shop.order(product=product, delivered=PAID)
    shop.procurement(order, shop.upstream(product), amount="1.00", upstream_currency="USD")
    shop.pull()
    assert shop.kept("SELECT cost_amount FROM orders") == [(None,)]
    assert shop.kept("SELECT paid_amount, currency FROM purchases") == [(Decimal(1), "USD")]


def test_a_purchase_that_failed_upstream_is_nobodys_fault_and_is_kept(shop):
    product = shop.product()
    order = shop.order("fulfilling", product=product)
    attempt = shop.procurement(order, shop.upstream(product), "failed", "0.00")
    shop.pull()
    columns = "status, failed_at, delivered_at, failure_cause, at_fault"
    at = datetime(2026, 10, 10, 4)
    assert shop.kept(f"SELECT {columns} FROM orders") == [("failed", at, None, None, "unknown")]
    later = "2026-10-10 15:00:00+08:00"
    shop.run(f"UPDATE procurement_orders SET status = 'completed', updated_at = '{later}' WHERE id = {attempt}",
             f"UPDATE orders SET status = 'completed', updated_at = '{later}' WHERE id = {order}")  # fmt: skip
    shop.add("fulfillments", order_id=order, type="upstream", status="delivered", payload="CODE", delivered_at=later, updated_at=later)
    shop.pull()
    assert shop.kept(f"SELECT {columns} FROM orders") == [("delivered", at, datetime(2026, 10, 10, 7), None, "unknown")]


def test_stock_without_end_is_a_placeholder(shop):
    for stock in (-1, 5, 999):
        shop.upstream(shop.product(), stock)
    shop.pull()
    assert shop.kept("SELECT quantity, is_placeholder, source_synced_at FROM stock_snapshots WHERE source_synced_at IS NOT NULL ORDER BY sku") == [
        (None, True, datetime(2026, 10, 10, 3, 55)),
        (5, False, datetime(2026, 10, 10, 3, 55)),
        (999, True, datetime(2026, 10, 10, 3, 55)),
    ]


def test_reserved_cards_are_no_stock(shop):
    shop.card("A", "reserved", reserved_at="2026-10-02 09:30:00+08:00")
    shop.card("B", "used", reserved_at="2026-10-02 08:30:00+08:00", used_at="2026-10-02 10:30:00+08:00")
    shop.pull()
    assert shop.kept("SELECT quantity FROM stock_snapshots ORDER BY observed_at LIMIT 3") == [(2,), (1,), (0,)]


def test_an_open_item_of_reconciliation_is_a_claim_with_its_amounts(shop):
    product = shop.product()
    site = shop.upstream(product)
    bought = [shop.procurement(shop.order(product=product, delivered=PAID), site, amount="7.00") for _ in range(3)]

    def item(ours, theirs, purchase, resolved=False):
        cells = {"local_amount": ours, "upstream_amount": theirs, "procurement_order_id": purchase, "resolved": resolved, "created_at": PAID}
        text = {name: f"{MARKER}-{name}"[:20] for name in ("local_order_no", "upstream_order_no", "local_status", "upstream_status", "mismatch_type", "remark")}
        return shop.add("reconciliation_items", job_id=1, **(cells | text))

    item("7.00", "9.50", bought[0])
    # A later job found the same purchase again: what it found counts.
    item("7.00", "9.00", bought[0])
    item("7.00", "8.00", bought[1], True)
    item("7.00", "0.00", bought[2])
    pulled = shop.pull()
    assert pulled.checks == {"reconciliation": 3}
    claims = "SELECT order_id, booked_amount, amount, currency, is_disputed FROM upstream_orders ORDER BY 1"
    assert shop.kept(claims) == [
        ("DJ0001", Decimal(7), Decimal(9), "CNY", True),
        ("DJ0002", None, Decimal(7), "CNY", False),
        ("DJ0003", Decimal(7), Decimal(0), "CNY", True),
    ]
    found = CliRunner().invoke(app.app, ["exceptions", "--data", str(shop.into), "--month", "2026-10", "--format", "json", "--lang", "en"])
    told = {(one["order_id"], one["mismatch"], Decimal(one["amount"])) for one in json.loads(found.stdout)["exceptions"] if one["kind"] == "upstream_mismatch"}
    assert told == {("DJ0001", "cost", Decimal(2)), ("DJ0003", "cost", Decimal(7))}
    # What `claims export` records is another table: these were not claimed yet.
    assert not (shop.into / "claims.parquet").exists()
    assert MARKER not in texts_of(shop.into)
    shop.run("UPDATE reconciliation_items SET resolved = true")
    shop.pull()
    assert shop.kept("SELECT count(*) FROM upstream_orders WHERE is_disputed") == [(0,)]


def test_an_upstream_price_is_a_quote_of_when_it_was_synced(shop):
    product = shop.product()
    site = shop.upstream(product)
    shop.run("UPDATE sku_mappings SET upstream_price = 6.5")
    shop.pull()
    quotes = "SELECT supplier_id, sku, quoted_at, unit_price, currency FROM quotes ORDER BY quoted_at"
    first = ("site-1", "2", datetime(2026, 10, 10, 3, 55), Decimal("6.5"), "CNY")
    assert shop.kept(quotes) == [first]
    # Beside the months that a watch writes.
    assert [path.name for path in (shop.into / "quotes").iterdir()] == ["pull.parquet"]
    shop.run(f"UPDATE sku_mappings SET upstream_price = 7, stock_synced_at = '{shop.time('2026-10-11 11:55:00+08:00')}'")
    shop.pull()
    assert shop.kept(quotes) == [first, ("site-1", "2", datetime(2026, 10, 11, 3, 55), Decimal(7), "CNY")]
    # In dollars, as what was bought there says; without that and at a rate of exchange, in nobody knows what.
    shop.run(f"UPDATE site_connections SET exchange_rate = 7.1, updated_at = '{shop.time('2026-10-12 12:00:00+08:00')}'",
             f"UPDATE sku_mappings SET stock_synced_at = '{shop.time('2026-10-12 11:55:00+08:00')}'")  # fmt: skip
    shop.pull()
    assert len(shop.kept(quotes)) == 2
    shop.procurement(shop.order(product=product), site, upstream_currency="USD")
    shop.pull()
    assert shop.kept(quotes)[2:] == [("site-1", "2", datetime(2026, 10, 12, 3, 55), Decimal(7), "USD")]


def test_a_supplier_whose_price_list_is_there_stays(shop):
    product = shop.product()
    shop.upstream(product)
    shop.run("UPDATE sku_mappings SET upstream_price = 4", "UPDATE site_connections SET exchange_rate = 1")
    shop.pull()
    own = shop.into / "quotes" / "pull.parquet"
    assert shop.kept("SELECT DISTINCT supplier_id FROM quotes") == [("site-1",)]
    # Named by our own part alone it goes; by a price list beside it, it stays.
    shutil.copyfile(own, own.with_name("pricelists.parquet"))
    named = '[[rule]]\nsupplier = "{}"\nupstream = "North"\n'
    shop.rules(named.format("north"))
    shop.pull()
    assert shop.kept("SELECT supplier_id FROM suppliers ORDER BY 1") == [("north",), ("site-1",), ("unassigned",)]
    assert shop.kept("SELECT DISTINCT supplier_id FROM quotes ORDER BY 1") == [("north",), ("site-1",)]
    shop.rules(named.format("northern"))
    shop.pull()
    assert shop.kept("SELECT supplier_id FROM suppliers ORDER BY 1") == [("northern",), ("site-1",), ("unassigned",)]


def test_goods_of_two_upstreams_are_quoted_by_both(shop):
    product = shop.product()
    for _ in range(2):
        shop.upstream(product)
    shop.run("UPDATE sku_mappings SET upstream_price = 6")
    shop.pull()
    assert shop.kept("SELECT supplier_id, sku FROM quotes ORDER BY 1") == [("site-1", "2"), ("site-2", "2")]
    assert shop.kept("SELECT supplier_id FROM stock_snapshots WHERE source_synced_at IS NOT NULL ORDER BY 1") == [("site-1",), ("site-2",)]


def test_the_last_ping_of_a_site_is_a_probe(shop):
    for _ in range(2):
        shop.upstream(shop.product())
    at = shop.time("2026-10-10 12:00:00+08:00")
    shop.run(f"UPDATE site_connections SET last_ping_ok = (id = 1), last_ping_at = '{at}'")
    shop.pull()
    assert shop.kept("SELECT supplier_id, probed_at, is_up FROM probes ORDER BY 1") == [
        ("site-1", datetime(2026, 10, 10, 4), True),
        ("site-2", datetime(2026, 10, 10, 4), False),
    ]
    shop.rules('[[rule]]\nsupplier = "acme"\nupstream = "1"\n')
    shop.pull()
    assert shop.kept("SELECT supplier_id FROM probes WHERE supplier_id NOT LIKE 'site-%'") == [("acme",)]


@pytest.mark.parametrize(("loc", "hours"), [("UTC", 0), ("Asia/Shanghai", 8), ("Local", 8)])
def test_mysql_keeps_the_clock_of_the_application(mariadb, tmp_path, loc, hours):
    shop = DujiaoNext(mariadb, tmp_path, hours=hours)
    shop.order(delivered="2026-10-10 04:03:00+00:00")
    pull("dujiao-next", parse_address(f"{shop.address}&loc={loc}"), shop.into)
    assert shop.kept("SELECT ordered_at, delivered_at FROM orders") == [(datetime(2026, 10, 10, 4), datetime(2026, 10, 10, 4, 3))]


def test_a_clock_that_is_none_is_refused(mariadb, tmp_path):
    shop = DujiaoNext(mariadb, tmp_path)
    with pytest.raises(UsageError, match="Asia/Shanghai, UTC") as problem:
        pull("dujiao-next", parse_address(f"{shop.address}&loc=Europe/London"), shop.into)
    assert "London" not in str(problem.value)


def test_another_clock_than_the_folders_is_refused(mariadb, tmp_path):
    shop = DujiaoNext(mariadb, tmp_path)
    shop.order(delivered=PAID)
    shop.pull()
    before = shop.kept("FROM orders")
    with pytest.raises(UsageError, match="8 hours ahead of UTC, and loc in the address says 0"):
        pull("dujiao-next", parse_address(f"{shop.address}&loc=UTC"), shop.into)
    assert shop.kept("FROM orders") == before
    # Another name of the same clock is none of another.
    pull("dujiao-next", parse_address(f"{shop.address}&loc=Local"), shop.into)
    assert shop.kept("FROM orders") == before


def test_rules_written_during_the_first_pull_are_not_overwritten(shop):
    shop.order(delivered=PAID)
    by_hand = '[[rule]]\nsupplier = "mine"\ngroup = "1"\n'
    assert not shop.pull(tell=lambda table: shop.rules(by_hand)).is_drafted
    assert (shop.into / "suppliers.toml").read_text(encoding="utf-8") == by_hand
    assert shop.kept("SELECT supplier_id FROM orders") == [("group-1",)]
    shop.pull()
    assert shop.kept("SELECT supplier_id FROM orders") == [("mine",)]


def test_members_are_told_apart(shop):
    for user in (7, 7, 8):
        shop.order(user_id=user, guest_email=None)
    shop.pull()
    assert shop.kept("SELECT count(DISTINCT buyer_digest) FROM orders") == [(2,)]


def test_secrets_are_found_nowhere(shop):
    product = shop.product()
    order = shop.order(product=product, delivered=PAID, kind="upstream")
    shop.procurement(order, shop.upstream(product))
    shop.card(f"{MARKER}-CODE", "used", used_at=PAID)
    shop.order("pending_payment", None)
    shop.pull()
    found = texts_of(shop.into)
    assert "DJ0001" in found
    assert MARKER not in found
    assert servers.PASSWORD not in found


def test_a_further_pull_reads_what_changed(shop):
    for _ in range(6):
        shop.order(updated_at="2026-10-10 12:00:00+08:00")
    shop.order(updated_at="2026-10-20 12:00:00+08:00")
    assert shop.pull().read["orders"] == 7
    shop.run("UPDATE orders SET status = 'refunded', updated_at = '2026-10-21 23:00:00-05:00' WHERE id = 1")
    second = shop.pull()
    assert second.read["orders"] == 2
    assert shop.kept("SELECT status FROM orders WHERE order_id = 'DJ0001'") == [("refunded",)]


def test_shops_without_upstream_tables_are_read_without_them(server, tmp_path):
    script = LAYOUT.replace(" cost_price decimal(20,2) NOT NULL DEFAULT 0,", "")
    shop = DujiaoNext(server, tmp_path, script)
    shop.order(delivered=PAID)
    pulled = shop.pull()
    assert pulled.missing == [
        "product_mappings", "sku_mappings", "order_items.cost_price", "procurement_orders", "reconciliation_items",
    ]  # fmt: skip
    assert not (shop.into / "quotes").exists()
    assert not (shop.into / "purchases.parquet").exists()
    assert {"cost_amount", "failed_at", "purchase_id"}.isdisjoint(given(shop, "orders"))
    assert "source_synced_at" not in given(shop, "listings")


def test_another_platforms_database_is_told(server, tmp_path):
    shop = DujiaoNext(server, tmp_path, LAYOUT.replace(" parent_id bigint, user_id bigint NOT NULL DEFAULT 0,", ""))
    with pytest.raises(DataError, match=r"cannot see orders\.parent_id, orders\.user_id\. ") as problem:
        shop.pull()
    assert ("GRANT SELECT" in str(problem.value)) == (not shop.address.startswith("sqlite"))


def test_nothing_can_be_written(shop):
    with opened(parse_address(shop.address)) as database, pytest.raises(DataError):
        list(database.rows("DELETE FROM orders"))


def test_errors_tell_nothing_of_the_address(shop, tmp_path):
    wrong = shop.address.replace(servers.PASSWORD, "wrong-secret").replace("shop.db", "none.db")
    with pytest.raises(DataError) as problem, opened(parse_address(wrong)):
        pass
    for part in ("wrong-secret", "reader", "none.db", str(tmp_path)):
        assert part not in str(problem.value)
    assert problem.value.__suppress_context__ or problem.value.__context__ is None
