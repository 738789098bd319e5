"""Orders, codes in time and the age of stock counts."""

import math
from datetime import timedelta

import numpy as np
import pytest

from kmanalysis.measures.stability import MEASURES, servers, stock
from kmanalysis.measures.stability import orders as stability
from kmanalysis.statistics.intervals import proportion_bounds
from tests.measures.shanghai import HOUR, only, utc

# Orders that failed for want of stock


def test_oversold_are_the_months_orders_that_failed_for_want_of_stock(workbook_of):
    failed = {"status": "failed", "failure_cause": "stock_out"}
    orders = [
        {"ordered_at": utc("10-01 00:00"), **failed},
        {"ordered_at": utc("10-31 23:59:59"), **failed},
        {"ordered_at": utc("09-30 23:59:59"), **failed},
        {"ordered_at": utc("11-01 00:00"), **failed},
        {"status": "failed", "failure_cause": "invalid_code"},
        *[{"amount": "30"} for _ in range(5)],
    ]
    found = only(stability.oversold_rate(workbook_of({"orders": orders})), "stability.oversold_rate")
    assert (found["value"], found["n"], found["basis"]) == (0.25, 8, "census")
    # Clopper–Pearson for 2 of 8, as R's binom.test(2, 8, conf.level = 0.9) prints it.
    assert [found["lower"], found["upper"]] == pytest.approx([0.04639, 0.59969], abs=1e-5)


def test_a_failure_without_a_cause_may_be_want_of_stock(workbook_of):
    orders = [{"status": "failed", "failure_cause": "stock_out"}, {"status": "failed"}, {"status": "cancelled"}, {}]
    book = workbook_of({"orders": orders})
    found = only(stability.oversold_rate(book), "stability.oversold_rate")
    assert (found["value"], found["n"], found["basis"]) == (0.25, 4, "bounded")
    assert found["lower"] == pytest.approx(proportion_bounds(1, 4)[0].item(), abs=1e-12)
    assert found["upper"] == pytest.approx(proportion_bounds(2, 4)[1].item(), abs=1e-12)
    rows = book.rows_of(stability.oversold_rate_rows(book).order_by("order_id"))
    assert rows["severity"].tolist() == [11, 0.5, 0, 0]


# Age of the stock shown


def test_sync_lag_is_the_age_of_the_sources_count(workbook_of):
    lags = [10, 300, 300.5, 4000, None, -5]
    snapshots = [
        {"observed_at": utc(f"10-02 {hour:02d}:00"), "source_synced_at": None if lag is None else utc(f"10-02 {hour:02d}:00") - timedelta(seconds=lag)}
        for hour, lag in enumerate(lags)
    ]
    frame = stability.stock_sync_lag(workbook_of({"stock_snapshots": snapshots}))
    share = only(frame, "stability.stock_sync_lag")
    assert (share["value"], share["n"], share["basis"]) == (0.5, 4, "census")
    assert math.isnan(share["lower"])
    assert only(frame, "stability.stock_sync_lag.p50_seconds")["value"] == 300
    assert only(frame, "stability.stock_sync_lag.p95_seconds")["value"] == 4000
    cadence = only(frame, "stability.stock_sync_lag.cadence_p50_seconds")
    assert (cadence["value"], cadence["n"]) == (HOUR, 5)
    assert len(frame) == 4


def test_a_source_that_tells_no_time_has_a_cadence_and_no_lag(workbook_of):
    seen = [("k1", "00:00"), ("k1", "00:10"), ("k1", "00:30"), ("k2", "00:00"), ("k2", "00:10")]
    snapshots = [{"sku": sku, "observed_at": utc(f"10-02 {time}")} for sku, time in seen]
    frame = stability.stock_sync_lag(workbook_of({"stock_snapshots": snapshots}))
    assert frame["measure"].tolist() == ["stability.stock_sync_lag.cadence_p50_seconds"]
    assert frame[["value", "n"]].iloc[0].tolist() == [600, 3]


# Delivery


def order(seconds=None, local="10-02 12:00", **more):
    return {"ordered_at": utc(local), "delivered_at": None if seconds is None else utc(local) + timedelta(seconds=seconds)} | more


