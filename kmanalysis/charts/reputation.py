"""Charts of dimension 5: what clients said when asked, and what is said in public."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.forms import date_axis, legend_below, stacked, supplier_axis, worst
from kmanalysis.charts.kit.style import BLUE, GREEN, GREY, GRID, PAPER, RASTER_MARKS, RED, SKY, chart, new_axes, nothing, set_title
from kmanalysis.words import Words


def references(stated: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Stated references by what came of asking; ``stated`` as `stated_references` gives them."""
    looks = {
        "denied": (words.name("value.denied"), RED, "xx"),
        "unreachable": (words.name("value.unreachable"), GREY, ".."),
        "not_asked": (words.name("value.not_asked"), SKY, ""),
        "confirmed": (words.name("value.confirmed"), GREEN, ""),
    }
    counts = pd.crosstab(stated["supplier_id"], stated["outcome"]).reset_index()
    present = [outcome for outcome in looks if outcome in counts]
    keys = [outcome for outcome in ("denied", "confirmed") if outcome in counts]
    order = counts.sort_values([*keys, "supplier_id"], ascending=[*(key == "confirmed" for key in keys), True]) if len(counts) else counts
    title = words.text("What the named clients said when asked (references)")
    return stacked(order, {outcome: looks[outcome] for outcome in present}, title, words, names, ax, note=words.text("Unreachable is not forged."))


@chart
def findings(found: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Public findings on the calendar, good and bad, the supplier with most bad ones first; ``found`` as `public_findings` gives them."""
    title = words.text("Public findings by day, good and bad")
    if found.empty:
        return nothing(ax, title, words.text("Nothing was found in public about any supplier."))
    bad = (found["polarity"] == "bad").groupby(found["supplier_id"]).agg(["sum", "size"])
    order = bad.reset_index().sort_values(["sum", "size", "supplier_id"], ascending=[False, True, True])
    shown, cut = worst(order, words)
    place = {supplier: number for number, supplier in enumerate(shown["supplier_id"])}
    ax = new_axes(ax, rows=len(shown) + 1)
    for polarity, colour, marker, offset in (("good", BLUE, "o", 0.12), ("bad", RED, "X", -0.12)):
        seen = found[(found["polarity"] == polarity) & found["supplier_id"].isin(place)]
        # With no rows, map returns objects, and adding a number to those fails.
        height = seen["supplier_id"].map(place).astype("float64") + offset
        ax.scatter(
            pd.to_datetime(seen["found_on"]), height, s=34, color=colour, marker=marker, edgecolors=PAPER, linewidths=0.5,
            label=words.name(f"value.{polarity}"), rasterized=len(found) > RASTER_MARKS,
        )  # fmt: skip
    supplier_axis(ax, list(shown["supplier_id"]), names)
    date_axis(ax)
    ax.grid(color=GRID, linewidth=0.5)
    legend_below(ax, 2)
    return set_title(ax, title, words.sentences(cut))
