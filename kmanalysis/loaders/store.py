"""A workbook folder's tables on disk: written whole or not at all, by one load at a time."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path, PurePosixPath

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.engine.sql import identifier
from kmanalysis.errors import DataError, LockHeld, PathError
from kmanalysis.files import durable
from kmanalysis.files.durable import move_into_place, sync, write_atomically
from kmanalysis.files.faults import said
from kmanalysis.loaders.checking.derived import with_derived
from kmanalysis.loaders.checking.receipts import REJECT_COLUMNS
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.loaders.checking.sums import PLACE_FOR_SUM, add_sum
from kmanalysis.tables import Column, Table
from kmanalysis.words import Words

LOCK_FILE = ".kmanalysis-lock"
HOLDER_FILE = ".kmanalysis-holder"
JOURNAL = ".kmanalysis-journal"
TEMPORARY = ".kmanalysis-tmp"
REJECTED = "rejected"
ROW_GROUP = 128 * 1024
LONGEST_NAME = 255
"""Bytes that a file's name may have on the usual file systems."""


@contextmanager
def locked(folder: Path, *, wait: bool = True, holder: str = "kmanalysis load") -> Iterator[None]:
    """Holds the folder for one load; another waits. What a killed load left behind is cleared away first.

    ``holder`` is what those are told who do not wait: with ``wait`` off it raises LockHeld, which names whoever holds the folder. What the system refuses
    meanwhile is raised as `faults.said` says it; PathError for links in the folder that would be written through, see `refuse_links`.
    """
    note = folder / HOLDER_FILE
    with said(folder), ExitStack() as held:
        for name in (LOCK_FILE, HOLDER_FILE, JOURNAL, REJECTED):
            refuse_links(folder, folder / name)
        try:
            held.enter_context(durable.locked(folder / LOCK_FILE, wait=wait))
        except LockHeld as problem:
            raise _held_by(note, folder) from problem
        # First, since what is cleared away may be what fills the disk.
        _finish(folder)
        _discard(folder)
        # Beside the lock and not in it: whoever tries the lock empties its file.
        write_atomically(note, f"{os.getpid()} {holder}".encode(), temporary=folder / (HOLDER_FILE + TEMPORARY))
        held.callback(note.unlink, missing_ok=True)
        try:
            yield
        except BaseException:
            # Files that a journal lists are put in place by whoever comes next.
            if not (folder / JOURNAL).exists():
                _discard(folder)
            raise


def settle(folder: Path) -> None:
    """Puts in place what a load did not come to put in place, which was stopped half way: a reader meets the folder as before it or as after it.

    Raises as `locked` does. Who holds the folder has done so already.
    """
    if (folder / JOURNAL).exists():
        with locked(folder, holder="kmanalysis"):
            pass


def _discard(folder: Path) -> None:
    # What a link leads to is not ours to clear.
    for place in [folder, *(inner for inner in folder.iterdir() if inner.is_dir() and not inner.is_symlink())]:
        for stale in place.glob(f"*{TEMPORARY}"):
            stale.unlink(missing_ok=True)


def _held_by(note: Path, folder: Path) -> LockHeld:
    try:
        process, _, holder = note.read_text(encoding="utf-8").partition(" ")
    except OSError:
        process, holder = "?", "kmanalysis"
    return LockHeld("{folder} is held by {holder} (process {process}). Wait until it has finished.", folder=folder.name, holder=holder, process=process)


def target_file(table: Table, files: Sequence[Path], folder: Path) -> Path:
    """The file that a load writes the table to: the one that it is kept in, else a new Parquet file.

    Raises DataError for a table that is kept in a form that cannot be written.
    """
    if not files:
        return folder / f"{table.name}.parquet"
    if len(files) > 1 or files[0].parent != folder or files[0].suffix not in (".csv", ".parquet"):
        raise DataError(
            "Table {table} is kept as {files}, which a load cannot add to. Turn it into {table}.parquet or {table}.csv first.",
            table=table.name,
            files=files[0].name if len(files) == 1 else f"{table.name}/",
        )
    return files[0]


def write_table(connection: duckdb.DuckDBPyConnection, relation: str, table: Table, target: Path, *, given: Collection[str] | None = None) -> Path:
    """Writes the relation beside its target, sorted by time and key, and returns the temporary file, which is safe on disk.

    ``given`` names the columns that its source had (None: all): the file tells them from those that are empty because nobody supplied them.
    """
    temporary = target.with_name(target.name + TEMPORARY)
    order = ", ".join([f"{identifier(table.event_time)} NULLS LAST"] * bool(table.event_time) + [identifier(name) for name in table.key])
    if target.suffix == ".parquet":
        write_parquet(connection, f"{with_derived(relation, table)} ORDER BY {order}", temporary, stamped_schema(table, given))
    else:
        columns = [column for column in table.columns.values() if given is None or column.name in given or column.required]
        _write_csv(connection, relation, columns, order, temporary)
    return temporary


def put_in_place(temporaries: Sequence[tuple[Path, Path]], folder: Path) -> None:
    """Gives finished files (temporary, target) of the folder their names, all of them or none.

    The list is written down first: should this be killed half way, the next load reads it and does the rest. Raises PathError as `refuse_links` does.
    """
    if not temporaries:
        return
    for _, target in temporaries:
        refuse_links(folder, target)
    listed = "".join(f"{target.relative_to(folder).as_posix()}\0" for _, target in temporaries)
    try:
        write_atomically(folder / JOURNAL, listed.encode(), temporary=folder / (JOURNAL + TEMPORARY))
        _finish(folder)
    except KeyboardInterrupt:
        # What the journal promises is a moment's work, and done to its end: whoever reads the folder now shall not find half of it.
        _finish(folder)
        raise


