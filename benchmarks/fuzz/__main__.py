"""Fuzzes every reader with generated and mutated inputs: no tracebacks, no hangs, bounded memory, no silent misreadings.

    python -m benchmarks.fuzz [--inputs 10000] [--minutes 30] [--reader csv …] [--seed 1] [--workers 2] [--faults DIR] [--out FILE.json]

Each input is determined by the seed, the reader's name and its number, and is read in a process with limited memory and time. All inputs are read into the
engine and compared with what was written; every twentieth (`--whole-every`) is loaded into a workbook folder, which is then checked. Inputs that fail are kept
in the faults folder, with the command that reproduces them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.fuzz import columns, declared, folders, forms, texts, workbooks
from benchmarks.fuzz.workers import FAULTS, Read, outcomes

READERS: dict[str, Read] = {
    "csv": texts.read,
    "xlsx": workbooks.read_new,
    "xls": workbooks.read_old,
    "parquet": columns.read,
    "mapping": declared.read_mapping,
    "standards": declared.read_standards,
    "needs": declared.read_needs,
    "forms": forms.read,
    "folder": folders.read,
}
_KINDS = ("read", "refused", *FAULTS)


def counts(
    name: str, numbers: Iterable[int], *, seed: int, whole_every: int, workers: int, faults: Path | None, minutes: float = math.inf
) -> dict[str, object]:
    """The outcomes of a reader's inputs: how many of each kind, the slowest, and the errors that refused them."""
    began, found, slowest, refusals = time.monotonic(), Counter[str](), 0.0, Counter[str]()
    numbers = itertools.takewhile(lambda _: time.monotonic() - began < 60 * minutes, numbers)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for outcome in outcomes(name, READERS[name], numbers, seed=seed, whole_every=whole_every, workers=workers, folder=folder, faults=faults):
            found[outcome.kind] += 1
            slowest = max(slowest, outcome.seconds)
            if outcome.kind == "refused":
                refusals[outcome.detail] += 1
            if outcome.kind in FAULTS:
                print(f"{name} {outcome.number}: {outcome.kind}: {' '.join(outcome.detail.strip().splitlines()[-1:])[:300]}", file=sys.stderr)
    kinds = {kind: found[kind] for kind in _KINDS}
    return {
        "inputs": found.total(),
        **kinds,
        "slowest_seconds": round(slowest, 2),
        "wall_seconds": round(time.monotonic() - began, 1),
        "refusals": dict(refusals.most_common()),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--inputs", type=int, default=10_000, help="inputs per reader")
    parser.add_argument("--minutes", type=float, default=math.inf, help="time limit per reader")
    parser.add_argument("--reader", action="append", choices=READERS, help="only this reader; default: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--whole-every", type=int, default=20, help="load every n-th input into a folder")
    parser.add_argument("--only", type=int, help="only the input with this number")
    parser.add_argument("--faults", type=Path, default=Path("benchmarks/data/faults"))
    parser.add_argument("--out", type=Path, help="JSON file for the counts; other readers' entries are kept")
    asked = parser.parse_args()
    numbers = list(range(asked.inputs)) if asked.only is None else [asked.only]
    found = {}
    print("".join(f"{heading:>11}" for heading in ("reader", "inputs", *_KINDS, "slowest")), flush=True)
    for name in asked.reader or READERS:
        found[name] = counts(name, numbers, seed=asked.seed, whole_every=asked.whole_every, workers=asked.workers, faults=asked.faults, minutes=asked.minutes)
        print("".join(f"{found[name].get(heading, name)!s:>11}" for heading in ("reader", "inputs", *_KINDS, "slowest_seconds")), flush=True)
        if asked.out:
            before = json.loads(asked.out.read_text(encoding="utf-8")) if asked.out.exists() else {}
            asked.out.write_text(json.dumps(before | {name: {"seed": asked.seed} | found[name]}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if any(kinds[kind] for kinds in found.values() for kind in FAULTS):
        sys.exit(f"Faulty inputs are in {asked.faults}")


if __name__ == "__main__":
    main()
