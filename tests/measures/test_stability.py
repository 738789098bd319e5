"""Stability of supply. Times in these tests are written in Asia/Shanghai and turned into the tables' UTC by `utc`."""

import math
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.measures import stability, stability_servers, stability_stock
from kmanalysis.statistics.intervals import proportion_bounds
from kmanalysis.times import to_local, to_utc

HOUR = 3600


def utc(local: str) -> datetime:
    """UTC of a time in October 2026, or whatever is written out in full."""
    return to_utc(datetime.fromisoformat(local if local.startswith("20") else f"2026-{local}"))


def only(frame, measure, supplier="s1"):
    found = frame[(frame["measure"] == measure) & (frame["supplier_id"] == supplier)]
    assert len(found) == 1
    return found.iloc[0]


def reading(local, quantity=100, **more):
    return {"observed_at": utc(local), "quantity": quantity} | more


HOT_ORDER = {"ordered_at": utc("09-15 12:00"), "sku": "k1"}
ONE_DAY = {"listed_from": "2026-10-02", "listed_to": "2026-10-02"}


def stocked(workbook_of, snapshots, listings=({},), orders=(HOT_ORDER,), **more):
    filled = [{"sku": "k1", "listed_from": "2026-01-01"} | listing for listing in listings]
    return workbook_of({"orders": list(orders), "listings": filled, "stock_snapshots": snapshots}, **more)


def availability(book):
    frame = stability.hot_availability(book)
    return only(frame, "stability.hot_availability"), only(frame, "stability.hot_availability.known_share")


# The hot list


def test_hot_are_the_most_ordered_of_the_three_months_before_whoever_sold_them(workbook_of):
    orders = [
        {"ordered_at": utc("2026-07-01 00:00"), "sku": "first", "quantity": 5, "supplier_id": "s1"},
        {"ordered_at": utc("09-30 23:59:59"), "sku": "first", "quantity": 4, "supplier_id": "s2", "status": "failed"},
        {"ordered_at": utc("08-10 12:00"), "sku": "tie_b", "quantity": 7},
        {"ordered_at": utc("08-10 12:00"), "sku": "tie_a", "quantity": 7},
        {"ordered_at": utc("2026-06-30 23:59:59"), "sku": "too_old", "quantity": 99},
        {"ordered_at": utc("10-01 00:00"), "sku": "too_young", "quantity": 99},
        {"ordered_at": utc("08-10 12:00"), "sku": "least", "quantity": 1},
    ]
    book = workbook_of({"orders": orders}, standards={"counting.hot_skus": 3})
    assert stability_stock.hot_skus(book).to_dict("list") == {"rank": [1, 2, 3], "sku": ["first", "tie_a", "tie_b"], "quantity": [9, 7, 7]}


def test_without_orders_before_the_month_nothing_is_hot(workbook_of):
    book = stocked(workbook_of, [reading("10-02 00:00")], orders=[{"ordered_at": utc("10-02 12:00")}])
    assert stability.hot_availability(book).empty
    assert stability.hot_depth(book).empty
    assert stability.hot_availability_rows(book).execute().empty


def test_a_supplier_answers_for_the_hot_skus_that_it_lists_in_the_month(workbook_of):
    listings = [ONE_DAY, {"supplier_id": "s2", "listed_from": "2026-09-01", "listed_to": "2026-09-30"}, {"supplier_id": "s3", "sku": "cold"}]
    readings = [reading("10-02 00:00", supplier_id=supplier) for supplier in ("s1", "s2")]
    frame = stability.hot_availability(stocked(workbook_of, readings, listings))
    assert set(frame["supplier_id"]) == {"s1"}


# Availability


def test_a_reading_speaks_until_the_next_one(workbook_of):
    book = stocked(workbook_of, [reading("10-02 00:00", 3), reading("10-02 06:00", 0), reading("10-02 09:00", 5), reading("10-02 21:00", 1)], [ONE_DAY])
    main, known = availability(book)
    assert main[["value", "lower", "upper"]].tolist() == pytest.approx([21 / 24] * 3, abs=1e-12)
    assert (main["n"], main["unit"], main["basis"]) == (4, "share", "census")
    assert known["value"] == 1


