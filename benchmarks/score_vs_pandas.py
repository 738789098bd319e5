"""What `kmanalysis score` has to work out, against the same measures in plain pandas, on the same Parquet files.

Makes samples (10 million orders and what goes with them), then measures every month that is looked back on twice, each way in a
process of its own: wall time, processor time and peak memory. Every value, bound and n of both must agree.

    python benchmarks/score_vs_pandas.py FOLDER [--orders 10000000] [--suppliers 200] [--repeat 1]

FOLDER takes the samples (about a gigabyte for ten million orders) and is used again when it holds them already.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from kmanalysis.loaders.checking.stamp import is_stamped
from kmanalysis.tables import tables

HERE = Path(__file__).resolve().parent
MONTH = "2026-10"
TOLERANCE = 1e-9

ENGINE = """
import sys
from pathlib import Path
import pandas as pd
from kmanalysis.measures import observation
from kmanalysis.opening import open_workbook
workbook = open_workbook(sys.argv[1], sys.argv[2])
found = pd.concat([observation.observed(workbook.at(month)) for month in workbook.months], ignore_index=True)
found.to_parquet(sys.argv[3], index=False)
"""


@dataclass(frozen=True)
class Run:
    """What one process took."""

    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float


def run(command: list[str]) -> Run:
    """Runs a command to its end. Raises CalledProcessError where it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(HERE.parent), "PYTHONWARNINGS": "ignore"})
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(round(wall, 2), round(used.ru_utime + used.ru_stime, 2), round(used.ru_maxrss / 1024, 1))


def counted(runs: list[Run]) -> Run:
    """What is said of several runs: the least time, for foreign load only ever adds to it, and the most memory, for that is what a machine must have."""
    return Run(
        min(one.wall_seconds for one in runs),
        min(one.cpu_seconds for one in runs),
        max(one.peak_megabytes for one in runs),
    )


def compared(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Both results side by side where they differ; a figure that one side alone has is a difference too."""
    keys, numbers = ["month", "supplier_id", "measure"], ["value", "lower", "upper", "n"]
    both = ours.loc[ours["n"] > 0, [*keys, *numbers]].merge(theirs[theirs["n"] > 0], on=keys, how="outer", suffixes=("", "_pandas"))
    pairs = [np.isclose(both[number], both[f"{number}_pandas"], rtol=TOLERANCE, atol=TOLERANCE, equal_nan=number != "n") for number in numbers]
    return both[~np.logical_and.reduce(pairs)]


def sample_folder(folder: Path, orders: int, suppliers: int) -> Path:
    """The samples of that size, made where they are not there yet, or were made for other tables than today's."""
    samples = folder / f"samples-{orders}-{suppliers}"
    if not (samples / "truth.csv").is_file() or not is_stamped(pq.read_schema(next(samples.glob("orders/*.parquet"))), tables()["orders"]):
        shutil.rmtree(samples, ignore_errors=True)
        began = time.perf_counter()
        # By another process: a child's peak of memory is never below what its parent held when it started it.
        size = ["--suppliers", str(suppliers), "--orders", str(orders), "--last-month", MONTH, "--format", "parquet"]
        command = [sys.executable, "-m", "kmanalysis", "sample", "--into", str(samples), *size]
        subprocess.run(command, check=True, env=os.environ | {"PYTHONPATH": str(HERE.parent)})
        print(f"samples made in {time.perf_counter() - began:.1f} s", file=sys.stderr)
    return samples


def events(samples: Path) -> dict[str, int]:
    """Rows of each table of events."""
    return {path.name: duckdb.read_parquet(f"{path}/*.parquet").count("*").fetchall()[0][0] for path in sorted(samples.iterdir()) if path.is_dir()}


def main() -> int:
    """Makes, measures, compares, writes the results; 1 where the numbers differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the samples and the numbers go")
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--suppliers", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=1, help="runs of each, in turns; the least time and the most memory count")
    parser.add_argument("--out", type=Path, default=HERE / "results" / "score_vs_pandas.json")
    options = parser.parse_args()
    samples = sample_folder(options.folder, options.orders, options.suppliers)
    files = {"kmanalysis": options.folder / "kmanalysis.parquet", "pandas": options.folder / "pandas.parquet"}
    started = {"kmanalysis": [sys.executable, "-c", ENGINE], "pandas": [sys.executable, str(HERE / "pandas_measures.py")]}
    runs: dict[str, list[Run]] = {name: [] for name in started}
    for _ in range(options.repeat):
        for name, command in started.items():
            runs[name].append(run([*command, str(samples), MONTH, str(files[name])]))
            print(f"{name}: {runs[name][-1]}", file=sys.stderr)
    best = {name: counted(found) for name, found in runs.items()}
    ours, theirs = (pd.read_parquet(files[name]) for name in started)
    different = compared(ours, theirs)
    ratios = {name: round(value / getattr(best["kmanalysis"], name), 2) for name, value in asdict(best["pandas"]).items()}
    results = {
        "rows": events(samples),
        "suppliers": options.suppliers,
        "months": sorted(theirs["month"].unique()),
        "measures": int(theirs["measure"].nunique()),
        "numbers_compared": int((theirs["n"] > 0).sum()),
        "numbers_different": len(different),
        "processors": os.cpu_count(),
        "versions": {"python": platform.python_version(), "pandas": pd.__version__, "duckdb": duckdb.__version__},
        **{name: asdict(found) for name, found in best.items()},
        "pandas_over_kmanalysis": ratios,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))
    if len(different):
        print(different.to_string(max_rows=60), file=sys.stderr)
    return 1 if len(different) else 0


if __name__ == "__main__":
    sys.exit(main())
