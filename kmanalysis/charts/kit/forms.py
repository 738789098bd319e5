"""The few forms that the charts share. Each draws one on an Axes and returns it; none computes or knows a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from kmanalysis.charts.kit.lengths import MANY_ROWS, MOST_ROWS, columns, shortened, supplier_label
from kmanalysis.charts.kit.style import BLUE, GREY, INK, ORANGE, PAPER, PURPLE, RASTER_MARKS, RED, SKY, WIDTH, chart, new_axes, nothing, set_title
from kmanalysis.units import unit_of
from kmanalysis.words import Words

SHARE_COLOURS = LinearSegmentedColormap.from_list("share", ["#8c2d04", "#d94801", "#fd8d3c", "#fdd0a2", "#d3e8f0", "#7fb8d6"])
"""From bad (dark orange) to good (light blue): told apart in grey as well."""


_LEGEND = 9.5


def worst(frame: pd.DataFrame, words: Words, *, are_suppliers: bool = True) -> tuple[pd.DataFrame, str]:
    """The rows that a chart has room for, of a frame that is sorted worst first, and the sentence that says so (empty where all are shown)."""
    if len(frame) <= MANY_ROWS:
        return frame, ""
    counts = {"shown": MOST_ROWS, "all": len(frame)}
    cut = words.text("Only the worst {shown} of {all} are shown.", **counts) if are_suppliers else words.text("The worst {shown} rows of {all}.", **counts)
    return frame.head(MOST_ROWS), cut


def quantity_axis(ax: Axes, words: Words, unit: str, *, axis: str = "x") -> None:
    """Ticks in the unit, as the language writes it."""
    # A count needs no name, and the currency of an amount stands under its axis.
    is_plain = unit in ("count", "units", "suppliers", "years", "money")
    line = ax.xaxis if axis == "x" else ax.yaxis
    line.set_major_formatter(FuncFormatter(lambda value, _: words.number(float(value), 1) if is_plain else words.quantity(float(value), unit)))
    if line.get_scale() == "linear":
        line.set_major_locator(MaxNLocator(4, integer=unit in ("count", "units", "suppliers")))


def supplier_axis(ax: Axes, suppliers: Sequence[str], names: Mapping[str, str]) -> None:
    """One row a supplier, the first at the top."""
    row_axis(ax, [supplier_label(supplier, names) for supplier in suppliers])


def row_axis(ax: Axes, labels: Sequence[str]) -> None:
    """One row a label, the first at the top; a bar alone does not fill the picture."""
    ax.set_yticks(range(len(labels)), [shortened(label, 28) for label in labels])
    ax.set_ylim(max(len(labels), 3) - 0.4, -0.6)
    ax.spines["left"].set_visible(False)


@chart
def day_map(
    days: pd.DataFrame,
    column: str,
    title: str,
    words: Words,
    names: Mapping[str, str],
    ax: Axes | None = None,
    *,
    note: str = "",
    low: float = 0.0,
) -> Axes:
    """A share by supplier and day as a map, the supplier with the lowest mean first; days that nobody knows stay empty.

    ``days`` has supplier_id, day and ``column`` (0–1); shares of ``low`` and less are darkest.
    """
    known = days[days[column].notna()]
    if known.empty:
        return nothing(ax, title, words.text("Nothing was observed for any supplier this month, so nothing is said."))
    table = known.pivot_table(index="supplier_id", columns="day", values=column)
    table.columns = pd.to_datetime(table.columns)
    order = table.mean(axis=1).sort_values(kind="stable").index
    shown, cut = worst(table.loc[order].reset_index(), words)
    grid = shown.set_index("supplier_id")
    ax = new_axes(ax, rows=len(grid) + 1.5)
    every = pd.date_range(grid.columns.min(), grid.columns.max(), freq="D")
    grid = grid.reindex(columns=every)
    share_map(ax, grid, words, low=low, colours=SHARE_COLOURS)
    supplier_axis(ax, list(grid.index), names)
    ax.set_xticks(np.arange(0, len(every), 5), [str(day.day) for day in every[::5]])
    ax.set_xlabel(words.text("Day of the month"))
    return set_title(ax, title, words.sentences(note, words.text("Empty: unknown."), cut))


def share_map(ax: Axes, grid: pd.DataFrame, words: Words, *, low: float, colours: Colormap = SHARE_COLOURS) -> None:
    """Cells of shares with their scale beside them; as pixels where they are many."""
    mesh = ax.pcolormesh(
        np.arange(grid.shape[1] + 1) - 0.5,
        np.arange(grid.shape[0] + 1) - 0.5,
        np.ma.masked_invalid(grid.to_numpy(dtype="float64")),
        cmap=colours,
        vmin=low,
        vmax=1.0,
        rasterized=grid.size > RASTER_MARKS,
        # Lines drawn as pixels would stay light on a dark page.
        linewidth=0.0 if grid.size > RASTER_MARKS else 0.5,
        edgecolor=PAPER,
    )
    figure = ax.get_figure()
    shares = FuncFormatter(lambda value, _: words.share(value, 0))
    bar = figure.colorbar(mesh, ax=ax, orientation="vertical", fraction=0.04, pad=0.02, aspect=30, format=shares)  # type: ignore[union-attr]
    bar.outline.set_visible(False)
    bar.ax.tick_params(size=0)
    ax.spines[:].set_visible(False)


@chart
def stacked(
    counts: pd.DataFrame,
    looks: Mapping[str, tuple[str, str, str]],
    title: str,
    words: Words,
    names: Mapping[str, str],
    ax: Axes | None = None,
    *,
    note: str = "",
    unit: str = "count",
) -> Axes:
    """Counts a supplier as stacked bars, sorted as the frame is (worst first). ``looks``: column → (name, colour, hatch).

    A column ``label`` names the rows where a supplier has several.
    """
    if counts.empty:
        return nothing(ax, title, words.text("There is none to show."))
    shown, cut = worst(counts, words, are_suppliers="label" not in counts)
    ax = new_axes(ax, rows=len(shown) + 1.2)
    left = np.zeros(len(shown))
    for column, (name, colour, hatch) in looks.items():
        if column not in shown or not shown[column].any():
            continue
        width = shown[column].to_numpy(dtype="float64")
        ax.barh(np.arange(len(shown)), width, left=left, height=0.68, color=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.5, label=name)
        left = left + np.nan_to_num(width)
    if "label" in shown:
        row_axis(ax, list(shown["label"]))
    else:
        supplier_axis(ax, list(shown["supplier_id"]), names)
    quantity_axis(ax, words, unit)
    legend_below(ax, len(looks))
    return set_title(ax, title, words.sentences(note, cut))


def legend_below(ax: Axes, entries: int) -> None:
    """The legend under the axis, where it covers nothing. A name may begin with an underscore, which matplotlib's own legend would leave out."""
    figure = ax.get_figure()
    # It calls what nobody named by its place, and the bars of a container by this word.
    drawn = [(artist, f"_child{place}") for place, artist in enumerate(ax.get_children()) if isinstance(artist, Line2D | Patch | Collection)]
    drawn += [(container, f"_container{place}") for place, container in enumerate(ax.containers)]  # type: ignore[misc]
    named = [(artist, label) for artist, given in drawn if (label := str(artist.get_label() or "")) not in ("", "_nolegend_", given)]
    handles, labels = [artist for artist, _ in named], [label for _, label in named]
    if handles:
        ncols = next(ncols for ncols in range(min(entries, 4), 0, -1) if ncols == 1 or _legend_width(labels, ncols) <= WIDTH * 72)
        figure.legend(handles, labels, loc="outside lower left", ncols=ncols, fontsize=_LEGEND, handlelength=1.4, columnspacing=1.2)  # type: ignore[union-attr]


