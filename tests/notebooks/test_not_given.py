"""Every page renders whatever tables and columns the folder lacks, and says what that closes."""

import random

import pytest

from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.opening import open_workbook
from kmanalysis.slices import SLICE_VARIABLE, save_slice
from tests.measures.test_given import COLUMNS, MONTH, TABLES, small_samples, without
from tests.notebooks.test_nothing_observed import NOTEBOOKS, shown_by

PLATFORM = ("suppliers", "products", "listings", "orders", "codes", "stock_snapshots")
"""What a platform's database alone can give."""


def drawn():
    """Another set at each run; a failing one is a bug: keep it as an example."""
    draw = random.SystemRandom()
    return sorted(draw.sample([*TABLES, *COLUMNS], draw.randint(1, 8)))


REMOVED = {"a platform alone": [name for name in TABLES if name not in PLATFORM], "no optional column": COLUMNS, "drawn": drawn()}


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return small_samples(tmp_path_factory.mktemp("given"))


@pytest.mark.parametrize("removed", REMOVED.values(), ids=REMOVED)
def test_every_page_renders(removed, samples, tmp_path, monkeypatch):
    workbook = open_workbook(without(samples, tmp_path / "folder", set(removed)), MONTH)
    frames = finished_frames(workbook)
    save_slice(tmp_path / "slice", workbook, frames, workbook.suppliers)
    monkeypatch.setenv(SLICE_VARIABLE, str(tmp_path / "slice"))
    lacks = set(frames["measures.not_given"]["lacks"])
    for notebook in NOTEBOOKS:
        shown = shown_by(notebook, lang="zh")
        assert len(shown) > 4, (removed, notebook.stem)
        assert [part for part in shown if ">nan<" in part.lower()] == [], (removed, notebook.stem)
        if lacks and notebook.stem in ("09_review", "supplier"):
            assert any("没有提供的数据" in part for part in shown), (removed, notebook.stem)
