"""The monthly review: each supplier's month beside the last one, and which changes are more than noise."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.goods import goods_sold, goods_stock
from kmanalysis.measures.common.money import as_amount, as_parts
from kmanalysis.measures.common.orders import UNFULFILLED
from kmanalysis.measures.common.quotes import price_levels, sku_moves
from kmanalysis.measures.observation import observed
from kmanalysis.scoring.grades import grade_history, grades
from kmanalysis.statistics.control import mean_bounds, share_difference, share_difference_p
from kmanalysis.tables import GRADES
from kmanalysis.workbook import Workbook, frame, query

COMPARED = (
    "stability.delivery_time",
    "stability.oversold_rate",
    "service.first_response",
    "service.resolution",
    "service.reship_in_time",
    "service.dispute_rate",
)
"""Shares of single events, which two months can be compared in as two proportions."""

CHANGES = ("supplier_id", "measure", "value", "previous_value", "n", "previous_n", "difference", "lower", "upper", "p", "is_more_than_noise", "is_worse")


@frame("decisions.changes")
def changes(workbook: Workbook) -> pd.DataFrame:
    """This month's shares against the last month's (columns `CHANGES`): the difference, its two-sided interval, and whether it is more than noise.

    More than noise is what Newcombe's interval at the standards' confidence holds apart from zero. The shares are the measures' values; where some
    cases were not over yet, they stand for all n. Empty where there is no month before.
    """
    standards = workbook.standards
    kept = ["supplier_id", "measure", "value", "n"]
    now = observed(workbook)[kept]
    last = workbook.month - 1
    before = observed(workbook.at(last))[kept] if last >= workbook.first_month else now.head(0)
    both = now[now["measure"].isin(COMPARED)].merge(before, on=["supplier_id", "measure"], suffixes=("", "_before"))
    both = both[(both["n"] > 0) & (both["n_before"] > 0) & both["value"].notna() & both["value_before"].notna()].reset_index(drop=True)
    events, events_before = (both["value"] * both["n"]).round(), (both["value_before"] * both["n_before"]).round()
    lower, upper = share_difference(events, both["n"], events_before, both["n_before"], standards.value("review.change_confidence"))
    difference = both["value"] - both["value_before"]
    is_rising = both["measure"].map({measure: standards[measure].op == ">=" for measure in COMPARED}).to_numpy(dtype=bool)
    found = both.rename(columns={"value_before": "previous_value", "n_before": "previous_n"}).assign(
        difference=difference.round(DIGITS),
        lower=np.round(lower, DIGITS),
        upper=np.round(upper, DIGITS),
        p=np.round(share_difference_p(events, both["n"], events_before, both["n_before"]), DIGITS),
        is_more_than_noise=(lower > 0) | (upper < 0),
        is_worse=np.where(is_rising, difference < 0, difference > 0),
    )
    return found[list(CHANGES)].sort_values(["supplier_id", "measure"], ignore_index=True)


@frame("decisions.price_moves")
def price_moves(workbook: Workbook) -> pd.DataFrame:
    """Prices against the market's move: supplier_id, skus, own_change, peers_change, relative_change, lower, upper, is_more_than_noise.

    Means over the SKUs priced in this month and the last; the relative change is the own minus the peers', with Student's interval over SKUs (NaN
    for a single one).
    """
    standards = workbook.standards
    last = workbook.month - 1
    now = price_levels(workbook)
    moves = sku_moves(now, price_levels(workbook.at(last)) if last >= workbook.first_month else now.head(0))
    figures = ["own_change", "peers_change", "relative_change"]
    of_supplier = moves.groupby("supplier_id", sort=True)
    found = of_supplier[figures].mean().round(DIGITS)
    bounds = [mean_bounds(of_one["relative_change"], standards.value("review.change_confidence")) for _, of_one in of_supplier]
    found["lower"], found["upper"] = (np.round(np.array([bound[side] for bound in bounds], dtype=float), DIGITS) for side in (0, 1))
    found.insert(0, "skus", of_supplier.size())
    return found.assign(is_more_than_noise=(found["lower"] > 0) | (found["upper"] < 0)).reset_index()


@frame("decisions.turnover")
def turnover(workbook: Workbook) -> pd.DataFrame:
    """Stock turnover of the month: supplier_id, skus, known_skus, sold, average_stock, turnover (units sold / average stock; NaN without stock).

    Both are of the SKUs whose stock is known; ``skus`` counts all that sold or were in stock.
    """
    keys = ["supplier_id", "sku"]
    parts = [goods_sold(workbook)[[*keys, "sold"]], goods_stock(workbook)[[*keys, "average_stock"]]]
    both = pd.concat(parts, ignore_index=True).groupby(keys, as_index=False)[["sold", "average_stock"]].sum(min_count=1)
    is_known = both["average_stock"].notna()
    # A SKU in stock that nobody asked for sold nothing.
    both = both.astype({"sold": "float64", "average_stock": "float64"}).assign(is_known=is_known.astype("int64"))
    both["sold"] = both["sold"].fillna(0).where(is_known, 0)
    found = both.groupby("supplier_id", as_index=False, sort=True).agg(
        skus=("sku", "size"), known_skus=("is_known", "sum"), sold=("sold", "sum"), average_stock=("average_stock", "sum")
    )
    found["average_stock"] = found["average_stock"].where(found["known_skus"] > 0).round(6)
    found["turnover"] = (found["sold"] / found["average_stock"].where(found["average_stock"] > 0)).round(DIGITS)
    return found.astype({"known_skus": "int64", "sold": "int64"})


@frame("decisions.month_on_month")
def month_on_month(workbook: Workbook) -> pd.DataFrame:
    """A row a supplier: turnover, score and grade this month and the last (``previous_…``; NaN or empty where there is none)."""
    last = workbook.month - 1
    has_last = last >= workbook.first_month
    parts = []
    for month in (workbook, workbook.at(last)) if has_last else (workbook,):
        parts.append(grades(month)[["supplier_id", "score", "grade", "reason"]].merge(turnover(month)[["supplier_id", "turnover"]], how="left"))
    before = parts[1] if has_last else parts[0].head(0)
    found = parts[0].merge(before.rename(columns=lambda name: name if name == "supplier_id" else f"previous_{name}"), on="supplier_id", how="left")
    texts = [name for name in found.columns if name.endswith(("grade", "reason"))]
    return found.assign(**{name: found[name].fillna("") for name in texts}).sort_values("supplier_id", ignore_index=True)


@frame("decisions.migrations")
def migrations(workbook: Workbook) -> pd.DataFrame:
    """How grades moved from month to month: month, previous_grade, grade, suppliers (count); not graded is ''. One row a pair that occurred."""
    history = grade_history(workbook)[["supplier_id", "month", "grade"]].sort_values(["supplier_id", "month"], ignore_index=True)
    moved = history.assign(previous_grade=history.groupby("supplier_id")["grade"].shift()).dropna(subset="previous_grade")
    counts = moved.groupby(["month", "previous_grade", "grade"], as_index=False).size().rename(columns={"size": "suppliers"})
    place = {grade: number for number, grade in enumerate((*GRADES, ""))}
    return counts.sort_values(
        ["month", "previous_grade", "grade"], key=lambda column: column.map(place) if column.name != "month" else column, ignore_index=True
    )


@frame("decisions.supplier_earnings")
@query("decisions.supplier_earnings")
def supplier_earnings(workbook: Workbook) -> ir.Table:
    """What the month's orders brought by supplier and currency: supplier_id, currency, orders, amount, known_amount, margin_amount (all exact).

    Failed, cancelled and refunded orders bring nothing. ``margin_amount`` is left of the orders whose cost is known (``known_amount``); a cost of 0 is not.
    """
    orders = workbook.in_month("orders")
    orders = orders.filter(orders.status.notin(UNFULFILLED))
    is_known = ibis.coalesce(orders.cost_amount > 0, False)
    parts = orders.mutate(paid=as_parts(orders.amount), known=ibis.ifelse(is_known, as_parts(orders.amount), 0))
    parts = parts.mutate(made=ibis.ifelse(is_known, parts.paid - as_parts(parts.cost_amount), 0))
    sums = parts.group_by("supplier_id", "currency").agg(orders=parts.count(), paid=parts.paid.sum(), known=parts.known.sum(), made=parts.made.sum())
    amounts = {"amount": sums.paid, "known_amount": sums.known, "margin_amount": sums.made}
    found = sums.select("supplier_id", "currency", "orders", **{name: as_amount(whole) for name, whole in amounts.items()})
    return found.order_by("supplier_id", "currency")


FRAMES = (changes, price_moves, turnover, month_on_month, migrations, supplier_earnings)
"""What the pages show."""