def _legend_width(labels: Sequence[str], ncols: int) -> float:
    """The points that a legend in so many columns takes, about: a Latin letter is a little more than half as wide as a Chinese one.

    Beside its label a column has its line, the gap behind that and the gap between columns: 3.4 times the size of the letters.
    """
    widest = [
        max(columns(label) * (0.5 if columns(label) > len(label) else 0.55) for label in column) for column in np.array_split(labels, ncols) if len(column)
    ]
    return _LEGEND * sum(wide + 3.4 for wide in widest)


@chart
def curves(
    points: pd.DataFrame,
    title: str,
    words: Words,
    names: Mapping[str, str],
    ax: Axes | None = None,
    *,
    limit: float,
    target: float,
) -> Axes:
    """By when which share had ended: one step line a supplier, the lowest five below the standard in colour, the standard as a corner.

    ``points`` has supplier_id, seconds and share; ``limit`` (seconds) and ``target`` (share) come from the standard.
    """
    if points.empty:
        return nothing(ax, title, words.text("Nothing was observed for any supplier this month, so nothing is said."))
    ax = new_axes(ax, rows=11)
    reached = points[points["seconds"] <= limit].groupby("supplier_id")["share"].max().reindex(sorted(points["supplier_id"].unique())).fillna(0.0)
    order = list(reached.sort_values(kind="stable").index)
    below = [supplier for supplier in order if reached[supplier] < target]
    looks = dict(zip(below, zip((RED, ORANGE, PURPLE, BLUE, SKY), ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1))), strict=True), strict=False))
    for supplier in reversed(order):
        line = points[points["supplier_id"] == supplier].sort_values("seconds")
        colour, dashes = looks.get(supplier, (GREY, "-"))
        named = supplier in looks
        ax.step(
            np.maximum(line["seconds"], 1.0), line["share"], where="post", color=colour, linestyle=dashes,
            linewidth=1.8 if named else 0.7, alpha=1.0 if named else 0.5, zorder=3 if named else 2, rasterized=len(order) > MANY_ROWS and not named,
            label=f"{supplier_label(supplier, names, 16)} {words.share(reached[supplier], 0)}" if named else None,
        )  # fmt: skip
    ax.axvline(limit, color=INK, linewidth=1.1, linestyle=(0, (4, 2)))
    ax.axhline(target, color=INK, linewidth=1.1, linestyle=(0, (4, 2)))
    ax.set_xscale("log")
    first, last = max(0.5, points["seconds"].min() / 1.5), max(points["seconds"].max(), limit) * 1.5
    ticks = [tick for tick in (1, 10, 60, 600, 3600, 21600, 86400, 604800) if first <= tick <= last]
    ax.set_xticks(ticks, [words.duration(tick) for tick in ticks])
    ax.set_xlim(first, last)
    ax.minorticks_off()
    ax.set_ylim(0, 1.03)
    quantity_axis(ax, words, unit_of("share"), axis="y")
    ax.set_xlabel(words.text("Time waited"))
    legend_below(ax, 2)
    told = words.text("Dashed: the standard, {share} within {limit}.", share=f"≥\u00a0{words.share(target)}", limit=words.duration(limit))
    coloured = words.text("In colour: the lowest of those below it, with their share at the limit; grey: the others.")
    nobody = words.text("Of those drawn, nobody is below it.")
    return set_title(ax, title, words.sentences(told, coloured if below else nobody))


def date_axis(ax: Axes) -> None:
    """Ticks by month and day."""
    ax.xaxis.set_major_locator(mdates.AutoDateLocator(minticks=3, maxticks=6))  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_formatter(mdates.DateFormatter("%m-%d"))  # type: ignore[no-untyped-call]
