"""Step 1: what the platform needs, and how far each supplier meets it: met, missed, or unknown as long as nothing shows it.

Only a line of the profile that a table can speak to is judged; what `loaders.needs_profile.REQUIREMENTS` does not name stays unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.loaders.needs_profile import REQUIREMENTS, SEPARATOR
from kmanalysis.measures.common.frames import DIGITS, Row
from kmanalysis.measures.common.orders import orders_by_day
from kmanalysis.measures.common.stock import on_offer
from kmanalysis.measures.common.tickets import answer_counts
from kmanalysis.measures.common.waiting import waiting_counts
from kmanalysis.statistics.survival import share_within_by
from kmanalysis.steps.needs import qualification
from kmanalysis.workbook import Workbook, frame, query

UNITS: Mapping[str, str] = {"family": "listings", "category": "listings", "positioning": "listings", "daily_orders": "orders"}
"""What is counted for a line, by its subject; a requirement's unit is its kind in `REQUIREMENTS`, none where it is not known there."""

DEFAULTS: Mapping[str, str] = {
    "daily_orders": "needs.daily_orders_small",
    "wholesale_minimum": "needs.wholesale_minimum",
    "response_seconds": "needs.response_time",
}
"""The standard that stands in for a line's value, by item."""


@frame("needs.profile")
def profile(workbook: Workbook) -> pd.DataFrame:
    """The needs profile: subject, item, value (text; the standard's where the line has none), unit, is_must; must-haves first.

    Subject audience is about the platform alone: no supplier is asked for it.
    """
    lines = _lines(workbook)
    default = lines["item"].map({item: format(Decimal(str(workbook.standards.value(standard))), "f") for item, standard in DEFAULTS.items()})
    lines["value"] = lines["value"].where(lines["value"].notna(), default)
    lines["unit"] = lines["subject"].map(UNITS).fillna(lines["item"].map(REQUIREMENTS).where(lines["subject"] == "requirement")).fillna("")
    return lines.sort_values(["is_must", "subject", "item"], ascending=[False, True, True], ignore_index=True)


@query("needs.lines")
def _lines(workbook: Workbook) -> ir.Table:
    needs = workbook.table("needs")
    return needs.select("subject", "item", "value", "is_must").order_by("subject", "item")


@frame("needs.match")
def match(workbook: Workbook) -> pd.DataFrame:
    """A row a supplier and line of the profile: supplier_id, subject, item, value, unit, is_must, state (met, missed, unknown), found, n.

    ``found`` is the evidence as text in the line's unit: a number of listings on offer, the share of tickets answered in time, the amount in CNY, the
    largest number of orders carried on one day, true or false, a supply mode, data tools; empty where nothing is known. ``n``: how much was seen.
    """
    seen = _Evidence(workbook)
    parts = [seen.of(line) for line in profile(workbook).to_dict("records") if line["subject"] != "audience"]
    columns = ["supplier_id", "subject", "item", "value", "unit", "is_must", "state", "found", "n"]
    found = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({column: pd.Series(dtype="object") for column in columns})
    texts = {"value": "str", "found": "str"}
    return found[columns].astype(texts).sort_values("supplier_id", kind="stable", ignore_index=True)


@frame("needs.fits")
def fits(workbook: Workbook) -> pd.DataFrame:
    """A row a supplier: state (fits: meets every must-have; fails: misses one; unproven: misses none, but not all are known), musts, musts_missed,
    musts_unknown, wishes, wishes_met, and how its size and its entry conditions suit: daily_orders (asked), largest_day_orders (carried on one day
    within the last months), stock_units (on offer at the month's end, unknown stock apart), min_order, prepayment, currency, mean_cost_amount (an
    order's in the month), min_order_days and prepayment_days (days of the asked orders, at that cost, that the amount is worth).

    Empty where the profile asks suppliers for nothing.
    """
    asked = match(workbook)
    asked = asked.assign(
        **{name: asked["is_must"].astype(bool) & (asked["state"] == name.removeprefix("musts_")) for name in ("musts_missed", "musts_unknown")}
    )
    asked = asked.assign(musts=asked["is_must"].astype(bool), wishes=~asked["is_must"].astype(bool))
    asked["wishes_met"] = asked["wishes"] & (asked["state"] == "met")
    counts = ["musts", "musts_missed", "musts_unknown", "wishes", "wishes_met"]
    sums = asked.groupby("supplier_id", as_index=False)[counts].sum().astype(dict.fromkeys(counts, "int64"))
    sums["state"] = np.select([sums["musts_missed"] > 0, sums["musts_unknown"] > 0], ["fails", "unproven"], "fits")
    entry = qualification.traits(workbook)[["supplier_id", "min_order", "prepayment", "currency"]]
    found = sums.merge(_volume(workbook), on="supplier_id", how="left").merge(entry, on="supplier_id", how="left").merge(_mean_costs(workbook), how="left")
    lines = profile(workbook)
    volumes = [amount for text in lines.loc[lines["subject"] == "daily_orders", "value"] if (amount := _number(text)) is not None]
    found["daily_orders"] = float(max(volumes)) if volumes else np.nan
    worth = found["mean_cost_amount"].astype("float64") * found["daily_orders"]
    for name in ("min_order", "prepayment"):
        found[f"{name}_days"] = (found[name].astype("float64") / worth.where(worth > 0)).round(DIGITS)
    columns = ["supplier_id", "state", *counts, "daily_orders", "largest_day_orders", "stock_units", "min_order", "prepayment", "currency"]
    return found[[*columns, "mean_cost_amount", "min_order_days", "prepayment_days"]].sort_values("supplier_id", ignore_index=True)


