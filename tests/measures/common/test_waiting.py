"""Waiting times, from events in the engine to the measures frame."""

from itertools import count

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.common.waiting import cases_by_second, waiting_cases, waiting_counts, waiting_frame
from kmanalysis.statistics.intervals import proportion_bounds

NUMBERS = count(1)
END = pd.Timestamp("2026-10-31 16:00:00")
MEASURE = "stability.delivery_time"


@pytest.fixture
def book(workbook_of):
    return workbook_of({"suppliers": [{"supplier_id": "s1"}]})


def cases_of(book, rows, **more):
    """Cases from (start, end, never, is_upper_bound); start and end in seconds before the month's end, None where missing."""

    def moment(seconds):
        return pd.NaT if seconds is None else END - pd.Timedelta(microseconds=round(seconds * 1_000_000))

    columns = [(number, "s1", moment(start), moment(end), never, bound) for number, (start, end, never, bound) in enumerate(rows)]
    frame = pd.DataFrame(columns, columns=["id", "supplier_id", "started", "ended", "never", "bound"]).astype(
        {"id": "int64", "supplier_id": "str", "started": "datetime64[us]", "ended": "datetime64[us]", "never": "boolean", "bound": "boolean"}
    )
    name = f"events_{next(NUMBERS)}"
    book.engine.connection.register("given", pa.Table.from_pandas(frame, preserve_index=False)).execute(f"CREATE TABLE {name} AS FROM given")
    kinds = {"id": "int64", "supplier_id": "string", "started": "timestamp", "ended": "timestamp", "never": "boolean", "bound": "boolean"}
    events = ibis.table(kinds, name=name)
    return waiting_cases(book, events, started=events.started, ended=events.ended, never=events.never, is_upper_bound=events.bound)


def counted(book, rows):
    return waiting_counts(book.rows_of(cases_by_second(cases_of(book, rows))))


def seconds_of(book, *row):
    found = counted(book, [(*row, None, None)[:4]])
    return [] if found.empty else found[["seconds", "ended", "is_bound"]].iloc[0].tolist()


def test_a_begun_second_counts_once_the_wait_is_over(book):
    assert seconds_of(book, 1000, 700) == [300, True, False]
    assert seconds_of(book, 1000, 699.999999) == [301, True, False]
    assert seconds_of(book, 1000, 1000) == [0, True, False]


def test_an_end_at_or_after_the_months_end_is_still_open(book):
    assert seconds_of(book, 100.5, None) == [100, False, False]
    assert seconds_of(book, 100, 0) == [100, False, False]
    assert seconds_of(book, 100, -50, None, True) == [100, False, False]
    assert seconds_of(book, 100, 0.000001) == [100, True, False]


def test_what_never_ends_is_endless_whatever_else_is_noted(book):
    assert seconds_of(book, 100, None, True) == [np.inf, True, False]
    assert seconds_of(book, 100, 90, True, True) == [np.inf, True, False]


def test_a_wait_that_contradicts_itself_or_has_no_start_is_unknown(book):
    assert seconds_of(book, 100, 101) == []
    assert seconds_of(book, None, 50) == []
    assert seconds_of(book, None, None, True) == []


def test_severity_is_the_wait_and_endless_ones_are_worst(book):
    rows = cases_of(book, [(100, 90, None, None), (100, None, None, None), (100, None, True, None)])
    severity = book.rows_of(rows.order_by("id"))["severity"]
    assert severity.tolist() == [10, 100, 1e15]


def test_counts_are_by_second_and_kind_of_end(book):
    rows = [(1000, 990, None, None)] * 2 + [(1000, 990, None, True), (1000, None, True, None), (10, None, None, None)]
    found = counted(book, rows)
    assert found[["seconds", "ended", "is_bound", "cases"]].to_numpy().tolist() == [
        [10, False, False, 1],
        [10, True, False, 2],
        [10, True, True, 1],
        [np.inf, True, False, 1],
    ]


