"""Mappings as strangers would write them: they end in a sentence and exit code 2, run nothing and write nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from kmanalysis.cli.app import app
from kmanalysis.errors import MappingError
from kmanalysis.loaders.load import load
from kmanalysis.loaders.mapping.toml import load_mapping, parse_mapping

RAW = "id,name,n,t\nS1,a,5,2026-10-01\n"
TABLES = """
[tables.products]
{products}
[tables.products.columns]
sku = {{ from = "id" {sku} }}
name = {{ from = "name" }}
launched_on = {{ from = "t" {launched_on} }}
[tables.suppliers.columns]
supplier_id = {{ from = "id" }}
name = {{ from = "name" }}
min_order = {{ from = "n" {min_order} }}
"""


def mapping_of(source="", **parts):
    return f"[source]\n{source}\n" + TABLES.format(**{"products": "", "sku": "", "launched_on": "", "min_order": ""} | parts)


REFUSED = {
    "a delimiter of SQL": mapping_of("delimiter = \"|', columns={'c0':'VARCHAR'}); COPY (SELECT 1) TO 'pwned.csv'; --\""),
    "a delimiter of two signs": mapping_of('delimiter = "||"'),
    "a quote for a delimiter": mapping_of("delimiter = '\"'"),
    "an encoding with a zero byte": mapping_of('encoding = "a\\u0000"'),
    "an encoding that is none of text": mapping_of('encoding = "rot13"'),
    "an encoding of four bytes a sign": mapping_of('encoding = "utf-32"'),
    "utf-16 of a file without its mark": mapping_of('encoding = "utf-16"'),
    "a zone that is a folder": mapping_of('timezone = "Asia"'),
    "a line before the first": mapping_of("header_line = -1"),
    "a footer of nothing, which would be every line": mapping_of('footer = [""]'),
    "an infinite factor": mapping_of(min_order=", factor = inf"),
    "a factor that is none": mapping_of(min_order=", factor = nan"),
    "a factor of 0": mapping_of(min_order=", factor = 0"),
    "a large factor": mapping_of(min_order=", factor = 1e8"),
    "a rate of more decimals than are counted": mapping_of(min_order=", rate = 0.12345678"),
    "an unknown format": mapping_of(launched_on=', formats = ["%Q"]'),
    "an empty format": mapping_of(launched_on=', formats = [""]'),
    "a format that takes the afternoon for the morning": mapping_of(launched_on=', formats = ["%Y/%m/%d 下午 %H:%M"]'),
    "a pattern that looks ahead": mapping_of(sku=', remove = ["(?=x)a"]'),
    "a pattern of another dialect": mapping_of(sku=', remove = ["\\\\Z"]'),
    "conditions that are a number": mapping_of(products="where = 1"),
    "a condition of nothing": mapping_of(products='where = [{ column = "n", equals = [] }]'),
    "a condition of a list": mapping_of(products='where = [{ column = "n", equals = [[1]] }]'),
    "a condition that is neither": mapping_of(products='where = [{ column = "n", empty = "yes" }]'),
    "values that are lists": mapping_of(sku=", values = { a = [1] }"),
    "deep lists": "a = " + "[" * 3000 + "]" * 3000,
    "deep sections": ".".join(["a"] * 3000) + " = 1",
    "a number of 5 000 digits": "a = " + "9" * 5000,
    "a number of 20 000 hex digits": "a = 0x" + "f" * 20_000,
}


@pytest.mark.parametrize("mapping", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_a_sentence_and_nothing_is_written(tmp_path, monkeypatch, mapping):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text(RAW)
    (tmp_path / "m.toml").write_text(mapping, encoding="utf-8")
    done = CliRunner().invoke(app, ["load", "in.csv", "--mapping", "m.toml", "--into", "d", "--lang", "en"])
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("Error: ")
    assert "m.toml" in done.stderr or 'State the order: encoding = "utf-16-le"' in done.stderr
    assert "Traceback" not in done.output
    assert not (tmp_path / "pwned.csv").exists()
    assert [path.name for path in (tmp_path / "d").glob("*.parquet")] == []


def test_the_mapping_that_they_were_made_from_is_read(tmp_path):
    (tmp_path / "in.csv").write_text(RAW)
    (tmp_path / "m.toml").write_text(mapping_of('delimiter = ","\nencoding = "gbk"\ntimezone = "Asia/Shanghai"', min_order=", factor = 0.01"), encoding="utf-8")
    found = load([tmp_path / "in.csv"], load_mapping(tmp_path / "m.toml"), tmp_path / "d")
    assert [(receipt.table, receipt.read, receipt.kept) for receipt in found.receipts] == [("suppliers", 1, 1), ("products", 1, 1)]


# A delimiter that is a quote in SQL, or anything else that is no letter, separates the cells of a file that is written with it.
@settings(max_examples=25, deadline=None)
@given(st.sampled_from([",", ";", "\t", "|", ":", "^", "~", "!", "#", "$", "%", "&", "*", "@", "/", "\x01", "\x1f", "，", "；"]))
def test_every_delimiter_that_is_taken_separates(tmp_path_factory, delimiter):
    folder = tmp_path_factory.mktemp("delimited")
    (folder / "in.csv").write_text(delimiter.join(["id", "name"]) + "\n" + delimiter.join(["S1", "a"]) + "\n", encoding="utf-8")
    columns = {"supplier_id": {"from": "id"}, "name": {"from": "name"}}
    mapping = parse_mapping({"source": {"delimiter": delimiter, "header_line": 1}, "tables": {"suppliers": {"columns": columns}}}, "m.toml")
    (receipt,) = load([folder / "in.csv"], mapping, folder / "d").receipts
    assert (receipt.read, receipt.kept) == (1, 1)


scalar = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.binary(max_size=2)
anything = st.recursive(scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3), max_leaves=6)
COLUMN_KEYS = [
    "from",
    "constant",
    "values",
    "formats",
    "timezone",
    "factor",
    "rate",
    "missing",
    "key",
    "remove",
    "symbol_of",
    "optional",
    "case",
    "when",
    "else",
    "lookup",
]
SOURCE_KEYS = ["encoding", "delimiter", "header_line", "headings", "sheet", "footer", "timezone", "empty", "escape"]


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(st.sampled_from(SOURCE_KEYS), anything, max_size=3),
    st.dictionaries(st.sampled_from(COLUMN_KEYS), anything, max_size=4),
    st.sampled_from(["sku", "name", "launched_on", "is_core"]),
    anything,
)
def test_values_of_any_kind_anywhere_are_taken_or_refused_in_a_sentence(source, column, name, where):
    columns = {"sku": {"from": "id"}, "name": {"from": "name"}} | {name: column}
    said = "m.toml"
    try:
        parse_mapping({"source": source, "tables": {"products": {"columns": columns, "where": where}}}, "m.toml")
    except MappingError as problem:
        said = str(problem)
    assert said.startswith("m.toml")
