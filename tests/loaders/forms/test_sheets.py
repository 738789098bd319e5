import openpyxl
import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders.forms.layout import FORM_TABLES, INDEX
from kmanalysis.loaders.forms.load import load_form
from kmanalysis.loaders.forms.sheets import form_sheets, is_form
from tests.loaders.forms.filling import FIRST, add, edit, folder_with, form_of, receipt, title


def test_a_form_is_known_by_its_hidden_sheet(tmp_path):
    assert is_form(form_of(tmp_path / "forms.xlsx"))
    book = openpyxl.Workbook()
    book.active.append(["订单号", "数量"])
    book.save(tmp_path / "orders.xlsx")
    (tmp_path / "broken.xlsx").write_bytes(b"PK")
    (tmp_path / "orders.csv").write_text("a\n", encoding="utf-8")
    assert [is_form(tmp_path / name) for name in ("orders.xlsx", "broken.xlsx", "orders.csv", "missing.xlsx")] == [False] * 4


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_renamed_sheet_is_still_its_table(tmp_path, lang):
    form = form_of(tmp_path / "forms.xlsx", lang=lang)
    assert form_sheets(form) == {name: title(name, lang) for name in FORM_TABLES}
    edit(form, lambda book: setattr(book[title("fees", lang)], "title", "10月收费"))
    assert form_sheets(form)["fees"] == "10月收费"


def test_a_sheet_that_is_none_of_the_form_s_is_named(tmp_path):
    form = edit(form_of(tmp_path / "forms.xlsx"), lambda book: book.create_sheet("草稿"))
    assert "草稿" not in form_sheets(form).values()  # nothing stands in it
    edit(form, lambda book: book["草稿"].append(["记得问价"]))
    with pytest.raises(DataError, match=r"forms\.xlsx: sheet '草稿' is none of the form's\. .*#documents, #references"):
        form_sheets(form)


def test_two_sheets_of_a_table_are_named(tmp_path):
    form = edit(form_of(tmp_path / "forms.xlsx"), lambda book: book.copy_worksheet(book[title("fees")]))
    with pytest.raises(DataError, match=r"sheets '费用' and '费用 Copy' both hold fees"):
        form_sheets(form)


@pytest.mark.parametrize("written", ["[", "x", '["示例", 1]', "{}", "[" * 5000, None])
def test_a_hidden_sheet_that_was_changed(tmp_path, written):
    form = form_of(tmp_path / "forms.xlsx")

    def change(book):
        for row in book[INDEX].iter_rows():
            if row[0].value == "fees":
                row[1].value = written

    edit(form, change)
    with pytest.raises(DataError, match=rf"hidden sheet {INDEX}, .* has been changed in row \d+"):
        load_form(form, tmp_path / "data")


def test_columns_may_be_moved(tmp_path):
    form = form_of(tmp_path / "forms.xlsx")

    def moved(book):
        sheet = book[title("contract_terms")]
        for line in range(1, FIRST):
            sheet.cell(line, 5).value, sheet.cell(line, 2).value = sheet.cell(line, 2).value, None

    edit(form, moved, lambda book: book[title("contract_terms")].cell(FIRST, 2, None))
    edit(form, add("contracts", {"contract_id": "C1", "supplier_id": "S01", "valid_from": "2026-01-01"}))
    edit(form, add("contract_terms", {"contract_id": "C1", "term": "赔付基数", "value": "cost"}))
    found = load_form(form, folder_with(tmp_path / "into", {}))
    assert (receipt(found, "contract_terms").new, len(found.rejects)) == (1, 0)


def test_a_column_that_nobody_declared_is_an_error(tmp_path):
    form = edit(form_of(tmp_path / "forms.xlsx"), lambda book: book[title("fees")].cell(1, 7, "amonut"))
    with pytest.raises(DataError, match=r"forms\.xlsx · 费用, line 1: fees has no column 'amonut'\. Did you mean amount\?"):
        load_form(form, folder_with(tmp_path / "into", {}))


def test_the_example_is_not_loaded_and_not_lost_once_it_is_filled_in(tmp_path):
    into = folder_with(tmp_path / "into", {})
    form = form_of(tmp_path / "forms.xlsx")
    assert {one.read for one in load_form(form, into).receipts} == {0}
    edit(form, add("contracts", {"contract_id": "C1"}, line=FIRST - 1))
    with pytest.raises(DataError, match=rf"forms\.xlsx, sheet 合同, row {FIRST - 1}: this row is marked as the example, but something else"):
        load_form(form, into)
    edit(form, lambda book: setattr(book[title("contracts")].cell(FIRST - 1, 1), "value", None))
    assert receipt(load_form(form, into), "contracts").new == 1


def test_without_its_example_row_the_form_reads_the_same(tmp_path):
    into = folder_with(tmp_path / "into", {"contracts": [{"contract_id": "C1", "supplier_id": "S01", "valid_from": "2026-01-01"}]})
    form = edit(form_of(tmp_path / "forms.xlsx", into), lambda book: book[title("contracts")].delete_rows(FIRST - 1))
    assert receipt(load_form(form, into), "contracts").same == 1


def test_a_row_that_was_marked_is_left_out(tmp_path):
    into = folder_with(tmp_path / "into", {"contracts": [{"contract_id": "C1", "supplier_id": "S01", "valid_from": "2026-01-01"}]})
    form = edit(form_of(tmp_path / "forms.xlsx", into), lambda book: setattr(book[title("contracts")].cell(FIRST, 1), "value", "# 暂缓"))
    assert receipt(load_form(form, into), "contracts").removed == 1
