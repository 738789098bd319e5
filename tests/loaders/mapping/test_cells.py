"""The cells of a file by heading: what is wrapped around them, and what stands for nothing."""

import duckdb
import pytest

from kmanalysis.loaders.checking.casts import NOTHING
from kmanalysis.loaders.mapping.cells import Cells
from kmanalysis.loaders.mapping.model import ColumnMapping
from kmanalysis.loaders.reading.text import Staged


@pytest.fixture
def cells_of():
    connection = duckdb.connect()

    def made(*listed, nothing=NOTHING, headings=("A b",)):
        rows = ", ".join("(" + ", ".join(["1", "NULL", "NULL", *("?" for _ in row)]) + ")" for row in listed)
        names = ", ".join(f"c{index}" for index in range(len(headings)))
        connection.execute(
            f"CREATE OR REPLACE TABLE raw AS SELECT * FROM (VALUES {rows}) AS t(_line, _fault, _found, {names})", [cell for row in listed for cell in row]
        )
        cells = Cells(connection, Staged("raw", "raw", headings, 1, "utf-8", ",", 0), nothing, (*headings, "#A", "#B", "#C"))
        return cells, lambda column: [found for (found,) in connection.execute(f"SELECT {column} FROM {cells.rows}").fetchall()]

    return made


def one(cells_of, cell, kind="text", column=None, listed=(), **options):
    cells, asked = cells_of((cell,), **options)
    return asked(cells.cell("a B", kind, column, listed))[0]


@pytest.mark.parametrize("word", [*NOTHING, *(word.upper() for word in NOTHING), " 无\u3000", '="N/A"'])
@pytest.mark.parametrize("kind", ["id", "text", "digest"])
def test_words_for_nothing_are_nothing_in_ids_and_texts(cells_of, word, kind):
    assert one(cells_of, word, kind) is None


@pytest.mark.parametrize("kind", ["enum", "boolean", "decimal", "timestamp"])
def test_elsewhere_they_are_what_they_are(cells_of, kind):
    assert one(cells_of, "无", kind) == "无"


def test_what_the_mapping_lists_is_a_word(cells_of):
    assert one(cells_of, "无", listed=["无"]) == "无"
    assert one(cells_of, "无", nothing=()) == "无"
    assert one(cells_of, "缺", nothing=("缺",)) is None
    assert one(cells_of, "未付款", "timestamp", ColumnMapping(missing=("未付款",))) is None


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ('="2026100112345678901"', "2026100112345678901"),
        ("'2026100112345678901", "2026100112345678901"),
        ("'2026-10'", "2026-10"),
        ("`2026", "2026"),
        ("2026\t", "2026"),
        ("'n Sync", "'n Sync"),
        ("'", "'"),
        ("=2026", "=2026"),
        ('="a"b"', 'a"b'),
        ("0012", "0012"),
    ],
)
def test_wrappings_that_keep_a_spreadsheet_from_rounding_are_taken_off_ids(cells_of, cell, found):
    assert one(cells_of, cell, "id") == found


def test_other_cells_keep_their_quotes(cells_of):
    assert one(cells_of, "'90s", "text") == "'90s"
    assert one(cells_of, '="25.00"', "decimal") == "25.00"


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (["12.0", "13.00", "14"], ["12", "13", "14"]),
        (["12.0", "1.5"], ["12.0", "1.5"]),
        (["12.0", "v1"], ["12.0", "v1"]),
        (["1234567890123456.0", "12.0"], ["1234567890123456.0", "12"]),
        (["12", "0012"], ["12", "0012"]),
    ],
)
def test_decimals_of_whole_numbers_are_taken_off_a_column_of_numbers(cells_of, listed, found):
    cells, asked = cells_of(*((cell,) for cell in listed))
    assert asked(cells.cell("A b", "id")) == found


def test_a_column_without_a_heading_is_named_by_its_letters(cells_of):
    headings = tuple("" if number == 27 else f"h{number}" for number in range(30))
    cells, asked = cells_of(tuple(str(number) for number in range(30)), headings=headings)
    assert "#AB" in cells
    assert asked(cells.cell("#ab", "text")) == ["27"]
    assert "#ZZ" not in cells


def test_a_heading_goes_before_a_letter(cells_of):
    cells, asked = cells_of(("x", "y"), headings=("first", "#A"))
    assert asked(cells.cell("#A", "text")) == ["y"]
