"""Charts of dimension 4: answers and solutions, nights and holidays, remedies and disputes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.forms import curves, legend_below, quantity_axis, row_axis, share_map, stacked, supplier_axis, worst
from kmanalysis.charts.kit.style import BLUE, GREEN, GREY, GRID, INK, ORANGE, PAPER, PURPLE, RED, SKY, chart, new_axes, nothing, set_title
from kmanalysis.standards import Standard
from kmanalysis.units import unit_of
from kmanalysis.words import Words

FREE_TIMES = {"night": (PURPLE, "o"), "weekend": (BLUE, "s"), "holiday": (ORANGE, "^")}


def response(points: pd.DataFrame, standard: Standard, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """By when which share of tickets was answered; ``points`` as `response_curve` gives them."""
    title = words.text("How long customers waited for a first answer (share of tickets answered by then)")
    return curves(points, title, words, names, ax, limit=standard.limit or 0.0, target=standard.value)


def resolution(points: pd.DataFrame, standard: Standard, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """By when which share of tickets was resolved; ``points`` as `resolution_curve` gives them."""
    title = words.text("How long customers waited for a solution (share of tickets resolved by then)")
    return curves(points, title, words, names, ax, limit=standard.limit or 0.0, target=standard.value)


@chart
def free_times(observed: pd.DataFrame, standard: Standard, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """First answers in time by night, on weekends and on holidays apart; ``observed`` is the measures frame."""
    title = words.text("Answers in time by night, weekend and holiday (share of tickets)")
    parts = observed[observed["measure"].isin([f"{standard.id}.{time}" for time in FREE_TIMES]) & observed["value"].notna()]
    if parts.empty:
        return nothing(ax, title, words.text("No ticket of a night, weekend or holiday is on record."))
    lowest = parts.groupby("supplier_id")["value"].min().sort_values(kind="stable").reset_index()
    shown, cut = worst(lowest, words)
    place = {supplier: number for number, supplier in enumerate(shown["supplier_id"])}
    ax = new_axes(ax, rows=len(shown) + 1)
    ax.axvline(standard.value, color=INK, linewidth=1.1, linestyle=(0, (4, 2)))
    for offset, (time, (colour, marker)) in zip((-0.18, 0.0, 0.18), FREE_TIMES.items(), strict=True):
        seen = parts[(parts["measure"] == f"{standard.id}.{time}") & parts["supplier_id"].isin(place)]
        # With no rows, map returns objects, and adding a number to those fails.
        height = seen["supplier_id"].map(place).astype("float64") + offset
        ax.scatter(
            seen["value"], height, s=34, color=colour, marker=marker, edgecolors=PAPER, linewidths=0.5,
            label=words.name(f"value.{time}"), zorder=3,
        )  # fmt: skip
    supplier_axis(ax, list(shown["supplier_id"]), names)
    ax.set_xlim(min(0.5, float(lowest["value"].min())) - 0.03, 1.03)
    quantity_axis(ax, words, "share")
    ax.grid(axis="y", color=GRID, linewidth=0.5)
    legend_below(ax, 3)
    told = words.text("Line: the standard, ≥ {share} within {limit}.", share=words.share(standard.value), limit=words.duration(standard.limit or 0.0))
    return set_title(ax, title, words.sentences(told, cut))


@chart
def hours(found: pd.DataFrame, words: Words, ax: Axes | None = None) -> Axes:
    """One supplier's answers in time by hour of the day and kind of day; ``found`` holds its rows of `response_by_hour`."""
    title = words.text("First answers in time by hour of the day (share of tickets)")
    known = found[found["share"].notna()]
    if known.empty:
        return nothing(ax, title, words.text("No ticket of this month is on record."))
    kinds = [kind for kind in ("workday", "weekend", "holiday", "unknown") if kind in set(known["day_kind"])]
    grid = known.pivot(index="day_kind", columns="hour", values="share").reindex(index=kinds, columns=range(24))
    ax = new_axes(ax, rows=len(kinds) + 2)
    share_map(ax, grid, words, low=0.0)
    row_axis(ax, [words.name(f"value.{kind}") for kind in kinds])
    ax.set_xticks(range(0, 24, 3), [f"{hour}:00" for hour in range(0, 24, 3)])
    return set_title(ax, title, words.text("Empty: no ticket in that hour. Times are those of Asia/Shanghai."))


