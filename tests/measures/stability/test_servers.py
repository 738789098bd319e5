"""Servers: the rules by literal cases, and uptime against half hour by half hour."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kmanalysis.measures.stability import servers
from kmanalysis.times import to_local
from tests.measures.shanghai import CAP, EVENT_SLOTS, FEW, HOUR, SLOT, SLOTS, at_slot, only, slot_by_slot, utc


def probe(local, is_up=True, supplier="s1", **more):
    return {"probed_at": utc(local), "is_up": is_up, "supplier_id": supplier} | more


def uptime(book, supplier="s1"):
    frame = servers.uptime(book)
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
    found = servers.outages(book)
    assert found["since"].map(to_local).dt.strftime("%d %H:%M").tolist() == ["02 04:00", "03 00:00"]
    assert found["seconds"].tolist() == [2.5 * HOUR, 300]
    assert found["probes"].tolist() == [2, 1]
    frame = servers.uptime(book)
    assert only(frame, "stability.uptime.outages")["value"] == 2
    assert only(frame, "stability.uptime.longest_outage_seconds")["value"] == 2.5 * HOUR


def test_the_months_edges_cut_an_outage(workbook_of):
    probes = [probe("09-30 23:00", False), probe("10-01 01:00"), probe("10-31 22:00", False), probe("11-01 01:00", False), probe("11-01 02:00")]
    book = workbook_of({"probes": probes})
    assert servers.outages(book)["seconds"].tolist() == [HOUR, 2 * HOUR]
    assert servers.outages(book.at(book.month + 1))["seconds"].tolist() == [2 * HOUR]


def test_when_all_are_down_together_it_was_us(workbook_of):
    def probes(supplier, *downs):
        return [probe(f"10-02 {hour:02d}:00", hour not in downs, supplier) for hour in range(7)]

    book = workbook_of({"probes": probes("s1", 2, 4) + probes("s2", 2) + probes("s3", 2, 5)}, standards={"counting.probe_cap": HOUR})
    # 02:00–03:00 all three are down: unknown. Each of the other outages counts.
    assert uptime(book, "s1")[0]["value"] == pytest.approx(5 / 6, abs=1e-12)
    assert uptime(book, "s2")[0]["value"] == 1
    assert uptime(book, "s3")[0]["value"] == pytest.approx(5 / 6, abs=1e-12)
    assert uptime(book, "s2")[1]["value"] == pytest.approx(6 / (31 * 24), abs=1e-12)
    assert servers.outages(book)["supplier_id"].tolist() == ["s1", "s3"]


def test_a_common_outage_takes_its_part_out_of_a_longer_one(workbook_of):
    def probes(supplier, since, until):
        return [probe(f"10-02 {hour:02d}:00", not since <= hour < until, supplier) for hour in range(9)]

    book = workbook_of({"probes": probes("s1", 1, 8) + probes("s2", 3, 5) + probes("s3", 2, 6)}, standards={"counting.probe_cap": HOUR})
    # Common from 3 to 5.
    assert servers.outages(book).groupby("supplier_id")["seconds"].agg(list).to_dict() == {"s1": [2 * HOUR, 3 * HOUR], "s3": [HOUR, HOUR]}
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
    days = servers.uptime_days(workbook_of({"probes": probes}))
    assert days["day"].dt.day.tolist() == [2, 3, 4]
    assert days["probes"].tolist() == [3, 0, 1]
    assert days["latency_p50_ms"].tolist()[::2] == [20, 5]
    assert days["up_share"].tolist() == pytest.approx([12 / 14, 0, 1], abs=1e-12)
    assert days["known_share"].tolist() == pytest.approx([14 / 24, 4 / 24, 6 / 24], abs=1e-12)


@FEW
@given(st.fixed_dictionaries({f"s{number}": st.dictionaries(EVENT_SLOTS, st.sampled_from([0, 0, 1]), max_size=8) for number in range(1, 5)}))
def test_uptime_equals_slot_by_slot(workbook_of, seen):
    probes = [{"supplier_id": supplier, "probed_at": at_slot(slot), "is_up": is_up == 1} for supplier, events in seen.items() for slot, is_up in events.items()]
    book = workbook_of({"probes": probes, "suppliers": [{"supplier_id": "s1"}]}, standards={"counting.probe_cap": CAP * SLOT * 60})

    states = np.array([slot_by_slot(events) for events in seen.values()])
    known = (~np.isnan(states)).sum(axis=0)
    states[:, (known >= 3) & ((states == 0).sum(axis=0) == known)] = np.nan
    expected = {supplier: (state == 1).sum() / (~np.isnan(state)).sum() for supplier, state in zip(seen, states, strict=True) if (~np.isnan(state)).any()}
    frame = servers.uptime(book)
    found = frame[(frame["measure"] == "stability.uptime") & (frame["n"] > 0)].set_index("supplier_id")["value"]
    assert found.to_dict() == pytest.approx(expected, abs=1e-11)

    starts = {
        supplier: [slot for slot in range(SLOTS) if state[slot] == 0 and (slot == 0 or state[slot - 1] != 0)]
        for supplier, state in zip(seen, states, strict=True)
    }
    outages = servers.outages(book).groupby("supplier_id")["since"].agg(list)
    assert outages.to_dict() == {supplier: [pd.Timestamp(at_slot(slot)) for slot in slots] for supplier, slots in starts.items() if slots}
