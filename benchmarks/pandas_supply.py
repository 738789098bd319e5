"""Stability and after-sales in plain pandas: part of `pandas_measures`. Each measure is a frame ``value``, ``n`` by supplier."""

from __future__ import annotations

import chinese_calendar
import numpy as np
import pandas as pd

UNKNOWN, DOWN, UP = -1, 0, 1
READING_CAP, PROBE_CAP = pd.Timedelta(days=1), pd.Timedelta(hours=6)
HOURS = pd.Timedelta(hours=8)
NO_DISPUTE = ["question", "other"]


def within(table: pd.DataFrame, moment: str, since: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """The rows from a moment to another."""
    return table[(table[moment] >= since) & (table[moment] < until)]


def share(good: pd.Series, supplier: pd.Series) -> pd.DataFrame:
    """Share of the good ones."""
    found = good.groupby(supplier).agg(["mean", "size"])
    return found.set_axis(["value", "n"], axis=1)


def waiting_share(cases: pd.DataFrame, started: str, ended: str, limit: float, end: pd.Timestamp, never: pd.Series | None = None) -> pd.DataFrame:
    """Share of waits that ended within the limit, Kaplan–Meier where some were cut before it."""
    never = pd.Series(False, index=cases.index) if never is None else never
    is_over = (cases[ended] < end) & ~never
    waited = (cases[ended].where(is_over, end) - cases[started]).dt.total_seconds()
    waited = waited.where(is_over, np.floor(waited))
    kept = never | (waited >= 0)
    waited, is_over, never, supplier = waited[kept], is_over[kept], never[kept], cases.loc[kept, "supplier_id"]
    seconds = np.ceil(waited)
    n = supplier.groupby(supplier).size()
    early = ~never & (seconds <= limit)
    good = (early & is_over).groupby(supplier).sum()
    is_cut = ~never & ~is_over & (seconds < limit)
    cut = is_cut.groupby(supplier).sum()
    value = (good / (n - cut).where(n > cut)).astype("float64")
    for name in cut.index[(cut > 0) & (n > cut) & (good > 0)]:
        mine = supplier == name
        value[name] = _kaplan_meier(seconds[mine & early], is_over[mine & early], n[name])
    return pd.DataFrame({"value": value, "n": n})


def _kaplan_meier(seconds: pd.Series, is_over: pd.Series, n: int) -> float:
    counts = pd.DataFrame({"seconds": seconds, "ended": is_over, "left": 1}).groupby("seconds")[["ended", "left"]].sum()
    at_risk = n - counts["left"].cumsum() + counts["left"]
    return 1 - float(((at_risk - counts["ended"]) / at_risk).prod())


def spoken_intervals(readings: pd.DataFrame, keys: list[str], moment: str, cap: pd.Timedelta, span) -> pd.DataFrame:
    """Readings with since and until: each speaks until the next one, the cap or the month's end."""
    seen = within(readings, moment, span.start - cap, span.end).sort_values([*keys, moment])
    seen = seen[seen[moment] > span.start - cap]
    following = seen.groupby(keys, observed=True)[moment].shift(-1)
    until = np.minimum(following.fillna(span.end), seen[moment] + cap)
    seen = seen.assign(since=seen[moment].clip(lower=span.start), until=until.clip(upper=span.end))
    return seen[seen["until"] > span.start]


def hot_list(tables, span) -> list[str]:
    """The fifty SKUs with the largest ordered quantity of the three months before."""
    before = within(tables["orders"], "ordered_at", (span.month - 3).start_time - HOURS, span.start)
    sold = before.groupby("sku", as_index=False)["quantity"].sum()
    return sold.sort_values(["quantity", "sku"], ascending=[False, True])["sku"].head(50).tolist()


def stability_measures(tables, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 1."""
    orders = within(tables["orders"], "ordered_at", span.start, span.end)
    snapshots = within(tables["stock_snapshots"], "observed_at", span.start, span.end)
    never = orders["status"].isin(["failed", "cancelled", "refunded"])
    is_timed = orders["delivered_at"].notna() | (orders["status"] != "delivered")
    told = snapshots[snapshots["source_synced_at"].notna()]
    return {
        **_hot_stock(tables, span),
        "stability.oversold_rate": share(orders["failure_cause"] == "stock_out", orders["supplier_id"]),
        "stability.stock_sync_lag": waiting_share(told, "source_synced_at", "observed_at", 300, span.end),
        "stability.uptime": _uptime(tables["probes"], span),
        "stability.delivery_time": waiting_share(orders[is_timed], "ordered_at", "delivered_at", 300, span.end, never[is_timed]),
    }


def _hot_stock(tables, span) -> dict[str, pd.DataFrame]:
    hot = hot_list(tables, span)
    keys = ["supplier_id", "sku"]
    snapshots = tables["stock_snapshots"]
    spoken = spoken_intervals(snapshots[snapshots["sku"].isin(hot)], keys, "observed_at", READING_CAP, span)
    listings = tables["listings"]
    offers = listings.loc[listings["sku"].isin(hot), [*keys, "listed_from", "listed_to"]]
    first = pd.to_datetime(offers["listed_from"]).dt.as_unit("us") - HOURS
    last = pd.to_datetime(offers["listed_to"]).dt.as_unit("us") + pd.Timedelta(days=1) - HOURS
    offers = offers.assign(begin=first.clip(lower=span.start), end=last.fillna(span.end).clip(upper=span.end))
    offers = offers.loc[offers["begin"] < offers["end"], [*keys, "begin", "end"]]
    met = spoken.merge(offers, on=keys)
    met = met.assign(began=met["since"], since=met[["since", "begin"]].max(axis=1), until=met[["until", "end"]].min(axis=1))
    met = met[met["since"] < met["until"]]
    known = met[met["scan_ok"] & ~met["is_placeholder"] & met["quantity"].notna()]
    length = (known["until"] - known["since"]).dt.total_seconds()
    by = known["supplier_id"]
    total, up = length.groupby(by).sum(), length.where(known["quantity"] > 0, 0).groupby(by).sum()
    # A reading that began to speak before the SKU was on offer is not one of the offer's.
    n = (known["began"] >= known["begin"]).groupby(by).sum().clip(lower=1)
    return {
        "stability.hot_availability": pd.DataFrame({"value": up / total, "n": n}),
        "stability.hot_depth": pd.DataFrame({"value": known["quantity"].groupby(by).min().astype("float64"), "n": n}),
    }


def _uptime(probes: pd.DataFrame, span) -> pd.DataFrame:
    spoken = spoken_intervals(probes, ["supplier_id"], "probed_at", PROBE_CAP, span)
    since, until = ((spoken[edge] - span.start).dt.total_seconds() for edge in ("since", "until"))
    down = (~spoken["is_up"]).astype("int64")
    begun = pd.DataFrame({"moment": since, "known": 1, "down": down})
    over = pd.DataFrame({"moment": until, "known": -1, "down": -down})
    levels = pd.concat([begun, over]).groupby("moment").sum().cumsum()
    is_common = ((levels["known"] >= 3) & (levels["known"] == levels["down"])).to_numpy()
    moments = levels.index.to_numpy()
    # Seconds of common outage up to each moment, so that any interval's part of them is a difference.
    common = np.concatenate([[0.0], np.cumsum(np.diff(moments) * is_common[:-1])]) if len(moments) else np.zeros(0)
    lost = np.interp(until, moments, common) - np.interp(since, moments, common)
    length = until - since - lost
    known = length.groupby(spoken["supplier_id"]).sum()
    up = length.where(spoken["is_up"], 0).groupby(spoken["supplier_id"]).sum()
    n = within(probes, "probed_at", span.start, span.end).groupby("supplier_id").size()
    return pd.DataFrame({"value": up / known, "n": n.reindex(known.index).fillna(0).astype("int64").clip(lower=1)})[known > 0]


def service_measures(tables, failed: pd.DataFrame, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 4."""
    real = tables["tickets"][~tables["tickets"]["is_staged"]]
    opened = within(real, "opened_at", span.start, span.end)
    is_answered, is_resolved = opened["first_response_at"] < span.end, opened["resolved_at"] < span.end
    never = ~is_answered & is_resolved
    local = opened["opened_at"] + HOURS
    days = pd.date_range(span.first_day, span.last_day)
    free = {day.date() for day in days if chinese_calendar.is_holiday(day.date())}
    is_off = (local.dt.hour >= 22) | (local.dt.hour < 8) | local.dt.date.isin(free)
    orders = within(tables["orders"], "ordered_at", span.start, span.end)
    disputes = opened.loc[~opened["kind"].isin(NO_DISPUTE), "order_id"].dropna().unique()
    sent = real[(real["opened_at"] < span.end) & (real["reshipped_at"] < span.end)].groupby("order_id")["reshipped_at"].min()
    of_month = within(failed[failed["at_fault"] == "supplier"], "failed_at", span.start, span.end)
    of_month = of_month.assign(reshipped_at=of_month["order_id"].map(sent))
    return {
        "service.first_response": waiting_share(opened, "opened_at", "first_response_at", 600, span.end, never),
        "service.resolution": waiting_share(opened, "opened_at", "resolved_at", 7200, span.end),
        "service.round_the_clock": waiting_share(opened[is_off], "opened_at", "first_response_at", 600, span.end, never[is_off]),
        "service.reship_in_time": waiting_share(of_month, "failed_at", "reshipped_at", 86_400, span.end),
        "service.compensation_paid": _compensation(tables, failed, sent, span),
        "service.dispute_rate": share(orders["order_id"].isin(disputes), orders["supplier_id"]),
    }


def _compensation(tables, failed: pd.DataFrame, sent: pd.Series, span) -> pd.DataFrame:
    cases = failed[(failed["at_fault"] == "supplier") & (failed["failed_at"] < span.end)]
    cases = cases.merge(_terms_in_force(tables, cases), on="order_id", how="left")
    hours, ten, thirty = (cases[term].fillna(default) for term, default in (("reship_hours", 24), ("compensation_share", 0.1), ("damages_share", 0.3)))
    deadline = cases["failed_at"] + pd.to_timedelta(hours, unit="h")
    is_due = (deadline >= span.start) & (deadline < span.end)
    is_made_good = cases["order_id"].map(sent) <= deadline
    base = cases["cost_amount"].where(cases["remedy_base"].fillna("cost") == "cost", cases["amount"])
    # Whole numbers, so that half a cent is half a cent.
    parts, rate = (base * 10_000).round(), (ten.where(is_made_good, thirty) * 1_000_000).round()
    due = ((parts * rate + 50_000_000) // 100_000_000) / 100
    damages = tables["compensations"]
    damages = damages[(damages["kind"] == "damages") & (damages["paid_at"] < span.end)].groupby(["order_id", "currency"], as_index=False)["amount"].sum()
    received = cases[["order_id", "currency"]].merge(damages, on=["order_id", "currency"], how="left")["amount"].fillna(0)
    judged = pd.DataFrame({"supplier_id": cases["supplier_id"], "currency": cases["currency"], "due": due, "paid": np.minimum(received, due), "n": due > 0})[
        is_due
    ]
    sums = judged.groupby(["supplier_id", "currency"], as_index=False).agg(due=("due", "sum"), paid=("paid", "sum"), n=("n", "sum"), failures=("due", "size"))
    main = sums.sort_values(["supplier_id", "failures", "currency"], ascending=[True, False, True]).drop_duplicates("supplier_id").set_index("supplier_id")
    return pd.DataFrame({"value": main["paid"] / main["due"].where(main["due"] > 0), "n": main["n"]})


def _terms_in_force(tables, cases: pd.DataFrame) -> pd.DataFrame:
    terms = tables["contract_terms"].pivot(index="contract_id", columns="term", values="value")
    terms = terms.reindex(columns=["reship_hours", "compensation_share", "damages_share", "remedy_base"])
    contracts = tables["contracts"][["contract_id", "supplier_id", "valid_from", "valid_to"]].merge(terms, on="contract_id", how="left")
    day = (cases["failed_at"] + HOURS).dt.normalize()
    both = cases[["order_id", "supplier_id"]].assign(day=day).merge(contracts, on="supplier_id")
    starts, ends = pd.to_datetime(both["valid_from"]), pd.to_datetime(both["valid_to"])
    both = both[(starts <= both["day"]) & (ends.isna() | (ends >= both["day"]))]
    latest = both.sort_values(["valid_from", "contract_id"], ascending=False).drop_duplicates("order_id")
    numbers = {term: pd.to_numeric(latest[term]) for term in ("reship_hours", "compensation_share", "damages_share")}
    return latest[["order_id", "remedy_base"]].assign(**numbers)