def _finish(folder: Path) -> None:
    journal = folder / JOURNAL
    if not journal.exists():
        return
    listed = journal.read_text(encoding="utf-8")
    # Lines are what former versions wrote.
    targets = [_listed(folder, name) for name in (listed.split("\0") if "\0" in listed else listed.splitlines()) if name]
    for target in targets:
        temporary = target.with_name(target.name + TEMPORARY)
        if temporary.exists():
            move_into_place(temporary, target)
    journal.unlink()


def _listed(folder: Path, name: str) -> Path:
    """The file of the folder that a journal means. Raises PathError for a name that leads out of it: whoever wrote that, it was no load."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.name or not folder.joinpath(path).parent.is_dir():
        raise PathError(
            "{file} lists {found!r}, which is no file of this folder: no load wrote that. Look at it, remove it, and try again.",
            file=folder / JOURNAL,
            found=name,
        )
    target = folder / path
    refuse_links(folder, target)
    refuse_links(folder, target.with_name(target.name + TEMPORARY))
    return target


def refuse_links(folder: Path, target: Path) -> None:
    """Raises PathError where a file of the folder is a symbolic link, or lies in one: what is written there would land somewhere else.

    The folder itself may be one.
    """
    path = folder
    for part in target.relative_to(folder).parts:
        path /= part
        if path.is_symlink():
            raise PathError(
                "{path} is a symbolic link, and nothing is written through one. Put the file or folder itself there, or remove the link.", path=path
            )


def write_parquet(connection: duckdb.DuckDBPyConnection, query: str, temporary: Path, schema: pa.Schema) -> None:
    """Writes the query's rows, in its order and batch by batch, as Parquet of that schema, and waits until they are safe on disk."""
    with RowGroups(temporary, schema) as file:
        for batch in connection.sql(query).to_arrow_reader(ROW_GROUP):
            file.write(pa.Table.from_batches([batch]))


class RowGroups:
    """A Parquet file that rows of any number are written to: the same rows give the same bytes, however they come. Safe on disk when it is
    left, with its sum in it (`sums`)."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> RowGroups:
        self._sink = self._path.open("w+b")
        self._writer = pq.ParquetWriter(self._sink, self._schema, compression="zstd", write_page_checksum=True)
        self._writer.add_key_value_metadata(PLACE_FOR_SUM)
        return self

    def write(self, rows: pa.Table) -> None:
        """Adds rows; they are cast to the file's schema."""
        self._waiting.append(rows.cast(self._schema))
        self._rows += rows.num_rows
        while self._rows >= ROW_GROUP:
            self._write_group()

    def _write_group(self) -> None:
        waiting = pa.concat_tables(self._waiting)
        self._writer.write_table(waiting.slice(0, ROW_GROUP).combine_chunks(), row_group_size=ROW_GROUP)
        self._waiting, self._rows = [waiting.slice(ROW_GROUP)], max(self._rows - ROW_GROUP, 0)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                if self._rows:
                    self._write_group()
                self._writer.close()
                add_sum(self._sink)
                sync(self._sink)
            else:
                # Left open, it would try to end the file when it is collected, and complain on stderr that it cannot.
                with suppress(Exception):
                    self._writer.close()
        finally:
            self._sink.close()


def _write_csv(connection: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[Column], order: str, temporary: Path) -> None:
    # Plain digits: no zeros that only the storage type adds.
    cells = [
        f"rtrim(rtrim({identifier(column.name)}::VARCHAR, '0'), '.')" if column.type == "decimal" else f"{identifier(column.name)}::VARCHAR"
        for column in columns
    ]
    with temporary.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow([column.name for column in columns])
        result = connection.execute(f"SELECT {', '.join(cells)} FROM {relation} ORDER BY {order}")
        while rows := result.fetchmany(10_000):
            writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
        sync(sink)


def rejected_list(folder: Path, table: str, source: str) -> Path:
    """The file that lists the rows of a source that were rejected for a table.

    ``source`` is a file's name with its suffix: loads of a.csv and a.xlsx have a list each. Of a name that leaves no room for more, the beginning and a
    digest are kept.
    """
    name, room = f"{table}-{source}", LONGEST_NAME - len(f".csv{TEMPORARY}")
    if len(name.encode()) > room:
        digest = blake2b(name.encode(), digest_size=8).hexdigest()
        name = f"{name.encode()[: room - len(digest) - 1].decode(errors='ignore')}-{digest}"
    return folder / REJECTED / f"{name}.csv"


def write_rejected(rejects: pd.DataFrame, target: Path, words: Words) -> tuple[Path, Path] | None:
    """Writes a rejects frame as CSV beside its target and returns (temporary, target); without rejects it removes the target and returns None.

    Cells that a spreadsheet would take for a formula begin with an apostrophe.
    """
    refuse_links(target.parent.parent, target)
    if rejects.empty:
        target.unlink(missing_ok=True)
        return None
    target.parent.mkdir(exist_ok=True)
    temporary = target.with_name(target.name + TEMPORARY)
    with temporary.open("w", encoding="utf-8-sig", newline="") as sink:
        writer = csv.writer(sink, lineterminator="\n")
        writer.writerow(REJECT_COLUMNS)
        for row in rejects.assign(reason=[words.name(f"reason.{reason}") for reason in rejects["reason"]]).loc[:, list(REJECT_COLUMNS)].itertuples(index=False):
            writer.writerow([defused(str(cell)) for cell in row])
        sync(sink)
    return temporary, target


def defused(cell: str) -> str:
    """The cell, kept from being a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
