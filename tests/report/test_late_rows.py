"""One supplier's late rows in real samples: which pages they change."""

import shutil

import pandas as pd
import pytest

from kmanalysis.assets import notebooks_folder, samples_folder
from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.opening import open_workbook
from kmanalysis.report.notebooks import report_notebooks
from kmanalysis.report.site.pages import all_pages
from kmanalysis.report.slices import Slices
from kmanalysis.tables import tables

LATE = "S07"


def digests(workbook):
    """Digest of what each page shows."""
    assert not any(receipt.rejected for receipt in workbook.attached.receipts)
    slices = Slices(workbook, finished_frames(workbook))
    return {page.path: slices.digest(page, slices.frames(page.supplier)) for page in all_pages(report_notebooks(notebooks_folder()), workbook)}


@pytest.fixture
def late(tmp_path):
    """The samples with some orders, tickets, probes and readings of one supplier once more, a minute later."""
    folder = shutil.copytree(samples_folder(), tmp_path / "late")
    for name in ("orders", "tickets", "probes", "stock_snapshots"):
        table = tables()[name]
        rows = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        lately = rows[table.event_time].between("2026-10-05", "2026-10-25") & (rows["supplier_id"] == LATE)
        more = rows[lately].head(40).copy()
        for column in (column.name for column in table.columns.values() if column.type == "timestamp" and column.name in rows):
            moved = pd.to_datetime(more[column], format="ISO8601") + pd.Timedelta(seconds=61)
            more[column] = moved.dt.strftime("%Y-%m-%d %H:%M:%S").fillna("")
        if table.key[0] != "supplier_id":
            more[table.key[0]] = "late-" + more[table.key[0]]
        assert len(more) > 20
        pd.concat([rows, more]).to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_one_supplier_s_late_rows_change_its_page_and_the_portfolio_s_alone(samples, late):
    before, after = digests(samples), digests(open_workbook(late, "2026-10"))
    portfolio = {path for path in before if not path.startswith("suppliers/")}
    assert len(before) - len(portfolio) == 20
    assert {path for path in before if before[path] != after[path]} == portfolio | {f"suppliers/{LATE}.html"}
