"""The hand-kept tables of a folder, row by row: what is there, what a change would break, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from kmanalysis.assets import samples_folder
from kmanalysis.errors import UsageError
from kmanalysis.loaders.forms.filled import Filled, filled_rows
from kmanalysis.loaders.forms.layout import column_names, form_tables, value_names
from kmanalysis.loaders.forms.rows import Cells, delete_row, local_cell, save_row
from kmanalysis.tables import Column, Table
from kmanalysis.words import Words

_LOCAL_TIME = "2026-10-01 11:04:05"


class HandKept:
    """A table of the folder at a time, and the changes to it. Raises DataError where the folder cannot be read."""

    def __init__(self, folder: Path, words: Words) -> None:
        self.folder, self.words = folder, words
        self._filled: Filled = filled_rows(folder)

    @property
    def suppliers(self) -> list[str]:
        """The suppliers that the folder knows."""
        return self._filled.suppliers

    def rows(self, name: str) -> list[dict[str, object]]:
        """The table's rows, by column: times as they are in Asia/Shanghai."""
        columns = form_tables()[name].columns
        return [dict(zip(columns, map(local_cell, row), strict=True)) for row in self._filled.rows.get(name, [])]

    def save(self, name: str, cells: Cells, before: Mapping[str, object] | None) -> dict[str, str]:
        """Puts a row in, in place of the one it was made from. Gives what is wrong by column, in words; nothing was written then.

        Raises UsageError on the samples, DataError where the table cannot be written.
        """
        self._check_folder()
        table = form_tables()[name]
        rejects = save_row(self.folder, name, cells, None if before is None else self._key(table, before))
        if rejects.empty:
            self._filled = filled_rows(self.folder)
        wrong: dict[str, str] = {}
        for fault in rejects.to_dict("records"):
            for column in str(fault["column"]).split(", "):
                wrong.setdefault(column, self._told(table.columns[column], str(fault["reason"]), column_names(table, str(fault["accepted"]), self.words)))
        return wrong

    def delete(self, name: str, row: Mapping[str, object]) -> None:
        """Takes a row out. Raises like `save`."""
        self._check_folder()
        delete_row(self.folder, name, self._key(form_tables()[name], row))
        self._filled = filled_rows(self.folder)

    def shown(self, column: Column, value: object) -> str:
        """A cell in words."""
        match value:
            case None:
                return ""
            case bool():
                return value_names(column, self.words)["true" if value else "false"]
            case Decimal():
                return f"{value.normalize():f}"
        return value_names(column, self.words).get(str(value), str(value))

    def _told(self, column: Column, reason: str, accepted: str) -> str:
        words = self.words
        told = _LOCAL_TIME if reason == "not_time" else words.join(list(value_names(column, words).values())) or accepted
        why = words.name(f"reason.{reason}")
        return words.text("{reason}. Accepted: {accepted}.", reason=why, accepted=told) if told else why

    def _check_folder(self) -> None:
        if self.folder.resolve() == samples_folder().resolve():
            raise UsageError("These are the samples, which stay as they are. Open your own folder: kmanalysis lab --data DIR")

    @staticmethod
    def _key(table: Table, row: Mapping[str, object]) -> list[object]:
        return [row[column] for column in table.key]
