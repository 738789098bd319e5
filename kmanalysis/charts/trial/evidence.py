"""Charts of trials: how fast codes came, what the checked ones show, and what such a check lets pass."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator

from kmanalysis.charts.kit.forms import legend_below, quantity_axis, row_axis
from kmanalysis.charts.kit.lengths import supplier_label
from kmanalysis.charts.kit.style import BLUE, GREEN, GREY, GRID, INK, ORANGE, PURPLE, RASTER_MARKS, RED, SKY, VERDICT_LOOKS, chart, new_axes, nothing, set_title
from kmanalysis.units import unit_of
from kmanalysis.words import Words

MOST_TRIALS = 12
"""Trials that a chart or table of the page shows, those that missed something first."""

_DASHED = (0, (4, 2))
_LINES = ((RED, "-"), (BLUE, "--"), (ORANGE, "-."), (PURPLE, ":"), (GREEN, (0, (5, 1, 1, 1))), (SKY, (0, (3, 1, 1, 1, 1, 1))))


def current(frame: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """The rows of the month's trials, at most `MOST_TRIALS` of them, those that missed something first; ``verdicts`` as `trial_verdicts.verdict` gives them."""
    rank = {"missed": 0, "unproven": 1, "met": 2, "no_data": 3}
    months = verdicts[verdicts["is_current"].astype(bool)]
    order = months.assign(rank=months["verdict"].map(rank)).sort_values(["rank", "supplier_id", "started_at", "trial_id"])["trial_id"].head(MOST_TRIALS)
    place = {trial: number for number, trial in enumerate(order)}
    return frame[frame["trial_id"].isin(place)].sort_values("trial_id", key=lambda trials: trials.map(place), kind="stable", ignore_index=True)


