"""Readings on disk: kept, merged by month, never twice and never less, whoever looks on and wherever a kill falls."""

from __future__ import annotations

import io
import json
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from kmanalysis.cli import app
from kmanalysis.decisions.bundle import each_finished_frame
from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError, LockHeld
from kmanalysis.files import durable
from kmanalysis.loaders import store as loads
from kmanalysis.loaders.checking.stamp import STAMP_KEY, given_columns, is_stamped
from kmanalysis.loaders.folder import attach, table_files
from kmanalysis.loaders.load import check
from kmanalysis.measures.observation import observed
from kmanalysis.opening import open_workbook
from kmanalysis.report.sheets.data_files import measures_parquet, scorecard_csv
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.sources.watch.store import OWN_FOLDER, Store, held
from kmanalysis.tables import tables
from kmanalysis.workbook import Workbook
from tests.sources.watch.run_compaction import LONG_AGO, published

BEGIN = datetime(2026, 11, 5, 4, 0, 0)
OCTOBER = datetime(2026, 10, 1, 4)
ROOT = Path(__file__).parents[3]


def stock_row(number: int, at: datetime | None = None, synced: datetime | None = None) -> dict:
    moment = at or BEGIN + timedelta(minutes=number)
    return {
        "supplier_id": "S1", "sku": "k1", "observed_at": moment, "quantity": number, "scan_ok": True, "is_placeholder": False, "source_synced_at": synced,
    }  # fmt: skip


def scan_rows(number: int) -> dict:
    row = stock_row(number)
    quote = {"supplier_id": "S1", "sku": "k1", "quoted_at": row["observed_at"], "unit_price": Decimal(number), "currency": "CNY"}
    return {"stock_snapshots": [row], "quotes": [quote], "probes": [{"supplier_id": "S1", "probed_at": row["observed_at"], "is_up": True, "latency_ms": 1.5}]}


def quantities(folder: Path) -> list[int]:
    engine = connect()
    attach(engine, folder)
    return [row[0] for row in engine.execute("SELECT quantity FROM stock_snapshots ORDER BY observed_at").fetchall()]


@pytest.fixture
def kept(folder):
    made = Store(folder)
    yield made
    made.close()


def test_what_is_kept_waits_outside_of_the_tables_until_it_is_published(folder, kept):
    kept.append(scan_rows(1), BEGIN)
    assert set(table_files(folder)) == {"suppliers", "products", "listings"}
    assert kept.publish(BEGIN)
    assert {name: [path.name for path in files] for name, files in table_files(folder).items() if name in ("quotes", "stock_snapshots", "probes")} == {
        "quotes": ["2026-11@1.parquet"], "stock_snapshots": ["2026-11@1.parquet"], "probes": ["2026-11@1.parquet"],
    }  # fmt: skip
    assert kept.waiting == {}
    assert not len(check(folder).rejects)
    assert all(is_stamped(pq.read_schema(folder / name / "2026-11@1.parquet"), tables()[name]) for name in ("quotes", "stock_snapshots", "probes"))


def test_a_month_is_the_one_of_shanghai_and_a_reading_knows_the_next(folder, kept):
    last, first = datetime(2026, 11, 30, 15, 59), datetime(2026, 11, 30, 16, 0)
    kept.append({"stock_snapshots": [stock_row(1, last - timedelta(hours=1)), stock_row(2, last), stock_row(3, first)]}, last)
    kept.publish(BEGIN)
    assert [path.name for path in table_files(folder)["stock_snapshots"]] == ["2026-11@1.parquet", "2026-12@1.parquet"]
    kept.append({"stock_snapshots": [stock_row(4, last - timedelta(minutes=30))]}, last)
    kept.publish(BEGIN)
    november = pq.read_table(table_files(folder)["stock_snapshots"][0]).to_pylist()
    assert [(row["quantity"], row["next_at"]) for row in november] == [(1, last - timedelta(minutes=30)), (4, last), (2, None)]


def test_the_same_part_again_changes_nothing(folder, kept, tmp_path):
    kept.append(scan_rows(1), BEGIN)
    shutil.copytree(folder / OWN_FOLDER / "parts", tmp_path / "parts")
    kept.publish(BEGIN)
    shutil.copytree(tmp_path / "parts", folder / OWN_FOLDER / "parts", dirs_exist_ok=True)
    kept.append(scan_rows(2), BEGIN)
    kept.publish(BEGIN)
    assert quantities(folder) == [1, 2]


