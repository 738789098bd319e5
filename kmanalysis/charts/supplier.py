"""Charts of one supplier's dossier: its five dimensions, its months, its days, and what costs it points."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import is_missing
from kmanalysis.charts.kit.forms import row_axis, share_map
from kmanalysis.charts.kit.lengths import VERDICT_SYMBOLS
from kmanalysis.charts.kit.style import BLUE, GREY, GRID, RED, SKY, VERDICT_LOOKS, chart, new_axes, nothing, set_title
from kmanalysis.charts.review.grades import floor_lines
from kmanalysis.standards import Standards
from kmanalysis.tables import DIMENSIONS, GRADES
from kmanalysis.words import Words


def floors(standards: Standards) -> dict[str, float]:
    """Points that each grade asks for."""
    return {grade: standards.value(f"grade.{grade}.points") for grade in GRADES}


@chart
def dimensions(scores: pd.DataFrame, floors: Mapping[str, float], words: Words, ax: Axes | None = None) -> Axes:
    """The five dimensions' scores against the floors of the grades; ``scores`` holds one supplier's rows of `dimension_scores`."""
    title = words.text("The five dimensions (points, 0 to 100)")
    known = scores.set_index("dimension").reindex(list(DIMENSIONS))
    if known["score"].isna().all():
        return nothing(ax, title, words.text("Nothing was observed, so there is no score."))
    ax = new_axes(ax, rows=6)
    places = np.arange(len(DIMENSIONS))
    ax.barh(places, known["score"].fillna(0.0), height=0.6, color=BLUE)
    floor_lines(ax, floors, words, vertical=True)
    for place, (score, coverage) in enumerate(zip(known["score"], known["coverage"], strict=True)):
        told = (
            words.text("no data")
            if is_missing(score)
            else words.text("{score}, {coverage} covered", score=words.number(score), coverage=words.share(coverage, 0))
        )
        ax.annotate(told, (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
    row_axis(ax, [words.name(dimension) for dimension in DIMENSIONS])
    ax.set_xlim(0, 100)
    return set_title(ax, title, words.text("Lines: the floors of grades B, A and S."))


@chart
def months(history: pd.DataFrame, floors: Mapping[str, float], words: Words, ax: Axes | None = None) -> Axes:
    """The supplier's score and grade by month; ``history`` holds its rows of `grade_history`."""
    title = words.text("Score and grade by month (points)")
    known = history.sort_values("month").reset_index(drop=True)
    if known["score"].isna().all():
        return nothing(ax, title, words.text("Nothing was observed, so there is no score."))
    ax = new_axes(ax, rows=8)
    floor_lines(ax, floors, words)
    ax.plot(known.index, known["score"], color=BLUE, marker="o", markersize=6, linewidth=1.8)
    for place, row in enumerate(known.to_dict("records")):
        if pd.notna(row["score"]):
            told = row["grade"] or {"vetoed": "✗", "below_floor": "↓"}.get(row["reason"], "?")
            ax.annotate(told, (place, row["score"]), (0, 7), textcoords="offset points", ha="center", fontsize=11)
    ax.set_xticks(list(known.index), list(known["month"]))
    ax.set_xlim(-0.4, len(known) - 0.6)
    low = min(float(known["score"].min()), min(floors.values()))
    ax.set_ylim(max(0.0, low - 8), 106)
    ax.grid(axis="y", color=GRID, linewidth=0.5)
    return set_title(ax, title, words.text("Letters: the grade; ✗ vetoed, ↓ under the floor of grade B, ? lacks evidence."))


@chart
def lost_points(reasons: pd.DataFrame, words: Words, ax: Axes | None = None, *, most: int = 8) -> Axes:
    """The measures that cost the supplier most of its score; ``reasons`` holds its rows of `reasons`."""
    title = words.text("What costs most (points of the whole score)")
    known = reasons[reasons["lost"] > 0].sort_values("lost", ascending=False, kind="stable").head(most)
    if known.empty:
        return nothing(ax, title, words.text("No measure costs this supplier a point."))
    ax = new_axes(ax, rows=len(known))
    for place, row in enumerate(known.to_dict("records")):
        ax.barh(place, row["lost"], height=0.62, color=VERDICT_LOOKS[row["verdict"]][0])
        told = f"−{words.number(row['lost'], 1)}  {VERDICT_SYMBOLS[row['verdict']]} {words.name(row['verdict'])}"
        ax.annotate(told, (row["lost"], place), (4, 0), textcoords="offset points", va="center", fontsize=9.5)
    row_axis(ax, [words.name(measure) for measure in known["measure"]])
    ax.set_xlim(0, float(known["lost"].max()) * 1.35)
    return set_title(ax, title)


@chart
def moved(moves: pd.DataFrame, words: Words, ax: Axes | None = None, *, most: int = 10) -> Axes:
    """The measures whose points moved most against last month; ``moves`` holds the supplier's rows of `moves`."""
    title = words.text("What moved against last month (points of the measure)")
    change = (moves["points"] - moves["previous_points"]).rename("change")
    rows = moves.assign(change=change)[change.round(1).abs() > 0]
    if rows.empty:
        return nothing(ax, title, words.text("Nothing moved, or there is no month before."))
    order = rows.assign(size=rows["change"].abs()).sort_values(["size", "measure"], ascending=[False, True]).head(most).sort_values(["change", "measure"])
    ax = new_axes(ax, rows=len(order))
    ax.barh(np.arange(len(order)), order["change"], height=0.62, color=[RED if change < 0 else SKY for change in order["change"]])
    ax.axvline(0, color=GREY, linewidth=0.9)
    for place, row in enumerate(order.to_dict("records")):
        told = f"{'▲ +' if row['change'] > 0 else '▼ −'}{words.number(abs(row['change']), 1)}"
        ax.annotate(told, (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
    row_axis(ax, [words.name(measure) for measure in order["measure"]])
    ax.margins(x=0.06)
    return set_title(ax, title)


@chart
def days(shares: Mapping[str, pd.DataFrame], words: Words, ax: Axes | None = None) -> Axes:
    """The supplier's month day by day, a row a thing that is counted daily. ``shares``: measure → frame with day and share."""
    title = words.text("The month day by day (share in order)")
    known = {measure: frame.dropna().set_index("day")["share"] for measure, frame in shares.items() if frame["share"].notna().any()}
    if not known:
        return nothing(ax, title, words.text("Nothing is counted by day for this supplier."))
    grid = pd.DataFrame({measure: series.set_axis(pd.to_datetime(series.index)) for measure, series in known.items()}).T
    every = pd.date_range(grid.columns.min(), grid.columns.max(), freq="D")
    grid = grid.reindex(columns=every)
    ax = new_axes(ax, rows=len(grid) + 2)
    share_map(ax, grid, words, low=0.0)
    row_axis(ax, [words.name(measure) for measure in grid.index])
    ax.set_xticks(np.arange(0, len(every), 5), [str(day.day) for day in every[::5]])
    ax.set_xlabel(words.text("Day of the month"))
    return set_title(ax, title, words.text("Empty: unknown, or nothing happened."))
