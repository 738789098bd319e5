import tomllib
from decimal import Decimal

import pytest

from kmanalysis.errors import MappingError
from kmanalysis.loaders.mapping.toml import load_mapping, parse_mapping

SUPPLIERS = """
[tables.suppliers.columns]
supplier_id = { from = ["供货商", "vendor"] }
name = { key = ["供货商"], remove = ["（.*）$"] }
min_order = { from = "起批(分)", factor = 0.01, missing = ["无"] }
"""


def test_a_mapping_as_it_is_written():
    mapping = parse_mapping(tomllib.loads('[source]\ntimezone = "Asia/Shanghai"\nheader_line = 3\n' + SUPPLIERS), "m.toml")
    columns = mapping.tables["suppliers"].columns
    assert columns["supplier_id"].headings == ("供货商", "vendor")
    assert (columns["min_order"].factor, columns["min_order"].missing) == (Decimal("0.01"), ("无",))
    assert (mapping.source.timezone, mapping.source.header_line, mapping.source.footer) == ("Asia/Shanghai", 3, ())
    assert mapping.headings == {"供货商", "vendor", "起批(分)"}


SOURCE = r"""
[source]
headings = ["a", "b"]
empty = ["[NULL]"]
escape = "\\"
[lookups.modes]
1 = "dropship"
" Two" = "agency"
3 = 7
"""


def test_a_source_of_a_database_and_its_lookups():
    mapping = parse_mapping(tomllib.loads(SOURCE + SUPPLIERS), "m.toml")
    assert (mapping.source.headings, mapping.source.dialect.empty, mapping.source.dialect.escape) == (("a", "b"), ("[NULL]",), "\\")
    assert mapping.lookups == {"modes": {"1": "dropship", "two": "agency", "3": "7"}}
    assert parse_mapping(tomllib.loads(SUPPLIERS), "m.toml").source.empty == ("NULL", "\\N")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the mapping has no tables"),
        ("[sources]" + SUPPLIERS, "'sources' is not known. Did you mean source?"),
        ('[source]\nencodng = "x"' + SUPPLIERS, "source: 'encodng' is not known. Did you mean encoding?"),
        ('[source]\ntimezone = "Shanghai"' + SUPPLIERS, "'Shanghai' is no time zone"),
        ("[source]\nheader_line = true" + SUPPLIERS, "source.header_line: True is of the wrong kind. Accepted: int"),
        ("[tables.suplier.columns]\na = 1", "tables: 'suplier' is not known. Did you mean suppliers?"),
        ('[tables.suppliers.columns]\nsupplier = { from = "x" }', "'supplier' is not known. Did you mean supplier_id?"),
        ('[tables.suppliers.columns]\nsupplier_id = { from = "x" }', "missing required columns: name"),
        (SUPPLIERS + 'channel = { frm = "x" }', "channel: 'frm' is not known. Did you mean from?"),
        (
            SUPPLIERS + 'channel = { from = "x", key = ["y"] }',
            "a column needs exactly one source: from, key, join, symbol_of, case or constant. Found: from, key",
        ),
        (SUPPLIERS + "channel = { missing = [] }", "needs exactly one source"),
        (SUPPLIERS + 'channel = { from = "x", factor = 10 }', "factor works only for columns of type decimal, integer, float, but this column is of type enum"),
        (SUPPLIERS + 'channel = { from = "x", remove = ["("] }', "'(' is not a valid regular expression"),
        (SUPPLIERS + "channel = { from = 1 }", "channel.from: 1 is of the wrong kind. Accepted: str, list"),
        ('[source]\nescape = "/"' + SUPPLIERS, "source.escape: '/' is not known. Accepted: \\."),
        ('[source]\nempty = "NULL"' + SUPPLIERS, "source.empty: 'NULL' is of the wrong kind. Accepted: list"),
        ('[source]\nheadings = ["a"]\nheader_line = 1' + SUPPLIERS, "source: headings cannot be combined with header_line"),
        ('[source]\nheadings = ["a", "", "", "A"]' + SUPPLIERS, "source.headings: duplicate entry 'a'"),
        ("lookups = 1" + SUPPLIERS, "lookups must be a section with keys, found 1"),
        ('[lookups.l]\n" a" = "1"\nA = "2"' + SUPPLIERS, "lookups.l: duplicate entry 'A'"),
        ("[lookups.l]\na = []" + SUPPLIERS, "lookups.l.a: [] is of the wrong kind. Accepted: str, int, float, bool"),
        (SUPPLIERS + "channel = 1", "must be a section with keys, found 1"),
        ('[tables.suppliers]\nrepeats = "last"' + SUPPLIERS, "'last' is not known. Accepted: reject, first"),
        (
            '[tables.suppliers]\nwhere = [{ column = "x" }]' + SUPPLIERS,
            "invalid condition. It needs column and exactly one of equals, not_equals, empty, positive, matches",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, problem):
    with pytest.raises(MappingError) as caught:
        parse_mapping(tomllib.loads(text), "m.toml")
    assert problem in str(caught.value)
    assert str(caught.value).startswith("m.toml: ")
    assert caught.value.exit_code == 2


def test_a_constant_time_needs_its_zone():
    columns = 'supplier_id = { from = "a" }\nsku = { from = "b" }\nunit_price = { from = "c" }\ncurrency = { constant = "CNY" }'
    columns += '\nquoted_at = { constant = "2026-10-01 00:00:00" }'
    with pytest.raises(MappingError, match="is not a time with a zone"):
        parse_mapping(tomllib.loads(f"[tables.quotes.columns]\n{columns}"), "m.toml")


def test_a_file_that_is_no_toml_is_refused(tmp_path):
    (tmp_path / "m.toml").write_text("[x")
    with pytest.raises(MappingError, match=r"m\.toml, line 1: this is not valid TOML"):
        load_mapping(tmp_path / "m.toml")
