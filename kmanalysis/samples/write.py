"""Writes sample tables: CSV that a person can read, or Parquet by month that bears the loaders' stamp of validity."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from kmanalysis.loaders.stamp import stamped_schema
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
        """Appends the rows."""
        short = _shortened(rows)
        if table not in self._writers:
            options = pa.csv.WriteOptions(quoting_style="none", quoting_header="none")
            self._writers[table] = pa.csv.CSVWriter(self.folder / f"{table}.csv", short.schema, write_options=options)
        self._writers[table].write_table(short)


class ParquetFolder:
    """A folder with one Parquet file a table, or one a month for tables of events. Use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> ParquetFolder:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None

    def write(self, table: str, rows: pa.Table, month: str = "") -> None:
        """Writes the rows of the table, or of the month."""
        path = self.folder / table / f"{month}.parquet" if month else self.folder / f"{table}.parquet"
        path.parent.mkdir(exist_ok=True)
        stamped = rows.cast(stamped_schema(tables()[table]))
        pa.parquet.write_table(stamped, path, row_group_size=ROW_GROUP, compression="snappy")


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
