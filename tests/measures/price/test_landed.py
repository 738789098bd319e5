"""Low-price traps against the market, and margins against the suggested retail price."""

from decimal import Decimal

import pytest

from kmanalysis.measures.price import landed

DAY = "2026-10-15 02:00:00"


def purchase(number: str, paid: str, received: int | None = 10, **more) -> dict:
    row = {"purchase_id": number, "purchased_at": DAY, "quantity": 10, "received_quantity": received, "list_amount": paid, "paid_amount": paid}
    return row | more


def fee(number: str, amount: str, purchase_id: str | None = None, **more) -> dict:
    return {"fee_id": number, "charged_at": DAY, "amount": amount, "purchase_id": purchase_id, "is_disclosed": False, "kind": "restock"} | more


def value(frame, measure: str, column: str = "value", supplier: str = "s1"):
    rows = frame[(frame["measure"] == f"price.{measure}") & (frame["supplier_id"] == supplier)]
    assert len(rows) == 1
    return rows.iloc[0][column]


# Low-price trap: the others ask 10, so the level is 10


def market_of_ten(price: str, sku: str = "k1") -> list[dict]:
    prices = {"a": "10", "b": "10", "c": "10", "s1": price}
    return [{"supplier_id": supplier, "sku": sku, "quoted_at": DAY, "unit_price": asked} for supplier, asked in prices.items()]


def trap(workbook_of, price: str, paid: str, fees: str = "0", received: int | None = 10, **more):
    tables = {"quotes": market_of_ten(price), "purchases": [purchase("p1", paid, received, **more)], "fees": [fee("f1", fees, "p1")]}
    workbook = workbook_of(tables)
    return landed.low_price_trap(workbook), workbook.rows_of(landed.low_price_trap_rows(workbook))


def test_cheap_headline_with_dear_fees_is_a_trap(workbook_of):
    found, rows = trap(workbook_of, "8", "80", "18")
    assert (value(found, "low_price_trap"), value(found, "low_price_trap", "n"), value(found, "low_price_trap", "basis")) == (1.0, 1, "census")
    row = rows.iloc[0]
    assert (row["headline_price"], row["landed_unit_cost"], row["market_level"]) == (Decimal("8"), Decimal("9.8"), Decimal("10"))
    assert (row["headline_gap"], row["landed_gap"], row["is_trap"], row["days_bought"]) == (-0.2, -0.02, True, 1)
    assert row["severity"] == pytest.approx(0.18)


@pytest.mark.parametrize(
    ("price", "paid", "fees"),
    [
        ("9", "90", "10"),  # exactly 10 % under the market is not far under it
        ("8", "80", "16.99"),  # the landed cost is 3 % under the market and more: truly cheap
        ("10", "100", "50"),  # dear, but no bait
    ],
)
def test_what_is_no_trap(workbook_of, price, paid, fees):
    found, rows = trap(workbook_of, price, paid, fees)
    assert value(found, "low_price_trap") == 0.0
    assert rows["severity"].tolist() == [0.0]


def test_landed_cost_exactly_at_the_gap_is_a_trap(workbook_of):
    assert value(trap(workbook_of, "8", "80", "17")[0], "low_price_trap") == 1.0


def test_short_delivery_raises_the_landed_cost(workbook_of):
    _, rows = trap(workbook_of, "8", "80", "0", received=8)
    assert rows["landed_unit_cost"].tolist() == [Decimal("10")]
    assert rows["is_trap"].tolist() == [True]


@pytest.mark.parametrize("more", [{"received": None}, {"received": 0}, {"currency": "USD"}, {"purchased_at": "2026-10-25 02:00:00"}])
def test_open_empty_foreign_and_unquoted_purchases_are_not_judged(workbook_of, more):
    found, rows = trap(workbook_of, "8", "80", "18", **more)
    assert found.empty
    assert rows.empty


def test_trap_share_counts_skus(workbook_of):
    quotes = [*market_of_ten("8"), *market_of_ten("10", "k2")]
    bought = [purchase("p1", "100"), purchase("p2", "50", quantity=5, received_quantity=5), purchase("p3", "100", sku="k2")]
    found = landed.low_price_trap(workbook_of({"quotes": quotes, "purchases": bought}))
    assert (value(found, "low_price_trap"), value(found, "low_price_trap", "n")) == (0.5, 2)


def test_headline_is_the_mean_over_the_days_bought(workbook_of):
    second = "2026-10-16 02:00:00"
    quotes = [*market_of_ten("8"), {"supplier_id": "s1", "sku": "k1", "quoted_at": second, "unit_price": "9"}]
    bought = [purchase("p1", "80"), purchase("p2", "80"), purchase("p3", "90", purchased_at=second)]
    row = landed.landed_prices(workbook_of({"quotes": quotes, "purchases": bought})).iloc[0]
    # Two days, however many purchases on each.
    assert (row["headline_price"], row["days_bought"], row["purchases"], row["received"]) == (Decimal("8.5"), 2, 3, 30)
    assert (row["paid_amount"], row["landed_amount"]) == (Decimal("250"), Decimal("250"))


# Gross margin


def listing(retail: str | None, **more) -> dict:
    return {"listed_from": "2026-01-01", "suggested_retail_price": retail, "currency": "CNY", "cost_price": "8"} | more


