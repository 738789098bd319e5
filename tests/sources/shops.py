"""Shops in databases laid out as the platforms lay them out, with rows of the tests' own."""

from contextlib import contextmanager
from pathlib import Path

import duckdb

from kmanalysis.sources.address import parse_address
from kmanalysis.sources.description import grants, names_to_look_for, platform
from kmanalysis.sources.pull import pull
from kmanalysis.words import Words
from tests.sources.servers import statements

MARKER = "MARKER"
"""Stands in every text that a pull may not write in clear."""

DUJIAOKA = """
CREATE TABLE goods_group (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, gp_name varchar(200) NOT NULL, is_open tinyint(1) NOT NULL DEFAULT 1, ord int NOT NULL DEFAULT 1,
  created_at timestamp NULL DEFAULT NULL, updated_at timestamp NULL DEFAULT NULL, deleted_at timestamp NULL DEFAULT NULL
) ENGINE=InnoDB;
CREATE TABLE goods (
  id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, group_id int NOT NULL, gd_name varchar(200) NOT NULL, gd_description varchar(200) NOT NULL DEFAULT '',
  gd_keywords varchar(200) NOT NULL DEFAULT '', picture text, retail_price decimal(10,2) DEFAULT 0.00, actual_price decimal(10,2) NOT NULL DEFAULT 0.00,
  in_stock int NOT NULL DEFAULT 0, sales_volume int DEFAULT 0, ord int DEFAULT 1, buy_limit_num int NOT NULL DEFAULT 0, buy_prompt text, description text,
  type tinyint(1) NOT NULL DEFAULT 1, wholesale_price_cnf text, other_ipu_cnf text, api_hook text, is_open tinyint(1) NOT NULL DEFAULT 1,
  created_at timestamp NULL DEFAULT NULL, updated_at timestamp NULL DEFAULT NULL, deleted_at timestamp NULL DEFAULT NULL
) ENGINE=InnoDB;
CREATE TABLE carmis (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY, goods_id int NOT NULL, status tinyint(1) NOT NULL DEFAULT 1, is_loop tinyint(1) NOT NULL DEFAULT 0,
  carmi text NOT NULL, created_at timestamp NULL DEFAULT NULL, updated_at timestamp NULL DEFAULT NULL, deleted_at timestamp NULL DEFAULT NULL,
  KEY idx_goods_id (goods_id)
) ENGINE=InnoDB;
CREATE TABLE orders (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY, order_sn varchar(150) NOT NULL, goods_id int NOT NULL, coupon_id int DEFAULT 0, title varchar(200) NOT NULL,
  type tinyint(1) NOT NULL DEFAULT 1, goods_price decimal(10,2) NOT NULL DEFAULT 0.00, buy_amount int NOT NULL DEFAULT 1,
  coupon_discount_price decimal(10,2) NOT NULL DEFAULT 0.00, wholesale_discount_price decimal(10,2) NOT NULL DEFAULT 0.00,
  total_price decimal(10,2) NOT NULL DEFAULT 0.00, actual_price decimal(10,2) NOT NULL DEFAULT 0.00, search_pwd varchar(200) DEFAULT '',
  email varchar(200) NOT NULL, info text, pay_id int DEFAULT NULL, buy_ip varchar(50) NOT NULL, trade_no varchar(200) DEFAULT '', status tinyint(1) NOT NULL DEFAULT 1,
  coupon_ret_back tinyint(1) NOT NULL DEFAULT 0, created_at timestamp NULL DEFAULT NULL, updated_at timestamp NULL DEFAULT NULL,
  deleted_at timestamp NULL DEFAULT NULL, UNIQUE KEY idx_order_sn (order_sn)
) ENGINE=InnoDB;
"""


