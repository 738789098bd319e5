import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmanalysis.explorers.models.trial_desk import OUTCOMES, Desk, standing
from kmanalysis.standards import default_standards
from kmanalysis.statistics.sprt import ACCEPT, GO_ON, REJECT
from kmanalysis.steps.trial.codes import sequential_plan

DEFAULTS = default_standards()


def test_clean_codes_are_accepted_when_the_plan_says_so_and_not_one_earlier():
    needed = sequential_plan(DEFAULTS).clean_items
    assert needed == 326  # Wald's test of 0.999 against 0.99 with risks of 5 %
    assert standing(["valid"] * (needed - 1), DEFAULTS).decision == GO_ON
    done = standing(["valid"] * needed, DEFAULTS)
    assert (done.decision, done.decided_after) == (ACCEPT, needed)


def test_dead_codes_are_rejected_and_later_good_ones_change_nothing():
    outcomes = ["valid", "invalid", "invalid", "invalid"]
    assert standing(outcomes, DEFAULTS).decision == REJECT
    after = standing(outcomes + ["valid"] * 2000, DEFAULTS)
    assert (after.decision, after.decided_after) == (REJECT, standing(outcomes, DEFAULTS).decided_after)


@settings(deadline=None)
@given(outcomes=st.lists(st.sampled_from(OUTCOMES), max_size=400))
def test_the_desk_decides_as_wald_s_lines_do_code_by_code(outcomes):
    plan = sequential_plan(DEFAULTS)
    n = bad = 0
    decision = GO_ON
    for outcome in outcomes:
        if outcome in ("valid", "invalid"):
            n, bad = n + 1, bad + (outcome == "invalid")
            if decision == GO_ON:
                decision = ACCEPT if bad <= plan.accept_number(n) else REJECT if bad >= plan.reject_number(n) else GO_ON
    now = standing(outcomes, DEFAULTS)
    assert (now.n, now.bad, now.decision) == (n, bad, decision)
    assert (now.unclear, now.repeated) == (outcomes.count("unclear"), outcomes.count("repeated"))
    assert now.repeats_missed == ("repeated" in outcomes)


@settings(deadline=None)
@given(bad=st.integers(0, 2), good=st.integers(0, 100))
def test_so_many_good_codes_as_are_told_accept(bad, good):
    outcomes = ["valid"] * good + ["invalid"] * bad
    now = standing(outcomes, DEFAULTS)
    if now.decision == GO_ON:
        assert standing(outcomes + ["valid"] * (now.clean_needed - 1), DEFAULTS).decision == GO_ON
        assert standing(outcomes + ["valid"] * now.clean_needed, DEFAULTS).decision == ACCEPT


def test_nothing_entered_says_nothing():
    now = standing([], DEFAULTS)
    assert (now.n, now.decision, now.clean_needed) == (0, GO_ON, 326)
    assert math.isnan(now.lower)


def test_a_code_that_was_entered_before_is_repeated_however_it_is_spelled():
    desk = Desk()
    assert [desk.enter("valid", code=code) for code in ("ABCD-1234", "ＡＢＣＤ-1234 ", "ABCD-1235")] == ["valid", "repeated", "valid"]
    assert desk.outcomes == ["valid", "repeated", "valid"]
    assert "ABCD" not in repr(desk)
    assert "ABCD" not in str(vars(desk))


def test_a_code_is_one_code_and_the_last_can_be_taken_back():
    desk = Desk()
    desk.enter("valid", times=5)
    assert desk.enter("invalid", times=9, code="X1") == "invalid"
    assert len(desk.outcomes) == 6
    desk.undo()
    assert desk.enter("valid", code="X1") == "valid"
    desk.clear()
    assert desk.outcomes == []
    desk.undo()
    assert desk.outcomes == []


def test_standards_that_allow_no_plan_are_said():
    from kmanalysis.errors import UsageError
    from kmanalysis.standards import override_standards

    with pytest.raises(UsageError, match="must be above the claim"):
        standing([], override_standards({"trial.good_share": 0.99}, file="test"))
