import pytest

from kmanalysis.loaders.reading.headings import folded, looks_like_data, no_header, stated_header
from kmanalysis.loaders.reading.records import Record


@pytest.mark.parametrize(
    ("cells", "is_data"),
    [
        (["订单号", "商品编号", "金额(元)"], False),
        (["order no", "sku_2", "Q币 10元"], False),
        (["A1", "甲店", "10.00"], True),
        (["A1", "2026-10-01 08:00:00"], True),
        (["A1", "2026年10月1日"], True),
        (["A1", "\\N"], True),
        (["A1", "somebody@example.com"], True),
        ([], False),
    ],
)
def test_numbers_times_and_addresses_are_no_headings(cells, is_data):
    assert looks_like_data(cells) == is_data


def test_the_error_says_how_to_state_headings_and_shows_no_cell():
    told = str(no_header("carmis.txt", [Record(1, 1, ["7", "SECRET-CODE-1"])]))
    assert told.startswith("carmis.txt, line 1: this looks like data")
    assert 'for its 2 columns in their order: headings = ["…", "…"] under [source]' in told
    assert "SECRET" not in told


def test_what_may_be_a_header_below_asks_for_its_line():
    assert "Give its number as header_line" in str(no_header("x.csv", [Record(2, 2, ["foo", "bar"])]))


def test_where_nothing_stands_the_file_is_empty():
    assert str(no_header("x.csv", [])).startswith("x.csv is empty")


def test_stated_headings_stand_for_a_header_unless_the_file_has_the_same():
    assert stated_header(["a", "b"], [Record(1, 1, ["1", "2"])]) == Record(0, 0, ["a", "b"])
    assert stated_header(["a", "b"], [Record(1, 1, [" a", "b "])]).line == 1


def test_headings_are_folded():
    assert folded(" ＰＲＩＣＥ  of ") == "price of"
