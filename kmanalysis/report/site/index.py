"""The report's first page: the month in five lines, every supplier in a row, and the way to everything else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote

import pandas as pd

from kmanalysis.charts.kit.cells import Row
from kmanalysis.decisions.actions import actions
from kmanalysis.loaders.checking.receipts import Receipt
from kmanalysis.report.site.html import month_name, page
from kmanalysis.report.site.pages import Page
from kmanalysis.report.site.summary import five_lines, grade_tiles, step, vetoes
from kmanalysis.scoring.grades import RANKS, grade_history, grades
from kmanalysis.scoring.scorecard import dimension_scores
from kmanalysis.standards import Standard, default_standards
from kmanalysis.tables import DIMENSIONS, GRADES
from kmanalysis.words import MISSING, Words
from kmanalysis.workbook import Workbook

FILES = ("scorecard.xlsx", "scorecard.csv", "measures.parquet", "manifest.json")


@dataclass(frozen=True)
class State:
    """What is in the report of a page: the digest that it was made from, how it ended (ok, or why it failed), and whether the data have changed since."""

    digest: str
    ended: str
    is_outdated: bool = False

    @property
    def is_failed(self) -> bool:
        """Whether the notebook did not come to its end."""
        return self.ended != "ok"


def href(path: str) -> str:
    """The path as an address."""
    return quote(path)


def index_page(workbook: Workbook, states: Mapping[Page, State], receipts: Sequence[Receipt], provenance: Sequence[tuple[str, str]]) -> bytes:
    """The first page, of a workbook whose grades are finished and the pages that are there."""
    words = workbook.words
    graded = _graded(workbook)
    links = {made.supplier: href(made.path) for made in states if made.supplier}
    portfolio = [made for made in states if not made.supplier]
    return page(
        "index.html.j2",
        words,
        title=words.text("Supplier report"),
        month=month_name(workbook.month, words),
        home="index.html",
        is_home=True,
        links=[],
        lines=five_lines(workbook, graded, links, {made.notebook.name: href(made.path) for made in portfolio}),
        tiles=grade_tiles(graded, words),
        suppliers=_suppliers(workbook, graded, links),
        columns=_columns(words),
        target=words.number(workbook.standards.value("grade.target_points")),
        pages=[{"href": href(made.path), "title": made.title, "note": _note(states[made], words)} for made in portfolio],
        failed=[
            {"href": href(made.path), "title": _full_title(made), "reason": words.name(f"failure.{state.ended}")}
            for made, state in states.items()
            if state.is_failed
        ],
        files=[{"href": name, "text": name} for name in FILES],
        receipts_sentence=_receipts_sentence(receipts, words),
        receipts=_receipts(receipts, words),
        has_rejects=any(receipt.rejected for receipt in receipts),
        changed=_changed(workbook),
        provenance=provenance,
    )


def _graded(workbook: Workbook) -> pd.DataFrame:
    """The grades, best first, beside those of the month before (columns previous_…; empty or NaN where there was none)."""
    history = grade_history(workbook)
    before = history[history["month"] == str(workbook.month - 1)]
    columns = ["supplier_id", "grade", "reason", "score"]
    both = grades(workbook).merge(before[columns].rename(columns={name: f"previous_{name}" for name in columns[1:]}), on="supplier_id", how="left")
    both["was_there"] = both["supplier_id"].isin(set(before["supplier_id"]))
    both[["previous_grade", "previous_reason"]] = both[["previous_grade", "previous_reason"]].fillna("")
    both["rank"] = both["grade"].map(RANKS)
    both["is_vetoed"] = both["reason"] == "vetoed"
    return both.sort_values(["rank", "is_vetoed", "score", "supplier_id"], ascending=[False, True, False, True], na_position="last", ignore_index=True)


def _columns(words: Words) -> list[dict[str, Any]]:
    """Headings of the table of suppliers, in the order of its cells."""
    plain = [("column.grade", ""), ("column.name", ""), ("column.score", "number")]
    known = [{"text": words.name(name), "css": css} for name, css in plain]
    known.append({"text": words.text("Against last month"), "css": ""})
    known += [{"text": words.name(f"short.{dimension}"), "css": "dimension"} for dimension in DIMENSIONS]
    return known + [{"text": words.name(f"column.{name}"), "css": "number"} for name in ("probability", "coverage")]


def _suppliers(workbook: Workbook, graded: pd.DataFrame, links: Mapping[str, str]) -> list[dict[str, Any]]:
    words = workbook.words
    scores = dimension_scores(workbook).set_index(["supplier_id", "dimension"])["score"]
    floor = workbook.standards.value(f"grade.{GRADES[-1]}.coverage")
    todo = dict(zip(*(actions(workbook)[column] for column in ("supplier_id", "action")), strict=True)) if workbook.holds(actions) else {}
    rows, seen = [], set()
    for row in graded.to_dict("records"):
        supplier = row["supplier_id"]
        change = row["score"] - row["previous_score"]
        css = row["grade"].lower() or ("vetoed" if row["is_vetoed"] else "none")
        place = row["grade"].lower() or "none"
        rows.append(
            {
                # Where the tile of the grade leads to.
                "anchor": "" if place in seen else f"grade-{place}",
                "supplier_id": supplier,
                "name": row["name"],
                "href": links.get(supplier, ""),
                "grade": row["grade"],
                "css": css,
                "reason": _reason(row, words),
                "action": words.name(f"action.{todo[supplier]}") if todo.get(supplier, "keep") != "keep" else "",
                "action_css": todo.get(supplier, ""),
                "score": _points(row["score"]),
                "change": _change(change),
                "direction": "" if math.isnan(change) or round(change, 1) == 0 else "up" if change > 0 else "down",
                "grade_change": step(row, words) if row["was_there"] and row["grade"] != row["previous_grade"] else "",
                "probability": words.share(row["probability"], 0),
                "coverage": words.share(row["coverage"], 0),
                "is_thin": row["coverage"] < floor,
                "bars": [_bar(scores.loc[(supplier, dimension)], workbook) for dimension in DIMENSIONS],
            }
        )
        seen.add(place)
    return rows


def _reason(row: Row, words: Words) -> str:
    if row["is_vetoed"]:
        return words.entry(words.name("vetoed"), vetoes(row, words))
    return words.name(row["reason"]) if row["reason"] else ""


def _bar(score: float, workbook: Workbook) -> dict[str, Any]:
    """A dimension's score, its bar's width in percent and its tone: s and b from those points on, v below; n without data."""
    tones = [(workbook.standards.value("grade.target_points"), "s"), (workbook.standards.value("grade.B.points"), "b"), (-1.0, "v")]
    is_known = not math.isnan(score)
    return {"score": _points(score), "width": round(score) if is_known else 0, "css": next(css for floor, css in tones if score >= floor) if is_known else "n"}


def _points(score: float) -> str:
    return MISSING if math.isnan(score) else f"{score:.1f}"


def _change(change: float) -> str:
    if math.isnan(change):
        return MISSING
    rounded = round(change, 1)
    return f"{'▲' if rounded > 0 else '▼'} {abs(rounded):.1f}" if rounded else "="


def _note(state: State, words: Words) -> str:
    if state.is_failed:
        return words.name(f"failure.{state.ended}")
    return words.text("made from earlier data") if state.is_outdated else ""


def _full_title(made: Page) -> str:
    return f"{made.title} ({made.supplier})" if made.supplier else made.title


def _receipts_sentence(receipts: Sequence[Receipt], words: Words) -> str:
    rejected, doubts = (sum(sum(getattr(receipt, kind).values()) for receipt in receipts) for kind in ("rejected", "doubts"))
    return words.text(
        "{read} rows of {tables} tables were read; {rejected} were rejected and left out, {doubts} were kept in doubt.",
        read=words.number(sum(receipt.read for receipt in receipts)),
        tables=words.number(len({receipt.table for receipt in receipts if receipt.read})),
        rejected=words.number(rejected),
        doubts=words.number(doubts),
    )


def _receipts(receipts: Sequence[Receipt], words: Words) -> list[dict[str, Any]]:
    rows = []
    for receipt in (receipt for receipt in receipts if receipt.read):
        reasons = [*receipt.rejected.items(), *receipt.doubts.items()]
        rows.append(
            {
                "table": words.name(receipt.table),
                "read": words.number(receipt.read),
                "rejected": words.number(sum(receipt.rejected.values())),
                "doubts": words.number(sum(receipt.doubts.values())),
                "is_bad": bool(receipt.rejected),
                "why": words.join([f"{words.name(f'reason.{reason}')} {words.number(count)}" for reason, count in reasons], "; "),
            }
        )
    return rows


def changed_fields(ours: Standard, default: Standard) -> list[str]:
    """Names of the fields in which a standard differs from the default, its source apart."""
    return [field.name for field in fields(Standard) if field.name != "source" and getattr(ours, field.name) != getattr(default, field.name)]


def _changed(workbook: Workbook) -> list[dict[str, Any]]:
    words, defaults = workbook.words, default_standards()
    rows = []
    for identifier in workbook.standards.changed:
        ours, default = workbook.standards[identifier], defaults[identifier]
        names = changed_fields(ours, default)
        values = [words.join([f"{words.name(f'column.{name}')} {getattr(standard, name)}" for name in names], "; ") for standard in (ours, default)]
        rows.append({"id": identifier, "name": words.name(identifier), "in_force": values[0], "default": values[1]})
    return rows
