"""What next month's purchases are planned from: what was sold, who offers it at what landed price, how much there is, and who may be bought from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

import pandas as pd

from kmanalysis.decisions.allocation.model import Offer, Problem, Quantities, Source, Tier, cost, discount
from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.errors import UsageError
from kmanalysis.measures.common.frames import Row
from kmanalysis.measures.common.money import CENT, MONEY, main_currencies
from kmanalysis.measures.common.orders import orders_by_day
from kmanalysis.measures.common.quotes import market_quotes
from kmanalysis.measures.common.stock import is_known
from kmanalysis.measures.price import fees
from kmanalysis.scoring.grades import RANKS, grades
from kmanalysis.tables import GRADES
from kmanalysis.workbook import Workbook, frame, query

FLOOR = GRADES[-1]
"""Lowest grade that may be bought from."""

_SHARE = Decimal("0.000001")
_ROUNDING = Decimal("0.999")
"""A discount granted to this part of what was due was granted: each purchase's is rounded."""


@dataclass(frozen=True)
class Inputs:
    """The problem in one currency, and what stands beside it.

    ``last_split`` holds last month's units of the SKUs planned; ``unoffered`` the units of SKUs that nobody offers in the currency: they are not
    planned. ``is_last_demand`` says whether the demand is what was sold last month.
    """

    problem: Problem
    currency: str
    last_split: Quantities
    unoffered: dict[str, int]
    is_last_demand: bool = True

    @property
    def unpriced_units(self) -> int:
        """Units of last month's split whose supplier no longer offers the SKU: what they would cost now is unknown."""
        offered = {(offer.supplier_id, offer.sku) for offer in self.problem.offers}
        return sum(units for key, units in self.last_split.items() if key not in offered)

    @property
    def last_cost(self) -> Decimal | None:
        """Last month's split at the same prices (分); None where it is unknown, or was for another demand."""
        return cost(self.problem, self.last_split) if self.is_last_demand and self.last_split and not self.unpriced_units else None


def plan_inputs(workbook: Workbook, share_cap: Decimal | None = None, floor: str = FLOOR, demand: dict[str, int] | None = None) -> Inputs:
    """What the month after the workbook's is planned from. ``demand`` (units by SKU) stands for what was sold in the workbook's month.

    ``share_cap`` defaults to the standard's. Everything is in one currency: that in which most units of the demand are offered.
    """
    sold, offered = _sold(workbook), purchase_offers(workbook)
    asked = demand if demand is not None else {str(sku): int(units) for sku, units in sold.groupby("sku")["units"].sum().items() if units > 0}
    currency = _plan_currency(offered, asked)
    offered = offered[(offered["currency"] == currency) & offered["sku"].isin(asked)]
    skus = set(offered["sku"])
    cap = Decimal(str(workbook.standards.value("planning.share_cap"))) if share_cap is None else share_cap
    problem = Problem(
        tuple((sku, units) for sku, units in sorted(asked.items()) if sku in skus),
        _sources(workbook, currency, floor),
        tuple(
            Offer(row["supplier_id"], row["sku"], _cents(row["unit_price"]), None if pd.isna(row["stock"]) else int(row["stock"]))
            for row in offered.to_dict("records")
        ),
        cap,
    )
    last = {(row["supplier_id"], row["sku"]): int(row["units"]) for row in sold.to_dict("records") if row["sku"] in skus and row["units"] > 0}
    return Inputs(problem, currency, last, {sku: units for sku, units in sorted(asked.items()) if sku not in skus}, demand is None)


def asked_cap(text: str | None) -> Decimal | None:
    """The cap that a text states; None where it states none. Raises UsageError for what is no share."""
    if text is None:
        return None
    try:
        cap = Decimal(text)
    except InvalidOperation:
        cap = Decimal("NaN")
    if not cap.is_finite() or not 0 < cap <= 1:
        raise UsageError("A cap of {found!r} cannot be kept. Write a share above 0 and at most 1, like 0.4.", found=text)
    return cap


def asked_floor(text: str) -> str:
    """The grade that a text names. Raises UsageError for what is no grade."""
    if text not in GRADES:
        raise UsageError("Grade {found!r} is not known. Choose one of: {accepted}.", found=text, accepted=", ".join(GRADES))
    return text


def read_demand(path: Path) -> dict[str, int]:
    """Units by SKU from a CSV with the columns sku and quantity; a SKU's rows are summed. Raises UsageError where it cannot be read."""
    try:
        found = pd.read_csv(path, dtype={"sku": "str", "quantity": "int64"})
        units = {str(sku): int(quantity) for sku, quantity in found.groupby("sku")["quantity"].sum().items()}
    except (OSError, ValueError, KeyError) as problem:
        raise UsageError(
            "{file}: the demand cannot be read. Write CSV with the columns sku and quantity, a row a SKU, in whole units.", file=path.name
        ) from problem
    if found["quantity"].min() < 0:
        raise UsageError("{file}: the demand cannot be read. Write CSV with the columns sku and quantity, a row a SKU, in whole units.", file=path.name)
    return {sku: quantity for sku, quantity in units.items() if quantity}


