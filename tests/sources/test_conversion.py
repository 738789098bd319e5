"""Cells of databases to columns of the mirror: what a server sends as text says the same as what a driver gives."""

from datetime import datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from kmanalysis.sources.conversion import Conversion
from kmanalysis.sources.description import SourceColumn
from kmanalysis.sources.rules import parse_rules

KEY = bytes(range(32))
RULES = parse_rules('[[rule]]\nsupplier = "a"\nnote = "batch*"')
CASES = {
    "integer": (["1", "-5", "", None], [1, -5, None, None]),
    "decimal": (["1.50", "-0.000001", "", None], [Decimal("1.5"), Decimal("-0.000001"), None, None]),
    "flag": (["0", "1", "", None], [False, True, None, None]),
    "text": (["a", "", None, "卡"], ["a", None, None, "卡"]),
    "time": (
        ["2026-10-01 12:00:00", "2026-10-01 12:00:00.250000", "0000-00-00 00:00:00", "2026-00-00 00:00:00", "1970-01-01 08:00:00", "", None],
        [datetime(2026, 10, 1, 4), datetime(2026, 10, 1, 4, 0, 0, 250_000), None, None, None, None, None],
    ),
    "name": (["Goods", "Goods", "", None], ["Goods", "Goods", "", None]),
    "title": (['{"en-US": "Cards", "zh-CN": "卡"}', "plain", None], ["卡", "plain", None]),
    "note": (["batch 1", "other", None], [[0], [], None]),
}


def converted(column, cells):
    conversion = Conversion(RULES, KEY, 8)
    array = conversion.array(column, cells)
    batch = pa.RecordBatch.from_arrays([array], names=[column.name])
    with duckdb.connect() as connection:
        connection.register("batch", batch)
        return [value for (value,) in connection.execute(f"SELECT {conversion.cell(column, array.type)} FROM batch").fetchall()]


@pytest.mark.parametrize("kind", CASES)
def test_texts_and_cells_say_the_same(kind):
    texts, values = CASES[kind]
    column = SourceColumn("cell", kind)
    assert converted(column, pa.array(texts, pa.string())) == values
    if kind not in ("flag", "integer", "decimal"):
        assert converted(column, texts) == values
    elif kind != "flag":
        assert converted(column, values) == values


@pytest.mark.parametrize("kind", ["secret", "secrets"])
def test_secrets_of_columns_are_those_of_cells(kind):
    column = SourceColumn("cell", kind, phrases={"已被抢": "taken", "WAIT": "waiting"})
    texts = ["A-1", " A-1 ", "A-1\nB-2", "A-1\r\n\r\nB-2\n", "", "  ", None, "已被抢", " WAIT", "一码", "one\x1ctwo", "A@B.example", "13812345678"]
    assert converted(column, pa.array(texts, pa.string())) == converted(column, texts)
    assert not any("A-1" in str(value) for value in converted(column, pa.array(texts, pa.string())))
    assert converted(column, pa.array([None, None], pa.string())) == [None, None]
