"""The report's first page: how the month went in a screenful, and the way to everything else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from urllib.parse import quote

import pandas as pd

from kmanalysis.loaders.receipts import Receipt
from kmanalysis.reporting.html import month_name, page
from kmanalysis.reporting.pages import Page
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
        tiles=_tiles(graded, words),
        news=_news(graded, links, words),
        suppliers=_suppliers(workbook, graded, links),
        dimensions=DIMENSIONS,
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


def _failed(states: Mapping[Page, State], words: Words) -> list[dict]:
    failed = [(made, state) for made, state in states.items() if state.is_failed]
    return [{"href": href(made.path), "title": _full_title(made), "reason": words.name(f"failure.{state.ended}")} for made, state in failed]


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


def _tiles(graded: pd.DataFrame, words: Words) -> list[dict]:
    counts = graded["grade"].value_counts()
    tiles = [{"css": grade.lower(), "label": words.text("Grade {grade}", grade=grade), "count": int(counts.get(grade, 0)), "note": ""} for grade in GRADES]
    reasons = graded.loc[graded["grade"] == "", "reason"].value_counts()
    said = [f"{words.name(reason)} {reasons[reason]}" for reason in ("vetoed", "below_floor", "lacks_evidence") if reason in reasons]
    return [*tiles, {"css": "none", "label": words.name("not_graded"), "count": int(counts.get("", 0)), "note": " · ".join(said)}]


def _news(graded: pd.DataFrame, links: Mapping[str, str], words: Words) -> list[dict]:
    now, before = graded["rank"], graded["previous_grade"].map(RANKS)
    is_known = graded["was_there"]
    kinds = (
        ("rose", words.text("Rose"), is_known & (now > before)),
        ("fell", words.text("Fell"), is_known & (now < before)),
        ("vetoed", words.text("Vetoed"), graded["is_vetoed"]),
    )
    found = []
    for css, kind, chosen in kinds:
        rows = graded[chosen].to_dict("records")
        items = [{"name": row["name"], "href": links.get(row["supplier_id"], ""), "detail": _detail(css, row, words)} for row in rows]
        if items:
            found.append({"css": css, "kind": kind, "who": items})
    return found


def _detail(css: str, row: Mapping, words: Words) -> str:
    if css != "vetoed":
        return _step(row, words)
    vetoes = _vetoes(row, words)
    is_new = row["was_there"] and row["previous_reason"] != "vetoed"
    return words.text("{vetoes} (new this month)", vetoes=vetoes) if is_new else vetoes


def _vetoes(row: Mapping, words: Words) -> str:
    return words.text("; ").join(words.name(measure) for measure in row["vetoes"].split(";"))


def _step(row: Mapping, words: Words) -> str:
    return f"{row['previous_grade'] or words.name('not_graded')} → {row['grade'] or words.name('not_graded')}"


def _suppliers(workbook: Workbook, graded: pd.DataFrame, links: Mapping[str, str]) -> list[dict]:
    words = workbook.words
    scores = dimension_scores(workbook).set_index(["supplier_id", "dimension"])
    floor = workbook.standards.value(f"grade.{GRADES[-1]}.coverage")
    rows = []
    for row in graded.to_dict("records"):
        supplier = row["supplier_id"]
        change = row["score"] - row["previous_score"]
        rows.append(
            {
                "supplier_id": supplier,
                "name": row["name"],
                "href": links.get(supplier, ""),
                "grade": row["grade"],
                "css": row["grade"].lower() or ("vetoed" if row["is_vetoed"] else "none"),
                "reason": _reason(row, words),
                "score": _points(row["score"]),
                "change": _change(change),
                "direction": "" if math.isnan(change) or round(change, 1) == 0 else "up" if change > 0 else "down",
                "grade_change": _step(row, words) if row["was_there"] and row["grade"] != row["previous_grade"] else "",
                "probability": words.share(row["probability"], 0),
                "coverage": words.share(row["coverage"], 0),
                "is_thin": row["coverage"] < floor,
                "bars": [_bar(dimension, scores.loc[(supplier, dimension)], workbook) for dimension in DIMENSIONS],
            }
        )
    return rows


def _reason(row: Mapping, words: Words) -> str:
    if row["is_vetoed"]:
        return words.text(": ").join((words.name("vetoed"), _vetoes(row, words)))
    return words.name(row["reason"]) if row["reason"] else ""


def _bar(dimension: str, found: pd.Series, workbook: Workbook) -> dict:
    words, score = workbook.words, found["score"]
    tones = [(workbook.standards.value("grade.target_points"), "grade-s"), (workbook.standards.value("grade.B.points"), "grade-b"), (-1.0, "grade-vetoed")]
    title = words.text(
        "{dimension}: {score} points, {coverage} observed", dimension=words.name(dimension), score=_points(score), coverage=words.share(found["coverage"], 0)
    )
    return {
        "label": words.name(f"short.{dimension}"),
        "score": _points(score),
        "width": 0 if math.isnan(score) else round(score),
        "css": "none" if math.isnan(score) else next(css for floor, css in tones if score >= floor),
        "title": title,
    }


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


def _receipts(receipts: Sequence[Receipt], words: Words) -> list[dict]:
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
                "why": words.text("; ").join(f"{words.name(f'reason.{reason}')} {words.number(count)}" for reason, count in reasons),
            }
        )
    return rows


def changed_fields(ours: Standard, default: Standard) -> list[str]:
    """Names of the fields in which a standard differs from the default, its source apart."""
    return [field.name for field in fields(Standard) if field.name != "source" and getattr(ours, field.name) != getattr(default, field.name)]


def _changed(workbook: Workbook) -> list[dict]:
    words, defaults = workbook.words, default_standards()
    rows = []
    for identifier in workbook.standards.changed:
        ours, default = workbook.standards[identifier], defaults[identifier]
        names = changed_fields(ours, default)
        values = [words.text("; ").join(f"{words.name(f'column.{name}')} {getattr(standard, name)}" for name in names) for standard in (ours, default)]
        rows.append({"id": identifier, "name": words.name(identifier), "in_force": values[0], "default": values[1]})
    return rows
