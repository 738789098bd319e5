"""Verdict and points of measured values against their standards: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
import pandas as pd


def verdicts(judged: pd.DataFrame) -> np.ndarray:
    """The verdict of each row: ``met``, ``missed``, ``unproven`` or ``no_data``.

    ``judged`` has value, n, lower, upper, basis, op, target, minimum_n and is_zero_tolerance. A census with enough events is judged by
    its value; a sample and a bounded measure by their bounds. Where everything or nothing is asked, one confirmed counter-example
    is a miss at any n.
    """
    rising = (judged["op"] == ">=").to_numpy()
    value, lower, upper, target = (judged[name].to_numpy(dtype="float64") for name in ("value", "lower", "upper", "target"))
    basis = judged["basis"].to_numpy()
    by_value = np.where(rising, value >= target, value <= target)
    with np.errstate(invalid="ignore"):
        surely_met = np.where(rising, lower >= target, upper <= target)
        surely_missed = np.where(rising, upper < target, lower > target)
    is_census = basis == "census"
    met = np.where(is_census, by_value, surely_met)
    missed = np.where(is_census, ~by_value, surely_missed)
    # A bounded value may rest on what is unknown: there only the bound is a confirmed counter-example.
    confirmed = judged["is_zero_tolerance"].to_numpy(dtype=bool) & np.where(basis == "bounded", surely_missed, ~by_value)
    enough = judged["n"].to_numpy() >= judged["minimum_n"].to_numpy()
    is_known = (judged["n"].to_numpy() > 0) & ~np.isnan(value)
    return np.select([~is_known, confirmed, enough & met, enough & missed], ["no_data", "missed", "met", "missed"], "unproven")


def points(judged: pd.DataFrame, target_points: float) -> np.ndarray:
    """Points 0–100 of each row of ``judged`` (as for `verdicts`, with verdict, worst and best); NaN where there is no data.

    An unproven row earns the points of its unfavourable bound, none where it has no bound.
    """
    rising = (judged["op"] == ">=").to_numpy()
    unfavourable = np.where(rising, judged["lower"].to_numpy(dtype="float64"), judged["upper"].to_numpy(dtype="float64"))
    is_unproven = (judged["verdict"] == "unproven").to_numpy()
    counted = np.where(is_unproven, unfavourable, judged["value"].to_numpy(dtype="float64"))
    worst, target, best = (judged[name].to_numpy(dtype="float64") for name in ("worst", "target", "best"))
    earned = scale_points(counted, worst, target, best, target_points)
    earned = np.where(is_unproven & np.isnan(earned), 0.0, earned)
    return np.where(judged["verdict"] == "no_data", np.nan, earned)


def scale_points(value: np.ndarray, worst: np.ndarray, target: np.ndarray, best: np.ndarray, target_points: float) -> np.ndarray:
    """Points on the standard's scale: worst 0, target ``target_points``, best 100, linear between, clipped; the arrays broadcast.

    Works for falling scales (worst above best) as well. Where target and best are one value, reaching it earns 100.
    """
    sign = np.where(worst < target, 1.0, -1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        below = (value - worst) / (target - worst) * target_points
        above = target_points + (value - target) / (best - target) * (100.0 - target_points)
        reached = sign * (value - target) >= 0
    earned = np.where(reached, np.where(target == best, 100.0, above), below)
    return np.clip(earned, 0.0, 100.0)
