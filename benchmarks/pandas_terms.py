"""Compliance, price and reputation in plain pandas: part of `pandas_measures`. Each measure is a frame ``value``, ``n`` by supplier."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas_supply import HOURS, share, waiting_share, within

SCOPES = ["sku", "brand", "family", "category"]
LICENCES = ["business_licence", "industry_permit", "ip_authorisation"]
VALIDITY = 7


def by_supplier(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its supplier as index."""
    return frame.set_index("supplier_id")


def as_days(dates: pd.Series) -> pd.Series:
    """Dates as times of midnight."""
    return pd.to_datetime(dates).dt.as_unit("us")


def on_offer(tables, span) -> pd.DataFrame:
    """The listings that overlap the month, with their first and last day in it."""
    listings = tables["listings"]
    first, last = as_days(listings["listed_from"]), as_days(listings["listed_to"])
    listings = listings.assign(first=first.clip(lower=span.first_day), last=last.fillna(span.last_day).clip(upper=span.last_day))
    return listings[listings["first"] <= listings["last"]]


def each_day(spans: pd.DataFrame) -> pd.DataFrame:
    """A row for each day from first to last."""
    length = (spans["last"] - spans["first"]).dt.days + 1
    daily = spans.loc[spans.index.repeat(length)]
    number = daily.groupby(level=0).cumcount()
    return daily.assign(day=daily["first"] + pd.to_timedelta(number, unit="D")).drop(columns=["first", "last"]).reset_index(drop=True)