def delivery(book, label=""):
    return only(stability.delivery_time(book), f"stability.delivery_time{label}")


def test_delivery_is_share_of_codes_in_time(workbook_of):
    book = workbook_of({"orders": [order(1), order(299.5), order(300), order(300.000001), order(500)]})
    share = delivery(book)
    assert (share["value"], share["n"], share["unit"], share["basis"]) == (0.6, 5, "share", "census")
    assert delivery(book, ".p50_seconds")["value"] == 300
    assert delivery(book, ".p95_seconds")["value"] == 500
    assert delivery(book, ".open_share")["value"] == 0


@pytest.mark.parametrize("status", ["failed", "cancelled", "refunded"])
def test_what_failed_was_never_delivered(workbook_of, status):
    book = workbook_of({"orders": [order(10), order(10), order(10), order(20, status=status)]})
    assert delivery(book)["value"] == 0.75
    assert delivery(book, ".p50_seconds")["value"] == 10
    assert delivery(book, ".p95_seconds")["value"] == np.inf


def test_what_is_open_at_the_months_end_is_censored(workbook_of):
    late = {"local": "10-31 23:58:20"}  # 100 s before the end
    orders = [order(10, **late), order(150, **late), order(status="pending", **late), order(200), order(400)]
    book = workbook_of({"orders": orders})
    # Kaplan–Meier by hand: 10 s: 4/5 wait on; two are censored at 100 s; 200 s: half of the two left.
    assert delivery(book)["value"] == pytest.approx(1 - 4 / 5 * 1 / 2, abs=1e-12)
    assert delivery(book)["n"] == 5
    assert delivery(book, ".open_share")["value"] == 0.4


def test_a_bound_on_the_delivery_decides_only_within_the_limit(workbook_of):
    bound = {"delivered_is_upper_bound": True}
    surely = delivery(workbook_of({"orders": [order(10), order(250, **bound), order(400)]}))
    assert (surely["value"], surely["basis"]) == (pytest.approx(2 / 3, abs=1e-12), "census")
    perhaps = delivery(workbook_of({"orders": [order(10), order(4000, **bound), order(400)]}))
    assert (perhaps["value"], perhaps["basis"]) == (pytest.approx(1 / 3, abs=1e-12), "bounded")
    assert perhaps["lower"] == pytest.approx(proportion_bounds(1, 3)[0].item(), abs=1e-12)
    assert perhaps["upper"] == pytest.approx(proportion_bounds(2, 3)[1].item(), abs=1e-12)


def test_delivered_at_a_time_nobody_noted_is_unknown_and_not_open(workbook_of):
    book = workbook_of({"orders": [order(10), order(status="delivered")]})
    assert (delivery(book)["value"], delivery(book)["n"]) == (1, 1)
    assert stability.delivery_time(workbook_of({"orders": [order(status="delivered")]})).empty


def test_delivery_days_and_curves(workbook_of):
    orders = [order(10), order(10), order(700), order(status="failed"), order(30, "10-31 23:59:50"), order(20, "10-31 23:00")]
    book = workbook_of({"orders": orders})
    days = stability.delivery_days(book)
    assert days["day"].dt.day.tolist() == [2, 31]
    assert days[["orders", "in_time", "never", "open"]].to_numpy().tolist() == [[4, 2, 1, 0], [2, 1, 0, 1]]
    assert days["in_time_share"].tolist() == [0.5, 1]
    curve = stability.delivery_curves(book)
    assert len(curve) < 50
    assert curve["seconds"].iloc[0] == 10
    # One of six is censored at 10 s, where three have ended of which the 20 s one has not: 2/6, then 1/3 of the rest, then half of that.
    assert curve.groupby("seconds")["share"].max().tolist() == pytest.approx([0.32, 0.54, 0.76], abs=1e-12)


def test_an_empty_folder_has_nothing_to_say(workbook_of):
    book = workbook_of({"suppliers": [{"supplier_id": "s1"}]})
    for measure in MEASURES:
        assert measure.compute(book).empty
        assert book.rows_of(measure.rows(book)).empty
    for frame in (stock.hot_availability_days, servers.outages, stability.delivery_curves, stability.delivery_days):
        assert frame(book).empty
