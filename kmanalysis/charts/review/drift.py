"""Control charts of the suppliers whose figures drifted, and the days on which it began."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import supplier_name
from kmanalysis.charts.kit.forms import date_axis, legend_below, quantity_axis
from kmanalysis.charts.kit.lengths import supplier_label
from kmanalysis.charts.kit.style import BLUE, GREEN, GRID, PURPLE, RASTER_MARKS, RED, chart, new_axes, nothing, set_title
from kmanalysis.charts.kit.tables import MOST_ROWS, Table, table
from kmanalysis.words import Words

LOOKS = ((RED, "-", "o"), (BLUE, "--", "s"), (PURPLE, "-.", "D"), (GREEN, ":", "^"))
"""Colour, line and marker: told apart without colour as well."""


@chart
def control_chart(series: pd.DataFrame, drifts: pd.DataFrame, measure: str, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """The moving averages of those that signalled, with their limits; a line down at the day on which each drift began, a mark at its signal.

    ``series`` and ``drifts`` as `drift_series` and `drifts` give them; delivery is in seconds.
    """
    title = words.text("Drift: {measure}", measure=words.name(f"drift.{measure}"))
    found = drifts[drifts["measure"] == measure].sort_values(["is_standing", "signalled_on", "supplier_id"], ascending=[False, True, True])
    if found.empty:
        return nothing(ax, title, words.text("No supplier's chart signalled, or there are not enough months for a baseline."))
    is_time = measure == "stability.delivery_time"
    ax = new_axes(ax, rows=11)
    for row, (colour, line, marker) in zip(found.to_dict("records"), LOOKS, strict=False):
        of_one = series[(series["supplier_id"] == row["supplier_id"]) & (series["measure"] == measure)].sort_values("day")
        told = of_one.assign(**{name: np.exp(of_one[name]) for name in ("value", "ewma", "limit", "centre")}) if is_time else of_one
        label = supplier_label(row["supplier_id"], names, 16)
        ax.plot(told["day"], told["value"], ".", color=colour, markersize=3, alpha=0.35, rasterized=len(told) > RASTER_MARKS)
        ax.plot(told["day"], told["ewma"], color=colour, linestyle=line, linewidth=1.8, label=label)
        ax.plot(told["day"], told["limit"], color=colour, linewidth=0.9, alpha=0.7)
        signal = told.loc[told["ewma"] > told["limit"]].head(1)
        ax.plot(signal["day"], signal["ewma"], marker, color=colour, markersize=7)
        ax.axvline(row["began_on"], color=colour, linewidth=1.1, linestyle=line)
    if is_time:
        ax.set_yscale("log")
        ticks = [tick for tick in (1, 10, 30, 60, 120, 300, 600, 1800, 3600) if ax.get_ylim()[0] <= tick <= ax.get_ylim()[1]]
        ax.set_yticks(ticks, [words.duration(tick) for tick in ticks])
        ax.minorticks_off()
    else:
        quantity_axis(ax, words, "share", axis="y")
    ax.grid(axis="y", color=GRID, linewidth=0.5)
    date_axis(ax)
    legend_below(ax, 2)
    note = words.text("Thick: moving average; thin: its limit, from the baseline months; mark: signal; upright: the day on which the drift began.")
    cut = words.text("Only the first {shown} of {all} are shown.", shown=len(LOOKS), all=len(found)) if len(found) > len(LOOKS) else ""
    return set_title(ax, title, words.sentences(note, cut))


def drift_table(drifts: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """What drifted, when it began, when the chart signalled and how far it has come; ``drifts`` as `drifts` gives them."""
    headings = [
        *(words.text("Supplier"), words.text("What drifted"), words.text("Began on"), words.text("Signalled on"), words.text("How")),
        *(words.text("Baseline"), words.text("Now"), words.text("Still out of limits")),
    ]
    rows = drifts.sort_values(["is_standing", "began_on", "supplier_id", "measure"], ascending=[False, True, True, True])
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            words.name(f"drift.{row['measure']}"),
            words.day(row["began_on"]),
            words.day(row["signalled_on"]),
            words.name(f"drift.{row['kind']}"),
            _level(row["centre"], row["measure"], words),
            _level(row["latest"], row["measure"], words),
            words.text("yes") if row["is_standing"] else words.text("no"),
        ]
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    note = words.text("The signal comes after the beginning: the day is the likeliest one, of all steps and ramps, given what was seen up to the signal.")
    empty = words.text("No supplier's chart signalled, or there are not enough months for a baseline.")
    return table(pd.DataFrame(cells, columns=headings), words.text("Drifts"), numbers=headings[5:7], note=note, empty=empty)


def _level(value: float, measure: str, words: Words) -> str:
    if measure == "stability.delivery_time":
        return words.duration(float(np.exp(value)))
    return ("−" if value < 0 else "") + words.share(abs(value))
