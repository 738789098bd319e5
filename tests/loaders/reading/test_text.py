"""Nastiness of raw files: whatever the encoding, delimiter and line ends, the same rows come out with the lines where they stand."""

import csv
import errno
import io
import itertools

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.decoding import text_chunks
from kmanalysis.loaders.reading.dialect import EMPTY_WORDS, Dialect
from kmanalysis.loaders.reading.feeding import Feeder
from kmanalysis.loaders.reading.records import SPACE, footer_pattern
from kmanalysis.loaders.reading.text import stage_text

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be")
ROWS = [["编号", "名称", "备注"], ["1", "点卡,10元;新", "x"], ["2", "制表\t符", '引"号'], ["3", "", "末"], ["4", "会员", "换行"]]
PREAMBLE = "店铺导出\n\n"
FOOTER = "合计,4,,\n导出时间：2026-10-31\n"


def staged_rows(raw, tmp_path, **options):
    path = tmp_path / "raw.csv"
    path.write_bytes(raw)
    connection = duckdb.connect()
    staged = stage_text(connection, path, "raw", **options)
    rows = connection.execute(f"SELECT * FROM {staged.relation} ORDER BY _line").fetchall()
    return staged, rows


def written(rows, delimiter=",", end="\n"):
    target = io.StringIO()
    csv.writer(target, delimiter=delimiter, lineterminator=end).writerows(rows)
    return target.getvalue()


@pytest.mark.parametrize(("encoding", "delimiter", "end"), list(itertools.product(ENCODINGS, ",\t;", ("\n", "\r\n", "\r"))))
def test_encodings_delimiters_and_line_ends(tmp_path, encoding, delimiter, end):
    raw = written(ROWS, delimiter, end).encode(encoding)
    staged, rows = staged_rows(raw, tmp_path)
    assert staged.headings == ("编号", "名称", "备注")
    assert [(line, fault, *cells) for line, fault, _, *cells in rows] == [(line, None, *row) for line, row in enumerate(ROWS[1:], start=2)]
    assert (staged.delimiter, staged.skipped) == (delimiter, 0)


@pytest.mark.parametrize("by_engine", [True, False])
def test_preamble_and_footer_are_skipped_and_counted(tmp_path, by_engine):
    text = PREAMBLE + written(ROWS) + ",,\n" + FOOTER
    staged, rows = staged_rows(
        text.encode(), tmp_path, header=lambda first: [record.cells[0] for record in first].index("编号"), footer=footer_pattern(), by_engine=by_engine
    )
    assert [row[0] for row in rows] == [4, 5, 6, 7]
    assert (staged.header_line, staged.skipped) == (3, 2 + 1 + 2)


def test_a_footer_word_inside_the_rows_is_a_row(tmp_path):
    text = "名称,备注\n合计,不是页脚\n甲,乙\n合计,页脚\n"
    _, rows = staged_rows(text.encode(), tmp_path, footer=footer_pattern())
    assert [row[3:] for row in rows] == [("合计", "不是页脚"), ("甲", "乙")]


def test_odd_rows_are_marked_and_the_others_keep_their_lines(tmp_path):
    raw = "a,b\n1,2\n\n3\n4,5,6\n7,8,\n9,一二三四五六七八九十".encode() + b"\xff\n" + b'10,"x\ny"\n11,"z\n12,13\n'
    _, rows = staged_rows(raw, tmp_path)
    assert [(line, fault, found) for line, fault, found, *_ in rows] == [
        (2, None, 2),
        (4, "ragged", 1),
        (5, "ragged", 3),
        (6, None, 3),
        (7, "undecodable", 2),
        (8, None, 2),
        (10, "open_quote", 2),
        (11, None, 2),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_headings_that_are_the_last_line_and_do_not_end_are_headings(tmp_path, delimiter):
    staged, rows = staged_rows(f"2026-10-01 报表\n编号{delimiter}名称".encode(), tmp_path, header=lambda first: 1)
    assert (staged.headings, rows) == (("编号", "名称"), [])


@pytest.mark.parametrize("by_engine", [True, False])
@pytest.mark.parametrize("blank", range(7))
def test_a_cell_far_beyond_the_headings_makes_a_row_odd_however_many_blank_ones_stand_before_it(tmp_path, blank, by_engine):
    _, rows = staged_rows(f"a,b\n1,2\n3,4{',' * blank},lost\n5,6{',' * (blank + 1)}\n".encode(), tmp_path, by_engine=by_engine)
    assert [(line, fault) for line, fault, *_ in rows] == [(2, None), (3, "ragged"), (4, None)]


def test_headings_tell_the_delimiter_where_one_cell_is_full_of_another(tmp_path):
    raw = "店铺导出\n编号,名称,备注\n1,会员" + "\t" * 60 + "月卡,a,b,c\n"
    staged, _ = staged_rows(raw.encode(), tmp_path, header=lambda first: next((place for place, record in enumerate(first) if "名称" in record.cells), None))
    assert (staged.headings, staged.header_line) == (("编号", "名称", "备注"), 2)


def test_a_file_without_a_header_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"raw\.csv is empty"):
        staged_rows(b"\n\n", tmp_path)


