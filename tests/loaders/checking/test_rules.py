"""Validation: what is said of a faulty cell, in every column of every table."""

import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import identifier
from kmanalysis.loaders.checking.rules import validate
from kmanalysis.tables import tables

FAULTY = {"integer": "x", "decimal": "x", "float": "x", "boolean": "perhaps", "timestamp": "x", "date": "x", "enum": "none of them", "digest": "plain"}


@pytest.mark.parametrize("name", sorted(tables()))
def test_a_faulty_cell_of_any_column_is_named(name):
    table = tables()[name]
    faulty = {column.name: FAULTY["enum"] if column.values else FAULTY.get(column.type) for column in table.columns.values()}
    cells = ", ".join(f"{repr(cell) if cell else 'NULL'}::VARCHAR AS {identifier(column)}" for column, cell in faulty.items())
    text = f"(SELECT 0 AS _file, 1 AS _line, NULL::VARCHAR AS _fault, NULL::BIGINT AS _found, {len(faulty)} AS _width, {cells})"
    outcome = validate(connect(), text, table, "_incoming", {0: "a.csv"}, known={}, key=b"0" * 32)
    found = dict(zip(outcome.rejects["column"], outcome.rejects["value"], strict=True))
    wrong = {column for column, cell in faulty.items() if cell}
    required = {column.name for column in table.columns.values() if column.required} - wrong
    assert set(found) == wrong | required
    assert {column: found[column] for column in wrong if not table.columns[column].is_secret} == {
        column: faulty[column] for column in wrong if not table.columns[column].is_secret
    }
