"""What a second report costs: nothing changed, one supplier's late rows, everybody's late rows.

    python benchmarks/incremental.py [--suppliers 200] [--orders 60000] [--jobs 2] [--notebooks DIR] [--out benchmarks/results/incremental.json]

One folder of month parts, one reports folder, one run after the other: the first report, the same again (the quickest of three), again after a
late ticket of one supplier, and after a late ticket of every supplier. Each is a process of its own, the start of Python included. Which
pages were made is what the run says, and is held against the manifest.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.samples import make_samples

MONTH = "2026-10"
ONE = "one supplier"


def late_tickets(data: Path, suppliers: list[str], prefix: str) -> None:
    """Adds to the month's tickets one more of each supplier."""
    path = data / "tickets" / f"{MONTH}.parquet"
    table = pq.read_table(path)
    rows = table.to_pandas(types_mapper=pd.ArrowDtype)
    # A question of our own, to test them, counts nowhere.
    late = rows[rows["supplier_id"].isin(suppliers) & ~rows["is_staged"]].drop_duplicates("supplier_id").copy()
    assert set(late["supplier_id"]) == set(suppliers), "a supplier has no ticket in the month: take more orders"
    late["ticket_id"] = prefix + late["ticket_id"]
    both = pa.Table.from_pandas(pd.concat([rows, late]), schema=table.schema, preserve_index=False)
    pq.write_table(both.replace_schema_metadata(table.schema.metadata), path)


def manifest(out: Path) -> dict[str, str]:
    told = json.loads((out / MONTH / "manifest.json").read_bytes())
    return {page["path"]: page["made_from"] for page in told["pages"]}


def run(data: Path, out: Path, *options: str) -> dict:
    command = [sys.executable, "-m", "kmanalysis", "report", "--data", str(data), "--month", MONTH, "--out", str(out), "--lang", "en", *options]
    busy_before, used_before, start = _busy(), resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wall, used = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    cpu = used.ru_utime + used.ru_stime - used_before.ru_utime - used_before.ru_stime
    made = sum(line.endswith(": made") for line in done.stderr.splitlines())
    kept = sum(line.endswith(": up to date") for line in done.stderr.splitlines())
    return {"wall_seconds": wall, "cpu_seconds": cpu, "foreign_load": max(_busy() - busy_before - cpu, 0) / wall, "pages_made": made, "pages_kept": kept}


def _busy() -> float:
    """Seconds that the machine's cores worked for anybody."""
    told = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    return sum(int(told[place]) for place in (0, 1, 2, 5, 6)) / os.sysconf("SC_CLK_TCK")


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {path for path in after if after[path] != before.get(path)}


def measured(data: Path, out: Path, options: list[str]) -> dict[str, dict]:
    suppliers = sorted(pq.read_table(data / "suppliers.parquet")["supplier_id"].to_pylist())
    one = suppliers[len(suppliers) // 2]
    runs = {"first": run(data, out, *options)}
    first = manifest(out)
    portfolio = {path for path in first if not path.startswith("suppliers/")}
    runs["nothing changed"] = min((run(data, out, *options) for _ in range(3)), key=lambda found: found["wall_seconds"])
    assert runs["nothing changed"]["pages_made"] == 0
    late_tickets(data, [one], "late-")
    runs[ONE] = run(data, out, *options)
    second = manifest(out)
    assert changed(first, second) == portfolio | {f"suppliers/{one}.html"}, sorted(changed(first, second))
    assert runs[ONE]["pages_made"] == len(portfolio) + 1
    late_tickets(data, suppliers, "later-")
    runs["every supplier"] = run(data, out, *options)
    assert runs["every supplier"]["pages_made"] == len(first)
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suppliers", type=int, default=200)
    parser.add_argument("--orders", type=int, default=60_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--notebooks", help="folder of notebooks, if not the ones that come along")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "incremental.json")
    asked = parser.parse_args()
    options = ["--jobs", str(asked.jobs), *(["--notebooks", asked.notebooks] if asked.notebooks else [])]
    with tempfile.TemporaryDirectory() as place:
        data = make_samples(Path(place) / "data", asked.suppliers, 6, asked.orders, last_month=MONTH, format="parquet")
        runs = measured(data, Path(place) / "reports", options)
    whole = runs["first"]
    print(f"{asked.suppliers} suppliers, {whole['pages_made']} pages, {os.cpu_count()} cores")
    print(f"{'':18}{'wall':>9}{'CPU':>9}{'of first':>10}{'made':>7}{'kept':>7}{'foreign':>9}")
    for name, found in runs.items():
        found["share_of_first"] = found["wall_seconds"] / whole["wall_seconds"]
        figures = f"{found['wall_seconds']:8.1f}s{found['cpu_seconds']:8.1f}s{found['share_of_first']:10.1%}"
        print(f"{name:18}{figures}{found['pages_made']:7}{found['pages_kept']:7}{found['foreign_load']:9.2f}")
    facts = {name: getattr(asked, name) for name in ("suppliers", "orders", "jobs")}
    facts |= {"cores": os.cpu_count(), "own_notebooks": bool(asked.notebooks), "runs": runs}
    asked.out.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
