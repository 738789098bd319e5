"""The scorecard, the grades and the receipts as text for a terminal, a spreadsheet or a program."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from kmanalysis.loaders.checking.receipts import receipts_json, receipts_text
from kmanalysis.loaders.folder import Attached
from kmanalysis.report.sheets.data_files import csv_text, scorecard_csv
from kmanalysis.scoring.grades import grade_history, grades
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.tables import DIMENSIONS, SCORECARD
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook

_VERDICT_STYLES = {"met": "green", "missed": "bold red", "unproven": "yellow", "no_data": "dim"}
_VERDICT_SIGNS = {"met": "✓", "missed": "✗", "unproven": "?", "no_data": "—"}
_GRADE_STYLES = {"S": "bold green", "A": "bold blue", "B": "bold yellow", "": "dim"}


def score_table(workbook: Workbook) -> Table:
    """Every supplier's grade, and the verdict on each measure; for a terminal."""
    words = workbook.words
    judged = scorecard(workbook)
    table = Table(title=words.text("Scorecard of {month}", month=workbook.month), header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("supplier_id", "name", "grade", "score", "coverage"):
        table.add_column(words.name(f"column.{heading}"), justify="right" if heading in ("score", "coverage") else "left", min_width=4, overflow="fold")
    for dimension in DIMENSIONS:
        table.add_column(words.name(f"short.{dimension}"), min_width=6)
    signs = {key: "".join(_sign(verdict) for verdict in verdicts) for key, verdicts in judged.groupby(["supplier_id", "dimension"])["verdict"]}
    for row in grades(workbook).to_dict("records"):
        table.add_row(
            escape(row["supplier_id"]),
            escape(row["name"]),
            _grade(row, words),
            words.number(row["score"], 1),
            words.share(row["coverage"], 0),
            *(signs.get((row["supplier_id"], dimension), "") for dimension in DIMENSIONS),
        )
    legend = [f"{_sign(verdict)} {words.name(verdict)}" for verdict in _VERDICT_SIGNS]
    table.caption = "   ".join(legend)
    return table


def grades_table(workbook: Workbook) -> Table:
    """The grade of every supplier in every month looked back on; for a terminal."""
    words = workbook.words
    table = Table(title=words.text("Grades by month"), header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(words.name("column.supplier_id"))
    table.add_column(words.name("column.name"))
    for month in workbook.months:
        table.add_column(str(month))
    by_supplier = {supplier: rows.set_index("month").to_dict("index") for supplier, rows in grade_history(workbook).groupby("supplier_id")}
    for supplier, name in workbook.names.items():
        months = by_supplier.get(supplier, {})
        table.add_row(escape(supplier), escape(name), *(_grade(months[str(month)], words) if str(month) in months else "" for month in workbook.months))
    return table


def score_csv(workbook: Workbook, by_month: bool) -> str:
    """The scorecard as CSV (``tables.SCORECARD``); with ``by_month`` the grades of every month."""
    return csv_text(grade_history(workbook)) if by_month else scorecard_csv(scorecard(workbook))


def score_json(workbook: Workbook, by_month: bool) -> str:
    """Scorecard and grades as JSON, null where there is no value; with ``by_month`` the grades of every month."""
    facts: dict[str, object] = {"month": str(workbook.month), "standards": workbook.standards.digest}
    if by_month:
        facts["grades"] = _records(grade_history(workbook))
    else:
        facts |= {"scorecard": _records(scorecard(workbook)[list(SCORECARD)]), "grades": _records(grades(workbook))}
    return json.dumps(facts, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def check_text(attached: Attached, words: Words) -> str:
    """Receipts, then a line for each fault."""
    return "\n".join([receipts_text(attached.receipts, words), *fault_lines(attached.rejects, words)]) + "\n"


def fault_lines(rejects: pd.DataFrame, words: Words) -> list[str]:
    """A line for each fault of a rejects frame: where, what was found, what is accepted."""
    return [
        words.text(
            "{file}, line {line}, column {column}: {reason}. Found: {value}. Accepted: {accepted}.",
            reason=words.name(f"reason.{fault['reason']}"),
            **{name: _cell(fault[name]) for name in ("file", "line", "column", "value", "accepted")},
        )
        for fault in rejects.to_dict("records")
    ]


def check_json(attached: Attached, words: Words) -> str:
    """Receipts and rejected rows as JSON."""
    facts = {"receipts": json.loads(receipts_json(attached.receipts)), "rejects": _records(attached.rejects)}
    return json.dumps(facts, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def check_csv(attached: Attached, words: Words) -> str:
    """The rejected rows as CSV (`receipts.REJECT_COLUMNS`)."""
    return csv_text(attached.rejects)


def _sign(verdict: str) -> str:
    return f"[{_VERDICT_STYLES[verdict]}]{_VERDICT_SIGNS[verdict]}[/]"


def _grade(row: Mapping[Hashable, Any], words: Words) -> str:
    text = row["grade"] or words.name(row["reason"] or "not_graded")
    return f"[{_GRADE_STYLES[row['grade']]}]{escape(text)}[/]"


def _cell(value: object) -> str:
    return "—" if value is None or value != value or value == "" else str(value)


def _records(frame: pd.DataFrame) -> list[dict[Hashable, object]]:
    empty = frame.astype("object").where(frame.notna(), None)
    return [{name: getattr(value, "item", lambda value=value: value)() for name, value in row.items()} for row in empty.to_dict("records")]
