"""Drift: control charts of what is seen daily, the day of their signal, and the day on which the drift began."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.price.market import daily_deviations
from kmanalysis.measures.service.tickets import tickets_by_day
from kmanalysis.measures.stability.orders import delivery_days, delivery_log_days
from kmanalysis.standards import Standards
from kmanalysis.statistics.control import daily_variance, drift_onset, ewma, ewma_spread
from kmanalysis.workbook import Workbook, frame

SERIES = ("supplier_id", "measure", "day", "cases", "value", "is_baseline", "centre", "ewma", "limit")
DRIFTS = ("supplier_id", "measure", "signalled_on", "began_on", "kind", "size", "centre", "latest", "limit", "is_standing")


@frame("decisions.drift_charts")
def drift_charts(workbook: Workbook) -> pd.DataFrame:
    """The control chart of every supplier and charted measure (columns `SERIES`), a row a day; disputes a row a week, by its first day.

    The first months looked back on are the baseline: its mean is the centre, and its spread from day to day makes the limits, which follow the
    number of cases. Only the bad direction signals: slower, more disputes, dearer. ``limit`` is where the moving average signals: out of its own
    noise, and further from the centre than the least shift that matters. Suppliers without a baseline have no chart.
    """
    months = workbook.months
    baseline = int(workbook.standards.value("review.baseline_months"))
    parts = [pd.DataFrame(columns=list(SERIES)).astype(_TYPES)]
    if len(months) <= baseline:
        return parts[0]
    begins = pd.Timestamp(months[baseline].first_day)
    days = pd.date_range(months[0].first_day, months[-1].last_day, freq="D")
    for measure, (observe, shift) in _OBSERVED.items():
        least = shift(workbook.standards.value(f"review.{_SHIFTS[measure]}"))
        charted = _charted(observe(workbook, days), begins, workbook.standards, least=least, is_count=measure == "service.dispute_rate")
        parts.append(charted.assign(measure=measure)[list(SERIES)])
    return pd.concat(parts, ignore_index=True).sort_values(["supplier_id", "measure", "day"], ignore_index=True)


@frame("decisions.drifts")
def drifts(workbook: Workbook) -> pd.DataFrame:
    """What signalled (columns `DRIFTS`): the day of the first signal, the day on which the drift began, its kind and size, and whether it still stands.

    ``size`` is the step, or the ramp's rise a day (a week for disputes), in the chart's own unit; ``latest`` is the moving average at the end.
    """
    length = int(workbook.standards.value("review.dispute_days"))
    charts = drift_charts(workbook)
    watched = charts[~charts["is_baseline"]]
    one = ["supplier_id", "measure"]
    is_out = (watched["ewma"] > watched["limit"]) & watched["value"].notna()
    signalled = watched.assign(is_out=is_out)[is_out.groupby([watched[name] for name in one]).transform("any")]
    rows = [_drift(chart, length if measure == "service.dispute_rate" else 1) for (_, measure), chart in signalled.groupby(one, sort=True)]
    found = pd.DataFrame([row for row in rows if row], columns=list(DRIFTS))
    days = dict.fromkeys(("signalled_on", "began_on"), "datetime64[s]")
    return found.astype(days | dict.fromkeys(("size", "centre", "latest", "limit"), "float64") | {"is_standing": "bool"})


@frame("decisions.drift_series")
def drift_series(workbook: Workbook) -> pd.DataFrame:
    """The charts of those that signalled alone: what a page draws."""
    signalled = drifts(workbook)[["supplier_id", "measure"]]
    return drift_charts(workbook).merge(signalled, on=["supplier_id", "measure"])


def _charted(seen: pd.DataFrame, begins: pd.Timestamp, standards: Standards, *, least: float, is_count: bool) -> pd.DataFrame:
    """The days seen of the suppliers that have a baseline and were seen after it, with is_baseline, centre, ewma and limit; value rounded."""
    weight, width = standards.value("review.ewma_weight"), standards.value("review.ewma_width")
    is_baseline = (seen["day"] < begins).to_numpy()
    cases, value = seen["cases"].to_numpy(), seen["value"].to_numpy(dtype="float64")
    is_seen, is_charted = ~np.isnan(value), np.zeros(len(seen), dtype=bool)
    centres, average, limit = (np.full(len(seen), np.nan) for _ in range(3))
    for places in seen.groupby("supplier_id").indices.values():
        rows = np.asarray(places)
        base, later = rows[is_baseline[rows] & is_seen[rows]], rows[~is_baseline[rows]]
        if len(base) < 2 or not is_seen[later].any():
            continue
        total = cases[base].sum()
        centre = float((value[base] * cases[base]).sum() / total)
        variance = daily_variance(value[base], cases[base], centre)
        # Counts differ by chance at least as Poisson's law says; none seen is less than one half.
        variance = max(variance, centre, 0.5 / total) if is_count else variance
        reach = width * ewma_spread(variance / np.where(is_seen[later], cases[later], np.nan), weight)
        average[later], limit[later] = ewma(value[later], weight, centre), centre + np.maximum(reach, least)
        for charted in (base, later):
            is_charted[charted], centres[charted] = True, round(centre, DIGITS)
    rounded = {"value": value.round(DIGITS), "ewma": average.round(DIGITS), "limit": limit.round(DIGITS)}
    return seen.assign(is_baseline=is_baseline, centre=centres, **rounded)[is_charted]


def _drift(watched: pd.DataFrame, length: int) -> dict[str, object] | None:
    until = watched.head(int(watched["is_out"].to_numpy().argmax()) + 1)
    centre, last = float(watched["centre"].iloc[0]), watched.iloc[-1]
    onset = drift_onset(until["value"], until["cases"], centre)
    if onset is None:
        return None
    return {
        **{name: last[name] for name in ("supplier_id", "measure", "centre", "limit")},
        "signalled_on": until["day"].iloc[-1] + pd.Timedelta(days=length - 1),
        "began_on": until["day"].iloc[onset.place],
        "kind": onset.kind,
        "size": round(onset.size, DIGITS),
        "latest": last["ewma"],
        "is_standing": bool(last["ewma"] > last["limit"]),
    }


def _all_months(workbook: Workbook, observe: Callable[[Workbook], pd.DataFrame], columns: Mapping[str, str]) -> pd.DataFrame:
    found = pd.concat([observe(workbook.at(month)) for month in workbook.months], ignore_index=True)
    found = found[["supplier_id", "day", *columns]].rename(columns=dict(columns))
    return found.assign(day=pd.to_datetime(found["day"]).astype("datetime64[s]"))


def _delivery(workbook: Workbook, days: pd.DatetimeIndex) -> pd.DataFrame:
    return _all_months(workbook, delivery_log_days, {"delivered": "cases", "log_seconds": "value"})


def _prices(workbook: Workbook, days: pd.DatetimeIndex) -> pd.DataFrame:
    # A median of SKUs is one reading a day, however many they are: they are priced together.
    return _all_months(workbook, daily_deviations, {"median_deviation": "value"}).assign(cases=1)


def _disputes(workbook: Workbook, days: pd.DatetimeIndex) -> pd.DataFrame:
    """Disputes opened / orders, by stretches of days that end with the month."""
    orders = _all_months(workbook, delivery_days, {"orders": "cases"})
    both = orders.merge(_all_months(workbook, tickets_by_day, {"disputes": "disputes"}), on=["supplier_id", "day"], how="left")
    length = int(workbook.standards.value("review.dispute_days"))
    back = (days[-1] - both["day"]).dt.days // length
    both["day"] = (days[-1] - pd.to_timedelta((back + 1) * length - 1, unit="D")).astype("datetime64[s]")
    sums = both[both["day"] >= days[0]].fillna({"disputes": 0}).groupby(["supplier_id", "day"], as_index=False)[["cases", "disputes"]].sum()
    return sums.assign(value=sums["disputes"] / sums["cases"]).drop(columns="disputes")


_TYPES = {"supplier_id": "str", "measure": "str", "day": "datetime64[s]", "cases": "int64", "is_baseline": "bool"} | dict.fromkeys(
    ("value", "centre", "ewma", "limit"), "float64"
)
_SHIFTS = {"stability.delivery_time": "delivery_shift", "service.dispute_rate": "dispute_shift", "price.band_share": "price_shift"}
_OBSERVED: Mapping[str, tuple[Callable[[Workbook, pd.DatetimeIndex], pd.DataFrame], Callable[[float], float]]] = {
    "stability.delivery_time": (_delivery, lambda share: float(np.log1p(share))),
    "service.dispute_rate": (_disputes, float),
    "price.band_share": (_prices, float),
}

FRAMES = (drifts, drift_series)
"""What the pages show."""
