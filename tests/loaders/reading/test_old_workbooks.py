import random
import struct
from datetime import datetime

import pytest
import xlwt

from kmanalysis.loaders.reading.old_workbooks import OldSheet, add_facts, read_apart, rows_of, workbook_records


def saved(tmp_path, rows=3, is_1904=False, names=("a",)):
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = is_1904
    for name in names:
        sheet = book.add_sheet(name)
        for row in range(rows):
            sheet.write(row, 1, f"{name}{row}")
            sheet.write(row, 3, row + 0.5)
    book.save(str(tmp_path / "a.xls"))
    return tmp_path / "a.xls"


@pytest.mark.parametrize("rows", [1, 3, 2500])
def test_rows_come_as_they_stand(tmp_path, rows):
    found = read_apart(saved(tmp_path, rows, names=("a", "b")))
    assert [(sheet.name, sheet.is_visible) for sheet in found.sheets] == [("a", True), ("b", True)]
    for sheet in found.sheets:
        assert list(rows_of(sheet)) == [["", f"{sheet.name}{row}", "", row + 0.5] for row in range(rows)]


@pytest.mark.parametrize("is_1904", [False, True])
def test_the_date_system_and_times(tmp_path, is_1904):
    book = xlwt.Workbook()
    book.dates_1904 = is_1904
    book.add_sheet("a").write(0, 0, datetime(2026, 10, 1, 8, 30), xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm:ss"))
    book.save(str(tmp_path / "a.xls"))
    found = read_apart(tmp_path / "a.xls")
    assert found.is_1904 == is_1904
    assert list(rows_of(found.sheets[0])) == [["2026-10-01 08:30:00"]]


def test_errors_and_formulas_stand_where_the_records_say(tmp_path):
    book = xlwt.Workbook()
    first, second = book.add_sheet("a"), book.add_sheet("b")
    first.row(2).set_cell_error(1, 0x2A)
    second.write(4, 3, xlwt.Formula("A1"))
    book.save(str(tmp_path / "a.xls"))
    found = read_apart(tmp_path / "a.xls").sheets
    assert [(sheet.errors, sheet.unkept) for sheet in found] == [({(2, 1): "#N/A"}, []), ({}, [(4, 3)])]


def test_formulas_are_unkept_only_where_none_has_a_value():
    def record(kind, content):
        return struct.pack("<HH", kind, len(content)) + content

    def formula(row, result):
        return record(0x06, struct.pack("<HHH", row, 0, 0) + result + bytes(8))

    empty, error, number = b"\3\0\0\0\0\0\xff\xff", b"\2\0\x07\0\0\0\xff\xff", struct.pack("<d", 2.5)
    for results, expected in [([empty, empty], [(0, 0), (1, 0)]), ([empty, number], []), ([empty, error], [])]:
        begin = record(0x809, bytes(16))
        head = record(0x85, struct.pack("<IBB", 0, 0, 0) + bytes(3))
        head = begin + record(0x85, struct.pack("<IBB", len(begin + head) + 4, 0, 0) + bytes(3)) + record(0x0A, b"")
        sheet = OldSheet("a", True)
        assert add_facts(head + begin + b"".join(formula(row, result) for row, result in enumerate(results)) + record(0x0A, b""), [sheet]) is False
        assert sheet.unkept == expected
        assert sheet.errors == ({(1, 0): "#DIV/0!"} if error in results else {})


def test_chains_without_an_end_are_refused(tmp_path):
    content = bytearray(saved(tmp_path, 800).read_bytes())
    assert workbook_records(bytes(content))[:2] == b"\x09\x08"
    table = struct.unpack_from("<I", content, 76)[0]
    start = (table + 1) * 512
    for place in range(128):
        struct.pack_into("<I", content, start + place * 4, 1)
    with pytest.raises(ValueError):
        workbook_records(bytes(content))


def test_what_is_damaged_raises_and_ends_nothing(tmp_path):
    path = saved(tmp_path)
    content, draw = path.read_bytes(), random.Random(3)
    for _ in range(6):
        changed = bytearray(content)
        for _ in range(4):
            changed[draw.randrange(512, len(changed))] = draw.randrange(256)
        path.write_bytes(bytes(changed))
        try:
            found = read_apart(path)
        except ValueError:
            continue
        assert all(isinstance(row, list) for sheet in found.sheets for row in rows_of(sheet))


def test_what_is_no_workbook_raises(tmp_path):
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000))
    with pytest.raises(ValueError):
        read_apart(tmp_path / "a.xls")
