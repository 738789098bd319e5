"""What a mapping says is checked by what will run it: the decoder, the zones' tables, the engine."""

import codecs
import re

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kmanalysis.errors import MappingError
from kmanalysis.loaders.mapping.fields import check_delimiter, check_encoding, check_factor, check_filled, check_format, check_kind, check_pattern, check_zone


def is_taken(check, value):
    said = ""
    try:
        check(value, "m.toml", "x")
    except MappingError as problem:
        said = str(problem)
    assert not said or said.startswith("m.toml: x: ")
    return not said


@pytest.mark.parametrize("encoding", ["utf-8", "UTF8", "utf-8-sig", "gb18030", "gbk", "big5", "shift_jis", "euc-kr", "utf-16", "utf-16-le", "utf-7", "latin-1"])
def test_encodings_of_text_files(encoding):
    assert is_taken(check_encoding, encoding)


@pytest.mark.parametrize(
    "encoding",
    ["rot13", "hex", "zip", "base64", "utf-32", "cp037", "idna", "punycode", "unicode_escape", "undefined", "klingon", "a\0", "é", "x" * 9999, "../x"],
)
def test_what_is_no_encoding_of_text_files(encoding):
    assert not is_taken(check_encoding, encoding)


@given(st.sampled_from([*__import__("encodings").aliases.aliases.values(), *__import__("encodings").aliases.aliases]))
def test_an_encoding_that_is_taken_reads_lines(name):
    if is_taken(check_encoding, name):
        decoder = codecs.getincrementaldecoder(name)("strict")
        assert decoder.decode("a,b\n".encode(name)) + decoder.decode(b"", final=True) == "a,b\n"


@given(st.text(max_size=3))
def test_a_delimiter_is_one_sign_that_no_number_or_name_is_made_of(text):
    if is_taken(check_delimiter, text):
        assert len(text) == 1
        assert not text.isalnum()
        assert text not in "\"'\\.-+ \n\r\0"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "，", ":", "^", "~", "\x01", "\x1f"])
def test_delimiters_of_real_files(delimiter):
    assert is_taken(check_delimiter, delimiter)


@given(st.text(alphabet="ab(?=!<P>)[]{}\\Zzdw1,|*+^$.:", max_size=12))
def test_a_pattern_is_taken_where_the_engine_runs_it(pattern):
    try:
        duckdb.execute("SELECT regexp_replace('ab1', ?, '', 'g')", [pattern]).fetchall()
    except duckdb.Error:
        assert not is_taken(check_pattern, pattern)
    else:
        assert is_taken(check_pattern, pattern)


@example("%下午")
@given(st.lists(st.sampled_from(["%Y", "%m", "%d", "%H", "%I", "%p", "%M", "%Q", "%", "%s", "-", " ", "", "下午", "PM", "x", "%z"]), max_size=6).map("".join))
def test_a_format_is_taken_where_the_engine_reads_it_and_no_afternoon_becomes_a_morning(written):
    try:
        duckdb.execute("SELECT try_strptime('', [?])", [written]).fetchall()
        runs = True
    except (duckdb.Error, UnicodeDecodeError):
        runs = False
    mistakes = "下午" in written or bool(re.search("(?<![a-z])pm(?![a-z])", written, re.IGNORECASE)) or ("%I" in written and "%p" not in written)
    assert is_taken(check_format, written) == (runs and not mistakes)


@pytest.mark.parametrize("written", ["unix", "unix_ms", "excel"])
def test_formats_that_are_numbers(written):
    assert is_taken(check_format, written)


@pytest.mark.parametrize(
    ("zone", "is_zone"), [("Asia/Shanghai", True), ("UTC", True), ("", True), ("Asia", False), ("Shanghai", False), ("../x", False), ("/etc", False)]
)
def test_zones(zone, is_zone):
    assert is_taken(check_zone, zone) == is_zone


@pytest.mark.parametrize(
    ("factor", "is_factor"),
    [(0.01, True), (100, True), (-1, True), (7.1234, True), (99_999_999, True), (0, False), (1e8, False), (-1e9, False), (1e-7, False), (7.1234567, False)],
)
def test_factors(factor, is_factor):
    assert is_taken(check_factor, factor) == is_factor


@pytest.mark.parametrize("factor", [float("inf"), float("-inf"), float("nan")])
def test_factors_that_are_no_numbers(factor):
    assert not is_taken(check_factor, factor)


@pytest.mark.parametrize(
    ("value", "kind", "is_right"), [(True, (int, float), False), (True, bool, True), ([1], list, False), (["a"], list, True), ("a", (str, list), True)]
)
def test_kinds(value, kind, is_right):
    assert is_taken(lambda found, file, place: check_kind(found, kind, file, place), value) == is_right


def test_texts_in_which_nothing_stands():
    assert is_taken(check_filled, ["a", " b"])
    assert not is_taken(check_filled, ["a", " "])
