"""When an upstream is looked at next."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from kmanalysis.sources.watch.listed.watchlist import Pace
from kmanalysis.sources.watch.schedule import Turn, is_due, next_turn

BEGIN = datetime(2026, 11, 5)
PACE = Pace(pace=100, jitter=0.1, backoff=2, backoff_most=1000)


def delay(turn):
    return (turn.due - turn.last).total_seconds()


@pytest.mark.parametrize("chance", [0, 0.5, 1])
def test_the_pace_is_kept_and_chance_only_adds(chance):
    assert delay(next_turn(PACE, None, BEGIN, has_failed=False, chance=chance)) == 100 + 10 * chance


def test_failures_in_a_row_slow_down_to_a_limit_and_success_ends_it():
    turn, delays = None, []
    for _ in range(6):
        turn = next_turn(PACE, turn, BEGIN, has_failed=True)
        delays.append(delay(turn))
    assert delays == [200, 400, 800, 1000, 1000, 1000]
    assert delay(next_turn(PACE, turn, BEGIN, has_failed=False)) == 100


def test_an_upstream_that_asks_for_rest_gets_it():
    assert delay(next_turn(PACE, None, BEGIN, has_failed=True, retry_after=5000)) == 5000


def test_a_year_of_failures_is_no_overflow():
    assert delay(next_turn(PACE, Turn(BEGIN, BEGIN, 10**9), BEGIN, has_failed=True)) == 1000


def test_a_turn_comes_when_it_is_due():
    turn = next_turn(PACE, None, BEGIN, has_failed=False)
    assert is_due(PACE, None, BEGIN)
    assert not is_due(PACE, turn, BEGIN + timedelta(seconds=99))
    assert is_due(PACE, turn, BEGIN + timedelta(seconds=100))
    assert is_due(PACE, turn, BEGIN + timedelta(seconds=81), is_early_allowed=True)
    assert not is_due(PACE, turn, BEGIN + timedelta(seconds=79), is_early_allowed=True)


def test_a_clock_that_was_set_back_makes_nobody_wait():
    assert is_due(PACE, Turn(BEGIN, BEGIN + timedelta(seconds=100)), BEGIN - timedelta(days=1))


def test_a_turn_is_kept_as_text():
    turn = next_turn(PACE, None, BEGIN, has_failed=True)
    assert Turn.of(turn.as_dict()) == turn
