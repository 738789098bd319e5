"""From an empty folder and a database's address to an open report: what an operator types, and what the first page says."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from tests.sources.servers import SQLite
from tests.sources.test_dujiao_next import DujiaoNext

MONTH = "2026-10"
REPEATED = {"AGAIN-1": 3, "AGAIN-2": 2, "AGAIN-3": 2}
"""The codes of the bad supplier that are issued more than once, and how often."""


def planted(tmp_path):
    """A shop of two groups of goods. North, who is bad, repeats codes and leaves orders open; one of its goods is sold below what it costs."""
    shop = DujiaoNext(SQLite(tmp_path), tmp_path)
    with shop.many():
        shop.add("categories", slug="n", name_json='{"zh-CN": "北方货源"}')
        good, bad, losing = 1, *(shop.product(category_id=2, title_json=f'{{"zh-CN": "北方商品 {number}"}}') for number in (1, 2))
        again = [code for code, times in REPEATED.items() for _ in range(times)]
        for number in range(240):
            product = (good, bad, losing)[number % 3]
            paid = datetime(2026, 10, 1, 8) + timedelta(hours=3 * number)
            is_open = product == bad and number % 8 == 1
            done = {} if is_open else {"delivered": stamp(paid + timedelta(seconds=20))}
            sold = {"item": {"cost_price": "12.50" if product == losing else "6.00"}, "updated_at": stamp(paid), **done}
            total = "15.00" if product == losing and number % 4 else "10.00"
            order = shop.order("paid" if is_open else "delivered", stamp(paid), product, total_amount=total, **sold)
            if not is_open:
                code = again.pop() if product == bad and again else f"CODE-{number}"
                used = {"used_at": done["delivered"], "order_id": order, "product_id": product, "sku_id": product}
                shop.card(code, "used", created_at="2026-10-01 06:00:00+08:00", **used)
    return shop


def stamp(moment):
    return f"{moment}+08:00"


@pytest.fixture
def typed(monkeypatch, tmp_path):
    """Runs commands as they are typed; ``typed.count`` of them so far."""

    def run(line):
        run.count += 1
        done = CliRunner().invoke(app.app, line.split())
        assert done.exit_code == 0, done.output
        return done.stdout

    run.count = 0
    monkeypatch.chdir(tmp_path)
    return run


def lines_of(page):
    """The first page's lines as they read, by their headings."""
    inside = re.search(r'<dl class="lines".*?</dl>', page, re.DOTALL).group()
    found = [[" ".join(re.sub("<[^>]+>", " ", part).split()) for part in line.split("</dt>")] for line in inside.split("<dt>")[1:]]
    return dict(found)


def test_a_database_becomes_a_report_whose_first_page_names_what_is_wrong(tmp_path, typed, monkeypatch):
    shop = planted(tmp_path)
    monkeypatch.setenv("KMANALYSIS_DATABASE", shop.address)
    typed("pull dujiao-next --into shop")
    # The rules that the pull drafted are taken as they are. One page of all stands for the report: the first page is the same.
    told = typed(f"report --data shop --month {MONTH} --out out --notebook 12_exceptions --jobs 1")
    assert typed.count <= 4
    page = lines_of((tmp_path / told.strip()).read_text(encoding="utf-8"))

    orders = "FROM orders o JOIN order_items i ON i.order_id = o.id"
    ((lost, losing),) = shop.ask(f"SELECT sum(i.cost_price - o.total_amount), count(*) {orders} WHERE i.cost_price > o.total_amount")
    ((paid, undelivered),) = shop.ask("SELECT sum(total_amount), count(*) FROM orders WHERE status = 'paid'")
    ((repeats,),) = shop.ask("SELECT sum(times - 1) FROM (SELECT count(*) AS times FROM card_secrets GROUP BY secret)")
    at_stake = Decimal(str(lost)) + Decimal(str(paid)) + 10 * repeats
    assert page["异常"].startswith(f"共 {losing + undelivered + repeats} 项，涉及 ¥{at_stake:.2f} 北方货源 ")
    assert page["异常"].endswith(f"· ¥{at_stake:.2f}")
    assert page["重复卡密"] == f"{len(REPEATED)} 张卡密被重复发出，共 {sum(REPEATED.values()) - len(REPEATED)} 次。"
    assert page["亏本商品"] == f"北方商品 2（SKU 3）：{losing} 单亏 ¥{lost:.2f}"
    # Nobody is graded: what the orders show comes before who rose and fell.
    assert list(page)[:3] == ["异常", "重复卡密", "亏本商品"]
