"""A mapping on a raw file: what each of its keys does to the cells."""

import tomllib
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from kmanalysis.errors import MappingError
from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.toml import parse_mapping

QUOTES = """
[tables.quotes.columns]
supplier_id = { constant = "S1" }
sku = { from = "商品" }
quoted_at = { constant = "2026-10-01T00:00:00Z" }
unit_price = { from = "价格" }
currency = { constant = "CNY" }
"""


def loaded(tmp_path, text, mapping, table, name="raw.csv"):
    raw = tmp_path / name
    raw.write_text(text, encoding="utf-8")
    found = load([raw], parse_mapping(tomllib.loads(mapping), "m.toml"), tmp_path / "into")
    written = tmp_path / "into" / f"{table}.parquet"
    return found, pq.read_table(written).to_pylist() if written.exists() else []


def column(tmp_path, text, mapping, table, name):
    found, rows = loaded(tmp_path, text, mapping, table)
    assert found.rejects.empty, found.rejects.to_string()
    return [row[name] for row in rows]


def test_numbers_are_cleaned_and_those_that_are_none_are_rejected_as_they_stood(tmp_path):
    found, rows = loaded(tmp_path, '商品,价格\n1,"¥1,234.50"\n2,２.５万+\n3,面议\n4,\n5,3元\n', QUOTES, "quotes")
    assert {row["sku"]: row["unit_price"] for row in rows} == {"1": Decimal("1234.5"), "2": Decimal(25000), "5": Decimal(3)}
    assert found.rejects.loc[:, ["file", "line", "column", "value", "reason"]].to_numpy().tolist() == [
        ["raw.csv", 4, "价格", "面议", "not_number"],
        ["raw.csv", 5, "价格", "", "empty"],
    ]


def test_a_factor_is_exact_and_a_rate_is_rounded(tmp_path):
    fen = QUOTES.replace('{ from = "价格" }', '{ from = "价格", factor = 0.01 }')
    assert column(tmp_path, "商品,价格\n1,12345\n2,¥1\n", fen, "quotes", "unit_price") == [Decimal("123.45"), Decimal("0.01")]
    dollars = QUOTES.replace('{ from = "价格" }', '{ from = "价格", rate = 7.1234 }')
    assert column(tmp_path / "..", "商品,价格\n1,0.3333\n", dollars, "quotes", "unit_price")[0] in (Decimal("2.3742"), Decimal("123.45"))


def test_the_currency_may_stand_in_the_price(tmp_path):
    signs = QUOTES.replace('{ constant = "CNY" }', '{ symbol_of = "价格" }')
    prices = {"a": "¥1", "b": "$2", "c": "3 €", "d": "£4", "e": "US$5", "f": "HK$6", "g": "7元"}
    found, rows = loaded(tmp_path, "商品,价格\n" + "".join(f"{sku},{price}\n" for sku, price in prices.items()) + "h,8\n", signs, "quotes")
    assert [row["currency"] for row in rows] == ["CNY", "USD", "EUR", "GBP", "USD", "HKD", "CNY"]
    assert found.rejects["reason"].tolist() == ["empty"]


TICKETS = """
[source]
timezone = "Asia/Shanghai"
[tables.tickets.columns]
ticket_id = { from = "工单" }
supplier_id = { constant = "S1" }
opened_at = { from = "时间" %s }
kind = { from = "类型", values = { "卡密无效" = "invalid_code", "咨询" = "question" } }
is_staged = { from = "测试" }
"""


def test_values_booleans_and_local_times(tmp_path):
    text = "工单,时间,类型,测试\n1,2026/10/01 08:00,卡密无效,否\n2,2026-10-01T00:00:01Z,question,1\n3,2026年10月1日 08:00:02,咨询,是\n"
    text += "4,2026-10-01,咨询,也许\n5,01/10/2026,打架,否\n"
    found, rows = loaded(tmp_path, text, TICKETS % "", "tickets")
    assert [(row["opened_at"], row["kind"], row["is_staged"]) for row in rows] == [
        (datetime(2026, 10, 1), "invalid_code", False),
        (datetime(2026, 10, 1, 0, 0, 1), "question", True),
        (datetime(2026, 10, 1, 0, 0, 2), "question", True),
    ]
    assert found.rejects.loc[:, ["line", "column", "value", "reason"]].to_numpy().tolist() == [
        [5, "测试", "也许", "not_boolean"],
        [6, "类型", "打架", "not_in_list"],
        [6, "时间", "01/10/2026", "not_time"],
    ]


