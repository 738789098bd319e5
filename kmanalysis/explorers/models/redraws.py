"""The probability of grades, redrawn on arrays: the draws are those of `scoring.grades`, and what a move leaves as it was is kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

from kmanalysis.scoring.grades import RANKS, graded_ranks, weight_draws
from kmanalysis.scoring.verdicts import scale_points
from kmanalysis.standards import Standards
from kmanalysis.statistics.seeds import generator

BLOCK = 16
"""Suppliers that are worked on at once: their draws stay in the processor's cache."""


class Redraws:
    """The drawn points of one month's measures.

    ``rows`` has value, lower, upper and unit, supplier by supplier with the measures in the order of ``measures``.
    """

    def __init__(self, rows: pd.DataFrame, suppliers: Sequence[str], measures: Sequence[str], month: str) -> None:
        shape = (len(suppliers), len(measures))
        self._suppliers, self._measures, self._month = tuple(suppliers), tuple(measures), month
        self._value, self._lower, self._upper = (rows[name].to_numpy(dtype="float64").reshape(shape) for name in ("value", "lower", "upper"))
        self._is_share = (rows["unit"] == "share").to_numpy(dtype=bool).reshape(shape)
        self.has_interval = self._upper > self._lower
        self._points = np.empty((*shape, 0))
        self._scales: dict[int, tuple[float | None, ...]] = {}
        self._values: tuple[tuple[object, ...], np.ndarray] | None = None
        self._weights: tuple[tuple[object, ...], pd.DataFrame] | None = None

    def chances(
        self,
        standards: Standards,
        unrequested: frozenset[str],
        points: np.ndarray,
        is_fixed: np.ndarray,
        coverage: np.ndarray,
        missed: np.ndarray,
        floor: np.ndarray,
    ) -> np.ndarray:
        """Chance of each rank (columns 0–3) for each supplier, as `grades.grade_chances` gives it.

        ``points`` (NaN where there is no data) and ``is_fixed`` (not redrawn) are suppliers × measures; the others are one a supplier.
        """
        drawn = self._drawn_weights(standards, unrequested)
        columns = np.array([self._measures.index(measure) for measure in drawn.index])
        weights = np.ascontiguousarray(drawn.to_numpy())
        is_counted = ~np.isnan(points[:, columns])
        is_free = is_counted & self.has_interval[:, columns] & ~is_fixed[:, columns]
        fixed = np.where(is_counted & ~is_free, np.nan_to_num(points[:, columns]), 0.0)
        mass, pattern = _masses(is_counted, weights)
        for place in np.flatnonzero(is_free.any(axis=0)):
            self._redraw(standards, columns[place], weights.shape[1])
        chances = np.empty((len(points), len(RANKS)))
        for start in range(0, len(points), BLOCK):
            block = slice(start, min(start + BLOCK, len(points)))
            scores = fixed[block] @ weights
            for row, score in enumerate(scores, start):
                free = np.flatnonzero(is_free[row])
                if len(free):
                    score += np.einsum("md,md->d", self._points[row, columns[free]], weights[free])
            scores /= mass[pattern[block]]
            chances[block] = _shares_of_ranks(scores, coverage[block], missed[block], floor[block], standards)
        return chances

    def _drawn_weights(self, standards: Standards, unrequested: frozenset[str]) -> pd.DataFrame:
        dimensions = [standard for standard in standards.values() if standard.id.startswith("dimension.")]
        key = (
            tuple(standards[measure].weight for measure in self._measures),
            tuple(standard.value for standard in dimensions),
            standards.value("grade.weight_concentration"),
            standards.value("grade.draws"),
            unrequested,
        )
        if self._weights is None or self._weights[0] != key:
            self._weights = (key, weight_draws(standards, unrequested, int(standards.value("grade.draws"))))
        return self._weights[1]

    def _redraw(self, standards: Standards, column: int, draws: int) -> None:
        """Brings the drawn points of one measure up to date, of all suppliers whose measure has an interval."""
        if self._points.shape[2] != draws:
            self._points, self._scales = np.empty((*self._value.shape, draws)), {}
        standard, target_points = standards[self._measures[column]], standards.value("grade.target_points")
        ends = (standard.worst, standard.value, standard.best)
        if self._scales.get(column) != (*ends, target_points):
            values = self._drawn_values(column, draws, standards.value("counting.confidence"))
            worst, target, best = (np.asarray(end, dtype="float64") for end in ends)
            known = np.flatnonzero(self.has_interval[:, column])
            for start in range(0, len(known), BLOCK):
                block = slice(start, start + BLOCK)
                self._points[known[block], column] = scale_points(values[block], worst, target, best, target_points)
            self._scales[column] = (*ends, target_points)

    def _drawn_values(self, column: int, draws: int, confidence: float) -> np.ndarray:
        # The measure that moves is mostly the one that moved last: its values are kept.
        if self._values is None or self._values[0] != (column, draws):
            self._values = ((column, draws), self._draw(column, draws, confidence))
        return self._values[1]

    def _draw(self, column: int, draws: int, confidence: float) -> np.ndarray:
        known = np.flatnonzero(self.has_interval[:, column])
        values = np.empty((len(known), draws))
        for place, row in enumerate(known):
            z = generator(self._suppliers[row], self._measures[column], self._month).standard_normal(draws)
            value, lower, upper = (of[row, column] for of in (self._value, self._lower, self._upper))
            drawn = value + z * np.where(z > 0, upper - value, value - lower) / ndtri(confidence)
            values[place] = np.clip(drawn, 0.0, 1.0 if self._is_share[row, column] else None)
        return values


def _masses(is_counted: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drawn weights of what was observed, a row a pattern of it, and each supplier's pattern: few patterns stand for many suppliers."""
    patterns, of_supplier = np.unique(is_counted, axis=0, return_inverse=True)
    mass = patterns.astype("float64") @ weights
    return np.where(mass > 0, mass, np.nan), of_supplier.reshape(-1)


def _shares_of_ranks(scores: np.ndarray, coverage: np.ndarray, missed: np.ndarray, floor: np.ndarray, standards: Standards) -> np.ndarray:
    ranks = np.maximum(graded_ranks(scores, coverage[:, None], missed[:, None], standards), floor[:, None])
    counts: np.ndarray = np.stack([np.count_nonzero(ranks == rank, axis=1) for rank in sorted(RANKS.values())], axis=1)
    shares: np.ndarray = counts / scores.shape[1]
    return shares
