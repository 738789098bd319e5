"""The three heaviest tables of one month, counted by one contender in this process: part of `engine`.

    python benchmarks/engine_work.py WHO TABLE FOLDER OUT.parquet [MEMORY]

Prints the seconds from the opened libraries to the finished counts as JSON. OUT holds what, supplier_id, value.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

MONTH = "2026-10"
LIMIT = 300
"""Seconds within which a code, or a stock count, is in time."""

PRODUCT = ["kmanalysis.opening", *(f"kmanalysis.measures.stability.{name}" for name in ("orders", "servers", "stock"))]

Frames = dict[str, pd.DataFrame]


def waited(what: str, counts: pd.DataFrame) -> pd.DataFrame:
    """Counts per supplier and second as numbers a supplier: cases, those in time, those that ended, and their seconds in all."""
    seconds, ended = counts["seconds"].astype("float64"), counts["ended"].astype(bool) & np.isfinite(counts["seconds"].astype("float64"))
    cases = counts["cases"].astype("int64")
    rows = pd.DataFrame({"cases": cases, "in_time": cases.where(ended & (seconds <= LIMIT), 0), "ended": cases.where(ended, 0)})
    rows["seconds"] = (cases * seconds).where(ended, 0)
    return numbers(what, rows.groupby(counts["supplier_id"]).sum().reset_index())


def numbers(what: str, found: pd.DataFrame) -> pd.DataFrame:
    """A frame with a row a supplier as what, supplier_id, value."""
    told = found.melt("supplier_id", var_name="column")
    told["value"] = told["value"].astype("float64")
    return told.assign(what=what + "." + told["column"])[["what", "supplier_id", "value"]]


def as_numbers(frames: Frames) -> pd.DataFrame:
    """All that a contender found. Counts have seconds and cases; everything else a row a supplier."""
    parts = [waited(name, frame) if "cases" in frame.columns else numbers(name, frame) for name, frame in frames.items()]
    return pd.concat(parts, ignore_index=True).sort_values(["what", "supplier_id"], ignore_index=True)


def ours(table: str, folder: Path, memory: str | None) -> Frames:
    """The product's own queries."""
    from kmanalysis.measures.stability import orders, servers, stock
    from kmanalysis.opening import open_workbook

    book = open_workbook(folder, MONTH, lang="en", memory=memory)
    if table == "orders":
        stock_outs = orders._oversold_counts(book).rename(columns={"n": "orders", "successes": "oversold"})
        delivery = orders._delivery_counts(book).rename(columns={"has_ended": "ended"})
        return {"oversold": stock_outs[["supplier_id", "orders", "oversold", "unclear"]], "delivery": delivery}
    if table == "stock_snapshots":
        days = stock._hot_days(book).groupby("supplier_id", as_index=False)
        hot = days.agg(known=("known_microseconds", "sum"), out=("out_microseconds", "sum"), lowest=("lowest", "min"))
        age = orders._sync_counts(book).rename(columns={"has_ended": "ended"})
        return {"hot": hot, "age": age, "cadence": orders._cadence_counts(book).assign(ended=True)}
    days = servers._watched_days(book).groupby("supplier_id", as_index=False)
    up = days.agg(known=("known_microseconds", "sum"), up=("up_microseconds", "sum"), probes=("probes", "sum"))
    return {"uptime": up, "outages": _outages(servers.outages(book))}


def _outages(found: pd.DataFrame) -> pd.DataFrame:
    return found.groupby("supplier_id", as_index=False).agg(outages=("seconds", "size"), longest=("seconds", "max"))


def by_sql(table: str, folder: Path, memory: str | None) -> Frames:
    """SQL written by hand, which knows ``next_at`` as well."""
    import engine_sql

    with engine_sql.connected(folder, memory) as connection:
        return {name: connection.execute(query).df() for name, query in engine_sql.QUERIES[table].items()}


def by_window(table: str, folder: Path, memory: str | None) -> Frames:
    """The same SQL where readings do not know what follows them: a window over the month's readings finds it."""
    import engine_sql

    with engine_sql.connected(folder, memory, has_next=False) as connection:
        return {name: connection.execute(query).df() for name, query in engine_sql.QUERIES[table].items()}


def scan(table: str, folder: Path, memory: str | None) -> Frames:
    """Nothing but reading the columns that the counts need, once."""
    import engine_sql

    with engine_sql.connected(folder, memory) as connection:
        connection.execute(engine_sql.SCANS[table]).fetchall()
    return {}


def by_polars(table: str, folder: Path, memory: str | None) -> Frames:
    """Polars, lazily and streaming."""
    import engine_polars

    return engine_polars.counted(table, folder)


def by_pandas(table: str, folder: Path, memory: str | None) -> Frames:
    """The plain pandas of `pandas_stability`."""
    import engine_pandas

    return engine_pandas.counted(table, folder)


CONTENDERS: dict[str, Callable[[str, Path, str | None], Frames]] = {
    "kmanalysis": ours,
    "sql": by_sql,
    "window": by_window,
    "scan": scan,
    "polars": by_polars,
    "pandas": by_pandas,
}


def main() -> None:
    """Counts, tells how long it took, writes the numbers."""
    who, table, folder, out, *memory = sys.argv[1:]
    # What a contender imports is not what it takes: all of it is imported before the clock starts.
    for module in {"kmanalysis": PRODUCT, "pandas": ["engine_pandas"], "polars": ["engine_polars"]}.get(who, ["duckdb"]):
        __import__(module)
    began, worked = time.perf_counter(), time.process_time()
    found = CONTENDERS[who](table, Path(folder), memory[0] if memory else None)
    took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - worked}
    if found:
        as_numbers(found).to_parquet(out, index=False)
    print(json.dumps(took))


if __name__ == "__main__":
    main()
