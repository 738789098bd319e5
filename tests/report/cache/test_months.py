import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import date
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.opening import open_workbook
from kmanalysis.report.cache.fingerprints import Fingerprints, read_fingerprints
from kmanalysis.report.cache.months import INDEX, VERSIONS_OF_A_MONTH, MonthStore, frame_content, frame_of, last_month, remember_last_month
from kmanalysis.samples import make_samples
from kmanalysis.standards import default_standards, override_standards
from kmanalysis.tables import tables
from kmanalysis.times import Month

MONTH = Month(2026, 9)
ROWS = pa.table({"sku": ["a", None], "day": pa.array([0, 1], pa.date32()), "orders": [1, 2]})
FRAME = pd.DataFrame({"supplier_id": ["s1", "s2"], "value": [0.1, float("nan")]})


@pytest.fixture
def store(tmp_path):
    """The store of a folder, of some files by their content: ``store(orders="1")``."""

    def open_store(standards=None, force=False, key="", program="p", **files):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "orders.csv").touch()
        fingerprints = Fingerprints(tmp_path / "data", files, key, program)
        return MonthStore(tmp_path / "kept", fingerprints, standards or default_standards(), force=force)

    return open_store


def keep(store, month="2026-09", name="measures.observed", frame=FRAME, tables=()):
    store.frames[month, name] = frame
    store.save(tables)


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_was_kept_is_there_in_the_next_run_and_to_nobody_else(store):
    keep(store(orders="1"))
    pd.testing.assert_frame_equal(store(orders="1").frames["2026-09", "measures.observed"], FRAME, check_exact=True)
    others = [store(orders="2"), store(orders="1", fees="1"), store(orders="1", key="k"), store(orders="1", force=True), store(orders="1", program="q")]
    others.append(store(override_standards({"grade.S.points": 90}, file="test"), orders="1"))
    assert [("2026-09", "measures.observed") in other.frames for other in others] == [False] * 6
    assert ("2026-10", "measures.observed") not in store(orders="1").frames
    assert ("2026-09", "scoring.grades") not in store(orders="1").frames


def test_frames_are_added_to_those_that_are_there(store):
    keep(store(orders="1"))
    keep(store(orders="1"), name="scoring.grades")
    assert all(("2026-09", name) in store(orders="1").frames for name in ("measures.observed", "scoring.grades"))


def test_the_same_frames_are_the_same_bytes(store, tmp_path):
    keep(store(orders="1"))
    first = files(tmp_path / "kept")
    assert [name.rpartition("/")[2] for name in first] == ["measures.observed.parquet", INDEX]
    keep(store(orders="1", force=True))
    assert files(tmp_path / "kept") == first


@pytest.mark.parametrize("which", ["measures.observed.parquet", INDEX])
@pytest.mark.parametrize("damage", ["cut", "empty", "bit", "gone"])
def test_a_damaged_file_costs_a_recount_and_is_mended(store, tmp_path, damage, which):
    keep(store(orders="1"))
    [path] = (tmp_path / "kept").rglob(which)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes({"cut": path.read_bytes()[:100], "empty": b"", "bit": bytes(content), "gone": b""}[damage])
    if damage == "gone":
        path.unlink()
    damaged = store(orders="1")
    assert ("2026-09", "measures.observed") not in damaged.frames
    keep(damaged)
    assert ("2026-09", "measures.observed") in store(orders="1").frames


def test_an_index_is_believed_where_it_was_written_alone(store, tmp_path):
    keep(store(orders="1"))
    keep(store(orders="2"), frame=FRAME.head(1))
    one, other = sorted((tmp_path / "kept" / "2026-09").iterdir())
    shutil.rmtree(other)
    one.rename(other)
    assert ("2026-09", "measures.observed") not in store(orders="1").frames
    assert ("2026-09", "measures.observed") not in store(orders="2").frames


def test_old_ones_go(store, tmp_path):
    for orders in "12345":
        keep(store(orders=orders))
    keep(store(orders="5"), month="2026-08")
    assert len(list((tmp_path / "kept" / "2026-09").iterdir())) == VERSIONS_OF_A_MONTH
    assert len(list((tmp_path / "kept" / "2026-08").iterdir())) == 1
    assert ("2026-09", "measures.observed") in store(orders="5").frames


def test_rows_of_tables_come_back_as_they_were(store):
    assert store(orders="1").taken("orders.orders_by_day", MONTH) is None
    keep(store(orders="1"), tables=[("orders.orders_by_day", MONTH, ROWS)])
    assert store(orders="1").taken("orders.orders_by_day", MONTH).equals(ROWS)
    assert store(orders="2").taken("orders.orders_by_day", MONTH) is None
    assert store(orders="1").taken("orders.orders_by_day", MONTH - 1) is None
    assert store(orders="1").taken("orders.others", MONTH) is None
    assert ("2026-09", "orders.orders_by_day") not in store(orders="1").frames


def test_two_runs_keep_a_month_at_once(store):
    stores = [store(orders="1"), store(orders="1")]
    for one in stores:
        one.frames["2026-09", "measures.observed"] = FRAME
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda one: [keep(one, tables=[("orders.orders_by_day", MONTH, ROWS)]) for _ in range(20)], stores))
    pd.testing.assert_frame_equal(store(orders="1").frames["2026-09", "measures.observed"], FRAME, check_exact=True)
    assert store(orders="1").taken("orders.orders_by_day", MONTH).equals(ROWS)


def test_the_last_month_is_known_for_the_same_files_alone(tmp_path):
    fingerprints = Fingerprints(tmp_path, {"orders.csv": "1"}, "", "p")
    assert last_month(tmp_path, fingerprints) is None
    remember_last_month(tmp_path, fingerprints, "2026-10")
    assert last_month(tmp_path, fingerprints) == "2026-10"
    assert last_month(tmp_path, Fingerprints(tmp_path, {"orders.csv": "2"}, "", "p")) is None
    told = tmp_path / "last_month.json"
    told.write_text(told.read_text().replace("2026-10", "2026-11"))
    assert last_month(tmp_path, fingerprints) is None


