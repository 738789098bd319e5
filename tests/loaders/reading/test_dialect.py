import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.loaders.reading.dialect import EMPTY_WORDS, PLAIN, Dialect, without_empty_words
from kmanalysis.loaders.reading.records import is_regular, numbered_lines, records

DATABASE = Dialect(EMPTY_WORDS)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("NULL,a,NULL\nNULL,NULL,NULL", ",a,\n,,"),
        ("1,\\N,2", "1,,2"),
        ('"NULL",NULL', '"NULL",'),
        ('"a,NULL,b",NULL,"x\n,NULL\n"', '"a,NULL,b",,"x\n,NULL\n"'),
        ('1, "a,NULL",NULL', '1, "a,NULL",'),
        ('5" disk,NULL', '5" disk,'),
        ("NULLS,ANNULL,null,NULL ", "NULLS,ANNULL,null,NULL "),
    ],
)
def test_a_word_for_nothing_goes_where_it_stands_alone_and_unquoted(text, left):
    assert without_empty_words(text, ",", DATABASE) == left


def test_without_a_dialect_cells_stay_what_they_are():
    assert without_empty_words("NULL,\\N", ",", PLAIN) == "NULL,\\N"


def test_other_words_may_be_named():
    assert without_empty_words("NULL\t[NULL]", "\t", Dialect(("[NULL]",))) == "NULL\t"


CELL = st.sampled_from(["NULL", "\\N", "a", "", "x,NULL,y", 'q"NULL"', "n\nNULL\n"])


@given(st.lists(st.lists(st.tuples(CELL, st.booleans()), min_size=2, max_size=3), min_size=1, max_size=4))
def test_whatever_stands_around_it_the_quoted_word_stays_and_the_bare_one_goes(rows):
    def written(cell, is_quoted):
        needs = is_quoted or any(sign in cell for sign in ',"\n')
        return '"' + cell.replace('"', '""') + '"' if needs else cell

    text = "\n".join(",".join(written(*cell) for cell in row) for row in rows)
    meant = [[cell if is_quoted or cell not in EMPTY_WORDS else "" for cell, is_quoted in row] for row in rows]
    assert list(csv.reader(io.StringIO(without_empty_words(text, ",", DATABASE)))) == [row if row != [""] else [] for row in meant]
    if is_regular(text + "\n", ","):
        assert without_empty_words(text, ",", DATABASE, is_padded=False) == without_empty_words(text, ",", DATABASE)
    for row, expected in zip(rows, meant, strict=True):
        line = ",".join(written(*cell) for cell in row)
        assert [record.cells for record in records(numbered_lines([line]), ",", len(row), DATABASE)] == [expected]
