"""Styled tables: a finished frame in, a table for a page out. A verdict is a symbol and a word, never a colour alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from html import escape
from types import MappingProxyType

import pandas as pd
from pandas.io.formats.style import Styler

from kmanalysis.charts.kit.cells import Row, asked, in_words, interval, source_of, supplier_name
from kmanalysis.charts.kit.lengths import MANY_ROWS, VERDICT_SYMBOLS, columns
from kmanalysis.measures.observation import evidence_name
from kmanalysis.standards import Standards
from kmanalysis.tables import DIMENSIONS, GRADES, VERDICTS
from kmanalysis.words import Words

MOST_ROWS = 40
"""Suppliers that a portfolio's table lists, the worst ones; the scorecard beside the report has all."""

BRIEF = 28
"""Half-width characters up to which a column's cells stay on one line."""

# Faint washes of the verdicts' colours: the page's own text stays readable on them, by day and by night.
_RULES = (
    ("td", "white-space:nowrap"),
    ("td.long", "white-space:normal;min-width:13em"),
    ("td.met", "background:rgba(2,158,115,.10)"),
    ("td.missed", "background:rgba(213,94,0,.20);font-weight:600"),
    ("td.unproven", "background:rgba(222,143,5,.16)"),
    ("td.no_data", "opacity:.65"),
    ("td.brief", "white-space:nowrap"),
    ("td.stack", "white-space:pre;min-width:0"),
    ("th", "text-align:left;vertical-align:bottom"),
    ("caption", "text-align:left;caption-side:top;font-weight:600"),
)


@dataclass(frozen=True)
class Table:
    """A table as HTML; JupyterLab and the report show it."""

    html: str = field(repr=False)
    title: str

    def _repr_html_(self) -> str:
        return self.html


