"""Readings that know what follows them, against a window over all readings in pandas: ties of instants, gaps, month ends, the edges of the cap."""

from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.measures.common import readings
from kmanalysis.measures.common.readings import DAY, DOWN, SECOND, UP
from kmanalysis.opening import open_workbook
from kmanalysis.tables import tables
from kmanalysis.times import Month
from tests.measures.shanghai import FEW

MONTH = Month.parse("2026-10")
CAP = 6 * 3600 * SECOND
LENGTH = 31 * DAY
EDGES = [-CAP - 1, -CAP, -CAP + 1, -1, 0, 1, CAP - 1, CAP, DAY, DAY + CAP, LENGTH - CAP, LENGTH - 1, LENGTH, LENGTH + 1]
MOMENT = st.one_of(st.sampled_from(EDGES), st.integers(-CAP - 5, 3 * CAP), st.integers(LENGTH - 2 * CAP, LENGTH + CAP))
TAKEN = st.dictionaries(st.tuples(st.sampled_from(["s1", "s2"]), MOMENT), st.booleans(), min_size=1, max_size=25)


def frame_of(taken: dict[tuple[str, int], bool]) -> pd.DataFrame:
    rows = pd.DataFrame([(supplier, at, is_up) for (supplier, at), is_up in taken.items()], columns=["supplier_id", "at", "is_up"])
    return rows.sort_values(["supplier_id", "at"], ignore_index=True)


def folder_of(folder: Path, rows: pd.DataFrame, *, by_month: bool) -> Path:
    """Stamped Parquet, a file a month or one file; each reading knows what follows it in its own file."""
    table = tables()["probes"]
    start = pd.Timestamp(MONTH.start)
    rows = rows.assign(probed_at=start + pd.to_timedelta(rows["at"], unit="us"), latency_ms=None)
    parts = np.searchsorted([0, LENGTH], rows["at"], side="right") if by_month else np.zeros(len(rows), dtype=int)
    for number in np.unique(parts):
        part = rows[parts == number]
        part = part.assign(next_at=part.groupby("supplier_id")["probed_at"].shift(-1))
        path = folder / "probes" / f"{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pandas(part[list(table.stored)], schema=stamped_schema(table), preserve_index=False), path)
    (folder / "suppliers.csv").write_text("supplier_id,name\ns1,a\ns2,b\n", encoding="utf-8")
    return folder


def by_window(rows: pd.DataFrame) -> pd.DataFrame:
    """The intervals as a window over all readings that can speak gives them."""
    seen = rows[(rows["at"] > -CAP) & (rows["at"] < LENGTH)]
    following = seen.groupby("supplier_id")["at"].shift(-1).fillna(LENGTH).astype("int64")
    until = np.minimum(np.minimum(following, seen["at"] + CAP), LENGTH)
    spoken = seen.assign(since=seen["at"].clip(lower=0), until=until)
    return spoken[spoken["until"] > 0][["supplier_id", "at", "is_up", "since", "until"]].reset_index(drop=True)


def stretches_by_window(spoken: pd.DataFrame) -> pd.DataFrame:
    """Readings of one state that follow each other without a gap."""
    before = spoken.groupby("supplier_id")[["until", "is_up"]].shift()
    begins = ~((before["until"] == spoken["since"]) & (before["is_up"] == spoken["is_up"]))
    runs = spoken.assign(run=begins.cumsum()).groupby("run").agg(
        supplier_id=("supplier_id", "first"), is_up=("is_up", "first"), since=("since", "min"), until=("until", "max"), readings=("at", "size")
    )  # fmt: skip
    return runs[["supplier_id", "is_up", "since", "until", "readings"]].reset_index(drop=True)


@FEW
@given(taken=TAKEN, by_month=st.booleans())
@example(taken={("s1", -CAP + 1): False, ("s1", -1): False, ("s1", 0): False, ("s1", CAP): False, ("s1", 2 * CAP + 1): False}, by_month=True)
@example(taken={("s1", -1): False, ("s2", 0): True, ("s1", LENGTH - 1): False, ("s1", LENGTH): True}, by_month=True)
@example(taken={("s1", -5): True, ("s1", LENGTH): True}, by_month=False)
def test_what_follows_each_reading_gives_what_a_window_over_all_gives(tmp_path_factory, taken, by_month):
    rows = frame_of(taken)
    book = open_workbook(folder_of(tmp_path_factory.mktemp("probes"), rows, by_month=by_month), "2026-10", lang="en")
    intervals = readings.reading_intervals(book, "probes", book.table("probes"), cap=CAP)
    order = ["supplier_id", "at"]
    found = book.rows_of(intervals.select("supplier_id", "at", "is_up", "since", "until")).sort_values(order, ignore_index=True)
    expected = by_window(rows)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    runs = stretches_by_window(expected)
    for state in (True, False):
        mine = book.rows_of(readings.stretches(intervals.filter(intervals.is_up == state), ["supplier_id"]))
        theirs = runs[runs["is_up"] == state].drop(columns="is_up")
        pd.testing.assert_frame_equal(
            mine[list(theirs)].sort_values(["supplier_id", "since"], ignore_index=True), theirs.reset_index(drop=True), check_dtype=False
        )


@FEW
@given(taken=TAKEN)
def test_days_hold_all_of_the_time_that_readings_speak(tmp_path_factory, taken):
    rows = frame_of(taken)
    book = open_workbook(folder_of(tmp_path_factory.mktemp("probes"), rows, by_month=True), "2026-10", lang="en")
    own = readings.own_intervals(book, "probes", book.table("probes"), cap=CAP)
    own = own.mutate(state=ibis.ifelse(own.is_up, UP, DOWN))
    days = readings.by_day(own, ["supplier_id"])
    later = readings.split_by_day(readings.overnight(days))
    known = int(book.value_of(days.known_microseconds.sum().fill_null(0))) + int(book.value_of((later.until - later.since).sum().fill_null(0)))
    expected = by_window(rows)
    expected = expected[expected["at"] >= 0]
    assert known == int((expected["until"] - expected["since"]).sum())


@pytest.mark.parametrize("by_month", [True, False])
def test_a_reading_is_carried_into_the_month_from_the_one_before_alone(tmp_path, by_month):
    rows = frame_of({("s1", -2): True, ("s1", -1): False, ("s2", -CAP): True})
    book = open_workbook(folder_of(tmp_path, rows, by_month=by_month), "2026-10", lang="en")
    carried = book.rows_of(readings.carried_intervals(book, "probes", book.table("probes"), cap=CAP))
    assert carried[["supplier_id", "at", "since", "until"]].to_numpy().tolist() == [["s1", -1, 0, CAP - 1]]
