from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.charts.kit.cells import supplier_name
from kmanalysis.charts.kit.lengths import columns, names_apart, shortened, supplier_label, wrapped


def test_width_counts_chinese_twice():
    assert columns("卡盟 ab") == 7
    assert shortened("供货商一号", 7) == "供货商…"
    assert shortened("short", 7) == "short"


def test_lines_break_between_chinese_and_not_inside_numbers():
    assert wrapped("热销在线率：20 家中 3 家未达标，要求 ≥\u00a0100%", 24) == ["热销在线率：20 家中 3 家", "未达标，要求 ≥\u00a0100%"]
    assert wrapped("one two three", 8) == ["one two", "three"]
    assert wrapped("一二三四。五", 8) == ["一二三四。", "五"]
    assert wrapped("", 8) == []


def test_supplier_is_called_by_id_and_name():
    assert supplier_label("S01", {"S01": "云杉数卡"}) == "S01 云杉数卡"
    assert supplier_label("yunshan", {"yunshan": "yunshan.example"}) == "yunshan.example"
    assert supplier_label("a-very-long-identifier", {"a-very-long-identifier": "云杉"}) == "云杉"
    assert supplier_label("S9", {}) == "S9"


def test_suppliers_with_one_name_are_told_apart():
    names = {"platform-a-1": "甲卡盟", "platform-a-2": "甲卡盟", "platform-b-1": "乙卡盟", "S1": "丙", "S2": "丙"}
    assert [supplier_label(supplier, names) for supplier in names] == ["甲卡盟 …-1", "甲卡盟 …-2", "乙卡盟", "S1 丙", "S2 丙"]
    assert [supplier_name(supplier, names) for supplier in ("platform-a-1", "S1")] == ["platform-a-1 甲卡盟", "S1 丙"]
    assert list(names_apart(names).values()) == ["甲卡盟 (platform-a-1)", "甲卡盟 (platform-a-2)", "乙卡盟", "丙 (S1)", "丙 (S2)"]


# Ids and names of few signs, so that many are alike, and some long ones whose beginnings are.
few = st.text("A甲_1", min_size=1, max_size=3)
long = st.builds(lambda end: "kd1:0a1b2c3d4e5f" * 4 + end, few)


@given(st.dictionaries(few | long, few | long, min_size=1, max_size=6), st.integers(12, 20))
def test_no_two_suppliers_are_called_the_same(names, width):
    for called in ([supplier_label(supplier, names, width) for supplier in names], [supplier_name(supplier, names) for supplier in names]):
        assert len(set(called)) == len(names), called
    assert all(columns(supplier_label(supplier, names, width)) <= width for supplier in names)
    assert len(set(names_apart(names).values())) == len(names)
