"""Charts of dimension 3: quotes against the market, what a low price really costs, and fees."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.forms import legend_below, quantity_axis, stacked, supplier_axis, worst
from kmanalysis.charts.kit.style import (
    BLUE,
    GREY,
    GRID,
    INK,
    MOST_ROWS,
    ORANGE,
    PAPER,
    RASTER_MARKS,
    RED,
    chart,
    new_axes,
    nothing,
    set_title,
    shortened,
    supplier_label,
)
from kmanalysis.standards import Standard
from kmanalysis.units import unit_of
from kmanalysis.words import Words

BAND = "#dcebf5"


@chart
def deviations(skus: pd.DataFrame, standard: Standard, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Core goods against the market, a dot each; the allowed band is shaded. ``skus`` as `sku_deviations` gives them."""
    title = words.text("How far core goods are quoted from the market (median of the month, a dot each)")
    if skus.empty:
        return nothing(ax, title, words.text("No core good is quoted by enough suppliers to speak of a market."))
    limit = standard.limit or 0.0
    furthest = skus["median_deviation"].abs().groupby(skus["supplier_id"]).max().sort_values(ascending=False, kind="stable").reset_index()
    shown, cut = worst(furthest, words)
    ax = new_axes(ax, rows=len(shown) + 1)
    ax.axvspan(-limit, limit, color=BAND, linewidth=0, zorder=0)
    ax.axvline(0, color=INK, linewidth=0.8, zorder=1)
    seen = skus[skus["supplier_id"].isin(shown["supplier_id"])]
    places = seen["supplier_id"].map({supplier: place for place, supplier in enumerate(shown["supplier_id"])}).to_numpy()
    size = seen["median_deviation"].to_numpy()
    outside = np.abs(size) > limit
    pixels = len(seen) > RASTER_MARKS
    ax.scatter(size[~outside], places[~outside], s=26, color=BLUE, edgecolors=PAPER, linewidths=0.5, rasterized=pixels, label=words.text("within the band"))
    ax.scatter(
        size[outside], places[outside], s=36, color=RED, marker="X", edgecolors=PAPER, linewidths=0.5, rasterized=pixels, label=words.text("outside the band")
    )
    supplier_axis(ax, list(shown["supplier_id"]), names)
    quantity_axis(ax, words, unit_of("median_deviation"))
    ax.grid(axis="y", color=GRID, linewidth=0.5)
    legend_below(ax, 2)
    band = words.text("Shaded: the band of ±{limit} around the median of the other suppliers.", limit=words.share(limit))
    return set_title(ax, title, words.sentences(band, cut))


@chart
def landed(prices: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """What a quote promises and what the goods really cost, both against the market; ``prices`` as `landed_prices` gives them."""
    title = words.text("Quoted price and landed cost against the market, the widest gaps")
    if prices.empty:
        return nothing(ax, title, words.text("Nothing was bought this month of which the market is known."))
    order = prices.assign(gap=prices["landed_gap"] - prices["headline_gap"]).sort_values(
        ["is_trap", "gap", "supplier_id", "sku"], ascending=[False, False, True, True]
    )
    shown = order.head(min(MOST_ROWS, 12))
    ax = new_axes(ax, rows=len(shown) + 1)
    places = np.arange(len(shown))
    ax.axvline(0, color=INK, linewidth=0.8, zorder=1)
    ax.hlines(places, shown["headline_gap"], shown["landed_gap"], color=GREY, linewidth=2)
    ax.scatter(shown["headline_gap"], places, s=34, color=BLUE, marker="o", zorder=3, label=words.text("quoted"))
    ax.scatter(shown["landed_gap"], places, s=40, color=RED, marker="D", zorder=3, label=words.text("landed, with fees"))
    labels = [
        f"{'⚠ ' if row['is_trap'] else ''}{supplier_label(row['supplier_id'], names, 12)} {shortened(row['name'], 14)}" for row in shown.to_dict("records")
    ]
    supplier_axis(ax, labels, {label: label for label in labels})
    ax.set_yticks(places, labels)
    quantity_axis(ax, words, unit_of("landed_gap"))
    ax.grid(axis="y", color=GRID, linewidth=0.5)
    legend_below(ax, 2)
    traps = int(prices["is_trap"].sum())
    told = words.text("{count} of {all} goods are traps (⚠): cheap by the quote, not by the cost.", count=traps, all=len(prices))
    return set_title(ax, title, words.sentences(words.text("0 % is the market level of the other suppliers."), told))


def fees(found: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Fees as a share of purchases, disclosed and undisclosed apart; ``found`` as `fees_by_kind` gives them."""
    title = words.text("Fees beside the price (share of what was paid for purchases)")
    known = found[found["share_of_purchases"].notna()]
    if known.empty:
        return nothing(ax, title, words.text("No fee beside the price is on record this month."))
    sums = known.pivot_table(index="supplier_id", columns="is_disclosed", values="share_of_purchases", aggfunc="sum", fill_value=0.0)
    bars = pd.DataFrame({"hidden": sums.get(False, 0.0), "disclosed": sums.get(True, 0.0)}, index=sums.index)
    bars = bars.reset_index().sort_values(["hidden", "disclosed", "supplier_id"], ascending=[False, False, True])
    looks = {"hidden": (words.text("undisclosed"), RED, "xx"), "disclosed": (words.text("disclosed beforehand"), ORANGE, "")}
    return stacked(bars, looks, title, words, names, ax, unit=unit_of("share_of_purchases"), note=words.text("Suppliers that charged none are not shown."))