def compliance_measures(tables, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 2."""
    listings, products, needs = on_offer(tables, span), tables["products"], tables["needs"]
    ever = tables["listings"][as_days(tables["listings"]["listed_from"]) <= span.last_day]
    suppliers = pd.DataFrame({"supplier_id": ever["supplier_id"].unique()})
    examined = listings[listings["grey_kind"].notna()]
    return {
        "compliance.family_coverage": _coverage(listings, products, needs, suppliers),
        "compliance.new_category_speed": _new_categories(ever, products, needs, suppliers, span),
        "compliance.authorised_share": _authorised(tables, listings, span),
        "compliance.licences": _licences(tables, span),
        "compliance.grey_listings": pd.DataFrame(
            {
                "value": (listings["grey_kind"].notna() & (listings["grey_kind"] != "none")).groupby(listings["supplier_id"]).sum().astype("float64"),
                "n": examined.groupby("supplier_id").size().reindex(listings["supplier_id"].unique()).fillna(0).astype("int64"),
            }
        ),
    }


def _coverage(listings, products, needs, suppliers) -> pd.DataFrame:
    asked = needs.loc[needs["subject"] == "family", "item"].drop_duplicates()
    listed = listings.merge(products[["sku", "family"]], on="sku")[["supplier_id", "family"]].drop_duplicates()
    both = suppliers.merge(asked.rename("family").to_frame(), how="cross").merge(listed, how="left", on=["supplier_id", "family"], indicator=True)
    return share(both["_merge"] == "both", both["supplier_id"])


def _new_categories(ever, products, needs, suppliers, span) -> pd.DataFrame:
    asked = needs.loc[needs["subject"] == "category", "item"]
    launched = as_days(products["launched_on"])
    is_new = (launched > span.last_day - pd.Timedelta(days=180)) & (launched <= span.last_day) & products["category"].isin(asked)
    new = products.loc[is_new, ["sku"]].assign(launched=launched[is_new])
    first = as_days(ever["listed_from"]).groupby([ever["supplier_id"], ever["sku"]]).min().rename("listed").reset_index()
    cases = suppliers.merge(new, how="cross").merge(first, on=["supplier_id", "sku"], how="left")
    cases["listed"] = cases[["listed", "launched"]].max(axis=1).where(cases["listed"].notna())
    # Days, told as seconds: what is not listed is cut at the last day.
    base = pd.Timestamp("2000-01-01")
    for column in ("listed", "launched"):
        cases[column] = base + pd.to_timedelta((cases[column] - span.last_day).dt.days, unit="s")
    cut = cases["listed"].isna()
    found = waiting_share(cases.assign(listed=cases["listed"].where(~cut)), "launched", "listed", 30, base + pd.Timedelta(microseconds=1))
    return found


def _licences(tables, span) -> pd.DataFrame:
    papers = tables["documents"]
    papers = papers.assign(first=as_days(papers["valid_from"]), last=as_days(papers["valid_to"]).fillna(span.last_day))
    papers = papers[(papers["first"] <= span.last_day) & papers["licensee"].isin(tables["suppliers"]["supplier_id"])]
    holders = papers["licensee"].unique()
    proven = papers[(papers["verified_at"] < span.end) & papers["kind"].isin(LICENCES)]
    proven = proven.assign(first=proven["first"].clip(lower=span.first_day), last=proven["last"].clip(upper=span.last_day))
    daily = each_day(proven.loc[proven["first"] <= proven["last"], ["licensee", "kind", "first", "last"]]).drop_duplicates()
    n = len(LICENCES) * span.days
    value = daily.groupby("licensee").size().reindex(holders).fillna(0) / n
    return pd.DataFrame({"value": value, "n": n})


def _authorised(tables, listings, span) -> pd.DataFrame:
    keys = ["supplier_id", "sku", "day"]
    orders = within(tables["orders"], "ordered_at", span.start, span.end)
    sold = pd.DataFrame({"supplier_id": orders["supplier_id"], "sku": orders["sku"], "day": (orders["ordered_at"] + HOURS).dt.normalize()}).drop_duplicates()
    goods = pd.concat([each_day(listings[["supplier_id", "sku", "first", "last"]]), sold]).drop_duplicates()
    products = tables["products"][["sku", "rights_holder", "brand", "family", "category"]]
    pairs = goods[["supplier_id", "sku"]].drop_duplicates().merge(products, on="sku")
    chains = _verified_chains(tables, span)
    reaching = pairs.merge(chains, left_on=["supplier_id", "rights_holder"], right_on=["supplier_id", "party"], suffixes=("", "_covered"))
    for scope in SCOPES:
        reaching = reaching[reaching[f"{scope}_covered"].isna() | (reaching[f"{scope}_covered"] == reaching[scope])]
    covered = each_day(reaching[["supplier_id", "sku", "first", "last"]].drop_duplicates().reset_index(drop=True)).drop_duplicates()
    states = goods.merge(products[["sku", "rights_holder"]], on="sku").merge(covered[keys], on=keys, how="left", indicator=True)
    papers = tables["documents"]
    filed = papers.loc[(papers["kind"] == "ip_authorisation") & (as_days(papers["valid_from"]) <= span.last_day), "licensee"]
    is_own = states["rights_holder"] == states["supplier_id"]
    is_known = states["rights_holder"].notna() & (is_own | states["supplier_id"].isin(filed))
    found = share((states["_merge"] == "both") | is_own, states["supplier_id"])
    return found[found.index.isin(states.loc[is_known, "supplier_id"])]


def _verified_chains(tables, span) -> pd.DataFrame:
    papers = tables["documents"]
    links = papers[
        (papers["kind"] == "ip_authorisation") & (papers["verified_at"] < span.end) & papers["scope"].notna() & (papers["licensor"] != papers["licensee"])
    ]
    links = links.assign(
        first=as_days(links["valid_from"]).clip(lower=span.first_day), last=as_days(links["valid_to"]).fillna(span.last_day).clip(upper=span.last_day)
    )
    links = links.assign(**{scope: links["scope"].str.extract(rf"^{scope}:(.+)$")[0] for scope in SCOPES})
    links = links.loc[links["first"] <= links["last"], ["licensee", "licensor", "first", "last", *SCOPES]]
    chains = links[links["licensee"].isin(tables["suppliers"]["supplier_id"])].rename(columns={"licensee": "supplier_id", "licensor": "party"})
    found = [chains]
    for _ in range(5):
        chains = chains.merge(links, left_on="party", right_on="licensee", suffixes=("", "_next"))
        for scope in SCOPES:
            onward = chains[f"{scope}_next"]
            chains = chains[chains[scope].isna() | onward.isna() | (chains[scope] == onward)]
            chains = chains.assign(**{scope: chains[scope].fillna(chains[f"{scope}_next"])})
        chains = chains.assign(party=chains["licensor"], first=chains[["first", "first_next"]].max(axis=1), last=chains[["last", "last_next"]].min(axis=1))
        chains = chains.loc[
            (chains["first"] <= chains["last"]) & (chains["party"] != chains["supplier_id"]), ["supplier_id", "party", "first", "last", *SCOPES]
        ]
        chains = chains.drop_duplicates()
        found.append(chains)
    return pd.concat(found, ignore_index=True)


def price_measures(tables, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 3."""
    standing = _standing_quotes(tables["quotes"], span)
    levels = _market_levels(standing)
    core = tables["products"].loc[tables["products"]["is_core"].fillna(False).astype(bool), "sku"]
    judged = levels[levels["sku"].isin(core)]
    peers = standing.groupby(["sku", "day", "currency"])["supplier_id"].transform("size")
    landed = _landed(tables, span)
    return {
        "price.band_share": share(judged["deviation"].abs() <= 0.05, judged["supplier_id"]),
        "price.low_price_trap": _traps(landed, levels),
        "price.hidden_fee_rate": _hidden_fees(tables, span),
        "price.tier_discount": _tier_discount(tables, span),
        "price.gross_margin": _margin(tables, landed),
        "price.monitored_peers": peers.groupby(standing["supplier_id"])
        .agg(value=lambda found: found.quantile(0.5, interpolation="lower"), n="size")
        .astype({"value": "float64"}),
    }


def _standing_quotes(quotes: pd.DataFrame, span) -> pd.DataFrame:
    quotes = within(quotes, "quoted_at", span.start - pd.Timedelta(days=VALIDITY - 1), span.end)
    quotes = quotes.assign(first=(quotes["quoted_at"] + HOURS).dt.normalize()).sort_values(["supplier_id", "sku", "quoted_at"])
    quotes = quotes.drop_duplicates(["supplier_id", "sku", "first"], keep="last")
    following = quotes.groupby(["supplier_id", "sku"])["first"].shift(-1) - pd.Timedelta(days=1)
    expires = quotes["first"] + pd.Timedelta(days=VALIDITY - 1)
    last = np.minimum(following.fillna(expires), expires).clip(upper=span.last_day)
    spans = quotes.assign(first=quotes["first"].clip(lower=span.first_day), last=last)
    return each_day(spans.loc[spans["first"] <= spans["last"], ["supplier_id", "sku", "unit_price", "currency", "first", "last"]])


def _market_levels(quotes: pd.DataFrame) -> pd.DataFrame:
    """Quotes with the median of the others of that SKU, day and currency, found by place in one ordering."""
    market = ["sku", "day", "currency"]
    ranked = quotes.sort_values([*market, "unit_price", "supplier_id"], ignore_index=True)
    groups = ranked.groupby(market)["unit_price"]
    n, place = groups.transform("size"), groups.cumcount()
    ranked, n, place = ranked[n >= 3], n[n >= 3].to_numpy(), place[n >= 3].to_numpy()
    price = ranked["unit_price"].to_numpy()
    start = np.arange(len(price)) - place
    middle = (n - 2) // 2, (n - 1) // 2  # places of the middle two among the others; the same where they are odd
    lower, upper = (price[start + at + (at >= place)] for at in middle)
    ranked = ranked.assign(level=(lower + upper) / 2)
    ranked = ranked[ranked["level"] > 0]
    return ranked.assign(deviation=(ranked["unit_price"] / ranked["level"] - 1).round(12))


def _landed(tables, span) -> pd.DataFrame:
    one = ["supplier_id", "currency"]
    bought = within(tables["purchases"], "purchased_at", span.start, span.end)
    fees = within(tables["fees"], "charged_at", span.start, span.end)
    is_linked = pd.MultiIndex.from_frame(fees[["purchase_id", *one]]).isin(pd.MultiIndex.from_frame(bought[["purchase_id", *one]]))
    linked = fees[is_linked].groupby(["purchase_id", *one], as_index=False)["amount"].sum()
    others = fees[~is_linked].groupby(one, as_index=False)["amount"].sum().rename(columns={"amount": "others"})
    found = bought.merge(linked, on=["purchase_id", *one], how="left").merge(others, on=one, how="left")
    paid, units = (found.groupby(one)[column].transform("sum") for column in ("paid_amount", "quantity"))
    part = (found["paid_amount"] / paid.where(paid != 0)).fillna(found["quantity"] / units)
    spread = (found["others"] * part).round(4).fillna(0)
    found = found.assign(day=(found["purchased_at"] + HOURS).dt.normalize(), landed=found["paid_amount"] + found["amount"].fillna(0) + spread)
    return found[found["received_quantity"].notna()]


def _traps(landed: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    one = ["supplier_id", "sku", "currency"]
    days = landed.groupby([*one, "day"], as_index=False)[["received_quantity", "landed"]].sum()
    days = days.merge(levels[[*one, "day", "unit_price", "level"]], on=[*one, "day"])
    sums = days.groupby(one, as_index=False)[["received_quantity", "landed", "unit_price", "level"]].sum()
    sums = sums[sums["received_quantity"] > 0]
    count = days.groupby(one, as_index=False).size()
    sums = sums.merge(count, on=one)
    level = sums["level"] / sums["size"]
    headline_gap = (sums["unit_price"] / sums["size"] / level - 1).round(12)
    landed_gap = (sums["landed"] / sums["received_quantity"] / level - 1).round(12)
    return share((headline_gap < -0.1) & (landed_gap >= -0.03), sums["supplier_id"])


def _main_currency(frame: pd.DataFrame, *events: str) -> pd.DataFrame:
    order = frame.sort_values(["supplier_id", *events, "currency"], ascending=[True, *[False] * len(events), True])
    return by_supplier(order.drop_duplicates("supplier_id"))


def _hidden_fees(tables, span) -> pd.DataFrame:
    one = ["supplier_id", "currency"]
    fees = within(tables["fees"], "charged_at", span.start, span.end)
    hidden = fees[~fees["is_disclosed"]].groupby(one)["amount"].agg(["sum", "size"])
    bought = within(tables["purchases"], "purchased_at", span.start, span.end).groupby(one)["paid_amount"].agg(["sum", "size"])
    both = bought.join(hidden, how="outer", rsuffix="_hidden").fillna(0).reset_index()
    n = both["size"].where(both["size"] > 0, both["size_hidden"]).astype("int64")
    paid = both["sum"].where(both["sum"] > 0)
    rate = (both["sum_hidden"] / paid).where(paid.notna(), np.where(both["sum_hidden"] > 0, 1.0, np.nan))
    rates = both[one].assign(value=rate, n=n, counted=rate.fillna(0))
    return _main_currency(rates[rates["n"] > 0], "counted", "n")


def _tier_discount(tables, span) -> pd.DataFrame:
    one = ["supplier_id", "currency"]
    tiers = tables["discount_tiers"]
    tiers = tiers.assign(begins=as_days(tiers["valid_from"]), lasts=as_days(tiers["valid_to"]).fillna(span.last_day))
    tiers = tiers[(tiers["begins"] <= span.last_day) & (tiers["lasts"] >= span.first_day)]
    reached = tiers[tiers["threshold_amount"] <= 50_000].assign(lasts=tiers["lasts"].clip(upper=span.last_day))
    best = reached.sort_values(["lasts", "threshold_amount", "begins"], ascending=False).drop_duplicates(one)
    offered = tiers.groupby(one, as_index=False).size().merge(best[[*one, "discount_share"]], on=one, how="left").fillna({"discount_share": 0})
    bought = within(tables["purchases"], "purchased_at", span.start, span.end)
    sums = bought.groupby(one, as_index=False).agg(purchases=("purchase_id", "size"), listed=("list_amount", "sum"), discount=("discount_amount", "sum"))
    both = sums.merge(offered, on=one, how="outer").fillna({"purchases": 0, "size": 0})
    main = _main_currency(both, "purchases", "size")
    is_large = main["listed"] > 50_000
    granted = (main["discount"] / main["listed"]).where(is_large).round(4)
    found = pd.DataFrame({"value": np.fmin(main["discount_share"], granted), "n": (main["size"] + main["purchases"].where(is_large, 0)).astype("int64")})
    return found[found["value"].notna()]


def _margin(tables, landed: pd.DataFrame) -> pd.DataFrame:
    one = ["supplier_id", "sku", "currency"]
    listings = tables["listings"].dropna(subset="suggested_retail_price")
    priced = listings[[*one, "suggested_retail_price"]].assign(begins=as_days(listings["listed_from"]), lasts=as_days(listings["listed_to"]))
    found = landed.merge(priced, on=one)
    found = found[(found["begins"] <= found["day"]) & (found["lasts"].isna() | (found["lasts"] >= found["day"]))]
    found = found.sort_values("begins", ascending=False).drop_duplicates("purchase_id")
    found = found.assign(retail=found["suggested_retail_price"] * found["received_quantity"])
    sums = found.groupby(["supplier_id", "currency"], as_index=False).agg(retail=("retail", "sum"), landed=("landed", "sum"), n=("retail", "size"))
    received = landed.groupby(["supplier_id", "currency"], as_index=False).size()
    main = _main_currency(received.merge(sums, on=["supplier_id", "currency"], how="left"), "size")
    main = main[main["n"] > 0].astype({"n": "int64"})
    return pd.DataFrame({"value": (main["retail"] - main["landed"]) / main["retail"].where(main["retail"] > 0), "n": main["n"]})


def reputation_measures(tables, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 5."""
    references = tables["references"]
    outcome = references["outcome"].where(references["contacted_at"] < span.end)
    is_confirmed, is_denied = outcome == "confirmed", outcome == "denied"
    supplier = references["supplier_id"]
    years = ((span.last_day - as_days(references["since"])).dt.days / 365.25).clip(lower=0)
    reached = (is_confirmed | is_denied).groupby(supplier).sum()
    served = references["client"].str.strip().where(is_confirmed & references["client_size"].isin(["small", "medium"]))
    signals = tables["signals"]
    found_on = as_days(signals["found_on"])
    signals = signals[(found_on >= (span.month - 11).start_time) & (found_on <= span.last_day)]
    dated = (is_denied | (is_confirmed & years.notna())).groupby(supplier).sum()
    return {
        "reputation.cooperation_years": pd.DataFrame({"value": years.where(is_confirmed, 0.0).groupby(supplier).max(), "n": dated}),
        "reputation.platforms_served": pd.DataFrame({"value": served.groupby(supplier).nunique().astype("float64"), "n": reached}),
        "reputation.reference_confirmed": pd.DataFrame({"value": is_confirmed.groupby(supplier).sum() / reached.where(reached > 0), "n": reached}),
        "reputation.public_signal": share(signals["polarity"] == "good", signals["supplier_id"]),
    }
