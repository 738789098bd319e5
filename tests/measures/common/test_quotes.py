"""Standing quotes, and the market level without the judged supplier, against obvious ways of finding them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.common import quotes
from kmanalysis.times import Month

SKU = "k1"


def quote(supplier: str, at: str, price: str, sku: str = SKU, currency: str = "CNY") -> dict:
    return {"supplier_id": supplier, "sku": sku, "quoted_at": at, "unit_price": price, "currency": currency}


def standing(workbook) -> dict[tuple[str, str, int], tuple[str, str]]:
    rows = workbook.rows_of(quotes.standing_quotes(workbook))
    assert not rows.duplicated(["supplier_id", "sku", "day"]).any()
    return {(row.supplier_id, row.sku, row.day.day): (str(row.unit_price), row.currency) for row in rows.itertuples()}


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
    rows = [quote("s1", "2026-10-29 02:00:00", "10"), quote("s1", "2026-10-30 02:00:00", "12"), quote("s1", "2026-10-30 03:00:00", "11")]
    found = standing(workbook_of({"quotes": rows}))
    assert {day: price for (_, _, day), (price, _) in found.items()} == {29: "10.0000", 30: "11.0000", 31: "11.0000"}


def test_quote_in_another_currency_replaces_as_well(workbook_of):
    rows = [quote("s1", "2026-10-29 02:00:00", "70"), quote("s1", "2026-10-31 02:00:00", "10", currency="USD")]
    found = standing(workbook_of({"quotes": rows}))
    assert {day: seen for (_, _, day), seen in found.items()} == {29: ("70.0000", "CNY"), 30: ("70.0000", "CNY"), 31: ("10.0000", "USD")}


def test_validity_is_a_setting(workbook_of):
    workbook = workbook_of({"quotes": [quote("s1", "2026-10-03 04:00:00", "10")]}, standards={"counting.quote_validity": 2})
    assert sorted(day for _, _, day in standing(workbook)) == [3, 4]


# The market level


def levels(workbook) -> dict[str, tuple[Decimal, int, float]]:
    rows = workbook.rows_of(quotes.market_levels(workbook))
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
    rows = workbook.rows_of(quotes.market_levels(workbook))
    found = {(row.supplier_id, row.sku, row.day.day): (float(row.market_level), row.market_suppliers) for row in rows.itertuples()}
    wanted = {}
    for (supplier, sku, day), (_, currency) in expected.items():
        others = [price for (who, what, on), (price, of) in expected.items() if (what, on, of) == (sku, day, currency) and who != supplier]
        if len(others) >= 2:
            wanted[supplier, sku, day] = (median(others), len(others) + 1)
    assert found == wanted


# Moves from month to month


def test_the_own_move_minus_the_peers(workbook_of):
    september = [quote(supplier, "2026-09-01 02:00:00", price) for supplier, price in (("s1", "10"), ("s2", "10"), ("s3", "20"))]
    october = [quote(supplier, "2026-10-01 02:00:00", price) for supplier, price in (("s1", "11"), ("s2", "10.5"), ("s3", "21"))]
    workbook = workbook_of({"quotes": [*september, *october]})
    # One quote on the first day speaks for seven days.
    now, before = quotes.price_levels(workbook), quotes.price_levels(workbook.at(Month(2026, 9)))
    assert now["days"].tolist() == [7, 7, 7]
    assert now.set_index("supplier_id").loc["s1", ["own_level", "market_level"]].tolist() == [11.0, 15.75]
    moves = quotes.sku_moves(now, before).set_index("supplier_id")
    assert moves.loc["s1", ["own_change", "peers_change", "relative_change"]].tolist() == pytest.approx([0.1, 0.05, 0.05])
    # s2's market is the middle of 10 and 20, then of 11 and 21.
    assert moves.loc["s2", ["own_change", "peers_change", "relative_change"]].tolist() == pytest.approx([0.05, 1 / 15, 0.05 - 1 / 15])


def test_only_what_was_priced_in_both_months_in_one_currency_moves():
    columns = ["supplier_id", "sku", "currency", "days", "own_level", "market_level"]
    now = pd.DataFrame([("s1", "k1", "CNY", 3, 10.0, 10.0), ("s1", "k2", "USD", 3, 2.0, 2.0), ("s1", "k3", "CNY", 3, 5.0, 5.0)], columns=columns)
    before = pd.DataFrame([("s1", "k2", "CNY", 3, 14.0, 14.0), ("s1", "k3", "CNY", 3, 4.0, 5.0)], columns=columns)
    moves = quotes.sku_moves(now, before)
    assert moves[["sku", "relative_change"]].to_numpy().tolist() == [["k3", 0.25]]
