"""The chart of one measure: every supplier's value, interval and verdict against the standard."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import Row, asked
from kmanalysis.charts.kit.forms import quantity_axis, supplier_axis, worst
from kmanalysis.charts.kit.lengths import VERDICT_SYMBOLS
from kmanalysis.charts.kit.style import GREY, GRID, INK, PAPER, VERDICT_LOOKS, chart, new_axes, nothing, set_title
from kmanalysis.words import Words


def standard_text(row: Row, words: Words) -> str:
    """A standard as it is asked: operator, target and unit."""
    return f"{'≥' if row['op'] == '>=' else '≤'} {words.quantity(row['target'], row['unit'])}"


@chart
def measured(card: pd.DataFrame, measure: str, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """One measure of all suppliers, the worst first: value, interval and verdict, the standard as a line.

    ``card`` has the columns of the scorecard. Suppliers without data are counted in the note.
    """
    of_measure = card[card["measure"] == measure]
    seen = of_measure[of_measure["verdict"] != "no_data"]
    name = words.name(measure)
    if seen.empty:
        return nothing(ax, name, words.text("Nothing was observed for any supplier this month, so nothing is said."))
    standard = seen.iloc[0].to_dict()
    rising = standard["op"] == ">="
    seen = seen.sort_values(["value", "supplier_id"], ascending=[rising, True])
    shown, cut = worst(seen, words)
    ax = new_axes(ax, rows=len(shown))
    places = np.arange(len(shown))
    known = shown[["lower", "upper"]].notna().all(axis=1).to_numpy()
    ax.hlines(places[known], shown["lower"][known], shown["upper"][known], color=GREY, linewidth=2.2, zorder=2)
    for verdict, (colour, marker) in VERDICT_LOOKS.items():
        of_verdict = (shown["verdict"] == verdict).to_numpy()
        if of_verdict.any():
            ax.scatter(shown["value"][of_verdict], places[of_verdict], s=46, color=colour, marker=marker, zorder=3, edgecolors=PAPER, linewidths=0.6)
    _standard_line(ax, standard["target"], standard_text(standard, words), words)
    supplier_axis(ax, list(shown["supplier_id"]), names)
    _value_column(ax, shown, words)
    if np.nanmin(shown[["value", "lower"]].to_numpy()) >= 0:
        # No room for values that there cannot be.
        ax.set_xlim(left=max(ax.get_xlim()[0], -0.04 * ax.get_xlim()[1]))
    quantity_axis(ax, words, standard["unit"])
    ax.grid(axis="y", color=GRID, linewidth=0.5)
    note = words.sentences(_how_to_read(standard, known, words), _unseen(of_measure, words), cut)
    return set_title(ax, _counted_title(name, of_measure, standard, words), note)


def _counted_title(name: str, of_measure: pd.DataFrame, standard: Row, words: Words) -> str:
    missed = int((of_measure["verdict"] == "missed").sum())
    if missed == 0:
        return words.text("{measure}: nobody missed it (asked for: {asked})", measure=name, asked=asked(standard, words))
    return words.text(
        "{measure}: {missed} of {all} missed it (asked for: {asked})", measure=name, missed=missed, all=len(of_measure), asked=asked(standard, words)
    )


def _how_to_read(standard: Row, known: np.ndarray, words: Words) -> str:
    unit = words.name(f"unit.{standard['unit']}") or words.name("unit.count")
    marks = words.text("✓ met, ✗ missed, ? unproven.")
    if known.any():
        return words.sentences(words.text("Unit: {unit}; the bar is the interval, n the number of observations.", unit=unit), marks)
    return words.sentences(words.text("Unit: {unit}; n is the number of observations.", unit=unit), marks)


def _unseen(of_measure: pd.DataFrame, words: Words) -> str:
    without = int((of_measure["verdict"] == "no_data").sum())
    return words.text("{count} without data.", count=without) if without else ""


def _standard_line(ax: Axes, target: float, text: str, words: Words) -> None:
    ax.axvline(target, color=INK, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1)
    ax.annotate(
        words.text("standard {standard}", standard=text),
        (target, 1),
        (0, 3),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=9.5,
        color=INK,
        annotation_clip=False,
    )


def _value_column(ax: Axes, shown: pd.DataFrame, words: Words) -> None:
    """Verdict, value and n in words at the right: a phone's reader need not measure."""
    for place, row in enumerate(shown.to_dict("records")):
        text = f"{VERDICT_SYMBOLS[row['verdict']]} {words.quantity(row['value'], row['unit'])}  n={words.number(row['n'])}"
        ax.annotate(text, (1, place), (6, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5, color=INK)
