import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.loaders.mapping.proposing.cells import Cells
from kmanalysis.loaders.mapping.proposing.judging import is_sole, judged
from kmanalysis.tables import tables
from kmanalysis.words import Words

ALL = [(table, column) for table in tables().values() for column in table.columns.values()]
ORDERS, PRODUCTS = tables()["orders"], tables()["products"]
WORDS = Words("en")


def found(count=10, **kinds):
    """Cells of these kinds, ten of them filled if nothing else is said."""
    return Cells(rows=count, filled=count, **{"distinct": count, **kinds})


TIMES = found(times=10, values=("2026-10-01 10:00:00",))
CLOCKS = found(clocks=10, values=("10:00",))
AMOUNTS = found(numbers=10, wholes=2, bare=10, least=1, greatest=99, values=("9.90",))
COUNTS = found(numbers=10, wholes=10, bare=10, least=1, greatest=99, values=("5",))
NAMES = found(values=("甲 店",))


@given(st.sampled_from(ALL), st.integers(6, 10), st.integers(0, 4))
def test_a_column_of_times_is_for_columns_of_times_alone(of, times, bare):
    table, column = of
    cells = found(times=times, bare=bare, numbers=10 - times, values=("2026-10-01 10:00:00",))
    assert judged(table, column, cells, WORDS).is_contradicted is (column.type not in ("timestamp", "date"))


@given(st.sampled_from([of for of in ALL if of[1].type in ("timestamp", "date")]), st.sampled_from([AMOUNTS, COUNTS, CLOCKS]))
def test_no_number_and_no_time_of_day_is_a_moment(of, cells):
    assert judged(*of, cells, WORDS).is_contradicted


@given(st.sampled_from([of for of in ALL if of[1].type in ("integer", "decimal", "float")]), st.sampled_from([TIMES, CLOCKS, NAMES]))
def test_no_word_and_no_time_is_a_number(of, cells):
    assert judged(*of, cells, WORDS).is_contradicted


def doubts(column, cells, table=ORDERS):
    return judged(table, table.columns[column], cells, WORDS).doubts


@pytest.mark.parametrize(
    ("column", "cells", "doubt"),
    [
        ("amount", found(numbers=9, wholes=0, least=1, greatest=2), "1 of 10 cells that were looked at are no numbers"),
        ("amount", found(numbers=10, negatives=1, least=-1, greatest=2), "some of its cells are below 0"),
        ("amount", found(numbers=10, percents=2, least=1, greatest=2), "some of its cells are percentages"),
        ("quantity", found(numbers=10, wholes=8, least=1, greatest=2), "some of its cells are no whole numbers"),
        ("quantity", found(numbers=10, wholes=10, least=0, greatest=2), "some of its cells are below 1"),
        ("ordered_at", found(times=8), "2 of 10 cells that were looked at state no time"),
        ("ordered_at", found(times=10, days=10), "its cells state the day alone, which counts from midnight"),
        ("order_id", found(bare=10, distinct=9), "some of its values stand in several rows, where each row must have one of its own"),
        ("order_id", Cells(rows=12, filled=10, distinct=10, bare=10), "2 of 12 rows that were looked at have none"),
        ("order_id", found(bare=10, rounded=1), "a spreadsheet has rounded some of its cells: export the column as text"),
        ("supplier_id", found(), "its cells look like names, not like identifiers: a lookup may be needed"),
        ("supplier_id", found(bare=10, known={"suppliers.supplier_id": 0.0}), "none of its values is in suppliers.supplier_id of the folder"),
        ("supplier_id", found(bare=10, known={"suppliers.supplier_id": 0.3}), "most of its values are not in suppliers.supplier_id of the folder"),
        ("amount", Cells(rows=10), "every cell is empty"),
    ],
)
def test_what_does_not_quite_suit_is_said(column, cells, doubt):
    (said,) = doubts(column, cells)
    assert said.startswith(doubt)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("amount", AMOUNTS),
        ("amount", COUNTS),
        ("quantity", COUNTS),
        ("ordered_at", TIMES),
        ("ordered_at", found(unix=10, numbers=10, wholes=10)),
        ("order_id", found(bare=10)),
        ("purchase_id", found(bare=10, distinct=3, known={"purchases.purchase_id": 0.5})),
        ("supplier_id", found(known={"suppliers.supplier_id": 0.9})),
        ("supplier_id", found(distinct=2, known={"suppliers.supplier_id": 1.0})),
        ("delivered_is_upper_bound", found(booleans=10)),
        ("currency", found(values=("CNY",))),
        ("amount", Cells()),
    ],
)
def test_what_suits_is_not_doubted(column, cells):
    assert judged(ORDERS, ORDERS.columns[column], cells, WORDS).factor == 1
    assert doubts(column, cells) == []


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("quantity", AMOUNTS),
        ("quantity", found(numbers=10, wholes=10, least=1, greatest=2e9)),
        ("amount", found(numbers=10, wholes=10, long_numbers=10, greatest=13800001111)),
        ("amount", found(numbers=10, percents=10)),
        ("amount", found(numbers=10, wholes=10, compact_days=10)),
        ("order_id", AMOUNTS),
        ("status", TIMES),
        ("status", found(count=50, values=("甲", "乙"))),
        ("delivered_is_upper_bound", TIMES),
        ("buyer_digest", AMOUNTS),
        ("currency", COUNTS),
    ],
)
def test_what_cannot_be_is_not_proposed(column, cells):
    assert judged(ORDERS, ORDERS.columns[column], cells, WORDS).is_contradicted


def test_cells_decide_where_they_can_be_nothing_else():
    assert judged(ORDERS, ORDERS.columns["status"], found(distinct=2, values=("delivered", "已取消")), WORDS).decides
    assert not judged(ORDERS, ORDERS.columns["status"], found(distinct=2, values=("delivered", "成功")), WORDS).decides
    assert judged(ORDERS, ORDERS.columns["sku"], found(bare=10, known={"products.sku": 1.0}), WORDS).decides
    assert not judged(ORDERS, ORDERS.columns["sku"], found(bare=10), WORDS).decides


def test_a_sole_column_of_its_kind_is_told():
    fees, column = tables()["fees"], tables()["fees"].columns["amount"]
    assert is_sole(fees, column, 1, [TIMES, AMOUNTS, NAMES])
    assert not is_sole(fees, column, 1, [TIMES, AMOUNTS, COUNTS])
    assert not is_sole(ORDERS, ORDERS.columns["amount"], 1, [TIMES, AMOUNTS, NAMES])
    assert is_sole(fees, fees.columns["charged_at"], 0, [TIMES, AMOUNTS])
    assert not is_sole(fees, fees.columns["charged_at"], 0, [TIMES, CLOCKS])
    assert not is_sole(PRODUCTS, PRODUCTS.columns["name"], 2, [TIMES, AMOUNTS, NAMES])