@chart
def validity(criteria: pd.DataFrame, verdicts: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Valid codes of each trial with the exact bounds of both claims, the standard as a line."""
    title = words.text("Valid codes: what is shown of the lot, and of the process")
    found = current(criteria, verdicts)
    claims = ("trial.valid_share.lot", "trial.valid_share.process")
    seen = found[found["criterion"].isin(claims) & found["value"].notna()].reset_index(drop=True)
    if seen.empty:
        return nothing(ax, title, words.text("No code of this month's trials was checked."))
    ax = new_axes(ax, rows=len(seen) + 1)
    target = float(seen["target"].iloc[0])
    ax.axvline(target, color=INK, linewidth=1.1, linestyle=_DASHED)
    for verdict, (colour, marker) in VERDICT_LOOKS.items():
        rows = seen[seen["verdict"] == verdict]
        ax.hlines(rows.index, rows["lower"], rows["upper"], color=colour, linewidth=2.2)
        if len(rows):
            ax.scatter(rows["value"], rows.index, s=42, color=colour, marker=marker, zorder=3, label=words.name(verdict))
    labels = [
        f"{supplier_label(row['supplier_id'], names, 16)} · {words.text('lot') if row['criterion'] == claims[0] else words.text('process')}"
        for row in seen.to_dict("records")
    ]
    row_axis(ax, labels)
    ax.set_xlim(max(min(float(seen["lower"].min()), target) - 0.04, -0.02), 1.02)
    quantity_axis(ax, words, "share")
    ax.grid(axis="y", color=GRID, linewidth=0.5)
    legend_below(ax, 4)
    note = words.text("Bars: one-sided bounds, each at the standards' confidence. Dashed: the standard, ≥ {share}.", share=words.share(target))
    return set_title(ax, title, note)


@chart
def deliveries(found: pd.DataFrame, verdicts: pd.DataFrame, limit: float, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """How long each delivery of each trial took; ``found`` as `trial.deliveries` gives them, ``limit`` in seconds."""
    title = words.text("How long each delivery of the trial took")
    months = current(found, verdicts)
    seen = months[months["seconds"].notna()]
    if seen.empty:
        return nothing(ax, title, words.text("No delivery of this month's trials was timed."))
    trials = list(dict.fromkeys(months["trial_id"]))
    ax = new_axes(ax, rows=len(trials) + 1.5)
    place = seen["trial_id"].map({trial: number for number, trial in enumerate(trials)})
    # Dots one under the other where many took as long.
    spread = seen.groupby(["trial_id", "seconds"]).cumcount().clip(upper=6) * 0.06
    for is_open, colour, marker, label in ((False, BLUE, "o", words.text("delivered")), (True, RED, ">", words.text("not delivered yet"))):
        rows = ~seen["has_ended"].astype(bool) == is_open
        if rows.any():
            times = seen.loc[rows, "seconds"].clip(lower=1)
            ax.scatter(
                times,
                (place + spread)[rows],
                s=16,
                color=colour,
                marker=marker,
                alpha=0.6,
                linewidths=0,
                label=label,
                rasterized=len(seen) > RASTER_MARKS,
            )
    ax.axvline(limit, color=INK, linewidth=1.1, linestyle=_DASHED)
    suppliers = months.drop_duplicates("trial_id")["supplier_id"]
    row_axis(ax, [supplier_label(supplier, names) for supplier in suppliers])
    ax.set_xscale("log")
    first, last = max(float(seen["seconds"].min()) / 1.5, 0.7), max(float(seen["seconds"].max()), limit) * 1.5
    ticks = [tick for tick in (1, 10, 60, 300, 3600, 21600, 86400, 604800) if first <= tick <= last]
    ax.set_xlim(first, last)
    ax.set_xticks(ticks, [words.duration(tick) for tick in ticks])
    ax.minorticks_off()
    legend_below(ax, 2)
    never = int(months["seconds"].isna().sum())
    apart = words.text("{count} were never delivered and are not drawn.", count=never) if never else ""
    return set_title(ax, title, words.sentences(words.text("Dashed: the standard, {limit}.", limit=words.duration(limit)), apart))


@chart
def sequential(checks: pd.DataFrame, lines: pd.DataFrame, verdicts: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Dead codes after each checked one, between the lines; ``checks`` as `trial.checks`, ``lines`` as `sequential_lines` give them."""
    title = words.text("The sequential test: dead codes after each checked code")
    run = current(checks, verdicts)
    run = run[run["n"] > 0]
    if run.empty:
        return nothing(ax, title, words.text("No code of this month's trials was checked."))
    ax = new_axes(ax, rows=10)
    top = max(float(lines["reject"].max()), float(run["bad"].max())) + 1
    ax.fill_between(lines["n"], lines["reject"], top, color=RED, alpha=0.12, linewidth=0)
    ax.fill_between(lines["n"], -0.5, np.maximum(lines["accept"], -0.5), color=GREEN, alpha=0.2, linewidth=0)
    ax.plot(lines["n"], lines["reject"], color=INK, linewidth=1.1, linestyle=_DASHED)
    ax.plot(lines["n"], lines["accept"], color=INK, linewidth=1.1, linestyle=_DASHED)
    ax.annotate(words.text("reject"), (0.02, 0.95), xycoords="axes fraction", va="top", fontsize=10)
    ax.annotate(words.text("accept"), (0.98, 0.02), xycoords="axes fraction", ha="right", fontsize=10)
    trials = list(dict.fromkeys(run["trial_id"]))
    looks = dict(zip(trials, _LINES, strict=False))
    for trial in reversed(trials):
        rows = run[run["trial_id"] == trial]
        colour, dashes = looks.get(trial, (GREY, "-"))
        end = rows[rows["decision"] == rows["decision"].iloc[-1]].iloc[0] if rows["decision"].iloc[-1] != "go_on" else rows.iloc[-1]
        told = f"{supplier_label(rows['supplier_id'].iloc[0], names, 14)}: {words.name(f'value.{end.decision}')}"
        ax.step(rows["n"], rows["bad"], where="post", color=colour, linestyle=dashes, linewidth=1.6, label=told, zorder=3)
        ax.scatter([end["n"]], [end["bad"]], color=colour, s=44, marker="o" if end["decision"] == "go_on" else "X", zorder=4)
    ax.set_xscale("log")
    ax.set_xlim(1, float(lines["n"].max()))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_ylim(-0.5, top)
    quantity_axis(ax, words, unit_of("bad"), axis="y")
    ax.set_xlabel(words.text("Codes checked"))
    ax.set_ylabel(words.text("Dead codes"))
    legend_below(ax, 2)
    return set_title(
        ax,
        title,
        words.text(
            "Above the upper line: reject. Under the lower one: accept. Between them: check the next code. The mark is the decision, or where it stands."
        ),
    )


@chart
def passing(curves: pd.DataFrame, claim: float, words: Words, ax: Axes | None = None) -> Axes:
    """How often a supplier passes where so many codes are checked and none is dead; ``curves`` as `checked_curves` gives them, ``claim`` a share 0–1."""
    title = words.text("How often a supplier passes when no checked code may be dead")
    if curves.empty:
        return nothing(ax, title, words.text("No code of this month's trials was checked."))
    ax = new_axes(ax, rows=10)
    for (_, rows), (colour, dashes) in zip(curves.groupby("n"), _LINES, strict=False):
        ax.plot(
            rows["good_share"],
            rows["acceptance"],
            color=colour,
            linestyle=dashes,
            linewidth=1.6,
            label=words.text("{n} checked", n=words.number(int(rows["n"].iloc[0]))),
        )
    ax.axvline(claim, color=INK, linewidth=1.1, linestyle=_DASHED)
    ax.set_xlim(float(curves["good_share"].min()), 1.0)
    ax.set_ylim(0, 1.03)
    quantity_axis(ax, words, "share")
    quantity_axis(ax, words, "share", axis="y")
    ax.set_xlabel(words.text("Valid codes of the supplier"))
    ax.set_ylabel(words.text("Trials that it passes"))
    legend_below(ax, 3)
    return set_title(
        ax,
        title,
        words.text(
            "Dashed: the standard, {share}. What lies left of it should not pass: the steeper the line, the better the check.", share=words.share(claim)
        ),
    )