def test_a_column_counts_as_given_once_an_upstream_gave_it(folder, kept):
    table = tables()["stock_snapshots"]
    kept.append({"stock_snapshots": [stock_row(1)]}, BEGIN)
    kept.publish(BEGIN)
    assert "source_synced_at" not in given_columns(pq.read_schema(folder / "stock_snapshots" / "2026-11@1.parquet"), table)
    kept.append({"stock_snapshots": [stock_row(2, synced=BEGIN)]}, BEGIN)
    kept.publish(BEGIN)
    assert "source_synced_at" in given_columns(pq.read_schema(folder / "stock_snapshots" / "2026-11@2.parquet"), table)


class Killed(BaseException):
    """Ends everything at once, as a kill does."""


def test_wherever_a_publication_is_killed_nothing_is_lost_or_repeated(folder, monkeypatch):
    """Each step that changes the disk is the last one once."""
    first = Store(folder)
    first.append(scan_rows(1), BEGIN)
    first.publish(BEGIN)
    for number in (2, 3, 4):
        first.append(scan_rows(number), BEGIN)
    first.close()
    steps = 0
    for last_step in range(1, 200):
        copy = folder.with_name(f"copy-{last_step}")
        shutil.copytree(folder, copy)
        done = iter(range(1, last_step))

        def before(act, done=done):
            def step(*given, **named):
                if next(done, None) is None:
                    raise Killed
                return act(*given, **named)

            return step

        with monkeypatch.context() as patched:
            store = Store(copy)
            for module in (durable, loads):
                patched.setattr(module, "move_into_place", before(durable.move_into_place))
            patched.setattr(loads, "write_table", before(loads.write_table))
            patched.setattr(loads, "write_atomically", before(loads.write_atomically))
            patched.setattr(Path, "unlink", before(Path.unlink))
            try:
                store.publish(BEGIN)
                is_killed = False
            except Killed:
                is_killed = True
        store.close()
        # Whoever reads now, before anybody mends anything, finds each row at most once, and all that were there before.
        assert quantities(copy) in ([1], [1, 2, 3, 4])
        again = Store(copy)
        assert again.publish(BEGIN)
        again.close()
        assert quantities(copy) == [1, 2, 3, 4]
        assert list((copy / OWN_FOLDER / "parts").iterdir()) == []
        shutil.rmtree(copy)
        steps = last_step
        if not is_killed:
            break
    assert 12 < steps < 199


@pytest.mark.parametrize("is_one_connection", [False, True])
def test_a_reader_never_finds_less_or_twice(folder, kept, is_one_connection):
    """A reader lists the folder, waits, and then opens what it listed, again and again, while readings are merged."""
    kept.append({"stock_snapshots": [stock_row(0)]}, BEGIN)
    kept.publish(LONG_AGO)
    published, ended, faults, looks = [1], threading.Event(), [], []

    def read() -> None:
        chance, engine = random.Random(3), connect(threads=1)
        while not ended.is_set():
            before = published[0]
            listed = table_files(folder)["stock_snapshots"]
            ended.wait(chance.uniform(0, 0.01))
            reader = engine if is_one_connection else duckdb.connect()
            paths = ", ".join(f"'{path}'" for path in listed)
            try:
                rows, different = reader.execute(f"SELECT count(*), count(DISTINCT quantity) FROM read_parquet([{paths}])").fetchone()
            except duckdb.Error as problem:
                faults.append(str(problem))
                continue
            looks.append(rows)
            if rows != different or not before <= rows <= published[0] + 3:
                faults.append((before, rows, different))

    reading = threading.Thread(target=read)
    reading.start()
    for number in range(1, 121):
        kept.append({"stock_snapshots": [stock_row(number)]}, BEGIN + timedelta(minutes=number))
        if number % 3 == 0:
            assert kept.publish(LONG_AGO)
            published[0] = number + 1
    ended.set()
    reading.join()
    assert faults == []
    assert len(set(looks)) > 5


def test_generations_that_nobody_can_still_read_are_removed(folder, kept):
    import os
    from datetime import UTC

    def names():
        return sorted(path.name for path in (folder / "stock_snapshots").iterdir())

    for number in (1, 2, 3):
        kept.append({"stock_snapshots": [stock_row(number)]}, BEGIN)
        kept.publish(BEGIN)
    assert names() == ["2026-11@1.parquet", "2026-11@2.parquet", "2026-11@3.parquet"]
    seconds = BEGIN.replace(tzinfo=UTC).timestamp()
    for number, age in ((2, 3601), (3, 3599)):
        os.utime(folder / "stock_snapshots" / f"2026-11@{number}.parquet", (seconds - age, seconds - age))
    kept.append({"stock_snapshots": [stock_row(4)]}, BEGIN)
    kept.publish(BEGIN)
    assert names() == ["2026-11@2.parquet", "2026-11@3.parquet", "2026-11@4.parquet"]
    assert quantities(folder) == [1, 2, 3, 4]


