"""Columns that nobody supplies: worked out from the others whenever rows are taken in, and kept with them.

A reading's ``next_at`` spares a month's measures a sort of all readings: what a reading is followed by stands in its own row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import duckdb
import pyarrow.parquet as pq

from kmanalysis.engine.sql import identifier
from kmanalysis.tables import Table
from kmanalysis.times import Month


def with_derived(relation: str, table: Table) -> str:
    """SQL of the relation's supplied columns, followed by the table's derived ones."""
    columns = [identifier(name) for name in table.columns]
    columns += [f"{_DERIVED[name](table)} AS {identifier(name)}" for name in table.derived]
    return f"SELECT {', '.join(columns)} FROM {relation}"


def add_derived(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Gives the engine's table of supplied columns its derived ones."""
    if table.derived:
        name = identifier(table.name)
        connection.execute(f"CREATE OR REPLACE TABLE {name} AS {with_derived(name, table)}")


def months_overlap(table: Table, heads: Sequence[pq.ParquetFile]) -> bool:
    """Whether a month's rows may stand in more than one of the files: then a derived column knows too little.

    A file whose months are not known may hold any.
    """
    spans = sorted(months_of(table, head) or (Month(1, 1), Month(9999, 12)) for head in heads if head.metadata.num_rows)
    return any(earlier[1] >= later[0] for earlier, later in pairwise(spans))


def months_of(table: Table, head: pq.ParquetFile) -> tuple[Month, Month] | None:
    """First and last month (Asia/Shanghai) of the events in a Parquet file with rows, by its statistics alone.

    None where these do not tell: statistics are missing, or a row has no time and so may belong to any month.
    """
    place = head.schema_arrow.names.index(table.event_time)
    groups = [head.metadata.row_group(number).column(place).statistics for number in range(head.metadata.num_row_groups)]
    if not all(group is not None and group.has_min_max and group.has_null_count and group.null_count == 0 for group in groups):
        return None
    return Month.of(min(group.min for group in groups)), Month.of(max(group.max for group in groups))


def _next_at(table: Table) -> str:
    moment = identifier(table.event_time)
    return f"lead({moment}) OVER (PARTITION BY {', '.join(map(identifier, table.series))} ORDER BY {moment})"


_DERIVED = {"next_at": _next_at}
