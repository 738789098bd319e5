"""Charts of dimension 3: quotes against the market, what a low price really costs, and fees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import Row, is_missing, supplier_name
from kmanalysis.charts.kit.forms import legend_below, quantity_axis, stacked, supplier_axis, worst
from kmanalysis.charts.kit.lengths import MOST_ROWS, shortened, supplier_label
from kmanalysis.charts.kit.style import BLUE, GREY, GRID, INK, ORANGE, PAPER, RASTER_MARKS, RED, chart, new_axes, nothing, set_title
from kmanalysis.charts.kit.tables import Table, table
from kmanalysis.standards import Standard
from kmanalysis.units import unit_of
from kmanalysis.words import MISSING, Words

MOST_GOODS = 40
"""SKUs that the price board lists, the most striking ones; scorecard.xlsx has all."""

MOST_SUPPLIERS = 12
"""Suppliers that have a column of their own on it."""

FEW_SUPPLIERS = 5
"""With more of them the cheapest stand one below the other in a cell beside the SKU, for a narrow screen."""

CHEAPEST = 3

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


def price_board(found: pd.DataFrame, standard: Standard, words: Words, names: Mapping[str, str]) -> Table:
    """The quotes that stand at the month's end, a row a SKU and currency, a column a supplier; ``found`` as `board` gives them.

    What breaks the band is marked ▲ or ▼, the cheapest ✓, a cost over the own price ⚠. At most `MOST_GOODS` rows: losses first, then what lies furthest
    from the market; at most `MOST_SUPPLIERS` suppliers, those that quote most of these.
    """
    title = words.text("Price board: the quotes that stand at the month's end")
    if found.empty:
        return table(pd.DataFrame(), title, empty=words.text("No quote stands at the month's end."))
    goods = _striking(found)
    shown = found.merge(goods.head(MOST_GOODS)[["sku", "currency"]], on=["sku", "currency"])
    quoting = shown["supplier"].value_counts().sort_index().sort_values(ascending=False, kind="stable").index
    suppliers = sorted(quoting[:MOST_SUPPLIERS])
    is_wide = len(suppliers) > FEW_SUPPLIERS
    rows = [(key, of_one.to_dict("records")) for key, of_one in shown.groupby(["sku", "currency"], sort=False)]
    place = {key: number for number, key in enumerate(goods[["sku", "currency"]].itertuples(index=False, name=None))}
    rows.sort(key=lambda row: place[row[0]])
    limit = standard.limit or 0.0
    first = words.text("The cheapest {count}", count=CHEAPEST) if is_wide else words.text("Cheapest")
    fixed = [
        *(words.name("column.sku_name"), first, words.text("Own sale price"), words.text("Mean of the others"), words.text("Median of the others")),
        words.text("Band"),
    ]
    headings = [*fixed, *(supplier_name(supplier, names) for supplier in suppliers)]
    cells = [_board_row(of_one, suppliers, limit, CHEAPEST if is_wide else 1, words, names) for _, of_one in rows]
    marks = pd.DataFrame("", index=range(len(cells)), columns=headings)
    marks[first] = "stack"
    for line, (_, of_one) in enumerate(rows):
        for row in of_one:
            if row["supplier"] in suppliers:
                marks.iat[line, len(fixed) + suppliers.index(row["supplier"])] = _breach(row)
    return table(pd.DataFrame(cells, columns=headings), title, classes=marks, numbers=headings[2:], note=_board_note(goods, list(quoting), limit, words))


def _striking(found: pd.DataFrame) -> pd.DataFrame:
    """The SKUs and currencies of the board: those with a loss first, then by how far a quote lies from the market, then by how many quote them."""
    judged = found.assign(loss=found["is_loss"].eq(True).astype("int64"), off=found["deviation"].abs().fillna(0.0))
    by_one = judged.groupby(["sku", "currency"], as_index=False).agg(loss=("loss", "max"), off=("off", "max"), quoted=("supplier", "size"))
    return by_one.sort_values(["loss", "off", "quoted", "sku", "currency"], ascending=[False, False, False, True, True], ignore_index=True)


def _board_row(of_one: Sequence[Row], suppliers: Sequence[str], limit: float, cheapest: int, words: Words, names: Mapping[str, str]) -> list[str]:
    """The cells of a SKU and currency; ``of_one`` holds its quotes, the cheapest first. Mean, median and band are those of the cheapest one's others."""
    row, currency = of_one[0], str(of_one[0]["currency"])
    by_supplier = {quote["supplier"]: quote for quote in of_one}
    lines = [f"{_quote(quote, words)} {supplier_label(str(quote['supplier']), names, 12)}" for quote in of_one[:cheapest]]
    own = words.money(row["own_price"], currency) + (" *" if row["own_price_source"] == "listings" else "")
    level = row["market_level"]
    edges = [] if is_missing(level) else [words.money(level * (1 + side * Decimal(str(limit))), currency) for side in (-1, 1)]
    return [
        shortened(str(row["name"]), 24) + ("" if str(row["name"]) == str(row["sku"]) else f" {row['sku']}"),
        "\n".join(lines),
        own,
        words.money(row["mean_level"], currency),
        words.money(level, currency),
        " – ".join(edges) or MISSING,
        *(_quote(by_supplier[supplier], words) if supplier in by_supplier else "" for supplier in suppliers),
    ]


def _quote(row: Row, words: Words) -> str:
    side = ("▲" if row["deviation"] > 0 else "▼") if _holds(row["is_outside"]) else ""
    marks = f"{'✓' if row['is_cheapest'] else ''}{side}{'⚠' if _holds(row['is_loss']) else ''}"
    return f"{words.money(row['unit_price'], str(row['currency']))} {marks}".rstrip()


def _breach(row: Row) -> str:
    return "missed" if _holds(row["is_loss"]) else "unproven" if _holds(row["is_outside"]) else ""


def _holds(flag: object) -> bool:
    return not is_missing(flag) and bool(flag)


def _board_note(goods: pd.DataFrame, quoting: Sequence[str], limit: float, words: Words) -> str:
    cuts = []
    if len(goods) > MOST_GOODS:
        cuts.append(words.text("Only the {shown} most striking of {all} goods are shown; the spreadsheet has all.", shown=MOST_GOODS, all=len(goods)))
    if len(quoting) > MOST_SUPPLIERS:
        cut = words.text("The {shown} suppliers that quote most of these goods have a column, of {all}.", shown=MOST_SUPPLIERS, all=len(quoting))
        cuts.append(cut)
    return words.sentences(
        words.text("✓ cheapest. ▲ ▼ over and under the band of ±{limit} around the median of the other suppliers.", limit=words.share(limit)),
        words.text("⚠ the own price is under the landed cost, or under the quote where nothing was received."),
        words.text("Mean, median and band are those of the other suppliers than the cheapest."),
        words.text("Own price: the median per unit of the month's orders; * where none was sold, the retail price that the cheapest supplier suggests."),
        *cuts,
    )
