"""acg-faka's database on a real MariaDB: what a pull makes of it, trap by trap."""

import time
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from kmanalysis.loaders.checking.secrets import digest, existing_key
from kmanalysis.loaders.checking.stamp import given_columns
from kmanalysis.sources.address import parse_address
from kmanalysis.sources.description import grants, names_to_look_for, platform
from kmanalysis.sources.pull import pull
from kmanalysis.tables import tables
from tests.sources import servers
from tests.sources.shops import MARKER, Shop, layout
from tests.sources.test_pull import texts_of

pytestmark = pytest.mark.skipif(not servers.HAS_MARIADB, reason="mariadbd or PyMySQL is not installed")

TAKEN = "很抱歉，有人在你付款之前抢走了商品，请联系客服。"
WAITING = "此商品没有发货信息或正在发货中"

CORE = layout("acg_faka")
LATER = layout("acg_faka_later")


class AcgFaka(Shop):
    """One category with goods of the operator's own cards; times are Shanghai's."""

    def __init__(self, server, tmp_path, script=CORE + LATER):
        super().__init__("acg-faka", server, script, tmp_path)
        there = {table for (table,) in self.ask("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")}
        lines = [line for line in self.grants.splitlines() if line.split("`")[3] in there]
        server.granted(self.database, "\n".join(lines))
        self.add("acg_category", name="Cards", create_time="2026-10-01 08:00:00")
        self.goods()

    def goods(self, **cells):
        number = self.numbers.get("acg_commodity", 0) + 1
        row = {
            "category_id": 1, "name": f"Goods {number}", "status": 1, "create_time": "2026-10-01 09:00:00", "code": f"{MARKER}-code",
            "description": f"{MARKER}-description",
            "delivery_message": f"{MARKER}-message", "leave_message": f"{MARKER}-leave", "config": f"{MARKER}-config", "widget": f"{MARKER}-widget",
        }  # fmt: skip
        return self.add("acg_commodity", **(row | cells))

    def card(self, code, at="2026-10-02 08:00:00", sold=None, **cells):
        row = {"commodity_id": 1, "secret": code, "create_time": at, "purchase_time": sold, "status": 1 if sold else 0, "draft": f"{MARKER}-draft"}
        return self.add("acg_card", **(row | cells))

    def order(self, secret="", at="2026-10-10 12:00:00", **cells):
        number = self.numbers.get("acg_order", 0) + 1
        row = {
            "trade_no": f"T{number:021}", "amount": "10.00", "commodity_id": 1, "card_num": 1, "create_time": at, "pay_time": at, "status": 1,
            "create_ip": f"{MARKER}-ip",
            "secret": secret, "password": f"{MARKER}-password", "contact": f"{MARKER}@mail.example", "delivery_status": 1, "pay_url": f"{MARKER}-url",
            "widget": f"{MARKER}-widget",
        }  # fmt: skip
        return self.add("acg_order", **(row | cells))


@pytest.fixture
def shop(mariadb, tmp_path):
    return AcgFaka(mariadb, tmp_path)


def utc(text):
    return datetime.fromisoformat(text) - timedelta(hours=8)


def given(shop, table):
    return given_columns(pq.read_schema(shop.into / f"{table}.parquet"), tables()[table])


def trade(number):
    return f"T{number:021}"