def counts_of(*rows, supplier="s1"):
    frame = pd.DataFrame(rows, columns=["seconds", "ended", "is_bound", "cases"])
    return frame.assign(supplier_id=supplier)[["supplier_id", "seconds", "ended", "is_bound", "cases"]].astype({"seconds": "float64"})


def figures(frame, label=""):
    return frame[frame["measure"] == MEASURE + label].set_index("supplier_id")


def test_the_frame_has_the_share_its_quantiles_and_the_open_share(book):
    counts = pd.concat(
        [counts_of((10, True, False, 90), (400, True, False, 10)), counts_of((10, True, False, 3), (np.inf, True, False, 1), supplier="s2")], ignore_index=True
    )
    frame = waiting_frame(book, MEASURE, counts)
    assert set(frame["measure"]) == {MEASURE, f"{MEASURE}.p50_seconds", f"{MEASURE}.p95_seconds", f"{MEASURE}.open_share"}
    share = figures(frame)
    assert share["value"].tolist() == [0.9, 0.75]
    assert share["n"].tolist() == [100, 4]
    assert share["basis"].tolist() == ["census", "census"]
    # 90 of 100: Clopper–Pearson 90 %, as R's binom.test(90, 100, conf.level = 0.9) prints it.
    assert share.loc["s1", ["lower", "upper"]].tolist() == pytest.approx([0.8363, 0.9447], abs=1e-4)
    assert figures(frame, ".p50_seconds")["value"].tolist() == [10, 10]
    assert figures(frame, ".p95_seconds")["value"].tolist() == [400, np.inf]
    assert figures(frame, ".p95_seconds")["n"].tolist() == [100, 4]
    assert figures(frame, ".p95_seconds")["unit"].tolist() == ["seconds", "seconds"]


def test_the_open_share_counts_every_open_case(book):
    counts = counts_of((10, True, False, 1), (20, False, False, 1), (5000, False, False, 2))
    frame = waiting_frame(book, MEASURE, counts)
    assert figures(frame, ".open_share").loc["s1", ["value", "n"]].tolist() == [0.75, 4]
    # One ended of four; the one censored before the limit leaves three at risk no longer: 1/4, and nothing after.
    assert figures(frame).loc["s1", "value"] == 0.25


def test_late_bounds_make_the_upper_bound_favourable_and_leave_other_suppliers_alone(book):
    counts = pd.concat(
        [counts_of((10, True, False, 6), (900, True, True, 2), (900, True, False, 2)), counts_of((10, True, True, 5), supplier="s2")], ignore_index=True
    )
    frame = figures(waiting_frame(book, MEASURE, counts))
    assert frame["value"].tolist() == [0.6, 1]
    assert frame["basis"].tolist() == ["bounded", "census"]
    assert frame.loc["s1", "lower"] == pytest.approx(proportion_bounds(6, 10)[0].item(), abs=1e-12)
    assert frame.loc["s1", "upper"] == pytest.approx(proportion_bounds(8, 10)[1].item(), abs=1e-12)
    assert frame.loc["s2", "upper"] == 1


def test_no_cases_are_no_rows(book):
    assert waiting_frame(book, MEASURE, counted(book, [])).empty


times = st.one_of(st.none(), st.floats(-50, 2000).map(lambda seconds: round(seconds, 3)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(times, times, st.sampled_from([None, False, True]), st.sampled_from([None, False, True])), max_size=12))
def test_counts_equal_plain_python(book, rows):
    expected = []
    for start, end, never, bound in rows:
        if start is None:
            continue
        if never:
            expected.append((np.inf, True, False))
            continue
        is_over = end is not None and end > 0
        waited = round((start - (end if is_over else 0)) * 1_000_000)
        if waited >= 0:
            expected.append((float(-(-waited // 1_000_000) if is_over else waited // 1_000_000), is_over, is_over and bound is True))
    found = counted(book, rows)
    spread = [tuple(row) for *row, cases in found[["seconds", "ended", "is_bound", "cases"]].itertuples(index=False) for _ in range(cases)]
    assert sorted(spread) == sorted(expected)
