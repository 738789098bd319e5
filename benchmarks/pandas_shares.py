"""Shares and waiting times in plain pandas. A measure is a frame ``value``, ``n`` and, where it has them, ``lower``, ``upper``, by supplier.

The formulas of bounds and curves are the product's own (numpy and scipy): what is compared is how their counts come about.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.statistics.intervals import proportion_bounds
from kmanalysis.statistics.survival import share_within_by, waiting_quantiles_by

HOURS = pd.Timedelta(hours=8)
"""Asia/Shanghai."""


def within(table: pd.DataFrame, moment: str, since: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """The rows from a moment to another."""
    return table[(table[moment] >= since) & (table[moment] < until)]


def share(good: pd.Series, supplier: pd.Series) -> pd.DataFrame:
    """Share of the good ones, with exact bounds."""
    found = good.groupby(supplier).agg(["sum", "size"])
    return share_of(found["sum"], found["size"])


def share_of(successes: pd.Series, n: pd.Series) -> pd.DataFrame:
    """Share of successes in n, with exact bounds."""
    lower, upper = proportion_bounds(successes, n)
    return pd.DataFrame({"value": successes / n.where(n > 0), "n": n, "lower": lower, "upper": upper})


def plain(value: pd.Series, n) -> pd.DataFrame:
    """A value without bounds."""
    return pd.DataFrame({"value": value.astype("float64"), "n": n})


def waits(cases: pd.DataFrame, started: str, ended: str, end: pd.Timestamp, never=None, is_bound=None) -> pd.DataFrame:
    """The cases with seconds (inf: never), whether they ended by the month's end, and whether that is only an upper bound."""
    never = pd.Series(False, index=cases.index) if never is None else never
    is_over = (cases[ended] < end) & ~never
    waited = (cases[ended].where(is_over, end) - cases[started]).dt.total_seconds()
    seconds = np.ceil(waited).where(is_over, np.floor(waited)).mask(never, np.inf)
    found = pd.DataFrame({"supplier_id": cases["supplier_id"], "seconds": seconds, "ended": is_over | never, "is_bound": False})
    if is_bound is not None:
        found["is_bound"] = is_bound.fillna(False).astype(bool) & is_over
    return found[never | (waited >= 0)]


def counted(cases: pd.DataFrame) -> pd.DataFrame:
    """Counts per supplier and second, as the formulas take them."""
    return cases.groupby(["supplier_id", "seconds", "ended", "is_bound"], as_index=False).size().rename(columns={"size": "cases"})


def waiting_share(counts: pd.DataFrame, limit: float) -> pd.DataFrame:
    """Share of waits that ended within the limit."""
    return share_within_by(counts, limit).set_index("supplier_id").rename(columns={"share": "value"})


def waiting_measures(measure: str, counts: pd.DataFrame, limit: float) -> dict[str, pd.DataFrame]:
    """A waiting time: the share within its limit, P50, P95, and the share that is still open."""
    shares = waiting_share(counts, limit)
    late_bounds = counts["is_bound"] & (counts["seconds"] > limit)
    if late_bounds.any():
        favourable = counts.assign(seconds=counts["seconds"].mask(late_bounds, 0.0))
        shares["upper"] = waiting_share(favourable, limit)["upper"]
    still_open = counts["cases"].where(~counts["ended"], 0).groupby(counts["supplier_id"]).sum()
    found = {measure: shares, f"{measure}.open_share": plain(still_open / shares["n"], shares["n"])}
    for label, q in (("p50_seconds", 0.5), ("p95_seconds", 0.95)):
        found[f"{measure}.{label}"] = waiting_quantiles_by(counts, q).set_index("supplier_id").assign(n=shares["n"])
    return found


def as_days(dates: pd.Series) -> pd.Series:
    """Dates as times of midnight."""
    return pd.to_datetime(dates).dt.as_unit("us")


def each_day(spans: pd.DataFrame) -> pd.DataFrame:
    """A row for each day from first to last."""
    spans = spans.reset_index(drop=True)
    length = (spans["last"] - spans["first"]).dt.days + 1
    daily = spans.loc[spans.index.repeat(length)]
    number = daily.groupby(level=0).cumcount()
    return daily.assign(day=daily["first"] + pd.to_timedelta(number, unit="D")).drop(columns=["first", "last"]).reset_index(drop=True)


def main_currency(frame: pd.DataFrame, *events: str) -> pd.DataFrame:
    """The rows of each supplier's main currency, by supplier."""
    order = frame.sort_values(["supplier_id", *events, "currency"], ascending=[True, *[False] * len(events), True])
    return order.drop_duplicates("supplier_id").set_index("supplier_id")
