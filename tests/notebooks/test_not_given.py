"""Every page renders whatever tables and columns the folder lacks, and says what that closes."""

import os
import random

import pytest

from kmanalysis.assets import notebooks_folder
from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.opening import open_workbook
from kmanalysis.report.notebooks import report_notebooks
from kmanalysis.report.sheets.excel import scorecard_workbook
from kmanalysis.report.site.index import index_page
from kmanalysis.report.site.pages import all_pages
from kmanalysis.report.slices import Slices
from kmanalysis.slices import SLICE_VARIABLE
from tests.measures.test_given import COLUMNS, MONTH, TABLES, small_samples, without
from tests.notebooks.test_nothing_observed import shown_by

PLATFORM = ("suppliers", "products", "listings", "orders", "codes", "stock_snapshots")
"""What a platform's database alone can give."""

SEED_VARIABLE = "KMANALYSIS_TEST_SEED"
SEED = os.environ.get(SEED_VARIABLE) or os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{random.SystemRandom().getrandbits(64):x}"
"""Another one at each run, shared by all of its processes. A failing test tells it: set the variable to it to draw the same sets again."""

GROUPS = 6


def drawn(seed):
    """Every table and every optional column in one of a few sets; no column in the set of its table, which would take it along."""
    draw, groups = random.Random(seed), [set() for _ in range(GROUPS)]
    for number, table in enumerate(draw.sample(TABLES, len(TABLES))):
        groups[number % GROUPS].add(table)
    for column in draw.sample(COLUMNS, len(COLUMNS)):
        min((group for group in groups if column.partition(".")[0] not in group), key=len).add(column)
    return groups


REMOVED = {
    "a platform alone": set(TABLES) - set(PLATFORM),
    "no optional column": set(COLUMNS),
    **{f"drawn {number}": group for number, group in enumerate(drawn(SEED), 1)},
}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return small_samples(tmp_path_factory.mktemp("given"))


@pytest.fixture(scope="module")
def notebooks():
    return report_notebooks(notebooks_folder())


@pytest.mark.parametrize("removed", REMOVED.values(), ids=REMOVED)
def test_every_page_renders(removed, samples, notebooks, tmp_path, monkeypatch):
    print(f"removed: {', '.join(sorted(removed))}\nthe same again: {SEED_VARIABLE}={SEED}")
    workbook = open_workbook(without(samples, tmp_path / "folder", removed), MONTH)
    slices = Slices(workbook, frames := finished_frames(workbook))
    assert set(frames["measures.not_given"]["lacks"]) <= removed
    for page in all_pages(notebooks, workbook):
        if page.supplier not in ("", workbook.suppliers[0]):
            continue
        slices.save(page, tmp_path / "slices" / page.supplier)
        with monkeypatch.context() as batch:
            batch.setenv(SLICE_VARIABLE, str(tmp_path / "slices" / page.supplier))
            shown = shown_by(page.notebook.path, **page.parameters(MONTH, "zh"))
        assert len(shown) > 4, page.path
        assert [part for part in shown if ">nan<" in part.lower()] == [], page.path
        if page.supplier or page.notebook_name == "09_review":
            assert any("没有提供的数据" in part for part in shown) == bool(len(frames["measures.not_given"])), page.path
    assert b"</html>" in index_page(workbook, {}, workbook.attached.receipts, [])
    assert scorecard_workbook(workbook).startswith(b"PK")


@pytest.mark.parametrize("seed", range(5))
def test_a_run_removes_every_table_and_every_optional_column_once(seed):
    groups = drawn(seed)
    assert sorted(name for group in groups for name in group) == sorted([*TABLES, *COLUMNS])
    assert max(map(len, groups)) - min(map(len, groups)) <= 1
    assert drawn(seed) == groups
    assert drawn(seed) != drawn(f"{seed} or another")
    assert not [name for group in groups for name in group if "." in name and name.partition(".")[0] in group]
