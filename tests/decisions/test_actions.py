"""Actions on literal grades and corrective actions: which rule comes first, and that nothing flaps."""

import pandas as pd
import pytest

from kmanalysis.decisions.actions import actions, rulings
from kmanalysis.decisions.corrective import CORRECTIVE, open_runs
from kmanalysis.standards import default_standards
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook

MONTHS = [f"2026-{number:02d}" for number in range(5, 11)]
RUNS = ["supplier_id", "contract_id", "failures", "right_arose_at", "is_unbroken"]


def workbook_with(histories, todo=(), runs=(), before=(), odd=()):
    """A workbook of finished frames. ``histories``: supplier → its grades from May to October (v vetoed, ? lacks evidence, _ under the floor)."""
    reasons = {"v": "vetoed", "?": "lacks_evidence", "_": "below_floor"}
    rows = [
        {"supplier_id": supplier, "month": month, "grade": "" if sign in reasons else sign, "reason": reasons.get(sign, ""), "score": 80.0}
        | {"probability": 0.9, "vetoes": "compliance.licences" if sign == "v" else ""}
        for supplier, signs in histories.items()
        for month, sign in zip(MONTHS, signs, strict=True)
    ]
    history = pd.DataFrame(rows)
    frames = {}
    for month, open_ones in (("2026-10", todo), ("2026-09", before)):
        corrective = pd.DataFrame(
            [dict.fromkeys(CORRECTIVE) | {"check_on": pd.Timestamp("2026-11-30")} | row for row in open_ones],
            columns=list(CORRECTIVE),
        ).astype({"supplier_id": "str", "measure": "str", "state": "str", "months": "float64", "check_on": "datetime64[s]"})
        frames |= {
            (month, "scoring.grade_history"): history[history["month"] <= month],
            (month, "decisions.exception_sums"): pd.DataFrame(list(odd), columns=["supplier_id", "kind", "cases"]).astype({"kind": "str"}),
            (month, "decisions.corrective"): corrective,
            (month, "contract.failure_runs"): pd.DataFrame(list(runs), columns=RUNS).astype({"is_unbroken": "bool", "right_arose_at": "datetime64[us]"}),
        }
    return Workbook(Month(2026, 10), default_standards(), Words("en"), frames=frames, facts={"first_month": "2026-05"})


def todo(supplier, state, months, measure="service.dispute_rate"):
    return {"supplier_id": supplier, "measure": measure, "state": state, "months": months}


def rules(workbook):
    return {row["supplier_id"]: (row["action"], row["reason"], row["months"]) for row in rulings(workbook).to_dict("records")}


@pytest.mark.parametrize(
    ("signs", "expected"),
    [
        ("AAAAAA", ("keep", "nothing_missed", 0)),
        ("AAAAAS", ("deepen", "priority", 1)),
        ("AAASSS", ("deepen", "exclusive", 3)),
        ("SSSSAS", ("deepen", "priority", 1)),
        ("AAAAAv", ("switch", "vetoed", 1)),
        ("AAAAvv", ("end", "vetoed_for_months", 2)),
        ("AAAvvA", ("switch", "vetoed_lately", 0)),
        ("AAAvAA", ("keep", "nothing_missed", 0)),
        ("BBBBB_", ("switch", "below_floor", 0)),
        ("?????" + "?", ("keep", "lacks_evidence", 0)),
    ],
)
def test_grades_alone(signs, expected):
    assert rules(workbook_with({"s1": signs})) == {"s1": expected}


@pytest.mark.parametrize(
    ("signs", "state", "months", "expected"),
    [
        ("AAAAAA", "new", 1, ("correct", "missed", 1)),
        ("AAAAAA", "overdue", 5, ("correct", "not_corrected", 5)),
        ("BBBBBB", "overdue", 2, ("correct", "not_corrected", 2)),
        ("BBBBBB", "overdue", 3, ("switch", "not_corrected", 3)),
        ("BBBBBB", "on_watch", 4, ("correct", "on_watch", 4)),
        ("SSSSSS", "on_watch", 4, ("correct", "on_watch", 4)),
        ("??????", "overdue", 5, ("correct", "not_corrected", 5)),
        ("AAAAAv", "overdue", 5, ("switch", "vetoed", 1)),
    ],
)
def test_corrective_actions_and_grades(signs, state, months, expected):
    assert rules(workbook_with({"s1": signs}, [todo("s1", state, months)])) == {"s1": expected}


def test_a_standing_right_to_terminate_ends_it_and_a_broken_run_does_not():
    runs = [
        ("s1", "c1", 4, pd.Timestamp("2026-10-02 03:00"), True),
        ("s2", "c2", 3, pd.Timestamp("2026-09-02 03:00"), False),
        ("s3", "c3", 2, pd.NaT, True),
    ]
    workbook = workbook_with(dict.fromkeys(("s1", "s2", "s3"), "AAAAAA"), runs=runs)
    assert rules(workbook) == {"s1": ("end", "may_be_ended", 0), "s2": ("keep", "nothing_missed", 0), "s3": ("keep", "nothing_missed", 0)}
    row = rulings(workbook).set_index("supplier_id").loc["s1"]
    assert (row["failures"], row["right_since"]) == (4, pd.Timestamp("2026-10-02 03:00"))


def test_the_most_urgent_stand_first_with_last_month_s_action_beside():
    histories = {"s1": "AAAAAA", "s2": "AAAAvv", "s3": "SSSSSS", "s4": "BBBBB_"}
    found = actions(workbook_with(histories, before=[todo("s1", "new", 1)]))
    assert found[["supplier_id", "action", "previous_action"]].to_numpy().tolist() == [
        ["s2", "end", "switch"],
        ["s4", "switch", "keep"],
        ["s3", "deepen", "deepen"],
        ["s1", "keep", "correct"],
    ]


@pytest.mark.parametrize(
    ("verdicts", "is_open", "months"),
    [
        ("mmmmmm", False, 0),
        ("mmmmmx", True, 1),
        ("mmmxxx", True, 3),
        ("mmmxxm", True, 3),
        ("mmmxmm", False, 0),
        ("mxmxmx", True, 5),
        ("xm-m--", False, 0),
        ("xm----", True, 6),
        ("x-----", True, 6),
        ("xmmmmx", True, 1),
    ],
)
def test_a_corrective_action_closes_after_two_good_months(verdicts, is_open, months):
    words = {"m": "met", "x": "missed", "-": "no_data"}
    past = pd.DataFrame(
        [
            {"supplier_id": "s1", "measure": "q", "month": month, "verdict": words[sign], "is_trigger": sign == "x"}
            for month, sign in zip(MONTHS, verdicts, strict=True)
        ]
    )
    found_open, found_months = open_runs(past, 2)
    assert (bool(found_open.iloc[0]), int(found_months.iloc[0])) == (is_open, months)


def test_exceptions_are_worth_a_word_where_the_evidence_carries_no_grade():
    odd = [("S1", "repeated_code", 8), ("S2", "below_cost", 3), ("S3", "repeated_code", 1)]
    found = rules(workbook_with({"S1": "??????", "S2": "??????", "S3": "AAAAAA"}, odd=odd))
    assert found == {"S1": ("correct", "exceptions", 0), "S2": ("keep", "lacks_evidence", 0), "S3": ("keep", "nothing_missed", 0)}
