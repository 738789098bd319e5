"""What a supplier charges beside its price, and the volume discount that it offers and grants."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS, measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.money import main_currencies
from kmanalysis.workbook import Workbook, frame, query

DISCOUNT_DIGITS = 4
"""Digits of a granted discount: each purchase's is rounded to the cent, which must not read as a broken promise."""


@frame("price.fees_by_kind", needs=reads_of("price.hidden_fee_rate"))
@query("price.fees_by_kind")
def fees_by_kind(workbook: Workbook) -> ir.Table:
    """The month's fees: supplier_id, currency, kind, is_disclosed, fees (count), amount (decimal), share_of_purchases (NaN where none was paid)."""
    fees = workbook.in_month("fees")
    found = fees.group_by("supplier_id", "currency", "kind", "is_disclosed").agg(fees=fees.count(), amount=fees.amount.sum())
    found = found.left_join(_purchase_sums(workbook), ["supplier_id", "currency"]).drop("supplier_id_right", "currency_right")
    share = (found.amount.cast("float64") / found.paid_amount.nullif(0).cast("float64")).round(DIGITS)
    columns = ["supplier_id", "currency", "kind", "is_disclosed", "fees", "amount"]
    return found.select(*columns, share_of_purchases=share).order_by(columns[:4])


@frame("price.purchase_sums")
@query("price.purchase_sums")
def purchase_sums(workbook: Workbook) -> ir.Table:
    """The month's purchases by supplier and currency: purchases (count), list_amount, discount_amount, paid_amount (decimal)."""
    return _purchase_sums(workbook).order_by("supplier_id", "currency")


def _purchase_sums(workbook: Workbook) -> ir.Table:
    bought = workbook.in_month("purchases")
    return bought.group_by("supplier_id", "currency").agg(
        purchases=bought.count(),
        list_amount=bought.list_amount.sum(),
        discount_amount=bought.discount_amount.sum(),
        paid_amount=bought.paid_amount.sum(),
    )


def hidden_fee_rate(workbook: Workbook) -> pd.DataFrame:
    """Undisclosed fees charged in the month / amount paid for its purchases, in the currency where that rate is highest.

    Amounts of two currencies are never added: where a fee was hidden in any of them it does not escape. Without hidden fees it is the currency of
    most purchases. The rate is 1 where nothing was paid in the fee's currency. ``.fee_rate`` is that of all fees, ``.undisclosed_fees``
    counts the hidden ones in any currency. n counts the currency's purchases (its hidden fees where there are none).
    """
    fees, bought = fees_by_kind(workbook), purchase_sums(workbook)
    is_hidden = ~fees["is_disclosed"].astype(bool)
    charged = fees["amount"].astype("float64")
    fees = fees[["supplier_id", "currency"]].assign(hidden=fees["fees"].where(is_hidden, 0), hidden_amount=charged.where(is_hidden, 0.0), charged=charged)
    bought = bought[["supplier_id", "currency", "purchases"]].assign(paid=bought["paid_amount"].astype("float64"))
    # One below the other, summed: what a currency lacks adds nothing.
    rates = pd.concat([bought, fees]).groupby(["supplier_id", "currency"], as_index=False)[["purchases", "paid", "hidden", "hidden_amount", "charged"]].sum()
    rates = rates.assign(
        n=rates["purchases"].where(rates["purchases"] > 0, rates["hidden"]),
        value=_rate(rates["hidden_amount"], rates["paid"]),
        of_all=_rate(rates["charged"], rates["paid"]),
    )
    rates = rates[rates["n"] > 0]
    shown = main_currencies(rates, "value", "n")
    hidden = rates.groupby("supplier_id", as_index=False).agg(value=("hidden", "sum"), n=("n", "sum"))
    parts = [
        measures_frame(workbook, "price.hidden_fee_rate", shown, unit="share"),
        measures_frame(workbook, "price.hidden_fee_rate.fee_rate", shown.assign(value=shown["of_all"]), unit="share"),
        measures_frame(workbook, "price.hidden_fee_rate.undisclosed_fees", hidden, unit="count"),
    ]
    return pd.concat(parts, ignore_index=True)


def _rate(charged: pd.Series, paid: pd.Series) -> pd.Series:
    return (charged / paid.where(paid > 0)).fillna((charged > 0).astype("float64"))


def hidden_fee_rate_rows(workbook: Workbook) -> ir.Table:
    """The month's fees; severity is the amount of the undisclosed ones."""
    fees = workbook.in_month("fees")
    shown = fees.select("supplier_id", "fee_id", "charged_at", "kind", "is_disclosed", "amount", "currency", "purchase_id")
    return shown.mutate(severity=ibis.ifelse(shown.is_disclosed, 0.0, shown.amount.cast("float64")))