def test_margin_is_over_retail_and_after_fees(workbook_of):
    workbook = workbook_of({"listings": [listing("10")], "purchases": [purchase("p1", "70"), purchase("p2", "80")], "fees": [fee("f1", "10")]})
    found = landed.gross_margin(workbook)
    # 200 retail, 150 paid, 10 of fees.
    assert (value(found, "gross_margin"), value(found, "gross_margin", "n")) == (0.2, 2)
    assert value(found, "gross_margin.before_fees") == 0.25
    assert value(found, "gross_margin.priced_share") == 1.0
    rows = workbook.rows_of(landed.gross_margin_rows(workbook).order_by("purchase_id"))
    assert rows["landed_amount"].tolist() == [Decimal("74.6667"), Decimal("85.3333")]
    assert rows["severity"].tolist() == [0.0, pytest.approx(0.2 - 0.146667)]


def test_open_purchases_wait_and_unpriced_ones_are_counted_beside(workbook_of):
    bought = [purchase("p1", "80"), purchase("p2", "1", received=None), purchase("p3", "1", sku="k2"), purchase("p4", "9", received=1)]
    found = landed.gross_margin(workbook_of({"listings": [listing("10"), listing(None, sku="k2")], "purchases": bought}))
    assert value(found, "gross_margin") == round((110 - 89) / 110, 12)
    assert value(found, "gross_margin", "n") == 2
    assert (value(found, "gross_margin.priced_share"), value(found, "gross_margin.priced_share", "n")) == (round(2 / 3, 12), 3)


def test_purchase_that_brought_nothing_costs_all_the_same(workbook_of):
    workbook = workbook_of({"listings": [listing("10")], "purchases": [purchase("p1", "60"), purchase("p2", "20", received=0)]})
    assert value(landed.gross_margin(workbook), "gross_margin") == 0.2
    rows = workbook.rows_of(landed.gross_margin_rows(workbook).order_by("severity"))
    assert rows["purchase_id"].tolist() == ["p1", "p2"]


def test_a_cost_of_0_was_not_given_and_stays_out_of_the_margin(workbook_of):
    bought = [purchase("p1", "80"), purchase("p2", "0", list_amount="80"), purchase("p3", "0", sku="k2", list_amount="80")]
    workbook = workbook_of({"listings": [listing("10"), listing("10", sku="k2")], "purchases": bought, "fees": [fee("f1", "5", "p2")]})
    found = landed.gross_margin(workbook)
    assert (value(found, "gross_margin"), value(found, "gross_margin", "n")) == (0.2, 1)
    assert (value(found, "gross_margin.priced_share"), value(found, "gross_margin.priced_share", "n")) == (round(1 / 3, 12), 3)
    assert landed.margins(workbook)["sku"].tolist() == ["k1"]
    assert workbook.rows_of(landed.gross_margin_rows(workbook))["purchase_id"].tolist() == ["p1"]


def test_where_no_cost_is_known_there_is_no_margin(workbook_of):
    found = landed.gross_margin(workbook_of({"listings": [listing("10")], "purchases": [purchase("p1", "0", list_amount="80")]}))
    assert (found["measure"] == "price.gross_margin.priced_share").all()
    assert found["value"].tolist() == [0.0]


def test_goods_of_unknown_cost_are_no_trap(workbook_of):
    found, rows = trap(workbook_of, "8", "0", "18", list_amount="80")
    assert found.empty
    assert rows.empty


def test_retail_price_is_that_of_the_listing_in_force_on_the_local_day(workbook_of):
    listings = [
        listing("20", listed_from="2026-01-01", listed_to="2026-10-14"),
        listing("10", listed_from="2026-10-15", listed_to="2026-10-15"),
        listing("40", listed_from="2026-10-16"),
    ]
    bought = [purchase("p1", "80", purchased_at="2026-10-14 16:00:00"), purchase("p2", "80", purchased_at="2026-10-15 15:59:59")]
    found = landed.gross_margin(workbook_of({"listings": listings, "purchases": bought}))
    assert value(found, "gross_margin") == 0.2


def test_of_two_listings_in_force_the_later_one_speaks(workbook_of):
    listings = [listing("20"), listing("10", listed_from="2026-10-10")]
    assert value(landed.gross_margin(workbook_of({"listings": listings, "purchases": [purchase("p1", "80")]})), "gross_margin") == 0.2


def test_margin_is_taken_in_the_main_currency(workbook_of):
    listings = [listing("10"), listing("2", currency="USD", listed_from="2026-02-01")]
    dollars = [purchase(f"d{number}", "10", currency="USD") for number in range(2)]
    workbook = workbook_of({"listings": listings, "purchases": [purchase("p1", "80"), *dollars]})
    found = landed.gross_margin(workbook)
    assert (value(found, "gross_margin"), value(found, "gross_margin", "n")) == (0.5, 2)
    assert landed.margins(workbook)[["currency", "retail_amount", "landed_amount", "margin"]].values.tolist() == [
        ["CNY", Decimal("100"), Decimal("80"), 0.2],
        ["USD", Decimal("40"), Decimal("20"), 0.5],
    ]


@pytest.mark.parametrize("retail", [None, "0"])
def test_without_a_retail_price_nothing_is_said(workbook_of, retail):
    found = landed.gross_margin(workbook_of({"listings": [listing(retail)], "purchases": [purchase("p1", "80")]}))
    shown = found[found["measure"] == "price.gross_margin"]["value"]
    assert shown.isna().all()


def test_listing_without_a_currency_sets_no_price(workbook_of):
    found = landed.gross_margin(workbook_of({"listings": [listing("10", currency=None)], "purchases": [purchase("p1", "80")]}))
    assert (found["measure"] == "price.gross_margin.priced_share").all()
    assert found["value"].tolist() == [0.0]
