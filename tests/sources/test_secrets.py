"""Codes, passwords, keys, e-mail addresses and phone numbers planted in every text column of the platforms: found in nothing that is written or printed.

Kept as they are, because nothing could be shown or joined without them: names of goods, groups and upstream shops (what looks like a contact in them is
digested; a shop shows them to everybody, so no code is looked for there), the platform's own numbers of orders and tickets, and its words for states.
"""

import base64
import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.engine.texts import CACHE_VARIABLE
from kmanalysis.opening import open_workbook
from kmanalysis.report.cache.fingerprints import read_fingerprints
from kmanalysis.report.cache.months import MonthStore
from kmanalysis.report.files import KEPT
from kmanalysis.slices import save_slice
from kmanalysis.sources.address import VARIABLE
from kmanalysis.standards import default_standards
from tests.sources import servers
from tests.sources.markers import PHONE, STEM, assert_nowhere, contents
from tests.sources.shops import Dujiaoka
from tests.sources.test_acg_faka import TAKEN, WAITING, AcgFaka
from tests.sources.test_dujiao_next import PAID, DujiaoNext

ROOT = Path(__file__).parents[2]
NAMES = {
    "dujiaoka": {"goods_group.gp_name", "goods.gd_name"},
    "acg-faka": {"acg_category.name", "acg_commodity.name", "acg_shared.name"},
    "dujiao-next": {"categories.name_json", "site_connections.name", "products.title_json"},
}
"""Shown to everybody: contacts in them are digested."""

AS_THEY_ARE = {
    "dujiaoka": {"orders.order_sn"},
    "acg-faka": {"acg_order.trade_no", "acg_ticket.ticket_no", "acg_ticket.order_trade_no", "acg_order.race", "acg_card.race"},
    "dujiao-next": {
        "orders.order_no", "product_skus.sku_code", "orders.status", "orders.currency", "fulfillments.type", "fulfillments.status", "card_secrets.status",
        "procurement_orders.status", "procurement_orders.currency", "procurement_orders.upstream_currency",
    },
}  # fmt: skip
"""The platform's numbers, its kinds of goods, and its words for states and currencies."""

TEXTS = "char|varchar|text|mediumtext|longtext|json|character varying|character"


def dujiaoka(request, tmp_path):
    shop = Dujiaoka(request.getfixturevalue("mariadb"), tmp_path)
    for number in range(1, 5):
        shop.card("c", sold="2026-10-10 12:00:01")
        shop.order((4, 4, 6, 1)[number - 1], changed="2026-10-10 12:00:01", type=1 + number % 2)
    shop.card("c")
    shop.order(buy_amount=0)
    return shop


def acg_faka(request, tmp_path):
    shop = AcgFaka(request.getfixturevalue("mariadb"), tmp_path)
    shop.add("acg_shared", name="North", domain="d", app_id="i", app_key="k", create_time="2026-10-01 08:00:00")
    shop.goods(shared_id=1, stock=5)
    for secret in ("x", "x", TAKEN, WAITING):
        row = shop.order(secret, commodity_id=1, rent="3.00")
        shop.card("c", sold="2026-10-10 12:00:00", order_id=row, note="n", cost="2.00")
    shop.order("x", commodity_id=2)
    shop.order("x", card_num=0)
    shop.card("c", note="n")
    shop.add("acg_ticket", ticket_no="K1", title="t", type=1, status=2, order_trade_no="T", create_time="2026-10-11 12:00:00")
    shop.add("acg_ticket_message", ticket_id=1, sender_type=1, content="c", create_time="2026-10-11 12:05:00")
    return shop


def dujiao_next(request, tmp_path):
    shop = DujiaoNext(request.getfixturevalue("postgresql"), tmp_path)
    product = shop.product()
    site = shop.upstream(product)
    shop.run(f"UPDATE sku_mappings SET upstream_price = 6; UPDATE site_connections SET last_ping_at = '{PAID}', last_ping_ok = true")
    bought = shop.procurement(shop.order(product=product, quantity=2, delivered=PAID, payload="a\nb", kind="upstream"), site)
    shop.add("reconciliation_jobs", connection_id=site, type="t", status="s", result_json="r")
    shop.add("reconciliation_items", job_id=1, procurement_order_id=bought, local_amount=7, upstream_amount=8, created_at=PAID, remark="r")
    shop.card("c", "used", used_at=PAID, order_id=shop.order(delivered=PAID))
    shop.card("c")
    shop.order(quantity=0)
    return shop


