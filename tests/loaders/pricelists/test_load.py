"""Price lists into quotes: what is matched, what is asked, what is refused, and that the rows add up."""

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from kmanalysis.errors import DataError, UsageError
from kmanalysis.loaders.pricelists.load import load_price_list, quote_time
from kmanalysis.loaders.pricelists.review import FILE
from kmanalysis.words import Words
from tests.loaders.pricelists.lists import csv_list, folder_in, price_lists, quotes, xlsx_list

DAY = "2026-11-01"


def loaded(path, folder, supplier="S01", date=DAY):
    return load_price_list(path, folder, supplier=supplier, date=date)


def receipt_of(found):
    (receipt,) = found.attached.receipts
    return receipt


def review_of(folder):
    return pd.read_csv(folder / FILE, dtype="str", keep_default_na=False)


def decide(folder, decisions):
    """Writes states (and SKUs) into the review as an operator does."""
    review = review_of(folder)
    for spelling, (state, sku) in decisions.items():
        review.loc[review["spelling"] == spelling, ["state", "sku"]] = [state, sku]
    review.to_csv(folder / FILE, index=False, encoding="utf-8-sig")


def test_names_that_are_the_same_need_no_review(tmp_path):
    folder = folder_in(tmp_path / "into")
    found = loaded(csv_list(tmp_path / "a.csv", "商品,价格(元)\n腾讯视频 月卡,15\nｑ币 50元卡,49.1\nai写作周卡,5\n"), folder)
    assert (receipt_of(found).read, receipt_of(found).new, receipt_of(found).open, dict(receipt_of(found).rejected)) == (3, 3, 0, {})
    assert quotes(folder) == {("S01", "G01"): "15 CNY", ("S01", "G03"): "49.1 CNY", ("S01", "G07"): "5 CNY"}
    assert not (folder / FILE).exists()


def test_a_section_may_be_a_part_of_the_name(tmp_path):
    folder = folder_in(tmp_path / "into")
    loaded(csv_list(tmp_path / "a.csv", "商品,面值,价格\n—— Steam ——,,\n钱包,50元,48\n,100元,96\n"), folder)
    assert quotes(folder) == {("S01", "G05"): "48 CNY", ("S01", "G06"): "96 CNY"}


def test_what_resembles_is_asked_and_remembered(tmp_path):
    folder = folder_in(tmp_path / "into")
    path = csv_list(tmp_path / "a.csv", "商品,价格\n腾讯视频VIP月卡,15\nQQ币100元,98\nQQ币200元,196\n")
    found = loaded(path, folder)
    assert (receipt_of(found).read, receipt_of(found).kept, receipt_of(found).open) == (3, 0, 3)
    assert [(seen.cell, seen.text, seen.proposed) for seen in found.seen] == [
        ("B2", "腾讯视频VIP月卡", "G01 腾讯视频月卡"),
        ("B3", "QQ币100元", "G04 Q币 100 元卡"),
        ("B4", "QQ币200元", ""),
    ]
    assert list(review_of(folder)["sku"]) == ["G04", "", "G01"]
    decide(folder, {"腾讯视频VIP月卡": ("accepted", "G01"), "QQ币100元": ("rejected", "")})
    before = (folder / FILE).read_bytes()
    found = loaded(path, folder)
    assert (receipt_of(found).kept, receipt_of(found).open, receipt_of(found).rejected) == (1, 1, {"spelling_rejected": 1})
    assert quotes(folder) == {("S01", "G01"): "15 CNY"}
    assert (folder / FILE).read_bytes() == before
    # What one supplier's spelling was taken for says nothing of another's.
    assert receipt_of(loaded(path, folder, "S02")).open == 3


