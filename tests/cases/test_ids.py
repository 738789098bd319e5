"""Identifiers are text: as they were, or refused; what stands for nothing is none, and two that look alike are named."""

import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.loaders.folder import attach
from kmanalysis.words import Words
from tests.cases.loading import orders, read

SUPPLIERS = '[tables.suppliers.columns]\nsupplier_id = { from = "编号" }\nname = { from = "名称" }\nupstream_id = { from = "上级货源" }\n'


def test_wrappings_that_only_keep_excel_from_rounding_are_taken_off(tmp_path):
    wrapped = ["2026100112345678901\t", "`2026100112345678902", '"=""2026100112345678903"""', "'2026100112345678904", '="2026100112345678905"']
    text = "订单号,下单时间,金额\n" + "".join(f"{cell},2026-10-01,1\n" for cell in wrapped)
    _, rows, rejects = read(tmp_path, text, orders(), "orders")
    assert ([row["order_id"] for row in rows], rejects) == ([f"202610011234567890{number}" for number in range(1, 6)], [])


@pytest.mark.parametrize("cell", ["2.02610E+17", "2.0261e17", "2E+17", "1234567890123456789.0"])
def test_an_id_that_a_spreadsheet_cut_is_refused(tmp_path, cell):
    _, rows, rejects = read(tmp_path, f"订单号,下单时间,金额\n{cell},2026-10-01,1\n", orders(), "orders")
    assert (rows, rejects[0][:4]) == ([], [2, "订单号", cell, "rounded_id"])


def test_a_code_that_a_spreadsheet_cut_has_no_digest_and_wrappings_change_none(tmp_path):
    mapping = (
        '[tables.codes.columns]\ncode_id = { from = "编号" }\ncode_digest = { from = "卡密" }\nsupplier_id = { constant = "S1" }\nsku = { constant = "G1" }\n'
    )
    mapping += 'issued_at = { constant = "2026-10-01T00:00:00Z" }\n'
    text = "编号,卡密\n1,1.23457E+15\n2,'1234567890123456\n3,1234567890123456\n"
    _, rows, rejects = read(tmp_path, text, mapping, "codes")
    assert len({row["code_digest"] for row in rows}) == 1
    assert [entry[0::3] for entry in rejects] == [[2, "rounded_id"]]
    assert rejects[0][2].startswith("kd1:")


def test_whole_numbers_that_became_decimals(tmp_path):
    _, rows, _ = read(tmp_path, "订单号,下单时间,金额\n123.0,2026-10-01,1\n124.0,2026-10-01,1\n125,2026-10-01,1\n", orders(), "orders")
    assert [row["order_id"] for row in rows] == ["123", "124", "125"]


NOTHING = ["无", "暂无", "没有", "NULL", "null", "nan", "None", "-", "--", "—", "N/A", "n/a", "\\N", "#N/A"]


def test_words_for_nothing_are_nothing(tmp_path):
    text = "编号,名称,上级货源\n" + "".join(f"S{number},x,{word}\n" for number, word in enumerate(NOTHING)) + "T,x,U1\n"
    receipt, rows, _ = read(tmp_path, text, SUPPLIERS, "suppliers")
    assert (receipt.kept, {row["upstream_id"] for row in rows}) == (len(NOTHING) + 1, {None, "U1"})


def test_they_are_nothing_before_conditions_keys_and_lookups(tmp_path):
    mapping = """
[source]
timezone = "Asia/Shanghai"
[lookups.goods]
"A" = "G1"
[tables.products]
repeats = "first"
where = [{ column = "货号", empty = false }]
[tables.products.columns]
sku = { key = ["货号", "面值"] }
name = { from = "货号" }
brand = { from = "品牌", values = { "无" = "no brand" } }
family = { from = "货号", lookup = "goods" }
"""
    receipt, rows, rejects = read(tmp_path, "货号,面值,品牌\nA,-,无\n无,10,x\nN/A,10,x\n", mapping, "products")
    assert (receipt.filtered, rejects) == (2, [])
    assert [(row["sku"], row["brand"], row["family"]) for row in rows] == [("a", "no brand", "G1")]


def test_a_null_of_a_databases_export_is_no_id(tmp_path):
    mapping = orders().replace('sku = { constant = "G1" }', 'sku = { from = "sku" }')
    text = '"订单号","sku","下单时间","金额"\n"o0",NULL,"2026-10-02 10:00:00","10.00"\n"o1","G1","2026-10-02 10:00:00","10.00"\n'
    receipt, rows, rejects = read(tmp_path, text, mapping, "orders")
    assert (receipt.read, [row["sku"] for row in rows]) == (2, ["G1"])
    assert [entry[:4] for entry in rejects] == [[2, "sku", "", "empty"]]


def test_a_source_says_which_words_they_are(tmp_path):
    text = "编号,名称,上级货源\nS1,x,缺\nS2,x,无\n"
    receipt, rows, _ = read(tmp_path, text, '[source]\nnothing = ["缺"]\n' + SUPPLIERS, "suppliers")
    assert {row["supplier_id"]: row["upstream_id"] for row in rows} == {"S1": None, "S2": "无"}
    assert receipt.doubts["id_means_nothing"] == 1


def attached(folder, upstreams):
    rows = "".join(f"S{number},x,{upstream}\n" for number, upstream in enumerate(upstreams))
    (folder / "suppliers.csv").write_text("supplier_id,name,upstream_id\n" + rows, encoding="utf-8")
    (receipt,) = attach(connect(), folder).receipts
    return receipt


def test_in_the_projects_own_tables_a_word_for_nothing_is_doubted_and_named(tmp_path):
    receipt = attached(tmp_path, ["无", "无", "U1", ""])
    assert (receipt.kept, receipt.doubts, receipt.named) == (4, {"id_means_nothing": 2}, {"id_means_nothing": "upstream_id: 无"})
    assert "upstream_id: 无" in receipt.text(Words("en"))
    assert "upstream_id: 无" in receipt.text(Words("zh"))


def test_ids_that_look_alike_are_named_both(tmp_path):
    receipt = attached(tmp_path, ["U1", "Ｕ1", "u1", "U\u200b1", "U2", "3"])
    assert receipt.doubts == {"ids_alike": 4}
    assert receipt.named == {"ids_alike": "upstream_id: U1 ~ U\\u200b1 ~ u1 ~ Ｕ1"}


def test_only_a_few_are_named(tmp_path):
    receipt = attached(tmp_path, [text for number in range(5) for text in (f"u{number}x", f"U{number}x")])
    assert receipt.doubts == {"ids_alike": 10}
    assert receipt.named["ids_alike"] == "upstream_id: U0x ~ u0x, U1x ~ u1x, U2x ~ u2x, …"


def test_a_receipt_names_only_what_it_doubts():
    receipt = Receipt("suppliers", "a.csv", 1, 1, new=1, doubts={"zero_cost": 1}, named={"ids_alike": "x"})
    assert "x" not in receipt.text(Words("en")).split("a cost of 0")[1]


def test_rows_that_are_left_out_beside_others_quote_the_cell_of_the_file(tmp_path):
    _, _, rejects = read(tmp_path, '编号,名称,上级货源\n7,x,\n"=""7""",y,\n`7,z,\n', SUPPLIERS, "suppliers")
    assert rejects == [[3, "编号", '="7"', "key_repeated", ""], [4, "编号", "`7", "key_repeated", ""]]