def table(
    cells: pd.DataFrame,
    title: str,
    *,
    classes: pd.DataFrame | None = None,
    numbers: Sequence[str] = (),
    note: str = "",
    empty: str = "",
    anchor: str = "",
    anchors: Mapping[str, str] = MappingProxyType({}),
    links: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    """A frame of texts as a table; where it has no row, ``empty`` is said instead.

    ``classes`` (same shape) marks cells: by a verdict, as ``brief`` (one line) or as ``stack`` (its lines one below the other). ``numbers`` names columns
    that stand right. ``anchor`` is the table's own place on the page; by the texts of the first column and of the headings, ``anchors`` are places and
    ``links`` lead to places.
    """
    place = f' id="{escape(anchor)}"' if anchor else ""
    if cells.empty:
        return Table(f'<p class="nothing"{place}><strong>{escape(title)}</strong> {escape(empty)}</p>', title)
    marked = pd.DataFrame("", index=cells.index, columns=cells.columns) if classes is None else classes.reindex_like(cells).fillna("")
    for column in cells.columns:
        is_short = cells[column].map(columns).max() <= BRIEF
        marked[column] = marked[column] + ("" if is_short or column in numbers else " long")
    marked = marked.map(str.strip)
    # The id comes from what is shown, so that the same table has the same id and two tables of a page have two.
    name = blake2b(f"{title}\x1f{cells.to_csv()}".encode(), digest_size=4).hexdigest()
    styler = Styler(cells, uuid=name, cell_ids=False).hide(axis="index").format(escape="html")
    styler.format_index(lambda heading: _placed(str(heading), anchors, links), axis=1)
    if anchors or links:
        styler.format(lambda text: _placed(str(text), anchors, links), subset=[cells.columns[0]])
    styler.set_td_classes(marked)
    right = ",".join(f"td:nth-child({place})" for place, column in enumerate(cells.columns, start=1) if column in numbers)
    rules = [*_RULES, (right, "text-align:right;font-variant-numeric:tabular-nums")] if right else _RULES
    styler.set_caption(escape(title)).set_table_attributes('class="table"').set_table_styles([{"selector": rule, "props": props} for rule, props in rules])
    below = f'<p class="note">{escape(note)}</p>' if note else ""
    # A box that scrolls must be reached by the keyboard, and says what it is.
    box = f'<div class="table-box"{place} tabindex="0" role="region" aria-label="{escape(title)}">'
    return Table(f"{box}{_lean(styler.to_html())}</div>{below}", title)


def _lean(html: str) -> str:
    """A styled table without the names of its rows and columns, which no rule of ours calls: with 200 suppliers they are half of it."""
    html = re.sub(r' class="(?:data row\d+ col\d+|col_heading level0 col\d+) ?([^"]*)" ?', r' class="\1"', html)
    return re.sub(r' class=""|\n *(?=<)', "", html)


def _placed(text: str, anchors: Mapping[str, str], links: Mapping[str, str]) -> str:
    place = f' id="{escape(anchors[text])}"' if text in anchors else ""
    if text in links:
        return f'<a{place} href="#{escape(links[text])}">{escape(text)}</a>'
    return f"<span{place}>{escape(text)}</span>" if place else escape(text)


def standard_anchor(measure: str) -> str:
    """The place on a page that says what is asked of a measure."""
    return f"standard-{measure}"


def evidence_anchor(measure: str) -> str:
    """The place on a page that shows the worst rows behind a measure."""
    return f"evidence-{measure}"


def verdict_counts(card: pd.DataFrame, words: Words, by: str = "measure") -> pd.DataFrame:
    """How many verdicts of each kind a measure or dimension has, in words: a plain frame."""
    order = list(dict.fromkeys(card[by]))
    counts = pd.crosstab(card[by], card["verdict"]).reindex(index=order, columns=list(VERDICTS), fill_value=0)
    counts.index = pd.Index([words.name(identifier) for identifier in order])
    counts.columns = pd.Index([words.name(verdict) for verdict in VERDICTS])
    return counts


def grade_counts(history: pd.DataFrame, words: Words) -> pd.DataFrame:
    """How many suppliers had each grade in each month, in words: a plain frame. ``history`` as `grade_history` gives it."""
    grades = (*GRADES, "")
    counts = pd.crosstab(history["month"], history["grade"]).reindex(columns=list(grades), fill_value=0)
    counts.index = pd.Index(list(counts.index))
    counts.columns = pd.Index([words.name(grade or "not_graded") for grade in grades])
    return counts


def verdict(row: Row, words: Words) -> str:
    """A verdict as symbol and word."""
    return f"{VERDICT_SYMBOLS[row['verdict']]} {words.name(row['verdict'])}"


def verdict_matrix(card: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Suppliers × measures: symbol and value, the supplier with most misses and fewest points first."""
    title = words.text("Verdicts by supplier and measure")
    empty = words.text("There is no supplier yet.")
    if card.empty:
        return table(pd.DataFrame(), title, empty=empty)
    # Who was not seen at all has no row: the counts say how many they are.
    everybody, seen_at_all = worst_suppliers(card), set(card.loc[card["verdict"] != "no_data", "supplier_id"])
    order = [supplier for supplier in everybody if supplier in seen_at_all] or everybody
    shown = order[:MOST_ROWS] if len(order) > MOST_ROWS else order
    seen = card[card["supplier_id"].isin(shown)]
    told = [_marked(row, words) for row in seen.to_dict("records")]
    # What nobody was observed in stands last.
    seen_in = card.groupby("measure")["n"].sum()
    measures = sorted(dict.fromkeys(card["measure"]), key=lambda measure: seen_in[measure] == 0)
    cells = seen.assign(told=told).pivot(index="supplier_id", columns="measure", values="told").loc[shown, measures].reset_index(drop=True)
    marks = seen.pivot(index="supplier_id", columns="measure", values="verdict").loc[shown, measures].reset_index(drop=True)
    headings = {measure: words.name(measure) for measure in measures}
    first = words.text("Supplier")
    cells.insert(0, first, [supplier_name(supplier, names) for supplier in shown])
    marks.insert(0, first, "")
    cut = words.text("Only the worst {shown} of {all} are shown.", shown=len(shown), all=len(order)) if len(shown) < len(order) else ""
    apart = _not_listed(len(everybody) - len(order), words)
    note = "　".join(part for part in (legend(words), cut, apart) if part)
    links = {name: standard_anchor(measure) for measure, name in headings.items()}
    return table(cells.rename(columns=headings), title, classes=marks.rename(columns=headings), note=note, empty=empty, links=links)


def _marked(row: Row, words: Words) -> str:
    symbol = VERDICT_SYMBOLS[row["verdict"]]
    return symbol if row["verdict"] == "no_data" else f"{symbol} {words.quantity(row['value'], row['unit'])}"


def _not_listed(count: int, words: Words) -> str:
    return words.text("{count} suppliers without any data are not listed.", count=count) if count else ""


def legend(words: Words) -> str:
    """What the verdict symbols mean."""
    return "　".join(f"{symbol} {words.name(verdict)}" for verdict, symbol in VERDICT_SYMBOLS.items())


def worst_suppliers(card: pd.DataFrame) -> list[str]:
    """Suppliers by their misses, then their points, the worst first; those without any data last."""
    ranked = card.assign(
        missed=-(card["verdict"] == "missed").astype(int), open=-(card["verdict"] == "unproven").astype(int), unseen=card["verdict"] == "no_data"
    )
    sums = ranked.groupby("supplier_id").agg(unseen=("unseen", "all"), missed=("missed", "sum"), open=("open", "sum"), points=("points", "mean")).reset_index()
    return list(sums.sort_values(["unseen", "missed", "open", "points", "supplier_id"])["supplier_id"])


def standards_table(card: pd.DataFrame, standards: Standards, words: Words, *, has_evidence: bool = True) -> Table:
    """What is asked of each measure of the scorecard: standard, fewest observations, veto and source; changed ones marked.

    Each leads to the worst rows behind it, where the page ``has_evidence``.
    """
    rows = card.drop_duplicates("measure").to_dict("records")
    headings = [words.text("Measure"), words.text("Asked for"), words.text("Fewest n"), words.text("Veto"), words.text("Source")]
    cells = [
        [
            words.name(row["measure"]),
            asked(row, words),
            words.number(row["minimum_n"]),
            words.text("yes") if row["veto"] else "",
            source_of(row["measure"], standards, words),
        ]
        for row in rows
    ]
    note = words.text("* differs from the default.") if any(row["measure"] in standards.changed for row in rows) else ""
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("The standards in force"),
        numbers=[headings[2]],
        note=note,
        empty=words.text("There is none to show."),
        anchors={words.name(row["measure"]): standard_anchor(row["measure"]) for row in rows},
        links={words.name(row["measure"]): evidence_anchor(row["measure"]) for row in rows} if has_evidence else {},
    )


def measure_table(card: pd.DataFrame, standards: Standards, words: Words, *, shown: Sequence[str] = ()) -> Table:
    """One supplier's measures: verdict, value, what is asked, interval, n, points, dimension and source.

    The measures whose worst rows are ``shown`` on the page lead there.
    """
    headings = [
        *(words.text("Measure"), words.text("Verdict"), words.text("Value"), words.text("Asked for"), words.text("Interval"), "n"),
        *(words.text("Points"), words.text("Dimension"), words.text("Source")),
    ]
    rows = card.to_dict("records")
    cells = [
        [
            words.name(row["measure"]),
            verdict(row, words),
            words.quantity(row["value"], row["unit"]),
            asked(row, words),
            interval(row, words),
            words.number(row["n"]),
            words.number(row["points"]),
            words.name(f"short.{row['dimension']}"),
            source_of(row["measure"], standards, words),
        ]
        for row in rows
    ]
    finished = pd.DataFrame(cells, columns=headings)
    marks = pd.DataFrame("", index=finished.index, columns=headings)
    marks[headings[1]] = [row["verdict"] for row in rows]
    return table(
        finished,
        words.text("All measures"),
        classes=marks,
        numbers=[headings[2], headings[4], "n", headings[6]],
        note=words.text("Unproven measures earn the points of their unfavourable bound; without data there are no points."),
        empty=words.text("There is none to show."),
        anchors={words.name(row["measure"]): standard_anchor(row["measure"]) for row in rows},
        links={words.name(measure): evidence_anchor(measure) for measure in shown},
    )


def grade_name(row: Row, words: Words) -> str:
    """A grade in words: the grade, or not graded and why. ``row`` has grade and reason."""
    return words.name(row["grade"]) if row["grade"] else words.entry(words.name("not_graded"), words.name(row["reason"]))


def grade_table(grades: pd.DataFrame, dimensions: pd.DataFrame, words: Words) -> Table:
    """All suppliers by grade: probability, score, coverage and the score of each dimension, the best first."""
    rank = {grade: place for place, grade in enumerate((*GRADES, ""))}
    seen = grades[grades["score"].notna()] if grades["score"].notna().any() else grades
    order = seen.assign(place=seen["grade"].map(rank)).sort_values(["place", "score", "supplier_id"], ascending=[True, False, True])
    scores = dimensions.pivot(index="supplier_id", columns="dimension", values="score").reindex(index=order["supplier_id"], columns=list(DIMENSIONS))
    headings = [words.text("Supplier"), words.text("Grade"), words.text("Probability"), words.text("Score"), words.text("Coverage")]
    cells = [
        [
            supplier_name(row["supplier_id"], {row["supplier_id"]: row["name"]}),
            grade_name(row, words),
            words.share(row["probability"], 0),
            words.number(row["score"], 1),
            words.share(row["coverage"], 0),
            *(words.number(float(score)) for score in scores.loc[row["supplier_id"]]),
        ]
        for row in order.to_dict("records")
    ]
    named = [*headings, *(words.name(f"short.{dimension}") for dimension in DIMENSIONS)]
    finished = pd.DataFrame(cells, columns=named)
    marks = pd.DataFrame("", index=finished.index, columns=named)
    marks[headings[1]] = "brief"
    told = words.text("Score and dimensions: 0 to 100 points; coverage: the share of the weight that was observed and decided.")
    note = " ".join(part for part in (told, _not_listed(len(grades) - len(seen), words)) if part)
    return table(
        finished, words.text("Grade, probability and dimensions"), classes=marks, numbers=named[2:], note=note, empty=words.text("There is no supplier yet.")
    )


def evidence(
    rows: pd.DataFrame, measure: str, words: Words, names: Mapping[str, str] | None = None, *, limit: int = 10, each: int = 3, empty: str = ""
) -> Table:
    """The worst rows behind a measure: at most ``each`` a supplier and ``limit`` in all, in the order of the frame.

    Without ``names`` all rows are one supplier's.
    """
    worst = rows[rows["rank"] <= each] if names is not None else rows.drop(columns="supplier_id").sort_values("rank", kind="stable")
    shown = worst.head(limit)
    first = [column for column in ("supplier_id",) if column in shown]
    cells = in_words(shown[[*first, *shown.columns.drop(first)]].dropna(axis=1, how="all"), words, names, of=evidence_name(measure))
    title = words.text("Worst rows: {measure}", measure=words.name(measure))
    cut = words.text("{shown} of the {all} kept rows.", shown=len(shown), all=len(rows)) if len(shown) < len(rows) else ""
    return table(cells, title, note=cut, empty=empty or words.text("No row speaks against anybody."), anchor=evidence_anchor(measure))


def plain(frame: pd.DataFrame, title: str, words: Words, names: Mapping[str, str] | None = None, *, empty: str = "", limit: int = MANY_ROWS) -> Table:
    """Any finished frame as a table, its cells in words, the first ``limit`` rows."""
    shown = frame.head(limit)
    cut = words.text("The first {shown} of {all}.", shown=len(shown), all=len(frame)) if len(shown) < len(frame) else ""
    return table(in_words(shown, words, names), title, note=cut, empty=empty or words.text("There is none to show."))
