"""Months of readings that another process merges while a report is reading them: what it finds is what it would find in a folder at rest."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from kmanalysis.measures.observation import observed
from kmanalysis.opening import open_workbook
from kmanalysis.sources.watch.store import Store
from kmanalysis.workbook import Workbook

ROOT = Path(__file__).parents[3]
BEGIN = datetime(2026, 10, 1, 4)


def measured(workbook: Workbook) -> pd.DataFrame:
    """What was observed of S1, whose readings nobody adds to."""
    found = observed(workbook)
    return found[found["supplier_id"] == "S1"].reset_index(drop=True)


def totals(workbook: Workbook) -> dict[str, tuple[int, int]]:
    """Rows of S1 in each table of readings, and how many of them are different ones."""
    found = {}
    for table, moment in (("stock_snapshots", "observed_at"), ("quotes", "quoted_at"), ("probes", "probed_at")):
        rows = workbook.table(table)
        rows = rows.filter(rows.supplier_id == "S1")
        found[table] = (workbook.value_of(rows.count()), workbook.value_of(rows[moment].nunique()))
    return found


@pytest.fixture
def watched(folder):
    """A folder with a month of S1's readings, every hour, and orders."""
    orders = [f"o{number},S1,k1,2026-10-{1 + number % 28:02d} 04:00:00,delivered,20,1,CNY,9" for number in range(60)]
    heading = "order_id,supplier_id,sku,ordered_at,status,amount,quantity,currency,cost_amount"
    (folder / "orders.csv").write_text("\n".join([heading, *orders]) + "\n", encoding="utf-8")
    store = Store(folder)
    stocks, quotes, probes = [], [], []
    for hour in range(24 * 28):
        at = BEGIN + timedelta(hours=hour)
        reading = {"supplier_id": "S1", "sku": "k1", "observed_at": at, "quantity": hour % 90, "scan_ok": True, "is_placeholder": False}
        stocks.append(reading | {"source_synced_at": at - timedelta(minutes=4)})
        quotes.append({"supplier_id": "S1", "sku": "k1", "quoted_at": at, "unit_price": Decimal(9 + hour % 3), "currency": "CNY"})
        probes.append({"supplier_id": "S1", "probed_at": at, "is_up": hour % 100 > 0, "latency_ms": 5.0})
    store.append({"stock_snapshots": stocks, "quotes": quotes, "probes": probes}, BEGIN)
    assert store.publish(datetime(2026, 11, 1))
    store.close()
    return folder


def test_a_report_reads_the_same_while_another_process_merges(watched):
    """Opened before, between and while generations come and go; the longest reading outlives many of them."""
    before = measured(open_workbook(watched, "2026-10", lang="en"))
    assert (before["n"] > 0).sum() >= 3
    opened = open_workbook(watched, "2026-10", lang="en")
    command = [sys.executable, "-m", "tests.sources.watch.run_compaction", str(watched)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        for _ in range(8):
            assert process.stdout.readline(), process.stderr.read()
        # What was listed before any of them came is read now.
        pd.testing.assert_frame_equal(measured(opened), before)
        for _ in range(2):
            workbook = open_workbook(watched, "2026-10", lang="en")
            assert totals(workbook) == dict.fromkeys(("stock_snapshots", "quotes", "probes"), (672, 672))
            assert process.stdout.readline(), process.stderr.read()
            pd.testing.assert_frame_equal(measured(workbook), before)
    finally:
        process.stdin.close()
        process.stdout.read()
        assert process.wait(60) == 0, process.stderr.read()
    after = open_workbook(watched, "2026-10", lang="en")
    pd.testing.assert_frame_equal(measured(after), before)
    rows = after.table("stock_snapshots")
    # All of the other supplier's readings are there, each once.
    of_other = rows.filter(rows.supplier_id == "S2")
    assert after.value_of(of_other.count()) == after.value_of(of_other.quantity.nunique()) == after.value_of(of_other.quantity.max())
