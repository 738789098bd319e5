"""Amounts as exports write them: a cell that says another currency than its row, or a percentage, is no amount of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.loaders.mapping.cleaning import CURRENCY_SIGNS
from tests.cases.loading import orders, read

TEXT = "订单号,下单时间,金额,币种\n"


def test_signs_of_another_currency_are_refused_with_both_readings(tmp_path):
    cells = ["¥10.00", "$10.00", "EUR 10", "25 USD", "US$8", "50%", "10.00", "10²", "--1"]
    text = TEXT + "".join(f"A{number},2026-10-01,{cell},\n" for number, cell in enumerate(cells))
    receipt, rows, rejects = read(tmp_path, text, orders(), "orders")
    assert [row["order_id"] for row in rows] == ["A0", "A6"]
    assert [entry[2:5] for entry in rejects][:5] == [
        ["$10.00", "other_currency", "CNY ≠ USD"],
        ["EUR 10", "other_currency", "CNY ≠ EUR"],
        ["25 USD", "other_currency", "CNY ≠ USD"],
        ["US$8", "other_currency", "CNY ≠ USD"],
        ["50%", "is_share", "50% / 0.5"],
    ]
    assert receipt.rejected == {"other_currency": 4, "is_share": 1, "not_number": 2}


@pytest.mark.parametrize(
    "currency", ['from = "币种"', 'from = "币种", values = { "美元" = "USD" }', 'case = "币种", when = { "美元" = "USD" }, else = { from = "币种" }']
)
def test_a_column_of_currencies_says_it_row_by_row(tmp_path, currency):
    last = "USD" if "values" not in currency and "case" not in currency else "美元"
    text = TEXT + f"A1,2026-10-01,$10,USD\nA2,2026-10-01,$10,CNY\nA3,2026-10-01,10,USD\nA4,2026-10-01,$10,{last}\n"
    _, rows, rejects = read(tmp_path, text, orders(currency=currency), "orders")
    assert [(row["order_id"], row["currency"]) for row in rows] == [("A1", "USD"), ("A3", "USD"), ("A4", "USD")]
    assert rejects == [[3, "金额", "$10", "other_currency", "CNY ≠ USD"]]


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(CURRENCY_SIGNS)), st.sampled_from(["CNY", "USD", "EUR"]))
def test_no_sign_becomes_another_currency(tmp_path_factory, sign, currency):
    text = TEXT + f'A1,2026-10-01,"{sign} 5",\n'
    _, rows, rejects = read(tmp_path_factory.mktemp("signs"), text, orders(currency=f'constant = "{currency}"'), "orders")
    assert bool(rows) == (CURRENCY_SIGNS[sign] == currency) == (not rejects)


def test_shares_keep_their_percentages(tmp_path):
    mapping = """
[tables.discount_tiers.columns]
supplier_id = { constant = "S1" }
threshold_amount = { constant = 100 }
discount_share = { from = "折扣" }
applies_to = { constant = "all_units" }
currency = { constant = "CNY" }
valid_from = { constant = "2026-10-01" }
"""
    _, rows, rejects = read(tmp_path, "折扣\n31%\n", mapping, "discount_tiers")
    assert (rows[0]["discount_share"], rejects) == (0.31, [])


def test_rounding_is_stated(tmp_path):
    text = "订单号,下单时间,金额\nA1,2026-10-01,1.23455\nA2,2026-10-01,¥1.00004\n"
    _, rows, rejects = read(tmp_path, text, orders(), "orders")
    assert (rows, [entry[3] for entry in rejects]) == ([], ["too_many_decimals", "too_many_decimals"])
    _, rows, rejects = read(tmp_path, text, orders(amount='from = "金额", round = 4'), "orders")
    assert ({row["order_id"]: str(row["amount"]) for row in rows}, rejects) == ({"A1": "1.2346", "A2": "1.0000"}, [])


def test_rejects_quote_the_cell_as_it_stands(tmp_path):
    text = '订单号,下单时间,金额\nA1,2026-10-01,-500\nA2,"约 2026-13-01",100\nA3,2026-10-01,约100\n'
    _, rows, rejects = read(
        tmp_path, text, orders(amount='from = "金额", factor = 0.01, remove = ["约"]', ordered_at='from = "下单时间", remove = ["约"]'), "orders"
    )
    assert [row["order_id"] for row in rows] == ["A3"]
    assert [entry[:4] for entry in rejects] == [[2, "金额", "-500", "below_minimum"], [3, "下单时间", "约 2026-13-01", "not_time"]]
