"""A process that keeps and merges readings of S2 until its stdin ends; it says the number of each generation of October's that it published."""

import sys
import threading
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from kmanalysis.loaders.folder import generation, table_files
from kmanalysis.sources.watch.store import Store

LONG_AGO = datetime(2000, 1, 1)
"""By this clock no generation is old enough to be removed, whatever the disk's own says."""


def readings(number):
    """One look at S2: some fall into October, in which another supplier's readings are looked at, some into November."""
    at = datetime(2026, 10 + number % 2, 6, 4) + timedelta(minutes=number)
    return at, {
        "stock_snapshots": [
            {
                "supplier_id": "S2",
                "sku": "k1",
                "observed_at": at,
                "quantity": number,
                "scan_ok": True,
                "is_placeholder": False,
                "source_synced_at": at,
            }
        ],
        "quotes": [{"supplier_id": "S2", "sku": "k1", "quoted_at": at, "unit_price": Decimal(9), "currency": "CNY"}],
        "probes": [{"supplier_id": "S2", "probed_at": at, "is_up": True, "latency_ms": 1.0}],
    }


def published(folder):
    """The number of the generation that readers find of October's stock now."""
    return generation(table_files(folder)["stock_snapshots"][0].stem)[1]


def main():
    folder, ended = Path(sys.argv[1]), threading.Event()
    store = Store(folder)
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    number = 0
    while not ended.is_set():
        for _ in range(4):
            number += 1
            at, rows = readings(number)
            store.append(rows, at)
        assert store.publish(LONG_AGO)
        print(published(folder), flush=True)
    store.close()


if __name__ == "__main__":
    main()
