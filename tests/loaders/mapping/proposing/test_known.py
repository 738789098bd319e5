from itertools import chain

import pytest

from kmanalysis.loaders.mapping.proposing.known import CLEAR, SIMILAR, VAGUE, Fit, fit, is_known, value_words, without_unit
from kmanalysis.loaders.reading.headings import folded
from kmanalysis.tables import tables
from kmanalysis.words import Words, languages

ORDERS, PURCHASES, SUPPLIERS, PRODUCTS = (tables()[name] for name in ("orders", "purchases", "suppliers", "products"))


@pytest.mark.parametrize(
    ("heading", "bare", "unit"),
    [
        ("金额（元）", "金额", "元"),
        ("金额(万元)", "金额", "万元"),
        ("金额/元", "金额", "元"),
        ("Response Time (ms)", "response time", "ms"),
        ("商品数量(件)", "商品数量", "件"),
        ("Created at [UTC]", "created at", "utc"),
        ("交易金额(支出)", "交易金额(支出)", ""),
        ("收/支", "收/支", ""),
        ("金额", "金额", ""),
        ("", "", ""),
    ],
)
def test_a_unit_at_the_end_of_a_heading_is_told_from_it(heading, bare, unit):
    assert without_unit(heading) == (bare, unit)


def test_every_name_that_the_product_gives_a_column_is_known():
    for table in tables().values():
        for column in table.columns.values():
            assert fit(table, column, column.name) == Fit(CLEAR)
            for lang in languages():
                label = Words(lang).name(f"{table.name}.{column.name}")
                found = fit(table, column, label)
                assert found, (table.name, column.name, label)
                assert found.grade in (CLEAR, VAGUE)


def test_every_declared_word_is_known_and_no_word_is_clear_for_two_columns():
    for table in tables().values():
        for column in table.columns.values():
            assert {folded(word) for word in column.headings}.isdisjoint(folded(word) for word in column.vague), (table.name, column.name)
            for word in column.headings:
                assert fit(table, column, word), (table.name, column.name, word)
                clear = [other.name for other in table.columns.values() if (found := fit(table, other, word)) and found.grade == CLEAR]
                assert clear == [column.name] or word in table.columns, (table.name, word, clear)
            for word in column.vague:
                assert word == column.name or fit(table, column, word).grade == VAGUE, (table.name, column.name, word)


def test_a_column_that_refers_to_another_is_known_by_its_words():
    assert fit(PURCHASES, PURCHASES.columns["supplier_id"], "供应商编码").grade == CLEAR
    assert fit(ORDERS, ORDERS.columns["sku"], "Variant SKU").grade == CLEAR
    assert fit(ORDERS, ORDERS.columns["status"], "order-status").grade == fit(ORDERS, ORDERS.columns["status"], "Order_Status").grade == CLEAR


def test_what_other_things_are_called_too_is_vague():
    assert fit(ORDERS, ORDERS.columns["status"], "状态").grade == VAGUE
    assert fit(ORDERS, ORDERS.columns["order_id"], "Name").grade == VAGUE
    assert fit(SUPPLIERS, SUPPLIERS.columns["name"], "名称").grade == VAGUE
    assert fit(SUPPLIERS, SUPPLIERS.columns["name"], "name").grade == CLEAR
    assert fit(PRODUCTS, PRODUCTS.columns["name"], "Name").grade == VAGUE


def test_a_misspelled_heading_resembles_one_unless_it_is_another_columns_own():
    amount, cost = ORDERS.columns["amount"], ORDERS.columns["cost_amount"]
    assert fit(ORDERS, ORDERS.columns["buyer_digest"], "收货人手机好").grade == SIMILAR
    assert fit(ORDERS, cost, "订单金额") is None
    assert fit(ORDERS, amount, "成本金额") is None
    assert fit(ORDERS, cost, "Discount Amount") is None
    assert fit(ORDERS, amount, "订单金额(元)") == Fit(CLEAR, fit(ORDERS, amount, "订单金额").place, unit="元")


def test_the_preferred_words_come_first():
    ordered_at = ORDERS.columns["ordered_at"]
    assert fit(ORDERS, ordered_at, "付款时间").place < fit(ORDERS, ordered_at, "下单时间").place


@pytest.mark.parametrize(("heading", "known"), [("供货商编号", True), ("Amount (CNY)", True), ("foo", False), ("", False), ("采购订单明细表", False)])
def test_whether_any_table_knows_a_heading(heading, known):
    assert is_known(heading) is known


def test_values_are_known_by_their_names():
    words = value_words(ORDERS.columns["status"])
    assert words["已取消"] == words["cancelled"] == "cancelled"
    assert set(words.values()) == {*ORDERS.columns["status"].values}
    assert "" not in chain(words, words.values())