@pytest.mark.parametrize(
    ("options", "cell"),
    [
        (', formats = ["%d/%m/%Y %H:%M"]', "01/10/2026 08:00"),
        (', formats = ["%m/%d/%y %H:%M", "%d-%b-%y"]', "10/1/26 8:00"),
        (', timezone = "America/New_York"', "2026-09-30 20:00:00"),
        (', timezone = "UTC"', "2026-10-01 00:00:00"),
        (', formats = ["unix"]', "1790812800"),
        (', formats = ["unix_ms"]', "1790812800000"),
        (', formats = ["excel"]', "46296.3333333333"),
        ("", "2026-10-01T08:00:00+08:00"),
    ],
)
def test_formats_and_zones(tmp_path, options, cell):
    assert column(tmp_path, f"工单,时间,类型,测试\n1,{cell},咨询,否\n", TICKETS % options, "tickets", "opened_at") == [datetime(2026, 10, 1)]


def test_a_stated_format_is_the_only_one(tmp_path):
    found, _ = loaded(tmp_path, "工单,时间,类型,测试\n1,2026-10-01 08:00:00,咨询,否\n", TICKETS % ', formats = ["%d/%m/%Y"]', "tickets")
    assert found.rejects["reason"].tolist() == ["not_time"]


def test_times_without_a_zone_are_refused(tmp_path):
    naive = (TICKETS % "").replace('timezone = "Asia/Shanghai"', "")
    with pytest.raises(MappingError, match=r"m\.toml: raw\.csv, line 3: opened_at states no time zone"):
        loaded(tmp_path, "工单,时间,类型,测试\n1,2026-10-01T08:00:00Z,咨询,否\n2,2026-10-01 08:00:00,咨询,否\n", naive, "tickets")
    assert not (tmp_path / "into" / "tickets.parquet").exists()


SHEET = """
[source]
sheet = "工单"
timezone = "Asia/Shanghai"
[tables.references.columns]
reference_id = { from = "编号" }
supplier_id = { constant = "S1" }
client = { from = "客户" }
since = { from = "起始", formats = ["%Y年%m月"] }
contacted_at = { from = "回访" }
"""


def test_dates_of_a_sheet_as_times_serials_and_texts(tmp_path):
    book = openpyxl.Workbook()
    sheet = book.create_sheet("工单")
    for row in (
        ["编号", "客户", "起始", "回访"],
        ["1", "甲", datetime(2024, 5, 6), 46296.5],
        ["2", "乙", 45418, datetime(2026, 10, 1, 12)],
        ["3", "丙", "2024年05月", None],
    ):
        sheet.append(row)
    book.save(tmp_path / "raw.xlsx")
    load([tmp_path / "raw.xlsx"], parse_mapping(tomllib.loads(SHEET), "m.toml"), tmp_path / "into")
    rows = pq.read_table(tmp_path / "into" / "references.parquet").to_pylist()
    assert [(row["since"], row["contacted_at"]) for row in rows] == [
        (date(2024, 5, 6), datetime(2026, 10, 1, 4)),
        (date(2024, 5, 6), datetime(2026, 10, 1, 4)),
        (date(2024, 5, 1), None),
    ]


PRODUCTS = """
[tables.products]
repeats = "first"
where = [{ column = "类型", equals = ["卡密", "直充"] }, { column = "停用", empty = true }, { column = "商品", not_equals = "测试" }]
[tables.products.columns]
sku = { key = ["商品", "面值"], remove = ["（.*）$"] }
name = { from = "商品", remove = ["（.*）$"] }
brand = { from = "品牌", missing = ["无", "N/A"] }
"""


