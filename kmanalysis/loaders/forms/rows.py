"""Single rows of the hand-kept tables, put in, changed and taken out: validated and merged like any load, written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import identifier, quoted
from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.rules import validate
from kmanalysis.loaders.checking.secrets import digest, key_of
from kmanalysis.loaders.folder import in_reading_order
from kmanalysis.loaders.forms.layout import form_tables
from kmanalysis.loaders.merging import Merging
from kmanalysis.loaders.store import locked, put_in_place
from kmanalysis.tables import Table
from kmanalysis.times import to_local

Cells = Mapping[str, object]
"""A row's cells by column: text, or a date or a time (of Asia/Shanghai); None or "" where it is empty."""


def save_row(folder: Path, name: str, cells: Cells, before: Sequence[object] | None = None) -> pd.DataFrame:
    """Puts a row into the folder's table; ``before`` is the key of the row that it stands for, in the order of the table's key (None: it is a new one).

    Gives the rejects frame: with a row in it nothing was written. A column that the table lacked and that stays empty is still not given.
    Raises DataError for a table that cannot be added to, and where other tables refer to a key that would be no more.
    """
    with locked(folder):
        return _Change(folder, name).save({column: cell_text(cell) for column, cell in cells.items()}, before)


def delete_row(folder: Path, name: str, key: Sequence[object]) -> None:
    """Takes the row of that key out of the folder's table. Raises DataError where other tables refer to it, or the table cannot be written."""
    with locked(folder):
        _Change(folder, name).delete(key)


def cell_text(cell: object) -> str:
    """A cell as the text that validation takes: times with their zone."""
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell.isoformat(sep=' ')}+08:00"
        case bool():
            return "true" if cell else "false"
        case date():
            return cell.isoformat()
    return str(cell).strip()


class _Change:
    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.table: Table = form_tables()[name]
        self.connection: duckdb.DuckDBPyConnection = connect(reads=[folder])
        self.merging = Merging(self.connection, folder, [name])
        self.merging.open()

    def save(self, cells: Mapping[str, str], before: Sequence[object] | None) -> pd.DataFrame:
        table, secret = self.table, key_of(self.folder)
        key = None if before is None else self._where(before)
        cells = {name: digest(cell, secret) if cell and name in table.columns and table.columns[name].is_secret else cell for name, cell in cells.items()}
        values = ", ".join(f"nullif({quoted(cells.get(column, ''))}, '') AS {identifier(column)}" for column in table.columns)
        text = f"(SELECT 0 AS _file, 1 AS _line, NULL::VARCHAR AS _fault, NULL::BIGINT AS _found, {len(table.columns)} AS _width, {values})"
        outcome = validate(self.connection, text, table, "_incoming", {0: table.name}, known=self.merging.known, key=secret)
        if len(outcome.rejects):
            return outcome.rejects
        keys = ", ".join(map(identifier, table.key))
        known = self.merging.known.get(table.name)
        others = f"(FROM {known} WHERE NOT ({key}))" if key else known
        if known and self._count(f"_incoming SEMI JOIN {others} USING ({keys})"):
            shown = ", ".join(cells.get(column, "") for column in table.key)
            fault = {"file": table.name, "line": 1, "column": ", ".join(table.key), "value": shown, "reason": "key_repeated", "accepted": ""}
            return pd.concat([outcome.rejects, pd.DataFrame([fault])], ignore_index=True)
        if key and not self._count(f"_incoming WHERE {key}"):
            self._check_references(before or ())
            self.merging.drop(table, key)
        merge = self.merging.merges.get(table.name)
        columns = [column for column in table.columns if merge is None or column in merge.given or column in table.key or cells.get(column)]
        self.merging.take(table, "_incoming", columns)
        put_in_place(self.merging.written(), self.folder)
        return outcome.rejects

    def delete(self, key: Sequence[object]) -> None:
        self._check_references(key)
        self.merging.drop(self.table, self._where(key))
        put_in_place(self.merging.written(), self.folder)

    def _where(self, key: Sequence[object]) -> str:
        cells = zip(self.table.key, key, strict=True)
        return " AND ".join(f"{identifier(column)} = {quoted(str(value))}::{self.table.columns[column].sql_type}" for column, value in cells)

    def _check_references(self, key: Sequence[object]) -> None:
        """Raises DataError where rows of another table refer to the key that is to go."""
        values = dict(zip(self.table.key, key, strict=True))
        for other in in_reading_order():
            for column in other.columns.values():
                partner, _, named = column.refers_to.partition(".")
                if partner != self.table.name or named not in values or column.orphan == "doubt" or other.name not in self.merging.known:
                    continue
                rows = self._count(f"{self.merging.known[other.name]} WHERE {identifier(column.name)} = {quoted(str(values[named]))}")
                if rows:
                    raise DataError(
                        "{rows} rows of {table} refer to {found!r}. Change or delete them first.", rows=rows, table=other.name, found=str(values[named])
                    )

    def _count(self, rows: str) -> int:
        ((count,),) = self.connection.execute(f"SELECT count(*) FROM {rows}").fetchall()
        return int(count)


def local_cell(value: object) -> object:
    """A cell of the folder as a person sees it: a time in Asia/Shanghai."""
    return to_local(value) if isinstance(value, datetime) else value
