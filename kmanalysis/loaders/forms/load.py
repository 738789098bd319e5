"""A filled-in form into a workbook folder: the form is the table. All sheets are read, validated and written together, or none is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from kmanalysis.engine.duckdb import connect, encrypt_spilling
from kmanalysis.engine.sql import identifier
from kmanalysis.errors import DataError
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.loaders.checking.rules import Outcome, no_rejects, validate
from kmanalysis.loaders.checking.secrets import key_of
from kmanalysis.loaders.folder import Attached, attach, in_reading_order
from kmanalysis.loaders.forms.layout import meant_by, value_names
from kmanalysis.loaders.forms.sheets import form_sheets, stage_form_sheet
from kmanalysis.loaders.mapping.model import ColumnMapping, Source, SourceMapping, TableMapping
from kmanalysis.loaders.mapping.translation import Translation, add_functions
from kmanalysis.loaders.merging import files_of
from kmanalysis.loaders.reading.text import drop_staged
from kmanalysis.loaders.store import REJECTED, locked, put_in_place, target_file, write_rejected, write_table
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
        self.files = files_of(into)
        self.key = key_of(into)
        self.connection: duckdb.DuckDBPyConnection = connect()
        encrypt_spilling(self.connection)
        add_functions(self.connection, self.key)
        self.given: dict[str, frozenset[str]] = {}

    def run(self) -> Attached:
        titles = form_sheets(self.path)
        self._open_folder(titles)
        known = {name: identifier(name) for name in self.files}
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
        receipts: list[Receipt] = []
        finished: list[tuple[Path, Path]] = []
        for sheet in sheets:
            receipt, given = self._merge(sheet, is_whole)
            receipts.append(receipt)
            name = sheet.table.name
            if receipt.new or receipt.updated or receipt.removed or given != self.given.get(name):
                target = target_file(sheet.table, self.files.get(name, []), self.into)
                finished.append((write_table(self.connection, identifier(f"_now {name}"), sheet.table, target, given=given), target))
        rejects = []
        for sheet in sheets:
            rejects.append(sheet.outcome.rejects)
            if written := write_rejected(sheet.outcome.rejects, self.into / REJECTED / f"{sheet.table.name}-{self.path.stem}.csv", self.words):
                finished.append(written)
        put_in_place(finished, self.into)
        return Attached(receipts, pd.concat([no_rejects(), *rejects], ignore_index=True))

    def _open_folder(self, titles: dict[str, str]) -> None:
        if not self.files:
            return
        found = attach(self.connection, self.into)
        for receipt in found.receipts:
            if receipt.table in titles and receipt.rejected:
                raise DataError(
                    "{file} holds {rows} faulty rows, which this load would drop. Run: kmanalysis check, and mend them first.",
                    file=receipt.file,
                    rows=sum(receipt.rejected.values()),
                )
        self.given = dict(found.given)

    def _read(self, table: Table, title: str, known: dict[str, str]) -> _Sheet:
        file = f"{self.path.name} · {title}"
        staged = stage_form_sheet(self.connection, self.path, title, table, "_staged")
        columns = {
            name: ColumnMapping(headings=(name,), values=meant_by(column) if column.type in ("enum", "boolean") else {})
            for name, column in table.columns.items()
            if name in staged.headings
        }
        mapped = TableMapping(table, columns)
        mapping = SourceMapping(self.path.name, Source(timezone=ZONE), {table.name: mapped})
        self.connection.execute(f"CREATE OR REPLACE VIEW _text AS {Translation(self.connection, mapping, mapped, staged, file).select(0)}")
        target = f"_form {table.name}"
        outcome = validate(self.connection, "_text", table, target, {0: file}, known=known, key=self.key)
        self.connection.execute("DROP VIEW _text")
        drop_staged(self.connection, staged)
        outcome.rejects = self._in_words(outcome.rejects, table)
        return _Sheet(table, title, outcome, identifier(target), list(columns))

    def _in_words(self, rejects: pd.DataFrame, table: Table) -> pd.DataFrame:
        """The rejects with columns and accepted values as the form calls them."""
        words = self.words
        accepted = {name: ", ".join(value_names(column, words).values()) for name, column in table.columns.items()}
        cells = zip(rejects["column"], rejects["reason"], rejects["accepted"], strict=True)
        return rejects.assign(
            accepted=[_LOCAL_TIME if reason == "not_time" else accepted.get(column, "") or told for column, reason, told in cells],
            column=[words.name(f"{table.name}.{column}") if column in table.columns else column for column in rejects["column"]],
        )

    def _merge(self, sheet: _Sheet, is_whole: bool) -> tuple[Receipt, frozenset[str]]:
        """Makes ``_now <table>`` of the sheet's rows and of what stays of the folder's; the receipt, and the columns that were given."""
        table, execute = sheet.table, self.connection.execute
        keys = ", ".join(map(identifier, table.key))
        now = identifier(f"_now {table.name}")
        if table.name not in self.files:
            execute(f"CREATE OR REPLACE TABLE {now} AS FROM {sheet.relation}")
            counts, missing = Counter(new=self._count(now)), 0
        else:
            before = identifier(table.name)
            others = [identifier(name) for name in sheet.columns if name not in table.key]
            differs = " OR ".join(f"i.{name} IS DISTINCT FROM n.{name}" for name in others) or "false"
            becomes = f"CASE WHEN n.{identifier(table.key[0])} IS NULL THEN 'new' WHEN {differs} THEN 'updated' ELSE 'same' END"
            found = execute(f"SELECT {becomes}, count(*) FROM {sheet.relation} i LEFT JOIN {before} n USING ({keys}) GROUP BY 1 ORDER BY 1").fetchall()
            counts = Counter(dict(found))
            missing = self._count(f"{before} ANTI JOIN {sheet.relation} USING ({keys})")
            cells = ", ".join(f"{'i' if name in sheet.columns else 'n'}.{identifier(name)}" for name in table.columns)
            merged = f"SELECT {cells} FROM {sheet.relation} i LEFT JOIN {before} n USING ({keys})"
            left = "" if is_whole else f" UNION ALL BY NAME SELECT * FROM {before} ANTI JOIN {sheet.relation} USING ({keys})"
            execute(f"CREATE OR REPLACE TABLE {now} AS {merged}{left}")
        file, outcome = f"{self.path.name} · {sheet.name}", sheet.outcome
        repeated = outcome.same.get(file, 0)
        receipt = Receipt(
            table.name,
            file,
            outcome.read[file],
            counts.total() + repeated,
            new=counts["new"],
            updated=counts["updated"],
            same=counts["same"] + repeated,
            rejected=sheet.rejected,
            doubts=outcome.doubts.get(file, {}),
            removed=missing if is_whole else 0,
            left=0 if is_whole else missing,
        )
        return receipt, self._given(sheet)

    def _given(self, sheet: _Sheet) -> frozenset[str]:
        """The columns that the table has now. One that the folder's table lacked and that nobody filled in was still not given."""
        before = self.given.get(sheet.table.name)
        if before is None:
            return frozenset(sheet.columns)
        return before | {name for name in sheet.columns if name in before or self._count(f"{sheet.relation} WHERE {identifier(name)} IS NOT NULL")}

    def _count(self, rows: str) -> int:
        # All of the answer: one that is not read to its end keeps the connection from what is asked next.
        ((count,),) = self.connection.execute(f"SELECT count(*) FROM {rows}").fetchall()
        return int(count)
