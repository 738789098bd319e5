"""What the folder knows that alerts are judged by: that suppliers and SKUs are there, last quotes, sale prices, and what is spent a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import quoted
from kmanalysis.errors import DataError
from kmanalysis.loaders.folder import attach
from kmanalysis.sources.watch.listed.watchlist import Watchlist
from kmanalysis.sources.watch.scan import TABLES
from kmanalysis.times import to_local

LOOK_BACK_DAYS = 30
"""Days of orders that a sale price and the spend a day are taken from."""

LARGEST_TEXT = 32 * 1024 * 1024
"""Bytes of orders that are kept as text, up to which they are looked at."""

_LAST_QUOTES = "SELECT supplier_id, sku, arg_max(unit_price, quoted_at), arg_max(currency, quoted_at) FROM quotes WHERE {known} GROUP BY 1, 2"
_LISTED = (
    "SELECT supplier_id, sku, arg_max(suggested_retail_price, listed_from), arg_max(currency, listed_from) FROM listings WHERE {known} AND "
    "suggested_retail_price > 0 AND currency IS NOT NULL AND listed_from <= {day} AND (listed_to IS NULL OR listed_to >= {day}) GROUP BY 1, 2"
)
_SOLD = (
    "SELECT supplier_id, sku, (sum(amount) / sum(quantity))::DECIMAL(18,4), currency FROM orders WHERE {known} AND status = 'delivered' AND "
    "ordered_at >= {since} AND ordered_at < {now} GROUP BY 1, 2, 4 HAVING sum(amount) > 0 QUALIFY row_number() OVER (PARTITION BY supplier_id, sku "
    "ORDER BY count(*) DESC, currency) = 1"
)
_SPENT = (
    "SELECT supplier_id, (sum(cost_amount) / {days})::DECIMAL(18,4), currency FROM orders WHERE {known} AND ordered_at >= {since} AND ordered_at < {now} "
    "GROUP BY 1, 3 HAVING sum(cost_amount) > 0 QUALIFY row_number() OVER (PARTITION BY supplier_id ORDER BY count(*) DESC, currency) = 1"
)

Money = tuple[Decimal, str]
"""An amount and its currency."""


@dataclass(frozen=True)
class Facts:
    """Money by supplier and SKU, or by supplier: the last quotes, the prices that we sell at, and what orders cost a day. What is not known is not there."""

    last_quotes: Mapping[tuple[str, str], Money] = field(default_factory=dict)
    sale_prices: Mapping[tuple[str, str], Money] = field(default_factory=dict)
    daily_spend: Mapping[str, Money] = field(default_factory=dict)


def facts_of(folder: Path, watchlist: Watchlist, now: datetime) -> Facts:
    """What the folder knows at this moment.

    Raises DataError for a folder that cannot be read, for a table that the watch writes and that is kept in another form, and for suppliers and SKUs of
    the list that the folder does not hold.
    """
    check_forms(folder)
    engine = connect(threads=1, reads=[folder])
    try:
        attach(engine, folder, only=("suppliers", "products", "listings", "quotes", *(["orders"] if _is_quick(folder) else [])))
        _check_known(engine, "suppliers", "supplier_id", [upstream.supplier_id for upstream in watchlist.upstreams])
        _check_known(engine, "products", "sku", [item.sku for upstream in watchlist.upstreams for item in upstream.items])
        suppliers = ", ".join(quoted(upstream.supplier_id) for upstream in watchlist.upstreams)
        places = {
            "known": f"supplier_id IN ({suppliers})",
            "day": f"DATE '{to_local(now).date()}'",
            "now": f"TIMESTAMP '{now}'",
            "since": f"TIMESTAMP '{now - timedelta(days=LOOK_BACK_DAYS)}'",
            "days": LOOK_BACK_DAYS,
        }
        found = {name: engine.execute(text.format(**places)).fetchall() for name, text in _QUERIES.items()}
    finally:
        engine.close()
    by_item = {name: {(row[0], row[1]): (row[2], row[3]) for row in found[name]} for name in ("quotes", "sold", "listed")}
    return Facts(by_item["quotes"], by_item["sold"] | by_item["listed"], {row[0]: (row[1], row[2]) for row in found["spent"]})


def _is_quick(folder: Path) -> bool:
    """Whether orders can be looked at by each run: as text they are validated anew each time."""
    return not any(path.suffix != ".parquet" and path.stat().st_size > LARGEST_TEXT for path in folder.glob("orders.*"))


_QUERIES = {"quotes": _LAST_QUOTES, "listed": _LISTED, "sold": _SOLD, "spent": _SPENT}


def check_forms(folder: Path) -> None:
    """Raises DataError where there is no folder, or a table that the watch writes is kept as a file."""
    if not folder.is_dir():
        raise DataError("Folder {folder} was not found.", folder=folder.name)
    for name in TABLES:
        for path in sorted(folder.glob(f"{name}.*")):
            if path.is_file() and path.suffix in (".csv", ".xlsx", ".xls", ".parquet"):
                raise DataError(
                    "{file}: the watch stores this table as monthly files in {table}/. Convert the file to Parquet and move it there, "
                    "for example to {table}/before.parquet.",
                    file=path.name,
                    table=name,
                )


def _check_known(engine: duckdb.DuckDBPyConnection, table: str, column: str, wanted: Sequence[str]) -> None:
    known = {row[0] for row in engine.execute(f"SELECT {column} FROM {table}").fetchall()}
    if unknown := sorted(set(wanted) - known):
        raise DataError(
            "{table}: the watch list names {unknown}, which the folder does not have. Add them to the table, or correct the list.",
            table=table,
            unknown=", ".join(unknown[:5]),
        )
