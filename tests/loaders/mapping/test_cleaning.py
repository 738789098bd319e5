from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.loaders.mapping.cleaning import CURRENCY_SIGNS, currency_of, key_part, normal_key, plain_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1234.50", "1234.50"),
        ("¥1,234.50", "1234.50"),
        ("￥１２３", "123"),
        ("2.5万+", "25000"),
        ("２．５万＋", "25000"),
        ("1.2亿", "120000000"),
        ("3千", "3000"),
        ("12w", "120000"),
        ("31%", "0.31"),
        ("£25.99", "25.99"),
        ("9.99\u00a0€", "9.99"),
        ("US$ 5", "5"),
        ("15元", "15"),
        ("-3.5", "-3.5"),
        ("¥-3.5", "-3.5"),
        ("(1,000)", "-1000"),
        (".5", "0.5"),
        ("1,23", None),
        ("12,34,567", None),
        ("十", None),
        ("", None),
        ("1 2", None),
        ("(5", None),
        ("10²", None),
        ("①", None),
        ("½", None),
        ("--1", None),
        ("-¥-1", None),
        ("(-5)", None),
        ("25 USD", "25"),
        ("25美元", "25"),
        ("1" + " " * 100_000 + "x", None),
        ("ABCD-1234", None),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert plain_number(text) == number


@given(st.sampled_from(sorted(CURRENCY_SIGNS)), st.decimals(0, 10**6, places=2), st.booleans(), st.sampled_from(["", " ", "\u00a0"]))
def test_a_sign_before_or_behind_says_the_currency_and_changes_no_number(sign, number, is_before, space):
    text = f"{sign}{space}{number}" if is_before else f"{number}{space}{sign}"
    assert Decimal(plain_number(text)) == number
    assert currency_of(text) == CURRENCY_SIGNS[sign]


@pytest.mark.parametrize(
    ("text", "currency"), [("12", None), ("US$8", "USD"), ("$8 CNY", "CNY/USD"), ("＄8", "USD"), ("¥5 RMB", "CNY"), ("EUROPE 5", None), ("cost hk$8", "HKD")]
)
def test_the_currency_of_a_cell(text, currency):
    assert currency_of(text) == currency


@given(st.decimals(0, 10**9, places=2))
def test_thousands_separators_change_nothing(number):
    assert Decimal(plain_number(f"¥{number:,}")) == number


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("  Call of Duty®  Black Ops ", "call of duty black ops"),
        ("Battlefield™ 6", "battlefield 6"),
        ("ＱＱ会员", "qq会员"),
        ("Straße", "strasse"),
    ],
)
def test_one_spelling_of_a_name(text, key):
    assert normal_key(text) == key


def test_parts_cannot_run_into_each_other():
    assert (key_part("a|b"), key_part("100%")) == ("a%7cb", "100%25")