def test_a_frame_comes_back_as_it_was_or_is_not_kept():
    rows = {
        "text": ["x", None], "empty": ["", "nan"], "whole": [1, 2], "float": [0.1, -0.0], "flag": [True, False], "day": [date(2026, 9, 1), None],
        "money": [Decimal("1.0000"), None], "time": pd.to_datetime(["2026-09-01", None]).astype("datetime64[us]"),
        "whole_day": pd.to_datetime(["2026-09-01", None]).astype("datetime64[s]"),
    }  # fmt: skip
    frame = pd.DataFrame(rows)
    found = frame_of(frame_content(frame))
    pd.testing.assert_frame_equal(found, frame, check_exact=True)
    assert [[type(value) for value in found[name]] for name in found] == [[type(value) for value in frame[name]] for name in frame]
    by_label = FRAME.set_index("supplier_id")
    pd.testing.assert_frame_equal(frame_of(frame_content(by_label)), by_label, check_exact=True)
    assert frame_content(pd.DataFrame({"mixed": pd.Series([1, "1"], dtype=object)})) is None


class _NoWords:
    """The frames of a month speak no language: they are kept for all of them."""

    def __getattr__(self, name):
        raise AssertionError(f"a finished frame asked for words: {name}")


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """A folder of month parts to September, then with October's beside them and rows that are late for September in every time but that of their event."""
    whole = make_samples(tmp_path_factory.mktemp("samples") / "whole", suppliers=4, months=3, orders=2500, last_month="2026-10", format="parquet")
    cut = tmp_path_factory.mktemp("samples") / "cut"
    for path in whole.rglob("*.parquet"):
        if path.stem != "2026-10":
            (cut / path.relative_to(whole)).parent.mkdir(parents=True, exist_ok=True)
            (cut / path.relative_to(whole)).write_bytes(path.read_bytes())
    for path in whole.glob("*/2026-09.parquet"):
        _write_late(path)
    return cut, whole


def _write_late(path):
    table = tables()[path.parent.name]
    rows = pq.read_table(path).to_pandas(types_mapper=pd.ArrowDtype)
    rows[table.event_time] += pd.Timedelta(days=31)
    for name in rows.columns:
        column = table.columns.get(name)
        if name == table.event_time:
            continue
        if column is None or (column.not_before and not column.required):
            rows[name] = None
        elif name in table.key and column.type == "id" and not column.refers_to:
            rows[name] = "late-" + rows[name]
    pq.write_table(pa.Table.from_pandas(rows, schema=stamped_schema(table), preserve_index=False), path.with_name("late.parquet"))


def test_a_month_is_the_same_without_what_happened_after_it(months, tmp_path, monkeypatch):
    cut, whole = months
    store = MonthStore(tmp_path, read_fingerprints(cut), default_standards())
    workbook = open_workbook(cut, str(MONTH), frames=store.frames)
    workbook.words = _NoWords()
    counted = finished_frames(workbook)
    store.save()

    recounted = finished_frames(open_workbook(whole, str(MONTH)))
    assert counted.keys() == recounted.keys()
    assert sum(map(len, counted.values())) > 2000
    for name, frame in counted.items():
        pd.testing.assert_frame_equal(frame, recounted[name], check_exact=True, obj=name)

    # And so October does not make anyone count September again.
    again = open_workbook(whole, str(MONTH), frames=MonthStore(tmp_path, read_fingerprints(whole), default_standards()).frames)
    assert again.first_month <= MONTH
    for asked in ("answer", "in_month", "kept"):
        monkeypatch.setattr(f"kmanalysis.workbook.Workbook.{asked}", lambda *_: pytest.fail("rows were asked for"))
    for name, frame in finished_frames(again).items():
        pd.testing.assert_frame_equal(frame, counted[name], check_exact=True, obj=name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_samples(tmp_path_factory.mktemp("samples") / "data", suppliers=3, months=6, orders=2000, last_month="2026-10", format="parquet")


def counted_months(folder, month, kept):
    """The month's frames with what is kept, and the months of which rows were read."""
    store = MonthStore(kept, read_fingerprints(folder), default_standards())
    workbook = open_workbook(folder, month, frames=store.frames, shelf=store)
    heard = []

    def hear(counting):
        heard.append(str(counting.month))
        return nullcontext()

    workbook.listen(hear)
    found = finished_frames(workbook)
    store.save(workbook.reusable_tables())
    return found, heard


def test_a_new_month_counts_no_month_that_is_over(folder, tmp_path):
    counted_months(folder, "2026-09", tmp_path)
    found, heard = counted_months(folder, "2026-10", tmp_path)
    assert set(heard) == {"2026-10"}
    workbook = open_workbook(folder, "2026-10")
    anew = finished_frames(workbook)
    assert found.keys() == anew.keys()
    for name, frame in anew.items():
        pd.testing.assert_frame_equal(found[name], frame, check_exact=True, obj=name)

    # And no buyer lies beside the reports.
    kept = {table: rows for table, _, rows in workbook.reusable_tables()}
    assert kept.keys() == {"orders.orders_by_day", "market.basket_counts", "remedies.failures"}
    assert not [name for rows in kept.values() for name in rows.column_names if "buyer" in name]
    assert not [table for table, rows in kept.items() if "kd1:" in rows.to_pandas().to_csv()]
    assert not [path for path in tmp_path.rglob("*.parquet") if "kd1:" in pq.read_table(path).to_pandas().to_csv()]
