"""Authorisation: chains of documents from a supplier to the rights holder, on each day on which it offered or sold a SKU."""

from __future__ import annotations

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.orders import orders_by_day
from kmanalysis.measures.common.stock import on_offer
from kmanalysis.measures.common.time import each_day
from kmanalysis.workbook import Workbook

SCOPES = ("sku", "brand", "family", "category")
"""What a document's scope may name; ``*`` covers everything."""

AUTHORISED, UNVERIFIED, NO_DOCUMENTS, NO_RIGHTS_HOLDER, MISSING = "authorised", "unverified", "no_documents", "no_rights_holder", "missing"
STATES = (AUTHORISED, UNVERIFIED, NO_DOCUMENTS, NO_RIGHTS_HOLDER, MISSING)
"""State of a supplier's SKU on a day: a verified chain; one that nobody checked; nothing on file for the supplier; owner not known; no chain."""


def authorisation_links(workbook: Workbook) -> ir.Table:
    """The authorisations in force on some day of the month: licensee, licensor, document_id, since, until (days of the month), is_verified, scopes.

    A scope column is empty where the document does not narrow it. A document without any scope, or one that nobody had verified by the month's
    end, is not verified: it can support a chain, not prove it.
    """
    period = workbook.period
    documents = workbook.table("documents")
    documents = documents.filter(documents.kind == "ip_authorisation", documents.licensor != documents.licensee)
    links = documents.select(
        "licensee",
        "licensor",
        "document_id",
        since=ibis.greatest(documents.valid_from, period.first_day),
        until=ibis.least(ibis.coalesce(documents.valid_to, period.last_day), period.last_day),
        is_verified=ibis.coalesce(documents.verified_at < period.end, False) & documents.scope.notnull(),
        **{scope: named_scope(documents.scope, scope) for scope in SCOPES},
    )
    return links.filter(links.since <= links.until)


def authorisation_chains(workbook: Workbook) -> ir.Table:
    """Every chain that starts at a supplier: supplier_id, party (where it ends), links, path (document ids), since, until, is_verified, scopes.

    Its days are those on which all of its documents are in force, its scope is what all of them cover; it is verified when all are. Joined link by
    link, as many as the standards allow; chains that differ in nothing but their path count once.
    """
    links = authorisation_links(workbook)
    suppliers = workbook.table("suppliers").select("supplier_id")
    first = links.join(suppliers, links.licensee == suppliers.supplier_id)
    chains = first.select("supplier_id", "since", "until", "is_verified", *SCOPES, party="licensor", path="document_id")
    found = [chains.mutate(links=ibis.literal(1, type="int64"))]
    for length in range(2, int(workbook.standards.value("counting.authorisation_links")) + 1):
        chains = _longer(chains, links)
        found.append(chains.mutate(links=ibis.literal(length, type="int64")))
    columns = ["supplier_id", "party", "links", "path", "since", "until", "is_verified", *SCOPES]
    return ibis.union(*[chain.select(columns) for chain in found]) if len(found) > 1 else found[0].select(columns)


def _longer(chains: ir.Table, links: ir.Table) -> ir.Table:
    onward = links.rename({f"next_{column}": column for column in links.columns})
    joined = chains.join(onward, [chains.party == onward.next_licensee])
    agrees = [joined[scope].isnull() | joined[f"next_{scope}"].isnull() | (joined[scope] == joined[f"next_{scope}"]) for scope in SCOPES]
    joined = joined.filter(joined.next_licensor != joined.supplier_id, *agrees)
    longer = joined.select(
        "supplier_id",
        party=joined.next_licensor,
        path=joined.path.concat(" > ", joined.next_document_id),
        since=ibis.greatest(joined.since, joined.next_since),
        until=ibis.least(joined.until, joined.next_until),
        is_verified=joined.is_verified & joined.next_is_verified,
        **{scope: ibis.coalesce(joined[scope], joined[f"next_{scope}"]) for scope in SCOPES},
    )
    longer = longer.filter(longer.since <= longer.until)
    return longer.group_by("supplier_id", "party", "since", "until", "is_verified", *SCOPES).agg(path=longer.path.min())


