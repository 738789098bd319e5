"""SQLite, opened so that nothing can be written."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.errors import DataError
from kmanalysis.sources.address import Address
from kmanalysis.sources.databases.reading import BATCH, Cells, Layout, without_details


class SQLite:
    """One read transaction of one snapshot; see `reading.Database`."""

    def __init__(self, address: Address) -> None:
        # Three slashes before a whole path, or four.
        path = next((path for path in (Path(f"/{address.database}"), Path(address.database)) if path.is_file()), None)
        if path is None:
            raise DataError("Database file not found. Write its address as sqlite:///PATH, with the full path.")
        with self._errors():
            self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
            self._connection.execute("PRAGMA query_only = ON")
            self._connection.execute("BEGIN")

    def now(self) -> datetime:
        """See `reading.Database`."""
        ((found,),) = next(self.rows("SELECT strftime('%Y-%m-%d %H:%M:%S', 'now')"))
        return datetime.fromisoformat(found)

    def layout(self, tables: Collection[str]) -> Layout:
        """See `reading.Database`."""
        found = {}
        for table in sorted(tables):
            columns = [row[0] for batch in self.rows(f"SELECT name FROM pragma_table_info({quoted(table)})") for row in batch]
            if columns:
                found[table] = frozenset(columns)
        return found

    def rows(self, select: str) -> Iterator[Sequence[Sequence[Any]]]:
        """See `reading.Database`."""
        with self._errors():
            cursor = self._connection.execute(select)
            while batch := cursor.fetchmany(BATCH):
                yield batch

    def columns(self, select: str) -> Iterator[Sequence[Cells]]:
        """See `reading.Database`."""
        for rows in self.rows(select):
            yield list(zip(*rows, strict=True))

    def quoted(self, name: str) -> str:
        """See `reading.Database`."""
        return identifier(name)

    def moment(self, column: str, since: datetime) -> str:
        """See `reading.Database`."""
        # Times are texts, each with an offset of its own.
        return f"julianday({column}) >= julianday('{since:%Y-%m-%d %H:%M:%S}')"

    def close(self) -> None:
        """See `reading.Database`."""
        with self._errors():
            self._connection.close()

    def _errors(self) -> AbstractContextManager[None]:
        return without_details(sqlite3.Error, (), ())
