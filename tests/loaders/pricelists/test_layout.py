"""Where prices lie: tables beside and below one another, headings of two rows, sections, and what is passed over."""

from hypothesis import given, settings

from kmanalysis.loaders.pricelists.grid import grids
from kmanalysis.loaders.pricelists.layout import layout_of
from kmanalysis.loaders.pricelists.prices import price_of
from tests.loaders.pricelists.lists import PRODUCTS, csv_list, grids_of_face_values, price_lists, xlsx_list


def laid_out(path):
    return layout_of(grids(path)[0])


def prices(path):
    return [(" ".join(entry.parts), *entry.values) for entry in laid_out(path).entries]


def test_a_group_s_heading_is_merged_over_its_columns(tmp_path):
    rows = [
        ["商品", "100元面值", None, "50元面值", None],
        [None, "单价(元)", "库存", "单价(元)", "库存"],
        ["Q币", 97, 3, 48.5, 4],
        ["Steam", 96, 1, None, None],
    ]
    path = xlsx_list(tmp_path / "a.xlsx", {"价格": rows}, ["A1:A2", "B1:C1", "D1:E1"])
    expected = [("Q币 100元面值", "97"), ("Q币 50元面值", "48.5"), ("Steam 100元面值", "96")]
    assert prices(path) == expected
    # The same as text: what was merged is empty.
    text = "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    assert prices(csv_list(tmp_path / "a.csv", text)) == expected


def test_groups_above_headings_that_repeat(tmp_path):
    assert prices(csv_list(tmp_path / "a.csv", ",50元面值,,100元面值,\n商品,价格,库存,价格,库存\nQ币,48,1,97,2\n")) == [
        ("Q币 50元面值", "48"),
        ("Q币 100元面值", "97"),
    ]


def test_face_values_below_one_heading_of_prices(tmp_path):
    rows = [["名称", "价格(分)", None, None], [None, "50元", "100元", "月卡"], ["Steam", 4800, 9700, None]]
    path = xlsx_list(tmp_path / "a.xlsx", {"x": rows}, ["A1:A2", "B1:D1"])
    assert prices(path) == [("Steam 50元", "4800"), ("Steam 100元", "9700")]
    assert {str(entry.unit.factor) for entry in laid_out(path).entries} == {"0.01"}


def test_a_matrix_whose_headings_are_the_face_values(tmp_path):
    assert prices(csv_list(tmp_path / "a.csv", "商品,50元,100元\nQ币,48,97\n")) == [("Q币 50元", "48"), ("Q币 100元", "97")]


def test_tables_beside_and_below_one_another(tmp_path):
    text = "商品,单价(元),,商品,价格/分\nA,1,,X,100\nB,2,,Y,200\n,,,,\n产品名称,面值,批发价,零售价,备注\nQ币,50元,48,55,新\n,100元,96,110,\n"
    path = csv_list(tmp_path / "a.csv", text)
    assert prices(path) == [("A", "1"), ("X", "100"), ("B", "2"), ("Y", "200"), ("Q币 50元", "48"), ("Q币 100元", "96")]
    found = laid_out(path)
    assert found.tables == 3
    assert [str(entry.unit.factor) for entry in found.entries[:2]] == ["1", "0.01"]
    assert [(remark.kind, remark.text) for remark in found.remarks] == [("column", "零售价")]


def test_tables_that_touch(tmp_path):
    assert prices(csv_list(tmp_path / "a.csv", "序号,商品,价格,序号,商品,价格\n1,A,1,2,B,2\n")) == [("A", "1"), ("B", "2")]


def test_a_name_that_is_merged_over_its_face_values(tmp_path):
    rows = [["商品", "面值", "价格"], ["Q币", "50元", 48], [None, "100元", 97]]
    assert prices(xlsx_list(tmp_path / "a.xlsx", {"x": rows}, ["A2:A3"])) == [("Q币 50元", "48"), ("Q币 100元", "97")]