def test_a_supplier_s_own_number_is_not_taken_for_our_sku(tmp_path):
    folder = folder_in(tmp_path / "into", {"1": "腾讯视频月卡", "2": "Q币 50 元卡"})
    found = loaded(csv_list(tmp_path / "a.csv", "编号,商品,价格\n1,Q币 50 元卡,48\n2,优酷月卡,12\n2,Ｑ币50元,49\n"), folder)
    assert [(seen.cell, seen.text) for seen in found.seen] == [("C3", "优酷月卡")]
    assert receipt_of(found).rejected == {"key_repeated": 1}
    assert quotes(folder) == {("S01", "2"): "48 CNY"}


def test_a_number_below_a_heading_of_goods_is_not_taken_for_our_sku(tmp_path):
    folder = folder_in(tmp_path / "into", {"1": "商品 1", "2": "商品 2"})
    found = loaded(csv_list(tmp_path / "a.csv", "商品,价格\nSteam,\n2,45\n"), folder)
    assert (receipt_of(found).kept, receipt_of(found).open) == (0, 1)
    assert [(seen.kind, seen.text) for seen in found.seen] == [("section", "Steam"), ("open", "Steam 2")]
    assert loaded(csv_list(tmp_path / "b.csv", "商品编号,价格\n2,45\n"), folder).attached.receipts[0].new == 1


def test_skus_that_differ_in_case_alone_are_not_told_apart(tmp_path):
    folder = folder_in(tmp_path / "into", {"a1": "腾讯视频月卡", "A1": "Q币 50 元卡", "B1": "优酷月卡"})
    found = loaded(csv_list(tmp_path / "a.csv", "SKU,价格\na1,45\nA1,46\nb1,47\n"), folder)
    assert (receipt_of(found).open, quotes(folder)) == (2, {("S01", "B1"): "47 CNY"})


def test_two_that_are_as_near_are_both_named(tmp_path):
    folder = folder_in(tmp_path / "into", {"A": "AI 绘画月卡", "B": "AI 办公月卡"})
    (seen,) = loaded(csv_list(tmp_path / "a.csv", "商品,价格\nAI月卡,5\n"), folder).seen
    assert seen.proposed == "A AI 绘画月卡 / B AI 办公月卡"
    assert list(review_of(folder)[["sku", "others"]].iloc[0]) == ["", "A B"]


def test_the_same_list_again_changes_nothing_and_another_price_replaces(tmp_path):
    folder = folder_in(tmp_path / "into")
    path = csv_list(tmp_path / "a.csv", "商品,价格\n腾讯视频月卡,15\n腾讯视频年卡,150\n")
    loaded(path, folder)
    before = (folder / "quotes" / "pricelists.parquet").read_bytes()
    assert (receipt_of(loaded(path, folder)).same, (folder / "quotes" / "pricelists.parquet").read_bytes()) == (2, before)
    other = receipt_of(loaded(csv_list(tmp_path / "a.csv", "商品,价格\n腾讯视频月卡,16\n"), folder))
    assert (other.updated, other.new) == (1, 0)
    assert quotes(folder)["S01", "G01"] == "16 CNY"


def test_what_a_watch_or_a_load_has_written_stays(tmp_path):
    path = csv_list(tmp_path / "a.csv", "商品,价格\n腾讯视频月卡,15\n")
    watched, kept = folder_in(tmp_path / "watched"), folder_in(tmp_path / "kept")
    loaded(path, watched)
    (watched / "quotes" / "pricelists.parquet").rename(watched / "quotes" / "2026-11@1.parquet")
    (kept / "quotes.csv").write_text("supplier_id,sku,quoted_at,unit_price,currency\nS02,G01,2026-10-01 00:00:00,14,CNY\n", encoding="utf-8")
    for folder in (watched, kept):
        loaded(path, folder, "S01" if folder == kept else "S02")
        assert quotes(folder) == {("S01", "G01"): "15 CNY", ("S02", "G01"): f"{15 if folder == watched else 14} CNY"}
    assert sorted(file.name for file in (watched / "quotes").iterdir()) == ["2026-11@1.parquet", "pricelists.parquet"]
    assert not (kept / "quotes").exists()


