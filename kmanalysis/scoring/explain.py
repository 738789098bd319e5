"""The answer to "why?": the standard, what was observed against it, and the rows behind."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

import pandas as pd

from kmanalysis.engine.lazy import ibis
from kmanalysis.errors import UsageError
from kmanalysis.measures import observation
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.standards import SIGNS, Standard
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook


@dataclass(frozen=True)
class Explanation:
    """Why a supplier has the verdict that it has on one measure. ``rows`` are the event rows behind it, the worst first."""

    supplier_id: str
    measure: str
    standard: Standard
    value: float
    unit: str
    n: int
    lower: float
    upper: float
    basis: str
    verdict: str
    points: float
    rows: pd.DataFrame = field(repr=False)
    words: Words = field(repr=False, compare=False)

    def sentence(self) -> str:
        """The verdict in a sentence, in the workbook's language."""
        words = self.words
        if self.verdict == "no_data":
            return words.text("{measure}: nothing was observed this month, so nothing is said.", measure=words.name(self.measure))
        return words.text(
            "{measure}: {value} ({lower} to {upper}, n = {n}); asked for is {op} {target}{limit}: {verdict}. Source of the standard: {source}.",
            measure=words.name(self.measure),
            value=words.quantity(self.value, self.unit),
            lower=words.quantity(self.lower, self.unit),
            upper=words.quantity(self.upper, self.unit),
            n=words.number(self.n),
            op=SIGNS[self.standard.op],
            target=words.quantity(self.standard.value, self.standard.unit),
            limit=self._limit(),
            verdict=words.name(self.verdict),
            source=words.name(f"source.{self.standard.source}"),
        )

    def _limit(self) -> str:
        if self.standard.limit is None:
            return ""
        return self.words.text(" within {limit}", limit=self.words.quantity(self.standard.limit, self.standard.limit_unit))

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.sentence())}</p>{self.rows.to_html(index=False, escape=True)}"


def explain(workbook: Workbook, supplier: str, measure: str, *, limit: int = 200) -> Explanation:
    """Why ``supplier`` has its verdict on ``measure``: standard, source, value, n, interval, and at most ``limit`` engine rows behind it.

    On a page's slice the rows are the worst ones that the batch kept. Raises UsageError for an unknown supplier or measure.
    """
    judged = scorecard(workbook)
    if measure not in workbook.standards.measures:
        raise UsageError("No measure has the id {found!r}. Known: {accepted}.", found=measure, accepted=", ".join(workbook.standards.measures))
    found = judged[(judged["supplier_id"] == supplier) & (judged["measure"] == measure)]
    if found.empty:
        raise UsageError("No supplier has the id {found!r}. Known: {accepted}.", found=supplier, accepted=", ".join(sorted(set(judged["supplier_id"]))))
    row = found.iloc[0]
    return Explanation(
        supplier_id=supplier,
        measure=measure,
        standard=workbook.standards[measure],
        **{name: row[name] for name in ("value", "unit", "n", "lower", "upper", "basis", "verdict", "points")},
        rows=_rows(workbook, supplier, measure, limit),
        words=workbook.words,
    )


def _rows(workbook: Workbook, supplier: str, measure: str, limit: int) -> pd.DataFrame:
    if not workbook.has_engine:
        worst = observation.worst_rows(workbook, measure)
        return worst[worst["supplier_id"] == supplier].reset_index(drop=True)
    evidence = observation.rows(workbook, measure)
    others = [ibis.asc(column) for column in evidence.columns if column != "severity"]
    found = evidence.filter(evidence.supplier_id == supplier).order_by([ibis.desc("severity"), *others]).limit(limit)
    return workbook.rows_of(found.drop("severity"))
