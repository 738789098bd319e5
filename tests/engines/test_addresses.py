"""Folders at an address, through Hadoop's file systems: ``file:`` stands for ``hdfs:`` and ``s3a:``, by the same calls."""

from __future__ import annotations

import io
import os
from urllib.parse import quote

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from kmanalysis.engine.spark import Spark, spark_session
from kmanalysis.errors import DataError, UsageError
from kmanalysis.loaders.address import Address
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.loaders.folder import table_files
from kmanalysis.loaders.hadoop import HadoopFolder
from kmanalysis.loaders.spark_folder import attach_address
from kmanalysis.measures import observation
from kmanalysis.opening import open_workbook, source_of
from kmanalysis.report.cache.fingerprints import read_fingerprints
from kmanalysis.report.progress import Progress
from kmanalysis.report.request import Options, Request, fulfil
from kmanalysis.samples import make_samples
from kmanalysis.standards import default_standards, override_standards
from kmanalysis.tables import tables
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook
from tests.engines.here import MASTER, NEEDS_SPARK
from tests.report.small import FIXTURES, finished

ODD = "数据 a[1]{b,c}*?%20#"
"""What is a pattern, an escape or an end where paths and addresses are taken for such."""

pytestmark = NEEDS_SPARK


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small folder of stamped Parquet under an odd name, a part of it under another."""
    made = make_samples(tmp_path_factory.mktemp("data") / ODD, suppliers=3, months=2, orders=300, format="parquet")
    (made / "orders" / "2026-10.parquet").rename(made / "orders" / f"{ODD}.parquet")
    return made


def at(folder):
    """The folder's address, which is taken for one of another machine."""
    return Address(f"file://{folder}")


def listed(folder):
    return HadoopFolder(at(folder).text, spark_session(MASTER, "3GB"))


def stamped(path, table, rows=0, **write):
    declared = tables()[table]
    schema = stamped_schema(declared)
    cells = {name: pa.array([None] * rows, schema.field(name).type) for name in schema.names}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(cells, schema=schema), path, **write)


def test_a_workbook_at_an_address_is_the_one_of_the_folder(folder):
    here = open_workbook(folder, "2026-10", lang="en")
    there = open_workbook(at(folder), "2026-10", lang="en", engine="spark", master=MASTER, memory="3GB")
    assert there.attached.receipts == here.attached.receipts
    assert there.suppliers == here.suppliers
    for measure in ("stability.delivery_time", "stability.uptime"):
        rows = observation.rows(here, measure)
        wanted = here.rows_of(rows.order_by(rows.columns))
        assert len(wanted)
        rows = observation.rows(there, measure)
        pd.testing.assert_frame_equal(there.rows_of(rows.order_by(rows.columns)), wanted, check_exact=True)


def test_a_workbook_is_opened_by_the_file_system_of_its_address(folder):
    # A file system of another scheme that needs no server: its mount leads to the folder.
    session = spark_session(MASTER, "3GB")
    session.conf.set("fs.viewfs.mounttable.addresses.link./mounted", f"file://{quote(str(folder.parent))}")
    spark = Spark(session)
    attached = attach_address(spark, HadoopFolder(f"viewfs://addresses/mounted/{ODD}", session))
    here = open_workbook(folder, "2026-10", lang="en")
    there = Workbook(here.month, here.standards, here.words, engine=spark, attached=attached)
    assert attached.receipts == here.attached.receipts
    assert there.value_of(there.table("orders").amount.sum()) == here.value_of(here.table("orders").amount.sum()) > 0


def test_a_folder_called_like_a_column_and_value_changes_no_column(tmp_path):
    place = tmp_path / "currency=USD" / "status=failed"
    stamped(place / "orders" / "quantity=7.parquet", "orders", rows=2)
    for spelled in (place, at(place)):
        there = open_workbook(spelled, "2026-10", lang="en", engine="spark", master=MASTER, memory="3GB")
        found = there.rows_of(there.table("orders")[["order_id", "currency", "status", "quantity"]])
        assert (len(found), found.isna().all(axis=None)) == (2, True)


