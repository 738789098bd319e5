"""Shops in databases laid out as the platforms lay them out, with rows of the tests' own."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import duckdb

from kmanalysis.loaders.folder import table_files
from kmanalysis.sources.address import parse_address
from kmanalysis.sources.description import grants, names_to_look_for, platform
from kmanalysis.sources.pull import pull
from kmanalysis.words import Words
from tests.sources.servers import MariaDB, statements

MARKER = "MARKER"
"""Stands in every text that a pull may not write in clear."""


def layout(name):
    """A script that makes a platform's tables."""
    return (Path(__file__).parent / "layouts" / f"{name}.sql").read_text(encoding="utf-8")


DUJIAOKA = layout("dujiaoka")


class Shop:
    """A shop's database, written to as its platform does, and what a pull makes of it."""

    def __init__(self, name, server, script, tmp_path):
        self.name, self.server, self.tmp_path = name, server, tmp_path
        self.database = server.new_database()
        with self.writing() as run:
            for statement in statements(script):
                run(statement)
        described = platform(name)
        self.kind = "mysql" if isinstance(server, MariaDB) else "postgresql"
        self.grants = grants(described, names_to_look_for(described, None), self.kind)
        self.into = tmp_path / "folder"
        self.numbers = {}
        self.write = None

    @contextmanager
    def writing(self):
        with self.server.admin(self.database) as connection, connection.cursor() as cursor:
            yield cursor.execute

    @contextmanager
    def many(self):
        """Rows are added through one connection."""
        with self.writing() as self.write:
            yield
        self.write = None

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
        statement = f"INSERT INTO {quote}{table}{quote} ({names}) VALUES ({', '.join(['%s'] * len(cells))})"
        if self.write:
            self.write(statement, list(cells.values()))
        else:
            with self.writing() as write:
                write(statement, list(cells.values()))
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
            for name, files in table_files(Path(self.into)).items():
                connection.execute(f"CREATE VIEW {name} AS FROM read_parquet({[str(path) for path in files]})")
            return connection.execute(sql).fetchall()

    def stands_as_pulled_anew(self, *names):
        """Whether these tables are those that a first pull makes of the database as it is now, by the same rules."""
        kept, self.into = self.into, self.into.with_name("anew")
        shutil.rmtree(self.into, ignore_errors=True)
        self.into.mkdir()
        for name in (".kmanalysis-key", "suppliers.toml"):
            shutil.copy(kept / name, self.into / name)
        self.pull()
        anew = {name: self.kept(f"FROM {name} ORDER BY ALL") for name in names}
        self.into = kept
        found = {name: self.kept(f"FROM {name} ORDER BY ALL") for name in names}
        assert found == anew
        return True

    def rules(self, text):
        self.into.mkdir(exist_ok=True)
        (self.into / "suppliers.toml").write_text(text, encoding="utf-8")


class Dujiaoka(Shop):
    """Two groups; times are wall clocks of Shanghai, as its application writes them."""

    def __init__(self, server, tmp_path, script=DUJIAOKA):
        super().__init__("dujiaoka", server, script, tmp_path)
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
