"""Exceptions on literal rows, kind by kind: what is one, what is none, and what hangs on it."""

from dataclasses import replace
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.decisions.exceptions import (
    COLUMNS,
    KINDS,
    LINES_SHOWN,
    MISMATCHES,
    all_exceptions,
    exception_checks,
    exception_sums,
    exceptions,
    losing_goods,
)  # fmt: skip

DIGESTS = {letter: "kd1:" + letter * 32 for letter in "abcdef"}


def of_kind(workbook, kind):
    found = all_exceptions(workbook)
    assert list(found.columns) == list(COLUMNS)
    return found[found["kind"] == kind].reset_index(drop=True)


def upstream(number, **more):
    base = {"upstream_order_id": f"u{number}", "order_id": f"o{number}", "ordered_at": "2026-10-10 04:00:01", "status": "delivered"}
    empty = dict.fromkeys(("quantity", "amount", "booked_amount", "is_disputed"))
    return base | empty | more


def code(number, digest, issued_at, **more):
    return {"code_id": f"c{number}", "code_digest": DIGESTS[digest], "issued_at": issued_at} | more


def order(number, **more):
    return {"order_id": f"o{number}", "ordered_at": "2026-10-10 04:00:00", "amount": "10"} | more


def test_a_code_handed_out_twice_names_whom_it_went_to_before(workbook_of):
    codes = [
        code(1, "a", "2026-09-20 00:00:00", order_id="o1", supplier_id="s2"),
        code(2, "a", "2026-10-05 00:00:00", order_id="o2"),
        code(3, "a", "2026-10-06 00:00:00"),
        code(4, "b", "2026-10-06 00:00:00", is_shared_use="true"),
        code(5, "b", "2026-10-07 00:00:00", is_shared_use="true"),
        code(6, "c", "2026-09-01 00:00:00"),
        code(7, "c", "2026-09-02 00:00:00"),
        code(8, "d", "2026-10-09 00:00:00"),
        code(9, "d", "2026-11-09 00:00:00"),
    ]
    found = of_kind(workbook_of({"codes": codes, "orders": [order(1), order(2, amount="30")]}), "repeated_code")
    assert list(found["order_id"].fillna("")) == ["o2", ""]
    # What hangs on a code without an order is unknown, and not nothing.
    assert list(found["amount"].isna()) == [False, True]
    assert found["amount"][0] == Decimal("30")
    assert set(found["earlier_order_id"]) == {"o1"}
    assert set(found["earlier_supplier_id"]) == {"s2"}
    assert set(found["since_at"]) == {pd.Timestamp("2026-09-20")}


def test_what_stands_otherwise_upstream_is_shown_by_what_differs(workbook_of):
    failed = {"status": "failed", "failed_at": "2026-10-10 05:00:00"}
    orders = [
        order(1, delivered_at="2026-10-10 04:00:05"),
        order(2, status="pending"),
        order(3, status="refunded"),
        order(4, quantity=3),
        order(5),
        order(6),
        order(7),
        order(8),
        order(9, **failed),
        order(10, **failed),
        order(11),
        order(12, delivered_at="2026-11-01 00:00:00"),
        order(13),
    ]
    placed = [
        upstream(1, status="refunded", amount="7"),
        upstream(2, amount="7"),
        upstream(3, amount="7"),
        upstream(4, quantity=2, amount="7"),
        upstream(5, amount="7.5", booked_amount="7"),
        upstream(6, amount="7", booked_amount="7", is_disputed="true"),
        # As it should be: within the slack, in another currency, and an attempt that failed before one that did not.
        upstream(7, amount="7.035", booked_amount="7", quantity=1),
        upstream(8, upstream_order_id="u8a", status="failed", ordered_at="2026-10-10 04:00:01"),
        upstream(8, amount="1", currency="USD", booked_amount="7", ordered_at="2026-10-10 04:00:02"),
        upstream(9, status="failed"),
        # Nothing is charged for what failed upstream as well; a booked cost of 0 is none; and what a later attempt delivered after the month is no mismatch,
        # nor what it may have delivered then.
        upstream(10, status="failed", amount="9", booked_amount="7", quantity=0),
        upstream(11, amount="7", booked_amount="0"),
        upstream(12, status="failed"),
        upstream(13, status="failed"),
    ]
    workbook = workbook_of({"orders": orders, "upstream_orders": placed})
    found = of_kind(workbook, "upstream_mismatch").sort_values("order_id")
    assert list(found["mismatch"]) == ["delivered_here", "delivered_there", "refunded_here", "units", "cost", "disputed"]
    assert set(found["mismatch"]) == set(MISMATCHES)
    assert list(found["amount"]) == [Decimal(number) for number in ("7", "10", "7", "10", "0.5", "7")]
    assert exception_checks(workbook).set_index("kind").loc["upstream_mismatch", "looked_at"] == len(placed)
    assert exception_checks(workbook).set_index("kind").loc["upstream_mismatch", "unsure"] == ""