@frame("allocation.purchase_offers")
@query("allocation.purchase_offers")
def purchase_offers(workbook: Workbook) -> ir.Table:
    """What can be bought after the month's end: supplier_id, sku, currency, unit_price, stock (units, NaN where unknown).

    The price is the quote that stands on the month's last day, else that of the listing in force the day after it. A SKU that a supplier has
    listed and taken off is no offer. The stock is the month's last reading that succeeded and is a count.
    """
    listings, period = workbook.table("listings"), workbook.period
    after = listings.listed_to.isnull() | (listings.listed_to > period.last_day)
    listings = listings.mutate(is_on=(listings.listed_from <= period.last_day) & after)
    one = ["supplier_id", "sku"]
    ever = listings.group_by(one).agg(is_on=listings.is_on.any())
    # A cost of 0 was not given: no plan may buy at it.
    priced = listings.filter(listings.is_on, listings.cost_price > 0, listings.currency.notnull())
    latest = ibis.window(group_by=[*one, "currency"], order_by=ibis.desc("listed_from"))
    priced = priced.mutate(place=ibis.row_number().over(latest))
    key = [*one, "currency"]
    priced = priced.filter(priced.place == 0).select(*key, listed=priced.cost_price.cast(MONEY), quoted=ibis.null(MONEY))
    quotes = market_quotes(workbook)
    quotes = quotes.filter(quotes.day == period.last_day).anti_join(ever.filter(~ever.is_on), one)
    quotes = quotes.select(*key, listed=ibis.null(MONEY), quoted=quotes.unit_price.cast(MONEY))
    both = ibis.union(priced, quotes).group_by(key).agg(unit_price=ibis.coalesce(ibis._.quoted.max(), ibis._.listed.max()))
    read = workbook.in_month("stock_snapshots")
    read = read.filter(is_known(read))
    stock = read.group_by(one).agg(stock=read.quantity.argmax(read.observed_at).cast("float64"))
    return both.left_join(stock, one).select(*key, "unit_price", "stock").order_by(key)


@query("allocation.sold")
def _sold(workbook: Workbook) -> ir.Table:
    orders = orders_by_day(workbook)
    return orders.group_by("supplier_id", "sku").agg(units=orders.quantity.sum()).order_by("supplier_id", "sku")


@query("allocation.tiers_ahead")
def _tiers_ahead(workbook: Workbook) -> ir.Table:
    """The tiers of the day after the month; of two with one threshold the one that began last. was_there: it was valid all month."""
    tiers, period = workbook.table("discount_tiers"), workbook.period
    ahead = tiers.filter(tiers.valid_from.delta(period.last_day, unit="day") <= 1, tiers.valid_to.isnull() | (tiers.valid_to > period.last_day))
    one = ["supplier_id", "currency", "threshold_amount"]
    ahead = ahead.mutate(place=ibis.row_number().over(ibis.window(group_by=one, order_by=ibis.desc("valid_from"))))
    ahead = ahead.filter(ahead.place == 0)
    return ahead.select(*one, "discount_share", "applies_to", was_there=ahead.valid_from <= period.first_day).order_by(one)


@query("allocation.minimum_orders")
def _minimum_orders(workbook: Workbook) -> ir.Table:
    return workbook.table("suppliers").select("supplier_id", "min_order", "currency").order_by("supplier_id")


def _sources(workbook: Workbook, currency: str, floor: str) -> tuple[Source, ...]:
    """Every supplier with its terms in the currency, and what bars it: a veto, or a grade under the floor (or none)."""
    graded = {row["supplier_id"]: row for row in grades(workbook).to_dict("records")}
    minimum = {row["supplier_id"]: row["min_order"] for row in _minimum_orders(workbook).dropna().to_dict("records") if row["currency"] == currency}
    bought = {row["supplier_id"]: row for row in fees.purchase_sums(workbook).to_dict("records") if row["currency"] == currency}
    charged: dict[str, Decimal] = {}
    for row in fees.fees_by_kind(workbook).to_dict("records"):
        if row["currency"] == currency:
            charged[row["supplier_id"]] = charged.get(row["supplier_id"], Decimal(0)) + Decimal(row["amount"])
    tiers: dict[str, list[Row]] = {}
    for row in _tiers_ahead(workbook).to_dict("records"):
        if row["currency"] == currency:
            tiers.setdefault(row["supplier_id"], []).append(row)
    found = []
    for supplier in workbook.suppliers:
        sums, judged = bought.get(supplier), graded.get(supplier, {"reason": "", "grade": ""})
        fee = (charged[supplier] / Decimal(sums["paid_amount"])).quantize(_SHARE) if supplier in charged and sums and sums["paid_amount"] else Decimal(0)
        barred = "veto" if judged["reason"] == "vetoed" else "grade_floor" if RANKS[judged["grade"]] < RANKS[floor] else ""
        found.append(Source(supplier, _cents(minimum.get(supplier, Decimal(0))), fee, _granted_tiers(tiers.get(supplier, []), sums), barred))
    return tuple(found)


def _granted_tiers(tiers: list[Row], bought: Row | None) -> tuple[Tier, ...]:
    """The tiers as they really work: where last month earned a discount and less was granted, each gives that part of what it promises."""
    promised = tuple(Tier(_cents(row["threshold_amount"]), Decimal(str(row["discount_share"])), row["applies_to"]) for row in tiers)
    if bought is None or not promised or not all(row["was_there"] for row in tiers):
        return promised
    due = discount(promised, _cents(bought["list_amount"]))
    kept = _cents(bought["discount_amount"]) / due if due > 0 else Decimal(1)
    return promised if kept >= _ROUNDING else tuple(replace(tier, share=(tier.share * kept).quantize(_SHARE)) for tier in promised)


def _plan_currency(offered: pd.DataFrame, asked: dict[str, int]) -> str:
    """The currency in which most of the units asked for are offered; empty where none is."""
    units = offered.drop_duplicates(["currency", "sku"]).assign(units=lambda rows: rows["sku"].map(asked).fillna(0))
    main = main_currencies(units.groupby("currency")["units"].sum().reset_index(), "units", by=())
    return str(main["currency"].iloc[0]) if len(main) else ""


def _cents(amount: Decimal) -> int:
    return int((Decimal(amount) / CENT).quantize(Decimal(1), ROUND_HALF_UP))
