"""How long a person waits: help, a score, the first page and the whole report of the samples, from cold and again, and a second month.

    python benchmarks/cold.py [--data data/samples] [--repeat 2] [--against PYTHON TREE] [--out benchmarks/results/cold.json]

Each is a process of its own, the start of Python included. Cold means: a reports folder and a cache folder of its own, both empty. The files
of Python and of the samples may be in the system's memory, as on a machine in use. ``foreign_load`` says how many cores others kept busy.
``--against`` names another checkout, measured on its own samples, and the Python that it is installed for: both are measured in turns, and what is shown
besides is our share of its time, which says more than seconds do where a machine is not as fast in every hour.
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
from dataclasses import dataclass
from pathlib import Path

MONTH, MONTH_BEFORE = "2026-10", "2026-09"


def _busy() -> float:
    """Seconds that the machine's cores worked, for anybody."""
    ticks = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    return sum(int(ticks[place]) for place in (0, 1, 2, 5, 6)) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Tree:
    """A checkout of the program, and the Python that runs it."""

    python: str
    folder: Path


def timed(tree: Tree, arguments: list[str], cache: Path) -> dict[str, float]:
    """Seconds of one command: wall, processor, and until it says that its first page is made."""
    busy, used, start = _busy(), resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [tree.python, "-m", "kmanalysis", *arguments]
    surroundings = os.environ | {"KMANALYSIS_CACHE": str(cache), "PYTHONPATH": str(tree.folder)}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tree.folder, env=surroundings)
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


def measured(tree: Tree, data: Path) -> dict[str, dict[str, float]]:
    """Each command once."""
    with tempfile.TemporaryDirectory() as place:
        cache, out = Path(place) / "cache", Path(place) / "reports"
        score = ["score", "--data", str(data), "--month", MONTH, "--format", "csv", "--lang", "en"]
        report = ["report", "--data", str(data), "--out", str(out), "--lang", "en"]
        runs = {"help": timed(tree, ["--help"], cache), "score, cold": timed(tree, score, cache), "score, again": timed(tree, score, cache)}
        # The report has a cache folder of its own: nothing that the score left helps it.
        cache = Path(place) / "another"
        runs["report, cold"] = timed(tree, [*report, "--month", MONTH_BEFORE], cache)
        # As on every machine but for the first time: the texts of the queries are known, the folder is not.
        runs["report, new folder"] = timed(tree, ["report", "--data", str(data), "--out", str(Path(place) / "new"), "--lang", "en", "--month", MONTH], cache)
        runs["report, second month"] = timed(tree, [*report, "--month", MONTH], cache)
        runs["report, nothing changed"] = timed(tree, [*report, "--month", MONTH], cache)
    return runs


def parser_of(description: str | None, *, repeat: int, out: str) -> argparse.ArgumentParser:
    """The options of a benchmark that measures checkouts in turns."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeat", type=int, default=repeat)
    options.add_argument("--against", nargs=2, metavar=("PYTHON", "TREE"))
    options.add_argument("--out", type=Path, default=Path(out))
    return options


def trees_of(asked: argparse.Namespace) -> dict[str, Tree]:
    """The checkout that this file lies in, and the other one that was asked for."""
    trees = {"ours": Tree(sys.executable, Path(__file__).resolve().parents[1])}
    if asked.against:
        python, folder = asked.against
        trees["other"] = Tree(python, Path(folder).resolve())
    return trees


def main() -> None:
    options = parser_of(__doc__, repeat=2, out="benchmarks/results/cold.json")
    options.add_argument("--data", type=Path, default=Path("data/samples"))
    asked = options.parse_args()
    trees = trees_of(asked)
    every = [{name: measured(tree, tree.folder / asked.data) for name, tree in trees.items()} for _ in range(asked.repeat)]
    runs = {name: {run: [once[name][run] for once in every] for run in every[0][name]} for name in trees}
    for run, times in runs["ours"].items():
        for clock, label in (("wall_seconds", run), ("first_page_seconds", "  first page")):
            if clock in times[0]:
                print(f"{label:26}{', '.join(f'{one[clock]:.2f} s' for one in times):>20}{_share(times, runs.get('other', {}).get(run), clock)}")
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps({"cores": os.cpu_count(), "runs": runs.pop("ours"), **runs}, indent=1) + "\n", encoding="utf-8")


def _share(ours: list[dict[str, float]], others: list[dict[str, float]] | None, clock: str) -> str:
    if others is None:
        return ""
    shares = [one[clock] / other[clock] for one, other in zip(ours, others, strict=True)]
    return f"   of {', '.join(f'{other[clock]:.2f} s' for other in others)}: {', '.join(f'{share:.0%}' for share in shares)}"


if __name__ == "__main__":
    main()
