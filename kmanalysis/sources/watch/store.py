"""Where readings are kept: safe in small files as soon as they are taken, and then in one file a table and month.

A scan's rows are written to ``.kmanalysis-watch/parts/``, where no reader looks. `publish` merges them into a new generation of the month's file,
``TABLE/2026-11@8.parquet``, of which `folder.table_files` lists the newest alone: the one renaming that gives it its name takes the old one's rows away
and brings all of them back with the new ones. Older generations are left as they are for an hour. So whoever lists the folder, and opens what was
listed at any time in that hour, finds each published row once. Anything less fails: small files that are merged are there twice or gone for a reader
between listing and opening, and of a file that is replaced under its name DuckDB may read the head before and the rows after. Months in one file each
are also what the measures need in order not to sort all readings (see `derived.months_overlap`).

Rows have keys, so merging the same part again changes nothing: a process that is killed in between leaves parts that the next one merges once more.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import arrow_path, identifier, parquet_source, quoted
from kmanalysis.errors import DataError, LockHeld
from kmanalysis.files import durable
from kmanalysis.loaders import store
from kmanalysis.loaders.checking.stamp import given_columns, is_stamped, stamped_schema
from kmanalysis.loaders.checking.sums import check_sums
from kmanalysis.loaders.folder import generation, newest, parquet_files
from kmanalysis.sources.watch.facts import check_forms
from kmanalysis.sources.watch.scan import TABLES
from kmanalysis.tables import Table, tables
from kmanalysis.times import SHANGHAI_OFFSET

OWN_FOLDER = ".kmanalysis-watch"
PARTS = "parts"
LOCK = "lock"
HOLDER = "holder.json"
KEPT_SECONDS = 3600.0
"""For so long a month's file stays after a newer generation stands for it: whoever listed it may still be reading."""

OPTIONAL = {"stock_snapshots": ("source_synced_at",)}
"""Columns that not every upstream gives: a part without a cell of them does not count as having had them."""


@contextmanager
def held(folder: Path, now: datetime) -> Iterator[None]:
    """Holds the folder for one watch. Raises LockHeld, which says who holds it, and DataError where there is no folder or it cannot be written."""
    if not folder.is_dir():
        raise DataError("Folder {folder} was not found.", folder=folder.name)
    own = folder / OWN_FOLDER
    with ExitStack() as stack:
        try:
            stack.enter_context(durable.locked(own / LOCK, wait=False))
        except LockHeld as problem:
            about = _holder(own / HOLDER)
            raise LockHeld(
                "{folder} is already watched by process {pid} on {host}, since {since}. Stop that process first, or let it run.",
                folder=folder.name,
                **about,
            ) from problem
        told = {"pid": os.getpid(), "host": platform.node(), "since": f"{now:%Y-%m-%d %H:%M:%S} UTC"}
        durable.write_atomically(own / HOLDER, json.dumps(told).encode())
        stack.callback((own / HOLDER).unlink, missing_ok=True)
        yield


def _holder(path: Path) -> dict[str, object]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return {name: told[name] for name in ("pid", "host", "since")}
    except (OSError, ValueError, KeyError, TypeError):
        return dict.fromkeys(("pid", "host", "since"), "?")