def test_keys_conditions_missing_words_and_removed_parts(tmp_path):
    text = "商品,面值,品牌,类型,停用\nQ币（官方）,10,n/a,卡密,\nｑ币,10,无,直充,\n测试,1,x,卡密,\nY,1,x,周边,\nZ,1,x,卡密,是\nW|V,,x,卡密,\n"
    found, rows = loaded(tmp_path, text, PRODUCTS, "products")
    assert [(row["sku"], row["name"], row["brand"]) for row in rows] == [("q币|10", "Q币", None), ("w%7cv", "W|V", "x")]
    (receipt,) = found.receipts
    assert (receipt.read, receipt.new, receipt.same, receipt.filtered, receipt.doubts) == (3, 2, 1, 3, {"repeat_differs": 1})


def test_a_heading_that_the_file_lacks_is_an_error_that_names_the_nearest(tmp_path):
    with pytest.raises(
        MappingError, match=r"m\.toml: quotes\.unit_price is read from 价格, which raw\.csv does not have in line 1\. Nearest heading there: 单价格"
    ):
        loaded(tmp_path, "商品,单价格\n1,2\n", QUOTES, "quotes")


def test_an_optional_heading_may_be_absent_and_a_constant_may_stand_in(tmp_path):
    mapping = QUOTES.replace('{ constant = "S1" }', '{ from = ["店铺", "店"], constant = "S1" }') + "\n"
    assert column(tmp_path, "商品,价格\n1,2\n", mapping, "quotes", "supplier_id") == ["S1"]


def test_headings_are_compared_without_width_case_and_spaces(tmp_path):
    assert column(tmp_path, " 商 品 ,價,価\n", QUOTES.replace('"商品"', '"商 品"').replace('"价格"', '"價"'), "quotes", "sku") == []
    assert column(tmp_path, "商品 ,ＰＲＩＣＥ\n1,2\n", QUOTES.replace('"价格"', '"price"'), "quotes", "unit_price") == [Decimal(2)]


def test_an_encoding_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(MappingError, match=r"source\.encoding: 'klingon' is no encoding of text"):
        loaded(tmp_path, "商品,价格\n1,2\n", '[source]\nencoding = "klingon"\n' + QUOTES, "quotes")


def test_a_parquet_export_is_mapped_like_any_other(tmp_path):
    opened = pd.Timestamp("2026-10-01 08:00:00", tz="Asia/Shanghai")
    pd.DataFrame({"工单": [7, 8], "时间": [opened, None], "类型": ["咨询", "咨询"], "测试": [True, False]}).to_parquet(tmp_path / "raw.parquet")
    found = load([tmp_path / "raw.parquet"], parse_mapping(tomllib.loads(TICKETS % ""), "m.toml"), tmp_path / "into")
    (row,) = pq.read_table(tmp_path / "into" / "tickets.parquet").to_pylist()
    assert (row["ticket_id"], row["opened_at"], row["is_staged"]) == ("7", datetime(2026, 10, 1), True)
    assert found.rejects.loc[:, ["file", "line", "column", "reason"]].to_numpy().tolist() == [["raw.parquet", 2, "时间", "empty"]]


ORDERS = r"""
[source]
timezone = "Asia/Shanghai"
[lookups.goods_to_supplier]
1001 = "S1"
"Q币" = "S2"
gone = ""
[tables.orders.columns]
order_id = { from = "no" }
supplier_id = { from = "goods", lookup = "goods_to_supplier" %s }
sku = { from = "goods" }
delivered_at = { case = "status", when = { "4" = { from = "updated" } } }
failed_at = { case = "status", when = { "5" = { from = "updated" }, "6" = { from = "updated" } } }
quantity = { constant = 1 }
amount = { from = "paid" }
currency = { constant = "CNY" }
status = { case = "status", when = { "4" = "delivered", "5" = "failed", "6" = "failed", "" = "pending" } }
failure_cause = { case = "status", when = { "5" = { from = "why", values = { "缺货" = "stock_out" } }, "6" = "stock_out" } }
"""
ORDER_ROWS = (
    "no,goods,paid,status,updated,why\n"
    "a,1001,1,4,2026-10-01 08:00:00,\n"
    "b,q币,1,5,2026-10-01 09:00:00,缺货\n"
    "c,Q币 ,1, 6 ,2026-10-01 10:00:00,缺货\n"
    "d,1001,1,,2026-10-01 11:00:00,缺货\n"
)


