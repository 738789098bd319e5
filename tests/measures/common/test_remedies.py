"""What two dimensions know of failed orders: the same amounts by the month and over all time."""

from __future__ import annotations

from datetime import datetime, timedelta

import ibis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.common.remedies import failed_orders, in_force, month_remedies, remedies_due
from kmanalysis.times import Month

FIRST = datetime(2026, 7, 31, 16)


@settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 92 * 24), min_size=1, max_size=20), st.sampled_from(["1", "24", "1000"]))
def test_all_time_is_the_months_put_together(workbook_of, hours, term):
    orders = [
        {"order_id": f"o{n}", "ordered_at": FIRST, "failed_at": FIRST + timedelta(hours=hour), "at_fault": "supplier", "cost_amount": str(n + 1)}
        for n, hour in enumerate(hours)
    ]
    contract = {
        "contracts": [{"contract_id": "c1", "valid_from": "2026-01-01"}],
        "contract_terms": [{"contract_id": "c1", "term": "reship_hours", "value": term}],
    }
    workbook = workbook_of({"orders": orders, **contract}, month="2026-10")
    whole = workbook.rows_of(remedies_due(workbook, failed_orders(workbook)))
    months = [workbook.rows_of(month_remedies(workbook.at(month))) for month in Month(2026, 7).until(Month(2026, 10))]
    assert sorted(whole["order_id"]) == sorted(order for found in months for order in found["order_id"])
    assert whole.set_index("order_id")["due"].to_dict() == {order: due for found in months for order, due in zip(found["order_id"], found["due"], strict=True)}
    assert sorted(whole.loc[whole["is_of_month"], "order_id"]) == sorted(months[-1]["order_id"])


def test_the_contract_in_force_is_that_of_the_day(workbook_of):
    contracts = [
        {"contract_id": "old", "valid_from": "2026-01-01", "valid_to": "2026-10-14"},
        {"contract_id": "new", "valid_from": "2026-10-15", "valid_to": "2026-10-20"},
        {"contract_id": "another's", "valid_from": "2026-01-01", "supplier_id": "s2"},
    ]
    moments = {"o1": "2026-10-14 15:59:59", "o2": "2026-10-14 16:00:00", "o3": "2026-10-20 16:00:00"}
    workbook = workbook_of({"contracts": contracts, "orders": [{"order_id": order, "ordered_at": moment} for order, moment in moments.items()]})
    orders = workbook.table("orders").select("order_id", "supplier_id", "ordered_at")
    found = workbook.rows_of(in_force(workbook, orders, key="order_id", day=(orders.ordered_at + ibis.interval(hours=8)).date())).set_index("order_id")
    assert found["contract_id"].fillna("").to_dict() == {"o1": "old", "o2": "new", "o3": ""}
