"""What a folder's hand-kept tables hold today, for a form that is filled in with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import identifier
from kmanalysis.errors import DataError
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.forms.layout import form_tables


@dataclass(frozen=True)
class Filled:
    """The rows of each table that the folder holds (cells in the order of its columns, times naive UTC), and the columns that each was given.

    ``suppliers`` are the ids that the folder knows.
    """

    rows: Mapping[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    given: Mapping[str, frozenset[str]] = field(default_factory=dict)
    suppliers: list[str] = field(default_factory=list)


def filled_rows(folder: Path) -> Filled:
    """The folder's rows. Raises DataError where it cannot be read, or where faulty rows would be missing in the form."""
    connection = connect(reads=[folder])
    found = attach(connection, folder)
    for receipt in found.receipts:
        if receipt.table in form_tables() and receipt.rejected:
            raise DataError(
                "{file} holds {rows} faulty rows, which would be missing in the form. Run: kmanalysis check, and mend them first.",
                file=receipt.file,
                rows=sum(receipt.rejected.values()),
            )
    rows = {}
    for name, table in form_tables().items():
        if name in found.given:
            order = ", ".join(map(identifier, [*([table.event_time] if table.event_time else []), *table.key]))
            columns = ", ".join(map(identifier, table.columns))
            rows[name] = connection.execute(f"SELECT {columns} FROM {identifier(name)} ORDER BY {order}").fetchall()
    suppliers = [supplier for (supplier,) in connection.execute("SELECT supplier_id FROM suppliers ORDER BY 1").fetchall()]
    return Filled(rows, {name: found.given[name] for name in rows}, suppliers)
