"""Opens the database that an address names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kmanalysis.sources.address import Address
from kmanalysis.sources.databases.mysql import MySQL
from kmanalysis.sources.databases.postgresql import PostgreSQL
from kmanalysis.sources.databases.reading import Database
from kmanalysis.sources.databases.sqlite import SQLite

_KINDS: dict[str, Callable[[Address], Database]] = {"mysql": MySQL, "postgresql": PostgreSQL, "sqlite": SQLite}


@contextmanager
def opened(address: Address) -> Iterator[Database]:
    """One read-only transaction on the database, until the block ends. Raises DataError where it cannot be opened, Denied where it refuses the account."""
    database = _KINDS[address.kind](address)
    try:
        yield database
    finally:
        database.close()
