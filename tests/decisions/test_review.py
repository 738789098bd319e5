"""Month on month on literal frames: what is more than noise, turnover, and how grades moved."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from kmanalysis.decisions.review import changes, migrations, price_moves, supplier_earnings, turnover
from kmanalysis.standards import default_standards
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook


def workbook_with(frames, first_month="2026-09"):
    return Workbook(Month(2026, 10), default_standards(), Words("en"), frames=frames, facts={"first_month": first_month})


def observed(*rows):
    return pd.DataFrame(list(rows), columns=["supplier_id", "measure", "value", "n"])


def test_a_change_is_told_apart_from_noise():
    now = observed(
        ("s1", "service.dispute_rate", 0.05, 400),
        ("s2", "service.dispute_rate", 0.03, 100),
        ("s3", "stability.delivery_time", 0.99, 300),
        ("s4", "service.resolution", np.nan, 0),
        ("s5", "stability.uptime", 0.5, 300),
    )
    before = observed(
        ("s1", "service.dispute_rate", 0.01, 400),
        ("s2", "service.dispute_rate", 0.01, 100),
        ("s3", "stability.delivery_time", 0.9, 300),
        ("s4", "service.resolution", 0.9, 30),
        ("s5", "stability.uptime", 0.9, 300),
    )
    found = changes(workbook_with({("2026-10", "measures.observed"): now, ("2026-09", "measures.observed"): before}))
    assert found[["supplier_id", "is_more_than_noise", "is_worse"]].to_numpy().tolist() == [["s1", True, True], ["s2", False, True], ["s3", True, False]]
    first = found.iloc[0]
    assert first["difference"] == pytest.approx(0.04)
    assert 0 < first["lower"] < 0.04 < first["upper"]
    assert first["p"] < 0.01


def test_without_a_month_before_nothing_changed():
    now = observed(("s1", "service.dispute_rate", 0.05, 400))
    assert changes(workbook_with({("2026-10", "measures.observed"): now}, first_month="2026-10")).empty


def test_price_moves_are_means_over_skus_and_the_same_each_time():
    def levels(own):
        return pd.DataFrame(
            {"supplier_id": "s1", "sku": [f"k{number}" for number in range(len(own))], "currency": "CNY", "own_level": own, "market_level": 10.0}
        )

    frames = {("2026-10", "quotes.price_levels"): levels([11.0, 11.1, 10.9, 11.0, 11.05]), ("2026-09", "quotes.price_levels"): levels([10.0] * 5)}
    found = price_moves(workbook_with(dict(frames))).iloc[0]
    assert (found["skus"], found["is_more_than_noise"]) == (5, True)
    assert found["relative_change"] == pytest.approx(0.101)
    assert 0.08 < found["lower"] < 0.101 < found["upper"] < 0.12
    assert price_moves(workbook_with(dict(frames))).iloc[0].equals(found)


def test_turnover_is_of_what_is_known():
    sold = pd.DataFrame([("s1", "k1", 30), ("s1", "k2", 500), ("s2", "k1", 5)], columns=["supplier_id", "sku", "sold"])
    stock = pd.DataFrame([("s1", "k1", 100.0), ("s1", "k3", 50.0)], columns=["supplier_id", "sku", "average_stock"])
    found = turnover(workbook_with({("2026-10", "goods.goods_sold"): sold, ("2026-10", "goods.goods_stock"): stock})).set_index("supplier_id")
    assert found.loc["s1", ["skus", "known_skus", "sold", "average_stock", "turnover"]].tolist() == [3, 2, 30, 150.0, 0.2]
    assert np.isnan(found.loc["s2", ["average_stock", "turnover"]].astype(float)).all()


def test_migrations_count_neighbouring_months():
    grades = {"s1": ["S", "A", "A"], "s2": ["A", "A", ""], "s3": ["", "B", "A"]}
    rows = [(who, f"2026-{8 + place:02d}", grade) for who, held in grades.items() for place, grade in enumerate(held)]
    history = pd.DataFrame(rows, columns=["supplier_id", "month", "grade"])
    found = migrations(workbook_with({("2026-10", "scoring.grade_history"): history}))
    assert found.to_numpy().tolist() == [
        ["2026-09", "S", "A", 1],
        ["2026-09", "A", "A", 1],
        ["2026-09", "", "B", 1],
        ["2026-10", "A", "A", 1],
        ["2026-10", "A", "", 1],
        ["2026-10", "B", "A", 1],
    ]


def test_what_orders_brought_and_what_was_left_of_those_whose_cost_is_known(workbook_of):
    orders = [
        {"amount": "10", "cost_amount": "7.5"},
        {"amount": "10", "cost_amount": "12"},
        {"amount": "10", "cost_amount": "0"},
        {"amount": "10", "cost_amount": None},
        {"amount": "10", "cost_amount": "1", "status": "refunded"},
        {"amount": "4", "cost_amount": "1", "currency": "USD"},
        {"amount": "4", "cost_amount": "1", "ordered_at": "2026-09-15 04:00:00"},
    ]
    found = supplier_earnings(workbook_of({"orders": orders}))
    assert found.to_numpy().tolist() == [["s1", "CNY", 4, Decimal(40), Decimal(20), Decimal("0.5")], ["s1", "USD", 1, Decimal(4), Decimal(4), Decimal(3)]]