def test_after_the_cap_nothing_is_known(workbook_of):
    book = stocked(workbook_of, [reading("10-02 00:00", 0), reading("10-02 03:00", 5)], [ONE_DAY], standards={"counting.reading_cap": 6 * HOUR})
    main, known = availability(book)
    assert main["value"] == pytest.approx(6 / 9, abs=1e-12)
    assert main["lower"] == pytest.approx(6 / 24, abs=1e-12)
    assert main["upper"] == pytest.approx(21 / 24, abs=1e-12)
    assert known["value"] == pytest.approx(9 / 24, abs=1e-12)


@pytest.mark.parametrize("unknown", [{"scan_ok": False}, {"is_placeholder": True}, {"quantity": None}], ids=["failed", "placeholder", "empty"])
def test_a_reading_that_tells_nothing_makes_its_time_unknown(workbook_of, unknown):
    book = stocked(workbook_of, [reading("10-02 00:00", 5), reading("10-02 12:00", **({"quantity": 999} | unknown)), reading("10-02 18:00", 0)], [ONE_DAY])
    main, known = availability(book)
    assert main["value"] == pytest.approx(12 / 18, abs=1e-12)
    assert (main["lower"], main["upper"]) == (0.5, 0.75)
    assert main["n"] == 2
    assert known["value"] == 0.75


def test_the_last_reading_before_the_month_is_carried_in(workbook_of):
    listing = {"listed_from": "2026-10-01", "listed_to": "2026-10-01"}
    book = stocked(workbook_of, [reading("09-30 12:00", 9), reading("09-30 20:00", 0), reading("10-01 08:00", 5)], [listing])
    main, known = availability(book)
    assert main["value"] == pytest.approx(16 / 24, abs=1e-12)
    assert main["n"] == 2
    assert known["value"] == 1
    carried = stability.hot_availability_rows(book).execute()
    assert carried[["since", "until"]].map(to_local).iloc[0].tolist() == [pd.Timestamp("2026-10-01 00:00"), pd.Timestamp("2026-10-01 08:00")]
    assert carried["severity"].tolist() == [8 * HOUR]


def test_what_was_read_longer_ago_than_the_cap_is_not_carried_in(workbook_of):
    listing = {"listed_from": "2026-10-01", "listed_to": "2026-10-01"}
    late = stocked(workbook_of, [reading("09-30 00:00", 0), reading("10-01 18:00", 5)], [listing])
    main, known = availability(late)
    assert (main["value"], known["value"], main["n"]) == (1, 0.25, 1)
    just = stocked(workbook_of, [reading("09-30 06:00", 0), reading("10-01 18:00", 5)], [listing])
    assert availability(just)[0]["value"] == 0.5


def test_time_is_cut_at_midnight_in_shanghai_at_the_months_end(workbook_of):
    listing = {"listed_from": "2026-10-31"}
    book = stocked(workbook_of, [reading("10-31 00:00", 5), reading("10-31 18:00", 0), reading("11-01 00:00", 5)], [listing])
    main, _ = availability(book)
    assert (main["value"], main["n"]) == (0.75, 2)
    # In November the reading of its first instant starts it, and October's last one is over.
    main, _ = availability(book.at(book.month + 1))
    assert (main["value"], main["n"]) == (1, 1)


def test_listings_that_overlap_count_a_day_once(workbook_of):
    listings = [{"listed_from": "2026-10-01", "listed_to": "2026-10-02"}, {"listed_from": "2026-10-02", "listed_to": "2026-10-03"}]
    book = stocked(workbook_of, [reading("10-01 00:00", 5), reading("10-02 00:00", 5), reading("10-03 00:00", 0)], listings)
    main, known = availability(book)
    assert main["value"] == pytest.approx(2 / 3, abs=1e-12)
    assert known["value"] == 1


