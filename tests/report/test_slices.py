import pandas as pd
import pytest

from kmanalysis.report.cache.digests import digest_of, frame_digest, row_texts
from kmanalysis.report.site.pages import all_pages
from kmanalysis.report.slices import Slices
from kmanalysis.slices import is_awaiting, open_slice
from tests.report.small import finished, judged_workbook


def digests(workbook, notebooks):
    slices = Slices(workbook, finished(workbook))
    return {page.path: slices.digest(page, slices.frames(page.supplier)) for page in all_pages(notebooks, workbook)}


def test_a_supplier_s_page_sees_its_own_rows_alone(workbook, notebooks_of, tmp_path):
    slices = Slices(workbook, finished(workbook) | {"prices.market": pd.DataFrame({"sku": ["a"]})})
    page = all_pages(notebooks_of("supplier"), workbook)[1]
    slices.save(page, tmp_path / "slice")
    seen = open_slice(tmp_path / "slice", workbook.words)
    assert seen.suppliers == ["S02"]
    assert {name for name, frame in slices.frames("S02").items() if set(frame["supplier_id"]) - {"S02"}} == set()
    assert "prices.market" not in slices.frames("S02")
    assert "prices.market" in slices.frames("")
    assert len(slices.frames("S02")["scoring.grades"]) == 1


def test_a_slice_grows_with_the_frames_that_are_awaited(workbook, notebooks_of, tmp_path):
    whole, frames = Slices(workbook, finished(workbook)), finished(workbook)
    growing = Slices(workbook, {}, list(frames))
    everybody, supplier = all_pages(notebooks_of("small", "supplier"), workbook)[:2]
    growing.save(everybody, tmp_path / "grown")
    for name, frame in frames.items():
        assert is_awaiting(tmp_path / "grown")
        with pytest.raises(RuntimeError, match="awaited"):
            growing.digest(supplier, [name])
        growing.add(name, frame)
        assert growing.digest(everybody, [name]) == whole.digest(everybody, [name])
    assert not is_awaiting(tmp_path / "grown")
    assert growing.digest(supplier, frames) == whole.digest(supplier, frames)
    whole.save(everybody, tmp_path / "whole")
    grown, saved = (open_slice(tmp_path / name, workbook.words) for name in ("grown", "whole"))
    for name in frames:
        assert grown.finished(name, None).equals(saved.finished(name, None))


def test_a_page_s_digest_is_of_the_frames_that_it_asks_for(workbook, notebooks_of):
    everybody, supplier = all_pages(notebooks_of("small", "supplier"), workbook)[:2]
    one, other = pd.DataFrame({"supplier_id": ["S01", "S02"], "a": [1, 2]}), pd.DataFrame({"supplier_id": ["S01", "S02"], "a": [1, 3]})
    before, after = (Slices(workbook, {"t.moved": moved, "t.still": one}) for moved in (one, other))
    assert before.digest(everybody, ["t.still"]) == after.digest(everybody, ["t.still"])
    assert before.digest(everybody, ["t.still", "t.moved"]) != after.digest(everybody, ["t.still", "t.moved"])
    assert before.digest(supplier, ["t.still", "t.moved"]) == after.digest(supplier, ["t.still", "t.moved"])
    assert before.digest(everybody, ["t.still"]) != before.digest(everybody, ["t.still", "t.gone"])


def test_one_supplier_s_news_change_its_page_and_the_portfolio_pages_alone(notebooks_of):
    notebooks = notebooks_of("small", "supplier")
    before = digests(judged_workbook({"S01": 99.0, "S02": 78.0, "S03": 50.0}), notebooks)
    after = digests(judged_workbook({"S01": 99.0, "S02": 71.0, "S03": 50.0}), notebooks)
    assert [path for path in before if before[path] != after[path]] == ["small.html", "suppliers/S02.html"]


def test_a_new_supplier_moves_no_other_supplier_s_page(notebooks_of):
    notebooks = notebooks_of("small", "supplier")
    before = digests(judged_workbook({"S01": 99.0, "S02": 78.0}), notebooks)
    after = digests(judged_workbook({"S01": 99.0, "S02": 78.0, "S03": 50.0}), notebooks)
    assert [path for path in before if before[path] != after[path]] == ["small.html"]


@pytest.mark.parametrize(
    "other",
    [
        pd.DataFrame({"a": [2, 1], "b": ["x", None]}),
        pd.DataFrame({"a": [1, 2], "c": ["x", None]}),
        pd.DataFrame({"a": [1.0, 2.0], "b": ["x", None]}),
        pd.DataFrame({"a": [1, 2], "b": ["x", ""]}),
        pd.DataFrame({"a": [1, 2], "b": ["x", "nan"]}),
    ],
)
def test_a_frame_s_digest_sees_order_names_types_and_missing_values(other):
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert frame_digest(frame) == frame_digest(frame.copy())
    assert frame_digest(frame) != frame_digest(other)


def test_a_row_s_text_tells_its_own_values_alone():
    rows = pd.DataFrame(
        {"a": ["x", "x\x1e\n", None, "", "\n"], "when": pd.to_datetime(["2026-10-01", "2026-10-01 01:00", None, "2026-10-02", "2026-10-03"], format="ISO8601")}
    )
    texts = row_texts(rows)
    assert len(set(texts)) == len(rows)
    plain = rows[rows["a"] != "x\x1e\n"]
    assert len(row_texts(plain)) == len(set(row_texts(plain))) == 4
    assert row_texts(plain)[0] == row_texts(plain.iloc[[0]])[0] == row_texts(plain.iloc[[0, 2]])[0]
    assert row_texts(rows.head(0)) == []


def test_parts_do_not_run_into_each_other():
    assert digest_of("ab", "c") != digest_of("a", "bc")
