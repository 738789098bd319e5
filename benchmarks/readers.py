"""How long a load takes, by what is read: text, plain and as shops write it, Parquet, new and old workbooks.

    python -m benchmarks.readers [--rows 1000000] [--repeat 5] [--against PYTHON TREE] [--out benchmarks/results/readers.json]

Each load is a process of its own, the start of Python included, into a new folder. ``--rows`` are those of the plain text and of Parquet; the others have a
part of them. ``--against`` names another checkout and the Python that it is installed for: both load in turns, and what is shown is the least that each
took, and our share of the other's.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import xlwt

from benchmarks.cold import Tree, parser_of, timed, trees_of
from benchmarks.fuzz.orders import HEADINGS, ORDERS

_MOST_OLD_ROWS = 60_000

Order = tuple[str, str, str, datetime, datetime, int, float, str]


def orders(count: int) -> Iterator[Order]:
    """Orders of September, one after the other."""
    draw = Random(7)
    for number in range(count):
        ordered = datetime(2026, 9, 1) + timedelta(seconds=number * 2 % 2_500_000)
        quantity = draw.randint(1, 3)
        yield (
            f"2026{number:014}",
            f"S{draw.randint(1, 40):02}",
            f"G{draw.randint(1, 200):03}",
            ordered,
            ordered + timedelta(seconds=draw.randint(2, 500)),
            quantity,
            quantity * draw.randint(500, 9000) / 100,
            "已发货" if draw.random() < 0.97 else "失败",
        )


def make_files(folder: Path, rows: int) -> list[Path]:
    """One file of each kind."""
    plain, shop, parquet, new, old = (folder / name for name in ("plain.csv", "shop.csv", "orders.parquet", "orders.xlsx", "orders.xls"))
    with plain.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink)
        writer.writerow(HEADINGS)
        writer.writerows((*order[:6], f"{order[6]:.2f}", order[7]) for order in orders(rows))
    with shop.open("w", encoding="gb18030", newline="") as sink:
        writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
        writer.writerow(HEADINGS)
        writer.writerows((*o[:3], f"{o[3]:%Y年%m月%d日 %H:%M:%S}", f"{o[4]:%Y年%m月%d日 %H:%M:%S}", o[5], f"¥{o[6]:,.2f}", o[7]) for o in orders(rows * 2 // 5))
    pq.write_table(pa.table(dict(zip(HEADINGS, zip(*orders(rows), strict=True), strict=True))), parquet)
    with xlsxwriter.Workbook(new, {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        sheet = book.add_worksheet("订单")
        for line, cells in enumerate([HEADINGS, *orders(rows // 10)]):
            sheet.write_row(line, 0, cells)
    old_book = xlwt.Workbook(encoding="utf-8")
    sheet, moment = old_book.add_sheet("订单"), xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
    for line, cells in enumerate([HEADINGS, *orders(min(rows * 6 // 100, _MOST_OLD_ROWS))]):
        for column, cell in enumerate(cells):
            sheet.write(line, column, cell, *([moment] if isinstance(cell, datetime) else []))
    old_book.save(str(old))
    return [plain, shop, parquet, new, old]


def loaded(tree: Tree, file: Path, mapping: Path) -> dict[str, float]:
    """Seconds of one load into a new folder."""
    into = file.parent / "into"
    shutil.rmtree(into, ignore_errors=True)
    return timed(tree, ["load", str(file), "--mapping", str(mapping), "--into", str(into)], file.parent / "cache")


def main() -> None:
    options = parser_of(__doc__, repeat=5, out="benchmarks/results/readers.json")
    options.add_argument("--rows", type=int, default=1_000_000)
    asked = options.parse_args()
    trees = trees_of(asked)
    runs: dict[str, dict[str, list[dict[str, float]]]] = {}
    with tempfile.TemporaryDirectory() as place:
        mapping = Path(place) / "orders.toml"
        mapping.write_text(ORDERS, encoding="utf-8")
        for file in make_files(Path(place), asked.rows):
            once = [{name: loaded(tree, file, mapping) for name, tree in trees.items()} for _ in range(asked.repeat)]
            runs[file.name] = {name: [one[name] for one in once] for name in trees}
            least = {name: {clock: min(one[clock] for one in times) for clock in ("wall_seconds", "cpu_seconds")} for name, times in runs[file.name].items()}
            told = ", ".join(f"{clock.partition('_')[0]} {seconds:.2f} s" for clock, seconds in least["ours"].items())
            shares = [f"{least['ours'][clock] / seconds:.2f}" for clock, seconds in least.get("other", {}).items()]
            print(f"{file.name:16} {told}{'   of the other: ' + ', '.join(shares) if shares else ''}", flush=True)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps({"cores": os.cpu_count(), "rows": asked.rows, "runs": runs}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