def test_stock_that_nobody_read_is_no_data(workbook_of):
    main, known = availability(stocked(workbook_of, []))
    assert main["n"] == known["n"] == 0
    assert main[["value", "lower", "upper"]].isna().all()


def test_hot_stock_shows_each_day(workbook_of):
    listing = {"listed_from": "2026-10-02", "listed_to": "2026-10-04"}
    snapshots = [reading("10-01 20:00", 7), reading("10-02 08:00", 9), reading("10-02 20:00", 0), reading("10-03 02:00", 4)]
    days = stability_stock.hot_stock(stocked(workbook_of, snapshots, [listing], standards={"counting.reading_cap": 12 * HOUR}))
    assert days["day"].dt.strftime("%m-%d").tolist() == ["10-02", "10-03", "10-04"]
    assert days["lowest"].tolist()[:2] == [0, 0]
    assert math.isnan(days["lowest"].iloc[2])
    assert days["known_share"].tolist() == pytest.approx([1, 14 / 24, 0], abs=1e-12)
    assert days["out_share"].tolist() == pytest.approx([4 / 24, 2 / 24, 0], abs=1e-12)
    assert days["readings"].tolist() == [2, 1, 0]
    by_day = stability_stock.hot_availability_days(stocked(workbook_of, snapshots, [listing], standards={"counting.reading_cap": 12 * HOUR}))
    assert by_day["available_share"].tolist()[:2] == pytest.approx([20 / 24, 12 / 14], abs=1e-12)
    assert math.isnan(by_day["available_share"].iloc[2])


def test_sold_out_stretches_join_readings_and_stop_at_gaps(workbook_of):
    snapshots = [reading("10-02 00:00", 0), reading("10-02 05:00", 0), reading("10-02 20:00", 0), reading("10-02 22:00", 1)]
    rows = stability.hot_availability_rows(stocked(workbook_of, snapshots, standards={"counting.reading_cap": 6 * HOUR}))
    found = rows.order_by("since").execute()
    assert found["since"].map(to_local).dt.strftime("%H:%M").tolist() == ["00:00", "20:00"]
    assert found["until"].map(to_local).dt.strftime("%H:%M").tolist() == ["11:00", "22:00"]
    assert found["seconds"].tolist() == [11 * HOUR, 2 * HOUR]
    assert found["readings"].tolist() == [2, 1]


# Depth


def test_depth_is_the_lowest_known_stock_of_the_worst_hot_sku(workbook_of):
    orders = [HOT_ORDER, HOT_ORDER | {"sku": "k2"}, HOT_ORDER | {"sku": "k3"}]
    listings = [{}, {"sku": "k2"}, {"sku": "k3", "listed_to": "2026-09-30"}]
    snapshots = [
        reading("10-05 00:00", 20_000),
        reading("10-06 00:00", 15_000),
        reading("10-06 12:00", 3, is_placeholder=True),
        reading("10-05 00:00", 12_500, sku="k2"),
        reading("10-05 00:00", 1, sku="k3"),
        reading("10-05 00:00", 1, sku="cold"),
    ]
    book = stocked(workbook_of, snapshots, listings, orders)
    depth = only(stability.hot_depth(book), "stability.hot_depth")
    assert (depth["value"], depth["n"], depth["unit"], depth["basis"]) == (12_500, 3, "units", "census")
    assert math.isnan(depth["lower"])
    rows = stability.hot_depth_rows(book).order_by("sku").execute()
    assert rows["quantity"].tolist() == [15_000, 12_500]
    assert rows["severity"].tolist() == [-5_000, -2_500]


def test_depth_counts_the_reading_carried_into_the_month(workbook_of):
    book = stocked(workbook_of, [reading("09-30 20:00", 40), reading("10-01 04:00", 900)])
    assert only(stability.hot_depth(book), "stability.hot_depth")["value"] == 40


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
    rows = stability.oversold_rate_rows(book).order_by("order_id").execute()
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
    snapshots = [reading("10-02 00:00"), reading("10-02 00:10"), reading("10-02 00:30"), reading("10-02 00:00", sku="k2"), reading("10-02 00:10", sku="k2")]
    frame = stability.stock_sync_lag(workbook_of({"stock_snapshots": snapshots}))
    assert frame["measure"].tolist() == ["stability.stock_sync_lag.cadence_p50_seconds"]
    assert frame[["value", "n"]].iloc[0].tolist() == [600, 3]


