"""What was observed: all measures of a month, and the rows behind each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.errors import UsageError
from kmanalysis.measures.common.frames import unobserved_frame
from kmanalysis.measures.common.measure import Measure
from kmanalysis.measures.registry import measures
from kmanalysis.workbook import Workbook, frame

AT_ONCE = 2
"""Measures that are worked on side by side: while the engine reads for one, another is worked out. More would only want more memory."""

EVIDENCE_ROWS = 20
"""Rows of evidence that a report keeps a supplier and measure: the worst ones."""


@frame("measures.observed")
def observed(workbook: Workbook) -> pd.DataFrame:
    """The measures frame of the month: every supplier, every measure; the ones without data say so with n = 0.

    A measure that reads what was not given has no data: what is not there is no evidence that it did not happen.
    """
    parts, missing = [], {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        founds: list[pd.DataFrame] = list(pool.map(lambda measure: measure.compute(workbook), measures().values()))
    for measure, found in zip(measures().values(), founds, strict=True):
        if workbook.not_given(measure.guide.reads):
            found = found.head(0)
        seen = set(found.loc[found["measure"] == measure.id, "supplier_id"])
        missing[measure.id] = [supplier for supplier in workbook.suppliers if supplier not in seen]
        parts.append(found)
    parts.append(unobserved_frame(workbook, missing))
    whole = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return whole.sort_values(["supplier_id", "measure"], ignore_index=True)


def rows(workbook: Workbook, measure: str) -> ir.Table:
    """The engine rows behind a measure, of all suppliers; ``severity`` says how bad each is. Raises UsageError for an unknown measure."""
    return _known(measure).rows(workbook)


def worst_rows(workbook: Workbook, measure: str) -> pd.DataFrame:
    """The worst rows behind a measure, at most `EVIDENCE_ROWS` a supplier; ``rank`` counts from 1, the rows' own columns follow.

    Raises UsageError for an unknown measure.
    """
    name, record = evidence_name(measure), _known(measure)

    def worst(month: Workbook) -> pd.DataFrame:
        found = month.answer(name, lambda any_month: _worst(_not_far_from_worst(any_month, record)))
        return found.head(0) if month.not_given(record.guide.reads) else found

    return workbook.finished(name, worst)


@frame("measures.not_given")
def not_given(workbook: Workbook) -> pd.DataFrame:
    """What measures cannot be observed for want of a table or a column, the same for each supplier.

    Columns: supplier_id, measure, lacks (``table`` or ``table.column``).
    """
    lacks = [(measure.id, lack) for measure in measures().values() for lack in workbook.not_given(measure.guide.reads)]
    rows = [(supplier, *lack) for supplier in workbook.suppliers for lack in lacks]
    return pd.DataFrame(rows, columns=["supplier_id", "measure", "lacks"]).astype("str")


def evidence_name(measure: str) -> str:
    """Name of the frame that holds a measure's worst rows."""
    return f"evidence.{measure}"


def _known(measure: str) -> Measure:
    if measure not in measures():
        raise UsageError("No measure has the id {found!r}. Known: {accepted}.", found=measure, accepted=", ".join(measures()))
    return measures()[measure]


def _not_far_from_worst(workbook: Workbook, measure: Measure) -> ir.Table:
    """The rows that are bad at all, where it is known how bad rows are those alone that may be among a supplier's worst: ranking all takes long."""
    evidence = measure.rows(workbook)
    evidence = evidence.filter(evidence.severity > 0)
    if measure.how_bad is None:
        return evidence
    counts = measure.how_bad(workbook)
    as_bad = counts.cases.sum().over(ibis.window(group_by="supplier_id", order_by=ibis.desc(counts.severity), rows=(None, 0)))
    among_worst = counts.mutate(worse=as_bad - counts.cases).filter(ibis._.worse < EVIDENCE_ROWS)
    least = among_worst.group_by("supplier_id").agg(least=among_worst.severity.min())
    near = evidence.join(least, "supplier_id")
    return near.filter(near.severity >= near.least).drop("least")


def _worst(evidence: ir.Table) -> ir.Table:
    others = [ibis.asc(evidence[column], nulls_first=True) for column in evidence.columns if column not in ("supplier_id", "severity")]
    order = ibis.window(group_by="supplier_id", order_by=[ibis.desc(evidence.severity), *others])
    ranked = evidence.mutate(rank=ibis.row_number().over(order) + 1)
    worst = ranked.filter(ranked["rank"] <= EVIDENCE_ROWS)
    return worst.drop("severity").order_by(["supplier_id", "rank"])
