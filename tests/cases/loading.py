"""What the cases share: mappings of orders as shops export them, and loads of one file by them."""

import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.fuzz.orders import HEADINGS, ORDERS
from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.loaders.folder import Attached, attach
from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.toml import parse_mapping

__all__ = ["HEADINGS", "ORDERS"]

_FEW_COLUMNS = """
[source]
timezone = "{zone}"
{source}
[tables.orders]
{table}
[tables.orders.columns]
order_id = {{ from = "订单号" }}
supplier_id = {{ constant = "S1" }}
sku = {{ constant = "G1" }}
ordered_at = {{ {ordered_at} }}
quantity = {{ constant = 1 }}
amount = {{ {amount} }}
currency = {{ {currency} }}
status = {{ constant = "pending" }}
"""


def orders(source: str = "", table: str = "", zone: str = "Asia/Shanghai", **columns: str) -> str:
    """A mapping of orders whose file has an id, a time and an amount; ``columns`` are what is mapped otherwise."""
    filled = {"ordered_at": 'from = "下单时间"', "amount": 'from = "金额"', "currency": 'constant = "CNY"'} | columns
    return _FEW_COLUMNS.format(source=source, table=table, zone=zone, **filled)


def order(order_id: object, **cells: object) -> list[object]:
    """An order's cells; what is not stated is plausible."""
    usual = ("S1", "G1", "2026-10-05 12:00:00", "2026-10-05 12:01:00", 1, 25.5, "已发货")
    return [order_id, *(cells.get(heading, cell) for heading, cell in zip(HEADINGS[1:], usual, strict=True))]


def loaded(file: Path, mapping: str = ORDERS) -> tuple[Attached, Path]:
    """Loads the file into a new folder beside it; what was found, and the folder. Receipts add up, or cannot be made."""
    place = file.parent / f"{file.stem}.toml"
    place.write_text(mapping, encoding="utf-8")
    folder = Path(tempfile.mkdtemp(dir=file.parent))
    return load([file], place, folder), folder


def read(folder: Path, raw: str | bytes | None, mapping: str, table: str, name: str = "raw.csv") -> tuple[Receipt, list[dict[str, object]], list[list[object]]]:
    """Writes a file (None: it is there) and loads it; the table's receipt, the rows that were kept, the rejects as (line, column, value, reason, accepted)."""
    if raw is not None:
        (folder / name).write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    found = load([folder / name], parse_mapping(tomllib.loads(mapping), "m.toml", folder), folder / "into")
    written = folder / "into" / f"{table}.parquet"
    rows = pq.read_table(written).to_pylist() if written.exists() else []
    return receipt_of(found, table), rows, found.rejects.loc[:, ["line", "column", "value", "reason", "accepted"]].to_numpy().tolist()


def receipt_of(attached: Attached, table: str = "orders") -> Receipt:
    """The one receipt of a table; its rejects have a row for each row that was rejected at least."""
    (receipt,) = [receipt for receipt in attached.receipts if receipt.table == table]
    assert receipt.read == receipt.kept + sum(receipt.rejected.values())
    return receipt


def column(folder: Path, name: str, table: str = "orders") -> list[object]:
    """A column of a folder's table, sorted."""
    engine = connect()
    attach(engine, folder)
    return [value for (value,) in engine.execute(f"SELECT {name} FROM {table} ORDER BY 1").fetchall()]


def rejected(attached: Attached, *columns: str) -> list[tuple[object, ...]]:
    """The rejected rows in these columns of the frame."""
    return [tuple(row) for row in attached.rejects.loc[:, list(columns)].itertuples(index=False)]


def text_file(path: Path, rows: Sequence[Sequence[object]], encoding: str = "utf-8") -> Path:
    """A CSV file of the rows."""
    path.write_bytes("".join(",".join(map(str, row)) + "\n" for row in rows).encode(encoding))
    return path
