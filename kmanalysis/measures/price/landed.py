"""What landed cost shows: low prices that are traps, and the margin that is left."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS, measures_frame, share_frame
from kmanalysis.measures.common.landed import costed_days, has_cost, landed_days, landed_purchases
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.money import MONEY, main_currencies, mean_amount
from kmanalysis.measures.common.quotes import market_levels
from kmanalysis.workbook import Workbook, frame, query

ON_A_DAY = ["supplier_id", "sku", "currency", "day"]
"""What has one retail price."""


def low_price_trap_rows(workbook: Workbook) -> ir.Table:
    """SKUs bought in the month on days with a market level, a row a supplier, SKU and currency.

    Has days_bought, headline_price (mean standing quote of these days), market_level (their mean), landed_unit_cost (of what was bought on them),
    headline_gap and landed_gap (against the level, −0.1 is 10 % under it) and is_trap; severity is the distance between the gaps of a trap.
    """
    settings = workbook.standards
    one = ["supplier_id", "sku", "currency"]
    by_day, levels = costed_days(workbook), market_levels(workbook)
    judged = by_day.join(levels.select(*one, "day", "unit_price", "market_level"), [*one, "day"])
    sums = judged.group_by(one).agg(
        days_bought=judged.count(),
        purchases=judged.purchases.sum(),
        received=judged.received.sum(),
        paid_amount=judged.paid.sum().cast(MONEY),
        landed_amount=judged.landed.sum().cast(MONEY),
        quotes=judged.unit_price.sum(),
        levels=judged.market_level.sum(),
    )
    sums = sums.filter(sums.received > 0)
    days = sums.days_bought.cast("float64")
    headline, level = sums.quotes.cast("float64") / days, sums.levels.cast("float64") / days
    unit_cost = sums.landed_amount.cast("float64") / sums.received.cast("float64")
    sums = sums.mutate(
        headline_price=mean_amount(sums.quotes, sums.days_bought),
        market_level=mean_amount(sums.levels, sums.days_bought),
        landed_unit_cost=mean_amount(sums.landed_amount, sums.received),
        headline_gap=(headline / level - 1).round(DIGITS),
        landed_gap=(unit_cost / level - 1).round(DIGITS),
    )
    is_cheap = sums.headline_gap < -settings.value("counting.trap_headline_gap")
    found = sums.mutate(is_trap=is_cheap & (sums.landed_gap >= -settings.value("counting.trap_landed_gap")))
    found = found.join(workbook.table("products").select("sku", "name"), "sku")
    return found.select(
        *("supplier_id", "sku", "name", "currency", "headline_price", "landed_unit_cost", "market_level", "headline_gap", "landed_gap", "is_trap"),
        *("days_bought", "purchases", "received", "paid_amount", "landed_amount"),
        severity=ibis.ifelse(found.is_trap, found.landed_gap - found.headline_gap, 0.0),
    )


@frame("price.landed_prices", needs=lambda: {"purchases": ("received_quantity",), "fees": ("amount",)})
@query("price.landed_prices")
def landed_prices(workbook: Workbook) -> ir.Table:
    """Headline, market and landed price of each supplier and SKU bought: the columns of `low_price_trap_rows`; money is decimal."""
    return low_price_trap_rows(workbook).drop("severity").order_by("supplier_id", "sku", "currency")


def low_price_trap(workbook: Workbook) -> pd.DataFrame:
    """Share of the SKUs bought and judged whose headline lies far under the market while their landed cost does not."""
    prices = landed_prices(workbook)
    counts = (
        prices.assign(is_trap=prices["is_trap"].astype("int64")).groupby("supplier_id", as_index=False).agg(successes=("is_trap", "sum"), n=("sku", "size"))
    )
    return share_frame(workbook, "price.low_price_trap", counts)


def retail_prices(workbook: Workbook, days: ir.Table) -> ir.Table:
    """The days (`ON_A_DAY`, a row each) with cost_price and suggested_retail_price of the listing in force; those without a retail price are left out.

    Of several listings in force it is the one listed last.
    """
    listings = workbook.table("listings")
    priced = listings.filter(listings.suggested_retail_price.notnull())
    priced = priced.select("supplier_id", "sku", "currency", "listed_from", "listed_to", "cost_price", "suggested_retail_price")
    in_force = [priced.listed_from <= days.day, priced.listed_to.isnull() | (priced.listed_to >= days.day)]
    found = days.join(priced, ["supplier_id", "sku", "currency", *in_force])
    found = found.mutate(place=ibis.row_number().over(ibis.window(group_by=ON_A_DAY, order_by=ibis.desc("listed_from"))))
    return found.filter(found.place == 0).drop("place", "listed_from", "listed_to")


def gross_margin_rows(workbook: Workbook) -> ir.Table:
    """The month's purchases that were received and have a cost and a suggested retail price, with their margin; severity is what lacks of the standard.

    The retail price is that of the listing in force on the day of the purchase (the one listed last, where several are), in its currency.
    """
    landed = landed_purchases(workbook)
    landed = landed.filter(landed.received_quantity.notnull() & has_cost(landed))
    found = landed.join(retail_prices(workbook, landed.select(ON_A_DAY).distinct()), ON_A_DAY)
    found = found.mutate(retail_amount=_retail_amount(found.suggested_retail_price, found.received_quantity))
    retail = found.retail_amount.nullif(0).cast("float64")
    found = found.mutate(margin=((retail - found.landed_amount.cast("float64")) / retail).round(DIGITS))
    lacking = workbook.standards.value("price.gross_margin") - found.margin
    return found.select(
        *("supplier_id", "purchase_id", "sku", "day", "currency", "cost_price", "suggested_retail_price", "received_quantity"),
        *("retail_amount", "paid_amount", "linked_fees", "spread_fees", "landed_amount", "margin"),
        # Paid for, and nothing came: worse than any margin.
        severity=ibis.greatest(ibis.coalesce(lacking, ibis.ifelse(found.landed_amount > 0, 1e6, 0.0)), 0.0),
    )


@frame("price.margins", needs=reads_of("price.gross_margin"))
def margins(workbook: Workbook) -> pd.DataFrame:
    """Margin of each supplier and SKU: supplier_id, sku, name, currency, purchases, received, retail_, paid_ and landed_amount (decimal), margin."""
    sums = _retail_sums(workbook)
    return sums.assign(margin=_margin(sums, "landed_amount"))


@query("price.retail_sums")
def _retail_sums(workbook: Workbook) -> ir.Table:
    days = retail_prices(workbook, costed_days(workbook)).join(workbook.table("products").select("sku", "name"), "sku")
    found = days.group_by("supplier_id", "sku", "name", "currency").agg(
        purchases=days.purchases.sum(),
        received=days.received.sum(),
        retail_amount=_retail_amount(days.suggested_retail_price, days.received).sum(),
        paid_amount=days.paid.sum(),
        landed_amount=days.landed.sum(),
    )
    return found.order_by("supplier_id", "sku", "currency")


@query("price.received_counts")
def _received_counts(workbook: Workbook) -> ir.Table:
    days = landed_days(workbook)
    return days.group_by("supplier_id", "currency").agg(received=days.purchases.sum() + days.uncosted.sum())


def gross_margin(workbook: Workbook) -> pd.DataFrame:
    """(retail − landed cost) / retail of what was received in the month, at the suggested retail price, in the supplier's main currency.

    Open purchases and those without a cost (0 is none) or a retail price are left out; ``.priced_share`` says how many of the received ones had both.
    ``.before_fees`` is the margin without the fees. No bounds: purchases are not drawn from anything.
    """
    amounts = ["retail_amount", "paid_amount", "landed_amount"]
    sums = margins(workbook)[["supplier_id", "currency", "purchases", *amounts]].astype(dict.fromkeys(amounts, "float64"))
    received = _received_counts(workbook)
    # One below the other, summed: a currency in which nothing has a retail price keeps its count.
    both = pd.concat([received, sums]).groupby(["supplier_id", "currency"], as_index=False)[["received", "purchases", *amounts]].sum()
    main = main_currencies(both, "received")
    main = main.assign(n=main["purchases"].astype("int64"))
    priced = main[main["n"] > 0]
    parts = [
        measures_frame(workbook, "price.gross_margin", priced.assign(value=_margin(priced, "landed_amount")), unit="share"),
        measures_frame(workbook, "price.gross_margin.before_fees", priced.assign(value=_margin(priced, "paid_amount")), unit="share"),
        measures_frame(workbook, "price.gross_margin.priced_share", main.assign(value=main["n"] / main["received"], n=main["received"]), unit="share"),
    ]
    return pd.concat(parts, ignore_index=True)


def _margin(sums: pd.DataFrame, cost: str) -> pd.Series:
    retail, spent = sums["retail_amount"].astype("float64"), sums[cost].astype("float64")
    return ((retail - spent) / retail.where(retail > 0)).round(DIGITS)


def _retail_amount(price: ir.DecimalValue, units: ir.IntegerValue) -> ir.DecimalValue:
    return (price * units).cast("decimal(30,4)")
