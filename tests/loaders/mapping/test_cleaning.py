from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.loaders.mapping.cleaning import key_part, normal_key, plain_number


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
        ("ABCD-1234", None),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert plain_number(text) == number


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
