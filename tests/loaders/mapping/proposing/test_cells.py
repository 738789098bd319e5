from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.mapping.proposing.cells import MOST_ROWS, Cells, cells_of, column_values
from kmanalysis.loaders.reading.text import Staged

FORMATS = [
    "%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M", "%Y.%m.%d %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%Y%m%d%H%M%S", "%Y%m%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S +0800", "%Y-%m-%d %H:%M:%S UTC", "%d-%b-%Y", "%b %d, %Y", "%Y-%m-%d",
]  # fmt: skip
MOMENTS = st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1)), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def engine():
    with connect() as connection:
        yield connection


def cells(engine, *columns, faults=(), partners=None):
    """What is found of these columns, each a list of cells."""
    engine.execute("CREATE OR REPLACE TABLE raw (_line BIGINT, _fault VARCHAR, " + ", ".join(f"c{place} VARCHAR" for place in range(len(columns))) + ")")
    rows = [(line, "ragged" if line in faults else None, *row) for line, row in enumerate(zip(*columns, strict=True), start=2)]
    if rows:
        engine.executemany(f"INSERT INTO raw VALUES ({', '.join('?' * (len(columns) + 2))})", rows)
    staged = Staged("raw", "raw", tuple(f"h{place}" for place in range(len(columns))), 1, "utf-8", ",", 0)
    return cells_of(engine, staged, partners or {})


@given(st.sampled_from(FORMATS), MOMENTS)
@settings(max_examples=60, deadline=None)
def test_times_are_times_however_they_are_written(engine, written, moments):
    (found,) = cells(engine, [moment.strftime(written) for moment in moments])
    assert found.times == found.filled
    assert found.are_times
    assert not found.are_amounts
    assert not found.clocks


@given(
    st.sampled_from(["{}", "¥{}", "{}元", "$ {}", "-{}", "({})", "{}%", "CNY {}", "￥{}", "{} 元", "{}万"]),
    st.lists(st.decimals(0, 10**7, places=2), min_size=1, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_numbers_are_numbers_with_signs_and_units(engine, written, numbers):
    (found,) = cells(engine, [written.format(f"{number:,}") for number in numbers])
    assert found.numbers == found.filled
    assert not found.times
    assert not found.clocks
    assert found.percents == (found.filled if "%" in written else 0)
    assert found.signed == (found.filled if set(written) & set("¥￥元$C") else 0)
    assert found.foreign == (found.filled if "$" in written else 0)


def test_each_kind_is_counted(engine):
    found = cells(
        engine,
        ["10:00", "9:05:01", "23时59分", "上午 8:00"],
        ["20261001", "20261002", "5", "x"],
        ["1790000000", "1790000000123", "1", "-1"],
        ["是", "否", "true", "0"],
        ["2.61031E+18", "`A1", "A-1_x", "甲 乙"],
        ["13800001111", "138000011112222", "1.0", "1,000"],
        ["", None, "　", "a"],
    )
    assert (found[0].clocks, found[0].times) == (4, 0)
    assert (found[1].compact_days, found[1].wholes) == (2, 3)
    assert (found[2].unix, found[2].negatives, found[2].least) == (2, 1, -1)
    assert found[3].booleans == 4
    assert (found[4].rounded, found[4].marked, found[4].bare) == (1, 1, 3)
    assert (found[5].long_numbers, found[5].wholes) == (2, 4)
    assert (found[6].filled, found[6].rows, found[6].values) == (1, 4, ("a",))


def test_rows_with_a_fault_and_empty_columns_say_nothing(engine):
    found = cells(engine, ["1", "2", "2"], ["", "", "x"], faults={4})
    assert (found[0].filled, found[0].distinct, found[0].rows) == (2, 2, 2)
    assert found[1] == Cells(rows=2)
    assert cells(engine, []) == [Cells()]


def test_a_long_file_is_sampled_evenly_and_always_alike(engine):
    rows = 4 * MOST_ROWS
    engine.execute(f"CREATE OR REPLACE TABLE long AS SELECT range + 2 AS _line, NULL::VARCHAR AS _fault, (range // 10)::VARCHAR AS c0 FROM range({rows})")
    staged = Staged("long", "long", ("n",), 1, "utf-8", ",", 0)
    (found,) = cells_of(engine, staged, {})
    assert MOST_ROWS / 2 < found.rows == found.filled <= MOST_ROWS
    assert found.greatest > rows / 10 - 10
    assert cells_of(engine, staged, {}) == [found]


def test_what_the_folder_knows_is_counted_by_distinct_cells(engine):
    engine.execute("CREATE OR REPLACE TABLE products AS SELECT unnest(['K1', 'K2', NULL]) AS sku")
    found = cells(engine, ["K1", "K1", "K9"], ["x", "y", "z"], partners={"products.sku": column_values("products", "sku")})
    assert [column.known["products.sku"] for column in found] == [0.5, 0]
