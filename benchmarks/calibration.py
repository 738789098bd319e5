"""Whether what is said of suppliers comes true: probabilities against what happened, chance misses, false alarms and power, in a world whose rates are known.

    python -m benchmarks.calibration [--suppliers 40] [--months 24] [--orders 150] [--seeds 1 2 3] [--out benchmarks/results/calibration.json]

Suppliers of five regimes (`samples.regimes`) are drawn by ``sample --random`` with ``--orders`` a supplier and month, and scored month by month as the report
does. What a supplier deserves is the letter that its true rates earn with so many orders that chance plays no part: the same suppliers are drawn again with
`PLENTY` times the orders for that. Printed for each regime:

- reliability: the share of stated letters that the next month's evidence earned again, and that stood in the next month, by what was stated (``probability``);
- Brier scores of both; months that show S, or A, to a supplier that deserves less;
- months with a standard missed that the true rate meets, and months in which a corrective action opens;
- changes of shares and prices told as more than noise, and drifts, where no rate changed; for drifting suppliers the months from the first worse rate until
  each says so.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import kmanalysis as km
from kmanalysis.decisions.corrective import corrective
from kmanalysis.decisions.drift import drifts
from kmanalysis.decisions.review import changes, price_moves
from kmanalysis.samples import make_samples
from kmanalysis.samples.regimes import REGIMES
from kmanalysis.scoring.grades import RANKS, grades, raw_grades
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.times import Month

LAST = "2026-10"
PLENTY = 100
"""Times the orders by which chance plays no part."""
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
LEAST_ROWS = 50
"""Rows that a bin must have for its difference to count."""
STEADY = tuple(regime for regime in REGIMES if regime != "drifting")


def truth_of(folder: Path) -> pd.DataFrame:
    """The true rates: supplier_id, slug, month, measure, rate."""
    truth = pd.read_csv(folder / "truth.csv")
    return truth.assign(rate=truth["expected"].str.removeprefix("rate:").astype(float))


def deserved(suppliers: int, orders: int, seed: int, place: Path) -> pd.Series:
    """The rank that the true rates of each steady supplier earn."""
    folder = make_samples(place / "plenty", suppliers, 2, suppliers * 2 * orders * PLENTY, seed, LAST, "parquet", random=True)
    earned = raw_grades(km.open_workbook(str(folder), month=LAST)).set_index("supplier_id")["raw_grade"].map(RANKS)
    regimes = truth_of(folder).groupby("supplier_id")["slug"].first()
    return earned[regimes.reindex(earned.index).isin(STEADY)]


def simulated(suppliers: int, months: int, orders: int, seed: int, place: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Frames of one world: ``grades``, ``misses``, ``opened``, ``changes`` and ``drifts``, each with supplier_id, slug and month."""
    folder = make_samples(place / "world", suppliers, months, suppliers * months * orders, seed, LAST, "parquet", random=True)
    truth = truth_of(folder)
    regimes = truth.groupby("supplier_id")["slug"].first().rename("slug").reset_index()
    workbook = km.open_workbook(str(folder), month=LAST)
    frames: dict[str, list[pd.DataFrame]] = {name: [] for name in ("grades", "misses", "opened", "changes", "drifts")}
    last = Month.parse(LAST)
    for month in (last - (months - 1)).until(last):
        seen = workbook.at(month)
        frames["grades"].append(grades(seen).assign(month=str(month)))
        judged = scorecard(seen)[["supplier_id", "measure", "verdict", "op", "target", "n"]]
        true = truth[truth["month"] == str(month)][["supplier_id", "measure", "rate"]]
        frames["misses"].append(judged.merge(true, on=["supplier_id", "measure"]).assign(month=str(month)))
        actions = corrective(seen)
        frames["opened"].append(actions[actions["state"] == "new"][["supplier_id", "measure"]].assign(month=str(month)))
        moved = [changes(seen), price_moves(seen).assign(measure="price")]
        frames["changes"] += [frame[["supplier_id", "measure", "is_more_than_noise"]].assign(month=str(month)) for frame in moved]
        standing = drifts(seen)
        frames["drifts"].append(standing[standing["is_standing"]][["supplier_id", "measure"]].assign(month=str(month)))
    for name, parts in frames.items():
        yield name, pd.concat(parts, ignore_index=True).merge(regimes, on="supplier_id").assign(seed=seed)


def followed(graded: pd.DataFrame) -> pd.DataFrame:
    """Rows with a letter and a next month: stated, ``again`` (its evidence earned the letter again) and ``stood``."""
    ordered = graded.sort_values(["seed", "supplier_id", "month"])
    by = ordered.groupby(["seed", "supplier_id"])
    ordered = ordered.assign(next_raw=by["raw_grade"].shift(-1), next_shown=by["grade"].shift(-1))
    rows = ordered[(ordered["grade"] != "") & ordered["next_raw"].notna()]
    return rows.assign(again=rows["next_raw"] == rows["grade"], stood=rows["next_shown"] == rows["grade"], stated=rows["probability"].astype(float))


def reliability(rows: pd.DataFrame, came_true: str) -> list[dict[str, float]]:
    """By what was stated: rows, the mean of what was stated, and the share that came true."""
    place = np.clip(np.searchsorted(BINS, rows["stated"], side="right") - 1, 0, len(BINS) - 2)
    found = []
    for number, part in rows.groupby(place):
        low, high = BINS[int(number)], BINS[int(number) + 1]  # type: ignore[call-overload]
        found.append({"from": low, "to": high, "rows": len(part), "stated": float(part["stated"].mean()), "kept": float(part[came_true].mean())})
    return found


