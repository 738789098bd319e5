"""Parquet that has to be validated at every run, because it bears no stamp of today's rules; and what gives it one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.detector import CONTACTS, KINDS
from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import arrow_path, identifier
from kmanalysis.files.durable import sync
from kmanalysis.files.faults import check_readable
from kmanalysis.loaders.checking.secrets import digest, key_of, without_secrets
from kmanalysis.loaders.checking.stamp import given_columns, was_stamped
from kmanalysis.loaders.folder import Attached, attach, parquet_rows, table_files, trusted_heads
from kmanalysis.loaders.store import REJECTED, TEMPORARY, locked, put_in_place, refuse_links, write_rejected, write_table
from kmanalysis.tables import Table, tables
from kmanalysis.words import Words

Written = list[tuple[Path, Path]]
"""Temporary files that are safe on disk, each with its target."""


@dataclass(frozen=True)
class Stamping:
    """What became of a folder's Parquet tables: those ``stamped``; ``refused``, with how many rows the rules reject; and the rows set ``aside``, by file."""

    attached: Attached
    stamped: Sequence[str]
    refused: Mapping[str, int]
    aside: Sequence[Path]


def unstamped_tables(folder: Path) -> dict[str, bool]:
    """The tables whose Parquet files are validated at every run, and whether all of them bear a stamp, though not today's.

    Reads heads alone. Raises DataError as `table_files` does.
    """
    found = {}
    for name, files in table_files(folder).items():
        if files[0].suffix == ".parquet" and trusted_heads(tables()[name], files) is None:
            found[name] = all(_was_stamped(path) for path in files)
    return found


def unstamped_text(folder: Path, words: Words) -> list[str]:
    """What a reader should know of the folder's `unstamped_tables`, and which command ends it; empty where there are none."""
    found = unstamped_tables(folder)
    outdated = [name for name, is_outdated in found.items() if is_outdated]
    unknown = [name for name, is_outdated in found.items() if not is_outdated]
    lines = []
    if outdated:
        lines.append(
            words.text(
                "{tables}: validated again at each run, since these files were stamped as valid by other rules than today's.", tables=", ".join(outdated)
            )
        )
    if unknown:
        lines.append(words.text("{tables}: validated at each run, since these Parquet files bear no stamp of being valid.", tables=", ".join(unknown)))
    if found:
        lines.append(words.text("Stamp them, and it ends: kmanalysis check --data {folder} --stamp", folder=folder))
    return lines


def stamp_tables(folder: Path, words: Words, *, set_aside: bool = False) -> Stamping:
    """Validates a folder as `check` does and writes its unstamped Parquet files again, with today's stamp: all of them or none.

    A table with rows that are rejected is left as it is. With ``set_aside`` they go to ``rejected/<table>-<file>.parquet``, whole, as text and without
    secrets, beside the CSV of the reasons. Raises DataError for a folder that cannot be read or written.
    """
    wanted = unstamped_tables(folder)
    with locked(folder, holder="kmanalysis check --stamp"):
        return _Stamper(folder, words).run(wanted, set_aside)


class _Stamper:
    def __init__(self, folder: Path, words: Words) -> None:
        self.folder, self.words = folder, words
        # Made where there is none: masked contacts could never be told apart again.
        self.key = key_of(folder)
        self.engine = connect(reads=[folder], holds_secrets=True)

    def run(self, wanted: Mapping[str, bool], set_aside: bool) -> Stamping:
        attached = attach(self.engine, self.folder, trust=False, with_origin=wanted)
        rejected: dict[str, int] = defaultdict(int)
        for receipt in attached.receipts:
            rejected[receipt.table] += sum(receipt.rejected.values())
        refused = {name: rejected[name] for name in wanted if rejected[name] and not set_aside}
        stamped = [name for name in wanted if name not in refused]
        written: Written = []
        aside = []
        for name in stamped:
            for number, path in enumerate(table_files(self.folder)[name]):
                refuse_links(self.folder, path)
                rejects = attached.rejects[attached.rejects["file"] == str(path.relative_to(self.folder))]
                if not rejects.empty:
                    rows = self._set_aside(tables()[name], path, rejects)
                    written += rows
                    aside.append(rows[0][1])
                part = f"(SELECT * FROM {identifier(name)} WHERE _file = {number})"
                given = given_columns(pq.read_schema(arrow_path(path)), tables()[name])
                written.append((write_table(self.engine, part, tables()[name], path, given=given), path))
        put_in_place(written, self.folder)
        return Stamping(attached, stamped, refused, aside)

    def _set_aside(self, table: Table, path: Path, rejects: pd.DataFrame) -> Written:
        """The rejected rows of a file, whole, and the reasons, under a name that no earlier ones have."""
        number = 1
        target = self.folder / REJECTED / f"{table.name}-{path.stem}.parquet"
        while target.exists():
            number += 1
            target = target.with_name(f"{table.name}-{path.stem}-{number}.parquet")
        target.parent.mkdir(exist_ok=True)
        rows = _rejected_rows(self.engine, table, path, sorted(set(rejects["line"])), self.key)
        temporary = target.with_name(target.name + TEMPORARY)
        with temporary.open("wb") as file:
            pq.write_table(rows, file)
            sync(file)
        reasons = write_rejected(rejects, target.with_suffix(".csv"), self.words)
        return [(temporary, target), *([reasons] if reasons else [])]


def _rejected_rows(engine: duckdb.DuckDBPyConnection, table: Table, path: Path, lines: list[int], key: bytes) -> pa.Table:
    engine.register("_lines", pd.DataFrame({"_line": lines}))
    rows = engine.sql(f"SELECT * FROM ({parquet_rows(engine, table, path, 0, path.name)}) SEMI JOIN _lines USING (_line) ORDER BY _line").to_arrow_table()
    engine.unregister("_lines")
    holds_codes = any(column.is_code for column in table.columns.values())
    cells = {}
    for name in rows.column_names:
        if column := table.columns.get(name):
            # A row that is shifted shows a secret in any column.
            reduced = digest if column.is_secret else partial(without_secrets, kinds=CONTACTS if column.type == "id" and not holds_codes else KINDS)
            texts = rows.column(name).to_pylist()
            cells[name] = pa.array([reduced(text, key) if text else text for text in texts], pa.string())
    return pa.table(cells)


def _was_stamped(path: Path) -> bool:
    check_readable(path)
    try:
        return was_stamped(pq.read_schema(arrow_path(path)))
    except (OSError, ValueError):
        return False
