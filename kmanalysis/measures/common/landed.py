"""Landed cost: what was paid plus the fees' share, over what was received."""

from __future__ import annotations

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.money import MONEY
from kmanalysis.times import to_local
from kmanalysis.workbook import Workbook, kept


def landed_purchases(workbook: Workbook) -> ir.Table:
    """The month's purchases with what they really cost, a row each.

    Adds day (Asia/Shanghai), linked_fees, spread_fees and landed_amount (paid and both kinds of fees). The month's fees that name one of its
    purchases go to it; every other fee of the month, also one for an earlier purchase, is spread over the supplier's purchases of the month in that
    currency by paid amount (by quantity where nothing was paid), so that each fee is counted once.
    """
    bought, fees = workbook.in_month("purchases"), workbook.in_month("fees")
    one = ["purchase_id", "supplier_id", "currency"]
    linked = fees.group_by(one).agg(linked_fees=fees.amount.sum().cast(MONEY))
    # Fees are few beside purchases: what is looked up in is never all of the purchases.
    others = fees.anti_join(bought.semi_join(fees, one).select(one), one)
    others = others.group_by("supplier_id", "currency").agg(other_fees=others.amount.sum().cast(MONEY))
    totals = bought.group_by("supplier_id", "currency").agg(all_paid=bought.paid_amount.sum(), all_units=bought.quantity.sum())
    found = bought.left_join(linked, one).drop("purchase_id_right", "supplier_id_right", "currency_right")
    found = found.join(totals, ["supplier_id", "currency"])
    found = found.left_join(others, ["supplier_id", "currency"]).drop("supplier_id_right", "currency_right")
    by_paid = found.paid_amount.cast("float64") / found.all_paid.nullif(0).cast("float64")
    part = ibis.coalesce(by_paid, found.quantity.cast("float64") / found.all_units.cast("float64"))
    # A purchase without fees has none: here an absent sum is a zero, not an unknown.
    found = found.mutate(
        day=to_local(found.purchased_at).date(),
        linked_fees=_or_nothing(found.linked_fees),
        spread_fees=_or_nothing((found.other_fees.cast("float64") * part).round(4).cast(MONEY)),
    )
    return found.mutate(landed_amount=found.paid_amount + found.linked_fees + found.spread_fees).drop("all_paid", "all_units", "other_fees")


@kept("landed.landed_days")
def landed_days(workbook: Workbook) -> ir.Table:
    """The `landed_purchases` that were received, by supplier_id, sku, currency and day: purchases (count), received (units), paid, landed (decimal).

    What is not known to have cost anything is in ``uncosted`` (count) and in none of the others.
    """
    landed = landed_purchases(workbook)
    landed = landed.filter(landed.received_quantity.notnull())
    is_costed = has_cost(landed)
    return landed.group_by("supplier_id", "sku", "currency", "day").agg(
        purchases=landed.count(where=is_costed),
        uncosted=landed.count(where=~is_costed),
        received=landed.received_quantity.sum(where=is_costed),
        paid=landed.paid_amount.sum(where=is_costed).cast(MONEY),
        landed=landed.landed_amount.sum(where=is_costed).cast(MONEY),
    )


def costed_days(workbook: Workbook) -> ir.Table:
    """The `landed_days` with purchases whose cost is known."""
    days = landed_days(workbook)
    return days.filter(days.purchases > 0).drop("uncosted")


def has_cost(purchases: ir.Table) -> ir.BooleanValue:
    """Whether it is known what a purchase cost: a cost of 0 was not given."""
    return purchases.paid_amount > 0


def _or_nothing(amount: ir.DecimalValue) -> ir.DecimalValue:
    return ibis.coalesce(amount, ibis.literal(0, type=MONEY))