def goods_by_day(workbook: Workbook) -> ir.Table:
    """What each supplier offered or sold on each day of the month: supplier_id, sku, day, is_offered, orders."""
    listings = on_offer(workbook)
    spans = listings.select("supplier_id", "sku", "listed_from", last=ibis.coalesce(listings.listed_to, workbook.period.last_day))
    offered = each_day(workbook, spans, "listed_from", "last").select("supplier_id", "sku", "day").distinct()
    sold = orders_by_day(workbook)
    both = ibis.union(
        offered.mutate(offers=ibis.literal(1, type="int64"), orders=ibis.literal(0, type="int64")),
        sold.select("supplier_id", "sku", "day", offers=ibis.literal(0, type="int64"), orders=sold.orders),
    )
    found = both.group_by("supplier_id", "sku", "day").agg(offers=both.offers.max(), orders=both.orders.sum())
    return found.select("supplier_id", "sku", "day", "orders", is_offered=found.offers > 0)


def authorised_days(workbook: Workbook) -> ir.Table:
    """`goods_by_day` with rights_holder and state of each day: one of `STATES`."""
    goods = goods_by_day(workbook)
    products = workbook.table("products").select("rights_holder", *SCOPES)
    pairs = goods.select("supplier_id", "sku").distinct().join(products, "sku")
    reaching = covering(pairs, authorisation_chains(workbook).rename(rights_holder="party"), ["supplier_id", "rights_holder"])
    reaching = reaching.select("supplier_id", "sku", "since", "until", "is_verified").distinct()
    covered = each_day(workbook, reaching, "since", "until")
    keys = ["supplier_id", "sku", "day"]
    covered = covered.group_by(keys).agg(is_verified=covered.is_verified.cast("int64").max())
    on_file = known_authorisations(workbook).select(filed="licensee").distinct()
    found = goods.join(products.select("sku", "rights_holder"), "sku")
    found = found.left_join(covered, keys).drop("supplier_id_right", "sku_right", "day_right")
    found = found.left_join(on_file, [found.supplier_id == on_file.filed])
    is_proven = (found.rights_holder == found.supplier_id) | ibis.coalesce(found.is_verified == 1, False)
    state = ibis.cases(
        (found.rights_holder.isnull(), NO_RIGHTS_HOLDER),
        (is_proven, AUTHORISED),
        (found.is_verified.notnull(), UNVERIFIED),
        (found.filed.isnull(), NO_DOCUMENTS),
        else_=MISSING,
    )
    return found.select(*keys, "is_offered", "orders", "rights_holder", state=state)


def known_authorisations(workbook: Workbook) -> ir.Table:
    """The authorisations that were in force before the month's end or are."""
    documents = workbook.table("documents")
    return documents.filter(documents.kind == "ip_authorisation", documents.valid_from <= workbook.period.last_day)


def covering(goods: ir.Table, scoped: ir.Table, on: list[str]) -> ir.Table:
    """Goods joined with what is scoped, where the scopes cover the SKU; ``goods`` has the columns of `SCOPES`."""
    named = scoped.rename({f"covered_{scope}": scope for scope in SCOPES})
    joined = goods.join(named, on)
    return joined.filter(*(joined[f"covered_{scope}"].isnull() | (joined[f"covered_{scope}"] == joined[scope]) for scope in SCOPES))


def named_scope(scope: ir.StringValue, kind: str) -> ir.StringValue:
    """What a scope names of a kind of `SCOPES`; empty where it names nothing of that kind."""
    return ibis.ifelse(scope.startswith(f"{kind}:"), scope.substr(len(kind) + 1), ibis.null("string"))
