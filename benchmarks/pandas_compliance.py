"""Dimensions 2 and 5 in plain pandas: part of `pandas_measures`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas_shares import HOURS, as_days, each_day, plain, share, within

from kmanalysis.statistics.intervals import finite_lot_bounds
from kmanalysis.statistics.survival import share_within_by, waiting_quantiles_by

SCOPES = ["sku", "brand", "family", "category"]
LICENCES = ["business_licence", "industry_permit", "ip_authorisation"]


def on_offer(tables, span) -> pd.DataFrame:
    """The listings that overlap the month, with their first and last day in it."""
    listings = tables["listings"]
    first, last = as_days(listings["listed_from"]), as_days(listings["listed_to"])
    listings = listings.assign(first=first.clip(lower=span.first_day), last=last.fillna(span.last_day).clip(upper=span.last_day))
    return listings[listings["first"] <= listings["last"]]


def compliance_measures(tables, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 2."""
    listings, products, needs = on_offer(tables, span), tables["products"], tables["needs"]
    ever = tables["listings"][as_days(tables["listings"]["listed_from"]) <= span.last_day]
    suppliers = pd.DataFrame({"supplier_id": ever["supplier_id"].unique()})
    by = listings["supplier_id"]
    grey = (listings["grey_kind"].notna() & (listings["grey_kind"] != "none")).groupby(by).sum()
    examined = listings["grey_kind"].notna().groupby(by).sum()
    return {
        **_coverage(listings, products, needs, suppliers),
        **_new_categories(ever, products, needs, suppliers, span),
        **_authorised(tables, listings, span),
        **_licences(tables, span),
        "compliance.grey_listings": plain(grey, examined).assign(lower=grey, upper=grey + by.groupby(by).size() - examined),
    }


def _coverage(listings, products, needs, suppliers) -> dict[str, pd.DataFrame]:
    measure = "compliance.family_coverage"
    listed = listings.merge(products[["sku", "family"]].dropna(), on="sku")[["supplier_id", "family", "sku"]].drop_duplicates()
    families = listed.groupby("supplier_id")["family"].agg(["nunique", "size"])
    asked = needs.loc[needs["subject"] == "family", "item"].drop_duplicates()
    pairs = listed[["supplier_id", "family"]].drop_duplicates()
    both = suppliers.merge(asked.rename("family").to_frame(), how="cross").merge(pairs, how="left", on=["supplier_id", "family"], indicator=True)
    return {measure: share(both["_merge"] == "both", both["supplier_id"])[["value", "n"]], f"{measure}.families": plain(families["nunique"], families["size"])}


def _new_categories(ever, products, needs, suppliers, span) -> dict[str, pd.DataFrame]:
    measure = "compliance.new_category_speed"
    asked = needs.loc[needs["subject"] == "category", "item"]
    launched = as_days(products["launched_on"])
    is_new = (launched > span.last_day - pd.Timedelta(days=180)) & (launched <= span.last_day) & products["category"].isin(asked)
    new = products.loc[is_new, ["sku"]].assign(launched=launched[is_new])
    first = as_days(ever["listed_from"]).groupby([ever["supplier_id"], ever["sku"]]).min().rename("listed").reset_index()
    cases = suppliers.merge(new, how="cross").merge(first, on=["supplier_id", "sku"], how="left")
    cases = cases.assign(ended=cases["listed"].notna(), seconds=(cases["listed"].fillna(span.last_day) - cases["launched"]).dt.days.clip(lower=0))
    counts = cases.groupby(["supplier_id", "seconds", "ended"], as_index=False).size().rename(columns={"size": "cases"})
    shares = share_within_by(counts, 30).set_index("supplier_id").rename(columns={"share": "value"})
    return {measure: shares, f"{measure}.p50_days": waiting_quantiles_by(counts, 0.5).set_index("supplier_id").assign(n=shares["n"])}