class Store:
    """The readings of one folder. Only who holds the folder (`held`) may use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parts = folder / OWN_FOLDER / PARTS
        store.refuse_links(folder, self._parts)
        self._parts.mkdir(parents=True, exist_ok=True)
        self._engine = connect(threads=1, reads=[folder])
        # A month's file is replaced under the same name: what was kept of the old one must not be taken for the new one's.
        self._engine.execute("SET parquet_metadata_cache = false; SET enable_external_file_cache = false")
        for stale in self._parts.glob(f"*{store.TEMPORARY}"):
            stale.unlink()
        self._number = 0

    def close(self) -> None:
        """Ends the engine."""
        self._engine.close()

    @property
    def waiting(self) -> dict[str, list[Path]]:
        """Parts that are not merged yet, by table, in the order in which they were written."""
        found = {name: sorted(self._parts.glob(f"{name}-*.parquet")) for name in TABLES}
        return {name: paths for name, paths in found.items() if paths}

    def append(self, rows: Mapping[str, Sequence[Mapping[str, Any]]], at: datetime) -> None:
        """Keeps a scan's rows; they are safe on disk when this returns. Raises OSError where they cannot be written."""
        finished = []
        for name in TABLES:
            if rows.get(name):
                self._number += 1
                target = self._parts / f"{name}-{at:%Y%m%dT%H%M%S%f}-{os.getpid()}-{self._number:06d}.parquet"
                finished.append((self._write_part(tables()[name], rows[name], target), target))
        for temporary, target in finished:
            durable.move_into_place(temporary, target)

    def _write_part(self, table: Table, rows: Sequence[Mapping[str, Any]], target: Path) -> Path:
        schema = stamped_schema(table)
        cells = {name: pa.array([row[name] for row in rows], schema.field(name).type) for name in table.columns}
        self._engine.register("_rows", pa.table(cells))
        try:
            given = set(table.columns) - {name for name in OPTIONAL.get(table.name, ()) if all(row[name] is None for row in rows)}
            return store.write_table(self._engine, "_rows", table, target, given=given)
        finally:
            self._engine.unregister("_rows")

    def publish(self, now: datetime) -> bool:
        """Merges all parts into the months' files; False where a load holds the folder, and the parts wait.

        Raises DataError for a month's file that is not valid by today's rules, or a table that is kept in another form; the parts wait then as well.
        """
        waiting = self.waiting
        if not waiting:
            return True
        check_forms(self._folder)
        try:
            with store.locked(self._folder, wait=False):
                finished = [pair for name, parts in waiting.items() for pair in self._merged(tables()[name], parts)]
                store.put_in_place(finished, self._folder)
                self.clear_older(now)
        except LockHeld:
            return False
        for parts in waiting.values():
            for part in parts:
                part.unlink()
        durable.sync_folder(self._parts)
        return True

    def _merged(self, table: Table, parts: Sequence[Path]) -> list[tuple[Path, Path]]:
        """The months that the parts hold rows of, each written beside its file with these rows in it."""
        keys, moment = ", ".join(map(identifier, table.key)), identifier(table.event_time)
        columns = ", ".join(map(identifier, table.columns))
        hours = int(SHANGHAI_OFFSET.total_seconds() // 3600)
        self._engine.execute(
            f"CREATE OR REPLACE TEMP TABLE _new AS SELECT DISTINCT ON ({keys}) {columns}, strftime({moment} + INTERVAL {hours} HOUR, '%Y-%m') AS _month "
            f"FROM {parquet_source(parts)}"
        )
        given = frozenset.union(*(given_columns(pq.read_schema(arrow_path(path)), table) for path in parts))
        finished = []
        newer = {generation(path.stem)[0]: path for path in newest(parquet_files(self._folder / table.name))}
        for (month,) in self._engine.execute("SELECT DISTINCT _month FROM _new ORDER BY 1").fetchall():
            rows, of_month, number = f"SELECT {columns} FROM _new WHERE _month = {quoted(month)}", given, 0
            if current := newer.get(month):
                of_month, number = given | _given_before(current, table), generation(current.stem)[1]
                before = parquet_source(current)
                rows = f"{rows} AND NOT EXISTS (FROM {before} b WHERE {_same_key(table)})"
                if not self._engine.execute(f"SELECT EXISTS ({rows})").fetchall()[0][0]:
                    continue
                rows = f"SELECT {columns} FROM {before} UNION ALL BY NAME ({rows})"
            target = self._folder / table.name / f"{month}@{number + 1}.parquet"
            store.refuse_links(self._folder, target)
            target.parent.mkdir(exist_ok=True)
            finished.append((store.write_table(self._engine, f"({rows})", table, target, given=of_month), target))
        self._engine.execute("DROP TABLE _new")
        return finished

    def clear_older(self, now: datetime) -> None:
        """Removes generations that have been replaced for longer than `KEPT_SECONDS`, by the folder's own times."""
        for name in TABLES:
            paths = [path for path in parquet_files(self._folder / name) if path.match("*@*.parquet") or path.match("????-??.parquet")]
            by_part: dict[str, list[tuple[int, Path]]] = {}
            for path in paths:
                part, number = generation(path.stem)
                by_part.setdefault(part, []).append((number, path))
            for generations in by_part.values():
                ordered = [path for _, path in sorted(generations)]
                for path, successor in pairwise(ordered):
                    if (now - datetime.fromtimestamp(successor.stat().st_mtime, UTC).replace(tzinfo=None)).total_seconds() > KEPT_SECONDS:
                        path.unlink()


def _same_key(table: Table) -> str:
    return " AND ".join(f"b.{identifier(name)} = _new.{identifier(name)}" for name in table.key)


def _given_before(path: Path, table: Table) -> frozenset[str]:
    schema = None
    with suppress(OSError, ValueError):
        schema = pq.read_schema(arrow_path(path))
    if schema is None or not is_stamped(schema, table):
        raise DataError(
            "{file} does not meet the current rules, so readings cannot be added to it. Run kmanalysis check --stamp on its folder. Readings wait until then.",
            file=f"{table.name}/{path.name}",
        )
    # Its rows are written anew, with a sum of their own: what a disk has done to them would be right from then on.
    check_sums([path])
    return given_columns(schema, table)
