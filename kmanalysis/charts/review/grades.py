"""Charts and tables of the monthly review: grades, how sure they are, how they moved."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.exceptions import by_money, money_in_all
from kmanalysis.charts.kit.cells import Row, is_missing, supplier_name
from kmanalysis.charts.kit.forms import legend_below, quantity_axis, supplier_axis, worst
from kmanalysis.charts.kit.style import BLUE, GREEN, GREY, GRID, ORANGE, PAPER, PURPLE, RED, SKY, VERDICT_SYMBOLS, chart, new_axes, nothing, set_title
from kmanalysis.charts.kit.tables import MOST_ROWS, Table, grade_name, table
from kmanalysis.tables import GRADES
from kmanalysis.units import unit_of
from kmanalysis.words import MISSING, Words

CHANCES = {"p_s": ("S", GREEN, ""), "p_a": ("A", BLUE, "//"), "p_b": ("B", ORANGE, "--"), "p_none": ("not_graded", GREY, "xx")}


@chart
def chances(grades: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """How probable each grade is for each supplier, the least sure first; ``grades`` as `grades` gives them."""
    title = words.text("How sure each grade is (probability of each grade)")
    judged = grades[~grades["reason"].isin(["vetoed", "lacks_evidence"])]
    if judged.empty:
        return nothing(ax, title, words.text("No supplier could be graded this month."))
    shown, cut = worst(judged.sort_values(["probability", "supplier_id"]), words)
    ax = new_axes(ax, rows=len(shown) + 1)
    left = np.zeros(len(shown))
    for column, (name, colour, hatch) in CHANCES.items():
        width = shown[column].to_numpy(dtype="float64")
        ax.barh(np.arange(len(shown)), width, left=left, height=0.7, color=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.5, label=words.name(name))
        left = left + width
    for place, row in enumerate(shown.to_dict("records")):
        told = f"{row['grade'] or '–'} {words.share(row['probability'], 0)}"
        ax.annotate(told, (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
    supplier_axis(ax, list(shown["supplier_id"]), names)
    ax.set_xlim(0, 1)
    quantity_axis(ax, words, unit_of("probability"))
    legend_below(ax, 4)
    note = words.text("At the right: the grade given and its probability. Vetoed suppliers and those that lack evidence are not drawn.")
    return set_title(ax, title, words.sentences(note, cut))


def grades_by_month(history: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """The grade of each supplier in each month looked back on, those that moved last first; ``history`` as `grade_history` gives it."""
    title = words.text("Grades by month")
    if history.empty:
        return table(pd.DataFrame(), title, empty=words.text("There is no supplier yet."))
    scored = history.groupby("supplier_id")["score"].transform("count") > 0
    history = history[scored] if scored.any() else history
    told = history.assign(told=[_short_grade(row, words) for row in history.to_dict("records")])
    grid = told.pivot(index="supplier_id", columns="month", values="told").fillna(MISSING)
    months = sorted(grid.columns)
    last_two = grid[months[-2:]]
    grid = grid.assign(moved=last_two.nunique(axis=1) > 1).reset_index().sort_values(["moved", "supplier_id"], ascending=[False, True]).head(MOST_ROWS)
    grid.insert(
        0, "who", [supplier_name(supplier, names) + (" ◀" if moved else "") for supplier, moved in zip(grid["supplier_id"], grid["moved"], strict=True)]
    )
    cells = grid.drop(columns=["supplier_id", "moved"]).rename(columns={"who": words.text("Supplier")}).reset_index(drop=True)
    note = words.text("◀ moved this month. ✗ vetoed, ↓ under the floor of grade B, ? lacks evidence.")
    return table(cells, title, note=note)


def _short_grade(row: Row, words: Words) -> str:
    signs = {"vetoed": "✗", "below_floor": "↓", "lacks_evidence": "?"}
    return words.name(row["grade"]) if row["grade"] else signs.get(row["reason"], MISSING)


def not_graded(grades: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """The suppliers without a grade: which of the three reasons, and the vetoes; ``grades`` as `grades` gives them."""
    order = {reason: place for place, reason in enumerate(("vetoed", "below_floor", "lacks_evidence"))}
    rows = grades[grades["grade"] == ""].sort_values(["reason", "supplier_id"], key=lambda column: column.map(order) if column.name == "reason" else column)
    headings = [words.text("Supplier"), words.text("Reason"), words.text("Vetoes missed"), words.text("Score"), words.text("Coverage")]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            words.name(row["reason"]),
            words.join([words.name(measure) for measure in row["vetoes"].split(";") if measure]),
            words.number(row["score"], 1),
            words.share(row["coverage"], 0),
        ]
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    cut = words.text("The first {shown} of {all}.", shown=len(cells), all=len(rows)) if len(cells) < len(rows) else ""
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("Not graded, and why"),
        numbers=headings[3:],
        note=cut,
        empty=words.text("Every supplier is graded."),
    )


def known_table(
    card: pd.DataFrame, grades: pd.DataFrame, scores: pd.DataFrame, sums: pd.DataFrame, earned: pd.DataFrame, words: Words, names: Mapping[str, str]
) -> Table:
    """What is known of the suppliers whose evidence does not carry a grade: what was judged, missed and met, how stable they are, what hangs on their
    exceptions, what they sold and what was left of it.

    The one with most money on its exceptions comes first, then the one that missed most. ``card``, ``grades``, ``scores``, ``sums`` and ``earned`` as
    `scorecard`, `grades`, `dimension_scores`, `exception_sums` and `supplier_earnings` give them.
    """
    thin = list(grades.loc[grades["reason"] == "lacks_evidence", "supplier_id"])
    money = dict(by_money(sums))
    judged = card[card["supplier_id"].isin(thin) & (card["weight"] > 0)]
    by_verdict = {key: list(of_one["measure"]) for key, of_one in judged.groupby(["supplier_id", "verdict"], sort=False)}
    missed, met = ({supplier: by_verdict.get((supplier, verdict), []) for supplier in thin} for verdict in ("missed", "met"))
    coverage = dict(zip(grades["supplier_id"], grades["coverage"], strict=True))
    stability = scores[scores["dimension"] == "stability"].set_index("supplier_id")["score"]
    sales = dict(list(earned.groupby("supplier_id", sort=False)))
    place = {supplier: number for number, supplier in enumerate(money)}
    order = sorted(thin, key=lambda supplier: (place.get(supplier, len(place)), -len(missed[supplier]), supplier))
    headings = [
        *(words.text("Supplier"), words.text("Judged"), words.text("Missed"), words.text("Met"), words.name("stability")),
        *(words.text("Exceptions"), words.text("At stake"), words.text("Sold"), words.text("Margin (share)")),
    ]
    cells = [
        [
            supplier_name(supplier, names),
            words.share(coverage[supplier], 0),
            words.join([words.name(measure) for measure in missed[supplier]]) or MISSING,
            words.number(len(met[supplier])),
            words.number(stability.get(supplier, np.nan), 0),
            words.number(money[supplier]["cases"].sum()) if supplier in money else words.number(0),
            money_in_all(money[supplier], words) if supplier in money else MISSING,
            money_in_all(sales[supplier], words) if supplier in sales else MISSING,
            _margin(sales[supplier], words) if supplier in sales else MISSING,
        ]
        for supplier in order[:MOST_ROWS]
    ]
    cut = words.text("The first {shown} of {all}.", shown=len(cells), all=len(order)) if len(cells) < len(order) else ""
    said = (
        words.text("Not graded: the remaining evidence is missing. Judged: share of the total weight with a verdict."),
        words.text("Most at stake first. Margin: what is left of the orders whose cost is known."),
    )
    return table(
        pd.DataFrame(cells, columns=headings), words.text("Suppliers with too little evidence for a grade: what is known"),
        numbers=[*headings[1:2], *headings[3:]], note=words.sentences(*said, cut), empty=words.text("Every supplier has enough evidence for a grade."),
    )  # fmt: skip


def _margin(sales: pd.DataFrame, words: Words) -> str:
    """What is left, and its share of what was paid, by currency; a dash where no cost is known."""
    known = sales[sales["known_amount"] > 0]
    told = [
        f"{words.money(row['margin_amount'], row['currency'])} ({words.share(float(row['margin_amount']) / float(row['known_amount']), 1)})"
        for row in known.to_dict("records")
    ]
    return " + ".join(told) or MISSING


def top_reasons(reasons: pd.DataFrame, grades: pd.DataFrame, words: Words, names: Mapping[str, str], *, each: int = 3) -> Table:
    """What costs each supplier most: its first reasons, the supplier with the lowest score first; ``reasons`` as `reasons` gives them."""
    order = grades.sort_values(["score", "supplier_id"], na_position="last")
    headings = [words.text("Supplier"), words.text("Grade"), words.text("What costs most (points of the whole score)")]
    first = reasons[reasons["rank"] <= each]
    told = {
        supplier: "; ".join(_reason(row, words) for row in of_one.to_dict("records"))
        for supplier, of_one in first.sort_values(["supplier_id", "rank"]).groupby("supplier_id")
    }
    rows = [row for row in order.to_dict("records") if row["supplier_id"] in told]
    cells = [[supplier_name(row["supplier_id"], names), grade_name(row, words), told[row["supplier_id"]]] for row in rows[:MOST_ROWS]]
    return table(pd.DataFrame(cells, columns=headings), words.text("Top reasons"), empty=words.text("Nobody loses a point."))


def _reason(row: Row, words: Words) -> str:
    lost: str = MISSING if is_missing(row["lost"]) else f"−{words.number(row['lost'], 1)}"
    return f"{VERDICT_SYMBOLS[row['verdict']]} {words.name(row['measure'])} {lost}"


def moved_measures(moves: pd.DataFrame, words: Words, names: Mapping[str, str] | None, *, limit: int = 15) -> Table:
    """The measures that moved most in points against last month; ``moves`` as `moves` gives them."""
    change = moves["points"] - moves["previous_points"]
    weighed = moves.assign(change=change, size=(change * moves["weight"]).abs())
    rows = weighed[change.round(1).abs() > 0].sort_values(["size", "supplier_id", "measure"], ascending=[False, True, True]).head(limit)
    headings = [words.text("Supplier"), words.text("Measure"), words.text("Last month"), words.text("This month"), words.text("Points")]
    cells = [
        [
            supplier_name(row["supplier_id"], names or {}),
            words.name(row["measure"]),
            f"{VERDICT_SYMBOLS[row['previous_verdict']]} {words.quantity(row['previous_value'], row['unit'])}",
            f"{VERDICT_SYMBOLS[row['verdict']]} {words.quantity(row['value'], row['unit'])}",
            f"{'▲ +' if row['change'] > 0 else '▼ −'}{words.number(abs(row['change']), 1)}",
        ]
        for row in rows.to_dict("records")
    ]
    finished = pd.DataFrame(cells, columns=headings)
    finished = finished if names is not None else finished.drop(columns=headings[0])
    return table(
        finished,
        words.text("What moved most against last month"),
        empty=words.text("Nothing moved, or there is no month before."),
    )


@chart
def scores(history: pd.DataFrame, floors: Mapping[str, float], words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Scores by month of the suppliers whose grade changed in the months shown; ``floors``: grade → points. ``history`` as `grade_history` gives it."""
    title = words.text("Scores of the suppliers whose grade changed (points)")
    changed = history.groupby("supplier_id")["grade"].nunique()
    movers = [supplier for supplier in sorted(changed[changed > 1].index) if history.loc[history["supplier_id"] == supplier, "score"].notna().any()]
    months = sorted(history["month"].unique())
    if not movers or len(months) < 2:
        return nothing(ax, title, words.text("No supplier's grade changed in the months looked back on."))
    ax = new_axes(ax, rows=11)
    floor_lines(ax, floors, words)
    looks = zip((RED, BLUE, GREEN, PURPLE, ORANGE, SKY), ("o", "s", "^", "D", "v", "P"), strict=True)
    for supplier, (colour, marker) in zip(movers[:6], looks, strict=False):
        line = history[history["supplier_id"] == supplier].set_index("month")["score"].reindex(months)
        ax.plot(range(len(months)), line, color=colour, marker=marker, markersize=5, linewidth=1.6, label=supplier_name(supplier, names))
    ax.set_xticks(range(len(months)), months)
    ax.grid(axis="y", color=GRID, linewidth=0.5)
    legend_below(ax, 2)
    note = words.text("Dashed: the floors of the grades.")
    cut = words.text("Only the first {shown} of {all} are shown.", shown=6, all=len(movers)) if len(movers) > 6 else ""
    return set_title(ax, title, words.sentences(note, cut))


def floor_lines(ax: Axes, floors: Mapping[str, float], words: Words, *, vertical: bool = False) -> None:
    """A dashed line at the floor of each grade."""
    for grade in GRADES:
        text = f"{words.name(grade)} ≥ {words.number(floors[grade])}"
        if vertical:
            ax.axvline(floors[grade], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=0)
            ax.annotate(
                words.name(grade), (floors[grade], 1), (0, 2), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center", fontsize=9.5
            )
        else:
            ax.axhline(floors[grade], color=GREY, linewidth=0.9, linestyle=(0, (4, 2)), zorder=0)
            ax.annotate(text, (1, floors[grade]), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