def test_one_good_at_two_prices_is_refused_across_sheets(tmp_path):
    folder = folder_in(tmp_path / "into")
    table = [["商品", "价格"], ["腾讯视频月卡", 15]]
    found = loaded(xlsx_list(tmp_path / "a.xlsx", {"一": table, "二": [["商品", "价格"], ["腾讯视频月卡", 14]], "三": table, "四": [["联系我们"]]}), folder)
    assert (receipt_of(found).read, receipt_of(found).new, receipt_of(found).same, receipt_of(found).rejected) == (3, 1, 1, {"key_repeated": 1})
    (fault,) = found.attached.rejects.to_dict("records")
    assert (fault["file"], fault["line"], fault["column"]) == ("a.xlsx · 二", 2, "B2 价格")
    assert [(seen.kind, seen.file) for seen in found.seen] == [("sheet", "a.xlsx · 四")]


@pytest.mark.parametrize(
    "text",
    [
        "商品,数量,价格\n腾讯视频月卡,10-99,14.5\n腾讯视频月卡,1-9,15\n腾讯视频月卡,100以上,14\n腾讯视频年卡,1-9,150\n",
        "商品,起订量,价格\n腾讯视频月卡,1,15\n腾讯视频月卡,10,14.5\n腾讯视频月卡,100,14\n腾讯视频年卡,1,150\n",
        "商品,qty,price\n腾讯视频月卡,1-9,15\n,10-99,14.5\n,100+,14\n腾讯视频年卡,≥1,150\n",
        "商品,价格(1-9张),价格(10-99张),价格(100张起)\n腾讯视频月卡,15,14.5,14\n腾讯视频年卡,150,,\n",
        "商品,价格,,\n,1-9张,10-99张,100张以上\n腾讯视频月卡,15,14.5,14\n腾讯视频年卡,150,,\n",
    ],
)
def test_of_prices_by_quantity_that_of_the_smallest_is_the_quote_and_the_others_are_named(tmp_path, text):
    folder = folder_in(tmp_path / "into")
    found = loaded(csv_list(tmp_path / "a.csv", text), folder)
    assert (receipt_of(found).read, receipt_of(found).new, receipt_of(found).open, receipt_of(found).rejected) == (4, 2, 0, {"price_tier": 2})
    assert quotes(folder) == {("S01", "G01"): "15 CNY", ("S01", "G02"): "150 CNY"}
    assert sorted(fault["value"].partition(": ")[2] for fault in found.attached.rejects.to_dict("records")) == ["14", "14.5"]
    assert found.seen == []
    assert "discount_tiers" in Words("en").name("reason.price_tier")


@pytest.mark.parametrize(
    ("rows", "kept", "unclear"),
    [
        # The unreadable one may be the retail price or not: nothing says so.
        ([("零售", "15"), ("10-99", "14.5")], {}, 2),
        ([("零售", "14.5"), ("10-99", "15")], {}, 2),
        ([("零售", "15"), ("批发", "14")], {}, 2),
        # Where one holds from one on, it is the quote whatever the other means.
        ([("1-9", "15"), ("批发", "14")], {("S01", "G01"): "15 CNY"}, 1),
        ([("批发", "14"), ("", "15")], {("S01", "G01"): "15 CNY"}, 1),
        # One price for all: it does not matter for how many.
        ([("零售", "15"), ("批发", "15")], {("S01", "G01"): "15 CNY"}, 0),
        ([("零售", "15")], {("S01", "G01"): "15 CNY"}, 0),
    ],
)
def test_a_quantity_that_cannot_be_read_makes_no_quote_beside_another_price(tmp_path, rows, kept, unclear):
    folder = folder_in(tmp_path / "into")
    text = "商品,数量,价格\n" + "".join(f"腾讯视频月卡,{quantity},{price}\n" for quantity, price in rows)
    found = loaded(csv_list(tmp_path / "a.csv", text + "腾讯视频年卡,1,150\n"), folder)
    assert quotes(folder) == {**kept, ("S01", "G02"): "150 CNY"}
    assert receipt_of(found).rejected == ({"unclear_quantity": unclear} if unclear else {})