def test_the_setting_that_keeps_rows_in_order_is_put_back(tmp_path):
    path = tmp_path / "raw.csv"
    path.write_text("a\n1\n")
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = false")
    stage_text(connection, path, "raw")
    assert connection.execute("SELECT current_setting('preserve_insertion_order')").fetchone() == (False,)


def test_the_engine_reads_regular_files_itself(tmp_path):
    path = tmp_path / "raw.csv"
    path.write_text(written(ROWS), encoding="utf-8")
    from kmanalysis.loaders.reading.decoding import decoding

    feeder = Feeder(path, decoding(path), 1, ",")
    with open(feeder.address, "rb", closefd=True) as pipe:
        assert pipe.read().decode() == written(ROWS[1:])
    feeder.close()
    assert not feeder.is_irregular
    assert feeder.lines == 4


@pytest.mark.parametrize("by_engine", [True, False])
def test_unquoted_words_for_nothing_are_empty_and_quoted_ones_are_text(tmp_path, by_engine):
    raw = b'a,b,c\n1,NULL,\\N\n"2","NULL",NULL\nNULL,NULL,NULL\n'
    staged, rows = staged_rows(raw, tmp_path, dialect=Dialect(EMPTY_WORDS), by_engine=by_engine)
    assert [[cell or "" for cell in row[3:]] for row in rows] == [["1", "", ""], ["2", "NULL", ""]]
    assert [row[1] for row in rows] == [None, None]
    assert staged.skipped == 1


@pytest.mark.parametrize("by_engine", [True, False])
def test_a_dump_without_headings_has_those_that_are_stated(tmp_path, by_engine):
    raw = "1\t甲\\\t店\t\\N\n2\t乙\\\n店\tx\n3\tz\n".encode()
    staged, rows = staged_rows(raw, tmp_path, headings=["编号", "名称", "备注"], dialect=Dialect(EMPTY_WORDS, "\\"), by_engine=by_engine)
    assert (staged.headings, staged.header_line, staged.skipped, staged.delimiter) == (("编号", "名称", "备注"), 0, 0, "\t")
    assert [(row[0], row[1], *row[3:]) for row in rows] == [
        (1, None, "1", "甲\t店", ""),
        (2, None, "2", "乙\n店", "x"),
        (4, "ragged", "3", "z", None),
    ]


def test_carriage_returns_inside_a_dump_are_signs_and_at_its_line_ends_are_none(tmp_path):
    _, rows = staged_rows(b"a\tb\r\nx\ty\r\\\nz\r\n1\t2\r\n", tmp_path, dialect=Dialect(EMPTY_WORDS, "\\"))
    assert [row[3:] for row in rows] == [("x", "y\r\nz"), ("1", "2")]


def test_a_dump_that_escapes_nothing_is_read_by_the_engine(tmp_path):
    path = tmp_path / "raw.txt"
    path.write_text("a\tb\n1\t\\N\n\\N\t2\n")
    from kmanalysis.loaders.reading.decoding import decoding

    feeder = Feeder(path, decoding(path), 1, "\t", Dialect(EMPTY_WORDS, "\\"))
    with open(feeder.address, "rb", closefd=True) as pipe:
        assert pipe.read() == b"1\t\n\t2\n"
    feeder.close()
    assert not feeder.is_irregular


def test_a_dump_in_sql_is_refused_before_it_is_read(tmp_path):
    with pytest.raises(DataError, match=r"raw\.csv is a dump in SQL"):
        staged_rows(b"-- dump\nINSERT INTO `orders` VALUES (1);\n", tmp_path)