# Servers


def probe(local, is_up=True, supplier="s1", **more):
    return {"probed_at": utc(local), "is_up": is_up, "supplier_id": supplier} | more


def uptime(book, supplier="s1"):
    frame = stability.uptime(book)
    return only(frame, "stability.uptime", supplier), only(frame, "stability.uptime.known_share", supplier)


def test_uptime_is_share_of_known_time_and_its_bounds_are_of_the_whole_month(workbook_of):
    book = workbook_of({"probes": [probe("10-02 00:00"), probe("10-02 04:00", False), probe("10-02 05:00")]})
    main, known = uptime(book)
    month = 31 * 24
    assert main["value"] == pytest.approx(10 / 11, abs=1e-12)
    assert main["lower"] == pytest.approx(10 / month, abs=1e-12)
    assert main["upper"] == pytest.approx((month - 1) / month, abs=1e-12)
    assert main["n"] == 3
    assert known["value"] == pytest.approx(11 / month, abs=1e-12)


def test_outages_are_counted_and_timed(workbook_of):
    snapshots = [("10-02 00:00", True), ("10-02 04:00", False), ("10-02 05:00", False), ("10-02 06:30", True), ("10-03 00:00", False), ("10-03 00:05", True)]
    book = workbook_of({"probes": [probe(*row) for row in snapshots]})
    found = stability_servers.outages(book)
    assert found["since"].map(to_local).dt.strftime("%d %H:%M").tolist() == ["02 04:00", "03 00:00"]
    assert found["seconds"].tolist() == [2.5 * HOUR, 300]
    assert found["probes"].tolist() == [2, 1]
    frame = stability.uptime(book)
    assert only(frame, "stability.uptime.outages")["value"] == 2
    assert only(frame, "stability.uptime.longest_outage_seconds")["value"] == 2.5 * HOUR


def test_the_months_edges_cut_an_outage(workbook_of):
    probes = [probe("09-30 23:00", False), probe("10-01 01:00"), probe("10-31 22:00", False), probe("11-01 01:00", False), probe("11-01 02:00")]
    book = workbook_of({"probes": probes})
    assert stability_servers.outages(book)["seconds"].tolist() == [HOUR, 2 * HOUR]
    assert stability_servers.outages(book.at(book.month + 1))["seconds"].tolist() == [2 * HOUR]


def test_when_all_are_down_together_it_was_us(workbook_of):
    def probes(supplier, *downs):
        return [probe(f"10-02 {hour:02d}:00", hour not in downs, supplier) for hour in range(7)]

    book = workbook_of({"probes": probes("s1", 2, 4) + probes("s2", 2) + probes("s3", 2, 5)}, standards={"counting.probe_cap": HOUR})
    # 02:00–03:00 all three are down: unknown. Each of the other outages counts.
    assert uptime(book, "s1")[0]["value"] == pytest.approx(5 / 6, abs=1e-12)
    assert uptime(book, "s2")[0]["value"] == 1
    assert uptime(book, "s3")[0]["value"] == pytest.approx(5 / 6, abs=1e-12)
    assert uptime(book, "s2")[1]["value"] == pytest.approx(6 / (31 * 24), abs=1e-12)
    assert stability_servers.outages(book)["supplier_id"].tolist() == ["s1", "s3"]


def test_a_common_outage_takes_its_part_out_of_a_longer_one(workbook_of):
    def probes(supplier, since, until):
        return [probe(f"10-02 {hour:02d}:00", not since <= hour < until, supplier) for hour in range(9)]

    book = workbook_of({"probes": probes("s1", 1, 8) + probes("s2", 3, 5) + probes("s3", 2, 6)}, standards={"counting.probe_cap": HOUR})
    # Common from 3 to 5.
    assert stability_servers.outages(book).groupby("supplier_id")["seconds"].agg(list).to_dict() == {"s1": [2 * HOUR, 3 * HOUR], "s3": [HOUR, HOUR]}
    assert uptime(book, "s1")[0]["value"] == pytest.approx(2 / 7, abs=1e-12)


