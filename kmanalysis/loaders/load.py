"""Raw exports into a workbook folder: read, mapped, secrets digested, validated, merged by key, written whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pandas as pd

from kmanalysis.detector import masked_name, names_code
from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import check_name
from kmanalysis.errors import DataError, MappingError
from kmanalysis.files.faults import check_readable, said
from kmanalysis.loaders.checking.receipts import Receipt, summed
from kmanalysis.loaders.checking.rules import Outcome, no_rejects, validate
from kmanalysis.loaders.checking.secrets import file_name, key_of
from kmanalysis.loaders.folder import Attached, attach, in_reading_order
from kmanalysis.loaders.mapping.model import SourceMapping
from kmanalysis.loaders.mapping.toml import load_mapping
from kmanalysis.loaders.mapping.translation import Translation, add_functions, header_finder
from kmanalysis.loaders.merging import Merging
from kmanalysis.loaders.reading.headings import folded
from kmanalysis.loaders.reading.records import footer_pattern
from kmanalysis.loaders.reading.sheets import stage_sheet
from kmanalysis.loaders.reading.text import Staged, drop_staged, stage_parquet, stage_text
from kmanalysis.loaders.reading.workbook import is_workbook
from kmanalysis.loaders.store import locked, put_in_place, rejected_list, write_rejected
from kmanalysis.tables import Table
from kmanalysis.words import Words


def check(folder: Path) -> Attached:
    """Validates every table of a folder anew, stamped ones too. Raises DataError where it cannot be read at all."""
    with said(folder):
        return attach(connect(reads=[folder]), folder, trust=False)


def load(files: Sequence[Path], mapping: SourceMapping | Path, into: Path, *, table: str = "", words: Words | None = None) -> Attached:
    """Loads raw files through a mapping into a folder's tables: all that it maps, or the one named.

    Rows replace those of the same key, in the columns that are mapped; the same file again changes nothing. Rejected rows go to
    ``rejected/<table>-<file with its suffix>.csv`` in the folder. A load that fails or is killed leaves the tables as they were.
    Raises DataError for files and folders that cannot be used (PathError where the system refuses them), MappingError where mapping and file do not fit.
    """
    chosen = mapping if isinstance(mapping, SourceMapping) else load_mapping(mapping)
    if table and table not in chosen.tables:
        raise MappingError("{mapping} does not map {table}. It maps: {accepted}.", mapping=chosen.name, table=table, accepted=", ".join(chosen.tables))
    for path in files:
        check_name(path)
        if not path.is_file():
            raise DataError("File {file} was not found.", file=path.name)
        check_readable(path)
    with locked(into):
        return _Load(chosen, [table] if table else list(chosen.tables), into, words or Words(), files).run()


class _Load:
    def __init__(self, mapping: SourceMapping, wanted: list[str], into: Path, words: Words, files: Sequence[Path]) -> None:
        self.mapping, self.into, self.words, self.files = mapping, into, words, files
        self.tables = [table for table in in_reading_order() if table.name in wanted]
        self.connection: duckdb.DuckDBPyConnection = connect(reads=[into, *files], holds_secrets=True)
        self.merging = Merging(self.connection, into, [table.name for table in self.tables])
        for table in self.tables:
            # A folder that cannot be written is refused before a large file is read.
            self.merging.find_target(table)
        self.key = key_of(into)
        add_functions(self.connection, self.key)
        self.receipts: list[Receipt] = []
        self.rejects: dict[tuple[str, Path], pd.DataFrame] = {}

    def run(self) -> Attached:
        self.merging.open()
        for path in self.files:
            self._load_file(path)
        self._write()
        return Attached(self.receipts, pd.concat([no_rejects(), *self.rejects.values()], ignore_index=True))

    def _load_file(self, path: Path) -> None:
        staged = stage(self.connection, path, self.mapping)
        for table in self.tables:
            self._load_table(table, path, staged)
        drop_staged(self.connection, staged)

    def _load_table(self, table: Table, path: Path, staged: Staged) -> None:
        mapped = self.mapping.tables[table.name]
        translation = Translation(self.connection, self.mapping, mapped, staged, path.name)
        places = {number: self._shown(place) for number, place in staged.places(path.name).items()}
        self.connection.execute(f"CREATE OR REPLACE VIEW _text AS {translation.select(0)}")
        outcome = validate(
            self.connection,
            "_text",
            table,
            "_incoming",
            places,
            known=self.merging.known,
            key=self.key,
            repeats=mapped.repeats,
            holds_codes=self.mapping.holds_codes or any(map(names_code, staged.headings)),
            answered=translation.answered,
            doubted=translation.doubts,
            kinds=self.mapping.source.secrets,
        )
        rows = self.connection.execute(f"SELECT count(*) FROM {staged.relation}").fetchone()
        counts = self.merging.take(table, "_incoming", translation.columns)
        self.connection.execute("DROP VIEW _text; DROP TABLE IF EXISTS _incoming")
        self._tell(table, path, outcome, counts, staged, filtered=(rows[0] if rows else 0) - sum(outcome.read.values()))
        headings = translation.headings
        named = [", ".join(masked_name(headings.get(column, column)) for column in columns.split(", ")) for columns in outcome.rejects["column"]]
        self.rejects[table.name, path] = outcome.rejects.assign(column=named)

    def _shown(self, name: str) -> str:
        return file_name(name, self.key)

    def _tell(self, table: Table, path: Path, outcome: Outcome, counts: Counter[str], staged: Staged, *, filtered: int) -> None:
        repeated = sum(outcome.same.values())
        read = {folded(heading) for heading in self.mapping.headings}
        # What is true of the whole file is said once.
        is_first = table is self.tables[0]
        self.receipts.append(
            Receipt(
                table.name,
                self._shown(path.name),
                sum(outcome.read.values()),
                counts.total() + repeated,
                new=counts["new"],
                updated=counts["updated"],
                same=counts["same"] + repeated,
                rejected=summed(outcome.rejected),
                doubts=summed(outcome.doubts),
                named=outcome.named,
                filtered=filtered,
                skipped=staged.skipped,
                unheaded=[letter for letter in staged.unheaded.values() if folded(letter) not in read] if is_first else [],
                unread_sheets=list(map(self._shown, staged.unread_sheets)) if is_first else [],
                hidden_sheets=list(map(self._shown, staged.hidden_sheets)) if is_first else [],
            )
        )

    def _write(self) -> None:
        # Files of several folders may have one name: their rows share a list.
        lists: dict[Path, list[pd.DataFrame]] = {}
        for (name, path), rejects in self.rejects.items():
            lists.setdefault(rejected_list(self.into, name, self._shown(path.name)), []).append(rejects)
        finished = []
        for target, rejected in lists.items():
            if written := write_rejected(pd.concat(rejected, ignore_index=True), target, self.words):
                finished.append(written)
        put_in_place(finished + self.merging.written(), self.into)


def stage(connection: duckdb.DuckDBPyConnection, path: Path, mapping: SourceMapping) -> Staged:
    """Reads a raw file into the engine as the mapping's source section says. Raises DataError, or MappingError where its encoding is no whole one."""
    source = mapping.source
    footer = footer_pattern(source.footer)
    if is_workbook(path):
        return stage_sheet(
            connection, path, "_staged", sheet=source.sheet, header=header_finder(mapping), headings=source.headings, footer=footer, empty=source.empty
        )
    if path.suffix.lower() == ".parquet":
        return stage_parquet(connection, path, "_staged")
    return stage_text(
        connection,
        path,
        "_staged",
        encoding=source.encoding,
        delimiter=source.delimiter,
        header=header_finder(mapping),
        headings=source.headings,
        footer=footer,
        dialect=source.dialect,
    )
