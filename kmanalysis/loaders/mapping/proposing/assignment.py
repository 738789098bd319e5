"""One assignment of a file's columns to a table's: by how well headings fit and what the cells say, no column of the file twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kmanalysis.loaders.mapping.proposing.cells import Cells
from kmanalysis.loaders.mapping.proposing.judging import Judgement, is_sole, judged
from kmanalysis.loaders.mapping.proposing.known import CLEAR, SIMILAR, VAGUE, Fit, fit
from kmanalysis.tables import Column, Table
from kmanalysis.words import Words

BY_CELLS = "by_cells"
"""Grade of a column whose heading says nothing: its cells are known in the folder."""

LEAST_KNOWN, LEAST_DISTINCT = 0.9, 3
_WEIGHTS = {CLEAR: 1000.0, VAGUE: 30.0, SIMILAR: 3.0, BY_CELLS: 1.0}
"""So far apart that no two weaker fits outweigh a better one."""
_DECIDED = 300.0
_PLACE = 0.01


@dataclass(frozen=True)
class Choice:
    """The file's column ``place`` for a canonical column: how its heading fits, what its cells say, and the other places that would do as well."""

    place: int
    fit: Fit
    judgement: Judgement
    rivals: tuple[int, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether its heading is the column's own, or its cells decide what a vague one means."""
        return self.fit.grade == CLEAR or (self.fit.grade == VAGUE and self.judgement.decides)


def assigned(table: Table, headings: Sequence[str], cells: list[Cells], words: Words) -> dict[str, Choice]:
    """The file's column for each canonical column that one fits, such that all together fit best."""
    from scipy.optimize import linear_sum_assignment  # a load by a finished mapping shall not wait for it

    columns = list(table.columns.values())
    found = {
        (row, place): choice
        for row, column in enumerate(columns)
        for place, heading in enumerate(headings)
        if heading and (choice := _choice(table, column, place, heading, cells, words))
    }
    if not found:
        return {}
    weights = np.zeros((len(columns), len(headings)))
    for (row, place), choice in found.items():
        weights[row, place] = _weight(choice)
    pairs = [(int(row), int(place)) for row, place in zip(*linear_sum_assignment(weights, maximize=True), strict=True)]
    taken = {pair: found[pair] for pair in pairs if pair in found}
    chosen = {}
    for (row, place), choice in taken.items():
        elsewhere = {other for at, other in taken if at != row and taken[at, other].is_clear}
        # An empty column is no rival.
        rivals = tuple(
            other
            for (at, other), rival in found.items()
            if at == row and other != place and other not in elsewhere and cells[other].filled and _rank(rival) >= _rank(choice)
        )
        chosen[columns[row].name] = Choice(place, choice.fit, choice.judgement, rivals)
    return chosen


def _choice(table: Table, column: Column, place: int, heading: str, cells: list[Cells], words: Words) -> Choice | None:
    fits = fit(table, column, heading)
    if fits is None and not (column.refers_to and cells[place].known.get(column.refers_to, 0) >= LEAST_KNOWN and cells[place].distinct >= LEAST_DISTINCT):
        return None
    judgement = judged(table, column, cells[place], words)
    if judgement.is_contradicted:
        return None
    judgement.decides = judgement.decides or is_sole(table, column, place, cells)
    return Choice(place, fits or Fit(BY_CELLS), judgement)


def _rank(choice: Choice) -> int:
    """Clear headings, those that the cells make clear, vague ones, the rest."""
    return 3 if choice.fit.grade == CLEAR else 2 if choice.is_clear else 1 if choice.fit.grade == VAGUE else 0


def _weight(choice: Choice) -> float:
    weight = _WEIGHTS[choice.fit.grade] * choice.judgement.factor * choice.fit.likeness / 100
    if choice.fit.grade == VAGUE and choice.judgement.decides:
        weight += _DECIDED
    # Of two words that mean the same, the column prefers the one that its list has first.
    return weight * (1 - _PLACE * choice.fit.place / (1 + choice.fit.place))
