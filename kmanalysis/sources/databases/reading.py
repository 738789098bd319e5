"""What a database is to those who read it, and the errors of all drivers: without a word of the drivers' own, which name users and hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from kmanalysis.errors import DataError

BATCH = 10_000
"""Rows that are in memory at once."""

Layout = Mapping[str, frozenset[str]]
"""The columns that can be read, by table."""


Cells: TypeAlias = pa.Array | Sequence[Any]
"""A column of some rows: an array of the texts that the server sent, or cells as the driver gives them."""


class Database(Protocol):
    """One read-only transaction on a database: all that it reads is of one moment."""

    def now(self) -> datetime:
        """The database's time, naive UTC."""

    def layout(self, tables: Collection[str]) -> Layout:
        """The columns that can be read of those tables that there are."""

    def rows(self, select: str) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows of a select, batch by batch."""

    def columns(self, select: str) -> Iterator[Sequence[Cells]]:
        """The columns of a select, batch by batch; no batch is empty."""

    def quoted(self, name: str) -> str:
        """The name as an identifier."""

    def moment(self, column: str, since: datetime) -> str:
        """SQL: whether the time in a column (SQL) is at or after a naive time of the column's own clock."""

    def close(self) -> None:
        """Ends the transaction and the connection."""


class Denied(DataError):
    """The account may not read what is asked for."""


@contextmanager
def without_details(driver_error: type[Exception] | tuple[type[Exception], ...], denied: Collection[object], unreachable: Collection[object]) -> Iterator[None]:
    """Turns a driver's errors into ours, by their code alone; nothing of the driver's sentence or chain of causes is kept.

    Raises Denied for the codes ``denied``, DataError for the others.
    """
    try:
        yield
    except driver_error as problem:
        # MySQL's own number says more than the standard's class.
        code = problem.args[0] if problem.args and isinstance(problem.args[0], int) else getattr(problem, "sqlstate", None)
    else:
        return
    # From None: the driver's sentence stands in the chain of causes as well.
    if code in denied:
        raise Denied(
            "The database refused this account (code {code}). The account does not exist, its password is wrong, or it may not read the tables.", code=code
        ) from None
    if code in unreachable:
        raise DataError(
            "Cannot connect to the database (code {code}). Check that it is running, and that host, port and name in the address are right.", code=code
        ) from None
    raise DataError("The database returned an error (code {code}).", code=code or "—") from None


def driver_missing(package: str) -> DataError:
    """The error where a driver is not installed."""
    return DataError("Reading this database needs {package}, which is not installed. Run: pip install 'kmanalysis[pull]'", package=package)