def test_sections_and_lines_of_text(tmp_path):
    text = "S01 报价单 2026-11,\n单位：分,\n商品,价格\n—— Steam ——,\n50元钱包,4800\n\n腾讯,\n月卡,1500\n合计 2 种,\n备注：含税,\n"
    found = laid_out(csv_list(tmp_path / "a.csv", text))
    assert [(entry.section, entry.parts, str(entry.unit.factor)) for entry in found.entries] == [("Steam", ("50元钱包",), "0.01"), ("腾讯", ("月卡",), "0.01")]
    assert [(remark.kind, remark.row) for remark in found.remarks] == [("section", 3), ("section", 6), ("text", 8), ("text", 9)]


def test_a_good_without_its_price_is_an_entry(tmp_path):
    found = laid_out(csv_list(tmp_path / "a.csv", "商品,价格,库存\n腾讯视频月卡,,5\nQ币 50 元卡,,\n"))
    assert [(entry.parts, entry.values) for entry in found.entries] == [(("腾讯视频月卡",), ()), (("Q币 50 元卡",), ())]


def test_which_of_two_prices_is_ours(tmp_path):
    assert prices(csv_list(tmp_path / "a.csv", "商品,价格,代理价\nA,9,8\n")) == [("A", "8")]
    assert prices(csv_list(tmp_path / "b.csv", "商品,单价(现货),单价(预订)\nA,9,8\n")) == [("A", "9", "8")]
    # A price from a number on is one of its own.
    assert prices(csv_list(tmp_path / "c.csv", "商品,单价(1-99),单价(100+)\nA,9,8\n")) == [("A", "9"), ("A", "8")]


def test_totals_and_prices_of_cartons_are_not_prices_of_one(tmp_path):
    path = csv_list(tmp_path / "a.csv", "商品,总价,整箱价,合计价,单价\nA,90,80,70,9\n")
    assert prices(path) == [("A", "9")]
    assert [remark.text for remark in laid_out(path).remarks] == ["总价", "整箱价", "合计价"]
    assert laid_out(csv_list(tmp_path / "b.csv", "商品,总价\nA,90\n")).tables == 0


def test_cells_have_the_names_that_a_spreadsheet_gives_them(tmp_path):
    grid = grids(xlsx_list(tmp_path / "a.xlsx", {"x": [[None] * 28, [None] * 27 + ["a"]]}))[0]
    assert grid.address(1, 27) == "AB2"
    assert grid.at(1, 27) == "a"


def test_a_sheet_without_a_table(tmp_path):
    assert laid_out(csv_list(tmp_path / "a.csv", "甲,乙\n1,2\n")).tables == 0


@settings(max_examples=40, deadline=None)
@given(price_lists())
def test_every_price_is_found_with_its_good_and_its_unit(tmp_path_factory, drawn):
    rows, sheet, truth = drawn
    found = laid_out(xlsx_list(tmp_path_factory.mktemp("list") / "a.xlsx", {"x": sheet})).entries
    assert sorted(entry.parts[0] for entry in found) == sorted(row[0].strip() for row in rows)
    priced = {entry.parts[0].casefold(): price_of(entry.values[0], entry.unit) for entry in found}
    assert {sku: round(priced[PRODUCTS[sku].casefold()].amount * 100, 6) for sku in truth} == truth


@settings(max_examples=60, deadline=None)
@given(grids_of_face_values())
def test_every_face_value_has_its_own_price_in_every_layout(tmp_path_factory, drawn):
    sheet, merged, truth = drawn
    found = laid_out(xlsx_list(tmp_path_factory.mktemp("list") / "a.xlsx", {"x": sheet}, merged)).entries
    priced = {(entry.parts[0], entry.parts[1].removesuffix("面值")): price_of(entry.values[0], entry.unit) for entry in found if entry.values}
    assert {good: price.amount * 100 for good, price in priced.items()} == truth
    assert len(priced) == len(found)