def test_totals_are_those_of_the_source(shop):
    shop.goods()
    for number in range(60):
        goods, amount = 1 + number % 2, 1 + number % 3
        state = number % 6
        at = str(datetime(2026, 10, 3) + timedelta(hours=7 * number))
        codes = [f"CODE-{number}-{place}" if number % 12 else "CODE-again" for place in range(amount)]
        secret = {0: "\n".join(codes), 1: "\n".join(codes), 2: TAKEN, 3: WAITING, 4: "", 5: ""}[state]
        row = shop.order(
            secret, at, commodity_id=goods, card_num=amount, amount=f"{(number * 37) % 500 + 0.37:.2f}", delivery_status=int(state < 4), status=int(state != 5),
            pay_time=None if state == 5 else at, contact=f"{number % 20}@mail.example",
        )  # fmt: skip
        for code in codes if state < 2 else ():
            shop.card(code, sold=at, order_id=row, commodity_id=goods)
    for number in range(9):
        shop.card(f"UNSOLD-{number}", commodity_id=1 + number % 2)
    pulled = shop.pull()
    assert not any(receipt.rejected for receipt in pulled.receipts)
    paid = "FROM acg_order WHERE status = 1"
    assert shop.kept("SELECT count(*), sum(amount), sum(quantity), count(DISTINCT buyer_digest) FROM orders") == shop.ask(
        f"SELECT count(*), sum(amount), sum(card_num), count(DISTINCT contact) {paid}"
    )
    assert dict(shop.kept("SELECT status, count(*) FROM orders GROUP BY 1")) == {
        "failed": shop.ask(f"SELECT count(*) {paid} AND secret = '{TAKEN}'")[0][0],
        "pending": shop.ask(f"SELECT count(*) {paid} AND (delivery_status = 0 OR secret = '{WAITING}')")[0][0],
        "delivered": shop.ask(f"SELECT count(*) {paid} AND delivery_status = 1 AND secret NOT IN ('{TAKEN}', '{WAITING}')")[0][0],
    }
    latest = "SELECT sku, arg_max(quantity, observed_at) FROM stock_snapshots GROUP BY sku ORDER BY sku"
    assert shop.kept(latest) == [
        (str(goods), rows) for goods, rows in shop.ask("SELECT commodity_id, count(*) FROM acg_card WHERE status = 0 GROUP BY 1 ORDER BY 1")
    ]
    assert shop.kept("SELECT count(*) FROM codes") == shop.ask("SELECT count(*) FROM acg_card WHERE status = 1")
    repeats = shop.kept("SELECT count(*) FROM codes GROUP BY code_digest HAVING count(*) > 1 ORDER BY 1")
    assert repeats == shop.ask("SELECT count(*) FROM acg_card WHERE status = 1 GROUP BY secret HAVING count(*) > 1 ORDER BY 1")
    assert pulled.checks == {"unpaid": 10, "taken": 10}


def test_the_platforms_race_is_no_repeat_of_the_suppliers(shop):
    # Two orders took one card, which the later one has; then a code that came twice, sold twice, and one that was bought and typed in by hand.
    shop.order("RACE", "2026-10-10 12:00:00")
    shop.card("RACE", sold="2026-10-10 12:00:01", order_id=shop.order("RACE", "2026-10-10 12:00:01"))
    for hour in (13, 14):
        at = f"2026-10-10 {hour}:00:00"
        shop.card("TWICE", sold=at, order_id=shop.order("TWICE", at))
    shop.order("BY-HAND", "2026-10-10 15:00:00")
    pulled = shop.pull()
    key = existing_key(shop.into)
    assert shop.kept("SELECT order_id, code_digest, is_platform_race FROM codes ORDER BY order_id") == [
        (trade(1), digest("RACE", key), True),
        (trade(2), digest("RACE", key), False),
        (trade(3), digest("TWICE", key), False),
        (trade(4), digest("TWICE", key), False),
    ]
    assert pulled.checks["races"] == 1


