from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.loaders.mapping.proposing.heading_row import heading_row
from kmanalysis.loaders.reading.records import Record

HEADINGS = ["订单号", "商品编号", "付款时间", "数量", "订单金额", "订单状态", "备注", "内部分组"]
ROW = ["A1", "K1", "2026-10-01 10:00:00", "2", "19.80", "完成", "急", "甲"]
TITLES = st.lists(
    st.sampled_from(["订单导出", "数卡平台 订单明细", "本期账单明细(人民币)", "商品", "导出人：张三", "2026年10月", "状态说明见下", "金额"]), max_size=6
)


def records(rows):
    return [Record(number, number, list(cells)) for number, cells in enumerate(rows, start=1)]


@given(TITLES, st.integers(3, len(HEADINGS)), st.integers(0, 12), st.booleans())
@settings(max_examples=60, deadline=None)
def test_titles_are_never_the_headings(titles, width, rows, is_padded):
    above = [[title, *([""] * (width - 1) if is_padded else [])] for title in titles]
    found = heading_row(records([*above, HEADINGS[:width], *[ROW[:width]] * rows]))
    assert found == len(titles)


@given(st.lists(st.text("abcdefgh", min_size=4, max_size=9), min_size=2, max_size=6, unique=True), TITLES)
@settings(max_examples=40, deadline=None)
def test_unknown_headings_are_told_by_what_lies_below(words, titles):
    rows = [[f"{number}.5" for _ in words] for number in range(5)]
    assert heading_row(records([*([title] for title in titles), words, *rows])) == len(titles)


def test_rows_of_data_alone_have_no_headings():
    assert heading_row(records([["7", "AAAA", "2026-10-01"], ["8", "BBBB", "2026-10-02"]])) is None
    assert heading_row([]) is None


def test_a_wide_row_above_the_headings_is_told_by_its_words():
    assert heading_row(records([["甲", "乙", "丙"], ["订单号", "数量", "订单金额"], ["A1", "2", "9.90"]])) == 1


def test_one_column_has_headings_too():
    assert heading_row(records([["卡密"], ["AAAA"], ["BBBB"]])) == 0


def test_a_month_among_known_headings_is_no_data():
    assert heading_row(records([["供货商编号", "供货商名称", "2026-10-01"], ["S1", "甲", "5"]])) == 0