def test_two_suppliers_down_together_are_down(workbook_of):
    probes = [probe(f"10-02 0{hour}:00", hour != 1, supplier) for supplier in ("s1", "s2") for hour in range(3)]
    book = workbook_of({"probes": probes}, standards={"counting.probe_cap": HOUR})
    assert uptime(book, "s1")[0]["value"] == pytest.approx(2 / 3, abs=1e-12)
    alone = workbook_of({"probes": probes}, standards={"counting.probe_cap": HOUR, "counting.common_outage_suppliers": 2})
    assert uptime(alone, "s1")[0]["value"] == 1


def test_a_supplier_whose_every_probe_was_a_common_outage_has_no_data(workbook_of):
    book = workbook_of({"probes": [probe("10-02 01:00", False, supplier) for supplier in ("s1", "s2", "s3")]})
    main, _ = uptime(book)
    assert main["n"] == 0
    assert math.isnan(main["value"])


def test_uptime_days_show_probes_and_latency(workbook_of):
    probes = [probe("10-02 00:00", latency_ms=10), probe("10-02 12:00", latency_ms=30), probe("10-02 22:00", False), probe("10-04 02:00", latency_ms=5)]
    days = stability_servers.uptime_days(workbook_of({"probes": probes}))
    assert days["day"].dt.day.tolist() == [2, 3, 4]
    assert days["probes"].tolist() == [3, 0, 1]
    assert days["latency_p50_ms"].tolist()[::2] == [20, 5]
    assert days["up_share"].tolist() == pytest.approx([12 / 14, 0, 1], abs=1e-12)
    assert days["known_share"].tolist() == pytest.approx([14 / 24, 4 / 24, 6 / 24], abs=1e-12)


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
    for measure, rows in stability.MEASURES.values():
        assert measure(book).empty
        assert rows(book).execute().empty
    for frame in (stability_stock.hot_availability_days, stability_servers.outages, stability.delivery_curves, stability.delivery_days):
        assert frame(book).empty


# Against half hour by half hour

SLOT = 30  # minutes
SLOTS = 31 * 24 * 60 // SLOT
DAY_SLOTS = 24 * 60 // SLOT
CAP = 18
EVENT_SLOTS = st.one_of(st.integers(-CAP - 2, 3 * DAY_SLOTS), st.integers(SLOTS - DAY_SLOTS, SLOTS + 4))
STATES = st.sampled_from([0, 0, 3, 8, None])
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def slot_by_slot(events: dict[int, int | None]) -> np.ndarray:
    """The reading that speaks in each half hour of the month, NaN where none does: written out with no cleverness."""
    spoken = np.full(SLOTS, np.nan)
    for slot in range(SLOTS):
        before = [at for at in events if slot - CAP < at <= slot]
        if before and events[max(before)] is not None:
            spoken[slot] = events[max(before)]
    return spoken


def at_slot(slot: int) -> datetime:
    return utc("10-01 00:00") + timedelta(minutes=SLOT * slot)


