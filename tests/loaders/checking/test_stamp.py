"""The stamp of a table changes with what its rows are judged by, and with nothing else."""

import sys
import tomllib
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location

import pyarrow as pa
import pytest

from kmanalysis import tables as declared
from kmanalysis.loaders.checking.stamp import is_stamped, stamp, stamped_schema, was_stamped
from kmanalysis.tables import tables

DECLARATIONS = files("kmanalysis").joinpath("tables.toml").read_text(encoding="utf-8")


@pytest.fixture
def restated(tmp_path, monkeypatch):
    """The tables as another text of tables.toml would declare them."""

    def restate(text):
        (tmp_path / "tables.toml").write_text(text, encoding="utf-8")
        spec = spec_from_file_location("restated", declared.__file__)
        other = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "restated", other)
        spec.loader.exec_module(other)
        other.files = lambda _: tmp_path
        return other.tables()

    return restate


def changed(restated, before, after):
    """The tables whose stamps a change of the text changes."""
    assert DECLARATIONS.count(before) >= 1
    found = restated(DECLARATIONS.replace(before, after, 1))
    assert set(found) == set(tables())
    return [name for name, table in tables().items() if stamp(found[name]) != stamp(table)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[suppliers]\n", "# A comment.\n[suppliers]\n"),
        ('meaning = "What the platform sells, one row a SKU."', 'meaning = "Something else."'),
        ('unit = "currency"', 'unit = "other"'),
        ('headings = ["供货商名称", "供应商名称"', 'headings = ["新名称", "供应商名称"'),
        ('values = ["dropship", "wholesale", "agency"]', 'values = ["agency", "dropship", "wholesale"]'),
    ],
)
def test_what_no_row_is_judged_by_changes_no_stamp(restated, before, after):
    assert changed(restated, before, after) == []


def test_the_order_of_declaration_changes_no_stamp(restated):
    lines = DECLARATIONS.split("[suppliers.columns]\n", 1)
    body, rest = lines[1].split("\n\n", 1)
    turned = "\n".join(reversed(body.split("\n")))
    found = restated(f"{lines[0]}[suppliers.columns]\n{turned}\n\n{rest}")
    assert list(found["suppliers"].columns) != list(tables()["suppliers"].columns)
    assert stamp(found["suppliers"]) == stamp(tables()["suppliers"])
    assert is_stamped(stamped_schema(found["suppliers"]), tables()["suppliers"])


@pytest.mark.parametrize(
    ("before", "after", "table"),
    [
        ('min_order = { type = "decimal", unit = "currency", minimum = 0', 'min_order = { type = "decimal", unit = "currency", minimum = 1', "suppliers"),
        ('values = ["dropship", "wholesale", "agency"]', 'values = ["dropship", "wholesale"]', "suppliers"),
        ('currency = { type = "text", pattern = "[A-Z]{3}"', 'currency = { type = "text", pattern = "[A-Z]{4}"', "suppliers"),
        ('category = { type = "text",', 'category = { type = "text", required = true,', "products"),
        ('is_core = { type = "boolean"', 'is_core = { type = "text"', "products"),
        ('refers_to = "products.sku", meaning = "SKU on offer."', 'meaning = "SKU on offer."', "listings"),
        ('listed_to = { type = "date", not_before = "listed_from"', 'listed_to = { type = "date"', "listings"),
        ('key = ["supplier_id", "sku", "listed_from"]', 'key = ["supplier_id", "sku"]', "listings"),
        ('event_time = "quoted_at"\n', "", "quotes"),
        ('one_of = ["sku", "code_digest"]\n', "", "allowed_repeats"),
    ],
)
def test_what_a_row_is_judged_by_changes_the_stamp_of_its_table_alone(restated, before, after, table):
    assert changed(restated, before, after) == [table]


def test_every_field_of_a_column_decides_or_is_known_not_to():
    decided = {"type", "required", "values", "minimum", "maximum", "pattern", "refers_to", "orphan", "not_before"}
    assert set(declared.Column.__dataclass_fields__) == decided | {"name", "meaning", "unit", "headings", "vague", "zero"}, (
        "does the new field belong into the stamp?"
    )
    assert {field for spec in tomllib.loads(DECLARATIONS).values() for column in spec["columns"].values() for field in column} <= set(
        declared.Column.__dataclass_fields__
    )


def test_a_file_is_trusted_by_its_columns_types_and_stamp():
    table = tables()["quotes"]
    schema = stamped_schema(table)
    assert is_stamped(schema, table)
    assert is_stamped(pa.schema(list(reversed(schema)), metadata=schema.metadata), table)
    assert not is_stamped(schema.remove(0), table)
    assert not is_stamped(schema.append(pa.field("more", pa.string())), table)
    assert not is_stamped(schema.set(0, pa.field(schema.names[0], pa.int64())), table)
    assert not is_stamped(schema.remove_metadata(), table)
    assert not is_stamped(schema.with_metadata({"kmanalysis.valid": "of an earlier kind"}), table)
    assert was_stamped(schema.with_metadata({"kmanalysis.valid": "of an earlier kind"}))
    assert not was_stamped(schema.remove_metadata())
