"""A trial plan as text for a terminal, or as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from kmanalysis.decisions.trials.plans import TrialRequest, budget_sample, curves, risk_plan, sequential, sequential_points, sizes
from kmanalysis.decisions.trials.words import curve_cells, point_cells, sentences, size_cells
from kmanalysis.words import Words

_DIGITS = 6


def trial_text(asked: TrialRequest, words: Words) -> list[str | Table]:
    """The plan's sentences, and its tables below them."""
    tables = (
        (words.text("Codes to check so that the claim is shown"), size_cells(asked, words)),
        (words.text("How often a supplier is accepted"), curve_cells(asked, words)),
        (words.text("The sequential plan at the five points"), point_cells(asked, words)),
    )
    return [*(f"• {sentence}" for sentence in sentences(asked, words)), *(_table(cells, title) for title, cells in tables)]


def trial_json(asked: TrialRequest) -> str:
    """The plan's numbers as JSON; shares are 0–1, amounts are texts."""
    plan, sample, by_risks = sequential(asked), budget_sample(asked), risk_plan(asked)
    facts = {
        "asked": asdict(asked),
        "sizes": _records(sizes(asked)),
        "sample": asdict(sample) if sample else None,
        "risk_plan": asdict(by_risks) if by_risks else None,
        "sequential": {
            "slope": plan.slope,
            "accept_intercept": plan.accept_intercept,
            "reject_intercept": plan.reject_intercept,
            "clean_codes": plan.clean_items,
            "last": plan.last,
            "points": _records(sequential_points(asked)),
        },
        "curves": _records(curves(asked)),
    }
    return json.dumps(_plain(facts), ensure_ascii=False, indent=2) + "\n"


def _table(cells: pd.DataFrame, title: str) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in cells.columns:
        table.add_column(heading, justify="right", overflow="fold")
    for row in cells.to_numpy():
        table.add_row(*row)
    return table


def _records(frame: pd.DataFrame) -> list[dict[Hashable, Any]]:
    return frame.astype("object").where(frame.notna(), None).to_dict("records")


def _plain(fact: object) -> object:
    if isinstance(fact, Mapping):
        return {str(name): _plain(value) for name, value in fact.items()}
    if isinstance(fact, Sequence) and not isinstance(fact, str):
        return [_plain(value) for value in fact]
    if isinstance(fact, Decimal):
        return f"{fact:.2f}"
    return round(float(fact), _DIGITS) if isinstance(fact, float) else fact
