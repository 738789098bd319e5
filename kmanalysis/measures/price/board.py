"""The price board: what each supplier asks for a SKU at the month's end, beside the other suppliers, the real cost and the own sale price."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.landed import landed_days
from kmanalysis.measures.common.money import MONEY, as_amount, as_parts, mean_amount
from kmanalysis.measures.common.orders import UNFULFILLED
from kmanalysis.measures.common.quotes import market_quotes
from kmanalysis.measures.price.landed import ON_A_DAY, retail_prices
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, frame, query

COLUMNS = (
    *("sku", "name", "currency", "supplier", "unit_price", "quoted_at", "age_days", "is_cheapest", "landed_unit_cost", "discount_share", "applies_to"),
    *("market_suppliers", "market_level", "mean_level", "deviation", "is_outside", "own_price", "own_price_source", "is_loss"),
)
"""Columns of the board. ``supplier`` and not ``supplier_id``: each row is about the others as well, and no page of one supplier shows it."""

_ONE = ["supplier_id", "sku", "currency"]


@frame("price.board", needs=lambda: {"quotes": ("unit_price",)})
def board(workbook: Workbook) -> pd.DataFrame:
    """The quotes that stand on the month's last day (`COLUMNS`), a row a SKU and supplier; amounts are exact, in the row's currency.

    ``age_days`` counts from the day of the quote. ``is_cheapest`` is the lowest quote above 0 of the SKU and currency (several, where they tie).
    ``landed_unit_cost`` is what the month's received units really cost, empty where none came or fees were not given. ``discount_share`` and
    ``applies_to`` are those of the highest tier that the month's list amount exceeds. ``market_level`` is the median, ``mean_level`` the mean of the
    other suppliers' quotes, where enough quote the SKU; ``is_outside``: further from the level than the standard of price.band_share allows.
    ``own_price`` is the median amount per unit of the month's orders, all suppliers together (``own_price_source`` is ``orders``); where none was sold,
    the retail price that the supplier suggests (``listings``). ``is_loss``: it is under the landed cost, or under the quote where that is not known.
    """
    found = _quoted(workbook)
    if workbook.not_given({"fees": ("amount",)}):
        found["landed_unit_cost"] = None
    is_sold = found["order_price"].notna()
    own = found["order_price"].where(is_sold, found["suggested_retail_price"])
    cost = found["landed_unit_cost"].where(found["landed_unit_cost"].notna(), found["unit_price"])
    is_known = own.notna()
    return found.assign(
        age_days=(pd.Timestamp(workbook.month.last_day) - to_local(found["quoted_at"]).dt.normalize()).dt.days.astype("int64"),
        own_price=own,
        own_price_source=pd.Series("listings", index=found.index, dtype="str").mask(is_sold, "orders").where(is_known),
        is_loss=pd.Series(None, index=found.index, dtype="object").mask(is_known, own.where(is_known, 0) < cost),
    )[list(COLUMNS)]


@query("price.board_quoted")
def _quoted(workbook: Workbook) -> ir.Table:
    """The board before its own price is chosen: order_price and suggested_retail_price stand side by side."""
    market = market_quotes(workbook)
    quotes = market.filter(market.day == workbook.period.last_day)
    markets = quotes.group_by("sku", "currency").agg(lowest=quotes.unit_price.min(where=quotes.unit_price > 0), total=quotes.unit_price.sum())
    found = quotes.join(markets, ["sku", "currency"])
    others = mean_amount(found.total - found.unit_price, (found.market_suppliers - 1).nullif(0))
    found = found.mutate(
        is_cheapest=ibis.coalesce(found.unit_price == found.lowest, False),
        mean_level=ibis.ifelse(found.market_level.notnull(), others, ibis.null(MONEY)),
        is_outside=found.deviation.abs() > workbook.standards.limit("price.band_share"),
    )
    found = _beside(found, _landed(workbook), _ONE)
    found = _beside(found, _tiers(workbook), ["supplier_id", "currency"])
    found = _beside(found, _order_prices(workbook), ["sku", "currency"])
    found = _beside(found, retail_prices(workbook, quotes.select(ON_A_DAY)).select(*_ONE, "suggested_retail_price"), _ONE)
    found = _beside(found, workbook.table("products").select("sku", "name"), ["sku"])
    found = found.mutate(name=ibis.coalesce(found.name, found.sku)).rename(supplier="supplier_id")
    kept = [name for name in COLUMNS if name in found.columns]
    return found.select(*kept, "order_price", "suggested_retail_price").order_by("sku", "currency", "unit_price", "supplier")


def _beside(found: ir.Table, more: ir.Table, keys: list[str]) -> ir.Table:
    return found.left_join(more, keys).drop(*(f"{key}_right" for key in keys))


def _landed(workbook: Workbook) -> ir.Table:
    """What the month's received units really cost, each: supplier_id, sku, currency, landed_unit_cost."""
    days = landed_days(workbook)
    sums = days.group_by(_ONE).agg(received=days.received.sum(), landed=days.landed.sum())
    sums = sums.filter(sums.received > 0)
    return sums.select(*_ONE, landed_unit_cost=mean_amount(sums.landed, sums.received))


def _tiers(workbook: Workbook) -> ir.Table:
    """The highest tier of the month's last day that the month's list amount exceeds: supplier_id, currency, discount_share, applies_to."""
    tiers, bought, last_day = workbook.table("discount_tiers"), workbook.in_month("purchases"), workbook.period.last_day
    listed = bought.group_by("supplier_id", "currency").agg(listed=bought.list_amount.sum())
    standing = tiers.filter(tiers.valid_from <= last_day, tiers.valid_to.isnull() | (tiers.valid_to >= last_day))
    reached = standing.join(listed, ["supplier_id", "currency"])
    reached = reached.filter(reached.listed > reached.threshold_amount)
    order = ibis.window(group_by=["supplier_id", "currency"], order_by=[ibis.desc(reached.threshold_amount), ibis.desc(reached.valid_from)])
    ranked = reached.mutate(place=ibis.row_number().over(order))
    return ranked.filter(ranked.place == 0).select("supplier_id", "currency", "discount_share", "applies_to")


def _order_prices(workbook: Workbook) -> ir.Table:
    """What a unit was sold for, the median of the month's orders that stand: sku, currency, order_price."""
    orders = workbook.in_month("orders")
    sold = orders.filter(orders.status.notin(UNFULFILLED))
    # Twice the whole parts: the middle of two of them is whole as well, and every engine rounds it alike.
    priced = sold.mutate(doubled=as_parts(sold.amount) // sold.quantity * 2)
    middle = priced.group_by("sku", "currency").agg(doubled=priced.doubled.cast("float64").quantile(0.5).cast("int64"))
    return middle.select("sku", "currency", order_price=as_amount((middle.doubled + 1) // 2))
