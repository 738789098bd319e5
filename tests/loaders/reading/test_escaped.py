"""What databases write with an escape sign, read back cell by cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.loaders.reading.dialect import EMPTY_WORDS, Dialect
from kmanalysis.loaders.reading.escaped import dialect_delimiters, dialect_records
from kmanalysis.loaders.reading.records import numbered_lines

MYSQL = Dialect(EMPTY_WORDS, "\\")


def parsed(text, delimiter="\t", width=0, dialect=MYSQL):
    return [(record.line, record.end, record.cells, record.is_whole) for record in dialect_records(numbered_lines([text]), delimiter, width, dialect)]


def cells(text, delimiter="\t", width=0):
    return [record[2] for record in parsed(text, delimiter, width)]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a\\tb\tc", ["a\tb", "c"]),
        ("a\\\tb\tc", ["a\tb", "c"]),
        ("a\\nb\tc\\\\", ["a\nb", "c\\"]),
        ("\\N\tNULL\tN\t\\\\N", ["", "", "N", "\\N"]),
        ("\\r\\Z\\0x\t\\q", ["\r\x1ax", "q"]),
        ('"quoted"\t"5"" disk\tend"', ["quoted", '"5"" disk', 'end"']),
        ('"NULL"\t"a\\"b"', ["NULL", 'a"b']),
        ("a\t", ["a", ""]),
        ("\t\t", ["", "", ""]),
        ("end\\", ["end\\"]),
    ],
)
def test_signs_that_are_escaped_are_what_they_mean(text, meant):
    assert cells(text) == [meant]


def test_an_escaped_line_end_is_part_of_its_cell_and_lines_are_still_counted():
    assert parsed("1\ta\\\nb\\\nc\n2\td\n") == [(1, 3, ["1", "a\nb\nc"], True), (4, 4, ["2", "d"], True)]


def test_an_escaped_sign_at_the_end_of_a_line_escapes_no_line_end():
    assert cells("1\ta\\\\\n2\tb\n") == [["1", "a\\"], ["2", "b"]]


def test_with_commas_cells_may_be_enclosed_and_hold_bare_line_ends():
    assert parsed('1,"a,\nb\\"",\\N\n2,"NULL",NULL\n', ",", 3) == [(1, 2, ["1", 'a,\nb"', ""], True), (3, 3, ["2", "NULL", ""], True)]


def test_an_enclosed_cell_that_is_never_closed_costs_its_own_line_alone():
    assert parsed('1,"a\n2,b\n3,"c"\n', ",", 2) == [(1, 1, ["1", '"a'], False), (2, 2, ["2", "b"], True), (3, 3, ["3", "c"], True)]


def test_the_delimiter_of_a_dump_is_the_tab():
    assert dialect_delimiters("1\ta,b,c,d\n2\ta,b,c,d\n", MYSQL) == ["\t"]
    assert dialect_delimiters("a,b\n1,2\n", MYSQL) == [",", "\t", ";"]


def test_without_an_escape_sign_a_backslash_is_a_sign_like_others():
    assert parsed('a\\tb,"c\\"\n', ",", dialect=Dialect(EMPTY_WORDS)) == [(1, 1, ["a\\tb", "c\\"], True)]


TEXT = st.text(st.sampled_from('ab\\\t\n",NULé中'), max_size=8)


@given(st.lists(st.lists(st.none() | TEXT, min_size=2, max_size=3), min_size=1, max_size=5))
def test_what_select_into_outfile_writes_comes_back(rows):
    def outfile(cell):
        return "\\N" if cell is None else cell.replace("\\", "\\\\").replace("\t", "\\\t").replace("\n", "\\\n")

    # A text that is the word for nothing, or stands in quotes, cannot be told from one that means it.
    rows = [["x" if cell in EMPTY_WORDS or (cell and len(cell) > 1 and cell[0] == cell[-1] == '"') else cell for cell in row] for row in rows]
    text = "".join("\t".join(map(outfile, row)) + "\n" for row in rows)
    assert cells(text, width=0) == [[cell or "" for cell in row] for row in rows]


@given(st.lists(st.lists(st.none() | TEXT, min_size=3, max_size=3), min_size=1, max_size=5))
def test_what_it_writes_enclosed_and_with_commas_comes_back(rows):
    def outfile(cell):
        return "\\N" if cell is None else '"' + cell.replace("\\", "\\\\").replace('"', '\\"') + '"'

    text = "".join(",".join(map(outfile, row)) + "\n" for row in rows)
    assert cells(text, ",", 3) == [[cell or "" for cell in row] for row in rows]


@given(st.lists(st.lists(TEXT, min_size=2, max_size=3), min_size=1, max_size=5))
def test_what_the_client_writes_in_batch_mode_comes_back(rows):
    def batch(cell):
        return cell.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")

    rows = [["x" if cell in EMPTY_WORDS or (len(cell) > 1 and cell[0] == cell[-1] == '"') else cell for cell in row] for row in rows]
    assert cells("".join("\t".join(map(batch, row)) + "\n" for row in rows)) == rows
