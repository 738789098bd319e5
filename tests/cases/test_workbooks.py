"""Workbooks: every digit of an id, errors and formulas without a value, sheets that are chosen and not met, dates by the workbook's own rules."""

import zipfile
from datetime import datetime, timedelta

import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.reading.sheets import stage_sheet
from tests.cases.loading import HEADINGS, ORDERS, column, loaded, order, receipt_of, rejected

EXACT = 2**53


def xlsx(path, sheets, hidden=()):
    """A workbook with a sheet for each name, written by a library that keeps formulas without their values."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        if name in hidden:
            sheet.sheet_state = "hidden"
    book.save(path)
    return path


def xls(path, sheets, hidden=(), is_1904=False):
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = is_1904
    dated = xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss")
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for line, row in enumerate(rows):
            for place, cell in enumerate(row):
                sheet.write(line, place, cell, *([dated] if isinstance(cell, datetime) else []))
        if name in hidden:
            sheet.visibility = 1
    book.save(str(path))
    return path


def with_sheet(path, target, change):
    """The workbook with the XML of its first sheet changed."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == "xl/worksheets/sheet1.xml" else old.read(name))
    return target


@pytest.mark.parametrize("write", [xlsx, xls])
def test_ids_of_sixteen_digits_are_those_of_the_file(tmp_path, write):
    ids = [2026100112345671, 2026100112345672, 2026100112345684, EXACT]
    suffix = "xlsx" if write is xlsx else "xls"
    attached, folder = loaded(write(tmp_path / f"ids.{suffix}", {"a": [HEADINGS, *map(order, ids)]}))
    assert receipt_of(attached).kept == 4
    assert column(folder, "order_id") == sorted(map(str, ids))


@pytest.mark.parametrize("write", [xlsx, xls])
def test_numbers_that_have_lost_digits_are_never_ids(tmp_path, write):
    ids = [202610011234567101, 202610011234567102, EXACT + 2, 123]
    suffix = "xlsx" if write is xlsx else "xls"
    attached, folder = loaded(write(tmp_path / f"ids.{suffix}", {"a": [HEADINGS, *map(order, ids)]}))
    assert receipt_of(attached).rejected == {"lost_digits": 3}
    assert rejected(attached, "line", "column", "reason") == [(2, "订单号", "lost_digits"), (3, "订单号", "lost_digits"), (4, "订单号", "lost_digits")]
    assert column(folder, "order_id") == ["123"]


def test_errors_and_formulas_without_a_value_are_rejected_where_they_are_read(tmp_path):
    rows = [HEADINGS, order("a", 金额="#DIV/0!"), order("b", 发货时间="#VALUE!"), order("c", 金额="=F4*2"), order("#N/A"), [*order("d"), "#REF!"]]
    attached, folder = loaded(xlsx(tmp_path / "errors.xlsx", {"a": rows}))
    receipt = receipt_of(attached)
    assert receipt.rejected == {"excel_error": 3, "formula_without_value": 1}
    assert rejected(attached, "line", "column", "value", "reason") == [
        (2, "金额", "#DIV/0!", "excel_error"),
        (3, "发货时间", "#VALUE!", "excel_error"),
        (4, "金额", "=F4*2", "formula_without_value"),
        (5, "订单号", "#N/A", "excel_error"),
    ]
    assert column(folder, "order_id") == ["d"]
    assert receipt.unheaded == ["#I"]


def test_errors_of_the_old_form_are_rejected_too(tmp_path):
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("a")
    for line, row in enumerate([HEADINGS, order("a"), order("b"), order("c")]):
        for place, cell in enumerate(row):
            if (line, place) not in ((1, 6), (2, 6)):
                sheet.write(line, place, cell)
    sheet.row(1).set_cell_error(6, 0x07)
    sheet.write(2, 6, xlwt.Formula("F3*2"))
    book.save(str(tmp_path / "errors.xls"))
    attached, folder = loaded(tmp_path / "errors.xls")
    assert receipt_of(attached).rejected == {"excel_error": 1, "formula_without_value": 1}
    assert column(folder, "order_id") == ["c"]


def test_a_kept_value_is_a_value_also_an_empty_text(tmp_path):
    path = tmp_path / "kept.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate([HEADINGS, order("a"), order("b")]):
            sheet.write_row(line, 0, row)
        sheet.write_formula("G2", "=F2*9.75", None, 9.75)
        sheet.write_formula("E3", '=IF(A3="","",A3)', None, "")
    # Excel says of an empty text that it is one; this library does not.
    attached, folder = loaded(with_sheet(path, tmp_path / "excel.xlsx", lambda xml: xml.replace(b'<c r="E3">', b'<c r="E3" t="str">')))
    assert receipt_of(attached).kept == 2
    assert column(folder, "amount::DOUBLE") == [9.75, 25.5]
    assert column(folder, "delivered_at IS NULL") == [False, True]


