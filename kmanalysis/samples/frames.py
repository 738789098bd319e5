"""From arrays and rows to tables of the canonical types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.samples.draws import NULL
from kmanalysis.tables import Column, Table, tables

_LETTERS = {"order_id": "O", "ticket_id": "K", "purchase_id": "P", "compensation_id": "C", "fee_id": "F", "code_id": "D"}

Events = dict[str, np.ndarray]
"""Arrays of one length by column. Codes for suppliers, goods, enums and buyers, seconds for times, 分 for decimals; `NULL` where empty."""


def schema(table: str) -> pa.Schema:
    """Arrow schema of a canonical table."""
    return stamped_schema(tables()[table]).remove_metadata()


def code_of(table: str, column: str, value: str) -> int:
    """Code of an enum's value in the arrays of events."""
    return tables()[table].columns[column].values.index(value)


def table_of_rows(table: str, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """A table from rows; a column that a row leaves out is empty."""
    types = schema(table)
    arrays = []
    for field in types:
        values = [row.get(field.name) for row in rows]
        if pa.types.is_decimal(field.type):
            values = [None if value is None else Decimal(str(value)) for value in values]
        arrays.append(pa.array(values, type=field.type))
    return pa.Table.from_arrays(arrays, schema=types)


def table_of_events(table: str, events: Events, vocabularies: Mapping[str, pa.Array], month: str) -> pa.Table:
    """A table from the arrays of a month's events, in order of time and, within a second, of supplier and number."""
    declared = tables()[table]
    events = events | _following(declared, events)
    order = np.lexsort([events[name] for name in ("number", "sku", "supplier_id", declared.event_time) if name in events])
    events = {name: values[order] for name, values in events.items()}
    types = schema(table)
    arrays = [_array(column, types.field(name).type, declared.key, events, vocabularies, month) for name, column in declared.stored.items()]
    return pa.Table.from_arrays(arrays, schema=types)


def _following(table: Table, events: Events) -> Events:
    """Of readings: ``next_at``, the moment of the next one of the same series."""
    if not table.derived:
        return {}
    moment, series = events[table.event_time], [events[name] for name in table.series]
    order = np.lexsort([moment, *series])
    is_same = np.logical_and.reduce([part[order][1:] == part[order][:-1] for part in series])
    following = np.full(len(moment), NULL)
    following[order[:-1]] = np.where(is_same, moment[order][1:], NULL)
    return {"next_at": following}


def _array(column: Column, kind: pa.DataType, key: tuple[str, ...], events: Events, vocabularies: Mapping[str, pa.Array], month: str) -> pa.Array:
    name, count = column.name, len(events["supplier_id"])
    values = events["number"] if key == (name,) else events.get(name)
    if name == "currency":
        return pa.repeat(pa.scalar("CNY"), count)
    if values is None:
        return pa.nulls(count, kind)
    empty = values == NULL
    if name in vocabularies:
        return vocabularies[name].take(pa.array(values, mask=empty))
    if name in _LETTERS:
        return _ids(_LETTERS[name], vocabularies["supplier_id"].take(pa.array(events["supplier_id"])), values, empty, month)
    if column.type == "enum":
        return pa.array(column.values).take(pa.array(values.astype(np.int32), mask=empty))
    if column.type == "timestamp":
        return pa.array((values * 1_000_000).view("datetime64[us]"), mask=empty)
    if column.type == "decimal":
        return _decimals(values, empty)
    if column.type == "boolean":
        return pa.array(values == 1, mask=empty)
    return pa.array(values.astype(np.float64) if column.type == "float" else values.astype(np.int64), mask=empty)


def _ids(letter: str, suppliers: pa.Array, numbers: np.ndarray, empty: np.ndarray, month: str) -> pa.Array:
    # S01 and 2026-10 and 7 make O01-2610-7
    owners = pc.binary_replace_slice(suppliers, 0, 1, letter)
    counted = pc.cast(pa.array(numbers, mask=empty), pa.string())
    return pc.binary_join_element_wise(owners, pa.scalar(month[2:4] + month[5:]), counted, "-")


def _decimals(cents: np.ndarray, empty: np.ndarray) -> pa.Array:
    # decimal128 is a little-endian 128-bit integer: amounts are never negative, so the upper half is 0
    words = np.zeros((len(cents), 2), dtype=np.int64)
    words[:, 0] = np.where(empty, 0, cents) * 100
    validity = pa.array(~empty).buffers()[1]
    return pa.Array.from_buffers(pa.decimal128(18, 4), len(cents), [validity, pa.py_buffer(words)])
