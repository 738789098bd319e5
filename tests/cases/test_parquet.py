"""Parquet: ids that a database or a frame kept as floating numbers, times with nine decimals, and bits that have changed."""

import random
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError
from kmanalysis.loaders.folder import attach
from tests.cases.loading import HEADINGS, column, loaded, order, receipt_of, rejected

EXACT = 2**53


def orders(path, ids, **columns):
    rows = [order(number) for number in range(len(ids))]
    cells = {heading: pa.array([str(row[place]) for row in rows]) for place, heading in enumerate(HEADINGS)}
    pq.write_table(pa.table(cells | {"订单号": ids} | columns), path)
    return path


def test_whole_numbers_that_were_kept_as_doubles_are_whole(tmp_path):
    attached, folder = loaded(orders(tmp_path / "a.parquet", pa.array([123.0, float(EXACT), 2026100112345671.0, 1e17, 1e300, None], pa.float64())))
    receipt = receipt_of(attached)
    assert receipt.rejected == {"lost_digits": 2, "empty": 1}
    assert rejected(attached, "line", "column", "reason") == [(4, "订单号", "lost_digits"), (5, "订单号", "lost_digits"), (6, "订单号", "empty")]
    assert column(folder, "order_id") == sorted(["123", str(EXACT), "2026100112345671"])


def test_floats_of_half_the_size_lose_digits_earlier(tmp_path):
    attached, folder = loaded(orders(tmp_path / "a.parquet", pa.array([16777216.0, 16777220.0], pa.float32())))
    assert receipt_of(attached).rejected == {"lost_digits": 1}
    assert column(folder, "order_id") == ["16777216"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 2**58), min_size=1, max_size=12, unique=True))
def test_an_id_is_itself_or_is_refused(tmp_path, ids):
    attached, folder = loaded(orders(tmp_path / "a.parquet", pa.array([float(number) for number in ids], pa.float64())))
    assert column(folder, "order_id") == sorted({str(number) for number in ids if float(number) <= EXACT})
    assert receipt_of(attached).rejected.get("lost_digits", 0) == sum(float(number) > EXACT for number in ids)


def test_numbers_with_decimals_are_the_ids_that_they_were(tmp_path):
    ids = pa.array(["1234567890123456789.00", "7.00"]).cast(pa.decimal128(25, 2))
    _, folder = loaded(orders(tmp_path / "a.parquet", ids))
    assert column(folder, "order_id") == ["1234567890123456789", "7"]


def test_canonical_ids_that_are_doubles(tmp_path):
    pq.write_table(pa.table({"supplier_id": [7.0, 1e17], "name": ["a", "b"]}), tmp_path / "suppliers.parquet")
    engine = connect()
    attached = attach(engine, tmp_path)
    assert rejected(attached, "line", "reason") == [(2, "lost_digits")]
    assert engine.execute("SELECT supplier_id FROM suppliers").fetchall() == [("7",)]


def test_times_with_nine_decimals_are_cut_to_microseconds(tmp_path):
    moments = pa.array([1_790_000_000_123_456_789, 1_790_000_000_999_999_999], pa.timestamp("ns"))
    attached, folder = loaded(orders(tmp_path / "a.parquet", pa.array(["a", "b"]), 下单时间=moments))
    assert receipt_of(attached).kept == 2
    assert column(folder, "ordered_at") == [datetime(2026, 9, 21, 6, 13, 20, 123456), datetime(2026, 9, 21, 6, 13, 20, 999999)]


def test_no_flipped_bit_changes_a_value_without_a_word(tmp_path):
    attached, folder = loaded(orders(tmp_path / "a.parquet", pa.array([f"A{number}" for number in range(60)])))
    assert receipt_of(attached).kept == 60
    path = folder / "orders.parquet"
    content, draw = path.read_bytes(), random.Random(7)
    rows = "SELECT * FROM orders ORDER BY ALL"
    engine = connect()
    attach(engine, folder, only=("orders",))
    before = engine.execute(rows).fetchall()
    noticed = 0
    for _ in range(200):
        changed = bytearray(content)
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
        path.write_bytes(bytes(changed))
        try:
            with connect() as engine:
                found = attach(engine, folder, only=("orders",))
                after = engine.execute(rows).fetchall()
        except DataError:
            noticed += 1
        else:
            assert after == before or found.rejects.size
    assert noticed > 150


def test_pages_have_checksums_for_readers_that_look_at_them(tmp_path):
    _, folder = loaded(orders(tmp_path / "a.parquet", pa.array(["a", "b"])))
    path = folder / "orders.parquet"
    content = bytearray(path.read_bytes())
    place = content.find(b"\x28\xb5\x2f\xfd")
    content[place + 12] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(OSError, match=r"(?i)crc"):
        pq.read_table(path, page_checksum_verification=True)
