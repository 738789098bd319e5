"""MySQL and MariaDB by PyMySQL; rows come unbuffered, those of tables as whole columns (see `text_rows`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from importlib import import_module
from typing import Any

from kmanalysis.engine.sql import quoted
from kmanalysis.sources.address import Address
from kmanalysis.sources.databases.reading import BATCH, Cells, Layout, driver_missing, without_details
from kmanalysis.sources.databases.text_rows import as_text, text_columns

DENIED = frozenset({1044, 1045, 1142, 1143, 1227, 1698})
UNREACHABLE = frozenset({1049, 1130, 2002, 2003, 2005, 2006, 2013})
SECONDS_TO_CONNECT = 20


class MySQL:
    """One read-only transaction of one snapshot; see `reading.Database`."""

    def __init__(self, address: Address) -> None:
        try:
            self._driver: Any = import_module("pymysql")
        except ImportError:
            raise driver_missing("PyMySQL") from None
        options: dict[str, Any] = {"connect_timeout": SECONDS_TO_CONNECT, "charset": "utf8mb4", "use_unicode": True}
        if socket := address.options.get("unix_socket") or address.options.get("socket"):
            options["unix_socket"] = socket
        if authority := address.options.get("ssl_ca"):
            options["ssl"] = {"ca": authority}
        with self._errors():
            self._connection = self._driver.connect(
                host=address.host or "localhost", port=address.port or 3306, user=address.user, password=address.password, database=address.database, **options
            )
            # A timestamp goes through a zone: what the application wrote comes back in the server's own.
            self._run("SET SESSION time_zone = @@global.time_zone")
            self._run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            self._run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def now(self) -> datetime:
        """See `reading.Database`."""
        ((found,),) = next(self.rows("SELECT CAST(UTC_TIMESTAMP() AS CHAR)"))
        return datetime.fromisoformat(str(found))

    def layout(self, tables: Collection[str]) -> Layout:
        """See `reading.Database`."""
        names = ", ".join(map(_literal, sorted(tables)))
        found: dict[str, set[str]] = {}
        for batch in self.rows(
            f"SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN ({names}) "
            "AND privileges LIKE '%select%'"
        ):
            for table, column in batch:
                found.setdefault(str(table), set()).add(str(column))
        return {table: frozenset(columns) for table, columns in found.items()}

    def rows(self, select: str) -> Iterator[Sequence[Sequence[Any]]]:
        """See `reading.Database`."""
        with self._errors():
            cursor = self._connection.cursor(self._driver.cursors.SSCursor)
            try:
                cursor.execute(select)
                while batch := cursor.fetchmany(BATCH):
                    yield batch
            finally:
                cursor.close()

    def columns(self, select: str) -> Iterator[Sequence[Cells]]:
        """See `reading.Database`."""
        with self._errors():
            # The driver asks, and reads what the columns are; it would read the rows that follow cell by cell, so it is told that there are none left.
            self._connection.query(select, unbuffered=True)
            answer = self._connection._result
            answer.unbuffered_active, answer.connection = False, None
            for arrays in text_columns(self._connection._rfile, answer.field_count, self._driver.err.raise_mysql_exception):
                yield [as_text(array) for array in arrays]

    def quoted(self, name: str) -> str:
        """See `reading.Database`."""
        return "`" + name.replace("`", "``") + "`"

    def moment(self, column: str, since: datetime) -> str:
        """See `reading.Database`."""
        return f"{column} >= '{since:%Y-%m-%d %H:%M:%S}'"

    def close(self) -> None:
        """See `reading.Database`."""
        with self._errors():
            self._connection.close()

    def _run(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def _errors(self) -> AbstractContextManager[None]:
        # Drivers let a certificate that is not there, or a way to log in that they do not know, through as they are.
        return without_details((self._driver.Error, OSError, RuntimeError), DENIED, UNREACHABLE)


def _literal(text: str) -> str:
    return quoted(text.replace("\\", "\\\\"))
