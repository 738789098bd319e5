"""Encodings: what GB18030 takes for its own is told from it or asked for, and no stated one ends in a traceback."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.errors import DataError, MappingError
from kmanalysis.loaders.checking.casts import NOTHING
from kmanalysis.loaders.load import check
from kmanalysis.words import Words
from tests.cases.loading import column, loaded, receipt_of, text_file

SUPPLIERS = '{}[tables.suppliers.columns]\nsupplier_id = {{ from = "vid" }}\nname = {{ from = "vname" }}\n'
NAMES = {
    "big5": ["長河數娛", "雲杉數卡", "靈犀智享", "速惠卡倉", "樂遊點卡商行"],
    "shift_jis": ["ネットショップ東京", "プリペイドカード", "ゲーム販売", "でんしマネー", "さくら商店"],
    "euc_kr": ["온라인상점", "선불카드판매", "게임머니", "전자화폐", "서울상회", "부산디지털"],
    "gb18030": ["云杉数卡", "长河数娱", "灵犀智享", "速惠卡仓", "乐游点卡商行"],
}


def suppliers(path, names, encoding):
    return text_file(path, [("vid", "vname"), *((f"V{number}", name) for number, name in enumerate(names))], encoding)


@pytest.mark.parametrize("encoding", NAMES)
def test_names_are_read_as_they_were_written(tmp_path, encoding):
    attached, folder = loaded(suppliers(tmp_path / "a.csv", NAMES[encoding], encoding), SUPPLIERS.format(""))
    assert receipt_of(attached, "suppliers").kept == len(NAMES[encoding])
    assert column(folder, "name", "suppliers") == sorted(NAMES[encoding])


@pytest.mark.parametrize(("names", "encoding"), [(["長河數"], "big5"), (["甲\ue0f1乙"], "gb18030")])
def test_too_little_to_tell_is_asked_for_and_stated(tmp_path, names, encoding):
    path = suppliers(tmp_path / "a.csv", names, encoding)
    with pytest.raises(DataError, match=r"which encoding it is in cannot be told.*encoding = "):
        loaded(path, SUPPLIERS.format(""))
    _, folder = loaded(path, SUPPLIERS.format(f'[source]\nencoding = "{encoding}"\n'))
    assert column(folder, "name", "suppliers") == names


def test_utf_7_is_asked_for_and_stated(tmp_path):
    mapping = SUPPLIERS.replace("vid", "编号").replace("vname", "名称")
    path = text_file(tmp_path / "a.csv", [("编号", "名称"), ("V0", "长河数娱")], "utf-7")
    with pytest.raises(DataError, match="utf-7"):
        loaded(path, mapping.format(""))
    _, folder = loaded(path, mapping.format('[source]\nencoding = "utf-7"\n'))
    assert column(folder, "name", "suppliers") == ["长河数娱"]


@pytest.mark.parametrize("encoding", ["rot13", "base64", "zlib", "hex", "idna", "punycode", "undefined", "unicode_escape", "uu", "no-such"])
def test_what_is_no_encoding_of_text_ends_in_a_sentence_about_the_mapping(tmp_path, encoding):
    with pytest.raises(MappingError, match="encoding"):
        loaded(suppliers(tmp_path / "a.csv", ["甲"], "utf-8"), SUPPLIERS.format(f'[source]\nencoding = "{encoding}"\n'))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_with_and_without_a_mark(tmp_path, encoding):
    for stated in ("", '[source]\nencoding = "utf-16"\n'):
        _, folder = loaded(suppliers(tmp_path / "a.csv", ["云杉 card"] * 1, encoding), SUPPLIERS.format(stated))
        assert column(folder, "name", "suppliers") == ["云杉 card"]


def test_utf_16_that_is_stated_for_text_in_another_encoding_is_refused(tmp_path):
    with pytest.raises(MappingError, match='encoding = "utf-16-le"'):
        loaded(suppliers(tmp_path / "a.csv", ["甲"], "utf-8"), SUPPLIERS.format('[source]\nencoding = "utf-16"\n'))


USUAL = (
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然于心学么之都好看起发当没成只如事把"
    "还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长儿回位分爱老因很给名法间斯知世什两次使身者被高已亲其进此话常与活正感"
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(USUAL, min_size=2, max_size=8).filter(lambda name: name not in NOTHING), min_size=8, max_size=30))
def test_chinese_in_gb18030_stays_that(tmp_path, names):
    # Two bytes of some words are UTF-8 as well: a text of nothing else could be either.
    names = [*names, *NAMES["gb18030"]]
    _, folder = loaded(suppliers(tmp_path / "a.csv", names, "gb18030"), SUPPLIERS.format(""))
    assert column(folder, "name", "suppliers") == sorted(names)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_canonical_table_that_is_not_in_utf_8_says_so(tmp_path, encoding):
    text_file(tmp_path / "suppliers.csv", [("supplier_id", "name"), ("S1", "云杉数卡")], encoding)
    with pytest.raises(DataError, match=r"suppliers\.csv, line 1: this is not text in UTF-8\. Save the file as UTF-8\."):
        check(tmp_path)


def test_rows_that_are_not_in_utf_8_are_rejected_with_the_remedy(tmp_path):
    text_file(tmp_path / "suppliers.csv", [("supplier_id", "name"), ("S1", "云杉数卡"), ("S2", "plain")], "gb18030")
    rejects = check(tmp_path).rejects
    assert list(zip(rejects["line"], rejects["reason"], strict=True)) == [(2, "undecodable")]
    assert "save it as UTF-8" in Words("en").name("reason.undecodable")
