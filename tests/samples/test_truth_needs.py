"""Needs, outreach and the qualification list find what the samples hold, counted by hand on the committed files."""

import pandas as pd
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.measures.compliance import papers as compliance_papers
from kmanalysis.steps.needs import matching, outreach, qualification

STAGES = ["contacted", "replied", "qualified", "trial", "contract"]


@pytest.fixture(scope="module")
def workbook(samples):
    return samples


@pytest.fixture(scope="module")
def suppliers():
    return pd.read_csv(samples_folder() / "suppliers.csv").set_index("supplier_id")


@pytest.fixture(scope="module")
def states(workbook):
    return matching.match(workbook).pivot(index="supplier_id", columns="item", values="state")


def test_what_the_profile_asks_of_some_suppliers_exactly(states):
    columns = ["api_stock", "response_seconds", "daily_orders", "membership", "bulk_custom", "wholesale_minimum"]
    assert states.loc[["S04", "S09", "S14", "S15"], columns].to_numpy().tolist() == [
        ["met", "met", "unknown", "met", "met", "met"],
        ["met", "missed", "unknown", "met", "missed", "missed"],  # slow by night
        ["met", "unknown", "unknown", "missed", "missed", "missed"],  # came a month ago: four tickets prove nothing
        ["missed", "missed", "unknown", "met", "missed", "missed"],
    ]


def test_suppliers_without_an_api_fail_and_no_others_for_that(states, suppliers):
    assert set(states.index[states["api_stock"] == "missed"]) == set(suppliers.index[~suppliers["api_stock"]]) == {"S05", "S10", "S15", "S20"}
    assert set(states.index[states["bulk_custom"] == "met"]) == set(suppliers.index[suppliers["bulk_custom"]])
    assert set(states.index[states["wholesale_minimum"] == "met"]) == set(suppliers.index[suppliers["min_order"] <= 10])


def test_who_fits(workbook):
    by_state = matching.fits(workbook).groupby("state")["supplier_id"].agg(list).to_dict()
    assert by_state["fails"] == ["S05", "S09", "S10", "S15", "S17", "S20"]
    assert by_state["unproven"] == ["S14"]
    assert len(by_state["fits"]) == 13
    assert {"S01", "S02", "S16"} <= set(by_state["fits"])  # the planted good ones


def test_the_share_answered_within_half_an_hour_is_that_of_the_file(workbook):
    tickets = pd.read_csv(samples_folder() / "tickets.csv", parse_dates=["opened_at", "first_response_at"])
    local = tickets["opened_at"] + pd.Timedelta(hours=8)
    own = tickets[(local.dt.strftime("%Y-%m") == "2026-10") & ~tickets["is_staged"] & (tickets["supplier_id"] == "S09")]
    in_time = (own["first_response_at"] - own["opened_at"]).dt.total_seconds() <= 1800
    row = matching.match(workbook).set_index(["supplier_id", "item"]).loc[("S09", "response_seconds")]
    assert (float(row["found"]), row["n"]) == (in_time.mean(), len(own))


def test_the_funnel_is_that_of_the_file(workbook):
    contacts = pd.read_csv(samples_folder() / "outreach.csv")
    found = outreach.funnel(workbook).set_index(["channel", "stage"])["contacts"]
    for channel in ("all", "trade_fair", "referral", "b2b_marketplace"):
        of_channel = contacts if channel == "all" else contacts[contacts["channel"] == channel]
        reached = of_channel["stage"].replace("lost", "contacted").map(STAGES.index)
        assert found[channel].tolist() == [int((reached >= step).sum()) for step in range(len(STAGES))]
    assert found["b2b_marketplace"].tolist() == [12, 9, 7, 6, 6]


def test_uncertified_contacts_and_those_too_short_on_the_marketplace_are_named(workbook):
    states = outreach.marketplace(workbook).dropna(subset="supplier_id").set_index("supplier_id")["state"]
    assert states.to_dict() == {"S03": "met", "S06": "missed", "S09": "met", "S12": "missed", "S15": "met", "S18": "missed"}


def test_the_qualification_list(workbook, suppliers):
    found = qualification.qualification(workbook).set_index("supplier_id")
    assert found["thin"].sum() == 0  # nobody's price list is planted under the margin
    assert found.index[found["same_upstream"] > 0].tolist() == ["S06", "S18"]
    assert (found["supply_mode"] == suppliers["supply_mode"]).all()
    assert qualification.margins(workbook)["margin"].min() == pytest.approx(0.2165, abs=5e-5)


def test_the_documents_that_ran_out_are_the_planted_ones(workbook):
    papers = compliance_papers.documents(workbook)
    outdated = papers[papers["state"] == "outdated"]
    assert outdated[["supplier_id", "kind", "days_left"]].to_numpy().tolist() == [["S04", "industry_permit", -31], ["S05", "ip_authorisation", -31]]