def text_columns(shop):
    """(table, column, longest text) of every column that can hold a text."""
    mine = "DATABASE()" if shop.kind == "mysql" else "'public'"
    rows = shop.ask(f"SELECT table_name, column_name, character_maximum_length, data_type FROM information_schema.columns WHERE table_schema = {mine}")
    return sorted((table, column, length or 1000) for table, column, length, kind in rows if kind in TEXTS.split("|"))


def markers(number, length):
    """A code, an address with a password, an e-mail address and a phone number: what fits of them."""
    fitting = [f"{STEM}{number}-7Q4T-ZX9K", f"https://user:{STEM}{number}@shop.example/?key={STEM}", f"{STEM}{number}@mail.example", f"{PHONE}{number:04}"]
    chosen = fitting[number % len(fitting)]
    return chosen if len(chosen) <= length else f"{STEM}{number}"


def plant(shop):
    """Writes markers into every text column; how many. Where codes stand, each row has one of its own."""
    columns = text_columns(shop)
    assert {f"{table}.{column}" for table, column, _ in columns} > NAMES[shop.name] | AS_THEY_ARE[shop.name]
    quote_name = (lambda name: f"`{name}`") if shop.kind == "mysql" else (lambda name: f'"{name}"')
    for number, (table, column, length) in enumerate(columns):
        place = f"{table}.{column}"
        marker, where = markers(number, length), ""
        if place in AS_THEY_ARE[shop.name]:
            continue
        if place in NAMES[shop.name]:
            marker = f"Card {STEM}{number}@mail.example {PHONE}{number:04}"
        if place == "acg_order.secret":
            # The platform's own phrases decide what became of an order.
            where = f" WHERE secret NOT IN ('{TAKEN}', '{WAITING}')"
        if column.endswith("_json") or column in ("sku", "shared_stock"):
            marker = f'{{"zh-CN": "{marker}", "en-US": "{STEM}{number}@mail.example"}}'
        value = f"'{marker}'"
        if column in ("carmi", "secret", "payload") and table != "acg_order":
            value = f"CONCAT('{STEM}-', id, '-{PHONE}{number:04}')"
        shop.run(f"UPDATE {quote_name(table)} SET {quote_name(column)} = {value}{where}")
    return len(columns)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        pytest.param("dujiaoka", dujiaoka, marks=pytest.mark.skipif(not servers.HAS_MARIADB, reason="mariadbd or PyMySQL is not installed")),
        pytest.param("acg-faka", acg_faka, marks=pytest.mark.skipif(not servers.HAS_MARIADB, reason="mariadbd or PyMySQL is not installed")),
        pytest.param("dujiao-next", dujiao_next, marks=pytest.mark.skipif(not servers.HAS_POSTGRES, reason="PostgreSQL's server is not installed")),
    ],
)
def test_what_is_planted_in_every_text_column_is_found_nowhere(request, tmp_path, monkeypatch, caplog, capfd, name, make):
    caplog.set_level("DEBUG")
    shop = make(request, tmp_path)
    assert plant(shop) > 15
    room = {part: tmp_path / part for part in ("cache", "temporary", "home")}
    for place in room.values():
        place.mkdir()
    if os.environ[CACHE_VARIABLE]:
        # What queries say without the data need not be written again.
        shutil.copytree(os.environ[CACHE_VARIABLE], room["cache"], dirs_exist_ok=True)
    environment = os.environ | {
        VARIABLE: shop.address,  "PYTHONPATH": str(ROOT), CACHE_VARIABLE: str(room["cache"]), "TMPDIR": str(room["temporary"]), "HOME": str(room["home"]),
    }  # fmt: skip
    told = []

    def run(*arguments, expected=0, address=shop.address):
        monkeypatch.setenv(VARIABLE, address)
        done = CliRunner().invoke(app.app, [*map(str, arguments), "--lang", "en"])
        told.append((" ".join(map(str, arguments)), done.stdout + done.stderr))
        assert done.exit_code == expected, done.stderr
        return done.stdout

    def run_alone(*arguments, expected=0):
        """In a process of its own, with all that it leaves elsewhere."""
        command = [sys.executable, "-W", "default", "-m", "kmanalysis", *map(str, arguments)]
        done = subprocess.run(command, cwd=room["home"], env=environment, capture_output=True, text=True, timeout=300, check=False)
        told.append((" ".join(map(str, arguments)), done.stdout + done.stderr))
        assert done.returncode == expected, done.stderr

    into, of_month, out = ("--into", shop.into), ("--data", shop.into, "--month", "2026-10"), tmp_path / "reports"
    run("pull", name, *into, "--plan")
    # An order of no units is rejected, and written out with the reason.
    run_alone("pull", name, *into, expected=1)
    assert (shop.into / "rejected").is_dir()
    shop.rules('tickets_measure_suppliers = true\n[[rule]]\nsupplier = "noted"\nnote = "*ZX9K*"\ncost = "1.5"\n[[rule]]\nsupplier = "rest"\n')
    run("pull", name, *into, expected=1)
    for form in ("table", "csv", "json"):
        assert "rest" in run("score", *of_month, "--format", form)
    for form in ("csv", "json"):
        run("exceptions", *of_month, "--format", form)
    run("check", "--data", shop.into, expected=0)
    run("forms", "--data", shop.into, "--out", tmp_path / "forms.xlsx")
    run_alone("report", *of_month, "--out", out, "--jobs", 1)
    save_slice(tmp_path / "slice", workbook := kept_workbook(shop.into, out), finished_frames(workbook), workbook.suppliers)
    # Runs that fail: a database that is not there, a password that is none, another platform, rules that cannot be read, a form of its own.
    run("pull", name, *into, expected=1, address=shop.address.replace(shop.database, "nowhere"))
    run("pull", name, *into, expected=1, address=shop.address.replace(servers.PASSWORD, f"{STEM}-wrong"))
    run("pull", name, *into, expected=2, address=f"mysql:/user:{STEM}@host")
    other = "acg-faka" if name == "dujiaoka" else "dujiaoka"
    run("pull", other, *into, expected=2 if name == "dujiao-next" else 1)
    shop.rules("[[rule]]\nsupplier = 5 5")
    run("pull", name, *into, expected=1)
    printed = capfd.readouterr()
    found = [*contents(tmp_path), *told, ("stdout", printed.out), ("stderr", printed.err), ("log", caplog.text)]
    assert_nowhere(found)
    # What a shop shows is there, without what looks like a contact in it: so these files have been read.
    shown = {place for place, text in found if "Card kd1:" in text}
    for place in ("10_market.html", "scorecard.xlsx"):
        assert out / "2026-10" / place in shown
    assert {path.relative_to(tmp_path).parts[0] for path in shown if isinstance(path, Path)} >= {"folder", "reports", "slice"}


