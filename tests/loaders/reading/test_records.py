import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.loaders.reading.records import delimiter_of, footer_pattern, is_regular, numbered_lines, records


def parsed(text, delimiter=",", width=0):
    return [(record.line, record.cells, record.is_whole) for record in records(numbered_lines([text]), delimiter, width)]


def test_a_quoted_cell_may_hold_delimiters_quotes_and_lines():
    assert parsed('a,b\n1,"x\n,""y"""\n2,z\n', width=2) == [(1, ["a", "b"], True), (2, ["1", 'x\n,"y"'], True), (4, ["2", "z"], True)]


def test_a_quote_that_is_never_closed_costs_its_own_line_alone():
    assert parsed('1,"x\n2,y\n3,z\n', width=2) == [(1, ["1", '"x'], False), (2, ["2", "y"], True), (3, ["3", "z"], True)]


def test_a_quote_that_a_later_line_happens_to_close_does_not_swallow_what_lies_between():
    assert parsed('1,"x\n2,y\n3,"z\n4,w\n', width=2) == [(1, ["1", '"x'], False), (2, ["2", "y"], True), (3, ["3", '"z'], False), (4, ["4", "w"], True)]


def test_padding_before_a_quote_is_padding():
    assert parsed('1, "x,y" \n') == [(1, ["1", "x,y "], True)]


def test_a_quote_inside_a_bare_cell_is_a_sign_like_others():
    assert parsed('1,5" disk\n') == [(1, ["1", '5" disk'], True)]


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_the_delimiter_is_found_below_a_preamble(delimiter):
    rows = [["编号", "名称", "备注"], ["1", "点卡, 10 元", "a"], ["2", "会员", "b"]]
    body = "\n".join(delimiter.join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows)
    assert delimiter_of(f"店铺导出，2026 年\n\n{body}\n") == delimiter


CELL = st.text(st.sampled_from('ab ,;"\n中\t'), max_size=6)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
def test_what_a_csv_writer_writes_comes_back(rows):
    target = io.StringIO()
    csv.writer(target, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
    assert [cells for _, cells, _ in parsed(target.getvalue(), width=2)] == rows


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
def test_regular_text_has_one_record_a_line(rows):
    target = io.StringIO()
    csv.writer(target, lineterminator="\n").writerows(rows)
    text = target.getvalue()
    if is_regular(text, ","):
        assert [line for line, _, _ in parsed(text)] == list(range(1, len(rows) + 1))
    assert is_regular(text, ",") == (not any("\n" in cell for row in rows for cell in row))


@pytest.mark.parametrize(
    ("cell", "closes"),
    [
        ("合计", True),
        ("合计：", True),
        ("合计（元）", True),
        ("Total 90", True),
        ("导出时间：2026-10-31 08:00", True),
        ("共 3 条", True),
        ("Total War: Rome", False),
        ("合计科技", False),
        ("1", False),
    ],
)
def test_lines_that_close_an_export(cell, closes):
    assert bool(footer_pattern(["共"]).fullmatch(cell)) == closes