def test_a_marked_cell_that_decides_which_table_a_row_is_of_rejects_it(tmp_path):
    mapping = ORDERS.replace("[tables.orders.columns]", '[tables.orders]\nwhere = [{ column = "类型", not_equals = ["退款"] }]\n[tables.orders.columns]')
    rows = [[*HEADINGS, "类型"], [*order("a"), "#N/A"], [*order("b"), "退款"], [*order("c"), "订单"]]
    attached, folder = loaded(xlsx(tmp_path / "where.xlsx", {"a": rows}), mapping)
    assert rejected(attached, "line", "column", "reason") == [(2, "类型", "excel_error")]
    assert receipt_of(attached).filtered == 1
    assert column(folder, "order_id") == ["c"]


@pytest.mark.parametrize("write", [xlsx, xls])
def test_all_visible_sheets_with_the_same_headings_are_one_table(tmp_path, write):
    sheets = {
        "1": [["店铺导出"], [], HEADINGS, order("a"), order("b", 数量="x")],
        "2": [HEADINGS, order("c"), ["合计", 3]],
        "费用": [["日期", "费用"], ["2026-10-01", 3]],
        "藏": [HEADINGS, order("h")],
        "空": [],
    }
    path = write(tmp_path / ("split.xlsx" if write is xlsx else "split.xls"), sheets, hidden=("藏",))
    attached, folder = loaded(path)
    receipt = receipt_of(attached)
    assert (receipt.read, receipt.kept, receipt.skipped) == (3, 2, 3)
    assert (list(receipt.unread_sheets), list(receipt.hidden_sheets)) == (["费用"], ["藏"])
    assert rejected(attached, "file", "line", "column") == [(f"{path.name} · 1", 5, "数量")]
    assert column(folder, "order_id") == ["a", "c"]


def test_an_explicit_sheet_is_read_alone_hidden_or_not(tmp_path):
    path = xlsx(tmp_path / "one.xlsx", {"1": [HEADINGS, order("a")], "2": [HEADINGS, order("b")]}, hidden=("2",))
    attached, folder = loaded(path, ORDERS.replace("[source]", '[source]\nsheet = "2"'))
    assert (receipt_of(attached).read, receipt_of(attached).hidden_sheets) == (1, [])
    assert column(folder, "order_id") == ["b"]


def test_canonical_workbooks_are_read_by_the_same_rules(tmp_path):
    rows = [["supplier_id", "name"], ["a", "甲"], [12345678901234567890, "乙"], ["b", "=A1"]]
    xlsx(tmp_path / "suppliers.xlsx", {"1": rows, "2": [["supplier_id", "name"], ["c", "丙", "备注"]], "x": [["id"], [1]]}, hidden=())
    engine = connect()
    attached = attach(engine, tmp_path)
    assert rejected(attached, "file", "line", "reason") == [
        ("suppliers.xlsx · 1", 3, "lost_digits"),
        ("suppliers.xlsx · 1", 4, "formula_without_value"),
    ]
    assert engine.execute("SELECT supplier_id FROM suppliers ORDER BY 1").fetchall() == [("a",), ("c",)]
    assert sum(receipt.read for receipt in attached.receipts) == 4
    assert (list(attached.receipts[0].unread_sheets), list(attached.receipts[0].unheaded)) == (["x"], ["#C"])


