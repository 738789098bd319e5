"""Waiting for an answer and for a solution: who is counted, where a wait is cut, what never comes."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.service.tickets import (
    CURVE_POINTS,
    backlog,
    first_response,
    first_response_rows,
    resolution,
    resolution_curve,
    resolution_rows,
    response_curve,
    tickets_by_day,
)

START = datetime(2026, 9, 30, 16)  # October 2026 in Asia/Shanghai, as naive UTC
END = datetime(2026, 10, 31, 16)


def ticket(opened, response=None, resolved=None, **more):
    """A ticket from its opening and the seconds until its answer and its solution."""
    opened = datetime.fromisoformat(opened) if isinstance(opened, str) else opened
    after = {"first_response_at": response, "resolved_at": resolved}
    return {"opened_at": opened, **{name: None if seconds is None else opened + timedelta(seconds=seconds) for name, seconds in after.items()}, **more}


def row(found, measure, supplier="s1"):
    rows = found[(found["measure"] == measure) & (found["supplier_id"] == supplier)]
    assert len(rows) == 1, f"{len(rows)} rows of {measure} for {supplier}"
    return rows.iloc[0]


def test_first_response_is_the_share_within_ten_minutes(workbook_of):
    opened = [f"2026-10-12 0{hour}:00:00" for hour in range(4)]
    tickets = [ticket(opened[0], 600), ticket(opened[1], 601), ticket(opened[2], 60), ticket(opened[3], 7200)]
    found = first_response(workbook_of({"tickets": tickets}))
    main = row(found, "service.first_response")
    assert (main["value"], main["n"], main["basis"], main["unit"], main["month"]) == (0.5, 4, "census", "share", "2026-10")
    # Clopper–Pearson, 2 of 4, each bound at 95 %.
    assert (main["lower"], main["upper"]) == pytest.approx((0.097611, 0.902389), abs=1e-6)
    assert row(found, "service.first_response.p50_seconds")["value"] == 600
    assert row(found, "service.first_response.p95_seconds")["value"] == 7200
    assert row(found, "service.first_response.open_share")["value"] == 0


def test_a_begun_second_counts(workbook_of):
    late = datetime(2026, 10, 12, 1, 10, 0, 1)
    found = first_response(workbook_of({"tickets": [{"opened_at": datetime(2026, 10, 12, 1), "first_response_at": late}]}))
    assert row(found, "service.first_response")["value"] == 0


def test_staged_tickets_stay_out(workbook_of):
    tickets = [ticket("2026-10-12 01:00:00", 9000), ticket("2026-10-12 01:00:00", 5, is_staged=True)]
    workbook = workbook_of({"tickets": tickets})
    assert (row(first_response(workbook), "service.first_response")["value"], row(first_response(workbook), "service.first_response")["n"]) == (0, 1)
    assert row(resolution(workbook), "service.resolution")["n"] == 1
    assert list(tickets_by_day(workbook)["tickets"]) == [1]


def test_no_real_ticket_is_no_data(workbook_of):
    found = first_response(workbook_of({"tickets": [ticket("2026-10-12 01:00:00", 5, is_staged=True)]}))
    assert found.empty


def test_months_are_those_of_shanghai(workbook_of):
    tickets = [ticket(START - timedelta(seconds=1), 5), ticket(START, 5), ticket(END - timedelta(seconds=1)), ticket(END, 5)]
    assert row(first_response(workbook_of({"tickets": tickets})), "service.first_response")["n"] == 2


def test_an_answer_after_the_month_is_still_open_at_its_end(workbook_of):
    """Opened 300 s before the end and answered 400 s later: cut at 300 s, within no limit yet, and not late either."""
    tickets = [ticket(END - timedelta(seconds=300), 400), ticket(END - timedelta(seconds=7000), 100), ticket(END - timedelta(seconds=7000), 2000)]
    found = first_response(workbook_of({"tickets": tickets}))
    main = row(found, "service.first_response")
    # Kaplan–Meier by hand: at 100 s one of three is answered, at 300 s one is cut, so 1/3 by 600 s.
    assert main["value"] == pytest.approx(1 / 3)
    assert (main["n"], row(found, "service.first_response.open_share")["value"]) == (3, pytest.approx(1 / 3))


def test_an_open_ticket_that_waited_longer_than_the_limit_is_late(workbook_of):
    main = row(first_response(workbook_of({"tickets": [ticket("2026-10-12 01:00:00"), ticket("2026-10-12 01:00:00", 10)]})), "service.first_response")
    assert (main["value"], main["n"]) == (0.5, 2)


def test_resolved_without_an_answer_never_was_answered(workbook_of):
    """Opened 100 s before the end: open it would be cut and left in doubt, closed unanswered it is a miss."""
    just_before = END - timedelta(seconds=100)
    others = [ticket("2026-10-12 01:00:00", 10)] * 1
    closed = first_response(workbook_of({"tickets": [ticket(just_before, None, 50), *others]}))
    still_open = first_response(workbook_of({"tickets": [ticket(just_before, None, 150), *others]}))
    assert row(closed, "service.first_response")["value"] == 0.5
    assert row(closed, "service.first_response.p95_seconds")["value"] == np.inf
    assert row(closed, "service.first_response.open_share")["value"] == 0
    assert row(still_open, "service.first_response.open_share")["value"] == 0.5


def test_resolution_cuts_open_tickets_instead_of_dropping_them(workbook_of):
    tickets = [ticket("2026-10-12 01:00:00", None, 7200), ticket("2026-10-12 01:00:00", None, 7201), ticket("2026-10-12 01:00:00")]
    found = resolution(workbook_of({"tickets": tickets}))
    main = row(found, "service.resolution")
    assert (main["value"], main["n"]) == (pytest.approx(1 / 3), 3)
    assert row(found, "service.resolution.p50_seconds")["value"] == 7201
    assert row(found, "service.resolution.p95_seconds")["value"] == np.inf


def test_backlog_counts_older_open_tickets(workbook_of):
    older = "2026-09-20 01:00:00"
    tickets = [
        ticket(older),
        ticket(older, 60),
        ticket(older, 60, 90),
        ticket(older, None, 40 * 86400),  # resolved on 30 October, unanswered
        ticket(older, 50 * 86400, 50 * 86400),  # both after the month
        ticket(older, is_staged=True),
        ticket("2026-10-12 01:00:00", supplier_id="s2"),
    ]
    workbook = workbook_of({"tickets": tickets})
    answers, solutions = first_response(workbook), resolution(workbook)
    assert row(answers, "service.first_response.backlog")["value"] == 2
    assert row(solutions, "service.resolution.backlog")["value"] == 3
    assert (row(solutions, "service.resolution.backlog", "s2")["value"], row(solutions, "service.resolution.backlog", "s2")["n"]) == (0, 1)
    assert "service.first_response" not in set(answers[answers["supplier_id"] == "s1"]["measure"])


def test_backlog_by_age(workbook_of):
    ages = [0, 86399, 86400, 7 * 86400 - 1, 7 * 86400, 30 * 86400, 300 * 86400]
    tickets = [ticket(END - timedelta(seconds=age + 1) + timedelta(seconds=1)) for age in ages[1:]] + [ticket(END - timedelta(seconds=1), None, 5)]
    tickets += [ticket(END - timedelta(days=3), None, 60), ticket(END, None), ticket(END - timedelta(days=3), is_staged=True)]
    found = backlog(workbook_of({"tickets": tickets}))
    assert found.to_dict("list") == {"supplier_id": ["s1"] * 4, "age_from_days": [0, 1, 7, 30], "tickets": [2, 2, 1, 2]}


def test_rows_put_the_never_answered_first(workbook_of):
    tickets = [
        ticket("2026-10-12 01:00:00", 5, ticket_id="quick"),
        ticket("2026-10-12 01:00:00", 9000, ticket_id="slow"),
        ticket("2026-10-12 01:00:00", None, 60, ticket_id="never"),
    ]
    workbook = workbook_of({"tickets": tickets})
    rows = workbook.rows_of(first_response_rows(workbook)).sort_values("severity", ascending=False)
    assert list(rows["ticket_id"]) == ["never", "slow", "quick"]
    assert list(rows["severity"]) == [1e15, 9000, 5]
    assert set(resolution_rows(workbook).columns) >= {"supplier_id", "ticket_id", "severity", "resolved_at"}


def test_tickets_by_day_are_local_days(workbook_of):
    tickets = [
        ticket("2026-10-11 15:59:59", 60, kind="question"),
        ticket("2026-10-11 16:00:00", 60, kind="invalid_code"),
        ticket("2026-10-12 15:59:59", 6000, kind="other"),
    ]
    found = tickets_by_day(workbook_of({"tickets": tickets}))
    assert [str(day)[:10] for day in found["day"]] == ["2026-10-11", "2026-10-12"]
    assert found[["tickets", "disputes", "answered_in_time"]].to_numpy().tolist() == [[1, 0, 1], [2, 1, 1]]


def test_curves_rise_to_the_share_that_ended(workbook_of):
    tickets = [ticket("2026-10-12 01:00:00", seconds, seconds * 10) for seconds in range(1, 201)] + [ticket("2026-10-12 01:00:00")] * 1
    workbook = workbook_of({"tickets": tickets})
    for curve, last in ((response_curve(workbook), 200), (resolution_curve(workbook), 2000)):
        assert len(curve) <= CURVE_POINTS
        assert curve["share"].is_monotonic_increasing
        assert (curve["seconds"].iloc[0], curve["share"].iloc[0]) == (last / 200, round(1 / 201, 12))
        assert curve["share"].max() == round(200 / 201, 12)
        assert last in set(curve["seconds"])


def test_a_curve_without_tickets_has_its_columns(workbook_of):
    assert list(response_curve(workbook_of({"suppliers": [{"supplier_id": "s1"}]})).columns) == ["supplier_id", "seconds", "share"]


SECONDS = st.none() | st.integers(min_value=0, max_value=20_000)
TICKETS = st.lists(
    st.tuples(st.sampled_from(["s1", "s2"]), st.integers(min_value=-3 * 86400, max_value=34 * 86400), SECONDS, SECONDS, st.booleans()), min_size=1, max_size=25
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TICKETS)
def test_first_response_agrees_with_plain_pandas(workbook_of, cases):
    tickets = [
        ticket(START + timedelta(seconds=since), response, resolved, supplier_id=supplier, is_staged=staged)
        for supplier, since, response, resolved, staged in cases
    ]
    found = first_response(workbook_of({"tickets": tickets}))
    for supplier in ("s1", "s2"):
        expected = slow_share([SimpleNamespace(**one) for one in tickets if one["supplier_id"] == supplier and not one["is_staged"]], limit=600)
        rows = found[(found["supplier_id"] == supplier) & (found["measure"] == "service.first_response")]
        assert (len(rows) == 0) == (expected is None)
        if expected is not None:
            share, n = expected
            assert rows["n"].iloc[0] == n
            assert rows["value"].iloc[0] == pytest.approx(share, nan_ok=True, abs=1e-9)


def slow_share(tickets, limit):
    """Kaplan–Meier as in the textbook: at each time, the share of those still waiting that did not end."""
    waits = []
    for one in tickets:
        if not START <= one.opened_at < END:
            continue
        is_answered = one.first_response_at is not None and one.first_response_at < END
        is_closed = one.resolved_at is not None and one.resolved_at < END
        if is_answered:
            waits.append(((one.first_response_at - one.opened_at).total_seconds(), True))
        elif is_closed:
            waits.append((np.inf, True))
        else:
            waits.append((float(int((END - one.opened_at).total_seconds())), False))
    if not waits:
        return None
    frame = pd.DataFrame(waits, columns=["seconds", "ended"])
    if not (frame["ended"] | (frame["seconds"] >= limit)).any():
        return np.nan, len(frame)
    waiting = 1.0
    for time in sorted(frame.loc[frame["ended"] & (frame["seconds"] <= limit), "seconds"].unique()):
        at_risk = (frame["seconds"] >= time).sum()
        waiting *= 1 - ((frame["seconds"] == time) & frame["ended"]).sum() / at_risk
    return 1 - waiting, len(frame)
