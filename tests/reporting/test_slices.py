import pandas as pd
import pytest

from kmanalysis.reporting.pages import all_pages
from kmanalysis.reporting.provenance import digest_of, frame_digest, input_digests
from kmanalysis.reporting.slices import Slices
from kmanalysis.workbook import open_slice
from tests.reporting.small import finished, judged_workbook


def digests(workbook, notebooks):
    slices = Slices(workbook, finished(workbook))
    return {page.path: slices.digest(page) for page in all_pages(notebooks, workbook)}


def test_a_supplier_s_page_sees_its_own_rows_alone(workbook, notebooks_of, tmp_path):
    slices = Slices(workbook, finished(workbook) | {"prices.market": pd.DataFrame({"sku": ["a"]})})
    page = all_pages(notebooks_of("supplier"), workbook)[1]
    slices.save(page, tmp_path / "slice")
    seen = open_slice(tmp_path / "slice", workbook.words)
    assert seen.suppliers == ["S02"]
    assert {name for name, frame in slices.frames("S02").items() if set(frame["supplier_id"]) - {"S02"}} == set()
    assert "prices.market" not in slices.frames("S02")
    assert "prices.market" in slices.frames("")
    assert len(slices.frames("S02")["grades.grades"]) == 1


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


def test_parts_do_not_run_into_each_other():
    assert digest_of("ab", "c") != digest_of("a", "bc")


def test_input_digests_name_files_by_their_path_in_the_folder(tmp_path):
    (tmp_path / "quotes").mkdir()
    (tmp_path / "orders.csv").write_bytes(b"x")
    (tmp_path / "quotes" / "2026-10.parquet").write_bytes(b"y")
    (tmp_path / "truth.csv").write_bytes(b"z")
    assert list(input_digests(tmp_path)) == ["orders.csv", "quotes/2026-10.parquet"]
    # b2sum --length=128 of the byte x
    assert input_digests(tmp_path)["orders.csv"] == "442a44457137672b3218c1007dc8f76a"