def test_a_folder_that_is_called_like_a_generation_replaces_none(folder, kept):
    kept.append({"stock_snapshots": [stock_row(1)]}, BEGIN)
    kept.publish(BEGIN)
    (folder / "stock_snapshots" / "2026-11@9.parquet").mkdir()
    kept.append({"stock_snapshots": [stock_row(2)]}, BEGIN)
    kept.publish(BEGIN)
    assert sorted(path.name for path in (folder / "stock_snapshots").iterdir()) == ["2026-11@1.parquet", "2026-11@2.parquet", "2026-11@9.parquet"]
    assert quantities(folder) == [1, 2]


def test_a_month_that_was_there_before_is_taken_over(folder, kept):
    kept.append({"stock_snapshots": [stock_row(1)]}, BEGIN)
    kept.publish(BEGIN)
    (folder / "stock_snapshots" / "2026-11@1.parquet").rename(folder / "stock_snapshots" / "2026-11.parquet")
    kept.append({"stock_snapshots": [stock_row(1), stock_row(2)]}, BEGIN)
    kept.publish(BEGIN)
    assert [path.name for path in table_files(folder)["stock_snapshots"]] == ["2026-11@1.parquet"]
    assert quantities(folder) == [1, 2]


def test_a_load_that_holds_the_folder_is_waited_for(folder, kept):
    kept.append(scan_rows(1), BEGIN)
    with loads.locked(folder):
        assert not kept.publish(BEGIN)
    assert kept.publish(BEGIN)
    assert quantities(folder) == [1]


def test_a_month_of_other_rules_is_left_alone_and_the_readings_wait(folder, kept):
    kept.append(scan_rows(1), BEGIN)
    kept.publish(BEGIN)
    path = folder / "stock_snapshots" / "2026-11@1.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata({STAMP_KEY: "of other rules"}), path)
    kept.append(scan_rows(2), BEGIN)
    with pytest.raises(DataError, match="check --stamp"):
        kept.publish(BEGIN)
    assert list(kept.waiting) == ["quotes", "stock_snapshots", "probes"]


def test_a_table_in_another_form_is_refused(folder, kept):
    (folder / "quotes.csv").write_text("supplier_id,sku,quoted_at,unit_price,currency\n", encoding="utf-8")
    kept.append(scan_rows(1), BEGIN)
    with pytest.raises(DataError, match=r"quotes\.csv"):
        kept.publish(BEGIN)


def test_the_second_says_who_holds_the_folder(folder):
    import os

    with held(folder, BEGIN), pytest.raises(LockHeld, match=f"process {os.getpid()} on .*2026-11-05 04:00:00"), held(folder, BEGIN):
        pass
    with held(folder, BEGIN):
        pass


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(DataError), held(tmp_path / "none", BEGIN):
        pass
    assert not (tmp_path / "none").exists()


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
        at = OCTOBER + timedelta(hours=hour)
        reading = {"supplier_id": "S1", "sku": "k1", "observed_at": at, "quantity": hour % 90, "scan_ok": True, "is_placeholder": False}
        stocks.append(reading | {"source_synced_at": at - timedelta(minutes=4)})
        quotes.append({"supplier_id": "S1", "sku": "k1", "quoted_at": at, "unit_price": Decimal(9 + hour % 3), "currency": "CNY"})
        probes.append({"supplier_id": "S1", "probed_at": at, "is_up": hour % 100 > 0, "latency_ms": 5.0})
    store.append({"stock_snapshots": stocks, "quotes": quotes, "probes": probes}, OCTOBER)
    assert store.publish(datetime(2026, 11, 1))
    store.close()
    return folder


