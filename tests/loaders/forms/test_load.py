"""Forms into folders: the form is the table, nothing is lost in silence, and whatever is valid comes back as it was."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.casts import NOTHING
from kmanalysis.loaders.checking.secrets import digest, existing_key
from kmanalysis.loaders.forms.layout import FORM_TABLES, form_tables
from kmanalysis.loaders.forms.load import load_form
from kmanalysis.loaders.load import check
from kmanalysis.loaders.reading.records import SPACE
from tests.loaders.forms.filling import FIRST, add, edit, folder_with, form_of, receipt, rows_of, title

WHEN = {"fee_id": "F1", "supplier_id": "S01", "charged_at": "2026-10-01 03:04:05"}
FEE = WHEN | {"kind": "restock", "amount": "10.5", "currency": "CNY", "is_disclosed": "true"}
FEES = [FEE, FEE | {"fee_id": "F2", "supplier_id": "S02", "amount": "99.9999"}, FEE | {"fee_id": "F3", "kind": "api", "is_disclosed": "false"}]
CONTRACT = {"contract_id": "C1", "supplier_id": "S01", "valid_from": "2026-01-01"}


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_is_filled_in_becomes_the_tables(tmp_path):
    form = form_of(tmp_path / "forms.xlsx")
    signal = {"signal_id": "N1", "supplier_id": "S01", "found_on": date(2026, 10, 2), "source_kind": "第三方网站", "polarity": "负面", "summary": "=1+1"}
    fee = {
        "fee_id": "F1", "supplier_id": "S02", "charged_at": datetime(2026, 10, 1, 8, 30), "kind": "技术服务费", "amount": 12.34, "currency": "CNY",
        "is_disclosed": "否",
    }  # fmt: skip
    edit(form, add("signals", signal | {"summary": "一句话"}), add("fees", fee))
    into = folder_with(tmp_path / "into", {})
    found = load_form(form, into)
    assert {(one.table, one.read, one.new) for one in found.receipts if one.read} == {("signals", 1, 1), ("fees", 1, 1)}
    assert rows_of(into, "signals", "fees") == {
        "fees": [("F1", "S02", None, datetime(2026, 10, 1, 0, 30), "technical_service", Decimal("12.3400"), "CNY", False)],
        "signals": [("N1", "S01", date(2026, 10, 2), "third_party_site", None, "bad", "一句话")],
    }


def test_a_code_that_may_repeat_is_digested_on_the_way_in(tmp_path):
    form = form_of(tmp_path / "forms.xlsx")
    line = {"allowance_id": "R1", "code_digest": "one-LINK-for-all", "reason": "同一个激活链接"}
    edit(form, add("allowed_repeats", line), add("allowed_repeats", {"allowance_id": "R2", "sku": "K1", "reason": "共享账号"}, line=FIRST + 1))
    into = folder_with(tmp_path / "into", {})
    load_form(form, into)
    known = digest("one-LINK-for-all", existing_key(into))
    assert rows_of(into, "allowed_repeats")["allowed_repeats"] == [("R1", None, known, "同一个激活链接"), ("R2", "K1", None, "共享账号")]
    # Written out again, the form has the digest, which stays what it is.
    load_form(form_of(tmp_path / "again.xlsx", into), into)
    assert rows_of(into, "allowed_repeats")["allowed_repeats"][0][2] == known


def test_a_sheet_without_rows_says_that_there_was_none_and_a_deleted_one_says_nothing(tmp_path):
    into = folder_with(tmp_path / "into", {"fees": FEES})
    form = edit(form_of(tmp_path / "forms.xlsx", into), lambda book: book.remove(book[title("signals")]), lambda book: book.remove(book[title("fees")]))
    load_form(form, into)
    given = check(into).given
    assert set(FORM_TABLES) - set(given) == {"signals"}
    assert given["outreach"] == frozenset(form_tables()["outreach"].columns)
    assert {name: len(rows) for name, rows in rows_of(into).items()} == dict.fromkeys(set(FORM_TABLES) - {"signals"}, 0) | {"fees": 3}


def test_the_same_form_again_changes_nothing(tmp_path):
    into = folder_with(tmp_path / "into", {"fees": FEES, "contracts": [CONTRACT]})
    form = form_of(tmp_path / "forms.xlsx", into)
    load_form(form, into)
    before = contents(into)
    again = load_form(form, into)
    assert contents(into) == before
    assert {(one.new, one.updated, one.removed) for one in again.receipts} == {(0, 0, 0)}
    assert receipt(again, "fees").same == 3


def test_rows_that_the_form_has_no_more_are_removed_and_counted(tmp_path):
    into = folder_with(tmp_path / "into", {"fees": FEES})
    form = edit(form_of(tmp_path / "forms.xlsx", into), lambda book: book[title("fees")].delete_rows(FIRST, 2), add("fees", {"amount": 7}, line=FIRST))
    found = receipt(load_form(form, into), "fees")
    assert (found.read, found.updated, found.removed, found.left) == (1, 1, 2, 0)
    assert [(row[0], row[5]) for row in rows_of(into, "fees")["fees"]] == [("F3", Decimal(7))]


def test_nothing_is_removed_while_a_row_is_rejected(tmp_path):
    into = folder_with(tmp_path / "into", {"fees": FEES, "signals": []})
    form = edit(
        form_of(tmp_path / "forms.xlsx", into),
        lambda book: book[title("fees")].delete_rows(FIRST),
        add("fees", {"amount": "很多"}, line=FIRST),
        add("signals", {"signal_id": "N1", "supplier_id": "S09", "found_on": date(2026, 1, 1), "source_kind": "news", "polarity": "good"}),
    )
    attached = load_form(form, into)
    found = receipt(attached, "fees")
    assert (found.rejected, found.removed, found.left) == ({"not_number": 1}, 0, 2)
    assert [(row[0], row[5]) for row in rows_of(into, "fees")["fees"]] == [("F1", Decimal("10.5")), ("F2", Decimal("99.9999")), ("F3", Decimal("10.5"))]
    told = attached.rejects[["file", "line", "column", "value", "reason"]].to_numpy().tolist()
    assert sorted(told, key=lambda fault: fault[3]) == [
        [f"forms.xlsx · {title('signals')}", FIRST, "供货商编号", "S09", "unknown_reference"],
        [f"forms.xlsx · {title('fees')}", FIRST, "费用金额", "很多", "not_number"],
    ]
    listed = (into / "rejected" / "fees-forms.xlsx.csv").read_text(encoding="utf-8-sig").splitlines()
    assert listed[1].startswith(f"forms.xlsx · {title('fees')},{FIRST},费用金额")
    # Mended, the rows go, and so does the list.
    edit(form, add("fees", {"amount": 5}, line=FIRST), lambda book: book[title("signals")].delete_rows(FIRST))
    found = receipt(load_form(form, into), "fees")
    assert (found.rejected, found.updated, found.same, found.removed) == ({}, 1, 1, 1)
    assert not (into / "rejected" / "fees-forms.xlsx.csv").exists()


def test_terms_may_name_a_contract_of_the_same_form_and_not_one_that_it_removed(tmp_path):
    into = folder_with(tmp_path / "into", {"contracts": [CONTRACT], "contract_terms": [{"contract_id": "C1", "term": "reship_hours", "value": "12"}]})
    form = form_of(tmp_path / "forms.xlsx", into)
    new = {"contract_id": "C2", "supplier_id": "S02", "valid_from": date(2026, 5, 1)}
    edit(form, add("contracts", new), add("contract_terms", {"contract_id": "C2", "term": "违约金比例", "value": 0.3}))
    load_form(form, into)
    assert rows_of(into, "contract_terms")["contract_terms"] == [("C1", "reship_hours", "12"), ("C2", "damages_share", "0.3")]
    edit(form, lambda book: book[title("contracts")].delete_rows(FIRST))
    found = load_form(form, into)
    assert receipt(found, "contract_terms").rejected == {"unknown_reference": 1}
    assert (receipt(found, "contracts").left, len(rows_of(into, "contracts")["contracts"])) == (1, 2)
    edit(form, lambda book: book[title("contract_terms")].delete_rows(FIRST))
    load_form(form, into)
    assert [row[0] for row in rows_of(into, "contracts")["contracts"]] == ["C2"]


def test_an_untouched_form_leaves_what_was_not_given_not_given(tmp_path):
    into = folder_with(tmp_path / "into", {"contracts": [CONTRACT]}, {"contracts": list(CONTRACT)})
    form = form_of(tmp_path / "forms.xlsx", into)
    before = (into / "contracts.csv").read_bytes()
    load_form(form, into)
    assert check(into).given["contracts"] == frozenset(CONTRACT)
    assert (into / "contracts.csv").read_bytes() == before
    load_form(edit(form, add("contracts", {"signed_on": date(2025, 12, 1)}, line=FIRST)), into)
    assert check(into).given["contracts"] == frozenset(CONTRACT) | {"signed_on"}


def test_a_column_that_was_deleted_stays_as_it_is(tmp_path):
    into = folder_with(tmp_path / "into", {"contracts": [CONTRACT | {"valid_to": "2026-12-31"}]})
    form = form_of(tmp_path / "forms.xlsx", into)
    place = list(form_tables()["contracts"].columns).index("valid_to") + 2
    edit(form, lambda book: book[title("contracts")].delete_cols(place), add("contracts", {"supplier_id": "S03"}, line=FIRST))
    assert receipt(load_form(form, into), "contracts").updated == 1
    assert rows_of(into, "contracts")["contracts"][0][1:5] == ("S03", None, date(2026, 1, 1), date(2026, 12, 31))


def test_a_required_column_that_was_deleted_is_an_error(tmp_path):
    form = edit(form_of(tmp_path / "forms.xlsx"), lambda book: book[title("contracts")].delete_cols(3))
    with pytest.raises(DataError, match=r"forms\.xlsx · 合同, line 1: missing required columns: supplier_id"):
        load_form(form, folder_with(tmp_path / "into", {}))


def test_blank_rows_are_passed_over_and_rows_keep_their_numbers(tmp_path):
    form = form_of(tmp_path / "forms.xlsx")
    edit(form, add("contracts", {"contract_id": "C1", "supplier_id": "S01", "valid_from": date(2026, 1, 1)}, line=FIRST + 3))
    edit(form, add("contracts", {"contract_id": "C2", "supplier_id": "S01", "valid_from": "某天"}, line=FIRST + 9))
    attached = load_form(form, folder_with(tmp_path / "into", {}))
    assert (receipt(attached, "contracts").read, receipt(attached, "contracts").new) == (2, 1)
    assert attached.rejects["line"].tolist() == [FIRST + 9]


def test_a_key_that_stands_there_twice_is_said(tmp_path):
    form = form_of(tmp_path / "forms.xlsx")
    row = {"contract_id": "C1", "supplier_id": "S01", "valid_from": date(2026, 1, 1)}
    edit(form, add("contracts", row, row, row | {"supplier_id": "S02"}))
    attached = load_form(form, folder_with(tmp_path / "into", {}))
    assert (receipt(attached, "contracts").new, receipt(attached, "contracts").same) == (1, 1)
    assert attached.rejects["reason"].tolist() == ["key_repeated"]


def test_rejects_say_what_is_accepted_in_the_words_of_the_form(tmp_path):
    form = form_of(tmp_path / "forms.xlsx")
    fee = {"fee_id": "F1", "supplier_id": "S01", "charged_at": "昨天", "kind": "小费", "amount": -1, "currency": "元", "is_disclosed": "大概"}
    rejects = load_form(edit(form, add("fees", fee)), folder_with(tmp_path / "into", {})).rejects
    assert rejects.set_index("column")[["value", "reason", "accepted"]].to_dict("index") == {
        "收费时间": {"value": "昨天", "reason": "not_time", "accepted": "2026-10-01 11:04:05"},
        "费用类型": {"value": "小费", "reason": "not_in_list", "accepted": "补货费, 技术服务费, 接口费, 手续费, 其他"},
        "费用金额": {"value": "-1", "reason": "below_minimum", "accepted": "12345678901234.5678, >= 0"},
        "币种": {"value": "元", "reason": "wrong_pattern", "accepted": "[A-Z]{3}"},
        "是否事先告知": {"value": "大概", "reason": "not_boolean", "accepted": "是, 否"},
    }


def test_contacts_do_not_come_in(tmp_path):
    into = folder_with(tmp_path / "into", {})
    form = edit(form_of(tmp_path / "forms.xlsx"), add("outreach", {"contact_id": "H1", "name": "王经理 13800138000", "channel": "熟人介绍"}))
    edit(form, add("outreach", {"contacted_on": date(2026, 1, 1), "stage": "已联系"}, line=FIRST))
    load_form(form, into)
    told = rows_of(into, "outreach")["outreach"][0][2]
    assert "13800138000" not in told
    assert told.startswith("王经理 kd1:")
    assert receipt(load_form(form, into), "outreach").same == 1


def test_a_folder_with_faulty_rows_is_refused(tmp_path):
    into = folder_with(tmp_path / "into", {"fees": FEES})
    form = form_of(tmp_path / "forms.xlsx", into)
    folder_with(into, {"fees": [FEE | {"amount": "viel"}]})
    with pytest.raises(DataError, match=r"fees\.csv holds 1 faulty rows"):
        load_form(form, into)


def test_a_table_that_is_kept_as_toml_is_left_alone_while_the_form_says_the_same(tmp_path):
    into = folder_with(tmp_path / "into", {})
    (into / "needs.toml").write_text('audience = ["students"]\n', encoding="utf-8")
    form = form_of(tmp_path / "forms.xlsx", into)
    load_form(form, into)
    assert len(rows_of(into, "needs")["needs"]) == 1
    before = contents(into)
    edit(form, add("needs", {"subject": "目标人群", "item": "office workers", "is_must": "否"}))
    with pytest.raises(DataError, match=r"needs is kept as needs\.toml, which a load cannot add to"):
        load_form(form, into)
    assert contents(into) == before


def test_the_values_of_formulas_are_read(tmp_path):
    form = form_of(tmp_path / "forms.xlsx", folder_with(tmp_path / "into", {"fees": [FEE]}))
    edit(form, add("fees", {"amount": "=5+6"}, line=FIRST))
    with pytest.raises(DataError, match=rf"sheet 费用, cell G{FIRST}: the formula's value is not stored"):
        load_form(form, tmp_path / "into")


def test_a_formula_with_its_value_is_one(tmp_path):
    path = tmp_path / "forms.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("费用")
        for place, name in enumerate(["#fees", *FEE]):
            sheet.write_string(0, place, name)
        for place, cell in enumerate(FEE.values(), start=1):
            sheet.write_string(2, place, cell)
        sheet.write_formula(2, 5, "=5+6", None, 11)
        book.add_worksheet("_kmanalysis").write_string(0, 0, "kmanalysis.form")
    into = folder_with(tmp_path / "into", {})
    assert load_form(path, into).rejects.empty
    assert rows_of(into, "fees")["fees"][0][3:6] == (datetime(2026, 9, 30, 19, 4, 5), "restock", Decimal(11))


# Whatever is valid comes back as it was

plain = st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn"))
odd = st.sampled_from(["=1+1", "007", "1e5", "TRUE", "+1", "a_x0041_b", "是"])
# A word that stands for nothing, as "-" does, is an empty cell.
texts = st.text(plain, min_size=1, max_size=12).map(lambda text: text.strip(SPACE)).filter(lambda text: text and text.lower() not in NOTHING) | odd
BY_TYPE = {
    "id": texts,
    "text": texts,
    "date": st.dates(date(1990, 1, 1), date(2099, 12, 31)).map(str),
    "timestamp": st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31, 23, 59, 59)).map(str)
    | st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31)).map(lambda moment: str(moment.replace(microsecond=0))),
    "decimal": st.decimals(0, Decimal("99999999999999.9999"), places=4).map(lambda number: format(number, "f")),
    "float": st.floats(0, 1, allow_subnormal=False).map(repr),
    "boolean": st.sampled_from(["true", "false"]),
    "digest": st.integers(0, 9).map(lambda number: f"kd1:{number:032x}"),
}
BY_COLUMN = {
    "supplier_id": st.sampled_from(["S01", "S02", "S03"]),
    "currency": st.sampled_from(["CNY", "USD"]),
    "scope": st.sampled_from(["*", "sku:X", "brand:腾讯"]),
}


def rows_for(table, contracts=()):
    cells = {}
    for name, column in table.columns.items():
        found = st.sampled_from(column.values) if column.values else BY_COLUMN.get(name, BY_TYPE[column.type])
        if name == "contract_id" and table.name == "contract_terms":
            found = st.sampled_from(contracts or ["C1"])
        cells[name] = found if column.required else st.just("") | found
    rows = st.fixed_dictionaries(cells).filter(lambda row: not table.one_of or any(row[name] for name in table.one_of))
    return st.lists(rows, max_size=4, unique_by=lambda row: tuple(row[name] for name in table.key))


@st.composite
def folders(draw):
    rows = {name: draw(rows_for(table)) for name, table in form_tables().items() if name != "contract_terms"}
    contracts = [row["contract_id"] for row in rows["contracts"]]
    return rows | {"contract_terms": draw(rows_for(form_tables()["contract_terms"], contracts)) if contracts else []}


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=folders(), lang=st.sampled_from(["zh", "en"]))
def test_whatever_is_valid_comes_back_as_it_was(tmp_path_factory, rows, lang):
    folder = tmp_path_factory.mktemp("forms")
    source, into = folder_with(folder / "from", rows), folder_with(folder / "into", {})
    form = form_of(folder / "forms.xlsx", source, lang)
    found = load_form(form, into)
    assert found.rejects.empty, found.rejects
    assert Counter({one.table: one.new for one in found.receipts}) == Counter({name: len(of_table) for name, of_table in rows.items()})
    assert rows_of(into) == rows_of(source)
    again = load_form(form, source)
    assert {(one.new, one.updated, one.removed) for one in again.receipts} == {(0, 0, 0)}


def test_a_row_that_fills_in_none_of_the_columns_of_which_one_is_wanted_is_rejected_in_the_words_of_the_form(tmp_path):
    form = form_of(tmp_path / "forms.xlsx")
    edit(form, add("allowed_repeats", {"allowance_id": "R1", "reason": "共享账号"}, {"allowance_id": "R2", "sku": "K1", "reason": "共享账号"}))
    attached = load_form(form, folder_with(tmp_path / "into", {}))
    assert receipt(attached, "allowed_repeats").rejected == {"none_of_them": 1}
    (fault,) = attached.rejects.itertuples()
    assert (fault.line, fault.column, fault.accepted) == (FIRST, "商品编号、卡密", "商品编号、卡密")
