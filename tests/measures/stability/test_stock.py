"""Stock of hot SKUs: the rules by literal cases, and availability against half hour by half hour."""

import math
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.measures.stability import stock as stability
from kmanalysis.times import to_local
from tests.measures.shanghai import CAP, DAY_SLOTS, EVENT_SLOTS, FEW, HOUR, SLOT, SLOTS, at_slot, only, slot_by_slot, utc

STATES = st.sampled_from([0, 0, 3, 8, None])


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
    assert stability.hot_skus(book).to_dict("list") == {"rank": [1, 2, 3], "sku": ["first", "tie_a", "tie_b"], "quantity": [9, 7, 7]}


def test_without_orders_before_the_month_nothing_is_hot(workbook_of):
    book = stocked(workbook_of, [reading("10-02 00:00")], orders=[{"ordered_at": utc("10-02 12:00")}])
    assert stability.hot_availability(book).empty
    assert stability.hot_depth(book).empty
    assert book.rows_of(stability.hot_availability_rows(book)).empty


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
    carried = book.rows_of(stability.hot_availability_rows(book))
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
    days = stability.hot_stock(stocked(workbook_of, snapshots, [listing], standards={"counting.reading_cap": 12 * HOUR}))
    assert days["day"].dt.strftime("%m-%d").tolist() == ["10-02", "10-03", "10-04"]
    assert days["lowest"].tolist()[:2] == [0, 0]
    assert math.isnan(days["lowest"].iloc[2])
    assert days["known_share"].tolist() == pytest.approx([1, 14 / 24, 0], abs=1e-12)
    assert days["out_share"].tolist() == pytest.approx([4 / 24, 2 / 24, 0], abs=1e-12)
    assert days["readings"].tolist() == [2, 1, 0]
    by_day = stability.hot_availability_days(stocked(workbook_of, snapshots, [listing], standards={"counting.reading_cap": 12 * HOUR}))
    assert by_day["available_share"].tolist()[:2] == pytest.approx([20 / 24, 12 / 14], abs=1e-12)
    assert math.isnan(by_day["available_share"].iloc[2])


def test_sold_out_stretches_join_readings_and_stop_at_gaps(workbook_of):
    snapshots = [reading("10-02 00:00", 0), reading("10-02 05:00", 0), reading("10-02 20:00", 0), reading("10-02 22:00", 1)]
    book = stocked(workbook_of, snapshots, standards={"counting.reading_cap": 6 * HOUR})
    found = book.rows_of(stability.hot_availability_rows(book).order_by("since"))
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
    rows = book.rows_of(stability.hot_depth_rows(book).order_by("sku"))
    assert rows["quantity"].tolist() == [15_000, 12_500]
    assert rows["severity"].tolist() == [-5_000, -2_500]


def test_depth_counts_the_reading_carried_into_the_month(workbook_of):
    book = stocked(workbook_of, [reading("09-30 20:00", 40), reading("10-01 04:00", 900)])
    assert only(stability.hot_depth(book), "stability.hot_depth")["value"] == 40


# Against half hour by half hour


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
    sold_out = book.rows_of(stability.hot_availability_rows(book)).groupby("supplier_id")["seconds"].sum()
    by_day = stability.hot_stock(book).groupby("supplier_id")["out_microseconds"].sum() / 1e6
    assert sold_out.to_dict() == by_day[by_day > 0].to_dict()
