"""What everyday files need a mapping to say: two headings for one thing, a sign in a condition, a second file, a column without a heading."""

import openpyxl

from tests.cases.loading import orders, read

TEXT = "订单号,下单时间,金额,备注\n"


def test_the_first_of_two_headings_is_taken_and_doubted_where_they_differ(tmp_path):
    text = "订单号,下单时间,付款时间,金额\nA1,2026-10-01 08:00,2026-10-01 08:00,1\nA2,2026-10-01 08:00,2026-10-01 09:00,1\nA3,2026-10-01 08:00,,1\n"
    mapping = orders(ordered_at='from = ["下单时间", "付款时间"]')
    receipt, rows, _ = read(tmp_path, text, mapping, "orders")
    assert {str(row["ordered_at"]) for row in rows} == {"2026-10-01 00:00:00"}
    assert receipt.doubts["alternatives_differ"] == 2
    receipt, _, _ = read(tmp_path, text.replace("付款时间", "x"), mapping, "orders")
    assert "alternatives_differ" not in receipt.doubts


def test_rows_by_sign_and_by_pattern(tmp_path):
    text = (
        TEXT
        + 'A1,2026-10-01,5,卡密\nA2,2026-10-01,-5,退款\nA3,2026-10-01,0,卡密\nA4,2026-10-01,,卡密\nA5,2026-10-01,"¥1,000",卡密充值\nA6,2026-10-01,五,卡密\n'
    )
    receipt, rows, rejects = read(tmp_path, text, orders(table='where = [{ column = "金额", positive = true }]'), "orders")
    assert ([row["order_id"] for row in rows], receipt.filtered) == (["A1", "A5"], 3)
    assert [entry[2:4] for entry in rejects] == [["五", "not_number"]]
    (tmp_path / "b").mkdir()
    receipt, rows, _ = read(
        tmp_path / "b", text, orders(table='where = [{ column = "备注", matches = "^卡密$" }, { column = "订单号", matches = "[1-3]" }]'), "orders"
    )
    assert ([row["order_id"] for row in rows], receipt.filtered) == (["A1", "A3"], 4)
    (tmp_path / "c").mkdir()
    receipt, rows, _ = read(
        tmp_path / "c", text, orders(amount='from = "金额", factor = -1', table='where = [{ column = "金额", positive = false }]'), "orders"
    )
    assert ([row["order_id"] for row in rows], receipt.filtered) == (["A2", "A3"], 3)


def test_a_lookup_in_a_second_file(tmp_path):
    (tmp_path / "goods.csv").write_text("货号,供货商\nq币,S7\n", encoding="utf-8")
    mapping = '[lookups.goods]\nfile = "goods.csv"\nkey = "货号"\nvalue = "供货商"\n' + orders().replace(
        '{ constant = "S1" }', '{ from = "备注", lookup = "goods" }'
    )
    _, rows, rejects = read(tmp_path, TEXT + "A1,2026-10-01,1,Q币\nA2,2026-10-01,1,点卡\n", mapping, "orders")
    assert [(row["order_id"], row["supplier_id"]) for row in rows] == [("A1", "S7")]
    assert rejects == [[3, "备注", "点卡", "not_in_lookup", "lookups.goods"]]


def test_a_column_without_a_heading_is_named_by_its_letter(tmp_path):
    _, rows, _ = read(tmp_path, "订单号,,金额\nA1,2026-10-01,1\n", orders(ordered_at='from = "#B"'), "orders")
    assert [str(row["ordered_at"]) for row in rows] == ["2026-09-30 16:00:00"]


def test_totals_by_their_first_word(tmp_path):
    receipt, rows, rejects = read(tmp_path, TEXT + "A1,2026-10-01,1,x\n合计金额,,1,\n", orders(source='footer = ["合计金额"]'), "orders")
    assert (len(rows), rejects, receipt.skipped) == (1, [], 1)


def test_days_and_times_of_a_workbook_are_joined(tmp_path):
    from datetime import date, time

    book = openpyxl.Workbook()
    for row in (["订单号", "日期", "时间", "金额"], ["A1", date(2026, 10, 1), time(12, 30, 15), 5], ["A2", "2026/10/1", "下午 3:05", 5]):
        book.active.append(row)
    book.save(tmp_path / "raw.xlsx")
    _, rows, rejects = read(tmp_path, None, orders(ordered_at='join = ["日期", "时间"]'), "orders", "raw.xlsx")
    assert ({row["order_id"]: str(row["ordered_at"]) for row in rows}, rejects) == ({"A1": "2026-10-01 04:30:15", "A2": "2026-10-01 07:05:00"}, [])
