"""A folder at an address, as Hadoop's file systems tell of it through Spark's JVM: its files, their heads, and what tells whether they changed.

Rows are never read here: that is for Spark's workers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.stamp import is_stamped
from kmanalysis.loaders.folder import forms_of, newest
from kmanalysis.tables import Table, tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_TAIL = 1 << 16
"""Bytes at a file's end that are read at once: most heads are shorter."""

_END = 8
"""Bytes at a Parquet file's very end: the head's length and the magic word."""

_MAGIC = b"PAR1"

_SIDE_BY_SIDE = 16
"""Files that are looked at together: in a store far away each takes a tenth of a second."""


@dataclass(frozen=True)
class HadoopFile:
    """A file: its path in the folder, its address, its bytes, and when it was changed (milliseconds, by the file system's clock)."""

    path: str
    address: str
    length: int
    modified: int


@dataclass(frozen=True)
class HadoopFolder:
    """The folder of canonical tables at an address. Every table must be Parquet with today's stamp: what is elsewhere cannot be validated here."""

    address: str
    session: SparkSession = field(compare=False, repr=False)

    @cached_property
    def files(self) -> Mapping[str, Sequence[HadoopFile]]:
        """The files of each table, as listed when this was first asked.

        Raises DataError where there is no folder, no table, a table in two forms or in one that Spark cannot take as it is, and where the file system
        cannot be reached.
        """
        with self._heard():
            entries = self._entries(self._path(self.address))
            listed = {name: self._files_of(name, entries) for name in tables()}
        foreign = [form for name in tables() for suffix in forms_of(name) if (form := f"{name}{suffix}") in entries and not _is_parquet(entries[form], form)]
        if foreign:
            raise _unstamped(self.address, foreign)
        if not any(listed.values()):
            raise DataError(
                "No tables found in {folder}. Add files such as orders.parquet, or folders such as orders/ with Parquet files in them.", folder=self.address
            )
        return {name: files for name, files in listed.items() if files}

    def heads(self, table: Table) -> list[pq.ParquetFile]:
        """The heads of a table's files, in their order; their rows cannot be read.

        Raises DataError for a file that is no Parquet with today's stamp, and as `files` does.
        """
        files = self.files.get(table.name, ())
        with self._heard(), ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            heads = list(pool.map(self._head, files))
        strangers = [file.path for file, head in zip(files, heads, strict=True) if head is None or not is_stamped(head.schema_arrow, table)]
        if strangers:
            raise _unstamped(self.address, strangers)
        return [head for head in heads if head is not None]

    def states(self) -> dict[str, str]:
        """What tells whether a file is still the same one, by its path in the folder: length, time of change, and where the file system has one its checksum.

        No file is read for it. Raises DataError as `files` does.
        """
        listed = [file for files in self.files.values() for file in files]
        with self._heard(), ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            checksums = list(pool.map(self._checksum, listed))
        return {file.path: f"{file.length} {file.modified} {checksum}" for file, checksum in zip(listed, checksums, strict=True)}

    def _entries(self, path: Any) -> dict[str, Any]:
        """What lies in a folder, by name."""
        return {entry.getPath().getName(): entry for entry in self._system.listStatus(path)}

    def _files_of(self, name: str, entries: Mapping[str, Any]) -> list[HadoopFile]:
        single = f"{name}.parquet"
        forms = [_file(entries[single], single)] if single in entries and entries[single].isFile() else []
        inside = self._entries(entries[name].getPath()) if name in entries and entries[name].isDirectory() else {}
        newer = {path.name for path in newest(PurePosixPath(part) for part, entry in inside.items() if _is_parquet(entry, part))}
        parts = [_file(entry, f"{name}/{part}") for part, entry in sorted(inside.items()) if part in newer]
        if forms and parts:
            raise DataError("Table {table} is stored more than once: {files}. Keep only one.", table=name, files=f"{single}, {name}/")
        return forms or parts

    @cached_property
    def _system(self) -> Any:
        # pyspark has no name of its own for Hadoop's file systems. These are the settings by which the session reads.
        session: Any = self.session
        return self._path(self.address).getFileSystem(session._jsparkSession.sessionState().newHadoopConf())

    def _path(self, address: str) -> Any:
        session: Any = self.session
        return session._jvm.org.apache.hadoop.fs.Path(address)

    def _head(self, file: HadoopFile) -> pq.ParquetFile | None:
        with closing(self._system.open(self._path(file.address))) as stream:
            tail = _last_bytes(stream, file.length, _TAIL)
            whole = int.from_bytes(tail[-_END:-4], "little") + _END
            # What is no Parquet says any length there.
            if tail.endswith(_MAGIC) and len(tail) < whole < file.length:
                tail = _last_bytes(stream, file.length, whole)
        try:
            return pq.ParquetFile(pa.BufferReader(tail))
        except (OSError, ValueError):
            return None

    def _checksum(self, file: HadoopFile) -> str:
        from py4j.protocol import Py4JJavaError

        try:
            found = self._system.getFileChecksum(self._path(file.address))
        except Py4JJavaError:  # it has none for this file: length and time tell
            return ""
        return "" if found is None else str(found)

    @contextmanager
    def _heard(self) -> Iterator[None]:
        """Says in one sentence what a file system has to complain of."""
        from py4j.protocol import Py4JJavaError

        try:
            yield
        except Py4JJavaError as error:
            problem = error.java_exception
            reason = str(problem.getMessage() or problem.getClass().getName()).strip().splitlines()[0]
            raise DataError("{address} cannot be read: {reason}", address=self.address, reason=reason) from error


def _is_parquet(entry: Any, name: str) -> bool:
    """Whether an entry can be a table's file; a folder of such a name, as Spark writes one, is none of ours."""
    return name.endswith(".parquet") and bool(entry.isFile())


def _file(entry: Any, path: str) -> HadoopFile:
    return HadoopFile(path, entry.getPath().toString(), entry.getLen(), entry.getModificationTime())


def _last_bytes(stream: Any, length: int, wanted: int) -> bytes:
    size = min(length, wanted)
    stream.seek(length - size)
    return bytes(stream.readNBytes(size))


def _unstamped(address: str, files: Sequence[str]) -> DataError:
    return DataError(
        "{address}: {files} cannot be validated there, and bear no stamp of being valid by today's rules. "
        "Stamp the tables in a folder of this machine (kmanalysis check --data DIR --stamp) and upload them again; turn CSV and Excel into Parquet "
        "first (kmanalysis load).",
        address=address,
        files=", ".join(files),
    )
