"""Trends of categories and SKUs: from literal months, and against slow pandas."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from kmanalysis.steps.market.trends import category_months, category_trends, sku_trends
from kmanalysis.times import Month

LAST = Month(2026, 10)
SMALL = {"market.orders_minimum": {"value": 10}}


def orders(counts, sku="k1", last=LAST, **columns):
    """So many orders a month, the last number that of ``last``; at noon of days spread over the month, its first and last included."""
    rows = []
    for back, count in enumerate(reversed(counts)):
        month = last - back
        days = np.linspace(1, month.days, count).round().astype(int) if count > 1 else [1] * count
        rows += [{"sku": sku, "ordered_at": f"{month}-{day:02d} 04:00:00"} | columns for day in days]
    return rows


def products(**categories):
    return [{"sku": sku, "category": category, "launched_on": "2024-01-01"} for sku, category in categories.items()]


def steady(sku="other"):
    """Goods that sell in every month, so that the platform's months are whole."""
    return orders([40] * 12, sku)


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ([20, 24, 29, 35, 42, 50], "emerging"),
        ([50, 42, 35, 29, 24, 20], "fading"),
        ([500, 510, 495, 505, 500, 508], "steady"),
        ([20, 50, 24, 42, 29, 35], "unproven"),
        ([200, 202, 204, 206, 208, 213], "steady"),  # rises for certain, but too slowly to matter
    ],
)
def test_a_trend_is_called_by_size_and_proof(workbook_of, counts, status):
    # Months of one length in days, so that the numbers are the trend: counted by orders a day otherwise.
    workbook = workbook_of({"orders": orders(counts) + steady(), "products": products(k1="a", other="b")}, standards=SMALL)
    found = category_trends(workbook).set_index("category")
    assert found.loc["a", "status"] == status
    assert found.loc["a", ["months", "orders", "last_orders"]].tolist() == [6, sum(counts), counts[-1]]
    assert found.loc["b", "status"] == "steady"


def test_growth_is_a_day_s_and_in_logs(workbook_of):
    # Twice as many orders a day each month; February is short.
    months = [Month(2025, 12), Month(2026, 1), Month(2026, 2), Month(2026, 3)]
    counts = [month.days * 2**place for place, month in enumerate(months)]
    rows = orders(counts, last=months[-1])
    found = category_trends(workbook_of({"orders": rows, "products": products(k1="a")}, month="2026-03")).iloc[0]
    assert (found["growth"], found["months"], found["status"]) == (pytest.approx(1.0), 4, "unproven")
    assert np.isnan(found["adjusted_p"])


def test_a_month_that_the_orders_do_not_fill_is_not_counted(workbook_of):
    rows = [row for row in orders([40] * 6) if not ("2026-05-01" <= row["ordered_at"][:10] <= "2026-05-05") and row["ordered_at"][:10] < "2026-10-27"]
    workbook = workbook_of({"orders": rows, "products": products(k1="a")})
    months = category_months(workbook).set_index("month")
    assert months["is_counted"].tolist() == [False, True, True, True, True, False]
    found = category_trends(workbook).iloc[0]
    assert (found["months"], found["orders"], found["status"]) == (4, 160, "unproven")


def test_a_month_without_any_order_is_a_hole_and_not_a_zero(workbook_of):
    rows = orders([40, 40, 0, 40, 40, 40])
    assert category_months(workbook_of({"orders": rows, "products": products(k1="a")}))["is_counted"].tolist() == [True, True, False, True, True, True]


def test_what_stops_selling_falls_to_half_an_order(workbook_of):
    workbook = workbook_of({"orders": orders([60, 40, 20, 8, 2, 0]) + steady(), "products": products(k1="a", other="b")}, standards=SMALL)
    found = category_trends(workbook).set_index("category").loc["a"]
    assert (found["status"], found["months"], found["last_orders"]) == ("fading", 6, 0)
    rates = np.log(np.array([60, 40, 20, 8, 2, 0.5]) / [31, 30, 31, 31, 30, 31])
    assert math.log1p(found["growth"]) == pytest.approx(stats.theilslopes(rates).slope)


