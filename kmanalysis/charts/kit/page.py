"""What a page says in words: its opening, its headings, and the frames of one supplier."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape

import pandas as pd
from IPython.display import Markdown

from kmanalysis.charts.kit.cells import Row, asked, source_of, supplier_name
from kmanalysis.charts.kit.tables import Table, evidence, evidence_anchor, grade_name, standard_anchor, table
from kmanalysis.charts.kit.text import markdown
from kmanalysis.measures import observation
from kmanalysis.measures.price import market
from kmanalysis.measures.stability import orders, servers, stock
from kmanalysis.scoring.grades import grade_history, grades
from kmanalysis.scoring.scorecard import reasons, standards_frame
from kmanalysis.standards import SIGNS, Standard, Standards
from kmanalysis.tables import GRADES
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook

STANDARDS = "standards"
"""The place on a page of its `settings_table`."""

NAMED, FEW = 3, 6
"""Suppliers that a sentence and a list name, at most."""


def heading(text: str, words: Words | None = None) -> Markdown:
    """A section's heading; with ``words`` it leads to the page's `settings_table`."""
    way = f"\n\n[{words.text('Standards')}](#{STANDARDS})" if words else ""
    return markdown(f"## {plain(text)}{way}")


def measure_heading(measure: str, words: Words) -> Markdown:
    """The heading of a measure's section, with the ways to its standard and to the worst rows behind it."""
    ways = [(words.text("Standard"), standard_anchor(measure)), (words.text("Worst rows"), evidence_anchor(measure))]
    return markdown(f"## {plain(words.name(measure))}\n\n" + " · ".join(f"[{text}](#{anchor})" for text, anchor in ways))


def settings_table(standards: Standards, families: Sequence[str], words: Words) -> Table:
    """The standards that a page is worked out by, and where each comes from; changed ones marked. ``families`` are ids, or their beginnings."""
    ours = [identifier for family in families for identifier in sorted(standards) if identifier == family or identifier.startswith(f"{family}.")]
    headings = [words.text("Measure"), words.text("Value"), words.text("Source")]
    cells = [[words.name(identifier), _setting(standards[identifier], words), source_of(identifier, standards, words)] for identifier in ours]
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("The settings in force"),
        numbers=headings[1:2],
        note=words.text("* differs from the default.") if set(ours) & set(standards.changed) else "",
        empty=words.text("There is none to show."),
        anchor=STANDARDS,
        anchors={words.name(identifier): standard_anchor(identifier) for identifier in ours},
    )


def _setting(standard: Standard, words: Words) -> str:
    sign = "" if standard.op == "=" else f"{SIGNS[standard.op]}\u00a0"
    return sign + words.quantity(standard.value, standard.unit)


