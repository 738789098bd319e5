from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.loaders.mapping.proposing.assignment import BY_CELLS, assigned
from kmanalysis.loaders.mapping.proposing.cells import Cells
from kmanalysis.loaders.mapping.proposing.known import CLEAR, SIMILAR, VAGUE
from kmanalysis.tables import tables
from kmanalysis.words import Words

WORDS = Words("en")
WORDS_OF = {name: sorted({word for column in table.columns.values() for word in (*column.headings, *column.vague)}) for name, table in tables().items()}


def texts(count=5, **kinds):
    return Cells(rows=count, filled=count, **{"distinct": count, "bare": count, "values": ("x1",), **kinds})


NUMBERS = texts(numbers=5, wholes=1, least=1, greatest=9, values=("5.5",))
TIMES = texts(times=5, bare=0, values=("2026-10-01 10:00:00",))
KINDS = st.sampled_from([texts(), NUMBERS, TIMES, texts(numbers=5, wholes=5, least=1, greatest=9), texts(bare=0), Cells(rows=5), texts(clocks=5)])


@st.composite
def files(draw):
    """A table, and headings that it or no table knows with cells of any kind below them."""
    name = draw(st.sampled_from(sorted(tables())))
    headings = draw(st.lists(st.sampled_from(WORDS_OF[name]) | st.sampled_from(["foo", "", "备注2", "订单金额额"]), min_size=1, max_size=12))
    return tables()[name], headings, [draw(KINDS) for _ in headings]


@given(files())
@settings(max_examples=150, deadline=None)
def test_no_column_of_the_file_is_taken_twice_and_none_that_its_cells_contradict(file):
    table, headings, cells = file
    chosen = assigned(table, headings, cells, WORDS)
    places = [choice.place for choice in chosen.values()]
    assert len(set(places)) == len(places)
    assert set(chosen) <= set(table.columns)
    for name, choice in chosen.items():
        found, kind = cells[choice.place], table.columns[name].type
        assert headings[choice.place]
        assert not (found.are_times and kind not in ("timestamp", "date"))
        assert not (found == NUMBERS and kind in ("timestamp", "date", "id", "integer", "digest"))
        assert choice.place not in choice.rivals


def chosen(name, **columns):
    """What is assigned of a table to columns with these headings and cells: the heading, the grade and the rivals of each."""
    headings = list(columns)
    found = assigned(tables()[name], headings, list(columns.values()), WORDS)
    return {column: (headings[choice.place], choice.fit.grade, [headings[place] for place in choice.rivals]) for column, choice in found.items()}


def test_the_cells_tell_two_columns_with_one_word_apart():
    assert chosen("purchases", 交易时间=texts(clocks=5), 交易日期=TIMES)["purchased_at"] == ("交易日期", VAGUE, [])


def test_a_clear_word_is_not_given_up_for_two_vague_ones():
    found = chosen("suppliers", 供应商名称=texts(bare=0), 供应商=texts(), 编号=texts())
    assert found["name"] == ("供应商名称", CLEAR, [])
    assert found["supplier_id"][0] in ("供应商", "编号")


def test_of_two_clear_ones_the_preferred_is_taken_and_the_other_named():
    assert chosen("orders", 下单时间=TIMES, 付款时间=TIMES)["ordered_at"] == ("付款时间", CLEAR, ["下单时间"])


def test_what_is_clearly_another_columns_or_empty_is_no_rival():
    assert chosen("orders", 订单号=texts(), 采购单号=texts(), 金额=NUMBERS, 订单金额=NUMBERS)["amount"] == ("订单金额", CLEAR, [])
    assert chosen("orders", 邮箱=texts(), 手机号=Cells(rows=5))["buyer_digest"] == ("邮箱", CLEAR, [])


def test_what_the_folder_knows_is_found_under_any_heading():
    known = texts(known={"products.sku": 1.0})
    assert chosen("quotes", foo=known, 报价=NUMBERS)["sku"] == ("foo", BY_CELLS, [])
    assert "sku" not in chosen("quotes", foo=texts(known={"products.sku": 0.5}))
    assert chosen("quotes", 商品名称=known, 商品=texts())["sku"] == ("商品名称", VAGUE, [])


def test_a_misspelling_is_a_last_resort():
    assert chosen("orders", 定单金额=NUMBERS)["amount"] == ("定单金额", SIMILAR, [])
    assert chosen("orders", 定单金额=NUMBERS, 金额=NUMBERS)["amount"][0] == "金额"


def test_nothing_fits_nothing():
    assert chosen("orders", foo=texts()) == {}
