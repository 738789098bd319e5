"""Charts and tables of demand: who buys, and what is bought together. Counts alone: no buyer is shown."""

from __future__ import annotations

from html import escape

import pandas as pd
from IPython.display import HTML
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import Row, category_name
from kmanalysis.charts.kit.forms import stacked
from kmanalysis.charts.kit.lengths import MANY_ROWS
from kmanalysis.charts.kit.style import BLUE, SKY, nothing
from kmanalysis.charts.kit.tables import Table, table
from kmanalysis.charts.kit.text import html
from kmanalysis.standards import Standards
from kmanalysis.words import Words


def coverage(known: pd.DataFrame, words: Words) -> HTML:
    """How much is known of who buys; ``known`` as `known_buyers` gives it."""
    row = known.iloc[0].to_dict()
    told = words.text(
        "{share} of {orders} orders have a known buyer: {buyers} buyers. What follows speaks of these alone.",
        share=words.share(row["known_share"]),
        orders=words.number(row["orders"]),
        buyers=words.number(row["buyers"]),
    )
    none = words.text("No order has a known buyer: nothing is known of who buys, nor of what is bought together.")
    return html(f"<p>{escape(told if row['known_orders'] else none)}</p>")


def segments(found: pd.DataFrame, standards: Standards, words: Words, ax: Axes | None = None) -> Axes:
    """Buyers by recency and frequency, large and other ones, in the currency of most buyers; ``found`` as `buyer_segments` gives it."""
    title = words.text("Who buys (known buyers by last order and frequency)")
    if found.empty:
        return nothing(ax, title, words.text("No buyer is known."))
    currency = found.groupby("currency")["buyers"].sum().sort_values(ascending=False, kind="stable").index[0]
    of_one = found[found["currency"] == currency].assign(size=lambda every: every["is_large"].map({True: "large", False: "other"}))
    counts = of_one.pivot_table(index=["recency", "frequency"], columns="size", values="buyers", aggfunc="sum", fill_value=0, sort=False).reset_index()
    counts["label"] = [_segment_name(row, words) for row in counts[["recency", "frequency"]].to_dict("records")]
    large = words.money(standards.value("market.buyer_large"), currency)
    looks = {"large": (words.text("paid {amount} or more", amount=large), BLUE, "//"), "other": (words.text("paid less"), SKY, "")}
    others = found["currency"].nunique() - 1
    apart = words.text("Buyers in {count} other currencies are not drawn.", count=others) if others else ""
    return stacked(counts, looks, title, words, {}, ax, note=words.sentences(_cut_points(standards, words), apart))


def segment_table(found: pd.DataFrame, words: Words) -> Table:
    """What each segment brings; ``found`` as `buyer_segments` gives it."""
    headings = [
        *(words.text("Segment"), words.text("Spending"), words.text("Buyers"), words.text("Their orders")),
        *(words.text("Paid"), words.text("Share of what known buyers paid")),
    ]
    shown = found.sort_values(["amount_share", "currency", "recency", "frequency"], ascending=[False, True, True, True], kind="stable").head(MANY_ROWS)
    cells = [
        [
            _segment_name(row, words),
            words.name("buyer.large" if row["is_large"] else "buyer.other"),
            words.number(row["buyers"]),
            words.number(row["orders"]),
            words.money(row["amount"], row["currency"]),
            words.share(row["amount_share"]),
        ]
        for row in shown.to_dict("records")
    ]
    note = words.text("The cut points are standards, not quantiles: nobody's class changes because another buyer bought.")
    title = words.text("What each segment of buyers brings")
    return table(pd.DataFrame(cells, columns=headings), title, numbers=headings[2:], note=note, empty=words.text("No buyer is known."))


def together(found: pd.DataFrame, standards: Standards, words: Words) -> Table:
    """Pairs that are bought together more often than chance would have it; ``found`` as `pairs` gives it."""
    headings = [
        *(words.text("Goods"), words.text("Bought with"), words.text("Baskets with both"), words.text("Support")),
        *(words.text("Lift"), words.text("Interval")),
    ]
    more = found[found["is_more"]]
    shown = more.head(MANY_ROWS).to_dict("records")
    cells = [
        [
            _item_name(row, "first", words),
            _item_name(row, "second", words),
            words.number(row["together"]),
            words.share(row["support"]),
            words.number(row["lift"], 2),
            f"{words.number(row['lower'], 2)} – {words.number(row['upper'], 2)}",
        ]
        for row in shown
    ]
    cut = words.text("The first {shown} of {all}.", shown=len(shown), all=len(more)) if len(shown) < len(more) else ""
    fewest = words.number(standards.value("market.pair_baskets"))
    note = words.text(
        "A basket: what one buyer ordered on one day. Lift 1: no more than chance. Pairs in fewer than {count} baskets are not told.", count=fewest
    )
    rest = words.text("{count} other pairs are not shown to be more frequent than chance.", count=len(found) - len(more)) if len(found) > len(more) else ""
    empty = words.text("No pair of goods is shown to be bought together more often than chance.")
    return table(
        pd.DataFrame(cells, columns=headings), words.text("What is bought together"), numbers=headings[2:],
        note=words.sentences(note, rest, cut), empty=words.sentences(empty, rest),
    )  # fmt: skip


def _segment_name(row: Row, words: Words) -> str:
    return f"{words.name('buyer.' + row['recency'])} · {words.name('buyer.' + row['frequency'])}"


def _item_name(row: Row, side: str, words: Words) -> str:
    item, name = row[side], row[f"{side}_name"]
    return category_name(item, words) if row["level"] == "category" or item == name else f"{item} {name}"


def _cut_points(standards: Standards, words: Words) -> str:
    return words.text(
        "Active: ordered within {recent} days of the month's end; cooling: within {lapsed}. Frequent: {frequent} orders or more in {months} months.",
        recent=words.number(standards.value("market.buyer_recent")),
        lapsed=words.number(standards.value("market.buyer_lapsed")),
        frequent=words.number(standards.value("market.buyer_frequent")),
        months=words.number(standards.value("market.trend_months")),
    )