def test_numbers_with_which_the_price_rises_are_no_tiers(tmp_path):
    folder = folder_in(tmp_path / "into")
    found = loaded(csv_list(tmp_path / "a.csv", "商品,数量,价格\n腾讯视频月卡,20,15\n腾讯视频月卡,9,14\n"), folder)
    assert receipt_of(found).rejected == {"key_repeated": 1}
    assert quotes(folder) == {("S01", "G01"): "15 CNY"}


def test_a_count_in_stock_makes_no_good_of_a_row_without_a_name(tmp_path):
    folder = folder_in(tmp_path / "into")
    found = loaded(csv_list(tmp_path / "a.csv", "商品,数量,价格\n腾讯视频月卡,9,15\n,12,3\n腾讯视频年卡,3,150\n"), folder)
    assert receipt_of(found).rejected == {"no_name": 1}
    assert quotes(folder) == {("S01", "G01"): "15 CNY", ("S01", "G02"): "150 CNY"}
    assert [(seen.kind, seen.text) for seen in found.seen] == [("column", "数量")]


def test_cells_that_are_no_price_are_named(tmp_path):
    folder = folder_in(tmp_path / "into")
    text = (
        "商品,价格(元),库存,价格(元/万)\n腾讯视频月卡,十五,1,\n腾讯视频年卡,缺货,0,\nQ币 50 元卡,,9,\nQ币 100 元卡,0,9,\n"
        "Steam 钱包 50 元,48 (满100),9,\n,3,,\nAI 写作周卡,1.23456,,\nSteam 钱包 100 元,,1,96\n"
    )
    found = loaded(csv_list(tmp_path / "a.csv", text), folder)
    assert receipt_of(found).rejected == {
        **{"not_price": 1, "not_offered": 1, "empty": 1, "zero_price": 1, "no_name": 1, "too_many_decimals": 1},
        "unclear_unit": 1,
    }
    assert quotes(folder) == {("S01", "G05"): "48 CNY"}
    assert [(seen.kind, seen.cell, seen.text) for seen in found.seen] == [("note", "B6", "48 (满100)")]
    told = {fault["reason"]: (fault["line"], fault["column"], fault["value"]) for fault in found.attached.rejects.to_dict("records")}
    assert told["not_price"] == (2, "B2 价格(元)", "十五")
    assert told["not_offered"] == (3, "B3 价格(元)", "腾讯视频年卡: 缺货")
    assert told["unclear_unit"] == (9, "D9 价格(元/万)", "价格(元/万)")
    assert (folder / "rejected" / "quotes-a.csv@S01.csv").read_text(encoding="utf-8-sig").count("\n") == 8


def test_rejects_of_one_supplier_stay_when_another_s_list_has_the_same_name(tmp_path):
    folder = folder_in(tmp_path / "into")
    (folder / "suppliers.csv").write_text("supplier_id,name\nS01,甲\n../乙@1,乙\n", encoding="utf-8")
    faulty, sound = "商品,价格\n腾讯视频月卡,十五\n", "商品,价格\n腾讯视频月卡,15\n"
    for text, supplier, left in (
        (faulty, "S01", ["quotes-a.csv@S01.csv"]),
        (sound, "../乙@1", ["quotes-a.csv@S01.csv"]),
        (faulty, "../乙@1", ["quotes-a.csv@%2E%2E%2F乙%401.csv", "quotes-a.csv@S01.csv"]),
        (sound, "S01", ["quotes-a.csv@%2E%2E%2F乙%401.csv"]),
    ):
        loaded(csv_list(tmp_path / "a.csv", text), folder, supplier)
        assert sorted(file.name for file in (folder / "rejected").iterdir()) == left


