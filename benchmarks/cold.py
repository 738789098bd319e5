"""How long a person waits: help, a score, the first page and the whole report of the samples, from cold and again, and a second month.

    python benchmarks/cold.py [--data data/samples] [--repeat 2] [--out benchmarks/results/cold.json]

Each is a process of its own, the start of Python included. Cold means: a reports folder and a cache folder of its own, both empty. The files
of Python and of the samples may be in the system's memory, as on a machine in use. ``foreign_load`` says how many cores others kept busy.
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

MONTH, MONTH_BEFORE = "2026-10", "2026-09"


def _busy() -> float:
    """Seconds that the machine's cores worked, for anybody."""
    ticks = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    return sum(int(ticks[place]) for place in (0, 1, 2, 5, 6)) / os.sysconf("SC_CLK_TCK")


def timed(arguments: list[str], cache: Path) -> dict[str, float]:
    """Seconds of one command: wall, processor, and until it says that its first page is made."""
    busy, used, start = _busy(), resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "kmanalysis", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ | {"KMANALYSIS_CACHE": str(cache)})
    assert process.stderr is not None
    first, lines = None, []
    for line in process.stderr:
        lines.append(line)
        if first is None and line.rstrip().endswith(": made"):
            first = time.perf_counter() - start
    if process.wait():
        sys.exit("".join(lines))
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    found = {"wall_seconds": wall, "cpu_seconds": cpu, "foreign_load": max(_busy() - busy - cpu, 0) / wall}
    return found | ({"first_page_seconds": first} if first is not None else {})


def measured(data: Path) -> dict[str, dict[str, float]]:
    """Each command once."""
    with tempfile.TemporaryDirectory() as place:
        cache, out = Path(place) / "cache", Path(place) / "reports"
        score = ["score", "--data", str(data), "--month", MONTH, "--format", "csv", "--lang", "en"]
        report = ["report", "--data", str(data), "--out", str(out), "--lang", "en"]
        runs = {"help": timed(["--help"], cache), "score, cold": timed(score, cache), "score, again": timed(score, cache)}
        # The report has a cache folder of its own: nothing that the score left helps it.
        cache = Path(place) / "another"
        runs["report, cold"] = timed([*report, "--month", MONTH_BEFORE], cache)
        # As on every machine but for the first time: the texts of the queries are known, the folder is not.
        runs["report, new folder"] = timed(["report", "--data", str(data), "--out", str(Path(place) / "new"), "--lang", "en", "--month", MONTH], cache)
        runs["report, second month"] = timed([*report, "--month", MONTH], cache)
        runs["report, nothing changed"] = timed([*report, "--month", MONTH], cache)
    return runs


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=Path("data/samples"))
    options.add_argument("--repeat", type=int, default=2)
    options.add_argument("--out", type=Path, default=Path("benchmarks/results/cold.json"))
    asked = options.parse_args()
    every = [measured(asked.data) for _ in range(asked.repeat)]
    runs = {name: [once[name] for once in every] for name in every[0]}
    for name, times in runs.items():
        shown = ", ".join(
            f"{one['wall_seconds']:.2f} s" + (f" (first page {one['first_page_seconds']:.2f} s)" if "first_page_seconds" in one else "") for one in times
        )
        print(f"{name:26} {shown}")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps({"cores": os.cpu_count(), "runs": runs}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
