"""What the platform depends on: concentration of purchases, backups, and how firm the ranking is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from kmanalysis.charts.kit.cells import Row, is_missing, supplier_name
from kmanalysis.charts.kit.forms import legend_below, row_axis, supplier_axis, worst
from kmanalysis.charts.kit.style import BLUE, GRID, INK, ORANGE, chart, new_axes, nothing, set_title
from kmanalysis.charts.kit.tables import MOST_ROWS, Table, table
from kmanalysis.words import MISSING, Words


@chart
def ranks(places: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Between which ranks each graded supplier stays when the weights change; ``places`` as `first_places` gives them."""
    title = words.text("How firm the ranking is (rank under drawn weights)")
    if places.empty:
        return nothing(ax, title, words.text("No supplier could be graded this month."))
    shown, cut = worst(places, words)
    ax = new_axes(ax, rows=len(shown) + 1)
    rows = np.arange(len(shown))
    ax.hlines(rows, shown["best_rank"], shown["worst_rank"], color=BLUE, linewidth=3, label=words.text("nine draws of ten"))
    ax.plot(shown["rank"], rows, "D", color=INK, markersize=5, linestyle="none", label=words.text("weights as configured"))
    for place, share in zip(rows, shown["first_share"], strict=True):
        told = words.text("first {share}", share=words.share(share, 0))
        ax.annotate(told, (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
    supplier_axis(ax, list(shown["supplier"]), names)
    ax.set_xlabel(words.text("Rank (1 is best)"))
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.grid(axis="x", color=GRID, linewidth=0.5)
    legend_below(ax, 2)
    return set_title(ax, title, words.sentences(words.text("At the right: in how many draws it is first."), cut))


def swaps_table(swaps: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """The smallest change of one weight that swaps neighbours, the smallest first; ``swaps`` as `weight_swaps` gives them."""
    headings = [words.text("Above"), words.text("Below"), words.text("Gap (points)"), words.text("Smallest change of one weight that swaps them")]
    rows = swaps.sort_values(["change", "above"], na_position="last")
    cells = [
        [supplier_name(row["above"], names), supplier_name(row["below"], names), words.number(row["gap"], 2), _swap(row, words)]
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    note = words.text("Weights are shares of the whole; the others keep their proportions.")
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("What would swap neighbours"),
        numbers=headings[2:3],
        note=note,
        empty=words.text("There is none to show."),
    )


def _swap(row: Row, words: Words) -> str:
    if is_missing(row["change"]):
        return words.text("no weight of a single measure does")
    return f"{words.name(row['measure'])} {words.share(row['weight'], 2)} → {words.share(row['swapped_weight'], 2)}"


@chart
def concentrations(found: pd.DataFrame, limit: float, words: Words, ax: Axes | None = None) -> Axes:
    """The index of each subject in the currency of most money, the limit as a line; ``found`` as `concentration` gives it."""
    title = words.text("How concentrated purchases are (HHI, 0 to 10 000)")
    if found.empty:
        return nothing(ax, title, words.text("No purchase of this month is on record."))
    currency = found[found["scope"] == "all"].assign(size=lambda rows: rows["paid_amount"].astype("float64")).sort_values("size")["currency"].iloc[-1]
    order = found[found["currency"] == currency].sort_values(["hhi", "scope", "subject"], ascending=[False, True, True])
    shown, cut = worst(order, words, are_suppliers=False)
    ax = new_axes(ax, rows=len(shown) + 1)
    places = np.arange(len(shown))
    is_over = (shown["hhi"] > limit).to_numpy()
    ax.barh(places[is_over], shown["hhi"].to_numpy()[is_over], height=0.66, color=ORANGE, hatch="//", edgecolor="#fefefe", linewidth=0.5)
    ax.barh(places[~is_over], shown["hhi"].to_numpy()[~is_over], height=0.66, color=BLUE)
    ax.axvline(limit, color=INK, linewidth=1.1, linestyle=(0, (4, 2)))
    for place, value in zip(places, shown["hhi"], strict=True):
        ax.annotate(words.number(value), (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
    row_axis(ax, [_subject(row, words) for row in shown.to_dict("records")])
    ax.set_xlim(0, 10_000)
    told = words.text("By value of purchases in {currency}. Dashed: the standard, at most {limit}.", currency=currency, limit=words.number(limit))
    others = found["currency"].nunique() - 1
    apart = words.text("{count} other currencies are in the table.", count=others) if others else ""
    return set_title(ax, title, words.sentences(told, apart, cut))


def _subject(row: Row, words: Words) -> str:
    if row["scope"] == "all":
        return words.name("scope.all")
    return words.name(f"value.{row['subject']}") if words.has_name(f"value.{row['subject']}") else str(row["subject"])


def concentration_table(found: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Concentration by scope with the largest supplier; ``found`` as `concentration` gives it."""
    headings = [
        *(words.text("Within"), words.text("Subject"), words.text("Purchases"), words.text("Suppliers"), "HHI", words.text("Largest"), words.text("Its share")),
    ]
    cells = [
        [
            words.name(f"scope.{row['scope']}"),
            _subject(row, words),
            words.money(row["paid_amount"], row["currency"]),
            words.number(row["suppliers"]),
            words.number(row["hhi"]),
            supplier_name(row["largest"], names),
            words.share(row["largest_share"]),
        ]
        for row in found.head(MOST_ROWS).to_dict("records")
    ]
    numbers = [headings[2], headings[3], headings[4], headings[6]]
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("Concentration of purchases"),
        numbers=numbers,
        empty=words.text("No purchase of this month is on record."),
    )


def shares_table(found: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Each supplier's share of the purchases of each category and of all, in the currency of most money, the largest first.

    ``found`` as `purchase_shares` gives it.
    """
    title = words.text("Shares of purchases by supplier and category")
    if found.empty:
        return table(pd.DataFrame(), title, empty=words.text("No purchase of this month is on record."))
    amounts = found[found["scope"] == "all"].assign(size=lambda rows: rows["paid_amount"].astype("float64"))
    currency = amounts.groupby("currency")["size"].sum().idxmax()
    shown = found[(found["currency"] == currency) & found["scope"].isin(["all", "category"])]
    grid = shown.pivot(index="supplier", columns="subject", values="share")
    order = grid[""].sort_values(ascending=False, kind="stable").index[:MOST_ROWS]
    headings = [_subject({"scope": "all" if not subject else "category", "subject": subject}, words) for subject in grid.columns]
    cells = pd.DataFrame([[words.share(share) for share in grid.loc[supplier]] for supplier in order], columns=headings)
    cells.insert(0, words.text("Supplier"), [supplier_name(supplier, names) for supplier in order])
    cut = words.text("The first {shown} of {all}.", shown=len(order), all=len(grid)) if len(order) < len(grid) else ""
    note = words.text("By value of purchases in {currency}.", currency=currency)
    return table(cells, title, numbers=headings, note=" ".join(part for part in (note, cut) if part))


def backups_table(suppliers: pd.DataFrame, skus: pd.DataFrame, days: float, words: Words, names: Mapping[str, str]) -> Table:
    """If a supplier stopped tomorrow: what the others could carry for so many ``days``, at what cost, and what has no backup; the worst first.

    ``suppliers`` and ``skus`` as `backup_suppliers` and `backup_skus` give them.
    """
    bare = skus[skus["backups"] == 0]
    told = {supplier: words.join([_bare(row, words) for row in of_one.to_dict("records")]) for supplier, of_one in bare.groupby("supplier")}
    headings = [
        words.text("If it stopped"),
        words.text("Orders"),
        words.text("Carried by others"),
        words.text("Extra cost"),
        words.text("SKUs without a backup"),
    ]
    rows = suppliers.sort_values(["carried_share", "supplier", "currency"]).head(MOST_ROWS)
    cells = [
        [
            supplier_name(row["supplier"], names),
            words.number(row["orders"]),
            words.share(row["carried_share"]),
            MISSING if row["extra_cost"] is None or is_missing(row["extra_cost"]) else words.money(row["extra_cost"], row["currency"]),
            told.get(row["supplier"], "✓"),
        ]
        for row in rows.to_dict("records")
    ]
    note = words.text(
        "What others hold beyond their own needs for {days} days, at the month's pace. Vetoed suppliers, unknown stock and the same upstream do not count. "
        "Cost: the month's landed cost, the list price where nothing was bought; below zero, the others are cheaper.",
        days=words.number(days),
    )
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("If one supplier stopped tomorrow (N−1)"),
        numbers=headings[1:4],
        note=note,
        empty=words.text("No order of this month is on record."),
    )


def _bare(row: Row, words: Words) -> str:
    hurdle = words.name(f"hurdle.{row['reason']}")
    return f"{row['sku']} {row['name']} ({hurdle})"