@pytest.mark.parametrize("name", ["_a.parquet", ".a.parquet"])
def test_a_part_that_spark_would_pass_over_is_refused(tmp_path, name):
    stamped(tmp_path / "orders" / name, "orders", rows=1)
    stamped(tmp_path / "orders" / "b.parquet", "orders", rows=1)
    for spelled in (tmp_path, at(tmp_path)):
        with pytest.raises(DataError, match="Rename it"):
            open_workbook(spelled, "2026-10", lang="en", engine="spark", master=MASTER, memory="3GB")


def test_files_and_their_heads_are_those_of_the_folder(folder):
    there = listed(folder)
    here = table_files(folder)
    assert {name: [file.path for file in files] for name, files in there.files.items()} == {
        name: [path.relative_to(folder).as_posix() for path in files] for name, files in here.items()
    }
    for name, files in here.items():
        for head, path, file in zip(there.heads(tables()[name]), files, there.files[name], strict=True):
            assert (head.metadata, head.schema_arrow) == (pq.read_metadata(path), pq.read_schema(path))
            assert (file.length, file.modified) == (path.stat().st_size, path.stat().st_mtime_ns // 10**6)


def test_of_a_part_with_generations_the_newest_alone_is_read(tmp_path):
    kept = {"2026-10": 1, "2026-11@10": 2, "2026-12@1": 4, "@3": 8, "a@b": 16}
    for name, rows in (kept | {"2026-11": 32, "2026-11@2": 64, "2026-11@9": 128}).items():
        stamped(tmp_path / "orders" / f"{name}.parquet", "orders", rows)
    # A folder of such a name, as Spark writes one, stands for no file.
    (tmp_path / "orders" / "2026-11@11.parquet").mkdir()
    here = [path.relative_to(tmp_path).as_posix() for path in table_files(tmp_path)["orders"]]
    there = listed(tmp_path)
    assert [file.path for file in there.files["orders"]] == [f"orders/{name}.parquet" for name in sorted(kept)] == here
    assert [head.metadata.num_rows for head in there.heads(tables()["orders"])] == [kept[name] for name in sorted(kept)]
    assert list(there.states()) == here
    spark = Spark(there.session)
    workbook = Workbook(Month(2026, 10), default_standards(), Words("en"), engine=spark, attached=attach_address(spark, there))
    assert workbook.value_of(workbook.table("orders").count()) == sum(kept.values())


def test_a_long_head_is_read_whole(tmp_path):
    stamped(tmp_path / "suppliers.parquet", "suppliers", rows=2000, row_group_size=1)
    [head] = listed(tmp_path).heads(tables()["suppliers"])
    assert head.metadata.serialized_size > 1 << 16
    assert head.metadata.num_row_groups == 2000


def test_the_same_files_matter_to_a_month(folder):
    here, there = read_fingerprints(folder), read_fingerprints(listed(folder))
    assert set(there.files) == set(here.files)
    assert f"orders/{ODD}.parquet" not in there.relevant_to(Month(2026, 9))
    for month in (Month(2026, 9), Month(2026, 10)):
        assert set(there.relevant_to(month)) == set(here.relevant_to(month))


def test_a_file_is_the_same_while_its_length_and_time_are(folder, tmp_path):
    stamped(tmp_path / "suppliers.parquet", "suppliers", rows=1)
    path, first = tmp_path / "suppliers.parquet", read_fingerprints(listed(tmp_path))
    assert read_fingerprints(listed(tmp_path)) == first
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 60))
    moved = read_fingerprints(listed(tmp_path))
    assert moved != first
    stamped(path, "suppliers", rows=2)
    assert read_fingerprints(listed(tmp_path)).files not in (first.files, moved.files)


