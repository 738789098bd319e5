"""Dimension 3 in plain pandas: part of `pandas_measures`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas_shares import HOURS, as_days, each_day, main_currency, plain, share, within

from kmanalysis.statistics.intervals import cluster_share_bounds_by

VALIDITY = 7
MARKET = ["sku", "day", "currency"]
ONE = ["supplier_id", "currency"]


def price_measures(tables, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 3."""
    standing = _standing_quotes(tables["quotes"], span)
    levels = _market_levels(standing)
    core = tables["products"].loc[tables["products"]["is_core"].fillna(False).astype(bool), "sku"]
    peers = standing.groupby(MARKET)["supplier_id"].transform("size").groupby(standing["supplier_id"])
    bought = within(tables["purchases"], "purchased_at", span.start, span.end)
    fees = within(tables["fees"], "charged_at", span.start, span.end)
    landed = _landed(bought, fees)
    return {
        **_bands(levels[levels["sku"].isin(core)]),
        "price.low_price_trap": _traps(landed, levels),
        **_fees(bought, fees),
        **_tier_discount(tables, bought, span),
        **_margin(tables, landed),
        "price.monitored_peers": plain(peers.quantile(0.5, interpolation="lower"), peers.size()),
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
    ranked = quotes.sort_values([*MARKET, "unit_price", "supplier_id"], ignore_index=True)
    groups = ranked.groupby(MARKET)["unit_price"]
    n, place = groups.transform("size"), groups.cumcount()
    ranked, n, place = ranked[n >= 3], n[n >= 3].to_numpy(), place[n >= 3].to_numpy()
    price = ranked["unit_price"].to_numpy()
    start = np.arange(len(price)) - place
    middle = (n - 2) // 2, (n - 1) // 2  # places of the middle two among the others; the same where they are odd
    lower, upper = (price[start + at + (at >= place)] for at in middle)
    ranked = ranked.assign(level=(lower + upper) / 2)
    ranked = ranked[ranked["level"] > 0]
    return ranked.assign(deviation=(ranked["unit_price"] / ranked["level"] - 1).round(12))


def _bands(judged: pd.DataFrame) -> dict[str, pd.DataFrame]:
    sides = {"": judged["deviation"].abs() <= 0.05, ".above": judged["deviation"] > 0.05, ".below": judged["deviation"] < -0.05}
    keys = [judged["supplier_id"], judged["sku"]]
    days = judged.groupby(keys).size()
    total = days.groupby(level=0).sum()
    found = {}
    for side, is_there in sides.items():
        counts = is_there.groupby(keys).sum()
        bounds = cluster_share_bounds_by(days.index.get_level_values(0), counts, days)
        found[f"price.band_share{side}"] = plain(counts.groupby(level=0).sum() / total, total).join(bounds)
    return found


def _landed(bought: pd.DataFrame, fees: pd.DataFrame) -> pd.DataFrame:
    link = ["purchase_id", *ONE]
    is_linked = pd.MultiIndex.from_frame(fees[link]).isin(pd.MultiIndex.from_frame(bought[link]))
    linked = fees[is_linked].groupby(link, as_index=False)["amount"].sum()
    others = fees[~is_linked].groupby(ONE, as_index=False)["amount"].sum().rename(columns={"amount": "others"})
    found = bought.merge(linked, on=link, how="left").merge(others, on=ONE, how="left")
    paid, units = (found.groupby(ONE)[column].transform("sum") for column in ("paid_amount", "quantity"))
    part = (found["paid_amount"] / paid.where(paid != 0)).fillna(found["quantity"] / units)
    spread = (found["others"] * part).round(4).fillna(0)
    found = found.assign(day=(found["purchased_at"] + HOURS).dt.normalize(), landed=found["paid_amount"] + found["amount"].fillna(0) + spread)
    return found[found["received_quantity"].notna()]


def _traps(landed: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    one = ["supplier_id", "sku", "currency"]
    days = landed.groupby([*one, "day"], as_index=False)[["received_quantity", "landed"]].sum()
    days = days.merge(levels[[*one, "day", "unit_price", "level"]], on=[*one, "day"]).assign(days=1)
    sums = days.groupby(one, as_index=False)[["received_quantity", "landed", "unit_price", "level", "days"]].sum()
    sums = sums[sums["received_quantity"] > 0]
    level = sums["level"] / sums["days"]
    headline_gap = (sums["unit_price"] / sums["days"] / level - 1).round(12)
    landed_gap = (sums["landed"] / sums["received_quantity"] / level - 1).round(12)
    return share((headline_gap < -0.1) & (landed_gap >= -0.03), sums["supplier_id"])


def _fees(bought: pd.DataFrame, fees: pd.DataFrame) -> dict[str, pd.DataFrame]:
    measure = "price.hidden_fee_rate"
    charged = fees.assign(hidden=~fees["is_disclosed"], hidden_amount=fees["amount"].where(~fees["is_disclosed"], 0.0))
    sums = charged.groupby(ONE)[["hidden", "hidden_amount", "amount"]].sum()
    paid = bought.groupby(ONE)["paid_amount"].agg(["sum", "size"])
    both = paid.join(sums, how="outer").fillna(0).reset_index()
    both["n"] = both["size"].where(both["size"] > 0, both["hidden"]).astype("int64")
    for rate, amount in (("value", "hidden_amount"), ("of_all", "amount")):
        both[rate] = (both[amount] / both["sum"].where(both["sum"] > 0)).where(both["sum"] > 0, np.where(both[amount] > 0, 1.0, np.nan))
    both = both[both["n"] > 0]
    main = main_currency(both.assign(counted=both["value"].fillna(0)), "counted", "n")
    hidden = both.groupby("supplier_id")["hidden"].sum()
    return {
        measure: plain(main["value"], main["n"]),
        f"{measure}.fee_rate": plain(main["of_all"], main["n"]),
        f"{measure}.undisclosed_fees": plain(hidden, main["n"]),
    }


def _tier_discount(tables, bought: pd.DataFrame, span) -> dict[str, pd.DataFrame]:
    measure, tiers = "price.tier_discount", tables["discount_tiers"]
    tiers = tiers.assign(begins=as_days(tiers["valid_from"]), lasts=as_days(tiers["valid_to"]).fillna(span.last_day))
    tiers = tiers[(tiers["begins"] <= span.last_day) & (tiers["lasts"] >= span.first_day)]
    reached = tiers[tiers["threshold_amount"] <= 50_000].assign(lasts=tiers["lasts"].clip(upper=span.last_day))
    best = reached.sort_values(["lasts", "threshold_amount", "begins"], ascending=False).drop_duplicates(ONE)
    offered = tiers.groupby(ONE, as_index=False).size().merge(best[[*ONE, "discount_share"]], on=ONE, how="left").fillna({"discount_share": 0})
    sums = bought.groupby(ONE, as_index=False).agg(purchases=("purchase_id", "size"), listed=("list_amount", "sum"), discount=("discount_amount", "sum"))
    main = main_currency(sums.merge(offered, on=ONE, how="outer").fillna({"purchases": 0, "size": 0}), "purchases", "size")
    is_large = main["listed"] > 50_000
    granted = (main["discount"] / main["listed"]).where(is_large).round(4)
    n = (main["size"] + main["purchases"].where(is_large, 0)).astype("int64")
    values = {measure: np.fmin(main["discount_share"], granted), f"{measure}.offered": main["discount_share"], f"{measure}.granted": granted}
    return {name: plain(value, n)[value.notna()] for name, value in values.items()}


def _margin(tables, landed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    measure, one = "price.gross_margin", ["supplier_id", "sku", "currency"]
    listings = tables["listings"].dropna(subset="suggested_retail_price")
    priced = listings[[*one, "suggested_retail_price"]].assign(begins=as_days(listings["listed_from"]), lasts=as_days(listings["listed_to"]))
    found = landed.merge(priced, on=one)
    found = found[(found["begins"] <= found["day"]) & (found["lasts"].isna() | (found["lasts"] >= found["day"]))]
    found = found.sort_values("begins", ascending=False).drop_duplicates("purchase_id")
    found = found.assign(retail=found["suggested_retail_price"] * found["received_quantity"])
    sums = found.groupby(ONE, as_index=False).agg(retail=("retail", "sum"), landed=("landed", "sum"), paid=("paid_amount", "sum"), n=("retail", "size"))
    main = main_currency(landed.groupby(ONE, as_index=False).size().merge(sums, on=ONE, how="left").fillna({"n": 0}), "size").astype({"n": "int64"})
    retail = main["retail"].where(main["retail"] > 0)
    return {
        measure: plain((retail - main["landed"]) / retail, main["n"]),
        f"{measure}.before_fees": plain((retail - main["paid"]) / retail, main["n"]),
        f"{measure}.priced_share": plain(main["n"] / main["size"], main["size"]),
    }
