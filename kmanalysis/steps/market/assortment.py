"""What the range lacks, what it could drop, and where its margin lies."""

from __future__ import annotations

from decimal import Decimal

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.money import MONEY
from kmanalysis.measures.common.orders import UNFULFILLED, orders_by_day
from kmanalysis.measures.common.stock import on_offer
from kmanalysis.steps.market.trends import category_trends, sku_trends
from kmanalysis.workbook import Workbook, frame, query

UNKNOWN = "unknown"
"""Category of goods that have none."""

FADING = ["level", "category", "sku", "name", "growth", "p", "orders", "currency", "amount", "margin", "margin_share", "is_drop"]


@frame("market.offers")
@query("market.offers")
def offers(workbook: Workbook) -> ir.Table:
    """Who sells each SKU: sku, name, category, launched_on, suppliers, only_supplier (its id where there is one alone, else empty), is_known.

    A supplier sells what it has on offer in the month or had an order for in it. ``is_known`` says whether the folder knows any listing of the month:
    without one, nobody can say that nobody sells a SKU.
    """
    ordered = orders_by_day(workbook).select("supplier_id", "sku").distinct()
    listed = on_offer(workbook).select("supplier_id", "sku").distinct()
    sellers = ibis.union(ordered, listed, distinct=True)
    counted = sellers.group_by("sku").agg(suppliers=sellers.count(), first=sellers.supplier_id.min())
    products = workbook.table("products")
    found = products.left_join(counted, "sku")
    suppliers = ibis.coalesce(found.suppliers, 0)
    found = found.select(
        "sku", "name", "category", "launched_on", suppliers=suppliers, only_supplier=ibis.ifelse(suppliers == 1, found["first"], "")
    )  # fmt: skip
    listings = listed.agg(listings=listed.count())
    found = found.cross_join(listings)
    return found.select("sku", "name", "category", "launched_on", "suppliers", "only_supplier", is_known=found.listings > 0).order_by("sku")


@frame("market.gaps")
def gaps(workbook: Workbook) -> pd.DataFrame:
    """SKUs that grow, or whose category does, and that at most as many suppliers sell as the standards call a gap: those with proof first.

    Columns: sku, name, category, suppliers, only_supplier, is_gap, growth (the larger of category's and SKU's), category_status, sku_status, launched_on.
    ``is_gap`` where the category or the SKU is emerging. The others are to be watched: their growth so far is as large, but too little
    was ordered to prove it. What is fading is no gap.
    """
    found = offers(workbook)
    few = found["suppliers"] <= workbook.standards.value("market.gap_suppliers")
    found = found[few & ((found["suppliers"] > 0) | found["is_known"])]
    for key, trends, name in (("category", category_trends(workbook), "category"), ("sku", sku_trends(workbook), "sku")):
        known = trends.set_index(key)
        found[f"{name}_status"] = found[key].map(known["status"]).astype("object").fillna("unproven").astype("str")
        found[f"{name}_growth"] = found[key].map(known["growth"]).astype("float64")
    found["growth"] = found[["category_growth", "sku_growth"]].max(axis=1)
    found["is_gap"] = (found["category_status"] == "emerging") | (found["sku_status"] == "emerging")
    is_open = found["growth"] >= workbook.standards.value("market.emerging_growth")
    unproven = (found["category_status"] == "unproven") | (found["sku_status"] == "unproven")
    fading = (found["category_status"] == "fading") | (found["sku_status"] == "fading")
    found = found[(found["is_gap"] | (is_open & unproven)) & ~fading]
    found = found.sort_values(["is_gap", "growth", "category", "suppliers", "sku"], ascending=[False, False, True, True, True], ignore_index=True)
    return found[["sku", "name", "category", "suppliers", "only_supplier", "is_gap", "growth", "category_status", "sku_status", "launched_on"]]


@frame("market.focus")
def focus(workbook: Workbook) -> pd.DataFrame:
    """What each category brought in the month, in each currency apart: the one with most margin first.

    Columns: currency, category ("unknown" where the goods have none), orders, amount, known_amount, cost_amount, margin_amount (decimals), margin
    (margin_amount / known_amount), amount_share and margin_share (of the currency's total; NaN where that is not above 0), is_focus.

    Failed, cancelled and refunded orders bring in nothing. Cost and margin are of the orders whose cost is known (known_amount). ``is_focus`` marks
    the categories that together first reach the standards' share of all margin.
    """
    found = _margins(earnings(workbook), ["currency", "category"])
    found = found.sort_values(["currency", "margin_amount", "category"], ascending=[True, False, True], ignore_index=True)
    before = found.groupby("currency")["margin_share"].cumsum() - found["margin_share"]
    found["is_focus"] = (before.round(DIGITS) < workbook.standards.value("market.focus_share")) & (found["margin_share"] > 0)
    return found