def test_what_bears_no_stamp_is_refused_and_it_is_said_what_to_do(tmp_path):
    stamped(tmp_path / "suppliers.parquet", "suppliers")
    (tmp_path / "notes.csv").write_text("x")
    assert set(listed(tmp_path).files) == {"suppliers"}
    (tmp_path / "orders.csv").write_text("order_id\n")
    (tmp_path / "quotes.parquet").mkdir()
    with pytest.raises(DataError, match=r"(orders\.csv, quotes\.parquet|quotes\.parquet, orders\.csv) cannot be validated.*--stamp"):
        listed(tmp_path).files  # noqa: B018


@pytest.mark.parametrize("content", [b"", b"PAR1", b"x" * 100_000, None])
def test_parquet_without_a_stamp_is_refused(tmp_path, content):
    if content is None:
        pq.write_table(pa.table({"supplier_id": ["s1"]}), tmp_path / "suppliers.parquet")
    else:
        (tmp_path / "suppliers.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"suppliers\.parquet cannot be validated.*--stamp"):
        open_workbook(at(tmp_path), "2026-10", engine="spark", master=MASTER, memory="3GB")


def test_a_table_in_two_forms_is_refused(tmp_path):
    stamped(tmp_path / "orders.parquet", "orders")
    stamped(tmp_path / "orders" / "a.parquet", "orders")
    with pytest.raises(DataError, match=r"more than once: orders\.parquet, orders/"):
        listed(tmp_path).files  # noqa: B018


def test_a_folder_without_tables_or_that_is_none_is_said(tmp_path):
    with pytest.raises(DataError, match="No tables found in"):
        listed(tmp_path).files  # noqa: B018
    with pytest.raises(DataError, match=r"nowhere cannot be read: .*does not exist"):
        listed(tmp_path / "nowhere").files  # noqa: B018


@pytest.mark.parametrize("text", ["unheard://host/data", "hdfs://127.0.0.1:0/data"])
def test_a_file_system_that_spark_does_not_have_or_reach_is_said(text):
    with pytest.raises(DataError, match=f"{text} cannot be read: "):
        HadoopFolder(text, spark_session(MASTER, "3GB")).files  # noqa: B018


def test_an_address_needs_spark(folder):
    for ask in (open_workbook, source_of):
        with pytest.raises(UsageError, match="needs --engine spark"):
            ask(at(folder))


def test_a_report_at_an_address_has_the_same_pages_and_stands_until_a_file_changes(folder, tmp_path, monkeypatch):
    # No more frames than are asked for by what stands beside the page.
    monkeypatch.setattr("kmanalysis.report.report.each_finished_frame", lambda workbook: finished(workbook).items())
    monkeypatch.setattr("kmanalysis.report.report.frame_names", finished)
    standards = override_standards({"counting.history_months": {"value": 1}}, file="test")
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "small.ipynb").write_bytes((FIXTURES / "small.ipynb").read_bytes())

    def report(data, out, **engine):
        asked = Request(data, "2026-10", standards, Words("en"), tmp_path / "notebooks", tmp_path / out, **engine)
        return fulfil(asked, Options(jobs=1), Progress(Console(file=io.StringIO()), Words("en")))

    spark = {"engine": "spark", "master": MASTER, "memory": "3GB"}
    here, there = report(folder, "here"), report(at(folder), "there", **spark)
    assert (there.month, there.pages, there.rejected, there.is_new) == (here.month, here.pages, here.rejected, True)
    for name in ("small.html", "scorecard.csv", "scorecard.xlsx", "measures.parquet"):
        assert (tmp_path / "there" / there.month / name).read_bytes() == (tmp_path / "here" / here.month / name).read_bytes()
    assert not report(at(folder), "there", **spark).is_new
    path = folder / "suppliers.parquet"
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 60))
    monkeypatch.setattr("kmanalysis.report.report.write", lambda *asked: "made anew")
    assert report(at(folder), "there", **spark) == "made anew"
