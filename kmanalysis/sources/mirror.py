"""What was read, as it is kept in the folder: a table a file, secrets as digests, what has vanished included, and what was seen before beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.loaders.checking.secrets import digest, without_contacts
from kmanalysis.loaders.store import TEMPORARY, write_parquet
from kmanalysis.sources.databases.reading import Database
from kmanalysis.sources.description import KINDS, Found, SourceColumn, SourceTable
from kmanalysis.sources.rules import Rules

FOLDER = ".kmanalysis-pull"
OVERLAP = timedelta(hours=1)
"""Rows that changed so long before the last one seen are read again: their transactions may have ended later."""

IDS_AT_ONCE = 2_000
"""Rows that are asked for by their ids in one question."""

TITLE_LANGUAGES = ("zh-CN", "zh", "zh-TW", "en-US", "en")

_ARROW = {
    "integer": pa.int64(),
    "decimal": pa.decimal128(24, 6),
    "text": pa.string(),
    "name": pa.string(),
    "title": pa.string(),
    "flag": pa.bool_(),
    "time": pa.timestamp("us"),
    "secret": pa.string(),
    "secrets": pa.list_(pa.string()),
    "note": pa.list_(pa.int32()),
}
_SIXTH = Decimal("0.000001")


class Mirror:
    """The kept tables of a pull in the engine, as ``source.TABLE``: before `merge` as they were, then as they are now."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, into: Path, found: Found, rules: Rules, key: bytes, now: datetime) -> None:
        self.connection, self.into, self.found, self.rules, self.key, self.now = connection, into, found, rules, key, now
        self.read: dict[str, int] = {}
        self._changed: set[str] = set()
        connection.execute("CREATE SCHEMA source")
        connection.execute(f"CREATE OR REPLACE MACRO pull_now() AS TIMESTAMP {quoted(f'{now:%Y-%m-%d %H:%M:%S}')}")
        for table in found.platform.tables.values():
            self._open(table)

    def _open(self, table: SourceTable) -> None:
        types, path = table.types(), self._path(table)
        kept = {row[0] for row in self.connection.execute(f"DESCRIBE FROM read_parquet({quoted(str(path))})").fetchall()} if path.exists() else set()
        cells = ", ".join(f"{identifier(name) if name in kept else 'NULL'}::{kind} AS {identifier(name)}" for name, kind in types.items())
        origin = f"read_parquet({quoted(str(path))})" if path.exists() else "(SELECT 1) WHERE false"
        self.connection.execute(f"CREATE VIEW source.{identifier(table.name)} AS SELECT {cells} FROM {origin}")

    def _path(self, table: SourceTable) -> Path:
        return self.into / FOLDER / f"{table.name}.parquet"

    def take(self, database: Database, table: SourceTable, *, anew: bool, seen_at: datetime | None) -> None:
        """Reads the table, or what of it may have changed, and merges it. ``anew``: all of it; ``seen_at``: the moment of the last pull."""
        if table.name not in self.found.columns:
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
            for batch in self._batches(database, table, where):
                self.connection.register("_batch", batch)
                self.connection.execute("INSERT INTO _read BY NAME FROM _batch")
                self.connection.unregister("_batch")
                rows += batch.num_rows
        return rows

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
            recent = f"{new} OR {database.moment(database.quoted(table.dated), since + ahead)}{f' OR {table.open}' if table.open else ''}"
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

    def _batches(self, database: Database, table: SourceTable, where: str) -> Iterator[pa.RecordBatch]:
        columns = [column for column in table.columns.values() if column.name in self.found.columns[table.name]]
        selected = ", ".join(f"{column.sql or database.quoted(column.name)} AS {database.quoted(column.name)}" for column in columns)
        select = f"SELECT {selected} FROM {database.quoted(self.found.names[table.name])}{' WHERE ' + where if where else ''}"
        for rows in database.rows(select):
            cells = zip(*rows, strict=True)
            arrays = [pa.array(self._converted(column, values), _ARROW[column.kind]) for column, values in zip(columns, cells, strict=True)]
            yield pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns])

    def _converted(self, column: SourceColumn, cells: Sequence[Any]) -> list[Any]:
        if column.kind == "time":
            ahead = timedelta(hours=self.found.platform.zone_hours)
            return [_moment(cell, ahead) for cell in cells]
        if column.kind in ("secret", "secrets"):
            return [None if cell is None else self._digested(column, _text(cell)) for cell in cells]
        if column.kind == "note":
            return [None if cell is None else self.rules.fitting(_text(cell)) for cell in cells]
        if column.kind in ("name", "title"):
            name = _text if column.kind == "name" else _title
            return [None if cell is None else without_contacts(name(cell) or "", self.key) for cell in cells]
        convert = _CONVERTERS[column.kind]
        return [None if cell is None or cell == "" else convert(cell) for cell in cells]

    def _digested(self, column: SourceColumn, text: str) -> Any:
        phrase = column.phrases.get(text.strip())
        if column.kind == "secret":
            return phrase or (digest(text, self.key) if text.strip() else None)
        if phrase:
            return [phrase]
        lines = [line for line in text.splitlines() if line.strip()]
        # A code may have lines of its own.
        return [digest(line, self.key) for line in [*lines, *([text] if len(lines) > 1 else [])]]

    def _merge(self, table: SourceTable, gone: str, seen_at: datetime | None) -> None:
        """Makes ``source.TABLE`` what is known now: rows read replace those kept, what was seen before stays, and rows that vanished stay.

        ``gone`` is SQL of the kept rows that are not there any more unless they were read just now.
        """
        name, key = identifier(table.name), identifier(table.id)
        now = f"_now_{table.name}"
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
            gone = f"k.{key} IN (SELECT {key} FROM source.{name} WHERE {gone})"
            last = f"TIMESTAMP {quoted(f'{seen_at:%Y-%m-%d %H:%M:%S}')}" if seen_at else "NULL::TIMESTAMP"
            for column, moment in (("missing_at", "pull_now()"), ("there_at", last)):
                cells.append(f"CASE WHEN r.{key} IS NULL THEN CASE WHEN {gone} THEN coalesce(k.{column}, {moment}) ELSE k.{column} END END AS {column}")
        further = ", ".join(f"({sql})::{KINDS[kind]} AS {identifier(column)}" for column, (kind, sql) in table.remembered.items())
        self.connection.execute(
            # A table may be read again within a pull only if a row's id stands twice: the last one counts.
            f"CREATE OR REPLACE TABLE _seen AS SELECT *{', ' + further if further else ''} FROM _read "
            f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {key}) = 1"
        )
        self.connection.execute(
            f"CREATE OR REPLACE TABLE source.{identifier(now)} AS SELECT {', '.join(cells)} FROM source.{name} k FULL JOIN _seen r ON k.{key} = r.{key}"
        )
        differing = self.connection.execute(f"SELECT count(*) FROM (FROM source.{identifier(now)} EXCEPT ALL FROM source.{name})").fetchone()
        if differing and differing[0]:
            self._changed.add(table.name)
        self.connection.execute(f"CREATE OR REPLACE VIEW source.{name} AS FROM source.{identifier(now)}; DROP TABLE _read; DROP TABLE _seen")

    def written(self) -> list[tuple[Path, Path]]:
        """Writes the tables that changed beside their files: (temporary, target) of each."""
        finished = []
        for table in self.found.platform.tables.values():
            target = self._path(table)
            if table.name not in self._changed and (target.exists() or table.name not in self.found.columns):
                continue
            target.parent.mkdir(exist_ok=True)
            temporary = target.with_name(target.name + TEMPORARY)
            query = f"FROM source.{identifier(table.name)} ORDER BY {identifier(table.id)}"
            schema = self.connection.sql(f"FROM source.{identifier(table.name)} LIMIT 0").to_arrow_table().schema
            write_parquet(self.connection, query, temporary, schema)
            finished.append((temporary, target))
        return finished


