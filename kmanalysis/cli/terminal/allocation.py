"""A purchase plan as text for a terminal, as CSV for a spreadsheet, or as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from kmanalysis.decisions.allocation.frames import PlanFrames
from kmanalysis.decisions.allocation.words import line_cells, part_cells, scenario_cells, sentences
from kmanalysis.report.sheets.data_files import csv_text
from kmanalysis.words import Words


def plan_text(plan: PlanFrames, words: Words, names: Mapping[str, str]) -> list[str | Table]:
    """The plan's sentences, then what to buy, what each supplier gets, and what the alternatives cost."""
    parts: list[str | Table] = [escape(f"• {sentence}") for sentence in sentences(plan.scenarios, plan.lines, plan.parts, words)]
    cells = {
        words.text("What to buy where"): line_cells(plan.lines, words, names),
        words.text("What each supplier gets"): part_cells(plan.parts[plan.parts["share"] > 0], words, names),
        words.text("What else it would cost"): scenario_cells(plan.scenarios, words),
    }
    return parts + [_table(found, title) for title, found in cells.items() if len(found)]


def plan_csv(plan: PlanFrames) -> str:
    """What to buy where, a row a supplier and SKU with the units planned and those of last month."""
    return csv_text(plan.lines.rename(columns={"supplier": "supplier_id"}))


def plan_json(plan: PlanFrames) -> str:
    """The three frames as JSON; amounts are texts, unknown values null."""
    facts = {name: records(frame) for name, frame in (("scenarios", plan.scenarios), ("lines", plan.lines), ("suppliers", plan.parts))}
    return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"


def records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """The rows as JSON can hold them: amounts and times as texts, unknown values as null."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: object) -> object:
    if isinstance(value, Decimal) or (isinstance(value, pd.Timestamp) and not pd.isna(value)):
        return str(value)
    return None if value is None or pd.isna(value) else value  # type: ignore[call-overload]


def _table(cells: pd.DataFrame, title: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    for place, heading in enumerate(cells.columns):
        table.add_column(heading, justify="left" if place < 1 else "right")
    for row in cells.values.tolist():
        table.add_row(*(escape(text) for text in row))
    return table
