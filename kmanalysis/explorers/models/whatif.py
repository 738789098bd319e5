"""What if: a month's grades under moved weights, targets and vetoes, worked out at once on arrays.

The figures are those that `scoring.grades.grades` gives for the same standards: what was observed does not depend on what moves here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kmanalysis.errors import UsageError
from kmanalysis.explorers.models.redraws import Redraws
from kmanalysis.measures.observation import observed
from kmanalysis.scoring.grades import AT_ONCE, RANKS, graded_ranks
from kmanalysis.scoring.scorecard import DETAILS, standards_frame, unrequested
from kmanalysis.scoring.verdicts import points, verdicts
from kmanalysis.standards import Standards
from kmanalysis.tables import GRADES, MEASURES, SCORECARD
from kmanalysis.workbook import Workbook

_NAMES = {rank: grade for grade, rank in RANKS.items()}


@dataclass(frozen=True)
class Judged:
    """One month under some standards. Arrays of suppliers × measures: verdict, points; one a supplier: the rest."""

    rows: pd.DataFrame
    verdict: np.ndarray
    points: np.ndarray
    veto: np.ndarray
    score: np.ndarray
    coverage: np.ndarray
    missed: np.ndarray
    reason: np.ndarray
    raw_rank: np.ndarray

    @property
    def ends_at_once(self) -> np.ndarray:
        """Suppliers whose grade ends at once: a veto, or no evidence."""
        return np.isin(self.reason, AT_ONCE)


class WhatIf:
    """The grades of the workbook's month under any standards that leave what was observed as it is."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self.month = str(workbook.month)
        self.suppliers = tuple(workbook.suppliers)
        self.measures = workbook.standards.measures
        self._unrequested = unrequested(workbook)
        self._rows: dict[str, pd.DataFrame] = {}
        self._redraws = Redraws(self._observed(workbook), self.suppliers, self.measures, self.month)
        self._latest: tuple[Standards, Judged, pd.DataFrame] | None = None
        self._before: tuple[Standards, pd.DataFrame] | None = None

    def grades(self, standards: Standards) -> pd.DataFrame:
        """The frame that `scoring.grades.grades` gives under these standards.

        Raises UsageError where they change what is observed: a limit inside a measure, or how things are counted.
        """
        return self._judged(standards)[1]

    def before(self, standards: Standards) -> pd.DataFrame:
        """The frame under the standards that moves are held against: worked out once."""
        if self._before is None or self._before[0] is not standards:
            self._before = (standards, self.grades(standards))
        return self._before[1]

    def scorecard(self, standards: Standards) -> pd.DataFrame:
        """The frame that `scoring.scorecard.scorecard` gives under these standards."""
        judged = self._judged(standards)[0]
        card = judged.rows.assign(month=self.month, verdict=judged.verdict.reshape(-1), points=judged.points.reshape(-1))
        return card[[*SCORECARD, *DETAILS]]

    def _judged(self, standards: Standards) -> tuple[Judged, pd.DataFrame]:
        if self._latest is None or self._latest[0] is not standards:
            self._check(standards)
            asked = standards_frame(standards, self._unrequested)
            judged = self._judge(self._workbook, standards, asked)
            self._latest = (standards, judged, self._graded(standards, judged, asked))
        return self._latest[1:]

    def _check(self, standards: Standards) -> None:
        for identifier, standard in standards.items():
            kept = self._workbook.standards[identifier]
            is_judging = bool(standard.dimension) and standard.limit == kept.limit
            if standard != kept and not is_judging and not identifier.startswith(("dimension.", "grade.")):
                raise UsageError("{id} changes what is observed: give it to the workbook with your standards.", id=identifier)

    def _observed(self, workbook: Workbook) -> pd.DataFrame:
        """What was observed in a month on the full grid, supplier by supplier, the measures in the standards' order."""
        month = str(workbook.month)
        if month not in self._rows:
            grid = pd.MultiIndex.from_product([self.suppliers, self.measures], names=["supplier_id", "measure"])
            found = observed(workbook).set_index(["supplier_id", "measure"]).reindex(grid).reset_index()
            self._rows[month] = found[list(MEASURES)]
        return self._rows[month]

    def _judge(self, workbook: Workbook, standards: Standards, asked: pd.DataFrame) -> Judged:
        shape = (len(self.suppliers), len(self.measures))
        rows = self._observed(workbook)
        each = asked.drop(columns="measure").iloc[np.tile(np.arange(shape[1]), shape[0])].reset_index(drop=True)
        rows = pd.concat([rows, each], axis=1)
        rows["verdict"] = verdicts(rows)
        earned = points(rows, standards.value("grade.target_points")).round(6).reshape(shape)
        told = rows["verdict"].to_numpy(dtype="object").reshape(shape)
        weight, veto = asked["weight"].to_numpy(), asked["veto"].to_numpy(dtype=bool)
        is_seen, is_missed = ~np.isnan(earned), told == "missed"
        is_decided = is_missed | (told == "met")
        with np.errstate(invalid="ignore", divide="ignore"):
            score = ((np.nan_to_num(earned) * weight).sum(axis=1) / (is_seen * weight).sum(axis=1)).round(6)
            coverage = ((is_decided * weight).sum(axis=1) / weight.sum()).round(6)
        missed = (is_missed & (weight > 0)).sum(axis=1)
        ranks = graded_ranks(score, coverage, missed, standards)
        is_open = (veto & ~is_decided).any(axis=1)
        lacks = is_open | (coverage < standards.value(f"grade.{GRADES[-1]}.coverage")) | np.isnan(score)
        reason = np.select([(veto & is_missed).any(axis=1), lacks, ranks == 0], ["vetoed", "lacks_evidence", "below_floor"], "")
        return Judged(rows, told, earned, veto, score, coverage, missed, reason, np.where(reason == "", ranks, 0))

    def _held(self, standards: Standards, asked: pd.DataFrame) -> np.ndarray:
        """The rank that earlier months still hold each supplier at, as `grades.held_rank` finds it."""
        held = np.zeros(len(self.suppliers), dtype="int64")
        unbroken = np.ones(len(self.suppliers), dtype=bool)
        for back in range(1, int(standards.value("grade.falling_months"))):
            month = self._workbook.month - back
            if month < self._workbook.first_month:
                break
            past = self._judge(self._workbook.at(month), standards, asked)
            unbroken &= ~past.ends_at_once
            held = np.maximum(held, np.where(unbroken, past.raw_rank, 0))
        return held

    def _graded(self, standards: Standards, judged: Judged, asked: pd.DataFrame) -> pd.DataFrame:
        ended = judged.ends_at_once
        floor = np.where(ended, 0, self._held(standards, asked))
        shown = np.where(ended, 0, np.maximum(judged.raw_rank, floor))
        is_fixed = judged.veto | (judged.verdict == "unproven")
        chances = self._redraws.chances(standards, self._unrequested, judged.points, is_fixed, judged.coverage, judged.missed, floor)
        chances[ended] = np.eye(len(RANKS))[0]
        failed = judged.veto & (judged.verdict == "missed")
        vetoes = [";".join(measure for measure, is_failed in zip(self.measures, row, strict=True) if is_failed) for row in failed]
        told = {f"p_{grade.lower() or 'none'}": chances[:, RANKS[grade]].round(4) for grade in reversed(RANKS)}
        return pd.DataFrame(
            {
                "month": self.month,
                "supplier_id": pd.Series(self.suppliers, dtype="str"),
                "name": pd.Series([self._workbook.names[supplier] for supplier in self.suppliers], dtype="str"),
                "grade": pd.Series([_NAMES[rank] for rank in shown], dtype="str"),
                "raw_grade": pd.Series([_NAMES[rank] for rank in judged.raw_rank], dtype="str"),
                "reason": pd.Series(np.where(shown > 0, "", judged.reason), dtype="str"),
                "score": judged.score,
                "coverage": judged.coverage,
                "probability": chances[np.arange(len(shown)), shown].round(4),
                **told,
                "missed": judged.missed,
                "vetoes": pd.Series(vetoes, dtype="str"),
            }
        )


def ranked(graded: pd.DataFrame) -> pd.DataFrame:
    """The frame in the order of the report's grade table, the best first, with ``rank`` from 1."""
    place = graded["grade"].map({grade: number for number, grade in enumerate((*GRADES, ""))})
    ordered = graded.assign(place=place).sort_values(["place", "score", "supplier_id"], ascending=[True, False, True], ignore_index=True)
    return ordered.drop(columns="place").assign(rank=range(1, len(ordered) + 1))