def offered_tiers(workbook: Workbook) -> ir.Table:
    """The discount that a supplier offers just above the standard's monthly amount, a row a supplier and currency.

    Of the tiers valid in the month, those that last longest into it; of these the highest threshold that is no larger than the amount.
    offered is 0 where it has tiers but none so low (threshold_amount is then empty); tiers counts all of them.
    """
    tiers, period = workbook.table("discount_tiers"), workbook.period
    tiers = tiers.filter(tiers.valid_from <= period.last_day, tiers.valid_to.isnull() | (tiers.valid_to >= period.first_day))
    one = ["supplier_id", "currency"]
    lasting = ibis.least(ibis.coalesce(tiers.valid_to, period.last_day), period.last_day)
    limit = workbook.standards.limit("price.tier_discount")
    reached = tiers.mutate(lasts_to=lasting).filter(tiers.threshold_amount.cast("float64") <= limit)
    order = ibis.window(group_by=one, order_by=[ibis.desc("lasts_to"), ibis.desc("threshold_amount"), ibis.desc("valid_from")])
    reached = reached.mutate(place=ibis.row_number().over(order))
    best = reached.filter(reached.place == 0).select(*one, "threshold_amount", "discount_share", "valid_from", "valid_to")
    counted = tiers.group_by(one).agg(tiers=tiers.count())
    found = counted.left_join(best, one).drop("supplier_id_right", "currency_right")
    return found.mutate(offered=ibis.coalesce(found.discount_share, 0.0)).drop("discount_share")


@frame("price.tiers", needs=reads_of("price.tier_discount"))
def tiers(workbook: Workbook) -> pd.DataFrame:
    """Volume discount of each supplier in its main currency.

    Columns supplier_id, currency, purchases, list_amount, discount_amount (decimal), tiers, threshold_amount, valid_from, valid_to, is_large (more was
    bought than the standard's amount), offered, granted, discount (the smaller of both where both are known).
    """
    main = main_currencies(_tiers_and_purchases(workbook), "purchases", "tiers")
    listed = main["list_amount"].astype("float64")
    main["is_large"] = listed > workbook.standards.limit("price.tier_discount")
    main["granted"] = (main["discount_amount"].astype("float64") / listed.where(main["is_large"])).round(DISCOUNT_DIGITS)
    main["offered"] = main["offered"].astype("float64")
    main["discount"] = main[["offered", "granted"]].min(axis=1)
    columns = ["supplier_id", "currency", "purchases", "list_amount", "discount_amount", "tiers", "threshold_amount", "valid_from", "valid_to", "is_large"]
    return main[[*columns, "offered", "granted", "discount"]]


@query("price.tiers_and_purchases")
def _tiers_and_purchases(workbook: Workbook) -> ir.Table:
    both = _beside_purchases(offered_tiers(workbook), _purchase_sums(workbook).drop("paid_amount"))
    return both.mutate(purchases=ibis.coalesce(both.purchases, 0), tiers=ibis.coalesce(both.tiers, 0))


def tier_discount(workbook: Workbook) -> pd.DataFrame:
    """The discount at the standard's monthly amount: the rate on offer just above it and, in a month that exceeded it, the rate really granted.

    The smaller of both where both are known; ``.offered`` and ``.granted`` stand beside it. Amounts are in the supplier's main currency.
    n counts its tiers, and in a large month its purchases.
    """
    found = tiers(workbook)
    found = found.assign(n=found["tiers"] + found["purchases"].where(found["is_large"], 0))
    parts = [
        measures_frame(workbook, measure, found[found[column].notna()].rename(columns={column: "value"}), unit="share")
        for measure, column in (("price.tier_discount", "discount"), ("price.tier_discount.offered", "offered"), ("price.tier_discount.granted", "granted"))
    ]
    return pd.concat(parts, ignore_index=True)


def tier_discount_rows(workbook: Workbook) -> ir.Table:
    """The purchases of large months with the discount granted and the tier on offer; severity is the money that lacks.

    A supplier whose month was not large has one row that shows its tier alone; severity is the share that lacks.
    """
    bought = workbook.in_month("purchases").select("supplier_id", "currency", "purchase_id", "purchased_at", "list_amount", "discount_amount")
    sums = bought.group_by("supplier_id", "currency").agg(listed=bought.list_amount.sum())
    large = sums.filter(sums.listed.cast("float64") > workbook.standards.limit("price.tier_discount"))
    bought = bought.semi_join(large, ["supplier_id", "currency"])
    offered = offered_tiers(workbook).drop("tiers")
    found = _beside_purchases(offered, bought)
    target = workbook.standards.value("price.tier_discount")
    asked = ibis.greatest(ibis.coalesce(found.offered, 0.0), target)
    lacking = found.list_amount.cast("float64") * asked - found.discount_amount.cast("float64")
    severity = ibis.greatest(ibis.coalesce(lacking, target - found.offered), 0.0)
    return found.select(
        *("supplier_id", "purchase_id", "purchased_at", "list_amount", "discount_amount", "currency", "offered", "threshold_amount", "valid_from", "valid_to"),
        severity=severity.round(DIGITS),
    )


def _beside_purchases(offered: ir.Table, bought: ir.Table) -> ir.Table:
    found = offered.outer_join(bought, ["supplier_id", "currency"])
    keys = {name: ibis.coalesce(found[name], found[f"{name}_right"]) for name in ("supplier_id", "currency")}
    return found.mutate(**keys).drop("supplier_id_right", "currency_right")
