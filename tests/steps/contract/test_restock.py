"""Restock times: bounds from the readings around each end, and nothing claimed beyond the lower one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.steps.contract.restock import CASES_SHOWN, restock_cases, restock_counts

START = datetime(2026, 9, 30, 16)  # of October 2026 in Asia/Shanghai, as naive UTC
END = datetime(2026, 10, 31, 16)
HOUR = timedelta(hours=1)
LISTED = [{"sku": "k1", "listed_from": "2026-01-01"}]
SOLD = [{"order_id": "o1", "ordered_at": "2026-08-15 04:00:00"}]  # makes k1 hot in October


def readings(*seen, since=START + 240 * HOUR, **more):
    """Readings at so many hours: (hour, quantity)."""
    return [{"observed_at": since + hour * HOUR, "quantity": quantity, "scan_ok": "true", **more} for hour, quantity in seen]


def folder(snapshots, **more):
    return {"orders": SOLD, "listings": LISTED, "stock_snapshots": snapshots, **more}


def only(found):
    assert len(found) == 1, f"{len(found)} stock-outs"
    return found.iloc[0]


def test_the_bounds_come_from_the_readings_around_each_end(workbook_of):
    # In stock at 0, gone at 1, 2 and 5, back at 6: out for 4 to 6 hours.
    workbook = workbook_of(folder(readings((0, 5), (1, 0), (2, 0), (5, 0), (6, 9))))
    case = only(restock_cases(workbook))
    assert (case["lower_seconds"], case["upper_seconds"], case["readings"], case["state"], case["is_open"]) == (4 * 3600, 6 * 3600, 3, "late", False)
    counts = only(restock_counts(workbook))
    assert (counts["stockouts"], counts["late"], counts["longest_seconds"], counts["limit_seconds"]) == (1, 1, 4 * 3600, 7200)


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (((0, 5), (0.5, 0), (1.5, 0), (2, 5)), "in_time"),  # at most 2 hours
        (((0, 5), (0.5, 0), (1.5, 0), (2.1, 5)), "undecided"),
        (((0, 5), (1, 0), (3, 0), (4, 5)), "undecided"),  # two hours at least: the limit is not passed
        (((0, 5), (1, 0), (3.01, 0), (4, 5)), "late"),
        (((0, 5), (1, 0), (9, 5)), "undecided"),  # one reading of nothing shows no length at all
    ],
)
def test_late_needs_the_lower_bound_and_in_time_the_upper_one(workbook_of, seen, state):
    assert only(restock_cases(workbook_of(folder(readings(*seen)))))["state"] == state


def test_the_contract_of_the_day_sets_the_limit(workbook_of):
    terms = {"contracts": [{"contract_id": "c1", "valid_from": "2026-01-01"}], "contract_terms": [{"contract_id": "c1", "term": "restock_hours", "value": "5"}]}
    case = only(restock_cases(workbook_of(folder(readings((0, 5), (1, 0), (5, 0), (6, 5)), **terms))))
    assert (case["limit_seconds"], case["contract_id"], case["state"]) == (5 * 3600, "c1", "undecided")


def test_an_open_stock_out_has_no_upper_bound(workbook_of):
    workbook = workbook_of(folder(readings((0, 5), (1, 0), (9, 0))))
    case = only(restock_cases(workbook))
    assert (case["lower_seconds"], case["is_open"], case["state"]) == (8 * 3600, True, "late")
    assert pd.isna(case["upper_seconds"])
    assert pd.isna(case["restocked_at"])
    assert only(restock_counts(workbook))["still_open"] == 1


def test_a_restock_after_the_month_is_not_known_at_its_end(workbook_of):
    seen = readings((-2, 5), (-1, 0), (1, 9), since=END)
    assert bool(only(restock_cases(workbook_of(folder(seen))))["is_open"])


def test_failed_readings_and_placeholders_say_nothing(workbook_of):
    silent = readings((2, 7), is_placeholder="true") + readings((3, 7), scan_ok="false") + [{**readings((4, 7))[0], "quantity": None}]
    case = only(
        restock_cases(workbook_of(folder([*readings((0, 5), (1, 0), (5, 0), (6, 5)), *[row | {"scan_ok": row.get("scan_ok", "true")} for row in silent]])))
    )
    assert (case["lower_seconds"], case["readings"]) == (4 * 3600, 2)


def test_readings_further_apart_than_a_reading_speaks_are_two_stock_outs(workbook_of):
    found = restock_cases(workbook_of(folder(readings((0, 5), (1, 0), (25, 0), (49.01, 0), (50, 5)))))
    assert sorted(found["lower_seconds"]) == [0, 24 * 3600]
    assert found["upper_seconds"].isna().all()  # nobody saw the end of the first, nor the beginning of the second
    assert not found["is_open"].any()


def test_what_began_before_the_month_is_counted_apart(workbook_of):
    seen = readings((-3, 5), (-1, 0), (1, 0), (2, 5), since=START)
    workbook = workbook_of(folder(seen))
    assert restock_cases(workbook).empty
    counts = only(restock_counts(workbook))
    assert (counts["stockouts"], counts["older"]) == (0, 1)


def test_what_is_not_hot_or_not_on_offer_is_nobodys_duty(workbook_of):
    seen = readings((0, 5), (1, 0), (9, 0))
    assert restock_cases(workbook_of(folder(seen) | {"orders": []})).empty
    assert restock_cases(workbook_of(folder(seen) | {"listings": [{"sku": "k1", "listed_from": "2026-01-01", "listed_to": "2026-10-09"}]})).empty


def brute_force(snapshots, limit=7200.0):
    """Stock-outs one reading after the other: (lower, upper or None, state)."""
    known = sorted((row["observed_at"], row["quantity"]) for row in snapshots if START - 24 * HOUR < row["observed_at"] < END)
    found, run = [], None
    for place, (moment, quantity) in enumerate(known):
        if quantity:
            run = None
            continue
        if run is None or moment - run["last"] > 24 * HOUR:
            before = known[place - 1] if place else None
            run = {"first": moment, "last": moment, "before": before[0] if before and before[1] else None, "after": None}
            found.append(run)
        run["last"] = moment
        following = known[place + 1] if place + 1 < len(known) else None
        run["after"] = following[0] if following and following[1] else None
    told = []
    for run in found:
        if run["first"] < START:
            continue
        lower = (run["last"] - run["first"]).total_seconds()
        upper = (run["after"] - run["before"]).total_seconds() if run["after"] and run["before"] else None
        told.append((lower, upper, "late" if lower > limit else "in_time" if upper is not None and upper <= limit else "undecided"))
    return sorted(told, key=str)


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 60 * 30), st.sampled_from([0, 0, 3])), min_size=1, max_size=25),
    st.integers(-40, 700),
)
def test_agrees_with_one_reading_after_the_other(workbook_of, steps, hour):
    moment, snapshots = START + hour * HOUR, []
    for minutes, quantity in steps:
        moment += timedelta(minutes=minutes)
        snapshots.append({"observed_at": moment, "quantity": quantity, "scan_ok": "true"})
    found = restock_cases(workbook_of(folder(snapshots)))
    told = [(row["lower_seconds"], None if pd.isna(row["upper_seconds"]) else row["upper_seconds"], row["state"]) for row in found.to_dict("records")]
    assert sorted(told, key=str) == brute_force(snapshots)[:CASES_SHOWN]
