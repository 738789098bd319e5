"""Dimension 1 in plain pandas: part of `pandas_measures`."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas_shares import HOURS, counted, plain, share, waiting_measures, waits, within

from kmanalysis.statistics.intervals import counted_quantile

READING_CAP, PROBE_CAP = pd.Timedelta(days=1), pd.Timedelta(hours=6)


def stability_measures(tables, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 1."""
    orders = within(tables["orders"], "ordered_at", span.start, span.end)
    never = orders["status"].isin(["failed", "cancelled", "refunded"])
    is_timed = orders["delivered_at"].notna() | (orders["status"] != "delivered")
    delivered = waits(orders[is_timed], "ordered_at", "delivered_at", span.end, never[is_timed], orders.loc[is_timed, "delivered_is_upper_bound"])
    return {
        **_hot_stock(tables, span),
        "stability.oversold_rate": _oversold_rate(orders),
        **_stock_sync_lag(within(tables["stock_snapshots"], "observed_at", span.start, span.end), span),
        **_uptime(tables["probes"], span),
        **waiting_measures("stability.delivery_time", counted(delivered), 300),
    }


def _oversold_rate(orders: pd.DataFrame) -> pd.DataFrame:
    is_sold_out = orders["failure_cause"] == "stock_out"
    is_unclear = orders["failure_cause"].isna() & (orders["status"] == "failed")
    found, most = (share(some, orders["supplier_id"]) for some in (is_sold_out, is_sold_out | is_unclear))
    return found.assign(upper=most["upper"])


def spoken_intervals(readings: pd.DataFrame, keys: list[str], moment: str, cap: pd.Timedelta, span) -> pd.DataFrame:
    """Readings with since and until: each speaks until the next one, the cap or the month's end."""
    seen = within(readings, moment, span.start - cap, span.end).sort_values([*keys, moment])
    seen = seen[seen[moment] > span.start - cap]
    following = seen.groupby(keys)[moment].shift(-1)
    until = np.minimum(following.fillna(span.end), seen[moment] + cap)
    seen = seen.assign(since=seen[moment].clip(lower=span.start), until=until.clip(upper=span.end))
    return seen[seen["until"] > span.start]


def hot_list(tables, span) -> list[str]:
    """The fifty SKUs with the largest ordered quantity of the three months before."""
    before = within(tables["orders"], "ordered_at", (span.month - 3).start_time - HOURS, span.start)
    sold = before.groupby("sku", as_index=False)["quantity"].sum()
    return sold.sort_values(["quantity", "sku"], ascending=[False, True])["sku"].head(50).tolist()


def _availability(measure: str, known: pd.Series, up: pd.Series, total, n: pd.Series) -> dict[str, pd.DataFrame]:
    value = pd.DataFrame({"value": up / known, "n": n, "lower": up / total, "upper": (total - known + up) / total})
    return {measure: value, f"{measure}.known_share": plain(known / total, n)}


def hot_known(snapshots: pd.DataFrame, listings: pd.DataFrame, hot: list[str], span) -> tuple[pd.DataFrame, pd.Series]:
    """Known readings of hot SKUs while these are on offer, with since and until, and the seconds for which each supplier offers them."""
    keys = ["supplier_id", "sku"]
    spoken = spoken_intervals(snapshots[snapshots["sku"].isin(hot)], keys, "observed_at", READING_CAP, span)
    offers = listings.loc[listings["sku"].isin(hot), [*keys, "listed_from", "listed_to"]]
    first = pd.to_datetime(offers["listed_from"]).dt.as_unit("us") - HOURS
    last = pd.to_datetime(offers["listed_to"]).dt.as_unit("us") + pd.Timedelta(days=1) - HOURS
    offers = offers.assign(begin=first.clip(lower=span.start), end=last.fillna(span.end).clip(upper=span.end))
    offers = offers.loc[offers["begin"] < offers["end"], [*keys, "begin", "end"]]
    offered = (offers["end"] - offers["begin"]).dt.total_seconds().groupby(offers["supplier_id"]).sum()
    met = spoken.merge(offers, on=keys)
    met = met.assign(began=met["since"], since=met[["since", "begin"]].max(axis=1), until=met[["until", "end"]].min(axis=1))
    met = met[met["since"] < met["until"]]
    return met[met["scan_ok"] & ~met["is_placeholder"] & met["quantity"].notna()], offered


