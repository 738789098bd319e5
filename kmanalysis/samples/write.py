"""Writes sample tables: CSV that a person can read, or Parquet by month that bears the loaders' stamp of validity."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from kmanalysis.loaders.checking.secrets import write_no_key
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.loaders.checking.sums import PLACE_FOR_SUM, add_sum
from kmanalysis.tables import tables

ROW_GROUP = 122_880


class CsvFolder:
    """A folder with one CSV file a table; months are appended. Use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writers: dict[str, pa.csv.CSVWriter] = {}

    def __enter__(self) -> CsvFolder:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for writer in self._writers.values():
            writer.close()

    def write(self, table: str, rows: pa.Table, month: str = "") -> None:
        """Appends the rows, without what is derived from them."""
        short = _shortened(rows.select(list(tables()[table].columns)))
        if table not in self._writers:
            options = pa.csv.WriteOptions(quoting_style="none", quoting_header="none")
            self._writers[table] = pa.csv.CSVWriter(self.folder / f"{table}.csv", short.schema, write_options=options)
        self._writers[table].write_table(short)


class ParquetFolder:
    """A folder with one Parquet file a table, or one a month for tables of events. Use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._month = ""
        self._writers: dict[str, pa.parquet.ParquetWriter] = {}
        self._paths: dict[str, Path] = {}

    def __enter__(self) -> ParquetFolder:
        self.folder.mkdir(parents=True, exist_ok=True)
        # Its tables look like those that a load wrote, but their digests are invented.
        write_no_key(self.folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def write(self, table: str, rows: pa.Table, month: str = "") -> None:
        """Adds rows to the table, or to its file of the month; months come one after the other."""
        if month != self._month:
            self._close()
            self._month = month
        if table not in self._writers:
            path = self.folder / table / f"{month}.parquet" if month else self.folder / f"{table}.parquet"
            path.parent.mkdir(exist_ok=True)
            self._paths[table] = path
            self._writers[table] = pa.parquet.ParquetWriter(path, stamped_schema(tables()[table]), compression="snappy", write_page_checksum=True)
            self._writers[table].add_key_value_metadata(PLACE_FOR_SUM)
        writer = self._writers[table]
        writer.write_table(rows.cast(writer.schema), row_group_size=ROW_GROUP)

    def _close(self) -> None:
        for table, writer in self._writers.items():
            writer.close()
            with self._paths[table].open("r+b") as file:
                add_sum(file)
        self._writers.clear()


def _shortened(rows: pa.Table) -> pa.Table:
    types = []
    for field in rows.schema:
        kind = field.type
        if pa.types.is_decimal(kind):
            kind = pa.decimal128(18, 2)
        elif pa.types.is_timestamp(kind):
            kind = pa.timestamp("s")
        types.append(pa.field(field.name, kind))
    return rows.cast(pa.schema(types))