def test_races_and_batches_that_hold_no_more_are_withdrawn(shop):
    lost = shop.order("RACE", "2026-10-10 12:00:00")
    shop.card("RACE", sold="2026-10-10 12:00:01", order_id=shop.order("RACE", "2026-10-10 12:00:01"))
    shop.card("OTHER", note="wang")
    shop.rules('[[rule]]\nsupplier = "acme"\ngroup = "1"\ncost = "3.25"\n')
    shop.pull()
    assert shop.kept("SELECT count(*) FILTER (WHERE is_platform_race), count(*) FROM codes") == [(1, 2)]
    assert shop.kept("SELECT supplier_id, quantity FROM purchases") == [("acme", 2)]
    # A corrected rule splits the batch, and the order that went without was set right by hand.
    shop.rules('[[rule]]\nsupplier = "wang"\nnote = "wang"\ncost = "2"\n[[rule]]\nsupplier = "acme"\ngroup = "1"\ncost = "3.25"\n')
    shop.run(f"UPDATE acg_order SET secret = '{WAITING}', create_time = UTC_TIMESTAMP() + INTERVAL 8 HOUR WHERE id = {lost}")
    shop.pull()
    assert shop.kept("SELECT supplier_id, quantity FROM purchases ORDER BY 1") == [("acme", 1), ("wang", 1)]
    assert shop.stands_as_pulled_anew("codes", "purchases")


def test_phrases_where_codes_would_stand_are_no_delivery(shop):
    shop.order(TAKEN)
    shop.order(WAITING)
    shop.order("CODE", delivery_status=0)
    shop.order("CODE")
    shop.pull()
    assert shop.kept("SELECT status, failed_at, failure_cause, at_fault FROM orders ORDER BY order_id") == [
        ("failed", utc("2026-10-10 12:00:00"), None, "unknown"),
        ("pending", None, None, None),
        ("pending", None, None, None),
        ("delivered", None, None, None),
    ]
    # Made good by hand: it is delivered, and it failed.
    shop.run("UPDATE acg_order SET secret = 'BY HAND' WHERE id = 1")
    shop.pull()
    assert shop.kept("SELECT status, failed_at FROM orders ORDER BY order_id LIMIT 1") == [("delivered", utc("2026-10-10 12:00:00"))]


def test_a_time_of_purchase_is_no_delivery(shop):
    row = shop.order("CODE")
    shop.card("CODE", sold="2026-10-10 12:00:00", order_id=row)
    shop.pull()
    assert {"delivered_at", "delivered_is_upper_bound"}.isdisjoint(given(shop, "orders"))
    # An operator who pulls every few minutes may have deliveries dated by the pull that saw them.
    shop.rules('watched_deliveries = true\n[[rule]]\nsupplier = "a"\ngroup = "1"\n')
    pending = shop.order(WAITING)
    shop.pull()
    assert shop.kept(f"SELECT delivered_at IS NULL FROM orders WHERE order_id = '{trade(pending)}'") == [(True,)]
    shop.run(f"UPDATE acg_order SET secret = 'CODE-2' WHERE id = {pending}")
    shop.pull()
    assert shop.kept("SELECT delivered_is_upper_bound, delivered_at > TIMESTAMP '2026-10-11' FROM orders") == [(True, True)] * 2
    assert {"delivered_at", "delivered_is_upper_bound"} <= given(shop, "orders")


def test_stock_follows_cards_in_and_out(shop):
    shop.card("A", at="2026-10-02 08:10:00", sold="2026-10-02 11:00:00")
    shop.card("B", at="2026-10-02 09:00:00")
    shop.pull()
    found = shop.kept("SELECT observed_at, quantity FROM stock_snapshots ORDER BY 1 LIMIT 4")
    assert found == [(utc(f"2026-10-02 {hour:02}:00:00"), stock) for hour, stock in ((9, 2), (10, 2), (11, 1), (12, 1))]


def test_a_card_that_vanished_is_no_stock_and_an_order_that_vanished_stays(shop):
    # The export of orders has a mode that deletes what it exported.
    shop.order("CODE")
    number = shop.card("A")
    shop.card("B")
    shop.pull()
    shop.run("DELETE FROM acg_order", f"DELETE FROM acg_card WHERE id = {number}")
    shop.pull()
    assert shop.kept("SELECT status FROM orders") == [("delivered",)]
    shop.run("UPDATE acg_card SET status = 2")
    shop.pull()
    missing = f"SELECT id, missing_at IS NOT NULL FROM '{shop.into}/.kmanalysis-pull/card.parquet' ORDER BY id"
    assert shop.kept(missing) == [(1, True), (2, False)]


