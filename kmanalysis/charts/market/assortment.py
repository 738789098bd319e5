"""Charts and tables of the range: gaps, what to drop, where the margin lies, and with whom to make something new."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import Row, category_name, is_missing, supplier_name
from kmanalysis.charts.kit.forms import legend_below, quantity_axis, row_axis
from kmanalysis.charts.kit.lengths import MANY_ROWS, MOST_ROWS
from kmanalysis.charts.kit.style import BLUE, ORANGE, PAPER, SKY, chart, new_axes, nothing, set_title
from kmanalysis.charts.kit.tables import Table, table
from kmanalysis.charts.market.trends import few, goods_name, signed
from kmanalysis.standards import Standards
from kmanalysis.units import unit_of
from kmanalysis.words import MISSING, Words


def gap_table(gaps: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Gaps and what is to be watched, with who sells; ``gaps`` as `gaps` gives them."""
    headings = [words.text("Goods"), words.name("products.category"), words.text("Sold by"), words.text("Growth a month"), words.text("Proof")]
    shown = gaps.head(MANY_ROWS).to_dict("records")
    cells = [
        [
            goods_name(row),
            category_name(row["category"], words),
            supplier_name(row["only_supplier"], names) if row["only_supplier"] else words.text("{count} suppliers", count=row["suppliers"])
            if row["suppliers"] else words.text("nobody"),
            signed(row["growth"], words),
            words.text("▲ proven: a gap") if row["is_gap"] else words.text("? not proven: to be watched"),
        ]
        for row in shown
    ]  # fmt: skip
    cut = words.text("The first {shown} of {all}.", shown=len(shown), all=len(gaps)) if len(shown) < len(gaps) else ""
    note = words.text("Growth: of the category or the SKU, the larger. Sold: on offer in the month, or ordered in it.")
    return table(
        pd.DataFrame(cells, columns=headings), words.text("Gaps: growing, and sold by one supplier or none"), numbers=headings[3:4],
        note=words.sentences(note, cut), empty=words.text("Nothing that grows is sold by one supplier or none."),
    )  # fmt: skip


def drop_table(fading: pd.DataFrame, standards: Standards, words: Words) -> Table:
    """What fades, and whether it still brings its margin; ``fading`` as `fading` gives it."""
    headings = [
        *(words.text("Goods"), words.text("Growth a month"), words.text("Orders of the month"), words.text("Amount of the month")),
        *(words.text("Margin"), words.text("Share of all margin"), words.text("What to do")),
    ]
    shown = fading.head(MANY_ROWS).to_dict("records")
    cells = [
        [
            goods_name(row) if row["sku"] else category_name(row["category"], words),
            signed(row["growth"], words),
            words.number(row["orders"]),
            words.money(row["amount"], row["currency"]) if row["currency"] else MISSING,
            words.share(row["margin"]),
            words.share(row["margin_share"]),
            words.text("✗ drop") if row["is_drop"] else words.text("keep while it earns"),
        ]
        for row in shown
    ]
    cut = words.text("The first {shown} of {all}.", shown=len(shown), all=len(fading)) if len(shown) < len(fading) else ""
    note = words.text(
        "Dropped: at most {category} of all margin (a SKU: {sku}), and a margin under {margin}.",
        category=words.share(standards.value("market.drop_category_share")),
        sku=words.share(standards.value("market.drop_sku_share")),
        margin=words.share(standards.value("qualification.gross_margin")),
    )
    return table(
        pd.DataFrame(cells, columns=headings), words.text("What fades, and what to drop"), numbers=headings[1:6],
        note=words.sentences(note, cut), empty=words.text("Nothing is shown to fade."),
    )  # fmt: skip


@chart
def focus(found: pd.DataFrame, standards: Standards, words: Words, ax: Axes | None = None) -> Axes:
    """Share of margin and of sales by category, in the currency of most orders; ``found`` as `focus` gives it."""
    title = words.text("Where the margin lies (share of the month's margin and sales)")
    known = found[found["margin_share"].notna()]
    if known.empty:
        return nothing(ax, title, words.text("No order of the month has a known cost, so no margin is known."))
    currency = known.groupby("currency")["orders"].sum().sort_values(ascending=False, kind="stable").index[0]
    of_one = known[known["currency"] == currency]
    rows = of_one.head(MOST_ROWS).reset_index(drop=True)
    ax = new_axes(ax, rows=1.6 * len(rows) + 1)
    places = np.arange(len(rows))
    ax.barh(
        places - 0.18,
        rows["margin_share"],
        height=0.34,
        color=[BLUE if is_focus else SKY for is_focus in rows["is_focus"]],
        label=words.text("share of margin"),
    )
    ax.barh(places + 0.18, rows["amount_share"], height=0.34, color=ORANGE, hatch="//", edgecolor=PAPER, linewidth=0.5, label=words.text("share of sales"))
    for place, row in zip(places, rows.to_dict("records"), strict=True):
        told = words.text("margin {share}", share=words.share(row["margin"]))
        ax.annotate(told, (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
    row_axis(ax, [("★ " if row["is_focus"] else "") + category_name(row["category"], words) for row in rows.to_dict("records")])
    quantity_axis(ax, words, unit_of("amount_share"))
    legend_below(ax, 2)
    note = words.text("★ the categories that together first make {share} of the margin.", share=words.share(standards.value("market.focus_share")))
    others = len(found) - len(of_one)
    apart = words.text("{count} rows in other currencies are not drawn.", count=others) if others else ""
    return set_title(ax, title, words.sentences(words.text("In {currency}.", currency=currency), note, apart))


def candidate_table(found: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Suppliers of the first grade for each gap; ``found`` as `candidates` gives it."""
    headings = [
        *(words.text("Goods"), words.text("Growth a month"), words.text("Supplier"), words.text("Grade S, probability")),
        *(words.text("SKUs in the category"), words.text("Margin"), words.text("Worth a talk")),
    ]
    # Gaps of one category share their suppliers: one row for all of them.
    alike = ["category", "is_gap", "growth", "supplier_id", "probability", "category_skus", "margin", "is_category", "is_candidate"]
    grouped = [
        (of_one.iloc[0].to_dict(), few([goods_name(row) for row in of_one.to_dict("records")], words))
        for _, of_one in found.groupby(alike, sort=False, dropna=False)
    ]
    shown = grouped[:MANY_ROWS]
    cells = [
        [
            goods,
            f"{'▲' if row['is_gap'] else '?'} {signed(row['growth'], words)}",
            supplier_name(row["supplier_id"], names),
            words.share(row["probability"], 0),
            words.number(row["category_skus"]),
            words.share(row["margin"]) + ("" if row["is_category"] or is_missing(row["margin"]) else " *"),
            _advice(row, words),
        ]
        for row, goods in shown
    ]
    cut = words.text("The first {shown} of {all}.", shown=len(shown), all=len(grouped)) if len(shown) < len(grouped) else ""
    note = words.text("Margin: median between cost and suggested retail of what it lists in the category; * in its other categories.")
    return table(
        pd.DataFrame(cells, columns=headings), words.text("With whom to make something new: suppliers of grade S by gap"), numbers=headings[3:6],
        note=words.sentences(note, cut), empty=words.text("There is no gap, or no supplier of grade S to fill it."),
    )  # fmt: skip


def _advice(row: Row, words: Words) -> str:
    if not row["is_candidate"]:
        return words.text("no: the margin is too low or unknown")
    return words.text("yes") if row["is_gap"] else words.text("once growth is proven")
