"""A filled-in form into a workbook folder: the form is the table. All sheets are read, validated and written together, or none is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import identifier
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.loaders.checking.rules import Outcome, no_rejects, validate
from kmanalysis.loaders.checking.secrets import file_name, key_of
from kmanalysis.loaders.folder import Attached, in_reading_order
from kmanalysis.loaders.forms.layout import column_names, meant_by, value_names
from kmanalysis.loaders.forms.sheets import form_sheets, stage_form_sheet
from kmanalysis.loaders.mapping.model import ColumnMapping, Source, SourceMapping, TableMapping
from kmanalysis.loaders.mapping.translation import Translation, add_functions
from kmanalysis.loaders.merging import Merging
from kmanalysis.loaders.reading.text import drop_staged
from kmanalysis.loaders.store import locked, put_in_place, rejected_list, write_rejected
from kmanalysis.tables import Table
from kmanalysis.words import Words

ZONE = "Asia/Shanghai"
"""Of the times in a form that state none."""

_LOCAL_TIME = "2026-10-01 11:04:05"
"""How a time is written in a form."""


def load_form(path: Path, into: Path, *, words: Words | None = None) -> Attached:
    """Makes the folder's tables what the form's sheets hold; a receipt a sheet, and the rejects frame.

    A sheet without rows gives its table, empty; a table without a sheet is left as it is, as are the columns that a sheet lacks. Rows that the form
    does not have any more are removed, unless rows of the form were rejected: then none is. The same form again changes nothing.
    Raises DataError for a form or a folder that cannot be used.
    """
    with locked(into):
        return _FormLoad(path, into, words or Words()).run()


@dataclass
class _Sheet:
    """A sheet that was read: its table, its name, what validation found, and the relation and columns of its rows."""

    table: Table
    name: str
    outcome: Outcome
    relation: str
    columns: list[str]

    @property
    def rejected(self) -> dict[str, int]:
        """Rows that were rejected, by reason."""
        return next(iter(self.outcome.rejected.values()), {})


class _FormLoad:
    def __init__(self, path: Path, into: Path, words: Words) -> None:
        self.path, self.into, self.words = path, into, words
        self.key = key_of(into)
        self.name = file_name(path.name, self.key)
        self.connection: duckdb.DuckDBPyConnection = connect(reads=[into], holds_secrets=True)
        add_functions(self.connection, self.key)

    def run(self) -> Attached:
        titles = form_sheets(self.path)
        self.merging = Merging(self.connection, self.into, titles)
        self.merging.open()
        known = dict(self.merging.known)
        sheets = []
        for table in in_reading_order():
            if table.name in titles:
                sheet = self._read(table, titles[table.name], known)
                # Where rows were rejected, those of the folder stay: they may be referred to as well.
                key, before = ", ".join(map(identifier, table.key)), known.get(table.name)
                both = f"(SELECT {key} FROM {sheet.relation} UNION SELECT {key} FROM {before})"
                known[table.name] = both if sheet.rejected and before else sheet.relation
                sheets.append(sheet)
        is_whole = not any(sheet.rejected for sheet in sheets)
        receipts = [self._merge(sheet, is_whole) for sheet in sheets]
        finished = self.merging.written()
        for sheet in sheets:
            if written := write_rejected(sheet.outcome.rejects, rejected_list(self.into, sheet.table.name, self.name), self.words):
                finished.append(written)
        put_in_place(finished, self.into)
        return Attached(receipts, pd.concat([no_rejects(), *(sheet.outcome.rejects for sheet in sheets)], ignore_index=True))

    def _read(self, table: Table, title: str, known: dict[str, str]) -> _Sheet:
        file = self._file(title)
        staged = stage_form_sheet(self.connection, self.path, title, table, "_staged")
        columns = {
            name: ColumnMapping(headings=(name,), values=meant_by(column) if column.type in ("enum", "boolean") else {})
            for name, column in table.columns.items()
            if name in staged.headings
        }
        mapped = TableMapping(table, columns)
        mapping = SourceMapping(self.path.name, Source(timezone=ZONE), {table.name: mapped})
        translation = Translation(self.connection, mapping, mapped, staged, file)
        self.connection.execute(f"CREATE OR REPLACE VIEW _text AS {translation.select(0)}")
        target = f"_form {table.name}"
        outcome = validate(self.connection, "_text", table, target, {0: file}, known=known, key=self.key, answered=translation.answered)
        self.connection.execute("DROP VIEW _text")
        drop_staged(self.connection, staged)
        outcome.rejects = self._in_words(outcome.rejects, table)
        return _Sheet(table, title, outcome, identifier(target), list(columns))

    def _file(self, title: str) -> str:
        return f"{self.name} · {file_name(title, self.key)}"

    def _in_words(self, rejects: pd.DataFrame, table: Table) -> pd.DataFrame:
        """The rejects with columns and accepted values as the form calls them."""
        words = self.words
        accepted = {name: ", ".join(value_names(column, words).values()) for name, column in table.columns.items()}
        cells = zip(rejects["column"], rejects["reason"], rejects["accepted"], strict=True)
        return rejects.assign(
            accepted=[_LOCAL_TIME if reason == "not_time" else accepted.get(column, "") or column_names(table, told, words) for column, reason, told in cells],
            column=[column_names(table, column, words) for column in rejects["column"]],
        )

    def _merge(self, sheet: _Sheet, is_whole: bool) -> Receipt:
        """Takes the sheet's rows into the table, and takes those out that it does not have, where all of the form was kept."""
        table = sheet.table
        is_new = table.name not in self.merging.known
        counts = self.merging.take(table, sheet.relation, self._given(sheet))
        missing = 0 if is_new else self._missing(table, sheet, is_whole)
        file, outcome = self._file(sheet.name), sheet.outcome
        repeated = outcome.same.get(file, 0)
        return Receipt(
            table.name,
            file,
            outcome.read[file],
            counts.total() + repeated,
            new=counts["new"],
            updated=counts["updated"],
            same=counts["same"] + repeated,
            rejected=sheet.rejected,
            doubts=outcome.doubts.get(file, {}),
            named=outcome.naming(file),
            removed=missing if is_whole else 0,
            left=0 if is_whole else missing,
        )

    def _given(self, sheet: _Sheet) -> list[str]:
        """The sheet's columns that are given from now on. One that the folder's table lacked and that nobody filled in was still not given."""
        merge = self.merging.merges.get(sheet.table.name)
        return [name for name in sheet.columns if merge is None or name in merge.given or self._count(f"{sheet.relation} WHERE {identifier(name)} IS NOT NULL")]

    def _missing(self, table: Table, sheet: _Sheet, is_whole: bool) -> int:
        """How many rows of the folder the sheet does not have; they are taken out where all of the form was kept."""
        keys = ", ".join(map(identifier, table.key))
        gone = f"({keys}) NOT IN (SELECT ({keys}) FROM {sheet.relation})"
        return self.merging.drop(table, gone) if is_whole else self._count(f"{self.merging.known[table.name]} WHERE {gone}")

    def _count(self, rows: str) -> int:
        # All of the answer: one that is not read to its end keeps the connection from what is asked next.
        ((count,),) = self.connection.execute(f"SELECT count(*) FROM {rows}").fetchall()
        return int(count)
