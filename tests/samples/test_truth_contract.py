"""The contract's measures find what was planted: the sums owed to the 分, the right to end, the stock-outs; and leave the others alone."""

from decimal import Decimal

import pandas as pd
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.decisions.claims import claims_owed
from kmanalysis.steps.contract.restock import restock_counts
from kmanalysis.steps.contract.runs import failure_runs
from kmanalysis.steps.contract.terms import terms
from kmanalysis.times import Month


@pytest.fixture(scope="module")
def workbook(samples):
    return samples


@pytest.fixture(scope="module")
def owed_by_month():
    """What was planted: (supplier, month) → amount of the failures that fell due in the month."""
    truth = pd.read_csv(samples_folder() / "truth.csv", dtype="str")
    claims = truth[truth["measure"] == "claims"]
    return {(row["supplier_id"], row["month"]): Decimal(row["expected"].removeprefix("owed:")) for row in claims.to_dict("records")}


def test_what_is_owed_is_what_was_planted_to_the_cent(workbook, owed_by_month):
    assert len(owed_by_month) == 6
    running = Decimal(0)
    for (supplier, month), amount in sorted(owed_by_month.items(), key=lambda found: found[0][1]):
        owed = claims_owed(workbook.at(Month.parse(month)))
        running += amount
        # The month's own failures, and all until then: nothing was claimed yet.
        found = owed[owed["outstanding_amount"] != 0].set_index("supplier_id")
        assert list(found.index) == [supplier]
        assert found.loc[supplier, "month_outstanding_amount"] == amount
        assert (found.loc[supplier, "outstanding_amount"], found.loc[supplier, "claim_amount"]) == (running, running)
    assert running == Decimal("202.20")


def test_the_right_to_end_arose_with_the_one_who_makes_nothing_good(workbook):
    runs = failure_runs(workbook)
    rights = runs[runs["right_arose_at"].notna()]
    assert list(rights["supplier_id"]) == ["S10"]
    assert (rights["failures"].iloc[0], str(rights["right_arose_at"].iloc[0])[:10]) == (18, "2026-05-22")


def test_late_restocks_are_those_of_the_one_that_runs_dry(workbook):
    counts = restock_counts(workbook).set_index("supplier_id")
    assert counts.loc[counts["late"] > 0].index.tolist() == ["S06"]


def test_terms_and_gaps_are_the_planted_ones(workbook):
    found = terms(workbook).set_index("supplier_id")
    gaps = found.loc[found["gaps"] != "", "gaps"].to_dict()
    ends_soon = dict.fromkeys(("S01", "S07", "S08", "S15"), "expires_soon")
    assert gaps == {"S03": "no_data_security", "S13": "no_legal_review", "S14": "no_contract", **ends_soon}
    assert found.loc[found["differs"] != "", "differs"].to_dict() == {"S20": "compensation_share"}
