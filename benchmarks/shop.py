"""An acg-faka shop of any size in a MariaDB of its own, for `pull.py`: rows are made by the server, so that millions take a minute."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pymysql

DATABASE, READER, PASSWORD = "shop", "reader", "benchmark"
GOODS = 200
DAYS = 365
LATE = 200
"""One of so many orders is paid and not delivered."""

LAYOUT = """
CREATE TABLE acg_category (id int unsigned PRIMARY KEY, name varchar(255) NOT NULL, create_time datetime NOT NULL);
CREATE TABLE acg_shared (id int unsigned PRIMARY KEY, name varchar(64) NOT NULL, create_time datetime NOT NULL);
CREATE TABLE acg_commodity (
  id int unsigned PRIMARY KEY, category_id int unsigned NOT NULL, name varchar(255) NOT NULL, factory_price decimal(10,2) NOT NULL,
  price decimal(10,2) NOT NULL,
  status tinyint unsigned NOT NULL, owner int unsigned NOT NULL DEFAULT 0, create_time datetime NOT NULL, shared_id int unsigned NOT NULL DEFAULT 0
);
CREATE TABLE acg_order (
  id int unsigned AUTO_INCREMENT PRIMARY KEY, owner int unsigned NOT NULL DEFAULT 0, user_id int unsigned NOT NULL DEFAULT 0, trade_no char(22) NOT NULL,
  amount decimal(10,2) unsigned NOT NULL, commodity_id int unsigned NOT NULL, card_num int unsigned NOT NULL DEFAULT 1, create_time datetime NOT NULL,
  create_ip varchar(64) NOT NULL DEFAULT '', pay_time datetime, status tinyint unsigned NOT NULL, secret mediumtext, contact varchar(64),
  delivery_status tinyint unsigned NOT NULL, rent decimal(10,2) unsigned NOT NULL DEFAULT 0.00, race varchar(32), KEY (create_time)
);
CREATE TABLE acg_card (
  id int unsigned AUTO_INCREMENT PRIMARY KEY, owner int unsigned NOT NULL DEFAULT 0, commodity_id int unsigned NOT NULL, secret varchar(760) NOT NULL,
  create_time datetime NOT NULL, purchase_time datetime, order_id int unsigned, status tinyint unsigned NOT NULL, note varchar(64), race varchar(32),
  cost decimal(10,2) unsigned NOT NULL DEFAULT 0.00
);
"""

ASIDE = "aside"
"""A database of the benchmark's own, which no pull sees."""

IS_OPEN = "status = 1 AND delivery_status = 0"
CODE = "CONCAT_WS('-', SUBSTR(MD5({0}), 1, 5), SUBSTR(MD5({0}), 6, 5), SUBSTR(MD5({0}), 11, 5))"