def test_a_file_whose_first_line_is_data_is_said_to_have_no_headings(tmp_path):
    with pytest.raises(DataError, match=r"raw\.csv, line 1: this looks like data"):
        staged_rows("A1,甲,10.5\n".encode(), tmp_path, header=lambda first: None)


DUMP_LINE = st.text(st.sampled_from('ab1\t\\N"中 \r'), max_size=12)


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(DUMP_LINE, max_size=8), escape=st.sampled_from(["", "\\"]), delimiter=st.sampled_from("\t,"))
@example(lines=["\\N\t1", "2\t\\N"], escape="\\", delimiter="\t")
@example(lines=['"\\N"\t1', "NULL"], escape="", delimiter="\t")
def test_both_readers_read_a_dialect_alike(tmp_path_factory, lines, escape, delimiter):
    folder = tmp_path_factory.mktemp("raw")
    raw = "\n".join([f"x{delimiter}y", *lines, ""]).encode()
    options = {"encoding": "utf-8", "delimiter": delimiter, "dialect": Dialect(EMPTY_WORDS, escape)}
    (staged, found), (also_staged, expected) = (staged_rows(raw, folder, by_engine=by_engine, **options) for by_engine in (True, False))
    assert staged == also_staged
    assert [[cell.strip(SPACE) if isinstance(cell, str) else cell for cell in row] for row in found] == [
        [cell.strip(SPACE) if isinstance(cell, str) else cell for cell in row] for row in expected
    ]


RAW_LINE = st.text(st.sampled_from('ab1 ,"中　\x00'), max_size=12)


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(RAW_LINE, max_size=8), end=st.sampled_from(["\n", "\r\n", "\r"]), last=st.booleans())
@example(lines=['a,"b', 'c",d'], end="\n", last=True)
@example(lines=["a", "", "b"], end="\r\n", last=False)
@example(lines=['""', "1,2"], end="\n", last=False)
@example(lines=[' 1,""'], end="\n", last=False)
@example(lines=[",,", "1,2,3,4,5,6,7,8", "　"], end="\n", last=True)
def test_both_readers_give_the_same_rows(tmp_path_factory, lines, end, last):
    folder = tmp_path_factory.mktemp("raw")
    raw = end.join(["x,y", *lines]) + (end if last else "")
    ours, theirs = (staged_rows(raw.encode(), folder, encoding="utf-8", delimiter=",", by_engine=by_engine) for by_engine in (True, False))
    # Whoever reads a staged cell strips it: the padding itself may differ.
    (staged, found), (also_staged, expected) = ours, theirs
    assert staged == also_staged
    assert [[cell.strip(SPACE) if isinstance(cell, str) else cell for cell in row] for row in found] == [
        [cell.strip(SPACE) if isinstance(cell, str) else cell for cell in row] for row in expected
    ]


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(st.text(st.characters(codec="gb18030", exclude_characters="\x00\r\ufeff\ufffd"), max_size=8), min_size=3, max_size=3), max_size=6),
    encoding=st.sampled_from(["utf-8-sig", "gb18030", "utf-16"]),
    delimiter=st.sampled_from(",\t;"),
)
def test_cells_survive_any_encoding(tmp_path_factory, rows, encoding, delimiter):
    raw = written([["甲", "乙", "丙"], *rows], delimiter).encode(encoding)
    _, found = staged_rows(raw, tmp_path_factory.mktemp("raw"), encoding="" if encoding == "utf-16" else encoding, delimiter=delimiter)
    kept = [row for row in rows if any(cell.strip(SPACE) for cell in row)]
    assert [[cell.strip(SPACE) for cell in row[3:]] for row in found if row[1] is None] == [[cell.strip(SPACE) for cell in row] for row in kept][: len(found)]
    assert sum(row[1] is None for row in found) == len(kept)


def test_a_file_that_cannot_be_read_to_its_end_is_not_read_as_a_shorter_one(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "".join(f"{number},x\n" for number in range(400_000)))

    def broken(*arguments, **options):
        for number, chunk in enumerate(text_chunks(*arguments, **options)):
            if number:
                raise OSError(errno.EIO, "Input/output error")
            yield chunk

    monkeypatch.setattr("kmanalysis.loaders.reading.feeding.text_chunks", broken)
    with pytest.raises(OSError, match="Input/output error"):
        stage_text(connect(), path, "staged")
