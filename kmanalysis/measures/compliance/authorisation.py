"""How much of what a supplier offers and sells it is authorised to sell, and where the chain breaks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.compliance import chain
from kmanalysis.workbook import Workbook, frame, query


@frame("compliance.authorisation_status", needs=reads_of("compliance.authorised_share"))
@query("compliance.authorisation_status")
def authorisation_status(workbook: Workbook) -> ir.Table:
    """State of every supplier's SKUs: supplier_id, sku, name, rights_holder, state, days, days_offered, orders, first_day, last_day."""
    found = _by_state(workbook).join(workbook.table("products").select("sku", "name"), "sku")
    columns = ["supplier_id", "sku", "name", "rights_holder", "state", "days", "days_offered", "orders", "first_day", "last_day"]
    return found.select(columns).order_by("supplier_id", "sku", "state")


def authorised_share(workbook: Workbook) -> pd.DataFrame:
    """Share of a supplier's SKU-days (on offer or sold) on which a verified chain of documents reached the rights holder and covered the SKU.

    value and lower count what is proven; upper adds what nobody has verified, SKUs whose owner is not known, and what has no document on file at
    all. ``.listings`` is the share of its SKUs on offer that were covered on each of their days, ``.sales`` that of its orders placed on covered
    days. A supplier of which nothing is known (no document, no SKU of its own) has no data.
    """
    status = authorisation_status(workbook)
    is_known = ~status["state"].isin([chain.NO_DOCUMENTS, chain.NO_RIGHTS_HOLDER])
    status = status[status["supplier_id"].isin(status.loc[is_known, "supplier_id"])]
    is_proven, is_refuted = status["state"] == chain.AUTHORISED, status["state"] == chain.MISSING
    days, orders = (_sums(status, column, is_proven, is_refuted, ["supplier_id"]) for column in ("days", "orders"))
    skus = _sums(status, "days_offered", is_proven, is_refuted, ["supplier_id", "sku"])
    skus = skus.assign(proven=(skus["proven"] == skus["n"]).astype("int64"), refuted=(skus["refuted"] > 0).astype("int64"), n=1)
    listings = skus.groupby("supplier_id", as_index=False)[["n", "proven", "refuted"]].sum()
    measure = "compliance.authorised_share"
    parts = [_proven_frame(workbook, name, counts) for name, counts in ((measure, days), (f"{measure}.listings", listings), (f"{measure}.sales", orders))]
    return pd.concat(parts, ignore_index=True)


def authorised_share_rows(workbook: Workbook) -> ir.Table:
    """A row a supplier, SKU and state, with the place where the chain breaks on the state's first day; severity is the number of days not covered.

    chain_ends_at is the party that the longest chain covering the SKU reaches (the supplier itself where it has no such document), chain_documents
    its documents; outdated_document_id and outdated_on name the document of that party that covered the SKU and ran out last.
    """
    status = _by_state(workbook)
    products = workbook.table("products").select("name", *chain.SCOPES)
    status = status.join(products, "sku")
    one = ["supplier_id", "sku", "state"]
    status = _with_reached(status, chain.authorisation_chains(workbook), one)
    status = _with_outdated(status, chain.known_authorisations(workbook), one)
    days = status.days.cast("float64")
    # What is refuted comes before what is not proven.
    severity = ibis.cases((status.state == chain.AUTHORISED, 0.0), (status.state == chain.MISSING, days), else_=days / 100)
    shown = ["sku", "name", "state", "rights_holder", "days", "days_offered", "orders", "first_day", "last_day"]
    return status.select("supplier_id", *shown, "chain_ends_at", "chain_documents", "outdated_document_id", "outdated_on", severity=severity)


def _by_state(workbook: Workbook) -> ir.Table:
    days = chain.authorised_days(workbook)
    return days.group_by("supplier_id", "sku", "rights_holder", "state").agg(
        days=days.count(),
        days_offered=days.is_offered.sum(),
        orders=days.orders.sum(),
        first_day=days.day.min(),
        last_day=days.day.max(),
    )


def _with_reached(status: ir.Table, chains: ir.Table, one: list[str]) -> ir.Table:
    reached = chain.covering(status, chains, ["supplier_id"])
    reached = reached.filter(reached.since <= reached.first_day, reached.until >= reached.first_day)
    # A chain of an authorised SKU ends at its owner, however long others are.
    order = [ibis.desc(ibis.coalesce(reached.party == reached.rights_holder, False)), ibis.desc("links"), ibis.desc("is_verified"), "path"]
    reached = reached.mutate(place=ibis.row_number().over(ibis.window(group_by=one, order_by=order)))
    reached = reached.filter(reached.place == 0).select(*one, "party", chain_documents="path")
    found = status.left_join(reached, one).drop(*(f"{column}_right" for column in one))
    return found.mutate(chain_ends_at=ibis.coalesce(found.party, found.supplier_id)).drop("party")


def _with_outdated(status: ir.Table, documents: ir.Table, one: list[str]) -> ir.Table:
    old = documents.filter(documents.valid_to.notnull(), documents.scope.notnull())
    scopes = {scope: chain.named_scope(old.scope, scope) for scope in chain.SCOPES}
    old = old.select(chain_ends_at="licensee", outdated_document_id="document_id", outdated_on="valid_to", **scopes)
    gone = chain.covering(status.filter(status.state == chain.MISSING), old, ["chain_ends_at"])
    gone = gone.filter(gone.outdated_on < gone.first_day)
    order = [ibis.desc("outdated_on"), "outdated_document_id"]
    gone = gone.mutate(place=ibis.row_number().over(ibis.window(group_by=one, order_by=order)))
    gone = gone.filter(gone.place == 0).select(*one, "outdated_document_id", "outdated_on")
    return status.left_join(gone, one).drop(*(f"{column}_right" for column in one))


def _sums(status: pd.DataFrame, column: str, is_proven: pd.Series, is_refuted: pd.Series, by: list[str]) -> pd.DataFrame:
    counted = status[by].assign(n=status[column], proven=status[column].where(is_proven, 0), refuted=status[column].where(is_refuted, 0))
    sums = counted.groupby(by, as_index=False)[["n", "proven", "refuted"]].sum()
    return sums[sums["n"] > 0]


def _proven_frame(workbook: Workbook, measure: str, counts: pd.DataFrame) -> pd.DataFrame:
    proven = counts["proven"] / counts["n"]
    basis = np.where(counts["proven"] + counts["refuted"] < counts["n"], "bounded", "census")
    data = counts.assign(value=proven, lower=proven, upper=(counts["n"] - counts["refuted"]) / counts["n"], basis=basis)
    return measures_frame(workbook, measure, data, unit="share")
