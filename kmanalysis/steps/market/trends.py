"""What grows and what fades: orders by month, and the trend of each category and SKU with its evidence."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.orders import orders_by_day
from kmanalysis.statistics.trend import adjusted_p, mann_kendall, theil_sen
from kmanalysis.times import Month
from kmanalysis.workbook import Workbook, frame, query

STATUSES = ("emerging", "steady", "fading", "unproven")
"""What a trend is called. Unproven: too few months or orders, or an interval that leaves more than one answer open."""

HALF = 0.5
"""Orders that a month without any counts as where logarithms are taken."""


@frame("market.sales")
@query("market.sales")
def sales(workbook: Workbook) -> ir.Table:
    """What was ordered in the month, a row a SKU: sku, name, category, launched_on, orders, quantity, first_day and last_day with an order."""
    days = orders_by_day(workbook)
    found = days.group_by("sku").agg(orders=days.orders.sum(), quantity=days.quantity.sum(), first_day=days.day.min(), last_day=days.day.max())
    return found.join(workbook.table("products").select("sku", "name", "category", "launched_on"), "sku").order_by("sku")


@frame("market.category_months")
def category_months(workbook: Workbook) -> pd.DataFrame:
    """Orders by category and month: month, category, orders, quantity, orders_per_day (NaN where none) and is_counted, by month within category.

    A month is not counted where the platform's orders do not reach to both of its ends, nor before a category's first order, nor as the month of
    that order unless it was on sale from the month's beginning. Goods without a category are left out.
    """
    history = _history(workbook)
    found = _with_gaps(workbook, history[history["category"].notna()], ["category"])
    return found[["category", "month", "orders", "quantity", "orders_per_day", "is_counted"]]


@frame("market.category_trends")
def category_trends(workbook: Workbook) -> pd.DataFrame:
    """The trend of each category that had an order in the window, a row a category.

    Columns: category, status (`STATUSES`), growth, lower and upper (shares a month, 0.1 is 10 % more each month), p (two-sided), adjusted_p, months (counted),
    orders (in them) and last_orders (of the month itself).

    Growth is the Theil–Sen slope of the logarithm of orders a day (months differ in length), its interval from the one-sided bounds of the standards. Emerging
    and fading ask for the standards' growth or decline and a Mann–Kendall p, adjusted for the many tests of the level (Benjamini–Hochberg), of at most the
    standards'; steady asks that the whole interval lies between them.
    """
    return _trends(workbook, category_months(workbook), ["category"])


@frame("market.sku_trends")
def sku_trends(workbook: Workbook) -> pd.DataFrame:
    """The trend of each SKU, as `category_trends`, with sku, name and category."""
    return _trends(workbook, _with_gaps(workbook, _history(workbook), ["sku", "name", "category"]), ["sku", "name", "category"])


def window(workbook: Workbook) -> list[Month]:
    """The months that a trend is read from: to the workbook's own, none before the folder's first."""
    return workbook.months[-int(workbook.standards.value("market.trend_months")) :]


def _history(workbook: Workbook) -> pd.DataFrame:
    """`sales` of the window's months, one below the other, with month, its days and whether the platform's orders fill it (is_whole)."""
    edge = pd.Timedelta(days=workbook.standards.value("market.edge_days"))
    parts = []
    for month in window(workbook):
        of_month = sales(workbook.at(month))
        first, last = (pd.to_datetime(of_month[column]) for column in ("first_day", "last_day"))
        is_whole = len(of_month) > 0 and first.min() - edge <= pd.Timestamp(month.first_day) and last.max() + edge >= pd.Timestamp(month.last_day)
        parts.append(
            of_month.assign(month=str(month), days=month.days, is_whole=is_whole, first_day=first, launched_on=pd.to_datetime(of_month["launched_on"]))
        )
    return pd.concat(parts, ignore_index=True)


def _with_gaps(workbook: Workbook, history: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The history summed by keys and month, a row for every month of the window: one without an order is a 0 once the goods had been sold."""
    edge = pd.Timedelta(days=workbook.standards.value("market.edge_days"))
    months = pd.DataFrame({"month": [str(month) for month in window(workbook)], "days": [month.days for month in window(workbook)]})
    whole = set(_history(workbook).query("is_whole")["month"]) if len(history) else set()
    sums = history.groupby([*keys, "month"], dropna=False, as_index=False).agg(
        orders=("orders", "sum"), quantity=("quantity", "sum"), first_day=("first_day", "min"), launched_on=("launched_on", "min")
    )
    every = sums[keys].drop_duplicates().merge(months, how="cross")
    found = every.merge(sums, on=[*keys, "month"], how="left").sort_values([*keys, "month"], ignore_index=True)
    found[["orders", "quantity"]] = found[["orders", "quantity"]].fillna(0).astype("int64")
    began = found.groupby(keys, dropna=False)["first_day"].transform("min")
    launched = found.groupby(keys, dropna=False)["launched_on"].transform("min")
    starts = pd.to_datetime(found["month"] + "-01")
    on_sale = (began <= starts + edge) | ((launched <= starts) & (began < starts + pd.offsets.MonthBegin()))
    found["is_counted"] = found["month"].isin(whole) & on_sale
    found["orders_per_day"] = (found["orders"] / found["days"]).where(found["orders"] > 0).round(DIGITS)
    return found


