"""TOML that people write: everything that is wrong with a file ends in the caller's own kind of error, which names the line."""

import tomllib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.errors import DataError, MappingError, PathError, StandardsError
from kmanalysis.files.operator_toml import DEEPEST, LARGEST_INTEGER, check_plain, read_toml
from kmanalysis.loaders.mapping.toml import load_mapping
from kmanalysis.loaders.needs_profile import needs_rows
from kmanalysis.standards import load_standards

WRONG = [
    (b"a = 1\nb = \xff\n", "f.toml, line 2: this is not text in UTF-8"),
    (b"a = 1\nb = [1,\n", "f.toml, line 3: this is not valid TOML"),
    (b"a = 1\n\nb = x\n", "f.toml, line 3: this is not valid TOML (Invalid value)"),
    (b"a = 1\nb = " + b"9" * 5000, "f.toml, line 2: a number has too many digits"),
    (b"a = " + b"9" * 500, "f.toml: a: the number is too large"),
    (b"a = 0x" + b"f" * 20_000, "f.toml: a: the number is too large"),
    (b"a = " + b"[" * 5000 + b"]" * 5000, "f.toml: lists or sections are nested more than 48 deep"),
    (b".".join([b"a"] * 5000) + b" = 1", "f.toml: lists or sections are nested more than 48 deep"),
    (b'a = ["x\\u0000y"]', "f.toml: a: a text holds a zero byte"),
    (b'"\\u0000" = 1', "f.toml: \\u0000: a text holds a zero byte"),
]


@pytest.mark.parametrize(("raw", "problem"), WRONG)
@pytest.mark.parametrize("kind", [DataError, MappingError, StandardsError])
def test_what_is_wrong_is_said_with_its_line_as_the_callers_error(tmp_path, raw, problem, kind):
    (tmp_path / "f.toml").write_bytes(raw)
    with pytest.raises(kind) as caught:
        read_toml(tmp_path / "f.toml", kind)
    assert str(caught.value).startswith(problem)


@pytest.mark.parametrize(("raw", "problem"), WRONG)
@pytest.mark.parametrize(("reader", "kind"), [(load_mapping, MappingError), (load_standards, StandardsError), (needs_rows, DataError)])
def test_whatever_reads_it_says_the_same(tmp_path, raw, problem, reader, kind):
    (tmp_path / "f.toml").write_bytes(raw)
    with pytest.raises(kind) as caught:
        reader(tmp_path / "f.toml")
    assert str(caught.value).startswith(problem)


def test_a_file_that_cannot_be_opened(tmp_path):
    with pytest.raises(PathError, match=r"none\.toml is not there"):
        read_toml(tmp_path / "none.toml", MappingError)
    with pytest.raises(PathError, match="is a folder, and a file is needed"):
        read_toml(tmp_path, DataError)


def test_a_number_that_would_fill_the_memory_is_refused(tmp_path):
    (tmp_path / "f.toml").write_text("[must]\nprepayment = 1e999999999\n")
    with pytest.raises(DataError, match=r"must\.prepayment: the number is too large or too small"):
        needs_rows(tmp_path / "f.toml")
    assert read_toml(tmp_path / "f.toml", DataError)["must"]["prepayment"] == float("inf")


plain = st.recursive(
    st.booleans() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.floats() | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text("abc", max_size=3), plain, max_size=4))
def test_plain_data_is_taken(declared):
    check_plain(declared, "f.toml", DataError)


@given(st.integers(1, 100), st.booleans())
def test_depth_is_counted_through_lists_and_sections_alike(depth, in_lists):
    value = 1
    for _ in range(depth):
        value = [value] if in_lists else {"a": value}
    declared = {"x": value}
    if depth < DEEPEST:
        check_plain(declared, "f.toml", DataError)
    else:
        with pytest.raises(DataError, match="nested more than"):
            check_plain(declared, "f.toml", DataError)


@given(st.text(max_size=40), st.sampled_from([load_standards, load_mapping, needs_rows]))
def test_no_text_ends_in_anything_but_an_error_of_ours(tmp_path_factory, text, reader):
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    said = ""
    try:
        reader(path)
    except (DataError, MappingError, StandardsError) as problem:
        said = str(problem)
    if not said:
        tomllib.loads(path.read_text(encoding="utf-8-sig"), parse_float=Decimal)