def _hot_stock(tables, span) -> dict[str, pd.DataFrame]:
    known, offered = hot_known(tables["stock_snapshots"], tables["listings"], hot_list(tables, span), span)
    length = (known["until"] - known["since"]).dt.total_seconds()
    by = known["supplier_id"]
    total, up = length.groupby(by).sum(), length.where(known["quantity"] > 0, 0).groupby(by).sum()
    # A reading that began to speak before the SKU was on offer is not one of the offer's.
    n = (known["began"] >= known["begin"]).groupby(by).sum().clip(lower=1)
    found = _availability("stability.hot_availability", total, up, offered.reindex(total.index), n)
    return found | {"stability.hot_depth": plain(known["quantity"].groupby(by).min(), n)}


def _stock_sync_lag(snapshots: pd.DataFrame, span) -> dict[str, pd.DataFrame]:
    measure = "stability.stock_sync_lag"
    told = snapshots[snapshots["source_synced_at"].notna()]
    found = waiting_measures(measure, counted(waits(told, "source_synced_at", "observed_at", span.end)), 300)
    found = {name: data[["value", "n"]] for name, data in found.items() if not name.endswith("open_share")}
    ordered = snapshots[["supplier_id", "sku", "observed_at"]].sort_values(["supplier_id", "sku", "observed_at"])
    between = ordered["observed_at"] - ordered.groupby(["supplier_id", "sku"])["observed_at"].shift()
    seconds = np.floor(between.dropna().dt.total_seconds() + 0.5)
    cadence = seconds.groupby(ordered["supplier_id"])
    middle = cadence.agg(lambda one: counted_quantile(one, np.ones(len(one)), 0.5))
    return found | {f"{measure}.cadence_p50_seconds": plain(middle, cadence.size())}


def measured_uptime(probes: pd.DataFrame, span) -> tuple[pd.Series, pd.Series, pd.Series, pd.DataFrame]:
    """Seconds known and up, and the month's probes, by supplier; and the outages (supplier_id, seconds)."""
    spoken = spoken_intervals(probes, ["supplier_id"], "probed_at", PROBE_CAP, span)
    since, until = ((spoken[edge] - span.start).dt.total_seconds() for edge in ("since", "until"))
    down = (~spoken["is_up"]).astype("int64")
    begun = pd.DataFrame({"moment": since, "known": 1, "down": down})
    over = pd.DataFrame({"moment": until, "known": -1, "down": -down})
    levels = pd.concat([begun, over]).groupby("moment").sum().cumsum()
    is_common = ((levels["known"] >= 3) & (levels["known"] == levels["down"])).to_numpy()
    moments = levels.index.to_numpy()
    # Seconds of common outage up to each moment, so that any interval's part of them is a difference.
    common = np.concatenate([[0.0], np.cumsum(np.diff(moments) * is_common[:-1])])
    lost = np.interp(until, moments, common) - np.interp(since, moments, common)
    length = until - since - lost
    supplier = spoken["supplier_id"]
    known = length.groupby(supplier).sum()
    up = length.where(spoken["is_up"], 0).groupby(supplier).sum()
    n = within(probes, "probed_at", span.start, span.end).groupby("supplier_id").size().reindex(known.index).fillna(0).astype("int64")
    outages = _outages(spoken.assign(since=since, until=until), moments[np.append(is_common[:-1], False)], moments[1:][is_common[:-1]])
    return known, up, n, outages


def _uptime(probes: pd.DataFrame, span) -> dict[str, pd.DataFrame]:
    known, up, n, outages = measured_uptime(probes, span)
    n = n.clip(lower=1)
    found = _availability("stability.uptime", known, up, span.days * 86_400.0, n)
    both = outages.groupby("supplier_id")["seconds"].agg(["size", "max"]).reindex(known.index).fillna(0)
    return found | {"stability.uptime.outages": plain(both["size"], n), "stability.uptime.longest_outage_seconds": plain(both["max"], n)}


def _outages(spoken: pd.DataFrame, common_since: np.ndarray, common_until: np.ndarray) -> pd.DataFrame:
    """Stretches of being down without a gap, what is common cut out of them."""
    follows = (
        (spoken["supplier_id"] == spoken["supplier_id"].shift()) & (spoken["since"] == spoken["until"].shift()) & (spoken["is_up"] == spoken["is_up"].shift())
    )
    stretches = spoken.assign(stretch=(~follows).cumsum()).groupby("stretch").agg(
        supplier_id=("supplier_id", "first"), is_up=("is_up", "first"), since=("since", "min"), until=("until", "max")
    )  # fmt: skip
    down = stretches[~stretches["is_up"]]
    parts = []
    for supplier, since, until in zip(down["supplier_id"], down["since"], down["until"], strict=True):
        edges = since
        for begin, end in zip(common_since, common_until, strict=True):
            if begin < until and end > edges:
                parts.append((supplier, min(begin, until) - edges))
                edges = end
        parts.append((supplier, until - edges))
    found = pd.DataFrame(parts, columns=["supplier_id", "seconds"])
    return found[found["seconds"] > 0]
