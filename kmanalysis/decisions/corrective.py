"""Corrective actions: which measures a supplier must put right, since when, by when it is checked, and what became of last month's."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd

from kmanalysis.decisions.drift import drifts
from kmanalysis.scoring.scorecard import scorecard
from kmanalysis.workbook import Workbook, frame

CORRECTIVE = (
    *("supplier_id", "measure", "state", "since", "months", "check_on", "verdict", "value", "previous_value", "unit", "n"),
    *("op", "target", "limit", "limit_unit", "lost", "began_on"),
)
STATES = ("overdue", "new", "on_watch")
"""Missed again when it was to be checked; opened this month; met, and watched until it has been met for long enough."""


@frame("decisions.corrective")
def corrective(workbook: Workbook) -> pd.DataFrame:
    """The corrective actions that are open at the month's end (columns `CORRECTIVE`), the costliest first within a supplier.

    One opens when a measure is missed and costs as many points as the standards name, or when its drift stands. It closes only when the measure was
    met in as many months in a row as they ask for, so that a single good month does not end it; months without a verdict do neither. ``since`` is the
    month in which it opened, ``began_on`` the day on which a standing drift began. A veto is no matter of correction.
    """
    past = _verdicts(workbook)
    is_open, months = open_runs(past, int(workbook.standards.value("action.close_months")))
    last = str(workbook.month)
    found = past[past["month"] == last].reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(found[["supplier_id", "measure"]])
    found["is_open"], found["months"] = is_open.reindex(keys).to_numpy(dtype=bool), months.reindex(keys).to_numpy(dtype="int64")
    drifting = drifts(workbook)
    drifting = drifting.loc[drifting["is_standing"], ["supplier_id", "measure", "signalled_on", "began_on"]]
    found = found.merge(drifting, on=["supplier_id", "measure"], how="left")
    is_drifting = found["began_on"].notna()
    found = found[found["is_open"] | is_drifting].reset_index(drop=True)
    since_signal = (workbook.month.year - found["signalled_on"].dt.year) * 12 + workbook.month.number - found["signalled_on"].dt.month + 1
    found["months"] = np.fmax(found["months"], since_signal.astype("float64")).astype("int64")
    found["since"] = [str(workbook.month - (count - 1)) for count in found["months"]]
    is_bad = (found["verdict"] == "missed") | found["began_on"].notna()
    found["state"] = np.select([found["months"] == 1, is_bad], ["new", "overdue"], "on_watch")
    check_on = workbook.month.last_day + timedelta(days=int(workbook.standards.value("action.check_days")))
    found["check_on"] = pd.Series(pd.Timestamp(check_on), index=found.index, dtype="datetime64[s]")
    previous = past[past["month"] == str(workbook.month - 1)].set_index(["supplier_id", "measure"])["value"]
    found["previous_value"] = previous.reindex(pd.MultiIndex.from_frame(found[["supplier_id", "measure"]])).to_numpy(dtype="float64")
    return found.sort_values(["supplier_id", "lost", "measure"], ascending=[True, False, True], na_position="last", ignore_index=True)[list(CORRECTIVE)]


@frame("decisions.outcomes")
def outcomes(workbook: Workbook) -> pd.DataFrame:
    """What became of the corrective actions that were open a month before: the month before's rows, and this month's figures beside them.

    Columns: supplier_id, measure, since, check_on, previous_value, value, unit, verdict, outcome: closed, on_watch (met, and still watched), improved,
    unchanged or worse (by as many points of the whole score as would open one, also beyond the worst), undecided (no verdict this month).
    """
    columns = ["supplier_id", "measure", "since", "check_on", "previous_value", "value", "unit", "verdict", "outcome"]
    last = workbook.month - 1
    if last < workbook.first_month:
        return pd.DataFrame(columns=columns).astype({"check_on": "datetime64[s]", "previous_value": "float64", "value": "float64"})
    keys = ["supplier_id", "measure"]
    before = corrective(workbook.at(last))[[*keys, "since", "check_on", "value"]].rename(columns={"value": "previous_value"})
    found = before.merge(scorecard(workbook)[[*keys, "value", "unit", "verdict", "weight", "target", "worst"]], on=keys)
    still = corrective(workbook)[keys].assign(is_open=True)
    found = found.merge(still, on=keys, how="left")
    is_open, gained = found["is_open"].notna(), found["value"] - found["previous_value"]
    gained = gained / (found["target"] - found["worst"]) * workbook.standards.value("grade.target_points") * found["weight"]
    least = workbook.standards.value("action.corrective_points")
    conditions = [~is_open, found["verdict"] == "met", found["verdict"] != "missed", gained >= least, gained <= -least]
    found["outcome"] = np.select(conditions, ["closed", "on_watch", "undecided", "improved", "worse"], "unchanged")
    return found.sort_values(keys, ignore_index=True)[columns]


def _verdicts(workbook: Workbook) -> pd.DataFrame:
    """The scorecards of the months looked back on, vetoes and what weighs nothing apart, with ``lost`` (points of the whole score)."""
    cards = pd.concat([scorecard(workbook.at(month)) for month in workbook.months], ignore_index=True)
    cards = cards[(cards["weight"] > 0) & ~cards["veto"]].reset_index(drop=True)
    lost = (cards["weight"] * (100.0 - cards["points"])).round(6)
    is_trigger = (cards["verdict"] == "missed") & (lost >= workbook.standards.value("action.corrective_points"))
    return cards.assign(lost=lost, is_trigger=is_trigger)


def open_runs(past: pd.DataFrame, close_months: int) -> tuple[pd.Series, pd.Series]:
    """Whether each supplier's measure has an open action in the last month, and for how many months; by supplier_id and measure."""
    index = ["supplier_id", "measure"]
    triggers = past.pivot(index=index, columns="month", values="is_trigger").sort_index(axis=1).eq(True)
    verdicts = past.pivot(index=index, columns="month", values="verdict").sort_index(axis=1)
    is_open, met, months = (np.zeros(len(triggers), dtype=kind) for kind in (bool, "int64", "int64"))
    for month in triggers.columns:
        verdict, triggered = verdicts[month].to_numpy(dtype=object), triggers[month].to_numpy()
        met = np.where(verdict == "met", met + 1, np.where(verdict == "missed", 0, met))
        is_open = triggered | (is_open & (met < close_months))
        months = np.where(is_open, months + 1, 0)
    return pd.Series(is_open, index=triggers.index), pd.Series(months, index=triggers.index)


FRAMES = (corrective, outcomes)
"""What the pages show."""
