"""Failures by the supplier: made good in time, and what was owed and paid for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.observation import worst_rows
from kmanalysis.measures.service.remedies import (
    CASES_SHOWN,
    compensation_paid,
    compensation_paid_rows,
    remedies,
    remedy_cases,
    reship_in_time,
    reship_in_time_rows,
)

END = datetime(2026, 10, 31, 16)  # of October 2026 in Asia/Shanghai, as naive UTC
DAY = 86_400


def row(found, measure, supplier="s1"):
    rows = found[(found["measure"] == measure) & (found["supplier_id"] == supplier)]
    assert len(rows) == 1, f"{len(rows)} rows of {measure} for {supplier}"
    return rows.iloc[0]


def failure(order="o1", failed="2026-10-12 01:00:00", **more):
    failed = datetime.fromisoformat(failed) if isinstance(failed, str) else failed
    plain = {"at_fault": "supplier", "status": "failed", "cost_amount": "100", "amount": "120"}
    return {"order_id": order, "ordered_at": failed - timedelta(hours=1), "failed_at": failed} | plain | more


def reship(order="o1", sent="2026-10-12 02:00:00", **more):
    sent = datetime.fromisoformat(sent) if isinstance(sent, str) else sent
    return {"order_id": order, "opened_at": sent - timedelta(minutes=30), "reshipped_at": sent, "kind": "invalid_code", **more}


def damages(order="o1", amount="10", paid="2026-10-20 01:00:00", **more):
    return {"order_id": order, "kind": "damages", "amount": amount, "paid_at": paid, **more}


def contract(terms, name="c1", since="2026-01-01", **more):
    """A contract and its terms, as tables."""
    return {
        "contracts": [{"contract_id": name, "valid_from": since, **more}],
        "contract_terms": [{"contract_id": name, "term": term, "value": value} for term, value in terms.items()],
    }


# Made good in time


def test_reshipped_within_a_day_of_the_failure(workbook_of):
    failed = datetime(2026, 10, 12, 1)
    orders = [failure(f"o{number}", failed) for number in range(1, 5)]
    tickets = [reship("o1", failed + timedelta(seconds=DAY)), reship("o2", failed + timedelta(seconds=DAY + 1)), reship("o3", failed + timedelta(hours=2))]
    found = reship_in_time(workbook_of({"orders": orders, "tickets": tickets}))
    main = row(found, "service.reship_in_time")
    assert (main["value"], main["n"], main["basis"]) == (0.5, 4, "census")  # o4 has waited for weeks
    assert row(found, "service.reship_in_time.p50_seconds")["value"] == DAY
    assert row(found, "service.reship_in_time.unknown_fault")["value"] == 0


def test_the_earliest_good_code_counts(workbook_of):
    tickets = [reship(sent="2026-10-14 01:00:00"), reship(sent="2026-10-12 02:00:00"), reship(sent="2026-10-12 01:30:00", is_staged=True)]
    workbook = workbook_of({"orders": [failure()], "tickets": tickets})
    rows = workbook.rows_of(reship_in_time_rows(workbook))
    assert list(rows["seconds"]) == [3600]


@pytest.mark.parametrize("fault", ["buyer", "platform"])
def test_failures_of_others_do_not_count(workbook_of, fault):
    assert reship_in_time(workbook_of({"orders": [failure(at_fault=fault)]})).empty


def test_the_month_of_the_failure_counts(workbook_of):
    orders = [
        failure("o1", datetime(2026, 9, 30, 15, 59, 59)),
        failure("o2", datetime(2026, 9, 30, 16)),
        failure("o3", END - timedelta(seconds=1)),
        failure("o4", END),
    ]
    workbook = workbook_of({"orders": orders})
    rows = workbook.rows_of(reship_in_time_rows(workbook))
    assert sorted(rows["order_id"]) == ["o2", "o3"]


def test_a_reshipment_after_the_month_is_not_known_at_its_end(workbook_of):
    failed = END - timedelta(minutes=30)
    found = reship_in_time(workbook_of({"orders": [failure("o1", failed), failure("o2")], "tickets": [reship("o1", END + timedelta(hours=1)), reship("o2")]}))
    assert row(found, "service.reship_in_time.open_share")["value"] == 0.5
    assert row(found, "service.reship_in_time")["value"] == 1.0


def test_unknown_fault_moves_the_bounds_and_not_the_value(workbook_of):
    orders = [failure("o1"), failure("o2"), failure("o3", at_fault="unknown"), failure("o4", at_fault=None)]
    tickets = [reship("o1"), reship("o3")]
    found = reship_in_time(workbook_of({"orders": orders, "tickets": tickets}))
    main = row(found, "service.reship_in_time")
    assert (main["value"], main["n"], main["basis"]) == (0.5, 2, "bounded")
    # Clopper–Pearson: the lower bound of 1 of 3 (with o4, late) and the upper one of 2 of 3 (with o3, in time).
    assert (main["lower"], main["upper"]) == pytest.approx((0.016952, 0.983048), abs=1e-6)
    unknown = row(found, "service.reship_in_time.unknown_fault")
    assert (unknown["value"], unknown["n"], unknown["unit"]) == (2, 4, "count")


def test_unknown_fault_cut_by_the_month_may_go_either_way(workbook_of):
    orders = [failure("o1"), failure("o2", END - timedelta(hours=1), at_fault="unknown")]
    main = row(reship_in_time(workbook_of({"orders": orders, "tickets": [reship("o1")]})), "service.reship_in_time")
    # Lower bound of 1 of 2, upper bound of 2 of 2.
    assert (main["value"], main["lower"], main["upper"]) == pytest.approx((1.0, 0.025321, 1.0), abs=1e-6)


def test_unknown_fault_alone_is_no_data(workbook_of):
    found = reship_in_time(workbook_of({"orders": [failure(at_fault="unknown")]}))
    assert "service.reship_in_time" not in set(found["measure"])
    assert row(found, "service.reship_in_time.unknown_fault")["value"] == 1


# Compensation: what is due


def sole_case(workbook):
    rows = workbook.rows_of(compensation_paid_rows(workbook))
    assert len(rows) == 1
    return rows.iloc[0]


def test_ten_per_cent_where_made_good_and_thirty_where_not(workbook_of):
    workbook = workbook_of({"orders": [failure("o1"), failure("o2")], "tickets": [reship("o1")]})
    found = workbook.rows_of(compensation_paid_rows(workbook)).set_index("order_id")
    assert found["due_amount"].to_dict() == {"o1": Decimal("10.0000"), "o2": Decimal("30.0000")}
    assert found["is_made_good"].to_dict() == {"o1": True, "o2": False}


def test_a_code_at_the_deadline_is_in_time_and_a_moment_later_is_not(workbook_of):
    failed = datetime(2026, 10, 12, 1)
    tickets = [reship("o1", failed + timedelta(days=1)), reship("o2", failed + timedelta(days=1, microseconds=1))]
    workbook = workbook_of({"orders": [failure("o1", failed), failure("o2", failed)], "tickets": tickets})
    found = workbook.rows_of(compensation_paid_rows(workbook)).set_index("order_id")
    assert found["is_made_good"].to_dict() == {"o1": True, "o2": False}


def test_the_month_of_the_deadline_counts(workbook_of):
    start = datetime(2026, 9, 30, 16)
    moments = {
        "o1": start - timedelta(days=1, seconds=1),
        "o2": start - timedelta(days=1),
        "o3": END - timedelta(days=1, seconds=1),
        "o4": END - timedelta(days=1),
    }
    workbook = workbook_of({"orders": [failure(order, failed) for order, failed in moments.items()]})
    found = workbook.rows_of(compensation_paid_rows(workbook))
    assert sorted(found["order_id"]) == ["o2", "o3"]


@pytest.mark.parametrize(
    ("cost", "due"),
    [
        ("10.05", "1.01"),
        ("10.04", "1.00"),
        ("0.0499", "0.00"),
        ("0.05", "0.01"),
        ("1.0050", "0.10"),
        ("98765432.1050", "9876543.21"),
        ("98765432.1500", "9876543.22"),
    ],
)
def test_half_a_fen_is_rounded_up(workbook_of, cost, due):
    case = sole_case(workbook_of({"orders": [failure(cost_amount=cost)], "tickets": [reship()]}))
    assert case["due_amount"] == Decimal(due)


def test_paid_over_due(workbook_of):
    orders = [failure("o1"), failure("o2"), failure("o3")]
    payments = [damages("o1", "4"), damages("o1", "3.5"), damages("o2", "500")]  # of 10, 10 and 30 due; o2 counts up to what was due
    workbook = workbook_of({"orders": orders, "tickets": [reship("o1"), reship("o2")], "compensations": payments})
    main = row(compensation_paid(workbook), "service.compensation_paid")
    assert (main["value"], main["n"], main["basis"]) == (0.35, 3, "census")
    assert np.isnan(main["lower"])
    assert np.isnan(main["upper"])
    assert row(compensation_paid(workbook), "service.compensation_paid.unknown_due")["value"] == 0
    assert worst_rows(workbook, "service.compensation_paid")[["order_id", "outstanding_amount"]].to_numpy().tolist() == [
        ["o3", Decimal("30.0000")],
        ["o1", Decimal("2.5000")],
    ]


@pytest.mark.parametrize(
    "other",
    [damages(kind="refund"), damages(paid="2026-10-31 16:00:00"), damages(order="o9"), damages(currency="USD")],
    ids=["refund", "after the month", "other order", "other currency"],
)
def test_what_is_no_payment_of_damages(workbook_of, other):
    workbook = workbook_of({"orders": [failure()], "tickets": [reship()], "compensations": [other]})
    assert row(compensation_paid(workbook), "service.compensation_paid")["value"] == 0


def test_nothing_paid_is_zero_and_nothing_due_is_no_data(workbook_of):
    assert row(compensation_paid(workbook_of({"orders": [failure()]})), "service.compensation_paid")["value"] == 0
    main = row(compensation_paid(workbook_of({"orders": [failure(cost_amount="0")]})), "service.compensation_paid")
    assert main["n"] == 0
    assert np.isnan(main["value"])


def test_a_cost_that_is_not_known_is_no_debt_of_zero(workbook_of):
    workbook = workbook_of(
        {"orders": [failure("o1"), failure("o2", cost_amount=None)], "tickets": [reship("o1")], "compensations": [damages("o1"), damages("o2")]}
    )
    found = compensation_paid(workbook)
    assert (row(found, "service.compensation_paid")["value"], row(found, "service.compensation_paid")["n"]) == (1.0, 1)
    unknown = row(found, "service.compensation_paid.unknown_due")
    assert (unknown["value"], unknown["n"]) == (1, 2)


def test_unknown_fault_moves_the_bounds_of_the_debt(workbook_of):
    orders = [failure("o1"), failure("o2", at_fault="unknown"), failure("o3", at_fault=None), failure("o4", at_fault="buyer")]
    found = compensation_paid(workbook_of({"orders": orders, "compensations": [damages("o1", "15"), damages("o3", "30"), damages("o4", "30")]}))
    main = row(found, "service.compensation_paid")
    # 15 of 30 for sure; at worst o2 joins unpaid: 15 of 60; at best o3 joins paid: 45 of 60.
    assert (main["value"], main["n"], main["basis"], main["lower"], main["upper"]) == (0.5, 1, "bounded", 0.25, 0.75)


# Compensation: the contract in force


def test_the_contract_s_terms_stand_above_the_standards(workbook_of):
    terms = contract({"compensation_share": "0.2", "damages_share": "0.5", "reship_hours": "2", "remedy_base": "amount"})
    tickets = [reship("o1", "2026-10-12 03:00:00"), reship("o2", "2026-10-12 03:00:01")]
    workbook = workbook_of({"orders": [failure("o1"), failure("o2")], "tickets": tickets, **terms})
    cases = workbook.rows_of(compensation_paid_rows(workbook)).set_index("order_id")
    assert cases["due_amount"].to_dict() == {"o1": Decimal("24.0000"), "o2": Decimal("60.0000")}
    assert list(cases["contract_id"]) == ["c1", "c1"]
    assert set(cases["deadline"]) == {pd.Timestamp("2026-10-12 03:00:00")}


def test_a_contract_s_hours_place_the_deadline(workbook_of):
    """With 72 hours, a failure of 28 September falls due in October and one of 29 October in November."""
    orders = [failure("o1", "2026-09-28 01:00:00"), failure("o2", "2026-10-29 01:00:00"), failure("o3", "2026-09-27 01:00:00")]
    workbook = workbook_of({"orders": orders, **contract({"reship_hours": "72"})})
    found = workbook.rows_of(compensation_paid_rows(workbook))
    assert list(found["order_id"]) == ["o1"]


def test_what_a_contract_leaves_open_is_as_the_standards_say(workbook_of):
    case = sole_case(workbook_of({"orders": [failure()], **contract({"compensation_share": "0.2", "data_security": "true"})}))
    assert (case["due_amount"], case["remedy_share"]) == (Decimal("30.0000"), 0.3)


@pytest.mark.parametrize(
    ("terms", "is_in_force"),
    [
        ({"since": "2026-10-12"}, True),  # begins on the local day of the failure
        ({"since": "2026-10-13"}, False),
        ({"valid_to": "2026-10-12"}, True),
        ({"valid_to": "2026-10-11"}, False),
        ({"supplier_id": "s2"}, False),
    ],
)
def test_only_the_contract_in_force_on_the_local_day_counts(workbook_of, terms, is_in_force):
    case = sole_case(
        workbook_of({"orders": [failure(failed="2026-10-11 16:00:00")], **contract({"damages_share": "0.5"}, **terms)})
    )  # 12 October, 00:00, in Shanghai
    assert case["due_amount"] == (50 if is_in_force else 30)


def test_of_two_contracts_in_force_the_later_counts(workbook_of):
    both = [contract({"damages_share": "0.5"}, "c1", "2026-03-01"), contract({"damages_share": "0.4"}, "c2", "2026-01-01")]
    tables = {name: both[0][name] + both[1][name] for name in both[0]}
    case = sole_case(workbook_of({"orders": [failure()], **tables}))
    assert (case["contract_id"], case["due_amount"]) == ("c1", 50)


@pytest.mark.parametrize(
    "terms", [{"damages_share": "thirty"}, {"damages_share": "30"}, {"damages_share": "nan"}, {"reship_hours": "-1"}, {"remedy_base": "price"}]
)
def test_a_term_that_cannot_be_read_leaves_the_debt_unknown(workbook_of, terms):
    found = compensation_paid(workbook_of({"orders": [failure()], **contract(terms)}))
    assert row(found, "service.compensation_paid")["n"] == 0
    assert row(found, "service.compensation_paid.unknown_due")["value"] == 1


def test_standards_set_the_default_terms(workbook_of):
    changed = {"contract.damages_share": 0.25, "contract.compensation_share": 0.05, "contract.reship_time": 3600}
    workbook = workbook_of({"orders": [failure("o1"), failure("o2")], "tickets": [reship("o1")]}, standards=changed)
    found = workbook.rows_of(compensation_paid_rows(workbook))
    assert found.set_index("order_id")["due_amount"].to_dict() == {"o1": 5, "o2": 25}


# Currencies and charts


def test_a_supplier_is_measured_in_its_main_currency(workbook_of):
    orders = [
        failure("o1"),
        failure("o2", currency="USD"),
        failure("o3", currency="USD"),
        failure("o4", supplier_id="s2"),
        failure("o5", supplier_id="s2", currency="USD"),
    ]
    workbook = workbook_of({"orders": orders, "compensations": [damages("o2", "30", currency="USD"), damages("o4", "15", supplier_id="s2")]})
    found = compensation_paid(workbook)
    assert row(found, "service.compensation_paid")["value"] == 0.5  # 30 of 60 dollars
    assert row(found, "service.compensation_paid", "s2")["value"] == 0.5  # one failure each: CNY comes first
    sums = remedies(workbook)
    assert sums[["supplier_id", "currency", "failures", "due_amount", "paid_amount", "outstanding_amount"]].to_numpy().tolist() == [
        ["s1", "CNY", 1, Decimal("30.00"), Decimal("0.00"), Decimal("30.00")],
        ["s1", "USD", 2, Decimal("60.00"), Decimal("30.00"), Decimal("30.00")],
        ["s2", "CNY", 1, Decimal("30.00"), Decimal("15.00"), Decimal("15.00")],
        ["s2", "USD", 1, Decimal("30.00"), Decimal("0.00"), Decimal("30.00")],
    ]


def test_cases_for_a_page_are_the_largest_outstanding(workbook_of):
    orders = [failure(f"o{number:03}", cost_amount=str(number)) for number in range(1, CASES_SHOWN + 4)]
    cases = remedy_cases(workbook_of({"orders": orders}))
    assert len(cases) == CASES_SHOWN
    assert (cases["order_id"].iloc[0], cases["order_id"].iloc[-1]) == (f"o{CASES_SHOWN + 3:03}", "o004")
    assert {"due_amount", "paid_amount", "outstanding_amount", "deadline", "contract_id", "fault"} <= set(cases.columns)


CASES = st.lists(
    st.tuples(
        st.sampled_from(["s1", "s2"]),
        st.integers(min_value=-3 * DAY, max_value=32 * DAY),
        st.none() | st.integers(min_value=0, max_value=3 * DAY),
        st.none() | st.decimals(min_value=0, max_value=1000, places=2),
        st.none() | st.decimals(min_value=0, max_value=300, places=2),
        st.sampled_from(["supplier", "supplier", "unknown", "buyer"]),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CASES)
def test_remedies_agree_with_a_plain_loop(workbook_of, drawn):
    start = datetime(2026, 9, 30, 16)
    cases = [
        (f"o{number}", supplier, start + timedelta(seconds=since), sent, cost, paid, fault)
        for number, (supplier, since, sent, cost, paid, fault) in enumerate(drawn)
    ]
    workbook = workbook_of(
        {
            "orders": [failure(order, failed, supplier_id=supplier, cost_amount=cost, at_fault=fault) for order, supplier, failed, _, cost, _, fault in cases],
            "tickets": [
                reship(order, failed + timedelta(seconds=sent), supplier_id=supplier) for order, supplier, failed, sent, *_ in cases if sent is not None
            ],
            "compensations": [damages(order, str(paid), supplier_id=supplier) for order, supplier, *_, paid, _ in cases if paid is not None],
            **contract({"compensation_share": "0.125", "reship_hours": "36"}, supplier_id="s2"),
        }
    )
    found = compensation_paid(workbook)
    due, received, judged = {"s1": Decimal(0), "s2": Decimal(0)}, {"s1": Decimal(0), "s2": Decimal(0)}, {"s1": 0, "s2": 0}
    for _, supplier, failed, sent, cost, paid, fault in cases:
        hours, share = (24, Decimal("0.1")) if supplier == "s1" else (36, Decimal("0.125"))
        if fault != "supplier" or cost is None or not start <= failed + timedelta(hours=hours) < END:
            continue
        is_in_time = sent is not None and sent <= hours * 3600
        owed = (cost * (share if is_in_time else Decimal("0.3"))).quantize(Decimal("0.01"), ROUND_HALF_UP)
        due[supplier] += owed
        received[supplier] += min(owed, paid or Decimal(0))
        judged[supplier] += owed > 0
    for supplier in ("s1", "s2"):
        rows = found[(found["measure"] == "service.compensation_paid") & (found["supplier_id"] == supplier)]
        assert (rows["n"].sum() if len(rows) else 0) == judged[supplier]
        if judged[supplier]:
            assert rows["value"].iloc[0] == pytest.approx(float(received[supplier] / due[supplier]), abs=1e-12)
