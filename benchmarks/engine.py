"""How far the engine's counts of one large month are from the floor: hand-written SQL, a bare scan, Polars and pandas, on the same Parquet files.

The three heaviest tables (orders, stock_snapshots, probes) are counted by each contender in a process of its own, in turns; all must find the same
numbers. ``window`` is the hand-written SQL where readings do not know what follows them.

    python benchmarks/engine.py FOLDER [--orders 1000000 10000000 100000000] [--memory 4GB] [--repeat 2]

FOLDER takes the samples (a snapshot an order, a probe every ten orders; about 10 GB for the largest) and is used again when it holds them already.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from score_vs_pandas import HERE, MONTH, TOLERANCE, events

from kmanalysis.loaders.checking.stamp import is_stamped
from kmanalysis.tables import tables

TABLES = ("orders", "stock_snapshots", "probes")
CONTENDERS = ("kmanalysis", "sql", "window", "scan", "polars", "pandas")
FITS = dict.fromkeys(("window", "polars", "pandas"), 15_000_000)
"""Rows of the table up to which a contender fits into memory, or ends before one tires of waiting."""

SUPPLIERS = 200
BEFORE = "2026-09"


def sample_folder(folder: Path, orders: int) -> Path:
    """The month of that size and a small one before it, made where they are not there yet, or were made for other tables than today's."""
    samples = folder / f"month-{orders}"
    part = samples / "orders" / f"{BEFORE}.parquet"
    if not part.is_file() or not is_stamped(pq.read_schema(part), tables()["orders"]):
        shutil.rmtree(samples, ignore_errors=True)
        began = time.perf_counter()
        earlier = samples / "before"
        _make(samples, MONTH, orders=orders, snapshots=orders, probes=orders // 10)
        _make(earlier, BEFORE, orders=200_000, snapshots=200_000, probes=100_000)
        for path in earlier.glob(f"*/{BEFORE}.parquet"):
            path.rename(samples / path.parent.name / path.name)
        shutil.rmtree(earlier)
        print(f"{orders:,} orders made in {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return samples


def _make(folder: Path, month: str, **rows: int) -> None:
    # By another process: a child's peak of memory is never below what its parent held when it started it.
    code = "import json, sys; from kmanalysis.samples import make_samples; make_samples(sys.argv[1], **json.loads(sys.argv[2]))"
    size = {"suppliers": SUPPLIERS, "months": 1, "last_month": month, "format": "parquet", **rows}
    subprocess.run([sys.executable, "-c", code, str(folder), json.dumps(size)], check=True, env=os.environ | {"PYTHONPATH": str(HERE.parent)})


def read_once(samples: Path, table: str) -> None:
    """Brings the table's files into memory, as far as they fit: the first contender shall not pay the disk for the others."""
    for path in (samples / table).glob("*.parquet"):
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


def measured(who: str, table: str, samples: Path, out: Path, memory: str | None) -> dict[str, float] | None:
    """Seconds of work, processor seconds of it and peak megabytes of one process; None where a library is missing."""
    command = [sys.executable, str(HERE / "engine_work.py"), who, table, str(samples), str(out), *([memory] if memory else [])]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore"}
    )
    told, wrong = (stream.read() if stream else "" for stream in (process.stdout, process.stderr))
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        if "ModuleNotFoundError" in wrong:
            return None
        raise RuntimeError(f"{who} {table} {samples.name}: {wrong[-2000:]}")
    return {**json.loads(told), "peak_megabytes": round(used.ru_maxrss / 1024, 1)}


def differences(ours: Path, theirs: Path) -> int:
    """Numbers that differ; one that one side alone has differs too, unless it is a count of nothing."""
    both = pd.read_parquet(ours).merge(pd.read_parquet(theirs), on=["what", "supplier_id"], how="outer", suffixes=("", "_theirs")).fillna(0.0)
    return int((~np.isclose(both["value"], both["value_theirs"], rtol=TOLERANCE, atol=TOLERANCE)).sum())


def polars_version() -> str | None:
    """The version of Polars; None where it is not installed."""
    try:
        return version("polars")
    except PackageNotFoundError:
        return None


def exponent(seconds: dict[int, float]) -> float | None:
    """Slope of log time against log rows over the largest two sizes."""
    sizes = sorted(seconds)[-2:]
    if len(sizes) < 2:
        return None
    return round(math.log(seconds[sizes[1]] / seconds[sizes[0]]) / math.log(sizes[1] / sizes[0]), 3)


def main() -> int:
    """Makes, measures, compares, writes the results; 1 where the numbers differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the samples and the numbers go")
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000_000, 10_000_000, 100_000_000])
    parser.add_argument("--memory", default=None, help="what the product and the SQL may take; without it a share of the machine's memory")
    parser.add_argument("--repeat", type=int, default=2, help="runs of each, in turns; the least time and the most memory count")
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "engine.json")
    options = parser.parse_args()
    runs: dict[str, dict[str, dict[int, dict[str, float]]]] = {table: {} for table in options.tables}
    different, compared, sizes, load, ratios = 0, 0, {}, [], pd.DataFrame()
    for orders in sorted(options.orders):
        samples = sample_folder(options.folder, orders)
        sizes[orders] = events(samples)
        for repeat in range(options.repeat):
            load.append(os.getloadavg()[0])
            for table in options.tables:
                read_once(samples, table)
                for who in CONTENDERS:
                    if sizes[orders][table] > FITS.get(who, math.inf) or (table == "orders" and who == "window") or (table == "probes" and who == "polars"):
                        continue
                    found = measured(who, table, samples, options.folder / f"{who}-{table}.parquet", options.memory)
                    print(f"{orders:,} {table} {who}: {found or 'its library is not installed'}", file=sys.stderr)
                    if found is None:
                        continue
                    best = runs[table].setdefault(who, {}).setdefault(orders, dict(found))
                    best.update(
                        seconds=min(best["seconds"], found["seconds"]),
                        cpu_seconds=min(best["cpu_seconds"], found["cpu_seconds"]),
                        peak_megabytes=max(best["peak_megabytes"], found["peak_megabytes"]),
                    )
                    if repeat == 0 and who not in ("kmanalysis", "scan"):
                        ours, theirs = (options.folder / f"{name}-{table}.parquet" for name in ("kmanalysis", who))
                        compared += len(pd.read_parquet(theirs))
                        different += differences(ours, theirs)
        # What is done is written down: the largest size takes longest.
        ratios = table_of_ratios(runs)
        results = {
            "rows": sizes,
            "numbers_compared": compared,
            "numbers_different": different,
            "memory": options.memory,
            "load_before_each_round": [round(one, 2) for one in load],
            "processors": os.cpu_count(),
            "versions": {"python": platform.python_version(), "pandas": pd.__version__, "duckdb": duckdb.__version__, "polars": polars_version()},
            "runs": runs,
            "ratios": json.loads(ratios.to_json(orient="records")),
        }
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(ratios.to_string(index=False))
    print(f"{compared} numbers compared, {different} different", file=sys.stderr)
    return 1 if different else 0


def table_of_ratios(runs: dict[str, dict[str, dict[int, dict[str, float]]]]) -> pd.DataFrame:
    """A row a table and size: our seconds, processor seconds and memory, and how many times each contender's we and they take; the exponent by rows."""
    rows = []
    for table, found in runs.items():
        slope = {clock: exponent({size: one[clock] for size, one in found["kmanalysis"].items()}) for clock in ("seconds", "cpu_seconds")}
        for size, ours in found["kmanalysis"].items():
            row: dict[str, object] = {"table": table, "orders": size, **{name: round(value, 2) for name, value in ours.items()}}
            for who in ("sql", "scan"):
                for clock, short in (("seconds", "wall"), ("cpu_seconds", "cpu")):
                    row[f"{short}_over_{who}"] = round(ours[clock] / found[who][size][clock], 2)
            for who in ("window", "polars", "pandas"):
                if size in found.get(who, {}):
                    row[f"{who}_over_ours"] = round(found[who][size]["seconds"] / ours["seconds"], 2)
            rows.append(row | {"exponent": slope["seconds"], "cpu_exponent": slope["cpu_seconds"]})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    sys.exit(main())
