"""Licences, permits and authorisations with their terms, and grey goods on offer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.common.stock import on_offer
from kmanalysis.measures.common.time import each_day
from kmanalysis.workbook import Workbook, frame, query

KINDS = ("business_licence", "industry_permit", "ip_authorisation")
"""Documents that every supplier must have: of each kind at least one."""


def _on_file(workbook: Workbook) -> ir.Table:
    """The suppliers' own documents, those left out that begin after the month: licensee is called supplier_id."""
    documents = workbook.table("documents")
    documents = documents.filter(documents.valid_from <= workbook.period.last_day)
    is_verified = ibis.coalesce(documents.verified_at < workbook.period.end, False)
    documents = documents.mutate(is_verified=is_verified).rename(supplier_id="licensee")
    return documents.semi_join(workbook.table("suppliers"), "supplier_id")


def _document_days(workbook: Workbook) -> ir.Table:
    """Days of the month on which each supplier's documents of a kind were proven, unverified or out of date; the rest has none on file."""
    papers = _on_file(workbook).mutate(on_file_to=workbook.period.last_day)
    daily = each_day(workbook, papers, "valid_from", "on_file_to")
    is_current = daily.valid_to.isnull() | (daily.valid_to >= daily.day)
    days = daily.group_by("supplier_id", "kind", "day").agg(
        current=is_current.cast("int64").max(),
        proven=(is_current & daily.is_verified).cast("int64").max(),
    )
    return days.group_by("supplier_id", "kind").agg(
        proven_days=days.proven.sum(),
        unverified_days=(days.current - days.proven).sum(),
        outdated_days=(1 - days.current).sum(),
    )


def _required_kinds(workbook: Workbook) -> ir.Table:
    """A row a supplier with any document on file, and kind."""
    suppliers = _on_file(workbook).select("supplier_id").distinct()
    return suppliers.mutate(kind=ibis.array(list(KINDS)).unnest())


@frame("compliance.licence_days", needs=reads_of("compliance.licences"))
@query("compliance.licence_days")
def licence_days(workbook: Workbook) -> ir.Table:
    """Days of the month by state of each supplier's documents: supplier_id, kind, proven_days, unverified_days, outdated_days, absent_days."""
    found = _with_days(workbook)
    columns = ["supplier_id", "kind", "proven_days", "unverified_days", "outdated_days", "absent_days"]
    return found.select(columns).order_by("supplier_id", "kind")


def _with_days(workbook: Workbook) -> ir.Table:
    found = _required_kinds(workbook).left_join(_document_days(workbook), ["supplier_id", "kind"]).drop("supplier_id_right", "kind_right")
    # A kind without a document on file has no days of any state but absent.
    counted = {state: ibis.coalesce(found[state], 0) for state in ("proven_days", "unverified_days", "outdated_days")}
    found = found.mutate(**counted)
    return found.mutate(absent_days=workbook.period.days - found.proven_days - found.unverified_days - found.outdated_days)


def licences(workbook: Workbook) -> pd.DataFrame:
    """Share of kinds × days for which the supplier's business licence, industry permit and IP authorisation are proven: verified and in force.

    lower is that share, upper leaves out only the days on which nothing but outdated documents is on file; between them lies what nobody verified or
    filed. The three kinds stand beside it (``.business_licence`` …). A supplier without any document has no data.
    """
    days = licence_days(workbook)
    measure = "compliance.licences"
    total = days.groupby("supplier_id", as_index=False)[["proven_days", "outdated_days"]].sum()
    parts = [_licence_frame(workbook, measure, total, len(KINDS) * workbook.month.days)]
    parts += [_licence_frame(workbook, f"{measure}.{kind}", days[days["kind"] == kind], workbook.month.days) for kind in KINDS]
    return pd.concat(parts, ignore_index=True)


def _licence_frame(workbook: Workbook, measure: str, days: pd.DataFrame, n: int) -> pd.DataFrame:
    proven = days["proven_days"] / n
    data = days.assign(value=proven, lower=proven, upper=(n - days["outdated_days"]) / n, n=n)
    return measures_frame(workbook, measure, data, unit="share", basis="bounded")


