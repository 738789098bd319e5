"""The trials of the samples are judged as they were planted."""

import pandas as pd
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.decisions.trials.verdicts import CRITERIA, criteria, verdict
from kmanalysis.steps.trial.trials import checks, deliveries, repeats, trials
from kmanalysis.times import Month


@pytest.fixture(scope="module")
def workbook(samples):
    return samples


def test_the_trial_that_is_planted_as_missed_is_missed_and_no_other(workbook):
    truth = pd.read_csv(samples_folder() / "truth.csv")
    planted = truth[truth["measure"] == "trial"]
    judged = verdict(workbook)
    assert judged[judged["verdict"] == "missed"]["supplier_id"].tolist() == planted[planted["expected"] == "missed"]["supplier_id"].tolist() == ["S13"]
    assert judged["supplier_id"].tolist() == ["S02", "S13", "S14"]
    assert planted["detail"].tolist() == ["4 of 20 checked codes dead; three codes came twice; one had been sold by S19 before"]


def test_the_bad_trial_has_its_figures(workbook):
    row = trials(workbook).set_index("supplier_id").loc["S13"]
    assert (row["checked"], row["invalid"], row["valid"], row["lot"]) == (20, 4, 16, 50)
    assert (row["repeated_within"], row["repeated_elsewhere"]) == (3, 1)
    found = repeats(workbook)
    assert set(found["supplier_id"]) == {"S13"}
    assert found[found["where_before"] == "elsewhere"]["earlier_supplier_id"].tolist() == ["S19"]
    told = criteria(workbook).query("supplier_id == 'S13'").set_index("criterion")["verdict"]
    assert told[told == "missed"].index.tolist() == ["trial.valid_share.lot", "trial.valid_share.process", "trial.repeated_codes"]
    run = checks(workbook).query("supplier_id == 'S13'")
    assert run["decision"].iloc[-1] == "reject"
    # The second dead code ends the test.
    assert run[run["decision"] == "reject"].iloc[0][["n", "bad"]].tolist() == [run[run["outcome"] == "invalid"]["place"].iloc[1], 2]


def test_the_clean_trial_clears_its_lot_and_the_thin_one_proves_nothing(workbook):
    told = criteria(workbook).pivot(index="criterion", columns="supplier_id", values="verdict").reindex(list(CRITERIA))
    seen = told.drop("trial.response_time")
    assert seen["S02"].to_dict() == dict.fromkeys(seen.index, "met") | {"trial.valid_share.process": "unproven"}
    assert seen["S14"].to_dict() == dict.fromkeys(seen.index, "met") | {"trial.valid_share.lot": "unproven", "trial.valid_share.process": "unproven"}
    assert set(told.loc["trial.response_time"]) == {"no_data"}
    thin = trials(workbook).set_index("supplier_id").loc["S14"]
    assert (thin["checked"], round(thin["process_lower"], 3)) == (5, 0.549)


def test_every_code_was_timed(workbook):
    found = deliveries(workbook)
    assert found.groupby("supplier_id").size().to_dict() == {"S02": 51, "S13": 50, "S14": 50}
    assert found["seconds"].max() == 70


def test_before_it_began_there_is_no_trial(workbook):
    assert trials(workbook.at(Month(2026, 9))).empty
    assert repeats(workbook.at(Month(2026, 9))).empty
