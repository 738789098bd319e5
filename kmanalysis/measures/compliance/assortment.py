"""Range: the platform families that a supplier covers, and how soon it lists what is new."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.stock import on_offer
from kmanalysis.statistics.survival import share_within_by, waiting_quantiles_by
from kmanalysis.workbook import Workbook, frame, query


def family_coverage_rows(workbook: Workbook) -> ir.Table:
    """The families that the needs profile asks for, a row a supplier and family: is_must, listings (on offer in the month); severity 1 if none."""
    needs = workbook.table("needs")
    asked = needs.filter(needs.subject == "family").select("is_must", family="item")
    listed = _listing_counts(workbook, "family")
    found = _known_ranges(workbook).cross_join(asked).left_join(listed, ["supplier_id", "family"])
    found = found.drop("supplier_id_right", "family_right")
    listings = ibis.coalesce(found.listings, 0)
    return found.select("supplier_id", "family", "is_must", listings=listings, severity=ibis.ifelse(listings > 0, 0.0, 1.0))


@frame("compliance.families", needs=reads_of("compliance.family_coverage"))
@query("compliance.families")
def families(workbook: Workbook) -> ir.Table:
    """Families that each supplier has on offer or is asked for: supplier_id, family, listings, is_asked."""
    return _coverage(workbook, "family")


@frame("compliance.categories", needs=reads_of("compliance.new_category_speed"))
@query("compliance.categories")
def categories(workbook: Workbook) -> ir.Table:
    """Categories that each supplier has on offer or is asked for: supplier_id, category, listings, is_asked."""
    return _coverage(workbook, "category")


def family_coverage(workbook: Workbook) -> pd.DataFrame:
    """Share of the families in the needs profile that the supplier had on offer in the month; ``.families`` counts all that it had on offer.

    No profile of families, or a supplier that never listed anything: no data.
    """
    found = families(workbook)
    asked = found[found["is_asked"]]
    coverage = asked.assign(covered=asked["listings"] > 0).groupby("supplier_id", as_index=False).agg(value=("covered", "mean"), n=("family", "size"))
    listed = found[found["listings"] > 0].groupby("supplier_id", as_index=False).agg(value=("family", "size"), n=("listings", "sum"))
    parts = [
        measures_frame(workbook, "compliance.family_coverage", coverage, unit="share"),
        measures_frame(workbook, "compliance.family_coverage.families", listed, unit="count"),
    ]
    return pd.concat(parts, ignore_index=True)


def new_category_speed_rows(workbook: Workbook) -> ir.Table:
    """New products of the categories asked for, a row a supplier and SKU: name, category, launched_on, first_listed_on, days; severity is days if late.

    New: launched within the standards' window before the month's end. days run from the launch to the first listing (0 where it was listed before),
    to the month's last day where it is not listed yet (has_ended is then false).
    """
    last_day, limit = workbook.period.last_day, workbook.standards.limit("compliance.new_category_speed")
    window = timedelta(days=int(workbook.standards.value("counting.new_product_window")))
    needs, products, listings = workbook.table("needs"), workbook.table("products"), workbook.table("listings")
    asked = needs.filter(needs.subject == "category").select(category="item")
    new = products.filter(products.launched_on > last_day - window, products.launched_on <= last_day).semi_join(asked, "category")
    known = listings.filter(listings.listed_from <= last_day)
    first = known.group_by("supplier_id", "sku").agg(first_listed_on=known.listed_from.min())
    found = _known_ranges(workbook).cross_join(new.select("sku", "name", "category", "launched_on"))
    found = found.left_join(first, ["supplier_id", "sku"]).drop("supplier_id_right", "sku_right")
    until = ibis.coalesce(found.first_listed_on, last_day)
    days = ibis.greatest(until.delta(found.launched_on, unit="day"), 0).cast("int64")
    found = found.mutate(days=days, has_ended=found.first_listed_on.notnull())
    is_late = ~found.has_ended | (found.days > limit)
    return found.select(
        *("supplier_id", "sku", "name", "category", "launched_on", "first_listed_on", "days", "has_ended"),
        severity=ibis.ifelse(is_late, found.days.cast("float64"), 0.0),
    )


@frame("compliance.new_products", needs=reads_of("compliance.new_category_speed"))
@query("compliance.new_products")
def new_products(workbook: Workbook) -> ir.Table:
    """New products of the categories asked for, by supplier: the columns of `new_category_speed_rows`."""
    return new_category_speed_rows(workbook).drop("severity").order_by("supplier_id", "launched_on", "sku")


def new_category_speed(workbook: Workbook) -> pd.DataFrame:
    """Share of the new products of asked categories that the supplier listed within the limit (days); open ones are censored at the month's end.

    ``.p50_days`` is the median time to the listing. No profile of categories, or no new product: no data.
    """
    measure = "compliance.new_category_speed"
    limit, confidence = workbook.standards.limit(measure), workbook.standards.value("counting.confidence")
    cases = new_products(workbook).rename(columns={"days": "seconds", "has_ended": "ended"})
    counts = cases.groupby(["supplier_id", "seconds", "ended"], as_index=False).agg(cases=("sku", "size"))
    shares = share_within_by(counts, limit, confidence)
    medians = waiting_quantiles_by(counts, 0.5, confidence).merge(shares[["supplier_id", "n"]], on="supplier_id")
    parts = [
        measures_frame(workbook, measure, shares.rename(columns={"share": "value"}), unit="share"),
        measures_frame(workbook, f"{measure}.p50_days", medians, unit="days"),
    ]
    return pd.concat(parts, ignore_index=True)


def _known_ranges(workbook: Workbook) -> ir.Table:
    """Suppliers whose range is known: they listed something by the month's end."""
    listings = workbook.table("listings")
    return listings.filter(listings.listed_from <= workbook.period.last_day).select("supplier_id").distinct()


def _listing_counts(workbook: Workbook, kind: str) -> ir.Table:
    offered = on_offer(workbook).join(workbook.table("products").select("sku", kind), "sku")
    offered = offered.filter(offered[kind].notnull())
    return offered.group_by("supplier_id", kind).agg(listings=offered.sku.nunique())


def _coverage(workbook: Workbook, kind: str) -> ir.Table:
    needs = workbook.table("needs")
    asked = needs.filter(needs.subject == kind).select(**{kind: needs.item})
    wanted = _known_ranges(workbook).cross_join(asked).mutate(listings=ibis.literal(0, type="int64"), asked=ibis.literal(1, type="int64"))
    listed = _listing_counts(workbook, kind).mutate(asked=ibis.literal(0, type="int64")).select(wanted.columns)
    both = ibis.union(listed, wanted)
    found = both.group_by("supplier_id", kind).agg(listings=both.listings.max(), is_asked=both.asked.max() == 1)
    return found.order_by("supplier_id", kind)
