"""Charts and tables of next month's purchase plan: what to buy where, who gets what, what it saves and what caution costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes

from kmanalysis.charts.kit.forms import legend_below, quantity_axis, row_axis, supplier_axis, worst
from kmanalysis.charts.kit.page import plain
from kmanalysis.charts.kit.style import BLUE, GREEN, GREY, INK, ORANGE, RED, chart, new_axes, nothing, set_title
from kmanalysis.charts.kit.tables import Table, table
from kmanalysis.charts.kit.text import markdown
from kmanalysis.decisions.allocation.words import line_cells, part_cells, scenario_cells, scenario_name, sentences
from kmanalysis.standards import Standard
from kmanalysis.units import unit_of
from kmanalysis.words import Words


def opening(scenarios: pd.DataFrame, lines: pd.DataFrame, parts: pd.DataFrame, words: Words) -> Markdown:
    """The plan in sentences, the first one in bold."""
    first, *others = [plain(told) for told in sentences(scenarios, lines, parts, words)]
    return markdown("\n".join([f"**{first}**", "", *(f"- {told}" for told in others)]))


@chart
def shares(parts: pd.DataFrame, cap: Standard, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Each supplier's share of the list amount, planned and last month, with the cap as a line; ``parts`` as `purchase_parts` gives them."""
    title = words.text("What each supplier gets, against last month (share of the list amount)")
    if not (parts["share"] > 0).any():
        return nothing(ax, title, words.text("There is no plan."))
    order = parts.assign(most=parts[["share", "last_share"]].max(axis=1)).sort_values(["share", "most", "supplier"], ascending=[False, False, True])
    shown, cut = worst(order, words)
    ax = new_axes(ax, rows=len(shown) + 2)
    places = np.arange(len(shown))
    ax.barh(places, shown["share"], height=0.62, color=BLUE, label=words.text("planned"))
    ax.scatter(shown["last_share"], places, s=30, color=ORANGE, marker="D", label=words.text("last month"), zorder=3)
    ax.axvline(cap.value, color=INK, linewidth=1.1, linestyle=(0, (4, 2)))
    supplier_axis(ax, list(shown["supplier"]), names)
    ax.set_xlim(0, max(float(order["most"].max()), cap.value) * 1.06)
    quantity_axis(ax, words, unit_of("share"))
    legend_below(ax, 2)
    return set_title(ax, title, words.sentences(words.text("Line: the cap on one supplier's share, {cap}.", cap=words.share(cap.value)), cut))


@chart
def costs(scenarios: pd.DataFrame, words: Words, ax: Axes | None = None) -> Axes:
    """What other splits cost above or below the plan; ``scenarios`` as `purchase_scenarios` gives them."""
    title = words.text("What another split would cost, against the plan")
    others = scenarios[(scenarios["scenario"] != "plan") & (scenarios["state"] == "planned")]
    others = others[others["extra_cost"].notna()]
    if others.empty:
        return nothing(ax, title, words.text("There is no plan."))
    extra = others["extra_cost"].astype("float64")
    ax = new_axes(ax, rows=len(others) + 1)
    places = np.arange(len(others))
    ax.barh(places, extra, height=0.62, color=[RED if amount > 0 else GREEN for amount in extra])
    ax.axvline(0, color=GREY, linewidth=0.9)
    currency = str(others["currency"].iloc[0])
    for place, row in enumerate(others.to_dict("records")):
        told = f"{'+' if row['extra_cost'] > 0 else ''}{words.money(row['extra_cost'], currency)}"
        ax.annotate(told, (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
    row_axis(ax, [scenario_name(row, words) for row in others.to_dict("records")])
    quantity_axis(ax, words, unit_of("extra_cost"))
    ax.set_xlabel(currency)
    return set_title(ax, title, words.text("A split without a constraint shows what that constraint costs; last month's split shows what the plan saves."))


def split_table(lines: pd.DataFrame, words: Words, names: Mapping[str, str], *, most: int = 60) -> Table:
    """What to buy where, the first ``most`` rows; ``lines`` as `purchase_lines` gives them."""
    cells = line_cells(lines, words, names)
    cut = words.text("The first {shown} of {all}.", shown=most, all=len(cells)) if len(cells) > most else ""
    return table(cells.head(most), words.text("What to buy where"), numbers=list(cells.columns[2:]), note=cut, empty=words.text("There is no plan."))


def supplier_table(parts: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """What each supplier gets; ``parts`` as `purchase_parts` gives them."""
    cells = part_cells(parts[parts["share"] > 0], words, names)
    return table(cells, words.text("What each supplier gets"), numbers=list(cells.columns[1:]), empty=words.text("There is no plan."))


def scenario_table(scenarios: pd.DataFrame, words: Words) -> Table:
    """What the plan and its alternatives cost; ``scenarios`` as `purchase_scenarios` gives them."""
    cells = scenario_cells(scenarios, words)
    return table(cells, words.text("What else it would cost"), numbers=list(cells.columns[1:]), empty=words.text("There is no plan."))


def planned_units(lines: pd.DataFrame, words: Words) -> pd.DataFrame:
    """Units planned and units of last month by supplier, in words: a plain frame."""
    sums = lines.groupby("supplier")[["units", "last_units"]].sum().astype("int64")
    sums.index.name = None
    return sums.set_axis([words.text("planned"), words.text("last month")], axis=1)