def test_new_goods_are_counted_from_their_first_whole_month(workbook_of):
    rows = [row for row in orders([0, 0, 0, 30, 40, 50], "new") if row["ordered_at"] > "2026-08-12"]
    goods = [{"sku": "new", "category": "n", "launched_on": "2026-08-10"}, {"sku": "other", "category": "b"}]
    months = category_months(workbook_of({"orders": rows + steady(), "products": goods}))
    assert months.loc[months["category"] == "n", "is_counted"].tolist() == [False, False, False, False, True, True]
    # Launched long ago, rarely ordered: the month of the first order counts in whole.
    goods[0]["launched_on"] = "2025-01-01"
    months = category_months(workbook_of({"orders": rows + steady(), "products": goods}))
    assert months.loc[months["category"] == "n", "is_counted"].tolist() == [False, False, False, True, True, True]


def test_one_of_many_skus_that_falls_by_chance_is_not_called_fading(workbook_of):
    # p = 0.017 alone, but not among twenty.
    falling = orders([60, 58, 50, 45, 46, 40], "k0")
    others = [row for number in range(1, 20) for row in orders(np.roll([40, 44, 41, 43, 39, 42], number), f"k{number}")]
    goods = products(**{f"k{number}": "a" for number in range(20)})
    alone = sku_trends(workbook_of({"orders": falling + steady(), "products": products(k0="a", other="b")})).set_index("sku")
    assert alone.loc["k0", ["p", "status"]].tolist() == [pytest.approx(12 / 720), "fading"]
    among = sku_trends(workbook_of({"orders": falling + others, "products": goods})).set_index("sku")
    assert among.loc["k0", "status"] == "unproven"
    assert among["adjusted_p"].to_numpy() == pytest.approx(stats.false_discovery_control(among["p"]))


def test_goods_without_a_category_have_a_trend_of_their_own_alone(workbook_of):
    workbook = workbook_of({"orders": orders([20, 24, 29, 35, 42, 50]), "products": [{"sku": "k1", "category": None}]}, standards=SMALL)
    assert category_trends(workbook).empty
    assert sku_trends(workbook)[["sku", "status"]].values.tolist() == [["k1", "emerging"]]


def test_months_are_those_of_shanghai(workbook_of):
    workbook = workbook_of({"orders": [{"ordered_at": "2026-09-30 16:00:00"}, {"ordered_at": "2026-10-31 16:00:00"}], "products": products(k1="a")})
    assert category_months(workbook)[["month", "orders"]].values.tolist() == [["2026-10", 1]]


drawn = st.lists(
    st.tuples(st.sampled_from(["k1", "k2", "k3"]), st.integers(0, 5), st.integers(1, 30), st.integers(1, 4)), min_size=1, max_size=60
)  # fmt: skip


@settings(derandomize=True, deadline=None, max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn)
def test_sums_agree_with_slow_pandas(workbook_of, rows):
    named = {"k1": "a", "k2": "a", "k3": "b"}
    given_orders = [{"sku": sku, "ordered_at": f"{LAST - back}-{day:02d} 04:00:00", "quantity": units} for sku, back, day, units in rows]
    workbook = workbook_of({"orders": given_orders, "products": products(**named)})
    slow = pd.DataFrame(rows, columns=["sku", "back", "day", "units"])
    slow = slow.assign(category=slow["sku"].map(named), month=[str(LAST - back) for back in slow["back"]])
    slow = slow.groupby(["category", "month"])["units"].agg(["count", "sum"])
    found = category_months(workbook).set_index(["category", "month"])
    sold = found[found["orders"] > 0]
    assert {key: tuple(row) for key, row in sold[["orders", "quantity"]].iterrows()} == {key: tuple(row) for key, row in slow.iterrows()}
    assert found["orders"].sum() == len(rows)