def test_what_was_not_compared_with_the_upstream_shop_is_named(workbook_of):
    workbook = workbook_of({"orders": [order(1, status="delivered")], "upstream_orders": [upstream(1, status="failed")]})
    given = {name: set(columns) for name, columns in workbook.attached.given.items()}
    given["orders"].remove("delivered_at")
    given["upstream_orders"] -= {"quantity", "is_disputed"}
    workbook.attached = replace(workbook.attached, given={name: frozenset(columns) for name, columns in given.items()})
    check = exception_checks(workbook).set_index("kind").loc["upstream_mismatch"]
    assert (check["lacks"], check["unsure"]) == ("", "orders.delivered_at;upstream_orders.quantity;upstream_orders.is_disputed")


def test_an_order_is_paid_and_not_delivered_when_it_is_still_open_after_the_time_that_a_delivery_may_take(workbook_of):
    orders = [
        order(1, status="pending", ordered_at="2026-08-01 00:00:00"),
        order(2, status="pending", ordered_at="2026-10-30 15:59:59"),
        order(3, status="pending", ordered_at="2026-10-30 16:00:00"),
        order(4, status="delivered"),
        order(5, status="pending", failed_at="2026-10-12 00:00:00"),
        order(6, status="cancelled"),
    ]
    assert sorted(of_kind(workbook_of({"orders": orders}), "not_delivered")["order_id"]) == ["o1", "o2"]


def test_a_failure_without_a_remedy_is_one_when_its_time_ran_out_in_the_month(workbook_of):
    failed = {"status": "failed", "failed_at": "2026-10-10 05:00:00"}
    orders = [
        order(1, **failed),
        order(2, **failed),
        order(3, **failed),
        order(4, **failed, at_fault="buyer"),
        order(5, status="failed", failed_at="2026-10-31 00:00:00"),
        order(6, status="failed", failed_at="2026-09-30 15:00:00"),
        order(7, status="refunded", failed_at="2026-10-10 05:00:00"),
    ]
    tickets = [
        {"order_id": "o2", "reshipped_at": "2026-10-20 00:00:00"},
        {"order_id": "o1", "reshipped_at": "2026-10-20 00:00:00", "is_staged": "true"},
    ]
    paid = [{"order_id": "o3", "kind": "refund", "amount": "1", "paid_at": "2026-10-25 00:00:00"}]
    found = of_kind(workbook_of({"orders": orders, "tickets": tickets, "compensations": paid}), "no_remedy")
    assert sorted(found["order_id"]) == ["o1", "o6"]
    assert found.set_index("order_id")["since_at"]["o1"] == pd.Timestamp("2026-10-11 05:00:00")


def test_what_was_sold_below_cost_is_lost_and_a_cost_of_nothing_is_doubted(workbook_of):
    orders = [
        order(1, cost_amount="12.5"),
        order(2, cost_amount="10"),
        order(3, cost_amount="0"),
        order(4, cost_amount=None),
        order(5, cost_amount="99", status="refunded"),
        order(6, amount="0", cost_amount="0"),
    ]
    workbook = workbook_of({"orders": orders})
    assert losing_goods(workbook).values.tolist() == [["k1", "any", "CNY", 1, Decimal("2.5")]]
    below, free = of_kind(workbook, "below_cost"), of_kind(workbook, "zero_cost")
    assert (list(below["order_id"]), list(below["amount"]), list(below["cost_now"])) == (["o1"], [Decimal("2.5")], [Decimal("12.5")])
    assert (list(free["order_id"]), list(free["amount"])) == (["o3"], [Decimal("10")])


def test_of_each_good_the_largest_change_of_its_unit_cost_is_shown(workbook_of):
    orders = [
        order(1, ordered_at="2026-09-29 00:00:00", cost_amount="5"),
        order(2, ordered_at="2026-10-02 00:00:00", cost_amount="12", quantity=2),
        order(3, ordered_at="2026-10-03 00:00:00", cost_amount="18", quantity=2),
        order(4, ordered_at="2026-10-04 00:00:00", cost_amount="9", sku="k2"),
        order(5, ordered_at="2026-10-05 00:00:00", cost_amount="4", sku="k2"),
        order(6, ordered_at="2026-10-05 00:00:00", cost_amount="4", sku="k3"),
        order(7, ordered_at="2026-10-06 00:00:00", cost_amount="4.8", sku="k3"),
    ]
    found = of_kind(workbook_of({"orders": orders}), "cost_jump").set_index("sku")
    assert list(found["order_id"]) == ["o3", "o5"]
    assert [found.loc["k1", name] for name in ("cost_before", "cost_now", "amount")] == [Decimal(6), Decimal(9), Decimal(6)]
    assert [found.loc["k2", name] for name in ("cost_before", "cost_now", "amount")] == [Decimal(9), Decimal(4), Decimal(0)]


