"""Charts and tables of the market's trends: what grows, what fades, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd
from IPython.display import HTML
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import Row, category_name, is_missing
from kmanalysis.charts.kit.forms import legend_below, quantity_axis, row_axis
from kmanalysis.charts.kit.lengths import MANY_ROWS, MOST_ROWS
from kmanalysis.charts.kit.style import GREEN, GREY, GRID, INK, RED, chart, new_axes, nothing, set_title
from kmanalysis.charts.kit.tables import Table, table
from kmanalysis.charts.kit.text import html
from kmanalysis.standards import Standards
from kmanalysis.units import unit_of
from kmanalysis.words import MISSING, Words

SYMBOLS: Mapping[str, str] = {"emerging": "▲", "fading": "▼", "steady": "=", "unproven": "?"}
"""A trend's sign, in the order in which trends are told."""

CLASSES: Mapping[str, str] = {"emerging": "met", "fading": "missed", "steady": "", "unproven": "unproven"}
"""Which wash of a verdict a trend's cell has."""

LOOKS: Mapping[str, tuple[str, str]] = {"emerging": (GREEN, "-"), "fading": (RED, "--"), "steady": (GREY, "-"), "unproven": (GREY, ":")}
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""Marks of the lines; as many lines are drawn."""

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
"""Where the logarithmic axis may have a tick."""

NAMED = 6
"""Things that a sentence names, at most."""


def opening(categories: pd.DataFrame, gaps: pd.DataFrame, fading: pd.DataFrame, words: Words) -> HTML:
    """What grows, what fades and where a gap is; the frames as `category_trends`, `gaps` and `fading` give them."""
    if categories.empty and gaps.empty:
        return html(f"<p>{escape(words.text('No order of a known category was seen in the months looked back on: nothing is said of the market.'))}</p>")
    growing, falling = (_moving(categories, status, words) for status in ("emerging", "fading"))
    parts = [
        words.text("Growing: {categories}.", categories=growing) if growing else words.text("No category is shown to grow."),
        words.text("Fading: {categories}.", categories=falling) if falling else words.text("No category is shown to fade."),
    ]
    proven, watched = gaps[gaps["is_gap"]], gaps[~gaps["is_gap"]]
    parts.append(words.text("Gaps in what grows: {goods}.", goods=_goods(proven, words)) if len(proven) else words.text("What grows has no gap."))
    lines = []
    if len(watched):
        lines.append(words.text("To be watched: sold by one supplier or none, growing so far, without proof yet: {goods}.", goods=_goods(watched, words)))
    dropped = fading[fading["is_drop"]]
    told = [row["name"] or category_name(row["category"], words) for row in dropped.drop_duplicates(["category", "sku"]).to_dict("records")]
    lines.append(
        words.text("To be dropped: {goods}.", goods=few(told, words)) if told else words.text("Nothing is to be dropped: what fades still brings its margin.")
        if len(fading) else ""
    )  # fmt: skip
    open_ones = [category_name(category, words) for category in categories.loc[categories["status"] == "unproven", "category"]]
    lines.append(words.text("Too little was seen to tell: {categories}.", categories=few(open_ones, words)) if open_ones else "")
    below = "".join(f"<li>{escape(line)}</li>" for line in lines if line)
    return html(f"<p><strong>{escape(words.sentences(*parts))}</strong></p>" + (f"<ul>{below}</ul>" if below else ""))


def status_counts(categories: pd.DataFrame, skus: pd.DataFrame, words: Words) -> pd.DataFrame:
    """How many categories and SKUs have each trend, in words: a plain frame."""
    levels = {words.text("Categories"): categories, words.text("SKUs"): skus}
    counts = {level: [int((found["status"] == status).sum()) for status in SYMBOLS] for level, found in levels.items()}
    return pd.DataFrame.from_dict(counts, orient="index", columns=[words.name(f"trend.{status}") for status in SYMBOLS])


@chart
def lines(months: pd.DataFrame, categories: pd.DataFrame, words: Words, ax: Axes | None = None) -> Axes:
    """Orders a day of each category against its first month, on a logarithmic axis; the frames as `category_months` and `category_trends` give them."""
    title = words.text("Orders a day by category (first month = 100 %)")
    known = months[months["is_counted"] & months["orders_per_day"].notna()]
    shown = _told_first(categories[categories["category"].isin(known["category"])])
    every = sorted(months["month"].unique())
    if shown.empty or known["month"].nunique() < 2:
        return nothing(ax, title, words.text("There are no two whole months with orders to compare."))
    ax = new_axes(ax, rows=11)
    drawn = shown.head(len(MARKERS))
    heights = []
    for marker, row in zip(MARKERS, drawn.to_dict("records"), strict=False):
        line = known[known["category"] == row["category"]].set_index("month")["orders_per_day"].reindex(every)
        height = line / line.dropna().iloc[0]
        colour, dashes = LOOKS[row["status"]]
        is_moving = row["status"] in ("emerging", "fading")
        ax.plot(
            range(len(every)), height, color=colour, linestyle=dashes, marker=marker, markersize=5, linewidth=2.0 if is_moving else 1.2,
            zorder=3 if is_moving else 2, label=f"{SYMBOLS[row['status']]} {category_name(row['category'], words)} {signed(row['growth'], words)}",
        )  # fmt: skip
        heights += list(height.dropna())
    ax.set_yscale("log")
    low, high = min(heights) / 1.15, max(heights) * 1.15
    ticks = [level for level in LEVELS if low <= level <= high]
    ax.set_yticks(ticks, [words.share(level, 0) for level in ticks])
    ax.minorticks_off()
    ax.set_ylim(low, high)
    ax.set_xticks(range(len(every)), [month[2:] for month in every])
    ax.grid(axis="y", color=GRID, linewidth=0.6)
    legend_below(ax, 2)
    cut = words.text("The first {shown} of {all}.", shown=len(drawn), all=len(shown)) if len(drawn) < len(shown) else ""
    note = words.text("Equal slopes are equal growth. With each name: its growth a month. Dotted: too little was seen to tell.")
    return set_title(ax, title, words.sentences(note, cut))


@chart
def growth(categories: pd.DataFrame, standards: Standards, words: Words, ax: Axes | None = None) -> Axes:
    """Growth a month of each category with its interval, between the standards; ``categories`` as `category_trends` gives them."""
    title = words.text("Growth a month, and how sure it is (change of orders a day)")
    known = _told_first(categories[categories["growth"].notna()])
    if known.empty:
        return nothing(ax, title, words.text("There are no two whole months with orders to compare."))
    rows = known.head(MOST_ROWS)
    ax = new_axes(ax, rows=len(rows) + 1)
    for place, row in enumerate(rows.to_dict("records")):
        colour = LOOKS[row["status"]][0]
        ax.plot([row["lower"], row["upper"]], [place, place], color=colour, linewidth=2.4, solid_capstyle="butt")
        ax.scatter(row["growth"], place, s=36, color=colour, marker="D" if row["status"] == "unproven" else "o", zorder=3)
    rise, fall = standards.value("market.emerging_growth"), -standards.value("market.fading_decline")
    for limit in (rise, fall):
        ax.axvline(limit, color=INK, linewidth=1.1, linestyle=(0, (4, 2)))
    ax.axvline(0, color=GRID, linewidth=0.8, zorder=0)
    row_axis(ax, [f"{SYMBOLS[row['status']]} {category_name(row['category'], words)}" for row in rows.to_dict("records")])
    quantity_axis(ax, words, unit_of("growth"))
    cut = words.text("The first {shown} of {all}.", shown=len(rows), all=len(known)) if len(rows) < len(known) else ""
    note = words.text(
        "Dashed: the standards, {rise} and {fall} a month. Bar: the interval; without one, too few months.", rise=signed(rise, words), fall=signed(fall, words)
    )
    return set_title(ax, title, words.sentences(note, cut))


def trend_table(found: pd.DataFrame, words: Words, title: str, *, empty: str) -> Table:
    """Trends with their evidence; ``found`` as `category_trends` or `sku_trends` give it, or rows of it."""
    ordered = _told_first(found)
    shown = ordered.head(MANY_ROWS).to_dict("records")
    headings = [
        *(words.text("Goods"), words.text("Trend"), words.text("Growth a month"), words.text("Interval"), "p"),
        *(words.text("Months"), words.text("Orders in them")),
    ]
    cells = [
        [
            row["name"] if "name" in row else category_name(row["category"], words),
            status_name(row["status"], words),
            signed(row["growth"], words),
            MISSING if is_missing(row["lower"]) else f"{signed(row['lower'], words)} – {signed(row['upper'], words)}",
            MISSING if is_missing(row["p"]) else words.number(row["p"], 3),
            words.number(row["months"]),
            words.number(row["orders"]),
        ]
        for row in shown
    ]
    finished = pd.DataFrame(cells, columns=headings)
    marks = pd.DataFrame("", index=finished.index, columns=headings)
    marks[headings[1]] = [CLASSES[row["status"]] for row in shown]
    cut = words.text("The first {shown} of {all}.", shown=len(shown), all=len(ordered)) if len(shown) < len(ordered) else ""
    told = words.text(
        "Growth: median slope of the logarithms (Theil–Sen); p: Mann–Kendall, exact; the trend is called by p adjusted for all series (Benjamini–Hochberg)."
    )
    return table(finished, title, classes=marks, numbers=headings[2:], note=words.sentences(told, cut), empty=empty)


def moving(skus: pd.DataFrame, words: Words) -> Table:
    """The SKUs that are shown to grow or to fade; ``skus`` as `sku_trends` gives them."""
    title = words.text("SKUs that grow or fade")
    return trend_table(skus[skus["status"].isin(["emerging", "fading"])], words, title, empty=words.text("No SKU is shown to grow or to fade."))


def goods_name(row: Row) -> str:
    """A SKU's name with its id."""
    return str(row["name"]) if row["name"] == row["sku"] else f"{row['sku']} {row['name']}"


