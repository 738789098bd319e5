"""Contacts by channel and stage, what they asked for, and the marketplace's own word for them."""

from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from kmanalysis.steps.needs.outreach import STAGES, entry_conditions, funnel, marketplace

CHANNELS = ("trade_fair", "b2b_marketplace", "referral", "other")


def contact(stage="contacted", channel="referral", on="2026-09-01", **more):
    return {"channel": channel, "stage": stage, "contacted_on": on, **more}


def row(found, channel, stage):
    rows = found[(found["channel"] == channel) & (found["stage"] == stage)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_a_stage_reached_implies_those_before_it_and_lost_says_no_more_than_contacted(workbook_of):
    stages = ["contract", "contract", "trial", "qualified", "replied", "contacted", "lost", "lost"]
    found = funnel(workbook_of({"outreach": [contact(stage) for stage in stages]}))
    of_channel = found[found["channel"] == "referral"]
    assert of_channel["stage"].tolist() == list(STAGES)
    assert of_channel["contacts"].tolist() == [8, 5, 4, 3, 2]
    assert of_channel["before"].tolist() == [8, 8, 5, 4, 3]
    assert of_channel["ended"].tolist() == [1, 1, 1, 1, 2]
    assert of_channel["lost"].unique().tolist() == [2]
    assert found[found["channel"] == "all"]["contacts"].tolist() == [8, 5, 4, 3, 2]


def test_shares_carry_exact_bounds(workbook_of):
    found = funnel(workbook_of({"outreach": [contact("replied")] * 5 + [contact()] * 3}))
    replied = row(found, "referral", "replied")
    # An independent implementation: a two-sided 90 % Clopper-Pearson interval has the one-sided 95 % bounds as its ends.
    bounds = binomtest(5, 8).proportion_ci(0.9, "exact")
    assert (replied["share"], replied["share_of_all"]) == (0.625, 0.625)
    assert (replied["lower"], replied["upper"]) == pytest.approx((bounds.low, bounds.high), abs=1e-9)
    qualified = row(found, "referral", "qualified")
    assert (qualified["share"], qualified["before"]) == (0.0, 5)
    trial = row(found, "referral", "trial")
    assert pd.isna(trial["share"])  # nobody was there to go on
    assert trial["share_of_all"] == 0.0
    assert pd.isna(row(found, "referral", "contacted")["share"])


def test_contacts_after_the_month_are_not_known_at_its_end(workbook_of):
    contacts = [contact(on="2026-10-31"), contact(on="2026-11-01")]
    assert row(funnel(workbook_of({"outreach": contacts})), "all", "contacted")["contacts"] == 1


@settings(derandomize=True, deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(CHANNELS), st.sampled_from([*STAGES, "lost"]), st.sampled_from(["2026-10-31", "2026-11-01"])), max_size=25))
def test_the_funnel_is_that_of_a_slow_count(workbook_of, contacts):
    rows = [contact(stage, channel, on) for channel, stage, on in contacts]
    found = funnel(workbook_of({"suppliers": [{"supplier_id": "s1"}], "outreach": rows}))
    known = [(channel, stage) for channel, stage, on in contacts if on <= "2026-10-31"]
    expected = {}
    for channel in {channel for channel, _ in known} | ({"all"} if known else set()):
        of_channel = [stage for its, stage in known if channel in (its, "all")]
        for step, stage in enumerate(STAGES):
            reached = sum(other == "lost" or STAGES.index(other) >= step for other in of_channel) if step == 0 else 0
            reached = reached or sum(other != "lost" and STAGES.index(other) >= step for other in of_channel)
            expected[channel, stage] = (reached, of_channel.count(stage), of_channel.count("lost"))
    told = {(line["channel"], line["stage"]): (line["contacts"], line["ended"], line["lost"]) for line in found.to_dict("records")}
    assert told == expected


def test_entry_conditions_by_channel(workbook_of):
    contacts = [
        contact(supplier_id="s1", asked_min_order="100", asked_prepayment="0"),
        contact(supplier_id="s1", asked_min_order="10.01"),
        contact(supplier_id="s1", asked_min_order="100.02"),
        contact(supplier_id="s1", asked_min_order="500"),
        contact(supplier_id="s1"),
        contact("lost", "trade_fair", asked_min_order="7"),
    ]
    found = entry_conditions(workbook_of({"suppliers": [{"supplier_id": "s1", "currency": "CNY"}], "outreach": contacts}))
    assert found.to_numpy().tolist() == [
        ["referral", "CNY", "min_order", 4, 5, Decimal("10.01"), Decimal("100.01"), Decimal(500)],
        ["referral", "CNY", "prepayment", 1, 5, Decimal(0), Decimal(0), Decimal(0)],
        ["trade_fair", "", "min_order", 1, 1, Decimal(7), Decimal(7), Decimal(7)],
    ]


@pytest.mark.parametrize(
    ("certified", "years", "state"),
    [
        (True, 3, "met"),
        (True, 2.9, "missed"),
        (False, 9, "missed"),
        (None, 2, "missed"),
        (None, 9, "unknown"),
        (True, None, "unknown"),
        (False, None, "missed"),
        (None, None, "unknown"),
    ],
)
def test_the_marketplaces_certificate_and_years(workbook_of, certified, years, state):
    one = contact(channel="b2b_marketplace", marketplace_certified=certified, marketplace_years=years)
    found = marketplace(workbook_of({"suppliers": [{"supplier_id": "s1"}], "outreach": [one, contact(channel="referral", marketplace_years=9)]}))
    assert found["state"].tolist() == [state]


def test_no_contact_gives_empty_frames(workbook_of):
    workbook = workbook_of({"suppliers": [{"supplier_id": "s1"}]})
    assert [len(frame(workbook)) for frame in (funnel, entry_conditions, marketplace)] == [0, 0, 0]
    assert "share_of_all" in funnel(workbook).columns