def _text(cell: Any) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def _moment(cell: Any, ahead: timedelta) -> datetime | None:
    """Naive UTC of a cell: a time or its text; one without a zone is ``ahead`` of UTC. None for a date that there is not, such as 0000-00-00."""
    if cell is None:
        return None
    if not isinstance(cell, datetime):
        try:
            cell = datetime.fromisoformat(_text(cell).strip())
        except ValueError:
            return None
    if cell.tzinfo is not None:
        naive: datetime = (cell - cell.utcoffset()).replace(tzinfo=None)
    else:
        naive = cell - ahead
    return naive if naive.year >= 1990 else None


def _decimal(cell: Any) -> Decimal:
    return (cell if isinstance(cell, Decimal) else Decimal(str(cell))).quantize(_SIXTH)


def _title(cell: Any) -> str | None:
    """The Chinese text of a title in several languages, else another; a text that is no JSON as it is."""
    try:
        written = json.loads(_text(cell)) if isinstance(cell, str | bytes) else cell
    except ValueError:
        return _text(cell)
    if not isinstance(written, dict):
        return str(written)
    texts = {str(language): str(text) for language, text in written.items() if text}
    return next((texts[language] for language in TITLE_LANGUAGES if language in texts), next(iter(texts.values()), None))


_CONVERTERS: dict[str, Any] = {"integer": int, "decimal": _decimal, "text": _text, "flag": bool}
