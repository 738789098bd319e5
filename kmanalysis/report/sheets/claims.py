"""Claim sheets: one Excel file a supplier, that says to the supplier what is claimed, by which clause and on which evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pandas as pd

from kmanalysis.decisions.claims import claim_lines
from kmanalysis.files.durable import move_into_place, write_safely
from kmanalysis.report.sheets.files import HEADING, NUMBER_FORMATS, fitting, new_workbook
from kmanalysis.report.site.pages import file_stems
from kmanalysis.times import Month, to_local
from kmanalysis.units import unit_of
from kmanalysis.words import Words

_PARTIAL = ".partial"
_NAMED = {"state": "claim_state", "clause": "clause", "reason": "claim_reason"}
_COLUMNS = (
    "claim_id", "state", "contract_id", "order_id", "clause", "reason", "adjusts", "failed_at", "deadline", "reshipped_at", "base_amount", "remedy_share",
    "due_amount", "paid_amount", "outstanding_amount", "claimed_amount", "claim_amount", "currency", "ticket_ids", "compensation_ids",
)  # fmt: skip


def write_sheets(sheets: Mapping[str, bytes], folder: Path) -> list[tuple[Path, Path]]:
    """Writes the sheets (by file stem) beside where they will stand; gives (temporary file, target). A sheet that is there already is left as it is."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for stem, content in sheets.items():
        target = _free(folder, stem)
        temporary = target.with_name(target.name + _PARTIAL)
        write_safely(temporary, content)
        written.append((temporary, target))
    return written


def finish_sheets(written: list[tuple[Path, Path]]) -> Iterator[Path]:
    """Gives the written sheets their names."""
    for temporary, target in written:
        move_into_place(temporary, target)
        yield target


def drop_sheets(written: list[tuple[Path, Path]]) -> None:
    """Removes written sheets that have not got their names."""
    for temporary, _ in written:
        temporary.unlink(missing_ok=True)


def claim_sheets(lines: pd.DataFrame, month: Month, on: date, names: Mapping[str, str], words: Words) -> dict[str, bytes]:
    """The Excel files by stem, one for each supplier of the lines (as `claims_to_make` gives them)."""
    stems = file_stems(names)
    return {
        f"{stems[str(supplier)]}-{month}": _sheet(of_one, month, on, names[str(supplier)], words)
        for supplier, of_one in lines.groupby("supplier_id", sort=True)
    }


def _free(folder: Path, stem: str) -> Path:
    """The first name that is not taken: what was sent to a supplier is never written over."""
    number, target = 1, folder / f"{stem}.xlsx"
    while target.exists():
        number += 1
        target = folder / f"{stem}-{number}.xlsx"
    return target


def _sheet(lines: pd.DataFrame, month: Month, on: date, name: str, words: Words) -> bytes:
    target = BytesIO()
    with new_workbook(target, f"{words.text('Claims')} {month}") as book:
        sheet = book.add_worksheet(words.text("Claims"))
        bold, top = book.add_format({"bold": True}), book.add_format({"valign": "top"})
        head = book.add_format(HEADING)
        formats = {unit: book.add_format({"num_format": NUMBER_FORMATS[unit], "valign": "top"}) for unit in ("money", "share")}
        place = 0
        for label, said in _facts(lines, month, on, name, words):
            sheet.write_string(place, 0, label, bold)
            sheet.write_string(place, 1, fitting(said))
            place += 1
        place += 1
        for column, identifier in enumerate(_COLUMNS):
            sheet.write_string(place, column, words.name(f"ledger.{identifier}"), head)
            sheet.set_column(column, column, 22 if identifier in ("claim_id", "adjusts", "order_id", "ticket_ids", "compensation_ids") else 16)
        sheet.freeze_panes(place + 1, 0)
        for row in lines.to_dict("records"):
            place += 1
            for column, identifier in enumerate(_COLUMNS):
                value = row[identifier]
                if value is None or pd.isna(value):
                    continue
                if (number := formats.get(unit_of(identifier, claim_lines.name))) is not None:
                    sheet.write_number(place, column, float(value), number)
                else:
                    sheet.write_string(place, column, fitting(_said(value, identifier, words)), top)
    return target.getvalue()


def _facts(lines: pd.DataFrame, month: Month, on: date, name: str, words: Words) -> Iterator[tuple[str, str]]:
    yield words.text("Supplier"), f"{lines['supplier_id'].iloc[0]} {name}"
    yield words.text("Until the end of"), str(month)
    yield words.text("Claimed on"), words.day(on)
    for currency, of_one in lines.groupby("currency", sort=True):
        yield words.text("Total of the {count} lines", count=len(of_one)), words.money(sum(of_one["claim_amount"]), str(currency))
    yield words.text("Times"), words.text("Asia/Shanghai (UTC+8)")


def _said(value: object, column: str, words: Words) -> str:
    if isinstance(value, datetime):
        return f"{to_local(value):%Y-%m-%d %H:%M:%S}"
    text = str(value)
    return words.name(f"{_NAMED[column]}.{text}") if column in _NAMED else text