class Shop:
    """A server's socket, and what is done to the shop in it."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    @property
    def address(self) -> str:
        return f"mysql://{READER}:{PASSWORD}@localhost/{DATABASE}?unix_socket={self.socket}"

    def run(self, *statements: str, database: str | None = DATABASE) -> tuple[tuple[object, ...], ...]:
        """Runs statements one after the other; the rows of the last one."""
        with pymysql.connect(unix_socket=str(self.socket), user="root", database=database, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchall()

    def fill(self, orders: int) -> None:
        """A year of orders, nine of ten paid, one of 200 not delivered yet; three of four goods are of own cards, a twentieth as many cards again in stock."""
        self.run(f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4", f"CREATE USER {READER}@localhost IDENTIFIED BY '{PASSWORD}'", database=None)
        self.run(*(part for part in LAYOUT.split(";\n") if part.strip()), f"GRANT SELECT ON {DATABASE}.* TO {READER}@localhost")
        begun = f"(NOW() - INTERVAL {DAYS} DAY)"
        placed = f"{begun} + INTERVAL FLOOR(seq / {orders} * {DAYS * 86400 - 600}) SECOND"
        is_paid, is_delivered = "seq % 10 <> 0", f"seq % 10 <> 0 AND seq % {LATE} <> 1"
        self.run(
            f"INSERT INTO acg_category SELECT seq, CONCAT('Category ', seq), {begun} FROM seq_1_to_12",
            f"INSERT INTO acg_shared SELECT seq, CONCAT('Shop ', seq), {begun} FROM seq_1_to_5",
            "INSERT INTO acg_commodity SELECT seq, 1 + seq % 12, CONCAT('Goods ', seq), 8, 10, 1, 0, "
            f"{begun}, IF(seq % 4 = 0, 1 + seq % 5, 0) FROM seq_1_to_{GOODS}",
            "INSERT INTO acg_order (trade_no, amount, commodity_id, create_time, pay_time, status, secret, contact, delivery_status, rent) "
            f"SELECT LPAD(seq, 22, '0'), 10, 1 + seq * 7919 % {GOODS}, {placed}, IF({is_paid}, {placed} + INTERVAL 30 SECOND, NULL), {is_paid}, "
            f"IF({is_delivered}, {CODE.format('seq')}, NULL), CONCAT('buyer', seq * 31 % {max(orders // 4, 1)}, '@mail.example'), {is_delivered}, 8 "
            f"FROM seq_1_to_{orders}",
            "INSERT INTO acg_card (commodity_id, secret, create_time, purchase_time, order_id, status, note, cost) "
            "SELECT commodity_id, secret, DATE(create_time) - INTERVAL WEEKDAY(create_time) DAY, pay_time, id, 1, '', 8 FROM acg_order "
            "WHERE delivery_status = 1 AND commodity_id % 4 <> 0 ORDER BY id",
            "INSERT INTO acg_card (commodity_id, secret, create_time, status, note, cost) "
            f"SELECT 1 + seq % {GOODS}, MD5(seq), NOW() - INTERVAL 10 DAY, 0, '', 8 FROM seq_1_to_{max(orders // 20, 1)}",
        )

    def change(self, orders: int) -> None:
        """That many orders change: half of them are new, the others were paid long ago and are delivered now."""
        new, settled = orders - orders // 2, orders // 2
        (last,) = self.run("SELECT max(id) FROM acg_order")[0]
        self.run(
            f"CREATE DATABASE {ASIDE}",
            f"CREATE TABLE {ASIDE}.was_open SELECT id FROM acg_order WHERE {IS_OPEN}",
            "INSERT INTO acg_order (trade_no, amount, commodity_id, create_time, pay_time, status, secret, contact, delivery_status, rent) "
            f"SELECT LPAD(seq + {last}, 22, '0'), 10, 1 + seq % {GOODS}, NOW(), NOW(), 1, {CODE.format(f'seq + {last}')}, "
            f"CONCAT('buyer', seq, '@mail.example'), 1, 8 FROM seq_1_to_{new}",
            f"UPDATE acg_order SET delivery_status = 1, secret = {CODE.format('id')} WHERE {IS_OPEN} ORDER BY id LIMIT {settled}",
        )

    def now(self) -> datetime:
        """The server's clock, naive."""
        (found,) = self.run("SELECT NOW()")[0]
        assert isinstance(found, datetime)
        return found

    def may_have_changed(self, since: datetime) -> dict[str, int]:
        """How many rows of the large tables are new, were open before `change`, or are younger than ``since``: no more need be read again."""
        return {
            table: int(self.run(f"SELECT count(*) FROM acg_{table} WHERE {where}")[0][0])  # type: ignore[call-overload]
            for table, where in (
                ("order", f"create_time >= '{since}' OR id IN (SELECT id FROM {ASIDE}.was_open)"),
                ("card", f"purchase_time >= '{since}' OR purchase_time IS NULL OR status <> 1"),
            )
        }

    def totals(self) -> list[tuple[object, ...]]:
        """Delivered and open orders that are paid, and their money."""
        return [*self.run("SELECT delivery_status, count(*), sum(amount) FROM acg_order WHERE status = 1 GROUP BY delivery_status ORDER BY delivery_status")]


@contextmanager
def served() -> Iterator[Shop]:
    """A MariaDB on a socket and in a folder of its own, gone when the block ends. Raises FileNotFoundError where none is installed."""
    program = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not program:
        raise FileNotFoundError("mariadbd is not installed")
    place = Path(tempfile.mkdtemp(prefix="km"))
    user = None
    if os.getuid() == 0:
        # It refuses to run as root.
        user, entry = "mysql", pwd.getpwnam("mysql")
        os.chown(place, entry.pw_uid, entry.pw_gid)
    shop, data = Shop(place / "s"), place / "data"
    install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"]
    server = [
        program, "--no-defaults", f"--datadir={data}", f"--socket={shop.socket}", f"--pid-file={place / 'pid'}", "--skip-networking", "--skip-log-bin",
        "--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-buffer-pool-size=1G", "--default-time-zone=+08:00", "--sql-mode=",
    ]  # fmt: skip
    try:
        subprocess.run(install, check=True, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        process = subprocess.Popen(server, user=user, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    shop.run("SELECT 1", database=None)
                    break
                except pymysql.Error:
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise
                    time.sleep(0.1)
            yield shop
        finally:
            process.terminate()
            process.wait(120)
    finally:
        shutil.rmtree(place, ignore_errors=True)