def test_currencies_by_sign_heading_and_column(tmp_path):
    folder = folder_in(tmp_path / "into")
    loaded(csv_list(tmp_path / "a.csv", "商品,价格,币种\n腾讯视频月卡,$2,\n腾讯视频年卡,20,美元\nAI 写作周卡,5,\n"), folder)
    assert quotes(folder) == {("S01", "G01"): "2 USD", ("S01", "G02"): "20 USD", ("S01", "G07"): "5 CNY"}


@pytest.mark.parametrize("text", ["商品,批发价/10张\n腾讯视频月卡,450\n", "商品,百张价\n腾讯视频月卡,450元\n", "单位：USDT,\n商品,价格\n腾讯视频月卡,450\n"])
def test_prices_for_many_and_in_an_unknown_currency_are_refused(tmp_path, text):
    folder = folder_in(tmp_path / "into")
    found = loaded(csv_list(tmp_path / "a.csv", text), folder)
    assert (receipt_of(found).kept, receipt_of(found).rejected) == (0, {"unclear_unit": 1})
    assert "USD" in found.attached.rejects["accepted"].item()


def test_a_quote_is_of_the_day_in_shanghai():
    assert str(quote_time(DAY)) == "2026-10-31 16:00:00"
    assert str(quote_time("2026-11-01T09:30")) == "2026-11-01 01:30:00"
    assert quote_time("2026-11-01 09:30:00") == quote_time("2026-11-01T09:30")
    for text in ("11/1", "2026-11-01T09:30+08:00", "0001-01-01", "2026-W45", "2026-W45-1", "2026-02-30", "２０２６-11-01", ""):
        with pytest.raises(UsageError, match="not a date"):
            quote_time(text)


def test_contacts_in_a_list_are_written_nowhere(tmp_path):
    folder = folder_in(tmp_path / "into")
    found = loaded(csv_list(tmp_path / "a.csv", "商品,价格\n月卡 咨询13800138000,5\n联系13800138000,\n腾讯视频年卡,问13800138000\n"), folder)
    files = [path.read_text(encoding="utf-8-sig", errors="replace") for path in folder.rglob("*.csv")]
    assert "13800138000" not in "".join([*files, repr(found)])


def test_folders_and_files_that_cannot_serve(tmp_path):
    path = csv_list(tmp_path / "a.csv", "商品,价格\n月卡,5\n")
    folder = folder_in(tmp_path / "into")
    for problem, arguments in {
        "S01": (path, folder, "S011"),
        "not found": (tmp_path / "none.csv", folder),
        "no table of prices": (csv_list(tmp_path / "b.csv", "甲,乙\n1,2\n"), folder),
        "cannot be read as an Excel workbook": (csv_list(tmp_path / "d.xlsx", "x\0"), folder),
        "Excel workbook or a CSV": (csv_list(tmp_path / "c.pdf", "x"), folder),
        "no table of products": (path, tmp_path / "empty"),
    }.items():
        with pytest.raises(DataError) as raised:
            loaded(*arguments)
        assert problem in str(raised.value)
    assert not (folder / "quotes").exists()


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(price_lists())
def test_whatever_the_layout_the_prices_come_back_and_the_rows_add_up(tmp_path_factory, drawn):
    rows, sheet, truth = drawn
    place = tmp_path_factory.mktemp("list")
    folder = folder_in(place / "into")
    found = loaded(xlsx_list(place / "a.xlsx", {"x": sheet}), folder)
    receipt = receipt_of(found)
    assert receipt.read == len(rows) == receipt.kept + sum(receipt.rejected.values()) + receipt.open
    assert receipt.open == sum(row[2] == "open" for row in rows) == sum(seen.kind == "open" for seen in found.seen)
    assert len(found.attached.rejects) == sum(row[2] == "rejected" for row in rows)
    expected = {("S01", sku): f"{fen / 100:.2f}" for sku, fen in truth.items()}
    assert {key: f"{float(price.removesuffix(' CNY')):.2f}" for key, price in (quotes(folder) if truth else {}).items()} == expected
