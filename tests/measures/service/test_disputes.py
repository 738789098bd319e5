"""Disputes: distinct orders, real disputes, and faults that are not known."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures.observation import worst_rows
from kmanalysis.measures.service import FRAMES, MEASURES
from kmanalysis.measures.service.disputes import dispute_rate, dispute_rate_rows, disputes_by_kind
from kmanalysis.tables import MEASURES as MEASURE_COLUMNS
from kmanalysis.tables import NO_DISPUTE_KINDS


def row(found, measure, supplier="s1"):
    rows = found[(found["measure"] == measure) & (found["supplier_id"] == supplier)]
    assert len(rows) == 1, f"{len(rows)} rows of {measure} for {supplier}"
    return rows.iloc[0]


def orders(count, **more):
    return [{"order_id": f"o{number}", "ordered_at": "2026-10-12 01:00:00", **more} for number in range(1, count + 1)]


def dispute(order, **more):
    return {"order_id": order, "opened_at": "2026-10-13 01:00:00", "kind": "invalid_code", **more}


def test_every_measure_of_an_empty_folder_is_an_empty_measures_frame(workbook_of):
    workbook = workbook_of({"suppliers": [{"supplier_id": "s1"}]})
    for measure in MEASURES:
        found = measure.compute(workbook)
        assert found.empty
        assert tuple(found.columns) == MEASURE_COLUMNS
        evidence = measure.rows(workbook)
        assert {"supplier_id", "severity"} <= set(evidence.columns)
        assert workbook.value_of(evidence.count()) == 0


def test_every_frame_of_a_chart_can_be_kept_as_parquet(workbook_of, tmp_path):
    tickets = [dispute("o1", first_response_at="2026-10-13 01:05:00", resolved_at="2026-10-13 01:30:00"), dispute("o1")]
    full = workbook_of({"orders": orders(1, failed_at="2026-10-13 00:30:00", at_fault="supplier", cost_amount="10"), "tickets": tickets})
    empty = workbook_of({"suppliers": [{"supplier_id": "s1"}]})
    for chart in FRAMES:
        found, nothing = chart(full), chart(empty)
        assert len(nothing) == 0 < len(found)
        assert list(nothing.columns) == list(found.columns)
        for kept in (found, nothing):
            kept.to_parquet(tmp_path / "frame.parquet", index=False)
            assert len(pd.read_parquet(tmp_path / "frame.parquet")) == len(kept)


def test_an_order_with_three_tickets_is_one_disputed_order(workbook_of):
    found = dispute_rate(workbook_of({"orders": orders(4), "tickets": [dispute("o1"), dispute("o1"), dispute("o1", kind="refund_demand")]}))
    main = row(found, "service.dispute_rate")
    assert (main["value"], main["n"], main["basis"]) == (0.25, 4, "census")
    # Clopper–Pearson, 1 of 4, each bound at 95 %.
    assert (main["lower"], main["upper"]) == pytest.approx((0.012741, 0.751395), abs=1e-6)


def test_no_dispute_is_a_rate_of_zero_and_no_order_is_no_data(workbook_of):
    found = dispute_rate(workbook_of({"orders": orders(300), "suppliers": [{"supplier_id": "s1"}, {"supplier_id": "s2"}]}))
    main = row(found, "service.dispute_rate")
    assert (main["value"], main["n"], main["lower"]) == (0.0, 300, 0.0)
    # 1 − 0.05^(1/300): the exact bound of no success in 300.
    assert main["upper"] == pytest.approx(1 - 0.05 ** (1 / 300))
    assert "s2" not in set(found["supplier_id"])


@pytest.mark.parametrize(
    "left_out",
    [
        dispute("o1", is_staged=True),
        dispute("o1", kind="question"),
        dispute("o1", kind="other"),
        dispute("o1", opened_at="2026-10-31 16:00:00"),  # the first instant of November in Shanghai
        dispute("elsewhere"),
        dispute(None),
    ],
)
def test_what_is_no_dispute_of_the_month(workbook_of, left_out):
    assert row(dispute_rate(workbook_of({"orders": orders(2), "tickets": [left_out]})), "service.dispute_rate")["value"] == 0


def test_orders_of_other_months_do_not_count(workbook_of):
    rows = [{"order_id": "o1", "ordered_at": "2026-09-30 15:59:59"}, {"order_id": "o2", "ordered_at": "2026-10-01 01:00:00"}]
    main = row(dispute_rate(workbook_of({"orders": rows, "tickets": [dispute("o1")]})), "service.dispute_rate")
    assert (main["value"], main["n"]) == (0, 1)


def test_cancelled_orders_were_placed(workbook_of):
    rows = [*orders(2), {"order_id": "o3", "ordered_at": "2026-10-12 01:00:00", "status": "cancelled"}]
    assert row(dispute_rate(workbook_of({"orders": rows})), "service.dispute_rate")["n"] == 3


def test_unknown_fault_makes_an_interval(workbook_of):
    tickets = [
        dispute("o1", at_fault="supplier"),
        dispute("o2", at_fault="unknown"),
        dispute("o3"),
        dispute("o4", at_fault="buyer"),
        dispute("o5", at_fault="platform"),
    ]
    found = dispute_rate(workbook_of({"orders": orders(10), "tickets": tickets}))
    assert row(found, "service.dispute_rate")["value"] == 0.5
    fault = row(found, "service.dispute_rate.supplier_fault")
    assert (fault["value"], fault["n"], fault["basis"]) == (0.3, 10, "bounded")
    # Clopper–Pearson: the lower bound of 1 of 10 and the upper bound of 3 of 10.
    assert (fault["lower"], fault["upper"]) == pytest.approx((0.005116, 0.606624), abs=1e-6)


def test_one_ticket_that_blames_the_supplier_is_enough(workbook_of):
    tickets = [dispute("o1", at_fault="buyer"), dispute("o1", at_fault="supplier"), dispute("o1", at_fault="unknown")]
    fault = row(dispute_rate(workbook_of({"orders": orders(4), "tickets": tickets})), "service.dispute_rate.supplier_fault")
    assert (fault["value"], fault["basis"]) == (0.25, "census")


def test_rows_put_the_supplier_s_fault_first(workbook_of):
    tickets = [dispute("o1", at_fault="buyer"), dispute("o2", at_fault="supplier"), dispute("o3"), dispute("o2", opened_at="2026-10-12 02:00:00")]
    workbook = workbook_of({"orders": orders(5), "tickets": tickets})
    worst = worst_rows(workbook, "service.dispute_rate")
    assert worst[["rank", "order_id", "fault", "tickets"]].to_numpy().tolist() == [[1, "o2", "supplier", 2], [2, "o3", "unknown", 1], [3, "o1", "other", 1]]
    assert str(workbook.rows_of(dispute_rate_rows(workbook)).set_index("order_id").loc["o2", "first_opened_at"]) == "2026-10-12 02:00:00"


def test_disputes_by_kind(workbook_of):
    tickets = [
        dispute("o1", at_fault="supplier"),
        dispute("o1", at_fault="supplier"),
        dispute("o2"),
        dispute("o2", kind="refund_demand", at_fault="buyer"),
        dispute("o3", kind="question"),
    ]
    found = disputes_by_kind(workbook_of({"orders": orders(5), "tickets": tickets}))
    assert list(found.columns) == ["supplier_id", "kind", "orders", "by_supplier", "unknown_fault", "tickets"]
    assert found.to_numpy().tolist() == [["s1", "invalid_code", 2, 1, 1, 3], ["s1", "refund_demand", 1, 0, 0, 1]]


KINDS = ("invalid_code", "refund_demand", *NO_DISPUTE_KINDS)
TICKETS = st.lists(
    st.tuples(
        st.integers(min_value=1, max_value=8), st.sampled_from(KINDS), st.sampled_from([None, "supplier", "unknown", "buyer", "platform"]), st.booleans()
    ),
    max_size=20,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TICKETS)
def test_dispute_rate_agrees_with_plain_pandas(workbook_of, cases):
    placed = [{"order_id": f"o{number}", "supplier_id": "s1" if number % 3 else "s2"} for number in range(1, 7)]  # o7 and o8 are elsewhere
    tickets = [dispute(f"o{order}", kind=kind, at_fault=fault, is_staged=staged) for order, kind, fault, staged in cases]
    found = dispute_rate(workbook_of({"orders": placed, "tickets": tickets}))
    plain = pd.DataFrame(tickets, columns=["order_id", "opened_at", "kind", "at_fault", "is_staged"])
    plain = plain[~plain["is_staged"].astype(bool) & ~plain["kind"].isin(NO_DISPUTE_KINDS)]
    for supplier in ("s1", "s2"):
        mine = {order["order_id"] for order in placed if order["supplier_id"] == supplier}
        disputed = mine & set(plain["order_id"])
        blamed = {
            order
            for order in disputed
            if any(fault in ("supplier", "unknown") or fault is None or fault != fault for fault in plain.loc[plain["order_id"] == order, "at_fault"])
        }
        assert row(found, "service.dispute_rate", supplier)["value"] == pytest.approx(len(disputed) / len(mine))
        assert row(found, "service.dispute_rate.supplier_fault", supplier)["value"] == pytest.approx(len(blamed) / len(mine))
