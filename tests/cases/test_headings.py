"""Headings: those that stand twice are an error that names both columns, where they are read; in proposals, too."""

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmanalysis.errors import DataError, MappingError
from kmanalysis.loaders.mapping.proposal import mapping_for, propose_mapping
from tests.cases.loading import HEADINGS, column, loaded, order, receipt_of, text_file


@pytest.mark.parametrize("again", ["金额", " 金额 ", "金额　"])
def test_a_heading_that_is_read_and_stands_twice_names_both_columns(tmp_path, again):
    path = text_file(tmp_path / "twice.csv", [(*HEADINGS, "备注", again), (*order("a"), "", "30.00")])
    with pytest.raises(DataError, match=r"line 1: two columns have one heading, G \(7\) '金额' and J \(10\) '金额'"):
        loaded(path)


def test_the_same_in_a_workbook(tmp_path):
    book = openpyxl.Workbook()
    for row in [["导出"], [*HEADINGS, "状态"], [*order("a"), "失败"]]:
        book.active.append(row)
    book.save(tmp_path / "twice.xlsx")
    with pytest.raises(DataError, match=r"line 2: two columns have one heading, H \(8\) '状态' and I \(9\) '状态'"):
        loaded(tmp_path / "twice.xlsx")


def test_the_same_in_parquet(tmp_path):
    rows = pa.table([pa.array(["a"])] * 10, names=[*HEADINGS, "状态 ", "数量 "])
    pq.write_table(rows, tmp_path / "twice.parquet")
    with pytest.raises(DataError, match=r"two columns have one heading, H \(8\) '状态' and I \(9\) '状态 '"):
        loaded(tmp_path / "twice.parquet")


def test_a_heading_that_nothing_reads_may_stand_twice(tmp_path):
    attached, folder = loaded(text_file(tmp_path / "a.csv", [(*HEADINGS, "备注", "备注"), (*order("a"), "x", "y")]))
    assert receipt_of(attached).kept == 1
    assert column(folder, "order_id") == ["a"]


def test_a_proposal_takes_neither_of_two(tmp_path):
    path = text_file(tmp_path / "twice.csv", [(*HEADINGS, "订单号"), (*order("a"), "b")])
    assert "订单号 (1, 9)" in propose_mapping(path, "orders").open_points
    with pytest.raises(MappingError, match=r"Finish it \(.*订单号 \(1, 9\)"):
        mapping_for(path, "orders", tmp_path / "into")


def test_a_filled_column_of_text_without_a_heading_is_named(tmp_path):
    attached, _ = loaded(text_file(tmp_path / "a.csv", [(*HEADINGS, "", ""), (*order("a"), "x", ""), (*order("b"), "", "")]))
    assert (receipt_of(attached).kept, receipt_of(attached).unheaded) == (2, ["#I"])