def _licences(tables, span) -> dict[str, pd.DataFrame]:
    papers = tables["documents"]
    papers = papers.assign(first=as_days(papers["valid_from"]), last=as_days(papers["valid_to"]).fillna(span.last_day))
    papers = papers[(papers["first"] <= span.last_day) & papers["licensee"].isin(tables["suppliers"]["supplier_id"])]
    days = pd.MultiIndex.from_product([papers["licensee"].unique(), LICENCES], names=["licensee", "kind"])
    papers = papers.assign(first=papers["first"].clip(lower=span.first_day))
    daily = each_day(papers.assign(last=span.last_day, until=papers["last"])[["licensee", "kind", "verified_at", "until", "first", "last"]])
    daily = daily.assign(current=daily["until"] >= daily["day"], proven=(daily["until"] >= daily["day"]) & (daily["verified_at"] < span.end))
    best = daily.groupby(["licensee", "kind", "day"])[["current", "proven"]].max()
    counts = best.assign(outdated=~best["current"]).groupby(["licensee", "kind"])[["proven", "outdated"]].sum().reindex(days).fillna(0)

    def shares(one: pd.DataFrame, n: int) -> pd.DataFrame:
        return plain(one["proven"] / n, n).assign(lower=one["proven"] / n, upper=1 - one["outdated"] / n)

    found = {"compliance.licences": shares(counts.groupby(level="licensee").sum(), len(LICENCES) * span.days)}
    return found | {f"compliance.licences.{kind}": shares(counts.xs(kind, level="kind"), span.days) for kind in LICENCES}


def _authorised(tables, listings, span) -> dict[str, pd.DataFrame]:
    measure, keys = "compliance.authorised_share", ["supplier_id", "sku", "day"]
    orders = within(tables["orders"], "ordered_at", span.start, span.end)
    local = pd.DataFrame({"supplier_id": orders["supplier_id"], "sku": orders["sku"], "day": (orders["ordered_at"] + HOURS).dt.normalize()})
    sold = local.groupby(keys, as_index=False).size().rename(columns={"size": "orders"})
    offered = each_day(listings[["supplier_id", "sku", "first", "last"]]).drop_duplicates().assign(offered=1)
    goods = offered.merge(sold, on=keys, how="outer").fillna({"offered": 0, "orders": 0})
    products = tables["products"][["sku", "rights_holder", "brand", "family", "category"]]
    pairs = goods[["supplier_id", "sku"]].drop_duplicates().merge(products, on="sku")
    reaching = pairs.merge(_chains(tables, span), left_on=["supplier_id", "rights_holder"], right_on=["supplier_id", "party"], suffixes=("", "_covered"))
    for scope in SCOPES:
        reaching = reaching[reaching[f"{scope}_covered"].isna() | (reaching[f"{scope}_covered"] == reaching[scope])]
    covered = each_day(reaching[["supplier_id", "sku", "is_verified", "first", "last"]].drop_duplicates()).groupby(keys, as_index=False)["is_verified"].max()
    states = goods.merge(products[["sku", "rights_holder"]], on="sku").merge(covered, on=keys, how="left")
    papers = tables["documents"]
    filed = papers.loc[(papers["kind"] == "ip_authorisation") & (as_days(papers["valid_from"]) <= span.last_day), "licensee"]
    has_owner, is_filed = states["rights_holder"].notna(), states["supplier_id"].isin(filed)
    proven = has_owner & ((states["rights_holder"] == states["supplier_id"]) | states["is_verified"].eq(True).fillna(False).astype(bool))
    refuted = has_owner & ~proven & states["is_verified"].isna() & is_filed
    is_known = proven | refuted | (has_owner & states["is_verified"].notna())
    states = states.assign(proven=proven, refuted=refuted)[states["supplier_id"].isin(states.loc[is_known, "supplier_id"])]
    skus = states[states["offered"] > 0].groupby(["supplier_id", "sku"], as_index=False).agg(proven=("proven", "all"), refuted=("refuted", "any"))
    return {
        measure: _proven(states, pd.Series(1.0, index=states.index)),
        f"{measure}.listings": _proven(skus, pd.Series(1.0, index=skus.index)),
        f"{measure}.sales": _proven(states, states["orders"]),
    }


