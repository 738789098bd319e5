"""Charts of dimension 1: stock of what sells, servers, and codes in time."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.forms import curves, date_axis, day_map, supplier_axis, worst
from kmanalysis.charts.kit.style import GRID, RASTER_MARKS, RED, chart, new_axes, nothing, set_title
from kmanalysis.standards import Standard
from kmanalysis.times import Month, to_local
from kmanalysis.words import Words


def stock_by_day(days: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Share of time in stock of the hot goods by supplier and day; ``days`` as `hot_availability_days` gives them."""
    title = words.text("On which days hot goods were sold out (share of known time in stock)")
    return day_map(days, "available_share", title, words, names, ax)


def servers_by_day(days: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Share of time that servers answered by supplier and day; ``days`` as `uptime_days` gives them."""
    title = words.text("On which days servers did not answer (share of known time answered)")
    return day_map(days, "up_share", title, words, names, ax)


def delivery(points: pd.DataFrame, standard: Standard, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """By when which share of codes was delivered; ``points`` as `delivery_curves` gives them."""
    title = words.text("How long buyers waited for the code (share of orders delivered by then)")
    return curves(points, title, words, names, ax, limit=standard.limit or 0.0, target=standard.value)


@chart
def outages(found: pd.DataFrame, month: Month, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """The servers' outages on the month's calendar, the supplier that was down longest first; ``found`` as `outages` gives them."""
    title = words.text("When servers were down")
    if found.empty:
        return nothing(ax, title, words.text("No outage was seen this month."))
    down = found.groupby("supplier_id")["seconds"].sum().sort_values(ascending=False, kind="stable").reset_index()
    shown, cut = worst(down, words)
    ax = new_axes(ax, rows=len(shown) + 1)
    seen = found[found["supplier_id"].isin(shown["supplier_id"])]
    places = seen["supplier_id"].map({supplier: place for place, supplier in enumerate(shown["supplier_id"])}).to_numpy()
    since, until = (to_local(pd.to_datetime(seen[column])) for column in ("since", "until"))
    bars = ax.barh(places, until - since, left=since, height=0.62, color=RED, edgecolor=RED, linewidth=1.0)
    if len(seen) > RASTER_MARKS:
        for bar in bars:
            bar.set_rasterized(True)
    supplier_axis(ax, list(shown["supplier_id"]), names)
    for place, seconds in enumerate(shown["seconds"]):
        ax.annotate(words.duration(seconds), (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
    ax.set_xlim(np.datetime64(to_local(month.start)), np.datetime64(to_local(month.end)))  # type: ignore[arg-type]
    date_axis(ax)
    ax.grid(axis="x", color=GRID)
    return set_title(ax, title, words.sentences(words.text("At the right: time down in the month. Outages of our own watching are left out."), cut))
