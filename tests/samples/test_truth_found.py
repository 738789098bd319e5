"""The measures and grades find what was planted, all of it and nothing else."""

import pandas as pd
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.scoring.grades import grades
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.times import Month


@pytest.fixture(scope="module")
def workbook(samples):
    return samples


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(samples_folder() / "truth.csv")


def test_the_missed_measures_are_the_planted_ones(workbook, truth):
    judged = scorecard(workbook)
    missed = judged[judged["verdict"] == "missed"]
    planted = truth[truth["expected"].isin(["missed", "vetoed"]) & truth["measure"].str.contains(".", regex=False)]
    found = {supplier: sorted(measures) for supplier, measures in missed.groupby("supplier_id")["measure"]}
    assert found == {supplier: sorted(measures) for supplier, measures in planted.groupby("supplier_id")["measure"]}
    vetoes = planted[planted["expected"] == "vetoed"]
    assert set(vetoes["measure"]) == set(missed.loc[missed["veto"], "measure"])


def test_what_is_planted_as_met_is_met(workbook, truth):
    judged = scorecard(workbook).set_index(["supplier_id", "measure"])["verdict"]
    met = truth[truth["expected"] == "met"]
    assert len(met) == 2
    assert set(judged[list(met[["supplier_id", "measure"]].itertuples(index=False, name=None))]) == {"met"}


def test_the_grades_held_are_the_planted_ones(workbook, truth):
    planted = truth[(truth["measure"] == "grade") & truth["supplier_id"].notna()]
    found = {}
    for month in sorted(planted["month"].unique()):
        held = grades(workbook.at(Month.parse(month))).set_index("supplier_id")
        for supplier in planted.loc[planted["month"] == month, "supplier_id"]:
            grade, reason = held.loc[supplier, "grade"], held.loc[supplier, "reason"]
            found[supplier, month] = f"grade:{grade}" if grade else {"lacks_evidence": "not_graded_lacks_evidence"}.get(reason, reason)
    assert found == planted.set_index(["supplier_id", "month"])["expected"].to_dict()