def licences_rows(workbook: Workbook) -> ir.Table:
    """Each kind's documents with their term (one row without a document where none is on file); severity is the days that they leave outdated."""
    last_day = workbook.period.last_day
    found = _with_days(workbook).left_join(_on_file(workbook), ["supplier_id", "kind"]).drop("supplier_id_right", "kind_right")
    days_left = found.valid_to.delta(last_day, unit="day").cast("int64")
    is_outdated = ibis.coalesce(found.valid_to < last_day, False)
    unproven = (found.absent_days + found.unverified_days).cast("float64") / 100
    is_unproven = found.document_id.isnull() | ~ibis.coalesce(found.is_verified, False)
    return found.select(
        *("supplier_id", "kind", "document_id", "licensor", "scope", "valid_from", "valid_to", "verified_at"),
        *("outdated_days", "unverified_days", "absent_days"),
        days_left=days_left,
        severity=ibis.cases((is_outdated & (found.outdated_days > 0), found.outdated_days.cast("float64")), (is_unproven, unproven), else_=0.0),
    )


@frame("compliance.documents")
def documents(workbook: Workbook) -> pd.DataFrame:
    """Suppliers' documents at the month's end: supplier_id, kind, document_id, licensor, scope, valid_from, valid_to, verified_at, days_left, state.

    days_left is empty for a document without an end and negative for one that ran out. state: valid, unverified, outdated, or absent (a kind of
    which nothing is on file: a row without a document).
    """
    found = _documents_on_file(workbook)
    is_verified = found["verified_at"].notna() & (found["verified_at"] < workbook.month.end)
    found["state"] = np.select([found["document_id"].isna(), found["days_left"] < 0, ~is_verified], ["absent", "outdated", "unverified"], "valid")
    return found


@query("compliance.documents_on_file")
def _documents_on_file(workbook: Workbook) -> ir.Table:
    columns = ["supplier_id", "kind", "document_id", "licensor", "scope", "valid_from", "valid_to", "verified_at", "days_left"]
    return licences_rows(workbook).select(columns).order_by("supplier_id", "kind", "document_id")


def grey_listings(workbook: Workbook) -> pd.DataFrame:
    """Number of listings on offer in the month that examination found to be grey goods; upper adds those that nobody examined."""
    counts = examined_listings(workbook)
    counts = counts.assign(
        grey=counts["listings"].where(~counts["grey_kind"].isin(["none", UNEXAMINED]), 0),
        unexamined=counts["listings"].where(counts["grey_kind"] == UNEXAMINED, 0),
    )
    sums = counts.groupby("supplier_id", as_index=False)[["listings", "grey", "unexamined"]].sum()
    sums = sums.assign(value=sums["grey"], lower=sums["grey"], upper=sums["grey"] + sums["unexamined"], n=sums["listings"] - sums["unexamined"])
    sums["basis"] = np.where(sums["unexamined"] > 0, "bounded", "census")
    return measures_frame(workbook, "compliance.grey_listings", sums, unit="count")


UNEXAMINED = "unexamined"
"""Stands for a listing that nobody looked at."""


@frame("compliance.examined_listings", needs=reads_of("compliance.grey_listings"))
@query("compliance.examined_listings")
def examined_listings(workbook: Workbook) -> ir.Table:
    """Listings on offer in the month by what examination found: supplier_id, grey_kind (none, a kind, or `UNEXAMINED`), listings."""
    rows = grey_listings_rows(workbook).mutate(grey_kind=ibis.coalesce(ibis._.grey_kind, UNEXAMINED))
    return rows.group_by("supplier_id", "grey_kind").agg(listings=rows.count()).order_by("supplier_id", "grey_kind")


@frame("compliance.grey_goods", needs=reads_of("compliance.grey_listings"))
@query("compliance.grey_goods")
def grey_goods(workbook: Workbook) -> ir.Table:
    """Grey goods on offer in the month: supplier_id, sku, name, category, listed_from, listed_to, grey_kind."""
    rows = grey_listings_rows(workbook)
    return rows.filter(rows.severity == 1).drop("severity").order_by("supplier_id", "sku", "listed_from")


def grey_listings_rows(workbook: Workbook) -> ir.Table:
    """The listings on offer in the month with what examination found; severity 1 for grey goods, less for what nobody examined."""
    offered = on_offer(workbook).join(workbook.table("products").select("sku", "name", "category"), "sku")
    severity = ibis.cases((offered.grey_kind.isnull(), 0.1), (offered.grey_kind == "none", 0.0), else_=1.0)
    return offered.select("supplier_id", "sku", "name", "category", "listed_from", "listed_to", "grey_kind", severity=severity)
