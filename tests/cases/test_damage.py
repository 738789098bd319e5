"""Files that are damaged inside, and sheets that reach further than any table: a sentence, never a traceback, and no memory without bound."""

import io
import random
import zipfile

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError, KmError
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.reading.sheets import stage_sheet
from tests.cases.loading import HEADINGS, loaded, order, receipt_of

ROWS = [HEADINGS, *(order(f"A{number}") for number in range(30))]


def xlsx_bytes(rows=ROWS):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def xls_bytes():
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("a")
    for line, row in enumerate(ROWS):
        for place, cell in enumerate(row):
            sheet.write(line, place, cell)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def parquet_bytes():
    rows = [[str(cell) for cell in row] for row in ROWS[1:]]
    target = io.BytesIO()
    pq.write_table(pa.table({heading: [row[place] for row in rows] for place, heading in enumerate(HEADINGS)}), target)
    return target.getvalue()


def with_part(content, part, change):
    """A workbook with one of its parts changed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(old.read(name)) if name == part else old.read(name))
    return target.getvalue()


def zeroed(content, start, length):
    return content[:start] + bytes(length) + content[start + length :]


SHEET = "xl/worksheets/sheet1.xml"
BROKEN = {
    "truncated": lambda content: content[: len(content) * 2 // 3],
    "no-end": lambda content: with_part(content, SHEET, lambda xml: xml[:-200]),
    "no-sheets": lambda content: with_part(content, "xl/workbook.xml", lambda xml: xml.replace(b"<sheet ", b"<other ")),
    "no-part": lambda content: with_part(content, "xl/_rels/workbook.xml.rels", lambda xml: xml.replace(b"sheet1.xml", b"sheet9.xml")),
    "entities": lambda content: with_part(
        content, "xl/workbook.xml", lambda xml: b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + xml[xml.find(b"<workbook") :]
    ),
    "not-xml": lambda content: with_part(content, "xl/workbook.xml", lambda xml: b"<<<"),
    "bad-bytes": lambda content: zeroed(content, content.find(SHEET.encode()) + 60, 60),
    "unpacks-forever": lambda content: with_part(content, SHEET, lambda xml: xml + b" " * (100 << 20)),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_damaged_workbooks_are_refused(tmp_path, damage):
    path = tmp_path / "damaged.xlsx"
    path.write_bytes(BROKEN[damage](xlsx_bytes()))
    with pytest.raises(DataError, match=r"damaged\.xlsx"):
        loaded(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), bytes(100)])
def test_what_only_begins_like_a_workbook_is_refused(tmp_path, content):
    for name in ("a.xlsx", "a.xls"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match="cannot be read as an Excel workbook"):
            loaded(tmp_path / name)


@pytest.mark.parametrize("page", ["<html><body><table><tr><td>1</td></tr></table></body></html>", '<?xml version="1.0"?><Workbook/>', "\n<TABLE>"])
def test_pages_under_a_workbook_s_name_are_refused_by_a_sentence(tmp_path, page):
    (tmp_path / "page.xls").write_text(page, encoding="utf-8")
    with pytest.raises(DataError, match="is a page of HTML or XML"):
        loaded(tmp_path / "page.xls")


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx", "a.xls", "a.parquet"])
def test_an_empty_file_is_told_that_it_is_empty(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match="is empty"):
        loaded(tmp_path / name)


def test_a_workbook_whose_sheets_are_blank_is_empty(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(xlsx_bytes([]))
    with pytest.raises(DataError, match="is empty"):
        loaded(tmp_path / "a.xlsx")


@pytest.mark.parametrize("cell", ["XFD1048576", "XFD1", "A1048576", "XFD2", "ZZ900000"])
def test_a_stray_cell_far_away_loads_or_is_named(tmp_path, cell):
    book = openpyxl.Workbook()
    for row in [*ROWS, *(order(f"B{number}") for number in range(400))]:
        book.active.append(row)
    book.active[cell] = "x"
    path = tmp_path / "far.xlsx"
    book.save(path)
    with pytest.raises(DataError, match=r"its cells reach to column|headings, and at most"):
        loaded(path)


def test_a_far_cell_that_does_not_stand_in_its_row_is_found(tmp_path):
    path = tmp_path / "far.xlsx"
    path.write_bytes(with_part(xlsx_bytes(), SHEET, lambda xml: xml.replace(b'r="H7"', b'r="ZZ1048576"')))
    with pytest.raises(DataError, match="column ZZ and row 1048576"):
        loaded(path)


@pytest.mark.parametrize("columns", [900, 901, 3000])
def test_a_table_has_at_most_nine_hundred_columns(tmp_path, columns):
    rows = [[*HEADINGS, *(f"x{number}" for number in range(columns - len(HEADINGS)))], [*order("a"), *["1"] * (columns - len(HEADINGS))]]
    (tmp_path / "wide.csv").write_text("\n".join(",".join(map(str, row)) for row in rows) + "\n", encoding="utf-8")
    (tmp_path / "wide.xlsx").write_bytes(xlsx_bytes(rows))
    for name in ("wide.csv", "wide.xlsx"):
        if columns > 900:
            with pytest.raises(DataError, match=f"{columns} headings, and at most 900"):
                loaded(tmp_path / name)
        else:
            attached, _ = loaded(tmp_path / name)
            assert receipt_of(attached).kept == 1


def test_parquet_with_names_that_no_column_may_have(tmp_path):
    for name in ("x\0y", "file_row_number"):
        pq.write_table(pa.table({"订单号": ["a"], name: ["b"]}), tmp_path / "a.parquet")
        with pytest.raises(DataError, match="zero byte or is a word that is reserved"):
            loaded(tmp_path / "a.parquet")


def test_text_in_parquet_that_is_none_is_refused_without_showing_it(tmp_path):
    words = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\x08\0\0\0"), pa.py_buffer(b"SECRE\xff\xfe\xfd")])
    for name in ("orders.parquet", "raw.parquet"):
        pq.write_table(pa.table({"order_id": words}), tmp_path / name)
    with pytest.raises(DataError, match=r"raw\.parquet: this is no Parquet file") as caught:
        loaded(tmp_path / "raw.parquet", '[tables.suppliers.columns]\nsupplier_id = { from = "order_id" }\nname = { from = "order_id" }\n')
    assert "SECRE" not in str(caught.value)


@pytest.mark.parametrize("place", ["data", "head"])
def test_canonical_parquet_that_is_damaged_is_refused(tmp_path, place):
    rows = pa.table({"supplier_id": [f"s{number}" for number in range(500)], "name": ["名" * number for number in range(500)]})
    pq.write_table(rows, tmp_path / "suppliers.parquet")
    content = (tmp_path / "suppliers.parquet").read_bytes()
    start = 200 if place == "data" else len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    (tmp_path / "suppliers.parquet").write_bytes(zeroed(content, start, 100))
    with pytest.raises(DataError, match=r"suppliers\.parquet"):
        attach(connect(), tmp_path)


def test_a_canonical_workbook_that_is_damaged_is_refused(tmp_path):
    (tmp_path / "suppliers.xlsx").write_bytes(BROKEN["no-end"](xlsx_bytes()))
    with pytest.raises(DataError, match=r"suppliers\.xlsx"):
        attach(connect(), tmp_path)


def mutated(content, seed, times):
    """The content with some of its bytes changed, put in or taken out."""
    draw, changed = random.Random(seed), bytearray(content)
    for _ in range(times):
        place = draw.randrange(len(changed))
        match draw.randrange(4):
            case 0:
                changed[place] ^= 1 << draw.randrange(8)
            case 1:
                changed[place : place + draw.randrange(1, 40)] = b""
            case 2:
                changed[place:place] = draw.randbytes(draw.randrange(1, 40))
            case _:
                changed[place : place + 4] = draw.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"])
    return bytes(changed)


ORIGINALS = {"xlsx": xlsx_bytes(), "xls": xls_bytes(), "parquet": parquet_bytes(), "csv": "\n".join(",".join(map(str, row)) for row in ROWS).encode("gb18030")}
DRAWN = {"max_examples": 40, "deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(**DRAWN)
@given(st.sampled_from(["xlsx", "parquet", "csv"]), st.integers(), st.integers(1, 5))
def test_mutations_load_or_are_refused_by_a_sentence(tmp_path, kind, seed, times):
    check_mutation(tmp_path / f"mutated.{kind}", mutated(ORIGINALS[kind], seed, times))


@settings(**DRAWN | {"max_examples": 10})
@given(st.integers(), st.integers(1, 5))
def test_mutations_of_the_old_form(tmp_path, seed, times):
    check_mutation(tmp_path / "mutated.xls", mutated(ORIGINALS["xls"], seed, times))


@settings(**DRAWN)
@given(st.integers(), st.integers(1, 5))
def test_mutations_of_a_sheet_s_xml(tmp_path, seed, times):
    check_mutation(tmp_path / "mutated.xlsx", with_part(ORIGINALS["xlsx"], SHEET, lambda xml: mutated(xml, seed, times)))


def check_mutation(path, content):
    path.write_bytes(content)
    try:
        attached, _ = loaded(path)
    except KmError:
        return
    receipt_of(attached)


def test_a_sheet_is_staged_by_itself_no_more_than_it_holds(tmp_path):
    (tmp_path / "a.xlsx").write_bytes(ORIGINALS["xlsx"])
    connection = duckdb.connect()
    staged = stage_sheet(connection, tmp_path / "a.xlsx", "raw")
    assert connection.execute(f"SELECT count(*) FROM {staged.relation}").fetchall() == [(30,)]
