"""Folders with hand-kept tables, forms made of them, and forms filled in as a person would."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl

from kmanalysis.engine.duckdb import connect
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.forms.filled import Filled, filled_rows
from kmanalysis.loaders.forms.layout import form_tables
from kmanalysis.report.sheets.forms import form_workbook
from kmanalysis.tables import tables
from kmanalysis.words import Words

FIRST = 5
"""The first row below the example."""


def folder_with(folder: Path, rows: Mapping[str, list[Mapping[str, object]]], columns: Mapping[str, list[str]] | None = None) -> Path:
    """A folder of CSV tables: suppliers S01 to S03, and these rows; a table has the columns named, or all."""
    folder.mkdir(parents=True, exist_ok=True)
    suppliers = [{"supplier_id": f"S0{number}", "name": f"店{number}"} for number in (1, 2, 3)]
    for name, of_table in {"suppliers": suppliers, **rows}.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, (columns or {}).get(name, list(tables()[name].columns)), lineterminator="\n")
            writer.writeheader()
            writer.writerows(of_table)
    return folder


def form_of(path: Path, folder: Path | None = None, lang: str = "zh") -> Path:
    """A form, filled in with the folder's rows."""
    path.write_bytes(form_workbook(filled_rows(folder) if folder else Filled(), Words(lang)))
    return path


def title(table: str, lang: str = "zh") -> str:
    """What the table's sheet is called."""
    return Words(lang).name(table)


def edit(path: Path, *changes: Callable[[openpyxl.Workbook], object]) -> Path:
    """Opens the form, changes it and saves it."""
    book = openpyxl.load_workbook(path)
    for change in changes:
        change(book)
    book.save(path)
    return path


def add(table: str, *rows: Mapping[str, object], lang: str = "zh", line: int | None = None) -> Callable[[openpyxl.Workbook], object]:
    """Writes rows below those of the table's sheet (or from a line on), cells by their columns' canonical names."""

    def change(book: openpyxl.Workbook) -> None:
        sheet = book[title(table, lang)]
        places = {cell.value: cell.column for cell in sheet[1]}
        last = max((cell.row for row in sheet.iter_rows(min_row=FIRST) for cell in row if cell.value is not None), default=FIRST - 1)
        for number, row in enumerate(rows, start=line or last + 1):
            for name, value in row.items():
                sheet.cell(number, places[name]).value = value

    return change


def rows_of(folder: Path, *names: str) -> dict[str, list[tuple]]:
    """The rows of the folder's form tables, as the engine has them; a table that is not there is not in it."""
    connection = connect()
    found = attach(connection, folder)
    assert not len(found.rejects), found.rejects
    return {
        name: connection.execute(f'SELECT {", ".join(table.columns)} FROM "{name}" ORDER BY {", ".join(table.key)}').fetchall()
        for name, table in form_tables().items()
        if name in found.given and (not names or name in names)
    }


def receipt(attached, table: str):
    """The receipt of a table."""
    (found,) = [one for one in attached.receipts if one.table == table]
    return found
