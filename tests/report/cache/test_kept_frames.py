from datetime import date
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.opening import open_workbook
from kmanalysis.report.cache import kept_archives
from kmanalysis.report.cache.inputs import Inputs, read_inputs
from kmanalysis.report.cache.kept_archives import KEPT_OF_A_MONTH, Archives
from kmanalysis.report.cache.kept_frames import KeptFrames, exact_content, restored
from kmanalysis.samples import make_samples
from kmanalysis.standards import default_standards, override_standards
from kmanalysis.tables import tables
from kmanalysis.times import Month

MONTH = Month(2026, 9)
FRAME = pd.DataFrame({"supplier_id": ["s1", "s2"], "value": [0.1, float("nan")]})


@pytest.fixture
def kept(tmp_path):
    """Frames kept in a folder, of some files by their content: ``kept(orders="1")``."""

    def open_kept(standards=None, force=False, key="", **files):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "orders.csv").touch()
        return KeptFrames(Archives(tmp_path / "kept", Inputs(tmp_path / "data", files, key), standards or default_standards(), force=force))

    return open_kept


def keep(frames, month="2026-09", name="measures.observed", frame=FRAME):
    frames[month, name] = frame
    frames.save()


def test_what_was_kept_is_there_in_the_next_run_and_to_nobody_else(kept, monkeypatch):
    keep(kept(orders="1"))
    pd.testing.assert_frame_equal(kept(orders="1")["2026-09", "measures.observed"], FRAME, check_exact=True)
    others = [kept(orders="2"), kept(orders="1", fees="1"), kept(orders="1", key="k"), kept(orders="1", force=True)]
    others.append(kept(override_standards({"grade.S.points": 90}, file="test"), orders="1"))
    assert [("2026-09", "measures.observed") in other for other in others] == [False] * 5
    assert ("2026-10", "measures.observed") not in kept(orders="1")
    assert ("2026-09", "scoring.grades") not in kept(orders="1")
    monkeypatch.setattr(kept_archives, "program_digest", lambda: "another")
    assert ("2026-09", "measures.observed") not in kept(orders="1")


def test_frames_are_added_to_those_that_are_there(kept):
    keep(kept(orders="1"))
    keep(kept(orders="1"), name="scoring.grades")
    assert all(("2026-09", name) in kept(orders="1") for name in ("measures.observed", "scoring.grades"))


def test_the_same_frames_are_the_same_bytes(kept, tmp_path):
    keep(kept(orders="1"))
    first = [path.read_bytes() for path in (tmp_path / "kept").rglob("*.zip")]
    keep(kept(orders="1", force=True))
    assert [path.read_bytes() for path in (tmp_path / "kept").rglob("*.zip")] == first


@pytest.mark.parametrize("damage", ["cut", "empty", "bit", "gone"])
def test_a_damaged_file_costs_a_recount_and_is_mended(kept, tmp_path, damage):
    keep(kept(orders="1"))
    [path] = (tmp_path / "kept").rglob("*.zip")
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes({"cut": content[:200], "empty": b"", "bit": bytes(content), "gone": b""}[damage])
    if damage == "gone":
        path.unlink()
    damaged = kept(orders="1")
    assert ("2026-09", "measures.observed") not in damaged
    keep(damaged)
    assert ("2026-09", "measures.observed") in kept(orders="1")


def test_old_ones_go(kept, tmp_path):
    for orders in "12345":
        keep(kept(orders=orders))
    keep(kept(orders="5"), month="2026-08")
    assert len(list((tmp_path / "kept").rglob("2026-09-*"))) == KEPT_OF_A_MONTH
    assert len(list((tmp_path / "kept").rglob("2026-08-*"))) == 1
    assert ("2026-09", "measures.observed") in kept(orders="5")


def test_a_frame_comes_back_as_it_was_or_is_not_kept():
    rows = {
        "text": ["x", None], "empty": ["", "nan"], "whole": [1, 2], "float": [0.1, -0.0], "flag": [True, False], "day": [date(2026, 9, 1), None],
        "money": [Decimal("1.0000"), None], "time": pd.to_datetime(["2026-09-01", None]).astype("datetime64[us]"),
        "whole_day": pd.to_datetime(["2026-09-01", None]).astype("datetime64[s]"),
    }  # fmt: skip
    frame = pd.DataFrame(rows)
    found = restored(exact_content(frame))
    pd.testing.assert_frame_equal(found, frame, check_exact=True)
    assert [[type(value) for value in found[name]] for name in found] == [[type(value) for value in frame[name]] for name in frame]
    by_label = FRAME.set_index("supplier_id")
    pd.testing.assert_frame_equal(restored(exact_content(by_label)), by_label, check_exact=True)
    assert exact_content(pd.DataFrame({"mixed": pd.Series([1, "1"], dtype=object)})) is None


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
    frames = KeptFrames(Archives(tmp_path, read_inputs(cut), default_standards()))
    workbook = open_workbook(cut, str(MONTH), frames=frames)
    workbook.words = _NoWords()
    counted = finished_frames(workbook)
    frames.save()

    recounted = finished_frames(open_workbook(whole, str(MONTH)))
    assert counted.keys() == recounted.keys()
    assert sum(map(len, counted.values())) > 2000
    for name, frame in counted.items():
        pd.testing.assert_frame_equal(frame, recounted[name], check_exact=True, obj=name)

    # And so October does not make anyone count September again.
    again = open_workbook(whole, str(MONTH), frames=KeptFrames(Archives(tmp_path, read_inputs(whole), default_standards())))
    for asked in ("answered", "in_month", "kept"):
        monkeypatch.setattr(f"kmanalysis.workbook.Workbook.{asked}", lambda *_: pytest.fail("rows were asked for"))
    for name, frame in finished_frames(again).items():
        pd.testing.assert_frame_equal(frame, counted[name], check_exact=True, obj=name)
