"""The stamp on Parquet files that were validated when they were written: they are trusted and need no second look."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from importlib.resources import files

import pyarrow as pa

from kmanalysis.tables import Table

STAMP_KEY = "kmanalysis.valid"

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


@cache
def stamp() -> str:
    """Digest of the declared tables: a file that was valid by other declarations is looked at again."""
    return blake2b(files("kmanalysis").joinpath("tables.toml").read_bytes(), digest_size=16).hexdigest()


def stamped_schema(table: Table) -> pa.Schema:
    """The Parquet schema of a canonical table, stamp included. Only what was validated may be written with it."""
    return pa.schema([(name, _ARROW_TYPES[column.type]) for name, column in table.stored.items()], metadata={STAMP_KEY: stamp()})


def is_stamped(schema: pa.Schema, table: Table) -> bool:
    """Whether a file's schema is the table's own, all columns and types, and carries the stamp of today's declarations."""
    return (schema.metadata or {}).get(STAMP_KEY.encode()) == stamp().encode() and schema.equals(stamped_schema(table))
