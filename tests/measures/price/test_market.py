"""The band around the market level, and how many suppliers there are to compare with."""

from decimal import Decimal

import pytest

from kmanalysis.measures.price import market

SKU = "k1"


def quote(supplier: str, at: str, price: str, sku: str = SKU, currency: str = "CNY") -> dict:
    return {"supplier_id": supplier, "sku": sku, "quoted_at": at, "unit_price": price, "currency": currency}


def core(*skus: str) -> list[dict]:
    return [{"sku": sku, "name": f"Card {sku}", "is_core": True} for sku in skus]


def on_last_day(**prices: str) -> list[dict]:
    return [quote(supplier, "2026-10-31 02:00:00", price) for supplier, price in prices.items()]


def values(frame, column: str = "value") -> dict:
    return {(row["measure"].removeprefix("price."), row["supplier_id"]): row[column] for row in frame.to_dict("records")}


# Band share


def test_band_includes_its_edge_and_tells_the_sides_apart(workbook_of):
    # Against the others' median of 10: 10.50 is 5 % above, 9.49 is 5.1 % below, 10.51 is 5.1 % above.
    others = [quote(supplier, f"2026-10-{day} 02:00:00", "10", sku) for supplier in ("a", "b", "c") for sku in ("k1", "k2") for day in (29, 30, 31)]
    judged = [
        quote("s1", "2026-10-29 02:00:00", "10.50"),
        quote("s1", "2026-10-30 02:00:00", "9.49"),
        quote("s1", "2026-10-31 02:00:00", "10.51"),
        quote("s1", "2026-10-31 02:00:00", "10", "k2"),
    ]
    workbook = workbook_of({"products": core("k1", "k2"), "quotes": others + judged})
    found = market.band_share(workbook)
    assert values(found[found["supplier_id"] == "s1"]) == {("band_share", "s1"): 0.5, ("band_share.above", "s1"): 0.25, ("band_share.below", "s1"): 0.25}
    assert values(found, "n")["band_share", "s1"] == 4
    assert set(found["basis"]) == {"census"}
    rows = workbook.rows_of(market.band_share_rows(workbook).filter(lambda rows: rows.supplier_id == "s1").order_by("sku", "day"))
    assert rows["deviation"].tolist() == [0.05, -0.051, 0.051, 0.0]
    assert rows["severity"].tolist() == [0.0, 0.051, 0.051, 0.0]
    assert rows["market_level"].tolist() == [Decimal("10")] * 4
    assert rows["market_suppliers"].tolist() == [4] * 4
    assert rows["name"].tolist() == ["Card k1"] * 3 + ["Card k2"]


def test_band_bounds_take_skus_as_clusters(workbook_of):
    # Two SKUs, one always inside and one always outside: with one degree of freedom nothing is known about the rest.
    others = [quote(supplier, "2026-10-31 02:00:00", "10", sku) for supplier in ("a", "b", "c") for sku in ("k1", "k2")]
    judged = [quote("s1", "2026-10-31 02:00:00", "10", "k1"), quote("s1", "2026-10-31 02:00:00", "20", "k2")]
    found = market.band_share(workbook_of({"products": core("k1", "k2"), "quotes": others + judged}))
    row = found[(found["supplier_id"] == "s1") & (found["measure"] == "price.band_share")].iloc[0]
    assert (row["value"], row["lower"], row["upper"], row["n"]) == (0.5, 0.0, 1.0, 2)


def test_products_that_are_not_core_are_free(workbook_of):
    workbook = workbook_of({"products": [{"sku": SKU, "is_core": False}], "quotes": on_last_day(a="9", b="10", c="11")})
    assert market.band_share(workbook).empty
    workbook = workbook_of({"products": [{"sku": SKU, "is_core": None}], "quotes": on_last_day(a="9", b="10", c="11")})
    assert market.band_share(workbook).empty


def test_chart_frames_of_the_band(workbook_of):
    workbook = workbook_of({"products": core(SKU), "quotes": on_last_day(a="10", b="10", c="12")})
    skus = market.sku_deviations(workbook)
    assert skus[["supplier_id", "days", "within", "above", "below", "median_deviation"]].values.tolist() == [
        ["a", 1, 0, 0, 1, round(10 / 11 - 1, 12)],
        ["b", 1, 0, 0, 1, round(10 / 11 - 1, 12)],
        ["c", 1, 0, 1, 0, 0.2],
    ]
    days = market.daily_deviations(workbook)
    assert days[["supplier_id", "days", "above", "share_within"]].values.tolist() == [["a", 1, 0, 0.0], ["b", 1, 0, 0.0], ["c", 1, 1, 0.0]]
    assert [day.day for day in days["day"]] == [31, 31, 31]
    prices = market.market_prices(workbook)
    assert prices[["sku", "currency", "suppliers", "lowest", "median", "highest"]].values.tolist() == [
        [SKU, "CNY", 3, Decimal("10"), Decimal("10"), Decimal("12")]
    ]


# Monitored peers


def test_monitored_peers_is_the_median_over_sku_days(workbook_of):
    quotes = [
        quote("s1", "2026-10-29 02:00:00", "10"),
        quote("a", "2026-10-30 02:00:00", "10"),
        quote("b", "2026-10-30 02:00:00", "10"),
        quote("c", "2026-10-31 02:00:00", "1.5", currency="USD"),
    ]
    workbook = workbook_of({"quotes": quotes})
    found = market.monitored_peers(workbook)
    # s1 stands alone on the 29th, beside two on the 30th and 31st; c quotes in dollars and stands alone.
    assert values(found) == {("monitored_peers", "a"): 3, ("monitored_peers", "b"): 3, ("monitored_peers", "c"): 1, ("monitored_peers", "s1"): 3}
    assert values(found, "n") == {("monitored_peers", "a"): 2, ("monitored_peers", "b"): 2, ("monitored_peers", "c"): 1, ("monitored_peers", "s1"): 3}
    rows = workbook.rows_of(market.monitored_peers_rows(workbook).order_by("supplier_id"))
    assert rows[["supplier_id", "currency", "days", "fewest_peers", "most_peers", "severity"]].values.tolist() == [
        ["a", "CNY", 2, 3, 3, 0.0],
        ["b", "CNY", 2, 3, 3, 0.0],
        ["c", "USD", 1, 1, 1, 2.0],
        ["s1", "CNY", 3, 1, 3, 2.0],
    ]


@pytest.mark.parametrize("measure", [market.band_share, market.monitored_peers])
def test_no_quotes_no_data(workbook_of, measure):
    assert measure(workbook_of({"suppliers": [{"supplier_id": "s1"}], "products": core(SKU)})).empty
