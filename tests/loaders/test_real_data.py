"""The committed mappings on data that nobody here made. The data are not in the repository: where they are absent, these tests skip."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.cleaning import normal_key

PROJECT = Path(__file__).parents[2]
DATA = PROJECT.parent / "shared" / "data"
EXAMPLES = PROJECT / "examples"
SHOPS = {"steam": 3531, "xbox": 1500, "instantgaming": 998, "loaded": 130, "epicgames": 899, "gog": 3000}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real data sets are not beside this checkout")


@pytest.fixture(scope="module")
def scms(tmp_path_factory):
    into = tmp_path_factory.mktemp("scms")
    return load([DATA / "scms" / "SCMS_Delivery_History_Dataset.csv"], EXAMPLES / "scms.toml", into), into


@pytest.fixture(scope="module")
def key_shops(tmp_path_factory):
    into = tmp_path_factory.mktemp("key_shops")
    files = {shop: DATA / "key_shops" / f"cleaned_{shop}.csv" for shop in SHOPS}
    found = load([files[shop] for shop in SHOPS if shop != "gog"], EXAMPLES / "key_shops.toml", into)
    gog = load([files["gog"]], EXAMPLES / "key_shops_gog.toml", into)
    return [*found.receipts, *gog.receipts], pd.concat([found.rejects, gog.rejects]), into


def query(into, table, sql):
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW {table} AS FROM read_parquet('{into / table}.parquet')")
    return connection.execute(sql).fetchone()


def test_scms_receipts_add_up_to_the_rows_of_the_file(scms):
    found, _ = scms
    assert {(receipt.table, receipt.read) for receipt in found.receipts} == {(table, 10_324) for table in ("suppliers", "products", "quotes", "orders")}
    kept = {receipt.table: (receipt.new, receipt.rejected) for receipt in found.receipts}
    assert kept["suppliers"] == (73, {})
    assert kept["orders"] == (10_324, {})
    assert kept["quotes"][1] == {"key_repeated": 287}


def test_scms_figures(scms):
    found, into = scms
    assert query(
        into, "orders", "SELECT sum(amount), count(*) FILTER (delivered_at > promised_at), count(*) FILTER (delivered_at < ordered_at) FROM orders"
    ) == (
        Decimal("1627584457.2900"),
        1186,
        5,
    )
    assert query(into, "orders", "SELECT count(*) FROM (SELECT 1 FROM orders GROUP BY supplier_id HAVING count(*) >= 50)") == (17,)
    shares = "SELECT sum(amount)::DOUBLE AS value, (SELECT sum(amount)::DOUBLE FROM orders) AS total FROM orders GROUP BY supplier_id"
    hhi = query(into, "orders", f"SELECT round(sum(power(value / total * 100, 2)), 2) FROM ({shares})")
    assert hhi == (4602.02,)
    (orders,) = [receipt for receipt in found.receipts if receipt.table == "orders"]
    assert orders.doubts == {"out_of_order": 5, "zero_cost": 17}


def test_key_shops_receipts_add_up_to_the_rows_of_the_files(key_shops):
    receipts, _, _ = key_shops
    assert {receipt.file: receipt.read for receipt in receipts if receipt.table == "quotes"} == {f"cleaned_{shop}.csv": rows for shop, rows in SHOPS.items()}
    assert sum(receipt.read for receipt in receipts if receipt.table == "quotes") == 10_058


def test_71_titles_are_sold_in_three_shops_or_more(key_shops):
    receipts, rejects, into = key_shops
    offers = set(duckdb.connect().execute(f"SELECT sku, supplier_id FROM read_parquet('{into / 'quotes'}.parquet')").fetchall())
    assert in_three_shops(offers) == 62
    # The 98 titles that stand without a price give no quote, but they are on sale.
    without_price = rejects[rejects["reason"] == "empty"]
    assert len(without_price) == sum(receipt.rejected.get("empty", 0) for receipt in receipts) == 98
    for file, lines in without_price.groupby("file")["line"]:
        raw = pd.read_csv(DATA / "key_shops" / file, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        rows = raw.iloc[lines.to_numpy() - 2]
        titles = rows["title"].str.replace(r"(?i)\s+-\s+PC\b.*$", "", regex=True).map(normal_key)
        offers |= set(zip(titles, rows["store" if "store" in raw else "source"], strict=True))
    assert in_three_shops(offers) == 71


def in_three_shops(offers):
    sellers = Counter(title for title, _ in offers)
    return sum(count >= 3 for count in sellers.values())


def test_prices_are_dollars_and_the_stamps_are_kept(key_shops):
    _, _, into = key_shops
    assert query(into, "quotes", "SELECT count(DISTINCT currency), min(currency) FROM quotes") == (1, "USD")
    assert query(into, "quotes", "SELECT min(quoted_at)::VARCHAR, max(quoted_at)::VARCHAR FROM quotes WHERE supplier_id = 'xbox'")[0].startswith(
        "2025-11-17 12:38:06.324167"
    )
    assert query(into, "quotes", "SELECT DISTINCT quoted_at::VARCHAR FROM quotes WHERE supplier_id = 'gog'") == ("2025-11-18 12:00:00",)