def of_regime(regime: str, frames: dict[str, pd.DataFrame], ranks: dict[int, pd.Series]) -> dict[str, Any]:
    """The figures of one regime."""
    part = {name: frame[frame["slug"] == regime] for name, frame in frames.items()}
    graded, rows = part["grades"], followed(part["grades"])
    months = len(graded)
    found: dict[str, Any] = {"supplier_months": months, "letters": graded["grade"].replace("", "none").value_counts().to_dict()}
    for came_true in ("again", "stood"):
        bins = reliability(rows, came_true)
        counted = [abs(one["stated"] - one["kept"]) for one in bins if one["rows"] >= LEAST_ROWS]
        brier = float(((rows["stated"] - rows[came_true]) ** 2).mean()) if len(rows) else None
        found[came_true] = {"bins": bins, "largest_difference": max(counted, default=None), "brier": brier}
    if regime in STEADY:
        true = [int(ranks[seed].get(supplier, 0)) for seed, supplier in zip(graded["seed"], graded["supplier_id"], strict=True)]
        shown = graded["grade"].map(RANKS)
        for letter in ("S", "A"):
            found[f"false_{letter}"] = float(((shown == RANKS[letter]) & (np.array(true) < RANKS[letter])).mean())
    judged = part["misses"]
    is_within = np.where(judged["op"] == ">=", judged["rate"] >= judged["target"], judged["rate"] <= judged["target"])
    by_month = judged.assign(is_chance=(judged["verdict"] == "missed") & is_within).groupby(["seed", "supplier_id", "month"])["is_chance"].any()
    found["chance_misses"] = float(by_month.mean())
    found["corrective_opened"] = len(part["opened"].drop_duplicates(["seed", "supplier_id", "month"])) / months
    found["more_than_noise"] = {name: float(share) for name, share in part["changes"].groupby("measure")["is_more_than_noise"].mean().items()}
    found["drifts_standing"] = {str(name): count / months for name, count in part["drifts"]["measure"].value_counts().items()}
    return found


def power(frames: dict[str, pd.DataFrame], months: int) -> dict[str, Any]:
    """Of drifting suppliers: how many months after the first worse rate a miss, a drift, a corrective action and a lower letter came; None: never."""
    last = Month.parse(LAST)
    onset = last - (months - 1) + months // 2 + 1
    found: dict[str, Any] = {}
    missed = frames["misses"][frames["misses"]["verdict"] == "missed"]
    graded = frames["grades"]
    lower = graded[graded["grade"].map(RANKS) < RANKS["S"]]
    for name, frame in (("missed", missed), ("drift", frames["drifts"]), ("corrective", frames["opened"]), ("below_S", lower)):
        rows = frame[(frame["slug"] == "drifting") & (frame["month"] >= str(onset))]
        first = rows.groupby(["seed", "supplier_id"])["month"].min()
        waits = sorted(len(onset.until(Month.parse(month))) - 1 for month in first)
        suppliers = graded[graded["slug"] == "drifting"].groupby(["seed", "supplier_id"]).ngroups
        found[name] = {"of": suppliers, "found": len(waits), "median_months": float(np.median(waits)) if waits else None}
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--suppliers", type=int, default=40)
    options.add_argument("--months", type=int, default=24)
    options.add_argument("--orders", type=int, default=150)
    options.add_argument("--seeds", type=int, nargs="+", default=[1])
    options.add_argument("--out", type=Path, default=Path("benchmarks/results/calibration.json"))
    asked = options.parse_args()
    began = time.monotonic()
    worlds: dict[str, list[pd.DataFrame]] = {}
    ranks = {}
    for seed in asked.seeds:
        with tempfile.TemporaryDirectory() as place:
            ranks[seed] = deserved(asked.suppliers, asked.orders, seed, Path(place))
            for name, frame in simulated(asked.suppliers, asked.months, asked.orders, seed, Path(place)):
                worlds.setdefault(name, []).append(frame)
    frames = {name: pd.concat(parts, ignore_index=True) for name, parts in worlds.items()}
    found = {regime: of_regime(regime, frames, ranks) for regime in REGIMES}
    for regime, figures in found.items():
        print(f"{regime}: {figures['supplier_months']} months, letters {figures['letters']}")
        for came_true in ("again", "stood"):
            for one in figures[came_true]["bins"]:
                print(f"  {came_true}: stated {one['stated']:.3f}, came true {one['kept']:.3f} ({one['rows']} rows)")
        told = {name: figures[name] for name in ("chance_misses", "corrective_opened", "false_S", "false_A") if name in figures}
        print("  " + ", ".join(f"{name} {share:.3f}" for name, share in told.items()))
        print(f"  more than noise: {', '.join(f'{name} {share:.3f}' for name, share in figures['more_than_noise'].items())}")
        print(f"  drifts: {', '.join(f'{name} {share:.3f}' for name, share in figures['drifts_standing'].items()) or 'none'}")
    found_power = power(frames, asked.months)
    print("power:", found_power)
    result = {"suppliers": asked.suppliers, "months": asked.months, "orders": asked.orders, "seeds": asked.seeds, "regimes": found, "power": found_power}
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