@contextmanager
def merging(folder: Path) -> Iterator[Callable[[], None]]:
    """Another process merges readings of S2 while the block runs; what is given waits until one more generation than now is published."""
    command = [sys.executable, "-m", "tests.sources.watch.run_compaction", str(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None

    def another() -> None:
        # What it said before may still lie in the pipe.
        now = published(folder)
        while int(process.stdout.readline() or pytest.fail(process.stderr.read())) <= now:
            pass

    try:
        yield another
    finally:
        process.stdin.close()
        process.stdout.read()
        assert process.wait(60) == 0, process.stderr.read()


def test_a_workbook_reads_the_same_while_another_process_merges(watched):
    """Opened before, between and while generations come and go; the longest reading outlives many of them."""
    before = measured(open_workbook(watched, "2026-10", lang="en"))
    assert (before["n"] > 0).sum() >= 3
    opened = open_workbook(watched, "2026-10", lang="en")
    with merging(watched) as another:
        for _ in range(8):
            another()
        # What was listed before any of them came is read now.
        pd.testing.assert_frame_equal(measured(opened), before)
        for _ in range(2):
            workbook = open_workbook(watched, "2026-10", lang="en")
            assert totals(workbook) == dict.fromkeys(("stock_snapshots", "quotes", "probes"), (672, 672))
            another()
            pd.testing.assert_frame_equal(measured(workbook), before)
    after = open_workbook(watched, "2026-10", lang="en")
    pd.testing.assert_frame_equal(measured(after), before)
    rows = after.table("stock_snapshots")
    # All of the other supplier's readings are there, each once.
    of_other = rows.filter(rows.supplier_id == "S2")
    assert after.value_of(of_other.count()) == after.value_of(of_other.quantity.nunique()) == after.value_of(of_other.quantity.max())


def report(data: Path, out: Path) -> dict[str, bytes]:
    """The files of a report of the pages that show readings."""
    pages = ["--notebook", "01_stability", "--notebook", "03_price", "--supplier", "S1"]
    done = CliRunner().invoke(app.app, ["report", "--data", str(data), "--month", "2026-10", "--out", str(out), "--jobs", "1", "--lang", "en", *pages])
    assert done.exit_code == 0, done.stderr
    files = (out / "2026-10").rglob("*")
    return {path.relative_to(out / "2026-10").as_posix(): path.read_bytes() for path in sorted(files) if path.is_file()}


def test_a_report_is_the_same_while_another_process_merges(watched, tmp_path, monkeypatch):
    """Made while generations come and go, it is the one that is made in peace of the files that it listed; and it leaves nothing that a later one shows."""
    before = measured(open_workbook(watched, "2026-10", lang="en"))
    with merging(watched) as another, monkeypatch.context() as disturbed:

        def opened(*given, **named) -> Workbook:
            workbook = open_workbook(*given, **named)
            another()
            return workbook

        def counted(workbook: Workbook) -> Iterator[tuple[str, pd.DataFrame]]:
            for number, frame in enumerate(each_finished_frame(workbook)):
                if number % 30 == 0:
                    another()
                yield frame

        another()
        disturbed.setattr("kmanalysis.report.report.open_workbook", opened)
        disturbed.setattr("kmanalysis.report.report.each_finished_frame", counted)
        meanwhile = report(watched, tmp_path / "out")
    told = json.loads(meanwhile["manifest.json"])
    assert {path.partition("/")[0] for path in meanwhile} >= {"01_stability.html", "03_price.html", "suppliers", "scorecard.csv", "scorecard.xlsx"}
    assert f"stock_snapshots/2026-10@{published(watched)}.parquet" not in told["rows"]
    shown = pd.read_parquet(io.BytesIO(meanwhile["measures.parquet"]))
    pd.testing.assert_frame_equal(shown[shown["supplier_id"] == "S1"].reset_index(drop=True), before, check_dtype=False)

    for path in told["rows"]:
        (tmp_path / "listed" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(watched / path, tmp_path / "listed" / path)
    in_peace = report(tmp_path / "listed", tmp_path / "peace")
    digests = [json.loads(files.pop("manifest.json"))["input"]["digest"].encode() for files in (meanwhile, in_peace)]
    # The first page names the folder's files, which had changed by the end.
    assert digests[0] in meanwhile["index.html"]
    meanwhile["index.html"] = meanwhile["index.html"].replace(*digests)
    assert list(meanwhile) == list(in_peace)
    assert [path for path in in_peace if meanwhile[path] != in_peace[path]] == []

    again, anew = report(watched, tmp_path / "out"), open_workbook(watched, "2026-10")
    assert again["measures.parquet"] == measures_parquet(observed(anew)) != meanwhile["measures.parquet"]
    assert again["scorecard.csv"] == scorecard_csv(scorecard(anew)).encode()