def test_one_column_decides_what_the_others_say(tmp_path):
    found, rows = loaded(tmp_path, ORDER_ROWS, ORDERS % "", "orders")
    assert found.rejects.empty
    told = {row["order_id"]: (row["status"], row["delivered_at"], row["failed_at"], row["failure_cause"]) for row in rows}
    assert told == {
        "a": ("delivered", datetime(2026, 10, 1), None, None),
        "b": ("failed", None, datetime(2026, 10, 1, 1), "stock_out"),
        "c": ("failed", None, datetime(2026, 10, 1, 2), "stock_out"),
        "d": ("pending", None, None, None),
    }
    assert [row["supplier_id"] for row in sorted(rows, key=lambda row: row["order_id"])] == ["S1", "S2", "S2", "S1"]


def test_what_a_case_and_a_lookup_have_no_answer_for_is_rejected_with_what_they_have(tmp_path):
    text = ORDER_ROWS + "e,1002,1,4,2026-10-01 08:00:00,\nf,1001,1,9,2026-10-01 08:00:00,\ng,gone,1,4,2026-10-01 08:00:00,\nh,,1,4,2026-10-01 08:00:00,\n"
    found, rows = loaded(tmp_path, text, ORDERS % "", "orders")
    assert len(rows) == 4
    assert found.rejects.loc[:, ["line", "column", "value", "reason", "accepted"]].to_numpy().tolist() == [
        [6, "goods", "1002", "not_in_lookup", "lookups.goods_to_supplier"],
        [7, "status", "9", "not_in_case", '4, 5, 6, ""'],
        [8, "goods", "gone", "empty", ""],
        [9, "goods", "", "empty", ""],
        [9, "goods", "", "empty", ""],
    ]


def test_a_lookup_may_have_a_default(tmp_path):
    found, rows = loaded(tmp_path, ORDER_ROWS + "e,1002,1,4,2026-10-01 08:00:00,\n", ORDERS % ', default = "S0"', "orders")
    assert found.rejects.empty
    assert {row["order_id"]: row["supplier_id"] for row in rows}["e"] == "S0"


def test_a_case_whose_heading_is_missing_is_an_error_unless_it_is_optional(tmp_path):
    text = "no,goods,paid\na,1001,1\n"
    with pytest.raises(MappingError, match=r"orders\.\w+ is read from (status|updated|why), which raw\.csv does not have"):
        loaded(tmp_path, text, ORDERS % "", "orders")
    calm = "\n".join(line for line in (ORDERS % "").splitlines() if not line.startswith(("delivered_at", "failed_at", "failure_cause", "status")))
    calm += '\nstatus = { constant = "delivered" }\nfailure_cause = { case = "why", when = { "1" = "stock_out" }, optional = true }'
    _, rows = loaded(tmp_path, text, calm, "orders")
    assert (rows[0]["status"], rows[0]["failure_cause"]) == ("delivered", None)


STOCK = """
[tables.stock_snapshots.columns]
supplier_id = { constant = "S1" }
sku = { from = "sku" }
observed_at = { constant = "2026-10-01T00:00:00Z" }
quantity = { from = "stock", placeholders = [-1, 999, 10000000] }
scan_ok = { constant = true }
"""


def test_a_placeholder_is_no_stock(tmp_path):
    found, rows = loaded(tmp_path, 'sku,stock\na,-1\nb,999\nc,"10,000,000"\nd,12\ne,\nf,-2\n', STOCK, "stock_snapshots")
    assert [(row["sku"], row["quantity"], row["is_placeholder"]) for row in rows] == [
        ("a", None, True),
        ("b", 999, True),
        ("c", 10000000, True),
        ("d", 12, False),
        ("e", None, False),
    ]
    assert found.rejects["reason"].tolist() == ["below_minimum"]