def status_name(status: str, words: Words) -> str:
    """A trend as sign and word."""
    return f"{SYMBOLS[status]} {words.name(f'trend.{status}')}"


def signed(share: float, words: Words) -> str:
    """A change as a percentage with its sign."""
    if math.isnan(share):
        return MISSING
    return ("+" if share > 0 else "−" if share < 0 else "") + words.share(abs(share))


def _moving(categories: pd.DataFrame, status: str, words: Words) -> str:
    """The categories of a trend with their growth, the largest change first."""
    rows = _told_first(categories[categories["status"] == status]).to_dict("records")
    told = [words.text("{category} ({growth} a month)", category=category_name(row["category"], words), growth=signed(row["growth"], words)) for row in rows]
    return few(told, words)


def _told_first(found: pd.DataFrame) -> pd.DataFrame:
    """Trends in the order in which they are told: what grows, what fades, the rest; the larger first."""
    place = {status: number for number, status in enumerate(SYMBOLS)}
    key = [column for column in ("sku", "category") if column in found][:1]
    ordered = found.assign(place=found["status"].map(place), size=found["growth"].abs())
    return ordered.sort_values(["place", "size", *key], ascending=[True, False, True], ignore_index=True).drop(columns=["place", "size"])


def _goods(gaps: pd.DataFrame, words: Words) -> str:
    return few([goods_name(row) for row in gaps.to_dict("records")], words)


def few(parts: Sequence[str], words: Words) -> str:
    """The first of many things, and how many more there are."""
    first = words.join(parts[:NAMED])
    return words.text("{first} and {count} more of them", first=first, count=len(parts) - NAMED) if len(parts) > NAMED else first
