"""Cells with numbers as SQL: exact, and never of another currency than the row's."""

from decimal import Decimal, localcontext

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.loaders.mapping.amounts import is_money, number
from kmanalysis.loaders.mapping.model import ColumnMapping
from kmanalysis.loaders.mapping.translation import add_functions
from kmanalysis.tables import tables

MONEY, SHARE, UNITS = tables()["orders"].columns["amount"], tables()["discount_tiers"].columns["discount_share"], tables()["orders"].columns["quantity"]


@pytest.fixture(scope="module")
def engine():
    connection = duckdb.connect()
    add_functions(connection, b"k" * 32)
    return connection


def asked(engine, cell, column=MONEY, currency="CNY", **declared):
    sql = number("t", column, ColumnMapping(headings=("t",), **declared), "c")
    return engine.execute(f"SELECT {sql} FROM (SELECT ?::VARCHAR AS t, ?::VARCHAR AS c)", [cell, currency]).fetchone()[0]


@pytest.mark.parametrize(
    ("cell", "currency", "read"),
    [
        ("12.5", "CNY", "12.5"),
        ("¥12.5", "CNY", "12.5"),
        ("12.5元", None, "12.5"),
        ("$12.5", "USD", "12.5"),
        ("$12.5", "usd", "12.5"),
        ("$12.5", "CNY", "\ue004CNY ≠ USD\ue003$12.5"),
        ("$12.5", None, "\ue004CNY ≠ USD\ue003$12.5"),
        ("¥12.5", "USD", "\ue004USD ≠ CNY\ue003¥12.5"),
        ("¥12.5 USD", "CNY", "\ue004CNY ≠ CNY/USD\ue003¥12.5 USD"),
        ("50%", "CNY", "\ue00550% / 0.5\ue00350%"),
        ("面议", "CNY", "\ue000面议"),
        ("10²", "CNY", "\ue00010²"),
        ("--1", "CNY", "\ue000--1"),
        (None, "CNY", None),
    ],
)
def test_amounts_of_money(engine, cell, currency, read):
    assert asked(engine, cell, currency=currency) == read


@pytest.mark.parametrize(
    ("cell", "column", "read"),
    [
        ("31%", SHARE, "0.31"),
        ("¥3", SHARE, "\ue000¥3"),
        ("3", UNITS, "3"),
        ("¥3", UNITS, "\ue000¥3"),
        ("100%", UNITS, "\ue005100% / 1\ue003100%"),
        ("1.2万", UNITS, "12000"),
    ],
)
def test_shares_and_counts_have_no_currency(engine, cell, column, read):
    assert asked(engine, cell, column) == read


def test_with_a_rate_the_sign_is_that_of_the_other_currency(engine):
    assert asked(engine, "$2", rate=Decimal("7.1")) == "14.2000"
    assert asked(engine, "¥2", rate=Decimal("7.1")) == "\ue004CNY = CNY\ue003¥2"


@settings(deadline=None)
@given(st.decimals(-(10**9), 10**9, places=6), st.decimals("-99999999", "99999999", places=6), st.sampled_from(["", "¥"]))
def test_a_factor_is_exact(engine, found, by, sign):
    read = asked(engine, f"{sign}{found:f}", factor=by)
    with localcontext(prec=60):
        assert read.startswith("\ue000") or Decimal(read) == found * by


@pytest.mark.parametrize("cell", ["0.000000001", "1e-9", "1e-400"])
def test_what_a_factor_would_lose_is_not_read(engine, cell):
    assert asked(engine, cell, factor=Decimal(1000)) == "\ue000" + cell


@given(st.decimals(-(10**6), 10**6, places=8), st.integers(0, 4))
def test_rounding_is_stated_and_away_from_zero(engine, found, digits):
    expected = found.copy_abs().quantize(Decimal(1).scaleb(-digits), rounding="ROUND_HALF_UP").copy_sign(found)
    assert Decimal(asked(engine, f"{found:f}", round=digits)) == expected


def test_what_is_money():
    assert is_money(MONEY)
    assert not is_money(SHARE)
    assert not is_money(UNITS)
