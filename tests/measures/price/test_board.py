"""The price board on literal rows, and against an obvious way of finding every cell of it."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.price.board import COLUMNS, board

DAY = "2026-10-30 02:00:00"
PLACE = Decimal("0.0001")


def quotes_of(sku="k1", at=DAY, currency="CNY", **prices):
    return [{"supplier_id": supplier, "sku": sku, "quoted_at": at, "unit_price": price, "currency": currency} for supplier, price in prices.items()]


def purchase(number, supplier="s1", **more):
    row = {"purchase_id": f"p{number}", "supplier_id": supplier, "purchased_at": DAY, "quantity": 10, "received_quantity": 10}
    return row | {"list_amount": "100", "paid_amount": "100"} | more


def by_supplier(workbook):
    found = board(workbook)
    assert list(found.columns) == list(COLUMNS)
    assert not found.duplicated(["supplier", "sku"]).any()
    return found.set_index("supplier")


def test_quotes_are_compared_with_the_others(workbook_of):
    found = by_supplier(workbook_of({"quotes": quotes_of(s1="9", s2="10", s3="10", s4="12")}))
    assert list(found.index) == ["s1", "s2", "s3", "s4"]
    assert found["is_cheapest"].tolist() == [True, False, False, False]
    assert found["market_level"].tolist() == [Decimal(10), Decimal(10), Decimal(10), Decimal(10)]
    assert found["mean_level"].tolist() == [Decimal("10.6667"), Decimal("10.3333"), Decimal("10.3333"), Decimal("9.6667")]
    assert found["deviation"].tolist() == [-0.1, 0.0, 0.0, 0.2]
    assert found["is_outside"].tolist() == [True, False, False, True]
    assert found["market_suppliers"].tolist() == [4, 4, 4, 4]


def test_exactly_on_the_edge_is_within_the_band(workbook_of):
    found = by_supplier(workbook_of({"quotes": quotes_of(s1="9.5", s2="10", s3="10", s4="10.5")}))
    assert found["is_outside"].tolist() == [False, False, False, False]


def test_two_suppliers_make_no_market(workbook_of):
    found = by_supplier(workbook_of({"quotes": quotes_of(s1="9", s2="10")}))
    assert found[["market_level", "mean_level", "deviation", "is_outside"]].isna().all(axis=None)
    assert found["is_cheapest"].tolist() == [True, False]


def test_two_that_ask_the_same_are_both_the_cheapest_and_nothing_is_no_price(workbook_of):
    assert by_supplier(workbook_of({"quotes": quotes_of(s1="9", s2="9", s3="0")}))["is_cheapest"].to_dict() == {"s1": True, "s2": True, "s3": False}


def test_only_what_stands_on_the_last_day_is_shown_with_its_age(workbook_of):
    rows = [
        *quotes_of(at="2026-10-24 15:00:00", s1="9"),  # the 24th: no more on the 31st
        *quotes_of(at="2026-10-24 16:00:00", s2="9"),  # the 25th in Shanghai: its last day
        *quotes_of(at="2026-10-20 16:00:00", s3="9"),
        *quotes_of(at="2026-10-31 15:59:59", s3="8"),
        *quotes_of(at="2026-10-31 16:00:00", s3="7"),  # November
    ]
    found = by_supplier(workbook_of({"quotes": rows}))
    assert found["age_days"].to_dict() == {"s2": 6, "s3": 0}
    assert found.loc["s3", "unit_price"] == Decimal(8)


def test_currencies_are_never_compared(workbook_of):
    rows = [*quotes_of(s1="9", s2="10", s3="11"), *quotes_of(currency="USD", s4="2", s5="3")]
    order = {"order_id": "o1", "ordered_at": DAY, "amount": "5", "currency": "USD"}
    found = by_supplier(workbook_of({"quotes": rows, "orders": [order], "purchases": [purchase(1, "s4", paid_amount="10")]}))
    assert found["is_cheapest"].to_dict() == {"s1": True, "s2": False, "s3": False, "s4": True, "s5": False}
    assert found["market_level"].notna().to_dict() == {"s1": True, "s2": True, "s3": True, "s4": False, "s5": False}
    assert found["own_price"].notna().to_dict() == {"s1": False, "s2": False, "s3": False, "s4": True, "s5": True}
    # It was bought in CNY and is quoted in USD.
    assert found["landed_unit_cost"].isna().all()


def test_the_landed_cost_counts_fees_and_what_came(workbook_of):
    tables = {
        "quotes": quotes_of(s1="9", s2="9"),
        "purchases": [purchase(1, received_quantity=8), purchase(2, received_quantity=None, paid_amount="50"), purchase(3, "s2", received_quantity=0)],
        "fees": [{"fee_id": "f1", "purchase_id": "p1", "charged_at": DAY, "amount": "4", "is_disclosed": "false"}],
    }
    workbook = workbook_of(tables)
    found = by_supplier(workbook)
    assert found["landed_unit_cost"].isna().to_dict() == {"s1": False, "s2": True}
    assert found.loc["s1", "landed_unit_cost"] == Decimal(13)
    # Without fees in the folder nobody knows what the goods really cost.
    workbook = workbook_of(tables)
    workbook.attached = replace(workbook.attached, given={name: columns for name, columns in workbook.attached.given.items() if name != "fees"})
    assert by_supplier(workbook)["landed_unit_cost"].isna().all()


@pytest.mark.parametrize(("listed", "share"), [("500", None), ("500.01", 0.05), ("1000", 0.05), ("1000.01", 0.08)])
def test_the_tier_is_the_highest_that_the_month_exceeds(workbook_of, listed, share):
    def tier(threshold, share, **more):
        return {"threshold_amount": threshold, "discount_share": share, "applies_to": "part_above", "valid_from": "2026-01-01"} | more

    tiers = [tier("500", 0.05), tier("1000", 0.08), tier("100", 0.5, valid_to="2026-10-30"), tier("200", 0.5, valid_from="2026-11-01")]
    found = by_supplier(workbook_of({"quotes": quotes_of(s1="9"), "discount_tiers": tiers, "purchases": [purchase(1, list_amount=listed)]}))
    told = found.loc["s1", "discount_share"]
    assert (None if pd.isna(told) else told) == share
    assert pd.isna(told) == pd.isna(found.loc["s1", "applies_to"])


def order(number, amount, **more):
    return {"order_id": f"o{number}", "ordered_at": DAY, "amount": amount, "supplier_id": "s9"} | more


def test_the_own_price_is_what_buyers_paid_whoever_served_them(workbook_of):
    orders = [order(1, "20", quantity=2), order(2, "9.9"), order(3, "99", status="refunded"), order(4, "1", ordered_at="2026-09-30 15:59:59")]
    listing = {"listed_from": "2026-01-01", "suggested_retail_price": "99", "currency": "CNY"}
    found = by_supplier(workbook_of({"quotes": quotes_of(s1="9.95", s2="9.96"), "orders": orders, "listings": [listing]}))
    assert found["own_price"].tolist() == [Decimal("9.95")] * 2
    assert found["own_price_source"].tolist() == ["orders"] * 2
    assert found["is_loss"].tolist() == [False, True]


def test_where_none_was_sold_it_is_the_suggested_price_in_force(workbook_of):
    listings = [
        {"listed_from": "2026-01-01", "suggested_retail_price": "8"},
        {"listed_from": "2026-02-01", "suggested_retail_price": "8.5"},
        {"listed_from": "2026-03-01", "listed_to": "2026-10-30", "suggested_retail_price": "20"},
        {"listed_from": "2026-04-01", "suggested_retail_price": None},
    ]
    listings = [row | {"currency": "CNY"} for row in listings] + [{"listed_from": "2026-05-01", "suggested_retail_price": "1", "currency": "USD"}]
    found = by_supplier(workbook_of({"quotes": quotes_of(s1="9", s2="9"), "listings": listings}))
    assert found.loc["s1", ["own_price", "own_price_source", "is_loss"]].tolist() == [Decimal("8.5"), "listings", True]
    assert found.loc["s2", ["own_price", "own_price_source", "is_loss"]].isna().all()


def test_a_loss_is_one_against_the_landed_cost_where_that_is_known(workbook_of):
    tables = {"quotes": quotes_of(s1="9", s2="9"), "orders": [order(1, "9.5")], "purchases": [purchase(1), purchase(2, "s2", paid_amount="95")]}
    assert by_supplier(workbook_of(tables))["is_loss"].to_dict() == {"s1": True, "s2": False}


def test_without_quotes_there_is_no_board(workbook_of):
    workbook = workbook_of({"orders": [order(1, "9.5")]})
    assert list(board(workbook).columns) == list(COLUMNS)
    workbook.attached = replace(workbook.attached, given={name: columns for name, columns in workbook.attached.given.items() if name != "quotes"})
    assert board(workbook).empty


# Against an obvious way

suppliers, skus, currencies = st.sampled_from("abcde"), st.sampled_from(["k1", "k2"]), st.sampled_from(["CNY", "CNY", "USD"])
cents = st.integers(min_value=1, max_value=4000).map(lambda number: str(Decimal(number) / 100))
moments = st.builds(lambda days, hours: datetime(2026, 10, 18) + timedelta(days=days, hours=hours), st.integers(0, 15), st.sampled_from([1, 15, 16]))
quotes_seen = st.lists(st.tuples(suppliers, skus, moments, cents, currencies), min_size=1, max_size=30, unique_by=lambda one: one[:3])
bought = st.lists(st.tuples(suppliers, skus, cents, currencies, st.sampled_from([None, 0, 3, 10]), st.sampled_from([None, "0.07", "3"])), max_size=8)
sold = st.lists(st.tuples(skus, cents, st.integers(1, 7), currencies, st.sampled_from(["delivered", "pending", "failed"])), max_size=12)
tiers_seen = st.lists(st.tuples(suppliers, st.sampled_from(["0", "10", "20"]), currencies), max_size=6, unique_by=lambda one: one[:2])


def obvious(seen, purchases, orders, tiers):
    """Every cell that is worked out, by supplier and SKU."""
    standing = {}
    for supplier, sku in {one[:2] for one in seen}:
        local = sorted((at + timedelta(hours=8), Decimal(price), currency) for who, what, at, price, currency in seen if (who, what) == (supplier, sku))
        past = [one for one in local if one[0].date() <= date(2026, 10, 31)]
        if past and (date(2026, 10, 31) - past[-1][0].date()).days < 7:
            standing[supplier, sku] = past[-1]
    found = {}
    for (supplier, sku), (at, price, currency) in standing.items():
        alike = {who: one[1] for (who, what), one in standing.items() if what == sku and one[2] == currency}
        others = [asked for who, asked in alike.items() if who != supplier]
        level = median(others) if len(alike) >= 3 else None
        mean = (sum(others) / len(others)).quantize(PLACE, ROUND_HALF_UP) if level is not None else None
        mine = [one for one in purchases if (one[0], one[1], one[3]) == (supplier, sku, currency) and one[4] is not None]
        units = sum(one[4] for one in mine)
        landed = (sum(Decimal(one[2]) + Decimal(one[5] or 0) for one in mine) / units).quantize(PLACE, ROUND_HALF_UP) if units else None
        listed = sum(Decimal(one[2]) for one in purchases if (one[0], one[3]) == (supplier, currency))
        reached = [Decimal(threshold) for who, threshold, of in tiers if (who, of) == (supplier, currency) and listed > Decimal(threshold)]
        units_sold = [
            int(Decimal(amount) * 10_000) // count for what, amount, count, of, status in orders if (what, of) == (sku, currency) and status != "failed"
        ]
        own = (Decimal(median(units_sold)) / 10_000).quantize(PLACE, ROUND_HALF_UP) if units_sold else None
        found[supplier, sku] = {
            "unit_price": price,
            "currency": currency,
            "age_days": (date(2026, 10, 31) - at.date()).days,
            "is_cheapest": price == min(alike.values()),
            "landed_unit_cost": landed,
            "discount_share": 0.05 if reached else None,
            "market_suppliers": len(alike),
            "market_level": level,
            "mean_level": mean,
            "is_outside": None if level is None else abs(round(float(price) / float(level) - 1, 12)) > 0.05,
            "own_price": own,
            "is_loss": None if own is None else own < (price if landed is None else landed),
        }
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(quotes_seen, bought, sold, tiers_seen)
def test_the_board_equals_the_obvious_one(workbook_of, seen, purchases, orders, tiers):
    tables = {
        "quotes": [{"supplier_id": who, "sku": sku, "quoted_at": at, "unit_price": price, "currency": of} for who, sku, at, price, of in seen],
        "purchases": [
            purchase(number, who, sku=sku, list_amount=amount, paid_amount=amount, currency=of, received_quantity=received)
            for number, (who, sku, amount, of, received, _) in enumerate(purchases)
        ],
        "fees": [
            {"fee_id": f"f{number}", "supplier_id": who, "purchase_id": f"p{number}", "charged_at": DAY, "amount": fee, "currency": of, "is_disclosed": "true"}
            for number, (who, _, _, of, _, fee) in enumerate(purchases)
            if fee
        ],
        "orders": [
            order(number, amount, sku=sku, quantity=count, currency=of, status=status) for number, (sku, amount, count, of, status) in enumerate(orders)
        ],
        "discount_tiers": [
            {"supplier_id": who, "threshold_amount": threshold, "discount_share": 0.05, "currency": of, "valid_from": "2026-01-01"}
            for who, threshold, of in tiers
        ],
    }
    found = board(workbook_of(tables))
    expected = obvious(seen, purchases, orders, tiers)
    told = {
        (row["supplier"], row["sku"]): {name: None if pd.isna(row[name]) else row[name] for name in next(iter(expected.values()), {})}
        for row in found.to_dict("records")
    }
    assert told == expected