def test_a_card_sold_outside_of_an_order_is_still_handed_out(shop):
    shop.card("A", sold="2026-10-10 12:00:00", order_id=None)
    shop.pull()
    assert shop.kept("SELECT order_id, code_digest FROM codes") == [(None, digest("A", existing_key(shop.into)))]


def test_kinds_of_goods_are_skus(shop):
    shop.card("A", race="month")
    shop.card("B", race="year")
    shop.order("X", race="month")
    shop.pull()
    assert shop.kept("SELECT sku, name FROM products ORDER BY 1") == [("1:month", "Goods 1 / month"), ("1:year", "Goods 1 / year")]
    assert shop.kept("SELECT DISTINCT sku FROM stock_snapshots ORDER BY 1") == [("1:month",), ("1:year",)]
    assert shop.kept("SELECT sku FROM orders") == [("1:month",)]


def test_suppliers_are_upstream_shops_users_and_notes(shop):
    for name in ("North", "South"):
        shop.add("acg_shared", name=name, domain=f"{MARKER}-domain", app_id=f"{MARKER}-id", app_key=f"{MARKER}-key", create_time="2026-10-01 08:00:00")
    shop.goods(shared_id=1, shared_code=f"{MARKER}-shared")
    shop.order("UP-1\nUP-2", commodity_id=2, card_num=2, rent="7.00")
    shop.order("USER", user_id=9)
    row = shop.order("NOTED")
    shop.card("NOTED", sold="2026-10-10 12:00:00", order_id=row, note=f"{MARKER} batch of Old Wang", cost="2.50")
    shop.card("PLAIN", note="")
    shop.pull()
    assert dict(shop.kept("SELECT order_id, supplier_id FROM orders")) == {trade(1): "shop-1", trade(2): "user-9", trade(3): "group-1"}
    text = (shop.into / "suppliers.toml").read_text(encoding="utf-8")
    shop.rules(
        f'[[rule]]\nsupplier = "wang"\nnote = "*old wang"\n{text.split("unassigned.")[1].replace("currency", "currency", 1)}'.replace('currency = "CNY"', "")
    )
    shop.pull()
    assert dict(shop.kept("SELECT order_id, supplier_id FROM orders")) == {trade(1): "shop-1", trade(2): "user-9", trade(3): "wang"}
    # Linked to another shop since: what was ordered before stays whose it was.
    shop.run("UPDATE acg_commodity SET shared_id = 2 WHERE id = 2")
    shop.order("UP-3", commodity_id=2)
    shop.pull()
    assert dict(shop.kept(f"SELECT order_id, supplier_id FROM orders WHERE order_id IN ('{trade(1)}', '{trade(4)}')")) == {
        trade(1): "shop-1",
        trade(4): "shop-2",
    }
    key = existing_key(shop.into)
    upstream = shop.kept("SELECT order_id, code_digest FROM codes WHERE supplier_id LIKE 'shop-%' ORDER BY code_id")
    assert upstream == [(trade(1), digest("UP-1", key)), (trade(1), digest("UP-2", key)), (trade(4), digest("UP-3", key))]
    # What was paid to whom: the order's rent, or the cards' own cost; a rent of 0 is none.
    assert dict(shop.kept("SELECT order_id, cost_amount FROM orders")) == {trade(1): Decimal(7), trade(2): None, trade(3): Decimal("2.5"), trade(4): None}
    assert shop.kept("SELECT supplier_id, quantity, paid_amount FROM purchases") == [("wang", 1, Decimal("2.5"))]
    assert MARKER not in texts_of(shop.into)


