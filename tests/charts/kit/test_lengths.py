from kmanalysis.charts.kit.lengths import columns, shortened, supplier_label, wrapped


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
