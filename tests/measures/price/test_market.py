"""Standing quotes, the market level without the judged supplier, and what is measured against it."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.price import market

SKU = "k1"


def quote(supplier: str, at: str, price: str, sku: str = SKU, currency: str = "CNY") -> dict:
    return {"supplier_id": supplier, "sku": sku, "quoted_at": at, "unit_price": price, "currency": currency}


def core(*skus: str) -> list[dict]:
    return [{"sku": sku, "name": f"Card {sku}", "is_core": True} for sku in skus]


def standing(workbook) -> dict[tuple[str, str, int], tuple[str, str]]:
    rows = workbook.rows_of(market.standing_quotes(workbook))
    assert not rows.duplicated(["supplier_id", "sku", "day"]).any()
    return {(row.supplier_id, row.sku, row.day.day): (str(row.unit_price), row.currency) for row in rows.itertuples()}


def values(frame, column: str = "value") -> dict:
    return {(row["measure"].removeprefix("price."), row["supplier_id"]): row[column] for row in frame.to_dict("records")}


# Standing quotes


def test_quote_speaks_for_seven_days(workbook_of):
    found = standing(workbook_of({"quotes": [quote("s1", "2026-10-03 04:00:00", "10")]}))
    assert sorted(day for _, _, day in found) == [3, 4, 5, 6, 7, 8, 9]


def test_quote_of_last_month_speaks_into_this_one(workbook_of):
    found = standing(workbook_of({"quotes": [quote("s1", "2026-09-26 04:00:00", "10")]}))
    assert sorted(day for _, _, day in found) == [1, 2]


def test_quote_too_old_for_the_month_says_nothing(workbook_of):
    assert standing(workbook_of({"quotes": [quote("s1", "2026-09-24 04:00:00", "10")]})) == {}


def test_quote_of_next_month_says_nothing(workbook_of):
    # 16:00 UTC on the last day is the first instant of November in Shanghai.
    found = standing(workbook_of({"quotes": [quote("s1", "2026-10-31 16:00:00", "10"), quote("s2", "2026-10-31 15:59:59", "11")]}))
    assert found == {("s2", SKU, 31): ("11.0000", "CNY")}


def test_day_is_the_local_one(workbook_of):
    found = standing(workbook_of({"quotes": [quote("s1", "2026-10-30 16:00:00", "10")]}))
    assert found == {("s1", SKU, 31): ("10.0000", "CNY")}


def test_next_quote_replaces_the_last_and_the_last_of_a_day_speaks(workbook_of):
    quotes = [quote("s1", "2026-10-29 02:00:00", "10"), quote("s1", "2026-10-30 02:00:00", "12"), quote("s1", "2026-10-30 03:00:00", "11")]
    found = standing(workbook_of({"quotes": quotes}))
    assert {day: price for (_, _, day), (price, _) in found.items()} == {29: "10.0000", 30: "11.0000", 31: "11.0000"}


def test_quote_in_another_currency_replaces_as_well(workbook_of):
    quotes = [quote("s1", "2026-10-29 02:00:00", "70"), quote("s1", "2026-10-31 02:00:00", "10", currency="USD")]
    found = standing(workbook_of({"quotes": quotes}))
    assert {day: seen for (_, _, day), seen in found.items()} == {29: ("70.0000", "CNY"), 30: ("70.0000", "CNY"), 31: ("10.0000", "USD")}


def test_validity_is_a_setting(workbook_of):
    workbook = workbook_of({"quotes": [quote("s1", "2026-10-03 04:00:00", "10")]}, standards={"counting.quote_validity": 2})
    assert sorted(day for _, _, day in standing(workbook)) == [3, 4]


# The market level


def levels(workbook) -> dict[str, tuple[Decimal, int, float]]:
    rows = workbook.rows_of(market.market_levels(workbook))
    return {f"{row.supplier_id} {row.day:%d}": (row.market_level, row.market_suppliers, row.deviation) for row in rows.itertuples()}


def on_last_day(**prices: str) -> list[dict]:
    return [quote(supplier, "2026-10-31 02:00:00", price) for supplier, price in prices.items()]


def test_level_is_the_median_of_the_others(workbook_of):
    found = levels(workbook_of({"quotes": on_last_day(a="9", b="10", c="11", d="20")}))
    assert found == {
        "a 31": (Decimal("11"), 4, round(9 / 11 - 1, 12)),
        "b 31": (Decimal("11"), 4, round(10 / 11 - 1, 12)),
        "c 31": (Decimal("10"), 4, 0.1),
        "d 31": (Decimal("10"), 4, 1.0),
    }


def test_level_between_two_others_keeps_half_a_last_place(workbook_of):
    found = levels(workbook_of({"quotes": on_last_day(a="10", b="10.0001", c="9")}))
    assert found["c 31"][0] == Decimal("10.00005")


def test_two_suppliers_make_no_market(workbook_of):
    assert levels(workbook_of({"quotes": on_last_day(a="9", b="10")})) == {}


def test_currencies_make_markets_of_their_own(workbook_of):
    dollars = [quote(supplier, "2026-10-31 02:00:00", "2", currency="USD") for supplier in ("d", "e")]
    assert levels(workbook_of({"quotes": [*on_last_day(a="9", b="10"), *dollars]})) == {}
    third = [*on_last_day(a="9", b="10", c="11"), *dollars]
    assert set(levels(workbook_of({"quotes": third}))) == {"a 31", "b 31", "c 31"}


def test_market_given_away_is_no_yardstick(workbook_of):
    assert set(levels(workbook_of({"quotes": on_last_day(a="9", b="0", c="0")}))) == {"b 31", "c 31"}


NEXT_FOLDER = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

moments = st.builds(
    lambda days, hours: datetime(2026, 9, 22) + timedelta(days=days, hours=hours), st.integers(min_value=0, max_value=42), st.sampled_from([1, 15, 16, 23])
)
quotes_seen = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from(["k1", "k2"]), moments, st.integers(min_value=1, max_value=5), st.sampled_from(["CNY", "CNY", "USD"])),
    min_size=1,
    max_size=60,
    unique_by=lambda seen: seen[:3],
)


def obvious_standing(seen) -> dict[tuple[str, str, int], tuple[int, str]]:
    """Day by day: the last quote up to that day's end, unless it is older than seven days."""
    found = {}
    for supplier, sku in {(one[0], one[1]) for one in seen}:
        for number in range(1, 32):
            day = date(2026, 10, number)
            local = [(at + timedelta(hours=8), price, currency) for who, what, at, price, currency in seen if (who, what) == (supplier, sku)]
            before = sorted(one for one in local if one[0].date() <= day)
            if before and (day - before[-1][0].date()).days < 7:
                found[supplier, sku, number] = before[-1][1:]
    return found


@NEXT_FOLDER
@given(quotes_seen)
def test_standing_quotes_and_levels_equal_the_obvious_ones(workbook_of, seen):
    workbook = workbook_of({"quotes": [quote(who, at.isoformat(" "), str(price), sku, currency) for who, sku, at, price, currency in seen]})
    expected = obvious_standing(seen)
    assert standing(workbook) == {key: (f"{price}.0000", currency) for key, (price, currency) in expected.items()}
    rows = workbook.rows_of(market.market_levels(workbook))
    found = {(row.supplier_id, row.sku, row.day.day): (float(row.market_level), row.market_suppliers) for row in rows.itertuples()}
    wanted = {}
    for (supplier, sku, day), (_, currency) in expected.items():
        others = [price for (who, what, on), (price, of) in expected.items() if (what, on, of) == (sku, day, currency) and who != supplier]
        if len(others) >= 2:
            wanted[supplier, sku, day] = (median(others), len(others) + 1)
    assert found == wanted


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
