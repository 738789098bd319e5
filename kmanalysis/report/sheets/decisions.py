"""The decisions as sheets of scorecard.xlsx: what to do, what to claim, how trials went, who fits, who could step in, what to buy where."""

from __future__ import annotations

from functools import partial

import pandas as pd

from kmanalysis.report.sheets.columns import SHEETS, SUPPLIERS, Sheet
from kmanalysis.times import to_local
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook


def decision_sheets(workbook: Workbook) -> dict[str, pd.DataFrame]:
    """The sheets' tables by their names, a supplier's name beside its id; a sheet is left out where its frame is not at hand."""
    return {name: _table(sheet, workbook) for name, sheet in SHEETS.items() if workbook.holds(sheet.frame)}


def _table(sheet: Sheet, workbook: Workbook) -> pd.DataFrame:
    found = sheet.shaped(sheet.frame(workbook))
    table = found[list(sheet.columns)].rename(columns=dict(sheet.columns))
    for column, prefix in sheet.named.items():
        table[column] = table[column].map(partial(_named, prefix=prefix, words=workbook.words))
    for column, unit in sheet.units.items():
        # A day as it is, a time in Asia/Shanghai: as text, which sorts and which no spreadsheet turns into another.
        if unit == "day":
            table[column] = pd.to_datetime(table[column]).dt.strftime("%Y-%m-%d")
        elif unit == "moment":
            table[column] = to_local(pd.to_datetime(table[column])).dt.strftime("%Y-%m-%d %H:%M")
    for column, name in SUPPLIERS.items():
        if column in table.columns:
            table.insert(list(table.columns).index(column) + 1, name, table[column].map(workbook.names))
    return table.astype("object").where(table.notna(), None)  # whatever a frame calls missing


def _named(cell: object, prefix: str, words: Words) -> object:
    if not isinstance(cell, str) or not cell:
        return cell
    return words.join([_name(code, prefix, words) for code in cell.split(";") if code], "; ")


def _name(code: str, prefix: str, words: Words) -> str:
    identifiers = [f"{one}.{code}" for one in prefix.split("|")] if prefix else [code, f"value.{code}"]
    return next((words.name(identifier) for identifier in identifiers if words.has_name(identifier)), code)
