"""The decisions as sheets of scorecard.xlsx: what to do, what to claim, how trials went, who fits, who could step in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from kmanalysis.measures import needs
from kmanalysis.planning import backups, claims
from kmanalysis.scoring import actions, trial_verdicts
from kmanalysis.times import to_local
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook


@dataclass(frozen=True)
class Sheet:
    """A sheet made of a finished frame: its columns by the sheet's names for them, and those whose cells are named in the catalogue, by prefix."""

    frame: Callable[[Workbook], pd.DataFrame]
    columns: Mapping[str, str]
    named: Mapping[str, str] = field(default_factory=dict)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


SHEETS: Mapping[str, Sheet] = {
    "actions": Sheet(
        actions.actions,
        {
            "action": "action",
            "reason": "why",
            "months": "months_so",
            "measures": "measures",
            **_same("check_on", "right_since", "grade"),
            "previous_action": "previous_action",
        },
        {"action": "action", "previous_action": "action", "why": "cause"},
    ),
    "money": Sheet(actions.action_money, _same("owed_amount", "purchased_amount", "switching_cost", "currency")),
    "claims": Sheet(
        claims.claim_lines,
        {
            **_same("claim_id"),
            "state": "claim_state",
            **_same("clause", "contract_id", "order_id", "failed_at", "deadline", "base_amount", "remedy_share"),
            **_same("due_amount", "paid_amount", "outstanding_amount", "claim_amount", "currency", "ticket_ids"),
        },
        {"claim_state": "claim_state", "clause": "clause"},
    ),
    "trials": Sheet(
        trial_verdicts.criteria,
        _same("trial_id", "criterion", "value", "unit", "n", "lower", "upper", "op", "target", "verdict"),
        {"criterion": ""},
    ),
    "needs": Sheet(
        needs.match,
        {**_same("subject", "item"), "value": "asked_for", "is_must": "is_must", "state": "need_state", "found": "found", "n": "n"},
        {"subject": "value", "item": "need", "need_state": ""},
    ),
    "backups": Sheet(
        backups.backup_skus,
        {
            "sku": "sku",
            "name": "sku_name",
            **_same("orders", "needed", "backups", "carried", "carried_share"),
            "reason": "hurdle",
            **_same("extra_cost", "currency"),
        },
        {"hurdle": "hurdle"},
    ),
}


def decision_sheets(workbook: Workbook) -> dict[str, pd.DataFrame]:
    """The sheets' tables by their names, a supplier's name beside its id; a sheet is left out where its frame is not at hand."""
    return {name: _table(sheet, workbook) for name, sheet in SHEETS.items() if workbook.holds(sheet.frame)}


def _table(sheet: Sheet, workbook: Workbook) -> pd.DataFrame:
    # What is about the others too names its supplier otherwise, so that it stays on the portfolio's pages.
    found = sheet.frame(workbook).rename(columns={"supplier": "supplier_id"})
    table = found[["supplier_id", *sheet.columns]].rename(columns=dict(sheet.columns))
    for column, prefix in sheet.named.items():
        table[column] = table[column].map(partial(_named, prefix=prefix, words=workbook.words))
    for column in table.columns:
        # A day as it is, a time in Asia/Shanghai: as text, which sorts and which no spreadsheet turns into another.
        if pd.api.types.is_datetime64_any_dtype(table[column]):
            table[column] = table[column].dt.strftime("%Y-%m-%d") if column.endswith("_on") else to_local(table[column]).dt.strftime("%Y-%m-%d %H:%M")
        elif column == "measures":
            table[column] = [workbook.words.text("; ").join(workbook.words.name(measure) for measure in cell.split(";") if measure) for cell in table[column]]
    table.insert(1, "name", table["supplier_id"].map(workbook.names))
    return table


def _named(cell: object, prefix: str, words: Words) -> object:
    if not isinstance(cell, str) or not cell:
        return cell
    identifiers = [f"{prefix}.{cell}"] if prefix else [cell, f"value.{cell}"]
    return next((words.name(identifier) for identifier in identifiers if words.has_name(identifier)), cell)