def _trends(workbook: Workbook, by_month: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    days = {str(month): month.days for month in window(workbook)}
    places = {month: place for place, month in enumerate(days)}
    confidence = 2 * workbook.standards.value("counting.confidence") - 1
    numbered = by_month.assign(number=by_month.groupby(keys, dropna=False, sort=False).ngroup())
    found = numbered.drop_duplicates("number")[[*keys, "number"]].reset_index(drop=True)
    last = numbered[numbered["month"] == str(workbook.month)].set_index("number")["orders"]
    counted = numbered[numbered["is_counted"]]
    sums = counted.groupby("number")["orders"].agg(["size", "sum"]).reindex(found["number"], fill_value=0)
    found[["months", "orders"]] = sums.to_numpy(dtype="int64").reshape(-1, 2)
    found["last_orders"] = last.reindex(found["number"], fill_value=0).to_numpy(dtype="int64")
    rates = np.log(counted["orders"].clip(lower=HALF).to_numpy(dtype="float64") / counted["month"].map(days).to_numpy(dtype="float64")).round(DIGITS)
    when = counted["month"].map(places).to_numpy(dtype="float64")
    # Rows stand by keys and month: each series is one stretch of them.
    ends = found["months"].cumsum()
    series = [slice(end - length, end) for end, length in zip(ends, found["months"], strict=True)]
    growth = [tuple(math.expm1(part) for part in theil_sen(when[part_of], rates[part_of], confidence)) for part_of in series]
    found[["growth", "lower", "upper"]] = np.array(growth, dtype="float64").reshape(-1, 3)
    found["p"] = np.array([mann_kendall(rates[part_of]).p for part_of in series], dtype="float64")
    found["p"] = found["p"].where(found["months"] > 1)
    found[["adjusted_p", "status"]] = _statuses(workbook, found)
    floats = ["growth", "lower", "upper", "p", "adjusted_p"]
    found[floats] = found[floats].round(DIGITS)
    kinds = dict.fromkeys([*keys, "status"], "str") | dict.fromkeys(floats, "float64") | dict.fromkeys(["months", "orders", "last_orders"], "int64")
    return found[[*keys, "status", *floats, "months", "orders", "last_orders"]].astype(kinds)


def _statuses(workbook: Workbook, found: pd.DataFrame) -> pd.DataFrame:
    """What each trend is called, and its p among all that are tested."""
    standard = workbook.standards.value
    enough = (found["months"] >= standard("market.months_minimum")) & (found["orders"] >= standard("market.orders_minimum"))
    p = pd.Series(np.nan, index=found.index)
    p[enough] = adjusted_p(found.loc[enough, "p"])
    rise, fall = standard("market.emerging_growth"), -standard("market.fading_decline")
    shown = enough & (p <= standard("market.trend_p"))
    conditions = [shown & (found["growth"] >= rise), shown & (found["growth"] <= fall), enough & (found["lower"] > fall) & (found["upper"] < rise)]
    return pd.DataFrame({"adjusted_p": p, "status": np.select(conditions, ["emerging", "fading", "steady"], "unproven")}, index=found.index)
