"""Control charts on made series: a baseline, what came after it, and the day on which it began."""

import numpy as np
import pandas as pd

from kmanalysis.decisions.drift import drift_charts, drift_series, drifts
from kmanalysis.standards import default_standards
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import Workbook

DAYS = pd.date_range("2026-05-01", "2026-10-31", freq="D")


def workbook_of_series(*, log_seconds=None, deviations=None, disputes=None, orders=8, month="2026-10"):
    """A workbook of finished daily frames: series by supplier, a value a day."""

    def frame(series, column, **others):
        rows = [pd.DataFrame({"supplier_id": supplier, "day": DAYS, column: values} | others) for supplier, values in (series or {}).items()]
        empty = pd.DataFrame({"supplier_id": pd.Series(dtype="str"), "day": pd.Series(dtype="datetime64[s]")}).assign(**{column: 0.0} | others)
        return pd.concat([empty, *rows], ignore_index=True) if rows else empty

    named = {
        "stability.delivery_log_days": frame(log_seconds, "log_seconds", delivered=orders),
        "price.daily_deviations": frame(deviations, "median_deviation"),
        "service.tickets_by_day": frame(disputes, "disputes"),
        "stability.delivery_days": frame(dict.fromkeys(disputes or {}, 0), "in_time", orders=orders),
    }
    frames = {}
    for name, whole in named.items():
        for of_month, part in whole.groupby(pd.to_datetime(whole["day"]).dt.strftime("%Y-%m")):
            frames[of_month, name] = part.reset_index(drop=True)
        for number in range(5, 11):
            frames.setdefault((f"2026-{number:02d}", name), whole.head(0))
    return Workbook(Month.parse(month), default_standards(), Words("en"), frames=frames, facts={"first_month": "2026-05"})


def after(day):
    return np.maximum((DAYS - pd.Timestamp(day)).days.to_numpy() + 1, 0)


def noise(seed, size):
    return size * np.random.default_rng(seed).standard_normal(len(DAYS))


def test_a_doubling_of_delivery_times_is_dated():
    series = {"s1": 3.6 + noise(1, 0.15), "s2": 3.6 + noise(2, 0.15) + np.log(2) * (after("2026-08-20") > 0)}
    found = drifts(workbook_of_series(log_seconds=series)).iloc[0]
    assert (found["supplier_id"], found["measure"], found["kind"]) == ("s2", "stability.delivery_time", "step")
    assert abs((found["began_on"] - pd.Timestamp("2026-08-20")).days) <= 2
    assert found["signalled_on"] > found["began_on"]


def test_a_slow_rise_of_prices_is_a_ramp():
    series = {"s1": 0.01 + noise(3, 0.002) + 0.002 * after("2026-09-05"), "s2": 0.01 + noise(4, 0.002)}
    found = drifts(workbook_of_series(deviations=series))
    assert list(found["supplier_id"]) == ["s1"]
    assert found["kind"].iloc[0] == "ramp"
    assert abs((found["began_on"].iloc[0] - pd.Timestamp("2026-09-05")).days) <= 2


def test_the_better_direction_and_what_does_not_matter_give_no_signal():
    faster = 3.6 + noise(5, 0.15) - np.log(2) * (after("2026-08-20") > 0)
    dearer_by_one_percent = noise(6, 0.001) + 0.01 * (after("2026-08-20") > 0)
    workbook = workbook_of_series(log_seconds={"s1": faster}, deviations={"s1": dearer_by_one_percent})
    assert drifts(workbook).empty
    assert drift_series(workbook).empty
    assert set(drift_charts(workbook)["measure"]) == {"stability.delivery_time", "price.band_share"}


def test_disputes_are_counted_by_week():
    generator = np.random.default_rng(8)
    quiet = generator.poisson(0.1, len(DAYS))
    worse = generator.poisson(np.where(after("2026-08-30") > 0, 0.7, 0.1))
    workbook = workbook_of_series(disputes={"s1": quiet, "s2": worse})
    chart = drift_charts(workbook)
    assert set(chart["day"].dt.day_name()) == {"Sunday"}  # October 2026 ends on a Saturday
    assert set(chart["cases"]) <= {16, 24, 32, 40, 48, 56}
    found = drifts(workbook)
    assert list(found["supplier_id"]) == ["s2"]
    assert abs((found["began_on"].iloc[0] - pd.Timestamp("2026-08-30")).days) <= 7


def test_a_drift_that_went_away_does_not_stand():
    gone = 3.6 + noise(9, 0.15) + np.log(3) * ((after("2026-08-10") > 0) & (after("2026-08-31") == 0))
    found = drifts(workbook_of_series(log_seconds={"s1": gone}))
    assert found[["supplier_id", "is_standing"]].to_numpy().tolist() == [["s1", False]]


def test_without_months_after_the_baseline_there_is_no_chart():
    series = {"s1": 3.6 + noise(1, 0.15)}
    assert drift_charts(workbook_of_series(log_seconds=series, month="2026-07")).empty