def _proven(states: pd.DataFrame, weight: pd.Series) -> pd.DataFrame:
    sums = pd.DataFrame({"n": weight, "proven": weight * states["proven"], "refuted": weight * states["refuted"]}).groupby(states["supplier_id"]).sum()
    sums = sums[sums["n"] > 0]
    value = sums["proven"] / sums["n"]
    return plain(value, sums["n"].astype("int64")).assign(lower=value, upper=1 - sums["refuted"] / sums["n"])


def _chains(tables, span) -> pd.DataFrame:
    links = tables["documents"]
    links = links[(links["kind"] == "ip_authorisation") & (links["licensor"] != links["licensee"])]
    first, last = as_days(links["valid_from"]).clip(lower=span.first_day), as_days(links["valid_to"]).fillna(span.last_day).clip(upper=span.last_day)
    is_verified = (links["verified_at"] < span.end) & links["scope"].notna()
    links = links.assign(first=first, last=last, is_verified=is_verified, **{scope: links["scope"].str.extract(rf"^{scope}:(.+)$")[0] for scope in SCOPES})
    links = links.loc[links["first"] <= links["last"], ["licensee", "licensor", "first", "last", "is_verified", *SCOPES]]
    chains = links[links["licensee"].isin(tables["suppliers"]["supplier_id"])].rename(columns={"licensee": "supplier_id", "licensor": "party"})
    found = [chains]
    for _ in range(5):
        chains = chains.merge(links, left_on="party", right_on="licensee", suffixes=("", "_next"))
        for scope in SCOPES:
            onward = chains[f"{scope}_next"]
            chains = chains[chains[scope].isna() | onward.isna() | (chains[scope] == onward)]
            chains = chains.assign(**{scope: chains[scope].fillna(chains[f"{scope}_next"])})
        chains = chains.assign(
            party=chains["licensor"],
            first=chains[["first", "first_next"]].max(axis=1),
            last=chains[["last", "last_next"]].min(axis=1),
            is_verified=chains["is_verified"] & chains["is_verified_next"],
        )
        is_kept = (chains["first"] <= chains["last"]) & (chains["party"] != chains["supplier_id"])
        chains = chains.loc[is_kept, ["supplier_id", "party", "first", "last", "is_verified", *SCOPES]].drop_duplicates()
        found.append(chains)
    return pd.concat(found, ignore_index=True)


def reputation_measures(tables, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 5."""
    references = tables["references"]
    outcome = references["outcome"].where(references["contacted_at"] < span.end)
    is_confirmed, is_denied = outcome == "confirmed", outcome == "denied"
    supplier = references["supplier_id"]
    years = ((span.last_day - as_days(references["since"])).dt.days / 365.25).clip(lower=0)
    reached, lot = (is_confirmed | is_denied).groupby(supplier).sum(), supplier.groupby(supplier).size()
    dated = (is_denied | (is_confirmed & years.notna())).groupby(supplier).sum()
    longest = years.where(is_confirmed, 0.0).groupby(supplier).max()
    hoped = years.where(~is_denied, 0.0).groupby(supplier).max().mask((years.isna() & ~is_denied).groupby(supplier).any())
    client, is_small = references["client"].str.strip(), references["client_size"].isin(["small", "medium"])
    served, hoped_for = (
        client.where(kept).groupby(supplier).nunique() for kept in (is_confirmed & is_small, ~is_denied & (is_small | references["client_size"].isna()))
    )
    confirmed = is_confirmed.groupby(supplier).sum()
    lower, upper = finite_lot_bounds(confirmed, reached, lot)
    signals = tables["signals"]
    found_on = as_days(signals["found_on"])
    signals = signals[(found_on >= (span.month - 11).start_time) & (found_on <= span.last_day)]
    return {
        "reputation.cooperation_years": plain(longest, dated).assign(lower=longest, upper=hoped),
        "reputation.platforms_served": plain(served, reached).assign(lower=served, upper=hoped_for),
        "reputation.reference_confirmed": plain(confirmed / reached.where(reached > 0), reached).assign(lower=np.asarray(lower), upper=np.asarray(upper)),
        "reputation.reference_confirmed.stated": plain(lot, lot),
        "reputation.reference_confirmed.not_reached": plain(lot - reached, lot),
        "reputation.public_signal": share(signals["polarity"] == "good", signals["supplier_id"])[["value", "n"]],
    }