def test_tickets_measure_suppliers_only_where_the_operator_says_so(shop):
    shop.order("CODE")
    shop.add("acg_ticket", ticket_no="K1", title=f"{MARKER}-title", type=1, status=2, order_trade_no=trade(1), create_time="2026-10-11 12:00:00")
    shop.add("acg_ticket", ticket_no="K2", type=0, create_time="2026-10-11 12:00:00")
    for sender, kind, minute in ((0, 0, 1), (2, 0, 2), (1, 0, 5), (1, 1, 30)):
        shop.add("acg_ticket_message", ticket_id=1, sender_type=sender, kind=kind, content=f"{MARKER}-message", create_time=f"2026-10-11 12:{minute:02}:00")
    shop.pull()
    assert not (shop.into / "tickets.parquet").exists()
    shop.rules('tickets_measure_suppliers = true\n[[rule]]\nsupplier = "a"\ngroup = "Cards"\n')
    shop.pull()
    assert shop.kept("SELECT ticket_id, supplier_id, order_id, opened_at, first_response_at, resolved_at FROM tickets") == [
        ("K1", "a", trade(1), utc("2026-10-11 12:00:00"), utc("2026-10-11 12:05:00"), utc("2026-10-11 12:30:00"))
    ]
    assert "kind" not in given(shop, "tickets")
    shop.rules('[[rule]]\nsupplier = "a"\ngroup = "Cards"\n')
    shop.pull()
    assert (shop.kept("FROM tickets"), given(shop, "tickets")) == ([], frozenset())
    assert MARKER not in texts_of(shop.into)


def test_versions_without_the_later_columns_are_read_without_them(mariadb, tmp_path):
    shop = AcgFaka(mariadb, tmp_path, CORE)
    shop.order("CODE")
    shop.card("A")
    pulled = shop.pull()
    lacking = {"shared", "commodity.shared_id", "commodity.stock", "order.user_id", "order.rent", "order.race"}
    lacking |= {"card.note", "card.race", "card.cost", "ticket", "ticket_message"}
    assert set(pulled.missing) == lacking
    assert "cost_amount" not in given(shop, "orders")
    assert not (shop.into / "purchases.parquet").exists()
    assert shop.kept("SELECT supplier_id, status FROM orders") == [("group-1", "delivered")]


def test_goods_off_the_shelf_since_nobody_knows_when_are_not_listed(shop):
    shop.goods(status=0)
    shop.pull()
    assert shop.kept("SELECT sku, listed_from, listed_to FROM listings") == [("1", date(2026, 10, 1), None)]
    shop.run("UPDATE acg_commodity SET status = 0")
    shop.pull()
    assert shop.kept("SELECT listed_to IS NOT NULL FROM listings") == [(True,)]


def test_a_further_pull_reads_open_orders_and_the_last_days(shop):
    old = [shop.order("CODE") for _ in range(5)]
    shop.order(WAITING)
    for number in range(4):
        shop.card(f"SOLD-{number}", sold="2026-10-10 12:00:00", order_id=old[number])
    shop.card("UNSOLD")
    assert shop.pull().read["order"] == 6
    shop.run("UPDATE acg_order SET create_time = '2026-10-10 12:00:00'")
    second = shop.pull()
    assert (second.read["order"], second.read["card"]) == (1, 1)
    shop.order("NEW", at="2026-10-11 12:00:00")
    assert shop.pull().read["order"] == 2


def test_an_order_paid_long_after_it_was_placed_is_found(shop):
    late = shop.order(status=0, pay_time=None, delivery_status=0)
    shop.order(status=0, pay_time=None, delivery_status=0)
    shop.pull()
    assert shop.kept("SELECT count(*) FROM orders") == [(0,)]
    # Shanghai's clock, as the platform writes it.
    shop.run(f"UPDATE acg_order SET status = 1, secret = 'CODE', delivery_status = 1, pay_time = UTC_TIMESTAMP() + INTERVAL 8 HOUR WHERE id = {late}")
    assert shop.pull().read["order"] == 1
    assert shop.kept("SELECT order_id, status FROM orders") == [(trade(late), "delivered")]
    # Paid before the days that are read again, it is not read again.
    shop.run(f"UPDATE acg_order SET pay_time = pay_time - INTERVAL 8 DAY WHERE id = {late}")
    assert shop.pull().read["order"] == 0


