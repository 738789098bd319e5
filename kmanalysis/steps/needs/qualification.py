"""Step 3: the qualification list: how each supplier supplies, what can be read by API, and the margin that its own price list leaves."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.stock import on_offer
from kmanalysis.workbook import Workbook, frame, query


@query("needs.traits")
def traits(workbook: Workbook) -> ir.Table:
    """What suppliers say of themselves, a row each."""
    suppliers = workbook.table("suppliers")
    columns = ["supplier_id", "channel", "supply_mode", "min_order", "prepayment", "currency", "api_stock", "api_order_status", "bulk_custom", "data_tools"]
    return suppliers.select(*columns, "upstream_id").order_by("supplier_id")


@frame("needs.qualification")
def qualification(workbook: Workbook) -> pd.DataFrame:
    """The qualification list: supplier_id, channel, supply_mode, min_order, prepayment, currency, api_stock, api_order_status, bulk_custom, data_tools,
    upstream_id, same_upstream (other suppliers that buy from it), and of the goods on offer: listings, priced (both prices known), thin (margin under
    the standard), lowest_margin, median_margin. Margins are NaN where no price is known.
    """
    found = traits(workbook)
    sharing = found.groupby("upstream_id")["supplier_id"].transform("size") - 1
    found["same_upstream"] = sharing.fillna(0).astype("int64")
    goods = margins(workbook)
    goods = goods.assign(is_thin=goods["state"] == "missed")
    sums = goods.groupby("supplier_id", as_index=False).agg(
        listings=("sku", "size"), priced=("margin", "count"), thin=("is_thin", "sum"), lowest_margin=("margin", "min"), median_margin=("margin", "median")
    )
    found = found.merge(sums, on="supplier_id", how="left")
    counts = ["listings", "priced", "thin"]
    found[counts] = found[counts].fillna(0).astype("int64")
    found[["lowest_margin", "median_margin"]] = found[["lowest_margin", "median_margin"]].astype("float64").round(DIGITS)
    return found


@frame("needs.margins")
def margins(workbook: Workbook) -> pd.DataFrame:
    """The price list of each supplier, a row a good on offer in the month (its latest listing): supplier_id, sku, name, category, cost_price,
    suggested_retail_price, currency, margin = (retail − cost) / retail, state against the standard (met, missed, unknown).

    Decided on exact amounts; margin is NaN where a price is missing or 0 (a cost of 0 was not given).
    """
    found = _price_lists(workbook)
    cost, retail = found["cost_price"], found["suggested_retail_price"]
    is_known = cost.astype("float64").gt(0) & retail.astype("float64").gt(0)
    asked = Decimal(str(workbook.standards.value("qualification.gross_margin")))
    is_met = [known and price - own >= asked * price for known, price, own in zip(is_known, retail, cost, strict=True)]
    price = retail.astype("float64").where(is_known)
    found["margin"] = ((price - cost.astype("float64")) / price).round(DIGITS)
    found["state"] = np.select([~is_known.to_numpy(dtype=bool), np.array(is_met, dtype=bool)], ["unknown", "met"], "missed")
    return found


@query("needs.price_lists")
def _price_lists(workbook: Workbook) -> ir.Table:
    listings = on_offer(workbook)
    latest = listings.group_by("supplier_id", "sku").agg(listed_from=listings.listed_from.max())
    listings = listings.semi_join(latest, ["supplier_id", "sku", "listed_from"])
    goods = listings.join(workbook.table("products").select("sku", "name", "category"), "sku")
    columns = ["supplier_id", "sku", "name", "category", "cost_price", "suggested_retail_price", "currency"]
    return goods.select(columns).order_by("supplier_id", "sku")
