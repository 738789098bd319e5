import pytest

from kmanalysis.loaders.pricelists.spellings import Catalogue, agree, compact, measures
from tests.loaders.pricelists.lists import PRODUCTS

CATALOGUE = Catalogue(PRODUCTS.items())


@pytest.mark.parametrize(
    ("one", "other"), [("年卡", "12个月"), ("半年", "6 月"), ("三个月", "季卡"), ("Q币 100", "100元 Q币"), ("1 week", "周卡"), ("包月", "月卡")]
)
def test_numbers_that_are_the_same(one, other):
    assert agree(measures(one), measures(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [("100元", "50元"), ("月卡", "年卡"), ("$100", "100元"), ("30点", "30元"), ("Q币", "Q币 50 元"), ("Office 2021", "Office 2024"), ("1年", "1月")],
)
def test_numbers_that_differ(one, other):
    assert not agree(measures(one), measures(other))


def test_width_case_and_spaces_make_no_difference():
    assert compact("ＡＩ　写作 周卡") == compact("ai写作周卡")
    assert CATALOGUE.exact("ＡＩ　写作 周卡") == "G07"
    assert CATALOGUE.numbered("ｇ 07") == "G07"
    assert CATALOGUE.exact("AI 写作") == ""


def test_one_name_of_two_products_is_none():
    twice = Catalogue([("A", "月卡"), ("B", "月 卡")])
    assert twice.exact("月卡") == ""
    match = twice.proposal("月卡", ["月卡"])
    assert (match.sku, match.others) == ("", ("A", "B"))


def test_a_name_is_not_looked_for_among_skus():
    numbered = Catalogue([("1", "2"), ("2", "商品 2")])
    assert [numbered.exact("2"), numbered.exact("1"), numbered.numbered("2")] == ["1", "", "2"]


def test_skus_that_differ_in_case_alone_match_neither():
    assert [Catalogue([("a1", "月卡"), ("A1", "年卡")]).numbered(number) for number in ("a1", "A1")] == ["", ""]


def test_what_resembles_is_proposed_where_the_numbers_agree():
    assert CATALOGUE.proposal("QQ币50元", ["QQ币50元"]).sku == "G03"
    assert CATALOGUE.proposal("腾讯视频会员年卡", ["腾讯视频会员年卡"]).sku == "G02"
    assert CATALOGUE.proposal("Q币 200 元卡", ["Q币 200 元卡"]).sku == ""
    assert CATALOGUE.proposal("腾讯视频季卡", ["腾讯视频季卡"]).sku == ""


def test_two_that_are_as_near_are_not_told_apart():
    match = Catalogue([("A", "AI 绘画月卡"), ("B", "AI 办公月卡")]).proposal("AI 月卡", ["AI 月卡"])
    assert (match.sku, match.others) == ("", ("A", "B"))