def test_a_card_sold_at_an_older_time_is_found(shop):
    # An old order that is delivered late gives its card its own time of payment.
    shop.card("LATE")
    shop.card("STILL THERE")
    shop.pull()
    shop.run("UPDATE acg_card SET status = 1, purchase_time = '2026-10-03 12:00:00' WHERE id = 1")
    assert shop.pull().read["card"] == 2
    assert shop.kept("SELECT issued_at FROM codes") == [(utc("2026-10-03 12:00:00"),)]


def test_stock_of_an_upstream_shop_is_what_the_last_sync_left(shop):
    # The time of the sync is not kept; V4 shows 10000000 or 999 where it knows no number.
    shop.add("acg_shared", name="North", domain="d", app_id="i", app_key="k", create_time="2026-10-01 08:00:00")
    for stock in (7, 0, 999, 10_000_000, None, 5, 5, 5):
        shop.goods(shared_id=1, stock=stock)
    shop.goods(stock=5)
    shop.run("UPDATE acg_commodity SET status = 0 WHERE id = 7")
    shop.order("X", commodity_id=8, race="month")
    shop.pull()
    assert shop.kept("SELECT supplier_id, sku, quantity, scan_ok, is_placeholder FROM stock_snapshots ORDER BY sku") == [
        ("shop-1", "2", 7, True, False),
        ("shop-1", "3", 0, True, False),
        ("shop-1", "4", 999, True, True),
        ("shop-1", "5", 10_000_000, True, True),
        ("shop-1", "9", 5, True, False),
    ]
    assert "source_synced_at" not in given_columns(pq.read_schema(shop.into / "stock_snapshots" / "pull.parquet"), tables()["stock_snapshots"])
    shop.run("UPDATE acg_commodity SET stock = 3 WHERE id = 2")
    time.sleep(1.1)
    shop.pull()
    assert shop.kept("SELECT quantity FROM stock_snapshots WHERE sku = '2' ORDER BY observed_at") == [(7,), (3,)]


def test_an_orders_cost_is_a_fee_and_its_rent_is_what_the_platform_took_for_the_cost(shop):
    # `cost` is a fee. `rent` falls back to the catalogue where the upstream price could not be asked: nothing tells, and it is kept as it stands.
    shop.run("UPDATE acg_commodity SET factory_price = 4")
    shop.order("A", cost="1.00", rent="0.00")
    shop.order("B\nC", cost="1.00", rent="8.00", card_num=2)
    shop.pull()
    assert shop.kept("SELECT cost_amount FROM orders ORDER BY order_id") == [(None,), (Decimal(8),)]
    # There is no state for a refund.
    assert shop.kept("SELECT DISTINCT status FROM orders") == [("delivered",)]


def test_an_upstream_failure_leaves_a_paid_order_unpaid_and_is_not_counted(shop):
    # The platform keeps status 0 though the buyer paid: the pull says how many orders it left out, and cannot tell these from the others.
    shop.order("", status=0, pay_time=None)
    pulled = shop.pull()
    assert pulled.checks == {"unpaid": 1}
    assert shop.kept("SELECT count(*) FROM orders") == [(0,)]


def test_another_prefix(mariadb, tmp_path):
    shop = AcgFaka(mariadb, tmp_path)
    tables_there = ("category", "commodity", "order", "card", "shared", "ticket", "ticket_message")
    shop.run(*(f"RENAME TABLE acg_{table} TO mine_{table}" for table in tables_there))
    server_grants = grants(platform("acg-faka"), names_to_look_for(platform("acg-faka"), "mine_"), "mysql")
    shop.server.granted(shop.database, server_grants)
    pulled = pull("acg-faka", parse_address(shop.address), shop.into, prefix="mine_")
    assert pulled.missing == []
