"""The review finds what was planted in the samples, and leaves the others alone: drifts to within two days, the SKU without a backup, the actions."""

import pandas as pd
import pytest

from kmanalysis.assets import samples_folder
from kmanalysis.decisions.actions import action_money, actions
from kmanalysis.decisions.backups import backup_skus, backup_suppliers
from kmanalysis.decisions.corrective import corrective, outcomes
from kmanalysis.decisions.dependence import concentration
from kmanalysis.decisions.drift import drifts
from kmanalysis.decisions.review import changes, migrations, price_moves
from kmanalysis.times import Month


@pytest.fixture(scope="module")
def workbook(samples):
    return samples


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(samples_folder() / "truth.csv")


def planted(truth, beginning):
    rows = truth[truth["expected"].str.startswith(beginning)]
    return rows.assign(expected=rows["expected"].str.removeprefix(beginning))


def test_drifts_are_dated_to_within_two_days(workbook, truth):
    expected = planted(truth, "drift_begins:").set_index(["supplier_id", "measure"])["expected"]
    found = drifts(workbook).set_index(["supplier_id", "measure"])
    assert len(expected) == 2
    for key, day in expected.items():
        assert abs((found.loc[key, "began_on"] - pd.Timestamp(day)).days) <= 2
        assert found.loc[key, "signalled_on"] >= found.loc[key, "began_on"]
        assert found.loc[key, "is_standing"]
    assert found.loc[("S12", "price.band_share"), "kind"] == "ramp"


def test_suppliers_without_a_planted_drift_give_no_signal(workbook, truth):
    assert set(drifts(workbook)["supplier_id"]) == set(planted(truth, "drift_begins:")["supplier_id"])


def test_before_there_is_a_baseline_nothing_signals(workbook):
    assert drifts(workbook.at(Month(2026, 7))).empty


def test_the_one_sku_without_a_backup_is_the_planted_one(workbook, truth):
    expected = planted(truth, "none:")
    skus = backup_skus(workbook)
    bare = skus[skus["backups"] == 0]
    assert list(zip(bare["supplier"], bare["sku"], strict=True)) == list(zip(expected["supplier_id"], expected["expected"], strict=True))
    assert list(bare["reason"]) == ["not_offered"]
    carried = backup_suppliers(workbook).set_index("supplier")["carried_share"]
    assert carried["S20"] == pytest.approx(1 - bare["orders"].iloc[0] / 200)
    assert (carried.drop("S20") == 1).all()


def test_the_actions_follow_from_what_was_planted(workbook, truth):
    found = actions(workbook).set_index("supplier_id")
    grades = planted(truth, "grade:").query("month == '2026-10'")
    assert set(found.loc[grades.loc[grades["expected"] == "S", "supplier_id"], "action"]) <= {"deepen", "correct"}
    assert found.loc[["S05", "S04", "S15", "S10", "S14", "S01", "S16"], ["action", "reason"]].to_numpy().tolist() == [
        ["end", "vetoed_for_months"],
        ["switch", "vetoed"],
        ["switch", "not_corrected"],
        ["end", "may_be_ended"],
        ["keep", "lacks_evidence"],
        ["deepen", "exclusive"],
        ["correct", "on_watch"],
    ]
    missed = set(truth.loc[(truth["expected"] == "missed") & (truth["measure"] != "trial"), "supplier_id"])
    assert set(found.index[found["action"] == "deepen"]).isdisjoint(missed)


def test_corrective_actions_are_the_planted_misses(workbook, truth):
    open_ones = corrective(workbook)
    late = open_ones[open_ones["state"] != "on_watch"]
    expected = truth[(truth["expected"] == "missed") & truth["measure"].str.contains(".", regex=False)]
    assert set(zip(late["supplier_id"], late["measure"], strict=True)) == set(zip(expected["supplier_id"], expected["measure"], strict=True))
    assert set(open_ones["check_on"].dt.strftime("%Y-%m-%d")) == {"2026-11-30"}
    became = outcomes(workbook).set_index(["supplier_id", "measure"])["outcome"]
    assert became["S16", "stability.hot_depth"] == "on_watch"
    assert became["S16", "service.resolution"] == "closed"
    assert became["S12", "price.band_share"] == "worse"


def test_money_owed_is_the_planted_sum(workbook, truth):
    owed = action_money(workbook).set_index("supplier")["owed_amount"]
    expected = planted(truth, "owed:").query("month == '2026-10'").set_index("supplier_id")["expected"]
    assert {supplier: f"{amount:.2f}" for supplier, amount in owed.items() if amount} == expected.to_dict()


def test_what_moved_against_the_market_is_what_drifted(workbook):
    moves = price_moves(workbook).set_index("supplier_id")
    assert set(moves.index[moves["is_more_than_noise"]]) == {"S12", "S15"}
    assert moves.loc["S12", "relative_change"] == pytest.approx(0.039, abs=0.002)


def test_months_of_change_are_told_apart_from_quiet_ones(workbook):
    def movers(month):
        found = changes(workbook.at(month))
        return set(found.loc[found["is_more_than_noise"], "supplier_id"])

    assert [movers(Month(2026, number)) for number in (7, 8, 9, 10)] == [set(), {"S15"}, {"S16"}, set()]


def test_grades_that_moved_are_counted_by_month(workbook):
    found = migrations(workbook).set_index(["month", "previous_grade", "grade"])["suppliers"]
    assert found["2026-10", "A", "S"] == found["2026-10", "A", "B"] == found["2026-10", "S", ""] == 1
    assert found.groupby("month").sum().to_dict() == {f"2026-{number:02d}": 20 for number in range(6, 11)}


def test_the_sole_seller_s_category_is_all_its_own(workbook):
    found = concentration(workbook).set_index("subject")
    assert (found.loc["virtual_streamer", "hhi"], found.loc["virtual_streamer", "largest"]) == (10_000, "S20")
    assert found.loc["", "suppliers"] == 20
