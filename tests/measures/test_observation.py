"""The worst rows behind a measure: as a slow sort of all rows finds them, ties and endless waits among them."""

from datetime import datetime, timedelta

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.observation import EVIDENCE_ROWS, rows, worst_rows
from kmanalysis.measures.registry import measures

WAITS = st.lists(st.tuples(st.sampled_from(["s1", "s2"]), st.sampled_from([0, 1, 1, 2, 3, 400, None])), min_size=1, max_size=70)


def slow(evidence: pd.DataFrame) -> list[tuple]:
    bad = evidence[evidence["severity"] > 0]
    ordered = bad.sort_values(["supplier_id", "severity", "order_id"], ascending=[True, False, True])
    worst = ordered.groupby("supplier_id").head(EVIDENCE_ROWS)
    return list(zip(worst["supplier_id"], worst["order_id"], worst.groupby("supplier_id").cumcount() + 1, strict=True))


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(WAITS)
def test_the_longest_waits_are_found_without_ranking_all(workbook_of, drawn):
    began = datetime(2026, 10, 5)
    orders = [
        {"order_id": f"o{number:02}", "supplier_id": supplier, "ordered_at": began}
        | ({"status": "failed", "delivered_at": None} if wait is None else {"status": "delivered", "delivered_at": began + timedelta(seconds=wait)})
        for number, (supplier, wait) in enumerate(drawn)
    ]
    workbook = workbook_of({"orders": orders})
    found = worst_rows(workbook, "stability.delivery_time")
    assert list(zip(found["supplier_id"], found["order_id"], found["rank"], strict=True)) == slow(workbook.rows_of(rows(workbook, "stability.delivery_time")))


def test_how_bad_rows_are_is_told_of_the_rows_that_there_are(samples):
    known = [measure for measure in measures().values() if measure.how_bad]
    assert len(known) > 1
    for measure in known:
        evidence = measure.rows(samples)
        counted = samples.rows_of(evidence.group_by("supplier_id", "severity").agg(cases=evidence.count()))
        told = samples.rows_of(measure.how_bad(samples)).astype({"cases": "int64"})
        order = ["supplier_id", "severity"]
        pd.testing.assert_frame_equal(told[counted.columns].sort_values(order, ignore_index=True), counted.sort_values(order, ignore_index=True))