@frame("market.fading")
def fading(workbook: Workbook) -> pd.DataFrame:
    """Fading categories and SKUs (level) with what they still bring, a row a currency: those to drop first.

    Columns as `FADING`; orders, amount, margin and margin_share are the month's, as in `focus`. ``is_drop`` where in no currency the share of margin is above
    the standards' and none has a margin as large as is asked of a supplier; what brought in nothing this month is dropped as well.
    """
    standard = workbook.standards.value
    parts = []
    for level, trends, key, limit in (
        ("category", category_trends(workbook), "category", standard("market.drop_category_share")),
        ("sku", sku_trends(workbook), "sku", standard("market.drop_sku_share")),
    ):
        brought = _margins(earnings(workbook), ["currency", key])
        falling = trends.loc[trends["status"] == "fading", [column for column in ("category", "sku", "name", "growth", "p") if column in trends]]
        found = falling.merge(brought, on=key, how="left").assign(level=level)
        # What is not known is no reason to drop: only a share and a margin that are known to be low.
        is_low = (found["margin_share"] <= limit) & (found["margin"] < standard("qualification.gross_margin"))
        found["is_drop"] = (is_low | found["currency"].isna()).groupby(found[key]).transform("all")
        parts.append(found)
    found = pd.concat(parts, ignore_index=True)
    for column in ("sku", "name"):
        found[column] = (found[column].astype("object") if column in found else pd.Series("", index=found.index)).fillna("").astype("str")
    found["currency"] = found["currency"].astype("object").fillna("").astype("str")
    found["orders"] = found["orders"].fillna(0).astype("int64")
    found["amount"] = found["amount"].astype("object").where(found["amount"].notna(), Decimal(0))
    found = found.sort_values(["is_drop", "level", "category", "sku", "currency"], ascending=[False, True, True, True, True], ignore_index=True)
    return found.astype({"is_drop": "bool"})[FADING]


@frame("market.earnings")
@query("market.earnings")
def earnings(workbook: Workbook) -> ir.Table:
    """The month's orders that bring in money, by currency and SKU: currency, sku, category, orders, amount, known_amount, cost_amount (decimals)."""
    orders = workbook.in_month("orders")
    orders = orders.filter(~orders.status.isin(UNFULFILLED)).join(workbook.table("products").select("sku", "category"), "sku")
    orders = orders.mutate(category=ibis.coalesce(orders.category, UNKNOWN))
    # A cost of 0 was not given.
    is_known = orders.cost_amount > 0
    found = orders.group_by("currency", "sku", "category").agg(
        orders=orders.count(),
        amount=orders.amount.sum().cast(MONEY),
        # Where no cost is known, nothing is summed: that is an absent sum and no unknown one.
        known_amount=ibis.coalesce(orders.amount.sum(where=is_known), 0).cast(MONEY),
        cost_amount=ibis.coalesce(orders.cost_amount.sum(where=is_known), 0).cast(MONEY),
    )
    return found.order_by("currency", "sku")


def _margins(found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Amounts by keys (currency is one) with margin and shares."""
    amounts = ["amount", "known_amount", "cost_amount"]
    sums = found.groupby(keys, as_index=False)[["orders", *amounts]].sum()
    sums["margin_amount"] = sums["known_amount"] - sums["cost_amount"]
    known, made, took = (sums[column].astype("float64") for column in ("known_amount", "margin_amount", "amount"))
    sums["margin"] = (made / known.where(known > 0)).round(DIGITS)
    for column, part in (("amount_share", took), ("margin_share", made.where(known > 0))):
        total = part.groupby(sums["currency"]).transform("sum")
        sums[column] = (part / total.where(total > 0)).round(DIGITS)
    return sums.astype({"margin": "float64", "amount_share": "float64", "margin_share": "float64"})


@frame("market.category_margins")
@query("market.category_margins")
def category_margins(workbook: Workbook) -> ir.Table:
    """What suppliers' listings leave between cost and suggested retail: supplier_id, category ("unknown" where none), skus, margin (median of listings)."""
    listed = on_offer(workbook)
    # A cost of 0 was not given.
    listed = listed.filter(listed.suggested_retail_price > 0, listed.cost_price > 0)
    listed = listed.join(workbook.table("products").select("sku", "category"), "sku")
    listed = listed.mutate(
        category=ibis.coalesce(listed.category, UNKNOWN),
        margin=1 - listed.cost_price.cast("float64") / listed.suggested_retail_price.cast("float64"),
    )
    found = listed.group_by("supplier_id", "category").agg(skus=listed.sku.nunique(), margin=listed.margin.quantile(0.5).round(DIGITS))
    return found.order_by("supplier_id", "category")