@pytest.mark.parametrize("is_1904", [False, True])
@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_dates_follow_the_workbook_s_own_rules(tmp_path, suffix, is_1904):
    moment = datetime(2026, 10, 5, 12, 0)
    days = (moment - datetime(*((1904, 1, 1) if is_1904 else (1899, 12, 30)))) / timedelta(days=1)
    rows = [HEADINGS, order("a", 下单时间=moment, 发货时间=moment), order("b", 下单时间=days, 发货时间=days)]
    path = tmp_path / f"dates.{suffix}"
    if suffix == "xls":
        xls(path, {"a": rows}, is_1904=is_1904)
    else:
        with xlsxwriter.Workbook(path, {"date_1904": is_1904, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
            sheet = book.add_worksheet()
            for line, row in enumerate(rows):
                sheet.write_row(line, 0, row)
    attached, folder = loaded(path)
    assert receipt_of(attached).kept == 2
    assert column(folder, "delivered_at") == [datetime(2026, 10, 5, 4, 0)] * 2


def test_a_column_without_a_heading_is_named_by_its_letter(tmp_path):
    path = xlsx(tmp_path / "unheaded.xlsx", {"a": [HEADINGS, [*order("a"), None, "S9"], order("b")]})
    attached, _ = loaded(path)
    assert (receipt_of(attached).kept, receipt_of(attached).unheaded) == (2, ["#J"])
    attached, folder = loaded(path.rename(tmp_path / "lettered.xlsx"), ORDERS.replace('from = "供货商"', 'from = "#J"'))
    assert receipt_of(attached).rejected == {"empty": 1}
    assert column(folder, "supplier_id") == ["S9"]
    assert receipt_of(attached).unheaded == []


def test_a_workbook_by_any_name_and_text_that_is_called_one(tmp_path):
    content = xlsx(tmp_path / "a.xlsx", {"a": [HEADINGS, order("a")]}).read_bytes()
    (tmp_path / "new.xls").write_bytes(content)
    (tmp_path / "old.xlsx").write_bytes(xls(tmp_path / "b.xls", {"a": [HEADINGS, order("a")]}).read_bytes())
    (tmp_path / "text.xls").write_text("\t".join(HEADINGS) + "\n" + "\t".join(map(str, order("a"))) + "\n", encoding="gb18030")
    for name in ("new.xls", "old.xlsx", "text.xls"):
        attached, folder = loaded(tmp_path / name)
        assert (receipt_of(attached).kept, column(folder, "order_id")) == (1, ["a"]), name


CELLS = st.one_of(
    st.none(),
    st.text("ab数0 ,\"'=", min_size=1, max_size=6).map(str.strip).filter(lambda text: text and not text.startswith("=")),
    st.integers(-(2**56), 2**56),
    st.integers(0, 10**6).map(lambda number: number / 1000),
    st.booleans(),
    st.sampled_from(["#DIV/0!", "#N/A", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!"]),
    st.sampled_from(["=A1", "=SUM(A1:B2)"]),
    st.datetimes(datetime(1990, 1, 1), datetime(2099, 1, 1)).map(lambda moment: moment.replace(microsecond=0)),
)


def plain(cell):
    """A cell as the slow, obvious reader gives it: its text, and the reason where it holds no value."""
    match cell:
        case None:
            return "", None
        case bool():
            return str(cell).lower(), None
        case int():
            is_kept = float(cell).is_integer() and abs(float(cell)) <= EXACT
            return (str(int(float(cell))), None) if is_kept else ("", "lost_digits")
        case float():
            return f"{cell:.6f}".rstrip("0").rstrip("."), None
        case datetime():
            return cell.isoformat(sep=" "), None
        case _ if cell.startswith("#"):
            return cell, "excel_error"
        case _ if cell.startswith("="):
            return cell, "formula_without_value"
        case _:
            return cell, None


MARKED = {"\ue007": "excel_error", "\ue008": "formula_without_value", "\ue009": "lost_digits"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=4), min_size=1, max_size=3), st.integers(0, 2))
def test_cells_are_those_that_were_written(tmp_path, sheets, above):
    path = xlsx(tmp_path / "drawn.xlsx", {f"s{number}": [*[[]] * above, ["a", "b", "c"], *rows] for number, rows in enumerate(sheets)})
    connection = connect()
    staged = stage_sheet(connection, path, "raw")
    number = "_sheet" if staged.sheets else "0"
    found = connection.execute(f"SELECT {number}, _line, _fault, c0, c1, c2 FROM {staged.relation} ORDER BY 1, 2").fetchall()
    expected = [
        (sheet, above + 2 + line, row)
        for sheet, rows in enumerate(sheets)
        for line, row in enumerate(rows)
        if any(plain(cell)[0].strip() or plain(cell)[1] for cell in row)
    ]
    assert [(sheet, line, fault) for sheet, line, fault, *_ in found] == [(sheet, line, None) for sheet, line, _ in expected]
    for (_, _, _, *cells), (_, _, row) in zip(found, expected, strict=True):
        for cell, written in zip(cells, row, strict=True):
            text, reason = plain(written)
            if reason:
                assert MARKED[cell[0]] == reason
                assert reason == "lost_digits" or cell[1:] == text
            else:
                assert cell == text
    # Nothing is written of blank rows at a sheet's end.
    last = {sheet: line for sheet, line, _ in expected}
    blank = sum(line - above - 1 for line in last.values()) - len(expected)
    assert staged.skipped == above * len(sheets) + blank
    assert staged.is_marked == any(plain(cell)[1] for rows in sheets for row in rows for cell in row)


def test_sheets_whose_xml_has_prefixes_and_no_references(tmp_path):
    rows = '<x:row><x:c t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c><x:c t="inlineStr"><x:is><x:t>b</x:t></x:is></x:c></x:row>'
    rows += "<x:row><x:c><x:v>1</x:v></x:c><x:c t='e'><x:v>#N/A</x:v></x:c></x:row><x:row><x:c><x:f>A1</x:f></x:c><x:c><x:v>2</x:v></x:c></x:row>"
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<x:worksheet xmlns:x="{namespace}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'.encode()
    path = with_sheet(xlsx(tmp_path / "plain.xlsx", {"a": [["a", "b"], [1, 2]]}), tmp_path / "odd.xlsx", lambda xml: sheet)
    connection = connect()
    staged = stage_sheet(connection, path, "raw")
    assert connection.execute(f"SELECT c0, c1 FROM {staged.relation} ORDER BY _line").fetchall() == [("1", "\ue007#N/A"), ("\ue008=A1", "2")]
