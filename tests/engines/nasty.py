"""A folder of rows that lie on every edge: nothing, zero, ties, boundaries, midnights, month ends, halves of the last place, what is no number.

Made from the declared tables, so that a new column is part of it. The same seed gives the same folder.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from kmanalysis.tables import Column, Table, tables
from kmanalysis.times import Month

MONTH = Month(2026, 10)
ROWS = {"suppliers": 6, "products": 24, "orders": 500, "stock_snapshots": 900, "probes": 300, "quotes": 300, "tickets": 300, "contracts": 12, "listings": 300}
OTHERS = 60
"""Rows of every other table."""

KEPT = {"allowed_repeats": 1}
"""Rows that are kept of a table: more lines of the operator's list would leave no repeat that is not on it."""

MISSING = ("outreach",)
"""Tables that are not there at all."""

INSTANT = timedelta(microseconds=1)
EDGES = [MONTH.start, MONTH.end, (MONTH - 1).start, *(MONTH.start + timedelta(days=day) for day in (1, 9, 14, 30)), MONTH.start + timedelta(hours=12)]
LAGS = [timedelta(0), INSTANT, timedelta(seconds=1), timedelta(seconds=300), timedelta(minutes=30), timedelta(hours=24), timedelta(hours=24) + INSTANT]
MOMENTS = sorted({edge + sign * lag for edge in EDGES for lag in LAGS for sign in (-1, 1)})
DAYS = [date(2024, 2, 29), *((MONTH.first_day + timedelta(days=day)) for day in (-62, -31, -1, 0, 1, 7, 30, 31))]
# Two prices that are one last place apart have a market level of half a place between them.
AMOUNTS = ["0", "0.0001", "0.005", "9.9999", "10", "10.0001", "10.0002", "10.0003", "49999.995", "50000", "50000.01", "12345678.9012"]
FLOATS = ["0", "0.05", "0.1", "0.3333333333333333", "1", "299.5", "1234567.891"]
TEXTS = {
    "name": ["腾讯 ¥100", "Ünïcode", "a_b%c'd", "$x{y}"],
    "currency": ["CNY", "CNY", "CNY", "USD"],
    "category": ["game_card", "software", "ai_tool"],
    "family": ["Tencent", "Alibaba"],
    "rights_holder": ["supplier_id-1", "studio"],
    "licensor": ["supplier_id-1", "supplier_id-2", "studio"],
    "licensee": ["supplier_id-1", "supplier_id-2", "supplier_id-3"],
    "scope": ["*", "sku:sku-1", "family:Tencent", "brand:x"],
    "term": ["reship_hours", "compensation_share", "damages_share", "restock_hours", "remedy_base", "failures_in_a_row"],
    "value": ["0", "0.1", "0.25", "24", "24d", "1_0", " 12 ", "1e1", "-1", "NaN", "inf", "abc", "8784", "8785", ".5", "5.", "cost", "amount"],
    "source_url": ["https://Example.com/a?b=c", "http://u@例え.jp:80/", "example", "ftp://x.y", "HTTPS://A.B.C"],
    "summary": ["see https://a.b/c now", "bad\tbad", "none"],
    "item": ["Tencent", "Alibaba", "game_card", "software"],
    "client": ["a", " a", "b", "c"],
}


def make_nasty(folder: Path, seed: int = 1) -> Path:
    """Writes the folder's tables as CSV and returns it."""
    draws = np.random.Generator(np.random.PCG64(seed))
    folder.mkdir()
    for name, table in tables().items():
        if name not in MISSING:
            _rows(table, draws).head(KEPT.get(name, ROWS.get(name, OTHERS))).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    return folder


def _rows(table: Table, draws: np.random.Generator) -> pd.DataFrame:
    rows = ROWS.get(table.name, OTHERS)
    drawn = {name: [_cell(table, column, number, draws) for number in range(1, rows + 1)] for name, column in table.columns.items()}
    return pd.DataFrame(drawn, dtype="object").drop_duplicates(list(table.key))


def _cell(table: Table, column: Column, number: int, draws: np.random.Generator) -> object:
    if not column.required and draws.random() < 0.2:
        return None
    if column.name == table.key[0] and len(table.key) == 1:
        return f"{column.name}-{number}"
    if column.refers_to:
        return f"{column.refers_to.partition('.')[2]}-{draws.integers(1, _partners(column) + 1)}"
    choices = column.values or TEXTS.get(column.name) or _of_type(column)
    return choices[draws.integers(len(choices))]


def _partners(column: Column) -> int:
    """How many rows can be referred to; one more than there are, where a row without a partner is kept."""
    partner = column.refers_to.partition(".")[0]
    # The last supplier and the last SKU are in no other table.
    return ROWS.get(partner, OTHERS) + (1 if column.orphan == "doubt" else -1)


def _of_type(column: Column) -> list:
    return {
        "id": [f"{column.name}-{number}" for number in (1, 2, 3)],
        "text": ["x", "y z"],
        "integer": [0, 1, 2, 7, 999] if not column.minimum else [1, 2, 7, 999],
        "decimal": AMOUNTS,
        "float": [value for value in FLOATS if column.maximum is None or float(value) <= column.maximum],
        "boolean": ["true", "false"],
        "timestamp": [moment.isoformat(sep=" ") for moment in MOMENTS],
        "date": [day.isoformat() for day in DAYS],
        "digest": [f"kd1:{number:032x}" for number in (1, 2, 3)],
    }[column.type]