def test_a_placeholder_may_stand_beside_a_mark_of_the_source(tmp_path):
    marked = STOCK + 'is_placeholder = { from = "auto" }\n'
    _, rows = loaded(tmp_path, "sku,stock,auto\na,-1,否\nb,5,是\nc,5,否\n", marked, "stock_snapshots")
    assert [row["is_placeholder"] for row in rows] == [True, True, False]


@pytest.mark.parametrize(("cell", "is_text"), [("NULL", False), ("\\N", False), ('"NULL"', True)])
def test_an_unquoted_word_for_nothing_is_no_text(tmp_path, cell, is_text):
    mapping = '[source]\nnothing = []\n[tables.products.columns]\nsku = { from = "sku" }\nname = { from = "sku" }\nbrand = { from = "brand" }\n'
    assert column(tmp_path, f"sku,brand\na,{cell}\nb,x\n", mapping, "products", "brand") == ["NULL" if is_text else None, "x"]


def test_which_words_are_empty_is_the_mappings_to_say(tmp_path):
    mapping = '[source]\nempty = ["-"]\nnothing = []\n[tables.products.columns]\nsku = { from = "sku" }\nname = { from = "sku" }\nbrand = { from = "brand" }\n'
    assert column(tmp_path, "sku,brand\na,NULL\nb,-\n", mapping, "products", "brand") == ["NULL", None]


def test_a_file_without_headings_has_those_of_its_mapping(tmp_path):
    mapping = '[source]\nheadings = ["商品", "价格"]\n' + QUOTES
    assert column(tmp_path, "1,2\n3,4\n", mapping, "quotes", "unit_price") == [Decimal(2), Decimal(4)]
    (tmp_path / "same").mkdir()
    assert column(tmp_path / "same", "商品,价格\n5,6\n", mapping, "quotes", "sku") == ["5"]


def test_an_identifier_that_a_spreadsheet_rounded_is_refused(tmp_path):
    mapping = '[tables.products.columns]\nsku = { from = "sku" }\nname = { from = "name" }\n'
    found, rows = loaded(tmp_path, "sku,name\n2.61031E+18,2.61031E+18\n2E+17,x\n1E5,1E5\n2610312345678901234,y\n", mapping, "products")
    assert [(row["sku"], row["name"]) for row in rows] == [("1E5", "1E5"), ("2610312345678901234", "y")]
    assert found.rejects.loc[:, ["line", "column", "value", "reason"]].to_numpy().tolist() == [
        [2, "sku", "2.61031E+18", "rounded_id"],
        [3, "sku", "2E+17", "rounded_id"],
    ]


def test_an_identifier_that_a_sheet_keeps_as_a_number_too_long_for_it_is_refused(tmp_path):
    book = openpyxl.Workbook()
    for row in (["sku", "name"], [2.02610011234567e17, "x"], [1001, "y"]):
        book.active.append(row)
    book.save(tmp_path / "raw.xlsx")
    mapping = '[tables.products.columns]\nsku = { from = "sku" }\nname = { from = "name" }\n'
    found = load([tmp_path / "raw.xlsx"], parse_mapping(tomllib.loads(mapping), "m.toml"), tmp_path / "into")
    assert found.rejects.loc[:, ["line", "value", "reason"]].to_numpy().tolist() == [[2, "2.02610011234567E+17", "lost_digits"]]


def test_a_cost_of_0_is_kept_and_doubted(tmp_path):
    mapping = """
[tables.listings.columns]
supplier_id = { constant = "S1" }
sku = { from = "sku" }
listed_from = { constant = "2026-01-01" }
cost_price = { from = "cost" }
"""
    found, rows = loaded(tmp_path, "sku,cost\na,0\nb,0.00\nc,1\nd,\n", mapping, "listings")
    assert len(rows) == 4
    assert found.receipts[0].doubts["zero_cost"] == 2