def opening(card: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Markdown:
    """How the suppliers did in what the scorecard rows hold: who missed something, and the worst of each missed measure."""
    # What weighs nothing speaks of our own watching, or of what nobody asked for.
    card = card[card["weight"] > 0]
    by_supplier = card.groupby("supplier_id")["verdict"].agg(set)
    if by_supplier.map(lambda found: found <= {"no_data"}).all():
        return markdown(words.text("Nothing was observed here this month. No verdict is given: no data is not a good mark, and not a bad one."))
    missed = [supplier for supplier, found in by_supplier.items() if "missed" in found]
    unseen = sum(found <= {"no_data"} for found in by_supplier)
    lead = words.text("{missed} of {all} suppliers missed at least one standard.", missed=len(missed), all=len(by_supplier))
    if not missed:
        lead = words.text("No supplier missed a standard, of {all}.", all=len(by_supplier))
        is_decided = (card["verdict"] == "met").any()
        lead = lead if is_decided else words.text("Nothing could be decided: what was observed proves too little.")
    apart = words.text("{count} have no data at all here.", count=unseen) if unseen else ""
    lines = [_measure_line(of_measure, words, names) for _, of_measure in card.groupby("measure", sort=False)]
    return markdown(f"**{lead}** {apart}\n\n" + "\n".join(f"- {line}" for line in lines if line))


def _measure_line(of_measure: pd.DataFrame, words: Words, names: Mapping[str, str]) -> str:
    missed = of_measure[of_measure["verdict"] == "missed"]
    if missed.empty:
        return ""
    rising = missed.iloc[0]["op"] == ">="
    order = missed.sort_values(["value", "supplier_id"], ascending=[rising, True]).to_dict("records")
    told = [f"{plain(supplier_name(row['supplier_id'], names))} ({words.quantity(row['value'], row['unit'])})" for row in order[:NAMED]]
    more = words.text(" and {count} more", count=len(order) - NAMED) if len(order) > NAMED else ""
    name, limit = words.name(order[0]["measure"]), asked(order[0], words)
    return words.text("**{measure}** (asked for: {asked}) missed by {suppliers}", measure=name, asked=limit, suppliers=words.join(told)) + more


def review_opening(graded: pd.DataFrame, before: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Markdown:
    """The month's grades in words: how many of each, who is not graded, who rose and who fell. ``before`` holds the last month's grades."""
    counts = [words.text("{grade}: {count}", grade=words.name(grade), count=int((graded["grade"] == grade).sum())) for grade in GRADES]
    lines = [
        words.text("**{all} suppliers**: {counts}; not graded: {none}.", all=len(graded), counts=words.join(counts), none=int((graded["grade"] == "").sum()))
    ]
    for reason in ("vetoed", "below_floor", "lacks_evidence"):
        without_grade = list(graded.loc[graded["reason"] == reason, "supplier_id"])
        if without_grade:
            lines.append(f"- **{words.name(reason)}** ({len(without_grade)}) {_named(without_grade, names, words)}")
    last = before.set_index("supplier_id")["grade"] if len(before) else pd.Series(dtype="str")
    rank = {grade: place for place, grade in enumerate(reversed(("S", "A", "B", "")))}
    both = graded[graded["supplier_id"].isin(last.index)]
    change = both["grade"].map(rank).astype("float64") - both["supplier_id"].map(last).map(rank).astype("float64")
    for sign, moved in ((words.text("risen"), both[change > 0]), (words.text("fallen"), both[change < 0])):
        steps = zip(moved["supplier_id"], moved["supplier_id"].map(last), moved["grade"], strict=True)
        told = [f"{plain(supplier_name(supplier, names))} ({old or '–'} → {new or '–'})" for supplier, old, new in steps]
        if told:
            lines.append(f"- **{sign}** {words.join(told)}")
    return markdown("\n\n".join([lines[0], *(["\n".join(lines[1:])] if lines[1:] else [])]))


def _named(suppliers: list[str], names: Mapping[str, str], words: Words) -> str:
    shown = [plain(supplier_name(supplier, names)) for supplier in suppliers[:FEW]]
    return words.join(shown) + (words.text(" and {count} more", count=len(suppliers) - FEW) if len(suppliers) > FEW else "")


def supplier_opening(workbook: Workbook, supplier: str) -> Markdown:
    """One supplier's month in a few sentences: its grade and how sure it is, or why it has none, and what costs it most."""
    words = workbook.words
    row = of_supplier(grades, workbook, supplier).iloc[0].to_dict()
    told = words.text(
        "**{name}: {grade}** (probability {probability}). Score {score}; {coverage} of what is weighed was observed and decided.",
        name=plain(supplier_name(supplier, workbook.names)),
        grade=grade_name(row, words),
        probability=words.share(row["probability"], 0),
        score=words.number(row["score"], 1),
        coverage=words.share(row["coverage"], 0),
    )
    vetoes = words.join([words.name(measure) for measure in row["vetoes"].split(";") if measure])
    veto = words.text("Veto missed: {vetoes}. A veto is not averaged away.", vetoes=vetoes) if vetoes else ""
    thin = words.text("The evidence does not carry a grade: too little was observed, or a veto is undecided.") if row["reason"] == "lacks_evidence" else ""
    held = ""
    if row["grade"] and row["grade"] != row["raw_grade"]:
        held = words.text(
            "This month alone would give {raw}: a grade falls only after months under its floor.", raw=words.name(row["raw_grade"] or "not_graded")
        )
    standards = workbook.standards
    is_capped = row["reason"] == "" and row["score"] >= standards.value("grade.S.points") and row["missed"] > standards.value("grade.S.missed")
    cap = _cap(row, standards, words)
    capped = words.text("The score would do for {grade}, which allows {allowed} missed standards at most; {missed} are missed.", **cap) if is_capped else ""
    costly = of_supplier(reasons, workbook, supplier)
    first = [f"{words.name(measure)} (−{words.number(lost, 1)})" for measure, lost in zip(costly["measure"], costly["lost"], strict=True) if lost > 0][:NAMED]
    cost = words.text("What costs it most: {reasons}.", reasons=words.join(first)) if first else ""
    return markdown(" ".join(part for part in (told, _before(workbook, supplier), veto, thin, held, capped, cost) if part))


def _cap(row: Row, standards: Standards, words: Words) -> dict[str, str]:
    return {"grade": words.name("S"), "allowed": words.number(standards.value("grade.S.missed")), "missed": words.number(row["missed"])}


def _before(workbook: Workbook, supplier: str) -> str:
    history = of_supplier(grade_history, workbook, supplier)
    last = history[history["month"] == str(workbook.month - 1)].to_dict("records")
    return workbook.words.text("Last month: {grade}.", grade=grade_name(last[0], workbook.words)) if last else ""


def of_supplier(frame_function: Callable[[Workbook], pd.DataFrame], workbook: Workbook, supplier: str) -> pd.DataFrame:
    """The supplier's rows of a finished frame."""
    found = frame_function(workbook)
    return found[found["supplier_id"] == supplier].reset_index(drop=True)


def daily_shares(workbook: Workbook, supplier: str) -> dict[str, pd.DataFrame]:
    """What is counted daily of a supplier: measure → frame with day and share."""
    sources = {
        "stability.hot_availability": (stock.hot_availability_days, "available_share"),
        "stability.uptime": (servers.uptime_days, "up_share"),
        "stability.delivery_time": (orders.delivery_days, "in_time_share"),
        "price.band_share": (market.daily_deviations, "share_within"),
    }
    found = {measure: (of_supplier(function, workbook, supplier), column) for measure, (function, column) in sources.items()}
    return {measure: frame[["day", column]].rename(columns={column: "share"}) for measure, (frame, column) in found.items()}


def missed_evidence(workbook: Workbook, card: pd.DataFrame, measure: str) -> Table:
    """The worst rows of the suppliers that missed a measure or leave it unproven."""
    open_ones = card[(card["measure"] == measure) & card["verdict"].isin(["missed", "unproven"])]
    order = open_ones.sort_values(["verdict", "points", "supplier_id"])["supplier_id"]
    place = {supplier: number for number, supplier in enumerate(order)}
    rows = observation.worst_rows(workbook, measure)
    rows = rows.assign(place=rows["supplier_id"].map(place)).dropna(subset="place").sort_values(["place", "rank"])
    is_seen = (card.loc[card["measure"] == measure, "verdict"] != "no_data").any()
    words = workbook.words
    empty = words.text("Nobody missed it.") if is_seen else words.text("Nothing was observed.")
    return evidence(rows.drop(columns="place"), measure, words, workbook.names, empty=empty)


def missing_data(workbook: Workbook, dimension: str = "") -> Table | None:
    """The tables and columns that were not given, which measures (of a dimension, or all) that closes, and how to supply them; None where none is missing."""
    words = workbook.words
    lacks = observation.not_given(workbook)[["measure", "lacks"]].drop_duplicates()
    lacks = lacks[lacks["measure"].str.startswith(f"{dimension}.")] if dimension else lacks
    if lacks.empty:
        return None
    weights = standards_frame(workbook.standards).set_index("measure")["weight"]
    by_lack = {str(lack): list(closed["measure"]) for lack, closed in lacks.groupby("lacks", sort=False)}
    # What would bring most of the whole comes first.
    order = sorted(by_lack, key=lambda lack: -weights.reindex(by_lack[lack]).sum())
    headings = [*(words.text("Missing"), words.text("Measures without data"), words.text("Share of the whole"), words.text("How to add it"))]
    cells = [
        [
            _lack(lack, words),
            words.join([words.name(measure) for measure in by_lack[lack]]),
            words.share(weights.reindex(by_lack[lack]).sum(), 0),
            _remedy(lack, words),
        ]
        for lack in order
    ]
    note = words.text("Missing data count neither for nor against a supplier. An empty table or column means that there were none.")
    return table(pd.DataFrame(cells, columns=headings), words.text("Missing data"), numbers=headings[2:3], note=note)


def _lack(lack: str, words: Words) -> str:
    name, _, column = lack.partition(".")
    return words.entry(words.name(name), f"{words.name(lack)} ({column})") if column else f"{words.name(name)} ({name})"


def _remedy(lack: str, words: Words) -> str:
    name, _, column = lack.partition(".")
    if column:
        return words.text("Add the column {column} to the table {table}, or map it and load the export again.", column=column, table=name)
    return words.text("Add the table as {table}.csv, or load an export: kmanalysis load FILE --as {table} --into DIR", table=name)


class Sections:
    """Tables one below the other; ``empty`` is said where there is none."""

    def __init__(self, tables: list[Table], empty: str) -> None:
        self.tables = tables
        self.empty = empty

    def _repr_html_(self) -> str:
        if not self.tables:
            return f'<p class="nothing">{escape(self.empty)}</p>'
        return "".join(f'<div style="margin-bottom:1.8em">{found.html}</div>' for found in self.tables)


def costly_measures(costs: pd.DataFrame, *, most: int = 4) -> list[str]:
    """The missed and unproven measures that cost a supplier most, whose worst rows its page shows; ``costs`` holds its rows of `reasons`."""
    return list(costs[costs["verdict"].isin(["missed", "unproven"])].sort_values("rank")["measure"].head(most))


def dossier_evidence(workbook: Workbook, costs: pd.DataFrame, supplier: str, *, most: int = 4) -> Sections:
    """The worst rows behind the measures that cost a supplier most; ``costs`` holds its rows of `reasons`."""
    found = [(measure, observation.worst_rows(workbook, measure)) for measure in costly_measures(costs, most=most)]
    words = workbook.words
    tables = [evidence(rows[rows["supplier_id"] == supplier], measure, words) for measure, rows in found]
    return Sections(tables, words.text("No measure costs this supplier a point."))


def plain(text: str) -> str:
    """A name as a name: what Markdown or HTML would read in it is escaped."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~$-])", r"\\\1", escape(text, quote=False))