class _Evidence:
    """What the tables say of each supplier, by the lines of a profile."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._suppliers = pd.DataFrame({"supplier_id": pd.Series(workbook.suppliers, dtype="str")})

    def of(self, line: Row) -> pd.DataFrame:
        """The line's rows of `match`."""
        judge = {"listings": self._on_offer, "orders": self._orders, "flag": self._flag, "texts": self._tools, "modes": self._mode}
        judge |= {"amount": self._amount, "seconds": self._answers}
        found = judge[line["unit"]](line) if line["unit"] else pd.DataFrame({"supplier_id": pd.Series(dtype="str")})
        rows = self._suppliers.merge(found, on="supplier_id", how="left").reindex(columns=["supplier_id", "is_met", "found", "n"])
        rows["state"] = rows["is_met"].map({True: "met", False: "missed"}).fillna("unknown")
        rows["found"] = rows["found"].astype("object").where(rows["found"].notna(), None)
        rows["n"] = rows["n"].fillna(0).astype("int64")
        return rows.assign(**{column: line[column] for column in ("subject", "item", "value", "unit", "is_must")})

    def _trait(self, item: str) -> pd.DataFrame:
        traits = qualification.traits(self._workbook)
        known = traits[traits[item].notna()]
        return known.assign(found=known[item], n=1)

    def _flag(self, line: Row) -> pd.DataFrame:
        known = self._trait(line["item"])
        is_met = known["found"].astype(bool)
        return known.assign(is_met=is_met, found=is_met.map({True: "true", False: "false"}))[["supplier_id", "is_met", "found", "n"]]

    def _tools(self, line: Row) -> pd.DataFrame:
        # Nobody notes tools that are not there: an empty cell says nothing.
        known, wanted = self._trait(line["item"]), _texts(line["value"])
        return known.assign(is_met=known["found"].map(lambda tools: wanted <= _texts(tools)))[["supplier_id", "is_met", "found", "n"]]

    def _mode(self, line: Row) -> pd.DataFrame:
        known, wanted = self._trait(line["item"]), _texts(line["value"])
        return known.assign(is_met=known["found"].isin(wanted) if wanted else None)[["supplier_id", "is_met", "found", "n"]]

    def _amount(self, line: Row) -> pd.DataFrame:
        known = self._trait("min_order" if line["item"] == "wholesale_minimum" else line["item"])
        # The profile speaks of CNY: an amount in another currency, or in none, cannot be held against it.
        known = known[(known["currency"] == self._workbook.standards["needs.wholesale_minimum"].unit).fillna(False)]
        limit = _number(line["value"])
        is_met = known["found"].map(lambda amount: amount <= limit) if limit is not None else None
        return known.assign(is_met=is_met, found=known["found"].map(lambda amount: format(amount.normalize(), "f")))[["supplier_id", "is_met", "found", "n"]]

    def _answers(self, line: Row) -> pd.DataFrame:
        limit, standard = _number(line["value"]), self._workbook.standards["needs.answered_share"]
        counts = waiting_counts(answer_counts(self._workbook))
        if limit is None:
            return counts[["supplier_id"]].head(0)
        shares = share_within_by(counts, float(limit), self._workbook.standards.value("counting.confidence"))
        share = shares["share"].round(DIGITS)
        is_met = (share >= standard.value).astype("object").where((shares["n"] >= standard.minimum_n) & share.notna(), None)
        return pd.DataFrame({"supplier_id": shares["supplier_id"], "is_met": is_met, "found": share.map(repr).where(share.notna()), "n": shares["n"]})

    def _on_offer(self, line: Row) -> pd.DataFrame:
        column = "category" if line["subject"] == "positioning" else line["subject"]
        offered = _listing_counts(self._workbook)
        if column == "category" and line["subject"] == "positioning" and line["item"] not in set(_known_categories(self._workbook)["category"]):
            return offered[["supplier_id"]].head(0)  # A position that is no category of goods: nothing here can speak to it.
        listings = offered.assign(n=offered["listings"].where(offered[column] == line["item"], 0)).groupby("supplier_id", as_index=False)["n"].sum()
        rows: pd.DataFrame = listings.assign(is_met=(listings["n"] > 0).astype("object"), found=listings["n"].astype("int64").astype("str"))
        return rows

    def _orders(self, line: Row) -> pd.DataFrame:
        """Proven by a day on which it carried so many; disproven only where its whole stock is known and would not last a day."""
        asked, volume = _number(line["value"]), _volume(self._workbook)
        if asked is None:
            return volume[["supplier_id"]].head(0)
        is_proven = (volume["largest_day_orders"] >= float(asked)).fillna(False)
        is_short = (volume["unknown_skus"] == 0) & (volume["stock_units"] < float(asked))
        is_met = pd.Series(np.select([is_proven, is_short], [True, False], default=None), index=volume.index, dtype="object")  # type: ignore[call-overload]
        largest = volume["largest_day_orders"]
        evidence = largest.map(lambda orders: format(orders, ".0f"), na_action="ignore")
        return volume.assign(is_met=is_met, found=evidence, n=volume["order_days"].fillna(0))[["supplier_id", "is_met", "found", "n"]]


