"""Rows of kept tables from run to run: the same as counted anew, and no month that is over is counted again."""

import pandas as pd
import pyarrow as pa
import pytest

from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.opening import open_workbook
from kmanalysis.report.cache.inputs import Inputs, read_inputs
from kmanalysis.report.cache.kept_archives import Archives
from kmanalysis.report.cache.kept_frames import KeptFrames
from kmanalysis.report.cache.kept_tables import KeptTables
from kmanalysis.samples import make_samples
from kmanalysis.standards import default_standards
from kmanalysis.times import Month

MONTH = Month(2026, 9)
ROWS = pa.table({"sku": ["a", None], "day": pa.array([0, 1], pa.date32()), "orders": [1, 2]})


@pytest.fixture
def kept(tmp_path):
    """The tables kept in a folder, of an orders file by its content."""

    def open_kept(orders):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "orders.csv").touch()
        return KeptTables(Archives(tmp_path / "kept", Inputs(tmp_path / "data", {"orders.csv": orders}, ""), default_standards()))

    return open_kept


def test_rows_come_back_as_they_were(kept):
    first = kept("1")
    first.put("orders.orders_by_day", MONTH, ROWS)
    assert kept("1").taken("orders.orders_by_day", MONTH) is None  # not saved yet
    first.save()
    assert kept("1").taken("orders.orders_by_day", MONTH).equals(ROWS)
    assert kept("2").taken("orders.orders_by_day", MONTH) is None
    assert kept("1").taken("orders.orders_by_day", MONTH - 1) is None
    assert kept("1").taken("orders.others", MONTH) is None


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_samples(tmp_path_factory.mktemp("samples") / "data", suppliers=3, months=6, orders=2000, last_month="2026-10", format="parquet")


def counted(folder, month, kept):
    """The month's frames with what is kept, and the months of which tables were read."""
    archives = Archives(kept, read_inputs(folder), default_standards())
    frames, tables = KeptFrames(archives), KeptTables(archives)
    workbook = open_workbook(folder, month, frames=frames, shelf=tables)
    heard = []
    ask = workbook._queries._watch
    workbook._queries._watch = lambda query, month: heard.append((str(month), query.tables)) or ask(query, month)
    found = finished_frames(workbook)
    frames.save()
    for rows in workbook.reusable_tables():
        tables.put(*rows)
    tables.save()
    return found, heard


def test_a_new_month_counts_no_month_that_is_over(folder, tmp_path):
    counted(folder, "2026-09", tmp_path)
    found, heard = counted(folder, "2026-10", tmp_path)
    assert {month for month, _ in heard} == {"2026-10"}
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
