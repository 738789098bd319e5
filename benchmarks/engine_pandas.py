"""The counts of `engine_work` in plain pandas: the functions of `pandas_stability` on the one month and the days before it that speak in it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pandas_measures import COLUMNS, Span
from pandas_shares import counted as counted_waits
from pandas_shares import waits
from pandas_stability import PROBE_CAP, READING_CAP, hot_known, measured_uptime

MONTH = "2026-10"


def counted(table: str, folder: Path) -> dict[str, pd.DataFrame]:
    """The counts of a table as `engine_work` compares them."""
    span = Span(pd.Period(MONTH, "M"))
    if table == "orders":
        return _orders(folder, span)
    if table == "stock_snapshots":
        return _stock(folder, span)
    known, up, probes, outages = measured_uptime(_read(folder, "probes", "probed_at", span.start - PROBE_CAP, span), span)
    found = pd.DataFrame({"known": known * 1e6, "up": up * 1e6, "probes": probes}).rename_axis("supplier_id").reset_index()
    shown = outages.groupby("supplier_id", as_index=False).agg(outages=("seconds", "size"), longest=("seconds", "max"))
    return {"uptime": found, "outages": shown}


def _read(folder: Path, table: str, moment: str, since: pd.Timestamp, span: Span) -> pd.DataFrame:
    return pd.read_parquet(folder / table, columns=COLUMNS[table], filters=[(moment, ">=", since), (moment, "<", span.end)])


def _orders(folder: Path, span: Span) -> dict[str, pd.DataFrame]:
    orders = _read(folder, "orders", "ordered_at", span.start, span)
    rows = pd.DataFrame(
        {
            "orders": 1,
            "oversold": (orders["failure_cause"] == "stock_out").astype("int64"),
            "unclear": (orders["failure_cause"].isna() & (orders["status"] == "failed")).astype("int64"),
        }
    )
    never = orders["status"].isin(["failed", "cancelled", "refunded"])
    is_timed = orders["delivered_at"].notna() | (orders["status"] != "delivered")
    delivered = waits(orders[is_timed], "ordered_at", "delivered_at", span.end, never[is_timed], orders.loc[is_timed, "delivered_is_upper_bound"])
    return {"oversold": rows.groupby(orders["supplier_id"]).sum().reset_index(), "delivery": counted_waits(delivered)}


def _stock(folder: Path, span: Span) -> dict[str, pd.DataFrame]:
    before = (span.month - 3).start_time - pd.Timedelta(hours=8)
    sold = pd.read_parquet(folder / "orders", columns=["sku", "quantity"], filters=[("ordered_at", ">=", before), ("ordered_at", "<", span.start)])
    hot = sold.groupby("sku", as_index=False)["quantity"].sum().sort_values(["quantity", "sku"], ascending=[False, True])["sku"].head(50).tolist()
    seen = _read(folder, "stock_snapshots", "observed_at", span.start - READING_CAP, span)
    spoken, _ = hot_known(seen, pd.read_parquet(folder / "listings.parquet"), hot, span)
    length = (spoken["until"] - spoken["since"]).dt.total_seconds() * 1e6
    by = spoken["supplier_id"]
    known = length.groupby(by).sum()
    out = length.where(spoken["quantity"] == 0, 0).groupby(by).sum()
    found = pd.DataFrame({"known": known, "out": out, "lowest": spoken["quantity"].groupby(by).min()}).reset_index()
    own = seen[seen["observed_at"] >= span.start]
    told = own[own["source_synced_at"].notna()]
    ordered = own[["supplier_id", "sku", "observed_at"]].sort_values(["supplier_id", "sku", "observed_at"])
    between = ordered["observed_at"] - ordered.groupby(["supplier_id", "sku"])["observed_at"].shift()
    seconds = (between.dropna().dt.total_seconds() + 0.5) // 1
    cadence = seconds.groupby([ordered["supplier_id"], seconds.rename("seconds")]).size().rename("cases").reset_index()
    return {"hot": found, "age": counted_waits(waits(told, "source_synced_at", "observed_at", span.end)), "cadence": cadence.assign(ended=True)}
