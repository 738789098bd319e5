import tempfile
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.package import DAY_ZERO, DAY_ZERO_1904, Package, column_letters, column_number

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def package(path, rows, properties="", part="worksheets/sheet1.xml"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{RELATION}"><workbookPr {properties}/><sheets><sheet name="a" r:id="r1"/></sheets></workbook>',
        )
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships><Relationship Id="r1" Target="{part}"/></Relationships>')
        book.writestr("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>')
    return Package(path)


@given(st.integers(0, 16383))
def test_letters_of_columns(column):
    assert column_number(column_letters(column)) == column


def test_letters_as_a_spreadsheet_writes_them():
    assert [column_letters(column) for column in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


@pytest.mark.parametrize(
    ("cell", "marked"),
    [
        ('<c r="B2" t="e"><v>#N/A</v></c>', "\ue007#N/A"),
        ("<c t='e' r='B2' s=\"1\"><f>1/0</f><v>#DIV/0!</v></c>", "\ue007#DIV/0!"),
        ('<c r="B2" t = "e" ></c>', "\ue007#ERROR"),
        ('<c r="B2"><f>A1</f></c>', "\ue008=A1"),
        ('<c r="B2"><f>A1</f><v/></c>', "\ue008=A1"),
        ('<c r="B2" s="2"><f t="shared" si="0"/><v></v></c>', "\ue008=…"),
        ('<c r="B2" t="str"><f>A1</f></c>', "\ue008=A1"),
        ('<c r="B2" t="str"><f>A1</f><v></v></c>', None),
        ('<c r="B2"><f>A1</f><v>0</v></c>', None),
        ('<c r="B2"><f t="shared" si="0"/><v>1</v></c>', None),
        ('<c r="B2" t="inlineStr"><is><t>"e"</t></is></c>', None),
    ],
)
def test_cells_without_a_value(tmp_path, cell, marked):
    facts = package(tmp_path / "a.xlsx", f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>1</v></c>{cell}</row>').facts("a")
    assert facts.marked == ({(1, 1): marked} if marked else {})
    assert (facts.cells, facts.height, facts.width) == (3, 2, 2)


def test_marks_are_found_in_any_piece_of_a_large_sheet(tmp_path):
    text = "字" * 2000
    rows = "".join(
        f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{text}</t></is></c>'
        + (f'<c r="D{row}" t="e"><v>#NUM!</v></c></row>' if row % 100 == 7 else "</row>")
        for row in range(1, 1000)
    )
    facts = package(tmp_path / "a.xlsx", rows).facts("a")
    assert facts.marked == {(row - 1, 3): "\ue007#NUM!" for row in range(7, 1000, 100)}
    assert (facts.cells, facts.height, facts.width) == (1009, 999, 4)


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(0, 16383)), min_size=1, max_size=20, unique=True))
def test_how_far_a_sheet_reaches(cells):
    by_row = {row: sorted(column for other, column in cells if other == row) for row, _ in sorted(cells)}
    rows = "".join(
        f'<row spans="1:9" r="{row}">' + "".join(f'<c r="{column_letters(column)}{row}"><v>1</v></c>' for column in columns) + "</row>"
        for row, columns in by_row.items()
    )
    width, height = max(column for _, column in cells) + 1, max(by_row)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "a.xlsx"
        if width * height > 4_000_000:
            with pytest.raises(DataError, match=f"column {column_letters(width - 1)} and row {height}"):
                package(path, rows).facts("a")
        else:
            facts = package(path, rows).facts("a")
            assert (facts.cells, facts.width, facts.height) == (len(cells), width, height)


@pytest.mark.parametrize("place", ["AAAA1", "A12345678", "ZZZZZZ9", "A99999999999", "abcd1"])
@pytest.mark.parametrize("written", ['r="{}"', "s='1' r = '{}'"])
def test_a_cell_that_no_sheet_has_room_for(tmp_path, place, written):
    rows = f'<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c {written.format(place)}><v>1</v></c></row>'
    with pytest.raises(ValueError, match="outside of any sheet"):
        package(tmp_path / "a.xlsx", rows).facts("a")


@pytest.mark.parametrize("cell", ['<c r="xfd2"><v>1</v></c>', '<c  r = "XFD2"><v>1</v></c>', "<c s=\"1\"\n r='XFD2'><v>1</v></c>"])
def test_places_are_found_however_they_are_written(tmp_path, cell):
    assert package(tmp_path / "a.xlsx", f'<row r="1"><c r="A1"/></row><row r = "2">{cell}</row>').facts("a").width == 16384


def test_a_text_that_looks_like_a_place_is_none(tmp_path):
    text = 'r="AAAA1" r="zz9" r="ZZZ99999999"'
    facts = package(tmp_path / "a.xlsx", f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c><c r="B1"/></row>').facts("a")
    assert (facts.width, facts.height) == (2, 1)


@pytest.mark.parametrize("row", ['r="9999999999"', 'r = "900000000"', 'spans="1:9" r="99999999999999999999"'])
def test_a_row_that_lies_far_below(tmp_path, row):
    with pytest.raises(DataError, match="only 2 are filled"):
        package(tmp_path / "a.xlsx", f'<row r="1"><c r="A1"/></row><row {row}><c><v>1</v></c></row>').facts("a")


@pytest.mark.parametrize(("count", "is_refused"), [("2", False), ("4294967296", True), ("99999999999999999999", True), ("x", True)])
def test_texts_are_counted_before_room_is_made_for_them(tmp_path, count, is_refused):
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as book:
        book.writestr("xl/workbook.xml", f'<workbook xmlns="{MAIN}"><sheets/></workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", "<Relationships/>")
        book.writestr("xl/SharedStrings.xml", f'<!-- texts --><s:sst xmlns:s="{MAIN}" uniqueCount="{count}"><s:si/></s:sst>')
    with pytest.raises(ValueError, match=r"haredStrings|invalid literal") if is_refused else nullcontext():
        Package(tmp_path / "a.xlsx")


def test_cells_that_do_not_say_where_they_stand_are_counted(tmp_path):
    rows = '<row r="1"/><row r="2"><c><v>1</v></c><c t="e"><v>#N/A</v></c></row><row r="9"><c><v>1</v></c><c/><c><f>A1</f></c></row>'
    facts = package(tmp_path / "a.xlsx", rows).facts("a")
    assert (facts.cells, facts.width, facts.height) == (5, 3, 9)
    assert facts.marked == {(1, 1): "\ue007#N/A", (8, 2): "\ue008=A1"}


def test_the_day_that_dates_count_from(tmp_path):
    assert package(tmp_path / "a.xlsx", "").day_zero == DAY_ZERO
    assert package(tmp_path / "a.xlsx", "", 'date1904="false"').day_zero == DAY_ZERO
    assert package(tmp_path / "a.xlsx", "", 'date1904="1"').day_zero == DAY_ZERO_1904
    assert package(tmp_path / "a.xlsx", "", "date1904='true'").day_zero == DAY_ZERO_1904


def test_a_sheet_whose_part_is_not_there_has_no_facts(tmp_path):
    assert package(tmp_path / "a.xlsx", '<row r="1"><c r="A1"/></row>', part="/xl/worksheets/sheet1.xml").facts("a").cells == 1
    assert package(tmp_path / "a.xlsx", "", part="worksheets/other.xml").facts("a").cells == 0