class Shop:
    """A shop's database, written to as its platform does, and what a pull makes of it."""

    def __init__(self, name, server, layout, tmp_path):
        self.name, self.server, self.tmp_path = name, server, tmp_path
        self.database = server.new_database()
        with self.writing() as run:
            for statement in statements(layout):
                run(statement)
        described = platform(name)
        self.kind = "mysql" if described.kinds[0] == "mysql" else "postgresql"
        self.grants = grants(described, names_to_look_for(described, None), self.kind)
        self.into = tmp_path / "folder"
        self.numbers = {}

    @contextmanager
    def writing(self):
        with self.server.admin(self.database) as connection, connection.cursor() as cursor:
            yield cursor.execute

    def run(self, *sql):
        with self.writing() as run:
            for statement in sql:
                run(statement)

    def ask(self, sql):
        with self.server.admin(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]

    def add(self, table, **cells):
        """Adds a row; gives its id."""
        quote = "`" if self.kind == "mysql" else '"'
        self.numbers[table] = cells.setdefault("id", self.numbers.get(table, 0) + 1)
        names = ", ".join(f"{quote}{name}{quote}" for name in cells)
        with self.server.admin(self.database) as connection, connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {quote}{table}{quote} ({names}) VALUES ({', '.join(['%s'] * len(cells))})", list(cells.values()))
        return cells["id"]

    @property
    def address(self):
        return self.server.address(self.database)

    def grant(self):
        self.server.granted(self.database, self.grants)

    def pull(self, **options):
        return pull(self.name, parse_address(self.address), self.into, words=Words("en"), **options)

    def kept(self, sql):
        """Rows of a query over the folder's tables."""
        with duckdb.connect() as connection:
            for path in sorted(Path(self.into).glob("*.parquet")):
                connection.execute(f"CREATE VIEW {path.stem} AS FROM '{path}'")
            return connection.execute(sql).fetchall()

    def rules(self, text):
        self.into.mkdir(exist_ok=True)
        (self.into / "suppliers.toml").write_text(text, encoding="utf-8")


class Dujiaoka(Shop):
    """Two groups; times are wall clocks of Shanghai, as its application writes them."""

    def __init__(self, server, tmp_path, layout=DUJIAOKA):
        super().__init__("dujiaoka", server, layout, tmp_path)
        self.grant()
        for number, name in enumerate(("Steam", "Video"), 1):
            self.add("goods_group", gp_name=name, created_at="2026-10-01 08:00:00", updated_at="2026-10-01 08:00:00")
            self.goods(group_id=number)

    def goods(self, **cells):
        at = cells.pop("at", "2026-10-01 09:00:00")
        number = self.numbers.get("goods", 0) + 1
        row = {"group_id": 1, "gd_name": f"Goods {number}", "actual_price": "10.00", "retail_price": "12.00", "created_at": at, "updated_at": at}
        hidden = {name: f"{MARKER}-{name}" for name in ("gd_description", "gd_keywords", "picture", "buy_prompt", "description", "api_hook", "other_ipu_cnf")}
        return self.add("goods", **(row | hidden | cells))

    def card(self, code, at="2026-10-02 08:00:00", sold=None, **cells):
        row = {"goods_id": 1, "carmi": code, "created_at": at, "updated_at": sold or at, "status": 2 if sold else 1}
        return self.add("carmis", **(row | cells))

    def order(self, status=4, at="2026-10-10 12:00:00", changed=None, **cells):
        number = self.numbers.get("orders", 0) + 1
        row = {
            "order_sn": f"SN{number:04}", "goods_id": 1, "title": f"{MARKER}-title", "buy_amount": 1, "actual_price": "10.00", "search_pwd": f"{MARKER}-pwd",
            "email": f"{MARKER}@mail.example", "info": f"{MARKER}-info", "buy_ip": f"{MARKER}-ip", "trade_no": "" if status in (1, -1) else f"{MARKER}-trade",
            "status": status, "created_at": at, "updated_at": changed or at,
        }  # fmt: skip
        return self.add("orders", **(row | cells))