def _volume(workbook: Workbook) -> pd.DataFrame:
    """supplier_id, largest_day_orders, order_days, stock_units, unknown_skus (on offer, stock unknown); NaN where nothing was seen."""
    return _largest_days(workbook).merge(_stock(workbook), on="supplier_id", how="outer").sort_values("supplier_id", ignore_index=True)


@query("needs.largest_days")
def _largest_days(workbook: Workbook) -> ir.Table:
    months = int(workbook.standards.value("counting.hot_months"))
    days = orders_by_day(workbook).union(orders_by_day(workbook, months_before=months))
    carried = days.group_by("supplier_id", "day").agg(orders=(days.orders - days.oversold - days.unclear).sum())
    return carried.group_by("supplier_id").agg(largest_day_orders=carried.orders.max().cast("float64"), order_days=carried.count()).order_by("supplier_id")


@query("needs.stock")
def _stock(workbook: Workbook) -> ir.Table:
    readings = workbook.in_month("stock_snapshots")
    readings = readings.filter(readings.scan_ok)
    # The last reading speaks, also where it says that the count is unknown.
    known = ibis.ifelse(readings.is_placeholder, -1, ibis.coalesce(readings.quantity, -1))
    last = readings.group_by("supplier_id", "sku").agg(units=known.argmax(readings.observed_at))
    offered = on_offer(workbook).select("supplier_id", "sku").distinct()
    levels = offered.left_join(last, ["supplier_id", "sku"]).select("supplier_id", units=ibis.coalesce(last.units, -1))
    return (
        levels.group_by("supplier_id")
        .agg(stock_units=levels.units.sum(where=levels.units >= 0).cast("float64"), unknown_skus=levels.count(where=levels.units < 0))
        .order_by("supplier_id")
    )


@query("needs.offered")
def _listing_counts(workbook: Workbook) -> ir.Table:
    """Listings on offer by supplier, family and category; a supplier that offers nothing now, but did before, has a row without either."""
    listings, products = workbook.table("listings"), workbook.table("products").select("sku", "family", "category")
    once = listings.filter(listings.listed_from <= workbook.period.last_day).select("supplier_id").distinct()
    now = on_offer(workbook).join(products, "sku")
    counts = now.group_by("supplier_id", "family", "category").agg(listings=now.sku.nunique())
    found = once.left_join(counts, "supplier_id").drop("supplier_id_right")
    return found.mutate(listings=ibis.coalesce(found.listings, 0)).order_by("supplier_id", "family", "category")


@query("needs.known_categories")
def _known_categories(workbook: Workbook) -> ir.Table:
    products = workbook.table("products")
    return products.filter(products.category.notnull()).select("category").distinct().order_by("category")


@query("needs.cost_sums")
def _cost_sums(workbook: Workbook) -> ir.Table:
    orders = workbook.in_month("orders")
    # A cost of 0 was not given.
    priced = orders.filter(orders.cost_amount > 0)
    return priced.group_by("supplier_id", "currency").agg(total=priced.cost_amount.sum(), orders=priced.count()).order_by("supplier_id", "currency")


def _mean_costs(workbook: Workbook) -> pd.DataFrame:
    """supplier_id, currency, mean_cost_amount (float: a mean, not an amount that anybody pays)."""
    sums = _cost_sums(workbook)
    return sums[["supplier_id", "currency"]].assign(mean_cost_amount=(sums["total"].astype("float64") / sums["orders"]).round(DIGITS))


def _texts(value: str | None) -> set[str]:
    """The names that a text lists."""
    parts = str(value).replace("；", SEPARATOR).split(SEPARATOR) if isinstance(value, str) else []
    return {part.strip().casefold() for part in parts if part.strip()}


def _number(value: str | None) -> Decimal | None:
    """The number that a text says; None where it says none."""
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None
