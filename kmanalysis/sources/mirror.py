"""What was read, as it is kept in the folder: a table a file, secrets as digests, what has vanished included, and what was seen before beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from kmanalysis.engine.sql import identifier, parquet_source, quoted
from kmanalysis.loaders.checking.sums import check_sums
from kmanalysis.loaders.store import TEMPORARY, RowGroups, refuse_links, write_parquet
from kmanalysis.sources.conversion import Conversion
from kmanalysis.sources.databases.reading import Database
from kmanalysis.sources.description import KINDS, Found, SourceTable
from kmanalysis.sources.rules import Rules

FOLDER = ".kmanalysis-pull"
OVERLAP = timedelta(hours=1)
"""Rows that changed up to this long before the last pull are read again: their transactions may have been committed later."""

IDS_AT_ONCE = 2_000
"""Rows that are asked for by their ids in one question."""


class Mirror:
    """The kept tables of a pull in the engine, as ``source.TABLE``: until `take` as they were, then as they are now."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, into: Path, found: Found, rules: Rules, key: bytes, now: datetime) -> None:
        self.connection, self.into, self.found = connection, into, found
        self.read: dict[str, int] = {}
        self._conversion = Conversion(rules, key, found.platform.zone_hours)
        self._changed: set[str] = set()
        self._finished: list[tuple[Path, Path]] = []
        connection.execute("CREATE SCHEMA source")
        connection.execute(f"CREATE OR REPLACE MACRO pull_now() AS TIMESTAMP {quoted(f'{now:%Y-%m-%d %H:%M:%S}')}")
        for table in found.platform.tables.values():
            self._open(table)

    def _open(self, table: SourceTable) -> None:
        refuse_links(self.into, self._path(table))
        self.connection.execute(f"CREATE OR REPLACE VIEW source.{identifier(table.name)} AS {self._kept(table, self._path(table))}")

    def _kept(self, table: SourceTable, path: Path) -> str:
        """SQL of the rows in a file, none where there is no file; columns that it lacks are empty. Raises DataError where it is not as it was written."""
        types, origin = table.types(), parquet_source(path)
        if path.exists():
            check_sums([path])
        kept = {row[0] for row in self.connection.execute(f"DESCRIBE FROM {origin}").fetchall()} if path.exists() else set()
        cells = ", ".join(f"{identifier(name) if name in kept else 'NULL'}::{kind} AS {identifier(name)}" for name, kind in types.items())
        return f"SELECT {cells} FROM {origin if path.exists() else '(SELECT 1) WHERE false'}"

    def _path(self, table: SourceTable) -> Path:
        return self.into / FOLDER / f"{table.name}.parquet"

    def take(self, database: Database, table: SourceTable, *, anew: bool, seen_at: datetime | None) -> None:
        """Reads the table, or what of it may have changed, and merges it. ``anew``: all of it; ``seen_at``: the moment of the last pull."""
        if table.name not in self.found.columns:
            return
        if not self._path(table).exists():
            self.read[table.name] = self._take_first(database, table)
            return
        parts = [""] if anew or seen_at is None else self._since(database, table, seen_at)
        self.connection.execute(f"CREATE OR REPLACE TABLE _read ({', '.join(f'{identifier(name)} {kind}' for name, kind in self._read_types(table).items())})")
        is_whole = parts == [""]
        rows = self._insert(database, table, parts)
        gone = "true" if is_whole else table.open if table.dated else "false"
        if table.notices_missing and not is_whole:
            key = identifier(table.id)
            if table.dated:
                # Not among the open ones any more: settled at an older time, or gone.
                absent = f"missing_at IS NULL AND {table.open} AND {key} NOT IN (SELECT {key} FROM _read)"
                rows += self._insert(database, table, self._by_ids(database, table, absent))
            elif self._lacks_open_rows(database, table):
                self._list_open_rows(database, table)
                gone = f"{table.open} AND {key} NOT IN (SELECT id FROM _open)"
        self.read[table.name] = rows
        self._merge(table, gone, seen_at)

    def _take_first(self, database: Database, table: SourceTable) -> int:
        """Reads all of a table that nothing is kept of, straight into its file: nothing the size of the table is in memory."""
        target = self._path(table)
        target.parent.mkdir(exist_ok=True)
        temporary, key = target.with_name(target.name + TEMPORARY), identifier(table.id)
        schema = self.connection.sql(f"FROM source.{identifier(table.name)}").to_arrow_reader(1).schema
        columns = ", ".join(map(identifier, table.types()))
        # One thread makes digests of the next rows while another one writes these.
        with RowGroups(temporary, schema) as file, ThreadPoolExecutor(1) as writer:

            def write(batch: pa.RecordBatch) -> None:
                rows = f"SELECT {self._cells(table, batch.schema)} FROM _batch"
                missing = ", NULL::TIMESTAMP AS missing_at, NULL::TIMESTAMP AS there_at" if table.notices_missing else ""
                select = f"SELECT {columns} FROM (SELECT *{_remembered(table)}{missing} FROM ({rows})) ORDER BY {key}"
                with self._registered(batch):
                    file.write(self.connection.sql(select).to_arrow_table())

            rows, earlier = 0, None
            for batch in self._batches(database, table, f"ORDER BY {database.quoted(table.id)}"):
                if earlier is not None:
                    earlier.result()
                earlier = writer.submit(write, batch)
                rows += batch.num_rows
            if earlier is not None:
                earlier.result()
        self.connection.execute(f"CREATE OR REPLACE VIEW source.{identifier(table.name)} AS {self._kept(table, temporary)}")
        self._finished.append((temporary, target))
        return rows

    def _lacks_open_rows(self, database: Database, table: SourceTable) -> bool:
        """Whether fewer open rows are there than those known and those just read make: a row that is removed changes no other."""
        ((there,),) = next(database.rows(f"SELECT count(*) FROM {database.quoted(self.found.names[table.name])} WHERE {table.open}"))
        key = identifier(table.id)
        unread = f"missing_at IS NULL AND {table.open} AND {key} NOT IN (SELECT {key} FROM _read)"
        known = self.connection.execute(
            f"SELECT (SELECT count(*) FROM source.{identifier(table.name)} WHERE {unread}) + (SELECT count(DISTINCT {key}) FROM _read WHERE {table.open})"
        ).fetchone()
        return known is not None and int(there) < known[0]

    def _list_open_rows(self, database: Database, table: SourceTable) -> None:
        """Makes ``_open``, the ids of the rows that are open now."""
        self.connection.execute("CREATE OR REPLACE TEMP TABLE _open (id BIGINT)")
        select = f"SELECT {database.quoted(table.id)} FROM {database.quoted(self.found.names[table.name])} WHERE {table.open}"
        for rows in database.rows(select):
            batch = pa.RecordBatch.from_arrays([pa.array([int(row[0]) for row in rows], pa.int64())], names=["id"])
            self.connection.register("_batch", batch)
            self.connection.execute("INSERT INTO _open FROM _batch")
            self.connection.unregister("_batch")

    def _insert(self, database: Database, table: SourceTable, parts: Iterable[str]) -> int:
        rows = 0
        for where in parts:
            for batch in self._batches(database, table, f"WHERE {where}" if where else ""):
                with self._registered(batch):
                    self.connection.execute(f"INSERT INTO _read BY NAME SELECT {self._cells(table, batch.schema, only_read=True)} FROM _batch")
                rows += batch.num_rows
        return rows

    @contextmanager
    def _registered(self, batch: pa.RecordBatch) -> Iterator[None]:
        self.connection.register("_batch", batch)
        try:
            yield
        finally:
            self.connection.unregister("_batch")

    def _cells(self, table: SourceTable, schema: pa.Schema, *, only_read: bool = False) -> str:
        """SQL of the table's columns over a batch; those that the source lacks are empty."""
        there = set(schema.names)
        cells = [f"{self._conversion.cell(column, schema.field(name).type)} AS {identifier(name)}" for name, column in table.columns.items() if name in there]
        lacking = [f"NULL::{kind} AS {identifier(name)}" for name, kind in self._read_types(table).items() if name not in there]
        return ", ".join(cells if only_read else [*cells, *lacking])

    def _read_types(self, table: SourceTable) -> dict[str, str]:
        return {name: kind for name, kind in table.types().items() if name in table.columns}

    def _since(self, database: Database, table: SourceTable, seen_at: datetime) -> list[str]:
        """SQL, for the database, of the rows that a further pull reads, in parts; one that is empty where it reads all."""
        relation = f"source.{identifier(table.name)}"
        row = self.connection.execute(f"SELECT max({identifier(table.id)}) FROM {relation}").fetchone()
        last_id = int(row[0]) if row and row[0] is not None else 0
        new = f"{database.quoted(table.id)} > {last_id}"
        ahead = timedelta(hours=self.found.platform.zone_hours)
        if table.changed:
            latest = self.connection.execute(f"SELECT max({identifier(table.changed)}) FROM {relation}").fetchone()
            # A row of a clock that ran ahead must not hide what changes until then.
            since = min(latest[0] if latest and latest[0] else seen_at, seen_at) - OVERLAP + ahead
            column = database.quoted(table.changed)
            return [f"{new} OR {column} IS NULL OR {database.moment(column, since)}"]
        if table.dated:
            since = seen_at - timedelta(days=table.window_days)
            moments = [database.moment(database.quoted(column), since + ahead) for column in (table.dated, table.dated_again) if column]
            recent = " OR ".join([new, *moments, *([table.open] if table.open else [])])
            older = f"coalesce({identifier(table.dated)} < TIMESTAMP {quoted(f'{since:%Y-%m-%d %H:%M:%S}')}, true)"
            return [recent, *(self._by_ids(database, table, f"({table.unsettled}) AND {older}") if table.unsettled else ())]
        return [""]

    def _by_ids(self, database: Database, table: SourceTable, condition: str) -> list[str]:
        """SQL, for the database, of the rows whose kept ones meet a condition."""
        key = identifier(table.id)
        ids = [
            str(number) for (number,) in self.connection.execute(f"SELECT {key} FROM source.{identifier(table.name)} WHERE {condition} ORDER BY 1").fetchall()
        ]
        return [f"{database.quoted(table.id)} IN ({', '.join(ids[start : start + IDS_AT_ONCE])})" for start in range(0, len(ids), IDS_AT_ONCE)]

    def _batches(self, database: Database, table: SourceTable, further: str) -> Iterator[pa.RecordBatch]:
        columns = [column for column in table.columns.values() if column.name in self.found.columns[table.name]]
        selected = ", ".join(f"{column.sql or database.quoted(column.name)} AS {database.quoted(column.name)}" for column in columns)
        for cells in database.columns(f"SELECT {selected} FROM {database.quoted(self.found.names[table.name])} {further}"):
            arrays = [self._conversion.array(column, these) for column, these in zip(columns, cells, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])

    def _merge(self, table: SourceTable, gone: str, seen_at: datetime | None) -> None:
        """Makes ``source.TABLE`` what is known now: rows read replace those kept, what was seen before stays, and rows that vanished stay.

        ``gone`` is SQL of the kept rows that are not there any more unless they were read just now.
        """
        name, key = identifier(table.name), identifier(table.id)
        changed = f"source.{identifier(f'_changed_{table.name}')}"
        touched = f"{key} IN (SELECT {key} FROM _read)"
        cells = [
            f"CASE WHEN r.{key} IS NOT NULL THEN r.{identifier(column)} ELSE k.{identifier(column)} END AS {identifier(column)}" for column in table.columns
        ]
        cells += [f"coalesce(k.{identifier(column)}, r.{identifier(column)}) AS {identifier(column)}" for column in table.first]
        cells += [f"coalesce(r.{identifier(column)}, k.{identifier(column)}) AS {identifier(column)}" for column in table.last]
        cells += [
            f"CASE WHEN r.{key} IS NULL THEN k.{identifier(column)} WHEN r.{identifier(column)} IS NOT NULL "
            f"THEN coalesce(k.{identifier(column)}, r.{identifier(column)}) END AS {identifier(column)}"
            for column in table.since
        ]
        if table.notices_missing:
            touched = f"{touched} OR ({gone})"
            gone = f"k.{key} IN (SELECT {key} FROM _touched WHERE {gone})"
            last = f"TIMESTAMP {quoted(f'{seen_at:%Y-%m-%d %H:%M:%S}')}" if seen_at else "NULL::TIMESTAMP"
            for column, moment in (("missing_at", "pull_now()"), ("there_at", last)):
                cells.append(f"CASE WHEN r.{key} IS NULL THEN CASE WHEN {gone} THEN coalesce(k.{column}, {moment}) ELSE k.{column} END END AS {column}")
        execute = self.connection.execute
        # Rows that the parts have in common were read more than once.
        execute(f"CREATE OR REPLACE TABLE _seen AS SELECT *{_remembered(table)} FROM _read QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {key}) = 1")
        # What nothing was read of stays in the file: only the others come into memory.
        execute(f"CREATE OR REPLACE TABLE _touched AS FROM source.{name} WHERE {touched}")
        execute(
            f"CREATE OR REPLACE TABLE {changed} AS SELECT {', '.join(cells)} FROM _touched k FULL JOIN _seen r ON k.{key} = r.{key} EXCEPT ALL FROM _touched"
        )
        execute("DROP TABLE _read; DROP TABLE _seen; DROP TABLE _touched")
        if execute(f"SELECT 1 FROM {changed} LIMIT 1").fetchone():
            self._changed.add(table.name)
            columns = ", ".join(map(identifier, table.types()))
            execute(
                f"CREATE OR REPLACE VIEW source.{name} AS SELECT {columns} FROM ({self._kept(table, self._path(table))}) k ANTI JOIN {changed} USING ({key}) "
                f"UNION ALL SELECT {columns} FROM {changed}"
            )

    def written(self) -> list[tuple[Path, Path]]:
        """Writes the tables that changed beside their files: (temporary, target) of each."""
        for table in self.found.platform.tables.values():
            if table.name in self._changed:
                relation, target = f"source.{identifier(table.name)}", self._path(table)
                temporary = target.with_name(target.name + TEMPORARY)
                schema = self.connection.sql(f"FROM {relation} LIMIT 0").to_arrow_table().schema
                write_parquet(self.connection, f"FROM {relation} ORDER BY {identifier(table.id)}", temporary, schema)
                self._finished.append((temporary, target))
        return self._finished


def _remembered(table: SourceTable) -> str:
    """SQL of the further columns over a row that was just read, with a comma before each."""
    return "".join(f", ({sql})::{KINDS[kind]} AS {identifier(column)}" for column, (kind, sql) in table.remembered.items())
