"""Texts to typed values: exactly what is written, or a fault; against Python's own decimals."""

import re
from decimal import Decimal, InvalidOperation

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.loaders.checking.casts import cast, typed
from kmanalysis.tables import tables

COLUMNS = {
    "integer": tables()["stock_snapshots"].columns["quantity"],
    "decimal": tables()["claims"].columns["amount"],
    "float": tables()["probes"].columns["latency_ms"],
    "id": tables()["orders"].columns["order_id"],
    "timestamp": tables()["tickets"].columns["resolved_at"],
}


@pytest.fixture(scope="module")
def engine():
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def judged(engine, kind, text):
    column = COLUMNS[kind]
    spec = cast(column)
    rows = f'(SELECT *, {spec.value} AS {typed(column.name)} FROM (SELECT ?::VARCHAR AS "{column.name}"))'
    return engine.execute(f"SELECT {typed(column.name)}::{column.sql_type}, {spec.fault} FROM {rows}", [text]).fetchone()


NUMBERS = st.one_of(
    st.from_regex(r"[+-]?[0-9]{1,6}(\.[0-9]{0,8})?", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{1,3}(\.[0-9]{0,6})?[eE][+-]?[0-9]{1,3}", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{0,20}\.?[0-9]{0,20}", fullmatch=True),
    st.text("0123456789.-+eE_²,", max_size=8),
)


def decimal_of(text):
    try:
        return Decimal(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) else None
    except InvalidOperation:
        return None


@settings(deadline=None, max_examples=300)
@given(NUMBERS)
def test_a_decimal_is_what_is_written_or_refused(engine, text):
    value, fault = judged(engine, "decimal", text)
    assert fault or value == decimal_of(text)
    if (plain := decimal_of(text)) is not None and "e" not in text.lower() and abs(plain) < 10**13:
        assert (fault is None) == (plain == round(plain, 4))


@settings(deadline=None, max_examples=300)
@given(NUMBERS)
def test_a_whole_number_is_what_is_written_or_refused(engine, text):
    value, fault = judged(engine, "integer", text)
    assert fault or value == decimal_of(text)
    if (plain := decimal_of(text)) is not None and "e" not in text.lower() and 0 <= plain < 10**17:
        assert (fault is None) == (plain == int(plain))


@settings(deadline=None, max_examples=200)
@given(NUMBERS)
def test_a_float_that_is_not_zero_does_not_become_zero(engine, text):
    value, fault = judged(engine, "float", text)
    assert fault or value == float(text)
    assert fault or (value == 0) == (decimal_of(text) == 0)


@pytest.mark.parametrize(
    ("kind", "text", "fault"),
    [
        ("decimal", "1e-400", "too_many_decimals"),
        ("decimal", "1e-13", "too_many_decimals"),
        ("decimal", "1.00000000000000001", "too_many_decimals"),
        ("decimal", "5.00000", None),
        ("decimal", "1.2345e1", None),
        ("integer", "1.0000000000001", "not_whole"),
        ("integer", "1.50", "not_whole"),
        ("integer", "1.000", None),
        ("integer", "1.5e1", None),
        ("integer", "1e400", "too_many_digits"),
        ("integer", "--1", "not_number"),
        ("integer", "10²", "not_number"),
        ("float", "1e-400", "too_many_digits"),
        ("float", "0e-400", None),
        ("id", "2.02610E+17", "rounded_id"),
        ("id", "2.0261e17", "rounded_id"),
        ("id", "2E+5", "rounded_id"),
        ("id", "2,0261E+17", "rounded_id"),
        ("id", "1234567890123456.0", "rounded_id"),
        ("id", "1E5", None),
        ("id", "a+1", None),
        ("id", "1.5", None),
        ("timestamp", "2026-10-01 08:00:00 +0800", None),
        ("timestamp", "2026-10-01T08:00Z", None),
        ("timestamp", "2026-10-01T08:00 +08", None),
        ("timestamp", "2026-10-01 08:00:00+14:00", None),
        ("timestamp", "2026-10-01 08:00:00+14:30", "not_time"),
        ("timestamp", "2026-10-01 08:00:00-15:00", "not_time"),
        ("timestamp", "2026-10-01 08:00:00.123456789", None),
    ],
)
def test_faults(engine, kind, text, fault):
    assert judged(engine, kind, text)[1] == fault


@pytest.mark.parametrize(
    ("mark", "kind", "fault"),
    [("\ue004", "decimal", "other_currency"), ("\ue005", "integer", "is_share"), ("\ue006", "timestamp", "other_half"), ("\ue000", "decimal", "not_number")],
)
def test_cells_that_contradict_their_mapping(engine, mark, kind, fault):
    assert judged(engine, kind, f"{mark}a\ue003b")[1] == fault