@chart
def remedies(found: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Damages paid and still owed by supplier, in the currency of most failures; ``found`` as `remedies` gives them."""
    title = words.text("Damages for failed orders: paid and still owed")
    owing = found[found["due_amount"].astype("float64") > 0]
    if owing.empty:
        return nothing(ax, title, words.text("No damages that fell due are on record this month."))
    currency = owing.groupby("currency")["failures"].sum().sort_values(ascending=False, kind="stable").index[0]
    seen = owing[owing["currency"] == currency].astype({"paid_amount": "float64", "outstanding_amount": "float64"})
    rows, cut = worst(seen.sort_values(["outstanding_amount", "paid_amount", "supplier_id"], ascending=[False, False, True]), words)
    ax = new_axes(ax, rows=len(rows) + 1)
    places = np.arange(len(rows))
    ax.barh(places, rows["paid_amount"], height=0.66, color=GREEN, label=words.text("paid"))
    ax.barh(
        places,
        rows["outstanding_amount"],
        left=rows["paid_amount"],
        height=0.66,
        color=RED,
        hatch="xx",
        edgecolor=PAPER,
        linewidth=0.5,
        label=words.text("still owed"),
    )
    for place, row in zip(places, rows.to_dict("records"), strict=True):
        told = words.text("owes {amount}", amount=words.money(row["outstanding_amount"], currency)) if row["outstanding_amount"] else "✓"
        ax.annotate(told, (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5)
    supplier_axis(ax, list(rows["supplier_id"]), names)
    quantity_axis(ax, words, unit_of("paid_amount"))
    ax.set_xlabel(currency)
    legend_below(ax, 2)
    others = len(owing) - len(seen)
    apart = words.text("{count} rows in other currencies are not drawn.", count=others) if others else ""
    return set_title(ax, title, words.sentences(words.text("Failures by the supplier whose deadline for a good code fell in the month."), apart, cut))


def disputes(found: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Disputed orders by what they are about; ``found`` as `disputes_by_kind` gives them."""
    kinds = {
        "invalid_code": (RED, ""),
        "repeated_code": (ORANGE, "//"),
        "not_delivered": (BLUE, ""),
        "top_up_failed": (SKY, "//"),
        "wrong_item": (PURPLE, ""),
        "refund_demand": (GREY, ".."),
    }
    counts = found.pivot_table(index="supplier_id", columns="kind", values="orders", aggfunc="sum", fill_value=0).reset_index()
    present = [kind for kind in kinds if kind in counts]
    order = counts.assign(all=counts[present].sum(axis=1)).sort_values(["all", "supplier_id"], ascending=[False, True]).drop(columns="all")
    title = words.text("What disputes are about (orders of the month)")
    return stacked(order, {kind: (words.name(f"value.{kind}"), *kinds[kind]) for kind in present}, title, words, names, ax)


def backlog(found: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Tickets that are open at the month's end, by age; ``found`` as `backlog` gives them."""
    title = words.text("Tickets open at the month's end, by age")
    if found.empty:
        return nothing(ax, title, words.text("No ticket that was open at the month's end is on record."))
    ages = sorted(found["age_from_days"].unique())
    counts = found.pivot_table(index="supplier_id", columns="age_from_days", values="tickets", aggfunc="sum", fill_value=0)
    order = counts.assign(all=counts.sum(axis=1)).reset_index().sort_values(["all", "supplier_id"], ascending=[False, True]).drop(columns="all")
    looks = dict(zip(ages, ((SKY, ""), (BLUE, "//"), (ORANGE, ""), (RED, "xx")), strict=False))
    named = {age: (words.text("{days} days and older", days=age) if age else words.text("younger than a day"), *looks[age]) for age in ages}
    return stacked(order, named, title, words, names, ax)
