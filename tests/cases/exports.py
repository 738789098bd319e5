"""Small exports as people make them, loaded through a mapping; what came of them."""

import tomllib

import pyarrow.parquet as pq

from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.toml import parse_mapping

ORDERS = """
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


def orders(source="", table="", zone="Asia/Shanghai", **columns):
    filled = {"ordered_at": 'from = "下单时间"', "amount": 'from = "金额"', "currency": 'constant = "CNY"'} | columns
    return ORDERS.format(source=source, table=table, zone=zone, **filled)


def loaded(folder, raw, mapping, table, name="raw.csv"):
    """The receipt, the rows that were kept, and the rejects as (line, column, value, reason, accepted)."""
    file = folder / name
    if isinstance(raw, bytes):
        file.write_bytes(raw)
    elif isinstance(raw, str):
        file.write_text(raw, encoding="utf-8")
    found = load([file], parse_mapping(tomllib.loads(mapping), "m.toml", folder), folder / "into")
    receipt = next(receipt for receipt in found.receipts if receipt.table == table)
    assert receipt.read == receipt.kept + sum(receipt.rejected.values())
    written = folder / "into" / f"{table}.parquet"
    rows = pq.read_table(written).to_pylist() if written.exists() else []
    return receipt, rows, found.rejects.loc[:, ["line", "column", "value", "reason", "accepted"]].to_numpy().tolist()