@FEW
@given(
    stock=st.dictionaries(st.sampled_from([("s1", "k1"), ("s1", "k2"), ("s2", "k1")]), st.dictionaries(EVENT_SLOTS, STATES, max_size=8), max_size=3),
    spans=st.lists(
        st.tuples(st.sampled_from([("s1", "k1"), ("s1", "k2"), ("s2", "k1")]), st.integers(-2, 30), st.integers(0, 40)),
        max_size=4,
        unique_by=lambda span: span[:2],
    ),
)
def test_availability_equals_slot_by_slot(workbook_of, stock, spans):
    snapshots = [
        {"supplier_id": supplier, "sku": sku, "observed_at": at_slot(slot), "quantity": quantity}
        for (supplier, sku), events in stock.items()
        for slot, quantity in events.items()
    ]
    first = datetime(2026, 10, 1)
    listings = [
        {"supplier_id": supplier, "sku": sku, "listed_from": (first + timedelta(begin)).date(), "listed_to": (first + timedelta(begin + length)).date()}
        for (supplier, sku), begin, length in spans
    ]
    orders = [HOT_ORDER, HOT_ORDER | {"sku": "k2"}]
    book = workbook_of({"orders": orders, "listings": listings, "stock_snapshots": snapshots}, standards={"counting.reading_cap": CAP * SLOT * 60})

    expected = {}
    for supplier in ("s1", "s2"):
        known = out = total = 0
        lowest = np.nan
        for key in sorted({key for key, *_ in spans if key[0] == supplier}):
            offered = np.zeros(SLOTS, dtype=bool)
            for _, begin, length in (span for span in spans if span[0] == key):
                offered[max(begin, 0) * DAY_SLOTS : max(begin + length + 1, 0) * DAY_SLOTS] = True
            spoken = slot_by_slot(stock.get(key, {}))[offered]
            known, out, total = known + (~np.isnan(spoken)).sum(), out + (spoken == 0).sum(), total + offered.sum()
            lowest = np.fmin(lowest, np.nanmin(spoken)) if (~np.isnan(spoken)).any() else lowest
        if known:
            expected[supplier] = [(known - out) / known, (known - out) / total, (total - out) / total, lowest]
    frame = stability.hot_availability(book)
    found = frame[(frame["measure"] == "stability.hot_availability") & (frame["n"] > 0)].set_index("supplier_id")
    depth = stability.hot_depth(book).set_index("supplier_id")["value"]
    assert found.index.tolist() == sorted(expected)
    for supplier, figures in expected.items():
        assert [*found.loc[supplier, ["value", "lower", "upper"]], depth[supplier]] == pytest.approx(figures, abs=1e-11)
    sold_out = stability.hot_availability_rows(book).execute().groupby("supplier_id")["seconds"].sum()
    by_day = stability_stock.hot_stock(book).groupby("supplier_id")["out_microseconds"].sum() / 1e6
    assert sold_out.to_dict() == by_day[by_day > 0].to_dict()


@FEW
@given(st.fixed_dictionaries({f"s{number}": st.dictionaries(EVENT_SLOTS, st.sampled_from([0, 0, 1]), max_size=8) for number in range(1, 5)}))
def test_uptime_equals_slot_by_slot(workbook_of, servers):
    probes = [
        {"supplier_id": supplier, "probed_at": at_slot(slot), "is_up": is_up == 1} for supplier, events in servers.items() for slot, is_up in events.items()
    ]
    book = workbook_of({"probes": probes, "suppliers": [{"supplier_id": "s1"}]}, standards={"counting.probe_cap": CAP * SLOT * 60})

    states = np.array([slot_by_slot(events) for events in servers.values()])
    known = (~np.isnan(states)).sum(axis=0)
    states[:, (known >= 3) & ((states == 0).sum(axis=0) == known)] = np.nan
    expected = {supplier: (state == 1).sum() / (~np.isnan(state)).sum() for supplier, state in zip(servers, states, strict=True) if (~np.isnan(state)).any()}
    frame = stability.uptime(book)
    found = frame[(frame["measure"] == "stability.uptime") & (frame["n"] > 0)].set_index("supplier_id")["value"]
    assert found.to_dict() == pytest.approx(expected, abs=1e-11)

    starts = {
        supplier: [slot for slot in range(SLOTS) if state[slot] == 0 and (slot == 0 or state[slot - 1] != 0)]
        for supplier, state in zip(servers, states, strict=True)
    }
    outages = stability_servers.outages(book).groupby("supplier_id")["since"].agg(list)
    assert outages.to_dict() == {supplier: [pd.Timestamp(at_slot(slot)) for slot in slots] for supplier, slots in starts.items() if slots}
