from decimal import Decimal

import pytest

from kmanalysis.loaders.pricelists.prices import Unit, currency_code, heading_unit, is_not_offered, price_of

YUAN, FEN = Unit(), Unit(Decimal("0.01"), "CNY")


@pytest.mark.parametrize(
    ("text", "unit", "amount", "currency"),
    [
        ("0.98", YUAN, "0.98", "CNY"),
        ("98", FEN, "0.98", "CNY"),
        ("98分", YUAN, "0.98", "CNY"),
        ("9.8角", YUAN, "0.98", "CNY"),
        ("49元", FEN, "49", "CNY"),
        ("1.2万", YUAN, "12000", "CNY"),
        ("1.2万元", FEN, "12000", "CNY"),
        ("1.2", Unit(Decimal(10_000), "CNY"), "12000", "CNY"),
        ("￥１，２３４．５０", YUAN, "1234.5", "CNY"),
        ("$5", YUAN, "5", "USD"),
        ("5", Unit(Decimal(1), "USD"), "5", "USD"),
        ("0.98元/张", YUAN, "0.98", "CNY"),
    ],
)
def test_a_cell_s_own_unit_goes_before_its_column_s(text, unit, amount, currency):
    price = price_of(text, unit)
    assert (price.amount, price.currency, price.note) == (Decimal(amount), currency, "")


@pytest.mark.parametrize(("text", "note"), [("0.98 (满100)", "(满100)"), ("0.98（满100）", "(满100)"), ("0.98 缺货", "缺货")])
def test_a_note_beside_the_price_is_kept_apart(text, note):
    assert price_of(text, YUAN).amount == Decimal("0.98")
    assert price_of(text, YUAN).note == note


@pytest.mark.parametrize("text", ["", "0.98起", "98折", "98%", "0.9-1.1", "面议", "0,98", "1 2", "$5元"])
def test_what_is_no_price_is_not_guessed_at(text):
    assert price_of(text, YUAN) is None
    assert not is_not_offered(text)


@pytest.mark.parametrize(
    "heading",
    [
        *("单价(元/万)", "价格(元/100张)", "单价/元/10个", "批发价/10张", "价格/百张", "价格(元)/10张", "价格（10张）", "每百张价格", "单价（每10张/元）"),
        *("价格/万", "批发价/10", "百张价", "十张价/元", "价格/箱", "单位：元/百张", "每箱价", "百张价-含税", "国内百张价"),
    ],
)
def test_a_price_for_many_says_nothing_of_one(heading):
    assert price_of("98", heading_unit(heading)) is None
    assert price_of("98元", heading_unit(heading)) is None


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "批发价(10张起)",
            "价格（10张以上）",
            "单价(1-99张)",
            "代理价(满10张)",
            "价格(100张+)",
            "价格(元)（≥10张）",
            "每张价格",
            "每日报价",
            "单价(元/每张)",
            "价格/1张",
        ),
        *("价格(3个月)", "价格/张", "百度网盘价格", "价格(100元)", "最低采购单位10张", "千元价格", "价格(11月1日)"),
    ],
)
def test_a_price_for_one_from_how_many_on_or_for_how_long_is_one(heading):
    assert price_of("98", heading_unit(heading) or Unit()).amount == 98


@pytest.mark.parametrize(
    "heading",
    ["价格(USDT)", "价格（U）", "价格(日元)", "单位：USDT", "单位:日元", "价格/usdt", "价格(新台币)", "价格(₽)", "价格(泰铢)", "价格(U/张)", "价格(Q币)"],
)
def test_a_currency_that_is_not_known_is_not_taken_for_yuan(heading):
    assert heading_unit(heading) == Unit(Decimal(0))


@pytest.mark.parametrize("heading", ["price (each)", "价格(VIP)", "price (excl. VAT)", "price/unit", "报价单位：某某公司", "VIP价", "Q币价格", "百元价"])
def test_words_in_brackets_that_are_no_currency(heading):
    assert heading_unit(heading) is None


@pytest.mark.parametrize("text", ["缺货", "缺货（下周到）", "—", "-", "N/A", "暂停销售", "待补货", "sold out", "无"])
def test_nothing_to_buy(text):
    assert is_not_offered(text)
    assert price_of(text, YUAN) is None


@pytest.mark.parametrize(
    ("text", "factor", "currency"),
    [
        ("单价/分", "0.01", "CNY"),
        ("价格(元)", "1", "CNY"),
        ("价格（万元）", "10000", "CNY"),
        ("单位：分", "0.01", "CNY"),
        ("price ($)", "1", "USD"),
        ("单价(元/1张)", "1", "CNY"),
        ("价格(人民币元)", "1", "CNY"),
        ("美元价", "1", "USD"),
        ("USD 批发价", "1", "USD"),
        ("人民币价格", "1", "CNY"),
        ("USDT价格", "0", ""),
        ("U价", "0", ""),
        ("日元批发价", "0", ""),
        ("价格(RMB)", "1", "CNY"),
        ("price (USD/pc)", "1", "USD"),
        ("价格（千元）", "1000", "CNY"),
    ],
)
def test_units_of_headings(text, factor, currency):
    assert heading_unit(text) == Unit(Decimal(factor), currency)


def test_headings_without_a_unit():
    assert heading_unit("价格") is None
    assert heading_unit("价格(含税)") is None
    assert heading_unit("100元面值") is None
    assert heading_unit("价格(分销)") is None
    assert heading_unit("单位：张") is None


def test_currencies_by_their_names():
    assert [currency_code(text) for text in ("人民币", "US$", "eur", "usdt")] == ["CNY", "USD", "EUR", "USDT"]
