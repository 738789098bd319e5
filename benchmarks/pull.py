"""What a pull of a large shop costs, the first one and one after a hundredth of its orders changed, against `pd.read_sql` and `to_parquet`.

    python benchmarks/pull.py [--orders 5000000] [--out benchmarks/results/pull.json]

Starts a MariaDB of its own and lets it make the orders of a year and their cards (about half a gigabyte for a million). pandas reads the two large
tables, in the columns that a pull reads, and writes each as it came: no digests, no checks, no canonical tables. Each is a process of its own, the start
of Python included. The second pull may read no more than what is new, open or of the trailing window.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import duckdb
from shop import Shop, served

HERE = Path(__file__).resolve().parent
WINDOW_DAYS = 7
"""As the platform's description has it."""

COLUMNS = {
    "order": "id, user_id, trade_no, amount, commodity_id, card_num, create_time, pay_time, status, contact, delivery_status, rent, race, secret",
    "card": "id, owner, commodity_id, secret, create_time, purchase_time, order_id, status, note, race, cost",
}

PANDAS = """
import sys, warnings
import pandas as pd, pymysql
warnings.simplefilter("ignore", UserWarning)
socket, database, user, password, out, *selects = sys.argv[1:]
with pymysql.connect(unix_socket=socket, user=user, password=password, database=database, charset="utf8mb4") as connection:
    for number, select in enumerate(selects):
        pd.read_sql(select, connection).to_parquet(f"{out}/{number}.parquet", index=False)
"""


def measured(command: list[str], **environment: str) -> tuple[dict[str, float], str]:
    """Wall and processor seconds and peak megabytes of a process, and what it told."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(HERE.parent)} | environment
    )
    told = process.stderr.read() if process.stderr else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(told)
    found = {"wall_seconds": time.perf_counter() - began, "cpu_seconds": used.ru_utime + used.ru_stime, "peak_megabytes": used.ru_maxrss / 1024}
    return {name: round(value, 2) for name, value in found.items()}, told


def rows_read(told: str) -> dict[str, int]:
    return {table: int(rows.replace(",", "")) for table, rows in re.findall(r"Read from (\w+): ([\d,]+) rows", told)}


def differences(shop: Shop, folder: Path) -> list[str]:
    """What the folder's orders, by status, and their money come to where they are not what SQL on the source says."""
    orders = f"read_parquet('{folder / 'orders.parquet'}')"
    kept = duckdb.sql(f"SELECT (status = 'delivered')::INT, count(*), sum(amount) FROM {orders} GROUP BY ALL ORDER BY ALL").fetchall()
    return [] if kept == shop.totals() else [f"orders in the folder: {kept}, in the database: {shop.totals()}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=5_000_000)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "pull.json")
    asked = parser.parse_args()
    with served() as shop, tempfile.TemporaryDirectory() as place:
        began = time.perf_counter()
        shop.fill(asked.orders)
        print(f"{asked.orders:,} orders made in {time.perf_counter() - began:.0f} s", file=sys.stderr)
        pull = [sys.executable, "-m", "kmanalysis", "pull", "acg-faka", "--into", f"{place}/ours", "--lang", "en"]
        selects = [f"SELECT {columns} FROM acg_{table}" for table, columns in COLUMNS.items()]
        there = shop.address.removeprefix("mysql://")
        user, password = there.partition("@")[0].split(":")
        pandas = [sys.executable, "-c", PANDAS, str(shop.socket), "shop", user, password, place, *selects]
        runs, load, began_at = {}, [round(os.getloadavg()[0], 2)], shop.now()
        runs["pandas"], _ = measured(pandas)
        runs["first pull"], told = measured(pull, KMANALYSIS_DATABASE=shop.address)
        first, wrong = rows_read(told), differences(shop, Path(place) / "ours")
        shop.change(asked.orders // 100)
        allowed = shop.may_have_changed(began_at - timedelta(days=WINDOW_DAYS))
        runs["second pull"], told = measured(pull, KMANALYSIS_DATABASE=shop.address)
        second = rows_read(told)
        wrong += differences(shop, Path(place) / "ours")
        load.append(round(os.getloadavg()[0], 2))
    print(f"{'':14}{'wall':>9}{'CPU':>9}{'peak':>10}{'of pandas':>11}{'its memory':>12}")
    for name, found in runs.items():
        shares = {f"{clock}_of_pandas": round(found[clock] / runs["pandas"][clock], 3) for clock in ("wall_seconds", "peak_megabytes")}
        print(
            f"{name:14}{found['wall_seconds']:8.1f}s{found['cpu_seconds']:8.1f}s{found['peak_megabytes']:7.0f} MB"
            f"{shares['wall_seconds_of_pandas']:11.1%}{shares['peak_megabytes_of_pandas']:12.1%}"
        )
        found |= shares
    read = {table: {"first": first[table], "second": second[table], "new, open or of the window": allowed[table]} for table in COLUMNS}
    for table, counts in read.items():
        print(f"{table}: {counts['first']:,} rows read first, {counts['second']:,} then, of {counts['new, open or of the window']:,} that may have changed")
    facts = {"orders": asked.orders, "cores": os.cpu_count(), "load_before_and_after": load, "rows_read": read, "runs": runs}
    asked.out.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    if wrong:
        sys.exit("\n".join(wrong))
    too_many = [table for table, counts in read.items() if counts["second"] > counts["new, open or of the window"]]
    if too_many:
        sys.exit(f"read more than may have changed: {', '.join(too_many)}")


if __name__ == "__main__":
    main()
