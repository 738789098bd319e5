"""The stamp on Parquet files that were validated when they were written: they are trusted and need no second look."""

from __future__ import annotations

import json
from collections.abc import Collection
from hashlib import blake2b

import pyarrow as pa

from kmanalysis.tables import Table

STAMP_KEY = "kmanalysis.valid"
GIVEN_KEY = "kmanalysis.given"

_ARROW_TYPES = {
    "id": pa.string(),
    "text": pa.string(),
    "enum": pa.string(),
    "digest": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.decimal128(18, 4),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}


RULES = 3
"""Counted up with every change to the code of the rules themselves (`casts`, `rules`, `derived`) by which a row that was valid no longer is.

3: files have a sum.
"""

_JUDGED_BY = ("type", "required", "minimum", "maximum", "pattern", "refers_to", "orphan", "not_before")


def stamp(table: Table) -> str:
    """Digest of what decides whether the table's rows are valid, and how what is derived from them is worked out.

    The order of columns and values, meanings, units and headings decide nothing.
    """
    columns = {name: {field: getattr(column, field) for field in _JUDGED_BY} | {"values": sorted(column.values)} for name, column in table.columns.items()}
    derived = {name: column.type for name, column in table.derived.items()}
    rules = {"rules": RULES, "table": table.name, "key": sorted(table.key), "event_time": table.event_time, "columns": columns, "derived": derived}
    if table.one_of:
        rules["one_of"] = sorted(table.one_of)
    return blake2b(json.dumps(rules, sort_keys=True).encode(), digest_size=16).hexdigest()


def stamped_schema(table: Table, given: Collection[str] | None = None) -> pa.Schema:
    """The Parquet schema of a canonical table, stamp included. Only what was validated may be written with it.

    A file has all columns of its table; ``given`` names those that its source had (None: all), see `given_columns`.
    """
    metadata = {STAMP_KEY: stamp(table)}
    if given is not None and not set(table.columns) <= set(given):
        metadata[GIVEN_KEY] = json.dumps([name for name in table.columns if name in given])
    return pa.schema([(name, _ARROW_TYPES[column.type]) for name, column in table.stored.items()], metadata=metadata)


def given_columns(schema: pa.Schema, table: Table) -> frozenset[str]:
    """The table's columns that a Parquet file's source had: a column that was added for the file's form alone says nothing."""
    written = (schema.metadata or {}).get(GIVEN_KEY.encode())
    return frozenset(table.columns) & frozenset(json.loads(written) if written else schema.names)


def was_stamped(schema: pa.Schema) -> bool:
    """Whether a file was valid by some declarations when it was written, be they today's or not."""
    return STAMP_KEY.encode() in (schema.metadata or {})


def is_stamped(schema: pa.Schema, table: Table) -> bool:
    """Whether a file has the table's own columns with their types, in any order, and carries the stamp of today's declarations."""
    ours = stamped_schema(table)
    return (
        (schema.metadata or {}).get(STAMP_KEY.encode()) == ours.metadata[STAMP_KEY.encode()]
        and len(schema) == len(ours)
        and {field.name: field.type for field in schema} == {field.name: field.type for field in ours}
    )
