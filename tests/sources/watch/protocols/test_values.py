"""Cells of answers: what is clearly a stock, a price or a time, and what is not."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from kmanalysis.sources.watch.calls.failures import Failure
from kmanalysis.sources.watch.protocols.defaults import ACG_V4, DEFAULTS, Options
from kmanalysis.sources.watch.protocols.values import amount_of, stock_of, time_of

V4 = DEFAULTS[ACG_V4].options


@pytest.mark.parametrize(("cell", "quantity"), [(0, 0), ("12", 12), (" 7 ", 7), (Decimal("3.0"), 3), (10**12, 10**12)])
def test_a_count_is_a_stock(cell, quantity):
    stock = stock_of(cell, Options())
    assert (stock.quantity, stock.is_placeholder) == (quantity, False)


@pytest.mark.parametrize("cell", [999, "999", 10_000_000, "10000000"])
def test_a_number_that_stands_for_none_is_a_placeholder(cell):
    assert stock_of(cell, V4).is_placeholder
    assert not stock_of(cell, Options()).is_placeholder


def test_without_limit_is_no_quantity():
    stock = stock_of(-1, Options())
    assert (stock.quantity, stock.is_placeholder, stock.is_unlimited) == (None, True, True)


@pytest.mark.parametrize("cell", [None, "", "many", True, -2, 1.5, "1.5", "1e3", [], {}, 10**13, "9" * 40, Decimal("NaN"), Decimal("0.5"), "１２"])
def test_anything_else_fails(cell):
    with pytest.raises(Failure, match="broken_value"):
        stock_of(cell, Options())


def test_a_text_that_hides_the_stock_is_declared():
    assert stock_of("充足", Options(hidden=frozenset({"充足"}))).is_placeholder


@pytest.mark.parametrize(("cell", "amount"), [("9.90", "9.9000"), (3, "3.0000"), (Decimal("0.00005"), "0.0000"), ("0", "0.0000")])
def test_amounts(cell, amount):
    assert str(amount_of(cell)) == amount


@pytest.mark.parametrize("cell", [None, "", "-1", -1, "¥3", True, Decimal("Infinity"), 10**12, "1" * 21, 1.5, []])
def test_what_is_no_price_fails(cell):
    with pytest.raises(Failure):
        amount_of(cell)


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-11-05T11:30:00+08:00", datetime(2026, 11, 5, 3, 30)),
        ("2026-11-05T03:30:00Z", datetime(2026, 11, 5, 3, 30)),
        ("2026-11-05 03:30:00", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("soon", None),
        (1764300000, None),
    ],
)
def test_a_time_needs_its_zone(cell, moment):
    assert time_of(cell) == moment