def kept_workbook(folder, out):
    """October of a folder by what a report has kept of it."""
    store = MonthStore(out / KEPT, read_fingerprints(folder), default_standards())
    return open_workbook(folder, "2026-10", frames=store.frames, shelf=store)


@pytest.mark.parametrize("before", ["", "a", "ab", "card: "])
@pytest.mark.parametrize("hidden", [f"{STEM}7-7Q4T", f"{PHONE}0007", servers.PASSWORD])
def test_the_search_finds_what_is_encoded(tmp_path, before, hidden):
    text = f"{before}{hidden} and more"
    for written in (text, quote(text), base64.b64encode(text.encode()).decode(), base64.urlsafe_b64encode(text.encode()).decode(), text.upper()):
        with pytest.raises(AssertionError):
            assert_nowhere([("here", written)])
    rows = pa.table({"name": [text]})
    pq.write_table(rows, tmp_path / "a.parquet", compression="zstd")
    with pa.OSFile(str(tmp_path / "b.arrows"), "wb") as file:
        for _ in range(2):
            with pa.ipc.new_stream(file, rows.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
                stream.write_table(rows)
                rows = pa.table({"name": ["nothing"]})
    pd.DataFrame({"name": [text]}).to_excel(tmp_path / "c.xlsx", index=False)
    (tmp_path / "d.html").write_text("".join(f"&#{ord(letter)};" for letter in text), encoding="utf-8")
    (tmp_path / "e.gz").write_bytes(gzip.compress(text.encode()))
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(AssertionError):
            assert_nowhere((place, said) for place, said in contents(tmp_path) if place == path)