@pytest.mark.parametrize(("last", "units", "found"), [(500, 25, 1), (499, 25, 0), (500, 19, 0)])
def test_stock_that_does_not_move_while_units_are_sold(workbook_of, last, units, found):
    readings = [{"observed_at": f"2026-10-{day:02d} {hour:02d}:00:00", "quantity": 500} for day in range(2, 14) for hour in range(4)]
    readings[-1]["quantity"] = last
    rows = of_kind(workbook_of({"stock_snapshots": readings, "orders": [order(1, quantity=units, amount="75")]}), "frozen_stock")
    assert len(rows) == found
    if found:
        assert rows.loc[0, ["stock", "units", "amount"]].to_list() == [500, 25, Decimal("75")]


def test_a_refund_with_a_cause_or_a_ticket_is_explained(workbook_of):
    orders = [order(1, status="refunded"), order(2, status="refunded", failure_cause="invalid_code"), order(3, status="refunded")]
    assert list(of_kind(workbook_of({"orders": orders, "tickets": [{"order_id": "o3"}]}), "unexplained_refund")["order_id"]) == ["o1"]


def test_what_was_not_given_is_not_looked_for(workbook_of):
    workbook = workbook_of({"orders": [order(1, cost_amount="12"), order(2, status="failed", failed_at="2026-10-10 05:00:00")]})
    left = {name: columns for name, columns in workbook.attached.given.items() if name != "compensations"}
    workbook.attached = replace(workbook.attached, given=left)
    checks = exception_checks(workbook).set_index("kind")
    assert checks["lacks"].to_dict() == dict.fromkeys(KINDS, "") | {"no_remedy": "compensations"}
    assert checks.loc["no_remedy", "looked_at"] == 0
    assert checks.loc["below_cost", "looked_at"] == 2
    assert set(all_exceptions(workbook)["kind"]) == {"below_cost"}


def test_where_nothing_of_what_there_is_was_to_be_looked_for_there_is_no_row(workbook_of):
    workbook, other = (workbook_of({"orders": [order(1, status="pending")]}) for _ in range(2))
    assert list(all_exceptions(workbook)["kind"]) == ["not_delivered"]
    other.attached = replace(other.attached, given=dict(other.attached.given) | {"orders": other.attached.given["orders"] - {"delivered_at"}})
    assert [len(found(other)) for found in (all_exceptions, exceptions, exception_sums)] == [0, 0, 0]
    assert list(all_exceptions(other).columns) == list(COLUMNS)


def test_pages_show_the_largest_and_sums_count_all(workbook_of):
    orders = [order(number, amount="1", cost_amount=str(number + 1)) for number in range(1, LINES_SHOWN + 11)]
    workbook = workbook_of({"orders": orders})
    shown = exceptions(workbook).query("kind == 'below_cost'")
    assert len(shown) == LINES_SHOWN
    assert shown["amount"].is_monotonic_decreasing
    sums = exception_sums(workbook).query("kind == 'below_cost'").iloc[0]
    assert (sums["cases"], sums["amount"]) == (LINES_SHOWN + 10, sum(Decimal(number) for number in range(1, LINES_SHOWN + 11)))


MOMENTS = st.sampled_from([f"2026-{month:02d}-{day:02d} 00:00:00" for month in (9, 10, 11) for day in (1, 10, 20)])


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=st.lists(st.tuples(st.sampled_from("abc"), MOMENTS, st.booleans()), min_size=1, max_size=12))
def test_repeats_are_those_that_a_loop_finds(workbook_of, drawn):
    codes = [code(number, digest, at, is_shared_use=str(shared).lower()) for number, (digest, at, shared) in enumerate(drawn)]
    seen, wanted = set(), 0
    for row in sorted(codes, key=lambda row: (row["issued_at"], row["code_id"])):
        if row["is_shared_use"] == "true" or row["issued_at"] >= "2026-10-31 16":
            continue
        wanted += row["code_digest"] in seen and row["issued_at"] >= "2026-09-30 16"
        seen.add(row["code_digest"])
    assert len(of_kind(workbook_of({"codes": codes}), "repeated_code")) == wanted
