"""From a verdict to the rows behind it: a page at a time from the engine, the worst first, secrets never."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures import observation
from kmanalysis.tables import tables
from kmanalysis.workbook import Workbook

PAGE = 50
"""Rows of a page."""


@dataclass(frozen=True)
class Page:
    """Some rows of many: ``first`` counts from 0, ``total`` is how many there are."""

    rows: pd.DataFrame
    first: int
    total: int


def page_of(workbook: Workbook, supplier: str, measure: str, first: int = 0, *, category: str = "", size: int = PAGE) -> Page:
    """A supplier's rows behind a measure from the ``first`` one on, ordered by severity and then by all that a row holds.

    ``category`` keeps the rows of its SKUs, where rows have one. On a page's slice the rows are the worst ones that the batch kept.
    Raises UsageError for an unknown measure.
    """
    if not workbook.has_engine:
        kept = observation.worst_rows(workbook, measure)
        found = kept[kept["supplier_id"] == supplier].reset_index(drop=True)
        return Page(found.iloc[first : first + size].drop(columns=_secrets(found)), first, len(found))
    evidence = observation.rows(workbook, measure)
    evidence = _of_category(workbook, evidence.filter(evidence.supplier_id == supplier), category)
    # Rows that are alike in every column are one as good as the other: the order is whole.
    others = [ibis.asc(evidence[column], nulls_first=True) for column in evidence.columns if column != "severity"]
    ordered = evidence.order_by([ibis.desc(evidence.severity), *others])
    shown = ordered.limit(size, offset=first).drop("severity", *_secrets(evidence))
    return Page(workbook.rows_of(shown), first, int(workbook.value_of(evidence.count())))


def categories(workbook: Workbook) -> list[str]:
    """The categories of the products, sorted; none on a page's slice."""
    if not workbook.has_engine:
        return []
    found = workbook.rows_of(workbook.table("products").select("category").distinct())["category"]
    return sorted(found.dropna())


def suppliers_of(workbook: Workbook, category: str) -> list[str]:
    """The suppliers that had a product of the category on offer in the month, sorted."""
    listings, period = workbook.table("listings"), workbook.period
    in_month = listings.filter(listings.listed_from <= period.last_day, listings.listed_to.isnull() | (listings.listed_to >= period.first_day))
    offered = _of_category(workbook, in_month, category)
    return sorted(workbook.rows_of(offered.select("supplier_id").distinct())["supplier_id"])


def skus_of(workbook: Workbook, category: str) -> list[str]:
    """The SKUs of a category, sorted."""
    return sorted(workbook.rows_of(_of_category(workbook, workbook.table("products").select("sku"), category))["sku"])


def _of_category(workbook: Workbook, rows: ir.Table, category: str) -> ir.Table:
    if not category or "sku" not in rows.columns:
        return rows
    products = workbook.table("products")
    return rows.semi_join(products.filter(products.category == category), "sku")


def _secrets(rows: ir.Table | pd.DataFrame) -> list[str]:
    declared = {name for table in tables().values() for name, column in table.columns.items() if column.is_secret}
    return [column for column in rows.columns if column in declared or column.endswith("_digest")]
