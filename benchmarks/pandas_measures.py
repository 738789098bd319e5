"""Every measure in plain pandas, for comparison: the same values, n and bounds of each supplier, measure and month.

Written as one would without an engine: each table is read once, the columns that are needed and no others; months are cut
from it. The formulas of bounds and waiting curves are the product's own (`kmanalysis.statistics`), which are numpy.

    python benchmarks/pandas_measures.py FOLDER MONTH OUT.parquet
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from pandas_compliance import compliance_measures, reputation_measures
from pandas_price import price_measures
from pandas_service import service_measures
from pandas_stability import stability_measures

COLUMNS = {
    "orders": ["order_id", "supplier_id", "sku", "ordered_at", "delivered_at", "delivered_is_upper_bound", "quantity", "status", "failure_cause"],
    "stock_snapshots": ["supplier_id", "sku", "observed_at", "quantity", "scan_ok", "is_placeholder", "source_synced_at"],
    "probes": ["supplier_id", "probed_at", "is_up"],
    "tickets": ["supplier_id", "order_id", "opened_at", "first_response_at", "resolved_at", "reshipped_at", "kind", "at_fault", "is_staged"],
    "compensations": ["order_id", "kind", "amount", "currency", "paid_at"],
    "quotes": ["supplier_id", "sku", "quoted_at", "unit_price", "currency"],
    "purchases": [
        "purchase_id",
        "supplier_id",
        "sku",
        "purchased_at",
        "quantity",
        "received_quantity",
        "list_amount",
        "discount_amount",
        "paid_amount",
        "currency",
    ],
    "fees": ["supplier_id", "purchase_id", "charged_at", "amount", "currency", "is_disclosed"],
}
MONEY = ["unit_price", "amount", "cost_amount", "list_amount", "discount_amount", "paid_amount", "suggested_retail_price", "threshold_amount"]


@dataclass(frozen=True)
class Span:
    """A month: its days (Asia/Shanghai), its first and last instant (naive UTC)."""

    month: pd.Period
    first_day: pd.Timestamp = field(init=False)
    last_day: pd.Timestamp = field(init=False)
    start: pd.Timestamp = field(init=False)
    end: pd.Timestamp = field(init=False)

    def __post_init__(self) -> None:
        first, after = self.month.start_time, (self.month + 1).start_time
        hours = pd.Timedelta(hours=8)
        values = {"first_day": first, "last_day": after - pd.Timedelta(days=1), "start": first - hours, "end": after - hours}
        for name, value in values.items():
            object.__setattr__(self, name, value.as_unit("us"))

    @property
    def days(self) -> int:
        """How many days it has."""
        return self.month.days_in_month


class Tables(dict):
    """The folder's tables by name, read when they are first asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def __missing__(self, name: str) -> pd.DataFrame:
        path = self.folder / name if (self.folder / name).is_dir() else self.folder / f"{name}.parquet"
        found = pd.read_parquet(path, columns=COLUMNS.get(name))
        for column in set(MONEY) & set(found.columns):
            # Decimal objects would take ten times as long.
            found[column] = found[column].astype("float64")
        self[name] = found
        return found


def failures(tables: Tables) -> pd.DataFrame:
    """The orders that failed by the supplier's fault or a fault not known, with their amounts: the money of all the others stays on disk."""
    columns = ["order_id", "supplier_id", "failed_at", "at_fault", "amount", "cost_amount", "currency"]
    found = pd.read_parquet(tables.folder / "orders", columns=columns, filters=[("failed_at", ">", pd.Timestamp("1970-01-01"))])
    found = found[found["at_fault"].fillna("unknown").isin(["supplier", "unknown"])]
    return found.assign(amount=found["amount"].astype("float64"), cost_amount=found["cost_amount"].astype("float64"))


def months_until(tables: Tables, last: str, history: int = 12) -> list[pd.Period]:
    """The months that are looked back on: from the first order's, at most a year of them."""
    first = (tables["orders"]["ordered_at"].min() + pd.Timedelta(hours=8)).to_period("M")
    return list(pd.period_range(max(first, pd.Period(last, "M") - (history - 1)), last, freq="M"))


def measures(folder: Path, last: str) -> pd.DataFrame:
    """month, supplier_id, measure, value, lower, upper, n: every measure of every month that is looked back on."""
    tables = Tables(folder)
    failed = failures(tables)
    parts = []
    for month in months_until(tables, last):
        span = Span(month)
        found = {
            **stability_measures(tables, span),
            **compliance_measures(tables, span),
            **price_measures(tables, span),
            **service_measures(tables, failed, span),
            **reputation_measures(tables, span),
        }
        for measure, data in found.items():
            parts.append(
                data.reindex(columns=["value", "lower", "upper", "n"]).rename_axis("supplier_id").reset_index().assign(month=str(month), measure=measure)
            )
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    measures(Path(sys.argv[1]), sys.argv[2]).to_parquet(sys.argv[3], index=False)
