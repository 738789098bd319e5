"""PostgreSQL by psycopg; rows come through a cursor of the server."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from importlib import import_module
from typing import Any

from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.sources.address import Address
from kmanalysis.sources.databases.reading import BATCH, Cells, Layout, driver_missing, without_details

DENIED = frozenset({"28000", "28P01", "42501"})
UNREACHABLE = frozenset({"3D000", "08000", "08001", "08004", "08006", "57P03"})
OPTIONS = ("sslmode", "sslrootcert", "host", "connect_timeout")
"""Options of the address that go to the driver; ``host`` may be a socket's folder."""


class PostgreSQL:
    """One read-only transaction of one snapshot; see `reading.Database`."""

    def __init__(self, address: Address) -> None:
        try:
            self._driver: Any = import_module("psycopg")
        except ImportError:
            raise driver_missing("psycopg") from None
        options: dict[str, Any] = {"host": address.host, "port": address.port, "connect_timeout": 20}
        options |= {name: value for name, value in address.options.items() if name in OPTIONS}
        with self._errors():
            self._connection = self._driver.connect(
                user=address.user or None,
                password=address.password or None,
                dbname=address.database,
                **{name: value for name, value in options.items() if value},
            )
            self._connection.isolation_level = self._driver.IsolationLevel.REPEATABLE_READ
            self._connection.read_only = True
            self._connection.execute("SET TIME ZONE 'UTC'")

    def now(self) -> datetime:
        """See `reading.Database`."""
        ((found,),) = next(self.rows("SELECT date_trunc('second', now() AT TIME ZONE 'UTC')"))
        assert isinstance(found, datetime)
        return found

    def layout(self, tables: Collection[str]) -> Layout:
        """See `reading.Database`."""
        names = ", ".join(map(quoted, sorted(tables)))
        found: dict[str, set[str]] = {}
        for batch in self.rows(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() "
            f"AND table_name IN ({names}) AND has_column_privilege(format('%I.%I', table_schema, table_name), column_name, 'SELECT')"
        ):
            for table, column in batch:
                found.setdefault(str(table), set()).add(str(column))
        return {table: frozenset(columns) for table, columns in found.items()}

    def rows(self, select: str) -> Iterator[Sequence[Sequence[Any]]]:
        """See `reading.Database`."""
        with self._errors(), self._connection.cursor(name="pull") as cursor:
            cursor.itersize = BATCH
            cursor.execute(select)
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
        return f"{column} >= '{since:%Y-%m-%d %H:%M:%S}'"

    def close(self) -> None:
        """See `reading.Database`."""
        with self._errors():
            self._connection.close()

    def _errors(self) -> AbstractContextManager[None]:
        return without_details(self._driver.Error, DENIED, UNREACHABLE)
