"""Failures in a row: in order of opening, dated by the deadline that passed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.steps.contract.runs import failure_runs

FIRST = datetime(2026, 10, 5, 2)
DAY = timedelta(days=1)
END = datetime(2026, 10, 31, 16)


def case(number, failed, reshipped=None, **more):
    """An order that failed and its ticket, opened ten minutes later."""
    order = {"order_id": f"o{number}", "ordered_at": failed - timedelta(hours=1), "failed_at": failed, "status": "failed", "at_fault": "supplier"}
    ticket = {
        "ticket_id": f"t{number}", "order_id": f"o{number}", "opened_at": failed + timedelta(minutes=10), "kind": "invalid_code", "at_fault": "supplier",
        "reshipped_at": reshipped, **more,
    }  # fmt: skip
    return order, ticket


def folder(cases, **more):
    return {"orders": [order for order, _ in cases], "tickets": [ticket for _, ticket in cases], **more}


def only(found):
    assert len(found) == 1, f"{len(found)} runs"
    return found.iloc[0]


def test_the_right_arises_when_the_third_deadline_passes(workbook_of):
    run = only(failure_runs(workbook_of(folder([case(n, FIRST + n * DAY) for n in range(4)]))))
    assert (run["failures"], run["asked"], run["is_unbroken"], run["is_of_month"]) == (4, 3, True, True)
    assert run["right_arose_at"] == FIRST + 3 * DAY  # the third failed two days after the first, and had a day
    assert (run["first_ticket_id"], run["deciding_ticket_id"], run["last_deadline_at"]) == ("t0", "t2", FIRST + 4 * DAY)


def test_a_failure_dates_from_its_deadline_and_not_from_closing(workbook_of):
    # Closed within the hour, without a good code.
    cases = [case(n, FIRST + n * DAY, resolved_at=FIRST + n * DAY + timedelta(hours=1)) for n in range(3)]
    assert only(failure_runs(workbook_of(folder(cases))))["right_arose_at"] == FIRST + 3 * DAY


def test_a_good_code_in_time_breaks_the_run_and_one_too_late_does_not(workbook_of):
    cases = [case(n, FIRST + n * DAY) for n in range(5)]
    cases[2] = case(2, FIRST + 2 * DAY, FIRST + 3 * DAY)
    run = only(failure_runs(workbook_of(folder(cases))))
    assert (run["failures"], run["first_ticket_id"]) == (2, "t3")
    assert pd.isna(run["right_arose_at"])
    cases[2] = case(2, FIRST + 2 * DAY, FIRST + 3 * DAY + timedelta(seconds=1))
    assert only(failure_runs(workbook_of(folder(cases))))["failures"] == 5


@pytest.mark.parametrize("unclear", [{"at_fault": None}, {"at_fault": "unknown"}, {"at_fault": "buyer"}, {"is_staged": True}])
def test_what_is_undecided_staged_or_anothers_neither_breaks_nor_extends(workbook_of, unclear):
    cases = [case(n, FIRST + n * DAY) for n in range(3)]
    cases[1] = case(1, FIRST + DAY, FIRST + DAY + timedelta(hours=1), **unclear)
    assert only(failure_runs(workbook_of(folder(cases))))["failures"] == 2


def test_a_case_whose_deadline_has_not_passed_is_undecided(workbook_of):
    cases = [case(0, END - 3 * DAY), case(1, END - 2 * DAY), case(2, END - DAY), case(3, END - timedelta(hours=1))]
    run = only(failure_runs(workbook_of(folder(cases))))
    assert run["failures"] == 2  # the third deadline is the first instant after the month
    assert pd.isna(run["right_arose_at"])
    later = only(failure_runs(workbook_of(folder(cases), month="2026-11")))
    assert (later["failures"], later["right_arose_at"], later["is_of_month"]) == (4, END, True)


def test_three_tickets_of_one_order_are_one_case(workbook_of):
    order, ticket = case(0, FIRST)
    tickets = [ticket | {"ticket_id": f"t{n}", "opened_at": FIRST + n * timedelta(hours=1)} for n in range(3)]
    assert only(failure_runs(workbook_of({"orders": [order], "tickets": tickets})))["failures"] == 1


def test_a_case_without_a_failed_order_counts_from_its_opening_and_a_solution_makes_it_good(workbook_of):
    plain = {"kind": "top_up_failed", "at_fault": "supplier", "opened_at": FIRST}
    solved = {"ticket_id": "t1", **plain, "resolved_at": FIRST + timedelta(hours=5)}
    assert failure_runs(workbook_of({"tickets": [solved]})).empty
    late = {"ticket_id": "t2", **plain, "resolved_at": FIRST + 2 * DAY}
    assert only(failure_runs(workbook_of({"tickets": [late]})))["last_deadline_at"] == FIRST + DAY


def test_the_contract_says_how_many_and_how_long_and_a_new_one_begins_anew(workbook_of):
    contracts = {
        "contracts": [{"contract_id": "c1", "valid_from": "2026-01-01", "valid_to": "2026-10-07"}, {"contract_id": "c2", "valid_from": "2026-10-08"}],
        "contract_terms": [
            {"contract_id": "c1", "term": "failures_in_a_row", "value": "2"},
            {"contract_id": "c1", "term": "reship_hours", "value": "12"},
        ],
    }
    found = failure_runs(workbook_of(folder([case(n, FIRST + n * DAY) for n in range(5)], **contracts))).set_index("contract_id")
    assert found["failures"].to_dict() == {"c1": 3, "c2": 2}
    assert found.loc["c1", "right_arose_at"] == FIRST + DAY + timedelta(hours=12)
    assert pd.isna(found.loc["c2", "right_arose_at"])


def brute_force(cases, asked=3):
    """The runs one case after the other: (failures, moment of the right or None) of those that are unbroken or gave a right."""
    runs, deadlines = [], []
    decided = [(order, ticket) for order, ticket in cases if ticket["at_fault"] == "supplier"]
    for order, ticket in sorted(decided, key=lambda found: (found[1]["opened_at"], "o" + found[0]["order_id"])):
        deadline = order["failed_at"] + DAY
        if ticket["reshipped_at"] is not None and ticket["reshipped_at"] <= deadline:
            runs.append((deadlines, False))
            deadlines = []
        elif deadline < END:
            deadlines = [*deadlines, deadline]
    runs.append((deadlines, True))
    told = [(len(found), max(found[:asked]) if len(found) >= asked else None) for found, is_last in runs if len(found) >= asked or (is_last and found)]
    return sorted(told, key=str)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 29 * 24), st.sampled_from([None, None, 1, 23, 24, 30]), st.sampled_from(["supplier", "supplier", "supplier", "unknown"])),
        min_size=1,
        max_size=14,
    )
)
def test_agrees_with_one_case_after_the_other(workbook_of, drawn):
    start = datetime(2026, 9, 30, 17)
    cases = []
    for number, (hour, wait, fault) in enumerate(drawn):
        failed = start + timedelta(hours=hour)
        sent = failed + timedelta(hours=wait) if wait is not None and failed + timedelta(hours=wait) < END else None
        cases.append(case(number, failed, sent, at_fault=fault))
    found = failure_runs(workbook_of(folder(cases)))
    told = [(row["failures"], None if pd.isna(row["right_arose_at"]) else row["right_arose_at"].to_pydatetime()) for row in found.to_dict("records")]
    assert sorted(told, key=str) == brute_force(cases)
