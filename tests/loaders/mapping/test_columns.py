"""Where a canonical column comes from, and every way in which a mapping can say it wrongly."""

from decimal import Decimal

import pytest

from kmanalysis.errors import MappingError
from kmanalysis.loaders.mapping.columns import column_mapping, once
from kmanalysis.tables import tables


def declared(table, column, spec, lookups=("goods",)):
    return column_mapping(spec, tables()[table].columns[column], tables()[table], lookups, "m.toml", f"tables.{table}.columns.{column}")


def test_a_case_decides_between_constants_and_columns():
    column = declared("orders", "delivered_at", {"case": "status", "when": {"4": {"from": "updated_at", "timezone": "UTC"}, " Done ": ""}})
    assert (column.case, list(column.when), column.otherwise) == ("status", ["4", "done"], None)
    assert (column.when["4"].headings, column.when["4"].timezone, column.when["done"].constant) == (("updated_at",), "UTC", "")
    assert set(column.read) == {"status", "updated_at"}
    assert column.may_lack_answers


def test_a_case_may_hold_another():
    column = declared("orders", "status", {"case": "short", "when": {"1": "failed"}, "else": {"case": "status", "when": {"4": "delivered"}, "else": "pending"}})
    assert column.otherwise.otherwise.constant == "pending"
    assert column.read == ("short", "status")


def test_a_lookup_with_a_default():
    column = declared("orders", "supplier_id", {"from": "goods_id", "lookup": "goods", "default": "S0"})
    assert (column.headings, column.lookup, column.default) == (("goods_id",), "goods", "S0")


def test_placeholders():
    column = declared("stock_snapshots", "quantity", {"from": "stock", "placeholders": [-1, 999]})
    assert column.placeholders == (Decimal(-1), Decimal(999))


@pytest.mark.parametrize(
    ("table", "column", "spec", "problem"),
    [
        ("orders", "status", {"case": "s"}, "case needs when. Add when or remove case"),
        ("orders", "status", {"case": "s", "when": {}}, "case needs when. Add when or remove case"),
        ("orders", "status", {"from": "s", "when": {"4": "failed"}}, "when needs case. Add case or remove when"),
        ("orders", "status", {"from": "s", "else": "failed"}, "else needs case. Add case or remove else"),
        ("orders", "status", {"from": "s", "case": "s", "when": {"4": "failed"}}, "needs exactly one source"),
        ("orders", "status", {"case": "s", "when": {"4": "failed"}, "missing": ["x"]}, "missing cannot be combined with case"),
        ("orders", "status", {"case": "s", "when": {"4": "failed"}, "constant": "pending"}, "constant cannot be combined with case"),
        ("orders", "status", {"case": "s", "when": {"4": "done"}}, "columns.status.when.4.constant: 'done' is not known. Accepted: pending, delivered"),
        ("orders", "status", {"case": "s", "when": {"4": "failed"}, "else": "open"}, "columns.status.else.constant: 'open' is not known"),
        ("orders", "status", {"case": "s", "when": {"4": {"frm": "x"}}}, "columns.status.when.4: 'frm' is not known. Did you mean from?"),
        ("orders", "status", {"case": "s", "when": {"4": ["x"]}}, "is of the wrong kind"),
        ("orders", "status", {"case": "s", "when": {"a": "failed", " A": "failed"}}, "columns.status.when: duplicate entry ' A'"),
        ("orders", "status", {"case": "s", "when": "failed"}, "columns.status.when: 'failed' is of the wrong kind. Accepted: dict"),
        ("orders", "delivered_at", {"case": "s", "when": {"4": "2026-10-01"}}, "is not a time with a zone"),
        ("orders", "supplier_id", {"from": "g", "lookup": "good"}, "columns.supplier_id.lookup: 'good' is not known. Did you mean goods?"),
        ("orders", "supplier_id", {"key": ["g"], "lookup": "goods"}, "lookup needs from. Add from or remove lookup"),
        ("orders", "supplier_id", {"from": "g", "default": "S0"}, "default needs lookup. Add lookup or remove default"),
        ("orders", "supplier_id", {"from": "g", "lookup": "goods", "values": {"a": "b"}}, "values cannot be combined with lookup"),
        ("orders", "buyer_digest", {"from": "g", "lookup": "goods"}, "lookup works only for columns of type id, text"),
        ("orders", "status", {"from": "g", "lookup": "goods", "default": "open"}, "columns.status.default: 'open' is not known"),
        ("orders", "quantity", {"from": "n", "placeholders": [1]}, "placeholders are allowed only for stock_snapshots.quantity"),
        ("stock_snapshots", "quantity", {"from": "n", "placeholders": ["-1"]}, "'-1' is of the wrong kind. Accepted: int"),
        ("tickets", "is_staged", {"constant": "no"}, "'no' is not known. Accepted: true, false"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(table, column, spec, problem):
    with pytest.raises(MappingError) as caught:
        declared(table, column, spec)
    assert problem in str(caught.value)
    assert str(caught.value).startswith(f"m.toml: tables.{table}.columns.{column}")


def test_a_lookup_where_there_is_none_is_refused():
    with pytest.raises(MappingError, match="'goods' is not known"):
        declared("orders", "supplier_id", {"from": "g", "lookup": "goods"}, lookups=())


def test_keys_are_compared_without_padding_and_case():
    assert once({" A ": 1, "b": 2}, "m.toml", "x") == {"a": 1, "b": 2}
