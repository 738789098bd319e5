"""The counts of `engine_work` in Polars: lazy, streaming, and knowing ``next_at`` as the product does."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl
from engine_sql import LENGTH, READING_CAP

START, END = datetime(2026, 9, 30, 16), datetime(2026, 10, 31, 16)


def counted(table: str, folder: Path) -> dict[str, pd.DataFrame]:
    """The counts of a table as `engine_work` compares them; of probes nothing: the common outage is no matter of one pass."""
    plans = {"orders": _orders, "stock_snapshots": _stock}[table](folder)
    found = pl.collect_all(plans.values(), engine="streaming")
    return {name: frame.to_pandas() for name, frame in zip(plans, found, strict=True)}


def _within(folder: Path, table: str, moment: str) -> pl.LazyFrame:
    rows = pl.scan_parquet(folder / table / "*.parquet")
    return rows.filter(pl.col(moment) >= START, pl.col(moment) < END)


def _microseconds(later: pl.Expr | datetime, earlier: pl.Expr | datetime) -> pl.Expr:
    ends = [pl.lit(moment, dtype=pl.Datetime("us")) if isinstance(moment, datetime) else moment for moment in (later, earlier)]
    return (ends[0] - ends[1]).dt.total_microseconds()


def _orders(folder: Path) -> dict[str, pl.LazyFrame]:
    orders = _within(folder, "orders", "ordered_at")
    never, delivered = pl.col("status").is_in(["failed", "cancelled", "refunded"]), pl.col("delivered_at")
    ended = (delivered < END).fill_null(False) & ~never
    waited = pl.when(ended).then(_microseconds(delivered, pl.col("ordered_at")) + 999_999).otherwise(_microseconds(END, pl.col("ordered_at"))) // 1_000_000
    timed = orders.filter(delivered.is_not_null() | (pl.col("status") != "delivered"), never | (delivered >= pl.col("ordered_at")).fill_null(True))
    timed = timed.select("supplier_id", seconds=pl.when(~never).then(waited), ended=ended, is_bound=pl.col("delivered_is_upper_bound").fill_null(False) & ended)
    return {
        "oversold": orders.group_by("supplier_id").agg(
            orders=pl.len(),
            oversold=(pl.col("failure_cause") == "stock_out").sum(),
            unclear=(pl.col("failure_cause").is_null() & (pl.col("status") == "failed")).sum(),
        ),
        "delivery": timed.group_by("supplier_id", "seconds", "ended", "is_bound").agg(cases=pl.len()),
    }


def _stock(folder: Path) -> dict[str, pl.LazyFrame]:
    own = _within(folder, "stock_snapshots", "observed_at")
    age = own.filter(pl.col("source_synced_at") <= pl.col("observed_at"))
    age = age.select("supplier_id", seconds=(_microseconds(pl.col("observed_at"), pl.col("source_synced_at")) + 999_999) // 1_000_000)
    between = own.filter(pl.col("next_at") < END)
    between = between.select("supplier_id", seconds=(_microseconds(pl.col("next_at"), pl.col("observed_at")) + 500_000) // 1_000_000)
    return {
        "hot": _hot(folder, own),
        "age": age.group_by("supplier_id", "seconds").agg(cases=pl.len()).with_columns(ended=True),
        "cadence": between.group_by("supplier_id", "seconds").agg(cases=pl.len()).with_columns(ended=True),
    }


def _hot(folder: Path, own: pl.LazyFrame) -> pl.LazyFrame:
    series = ["supplier_id", "sku"]
    orders = pl.scan_parquet(folder / "orders" / "*.parquet").filter(pl.col("ordered_at") >= datetime(2026, 6, 30, 16), pl.col("ordered_at") < START)
    hot = orders.group_by("sku").agg(pl.col("quantity").sum()).sort(["quantity", "sku"], descending=[True, False]).head(50).select("sku")
    first_day = START + timedelta(hours=8)
    offers = pl.scan_parquet(folder / "listings.parquet").join(hot, on="sku", how="semi")
    offers = offers.select(
        *series,
        begin=pl.max_horizontal((pl.col("listed_from") - first_day.date()).dt.total_microseconds(), 0),
        end=pl.min_horizontal((pl.col("listed_to") - first_day.date()).dt.total_microseconds().fill_null(LENGTH) + READING_CAP, LENGTH),
    ).filter(pl.col("begin") < pl.col("end"))
    at, following = _microseconds(pl.col("observed_at"), START), _microseconds(pl.col("next_at"), START)
    until = pl.min_horizontal(following.fill_null(LENGTH), at + READING_CAP, pl.lit(LENGTH))
    stock = pl.when(pl.col("scan_ok") & ~pl.col("is_placeholder")).then("quantity")
    spoken = own.join(hot, on="sku", how="semi").select(*series, since=at, until=until, stock=stock)
    reach = timedelta(microseconds=READING_CAP)
    before = pl.scan_parquet(folder / "stock_snapshots" / "*.parquet").filter(pl.col("observed_at") > START - reach, pl.col("observed_at") < START)
    last = before.filter(pl.col("next_at").is_null() | (pl.col("next_at") >= START)).join(hot, on="sku", how="semi")
    last = last.sort("observed_at").group_by(series).agg(pl.all().last())
    first = own.filter(pl.col("observed_at") < START + reach).group_by(series).agg(first_at=pl.col("observed_at").min())
    carried_until = pl.min_horizontal(_microseconds(pl.col("first_at"), START).fill_null(LENGTH), at + READING_CAP)
    carried = last.join(first, on=series, how="left").select(*series, since=pl.lit(0, dtype=pl.Int64), until=carried_until, stock=stock)
    met = pl.concat([spoken, carried.filter(pl.col("until") > 0)]).join(offers, on=series)
    length = pl.min_horizontal("until", "end") - pl.max_horizontal("since", "begin")
    met = met.filter(pl.col("since") < pl.col("end"), pl.col("until") > pl.col("begin")).with_columns(length=length)
    known = pl.col("stock").is_not_null()
    return met.group_by("supplier_id").agg(
        known=pl.col("length").filter(known).sum(), out=pl.col("length").filter(pl.col("stock") == 0).sum(), lowest=pl.col("stock").min()
    )
