import json
import os

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.report.cache import program
from kmanalysis.report.cache.fingerprints import REMEMBERED, read_fingerprints
from kmanalysis.tables import tables
from kmanalysis.times import Month

OLD = 1_000_000_000 * 10**9


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    (folder / "quotes").mkdir(parents=True)
    (folder / "orders.csv").write_bytes(b"x")
    (folder / "quotes" / "2026-10.parquet").write_bytes(b"y")
    (folder / "truth.csv").write_bytes(b"z")
    return folder


def part(folder, table, name, *times, **write):
    """A stamped part of an event table with an event at each of the times (naive UTC), and nothing else of note."""
    declared = tables()[table]
    schema = stamped_schema(declared)
    rows = {column: [None] * len(times) for column in schema.names} | {declared.event_time: [pd.Timestamp(time) for time in times]}
    (folder / table).mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(rows, schema=schema), folder / table / f"{name}.parquet", **write)


def test_files_are_named_by_their_path_in_the_folder(data):
    assert list(read_fingerprints(data).files) == ["orders.csv", "quotes/2026-10.parquet"]
    # b2sum --length=128 of the byte x
    assert read_fingerprints(data).files["orders.csv"] == "442a44457137672b3218c1007dc8f76a"


def test_a_file_that_did_not_change_is_not_read_again_and_one_that_did_is(data, tmp_path, monkeypatch):
    read = []
    monkeypatch.setattr("kmanalysis.report.cache.fingerprints.file_digest", lambda path: read.append(path.name) or path.read_text())
    first = read_fingerprints(data, tmp_path / "kept", settled=-1)
    assert read == ["orders.csv", "2026-10.parquet"]
    assert read_fingerprints(data, tmp_path / "kept", settled=-1) == first
    assert read == ["orders.csv", "2026-10.parquet"]
    (data / "orders.csv").write_bytes(b"w")
    assert read_fingerprints(data, tmp_path / "kept", settled=-1).files["orders.csv"] == "w"
    assert read == ["orders.csv", "2026-10.parquet", "orders.csv"]
    read_fingerprints(data, tmp_path / "kept", force=True, settled=-1)
    assert len(read) == 5
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {REMEMBERED, program.REMEMBERED}


def test_a_file_of_the_same_size_and_time_but_another_content_is_noticed(data, tmp_path):
    os.utime(data / "orders.csv", ns=(OLD, OLD))
    before = read_fingerprints(data, tmp_path / "kept", settled=-1).files["orders.csv"]
    (data / "orders.csv").write_bytes(b"w")
    os.utime(data / "orders.csv", ns=(OLD, OLD))
    assert read_fingerprints(data, tmp_path / "kept").files["orders.csv"] != before


def test_a_file_that_was_written_a_moment_ago_is_not_remembered(data, tmp_path):
    read_fingerprints(data, tmp_path / "kept")
    assert not (tmp_path / "kept" / REMEMBERED).exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", "[" * 100_000, '{"orders.csv": 1}', '{"orders.csv": []}', '{"orders.csv": ["0", 1]}'])
def test_a_damaged_memory_is_no_memory(data, tmp_path, damage):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / REMEMBERED).write_text(damage)
    assert read_fingerprints(data, tmp_path / "kept") == read_fingerprints(data)


def test_a_remembered_digest_that_was_edited_is_not_believed(data, tmp_path):
    before = read_fingerprints(data, tmp_path / "kept", settled=-1)
    memory = tmp_path / "kept" / REMEMBERED
    memory.write_text(memory.read_text().replace(before.files["orders.csv"], "0" * 32))
    assert read_fingerprints(data, tmp_path / "kept", settled=-1) == before


def test_a_part_whose_events_all_lie_after_a_month_does_not_matter_to_it(tmp_path):
    part(tmp_path, "probes", "a", "2026-08-31 16:00:00", "2026-09-30 15:59:59.999999")
    part(tmp_path, "probes", "b", "2026-09-30 16:00:00", "2026-10-02 00:00:00")
    part(tmp_path, "probes", "empty")
    part(tmp_path, "probes", "untold", "2026-10-02 00:00:00", write_statistics=False)
    (tmp_path / "suppliers.csv").write_text("supplier_id,name\n")
    fingerprints = read_fingerprints(tmp_path)
    always = {"suppliers.csv", "probes/untold.parquet"}
    assert set(fingerprints.relevant_to(Month(2026, 8))) == always
    assert set(fingerprints.relevant_to(Month(2026, 9))) == always | {"probes/a.parquet"}
    assert set(fingerprints.relevant_to(Month(2026, 10))) == set(fingerprints.files) - {"probes/empty.parquet"}


def test_parts_that_are_checked_and_what_their_rows_refer_to_matter_always(tmp_path):
    for table in ("orders", "probes"):
        part(tmp_path, table, "b", "2026-10-02 00:00:00")
    suppliers = stamped_schema(tables()["suppliers"])
    pq.write_table(suppliers.empty_table(), tmp_path / "suppliers.parquet")
    assert set(read_fingerprints(tmp_path).relevant_to(Month(2026, 9))) == {"suppliers.parquet"}
    (tmp_path / "tickets.csv").write_text("ticket_id,order_id\n")
    assert tables()["tickets"].columns["order_id"].refers_to == "orders.order_id"
    assert set(read_fingerprints(tmp_path).relevant_to(Month(2026, 9))) == {"suppliers.parquet", "tickets.csv", "orders/b.parquet"}
    pq.write_table(pa.table({"supplier_id": ["s"]}), tmp_path / "probes" / "c.parquet")
    assert "probes/b.parquet" in read_fingerprints(tmp_path).relevant_to(Month(2026, 9))


def test_without_a_suppliers_table_all_rows_matter_always(tmp_path):
    for table in ("orders", "probes"):
        part(tmp_path, table, "b", "2026-10-02 00:00:00")
    assert set(read_fingerprints(tmp_path).relevant_to(Month(2026, 9))) == {"orders/b.parquet", "probes/b.parquet"}


def test_the_secrets_key_is_part_of_what_came_in(data):
    without = read_fingerprints(data)
    (data / ".kmanalysis-key").write_text("00" * 32)
    (data / ".kmanalysis-key").chmod(0o600)
    assert without.key == ""
    assert "00" * 8 not in json.dumps(read_fingerprints(data).key)
    assert read_fingerprints(data).key != ""
