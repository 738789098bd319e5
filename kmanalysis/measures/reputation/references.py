"""Dimension 5, reputation and references: what clients confirmed when asked, and what is said in public.

A reference counts as reached once its client confirmed or denied it by the month's end. Who could not be reached, or was not asked yet, is
unknown: never forged.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import measures_frame
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.statistics.intervals import finite_lot_bounds
from kmanalysis.workbook import Workbook, frame, query

YEAR = 365.25
"""Days."""

OUTCOMES = ("confirmed", "denied", "unreachable", "not_asked")
"""What is known of a reference at the month's end."""

SERVED_SIZES = ("small", "medium")
HOST = r"^\s*(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?:[^@/?#]*@)?([^@:/?#\s]+\.[^@:/?#\s]+)"
ADDRESS = r"[A-Za-z][A-Za-z0-9+.-]*://\S+"


@frame("reputation.stated_references", needs=reads_of("reputation.reference_confirmed"))
def stated_references(workbook: Workbook) -> pd.DataFrame:
    """Every reference as known at the month's end: supplier_id, reference_id, client, client_size, since, contacted_at, outcome (one of `OUTCOMES`)."""
    found = _references(workbook)
    found["since"] = pd.to_datetime(found["since"]).astype("datetime64[s]")
    return found


@query("reputation.references")
def _references(workbook: Workbook) -> ir.Table:
    return reference_rows(workbook).drop("severity").order_by(["supplier_id", "reference_id"])


def reference_rows(workbook: Workbook) -> ir.Table:
    """The stated references in the engine; denied ones are worst, then those that nobody reached."""
    references = workbook.table("references")
    is_asked = references.contacted_at < workbook.period.end
    outcome = ibis.ifelse(ibis.coalesce(is_asked, False), ibis.coalesce(references.outcome, "not_asked"), "not_asked")
    shown = references.select("supplier_id", "reference_id", "client", "client_size", "since", "contacted_at", outcome=outcome)
    severity = ibis.cases((shown.outcome == "denied", 3.0), (shown.outcome == "unreachable", 2.0), (shown.outcome == "not_asked", 1.0), else_=0.0)
    return shown.mutate(severity=severity)


def cooperation_years(workbook: Workbook) -> pd.DataFrame:
    """The longest cooperation that a client confirmed, in years at the month's end; `measures_frame`.

    lower is the value; upper also believes the references that were not reached, and is missing where one that may be true tells no date. n
    counts the references reached, confirmed ones only with a date.
    """
    stated = stated_references(workbook)
    last_day = pd.Timestamp(workbook.month.last_day)
    years = ((last_day - stated["since"]).dt.days / YEAR).clip(lower=0)
    is_denied, is_confirmed = stated["outcome"] == "denied", (stated["outcome"] == "confirmed") & years.notna()
    cases = stated.assign(
        n=is_denied | is_confirmed,
        value=years.where(is_confirmed, 0.0),
        upper=years.where(~is_denied, 0.0),
        is_open=years.isna() & ~is_denied,
    )
    longest = cases.groupby("supplier_id", as_index=False).agg(n=("n", "sum"), value=("value", "max"), upper=("upper", "max"), is_open=("is_open", "any"))
    longest["upper"] = longest["upper"].mask(longest["is_open"])
    return measures_frame(workbook, "reputation.cooperation_years", longest.assign(lower=longest["value"]), unit="years", basis="bounded")


def platforms_served(workbook: Workbook) -> pd.DataFrame:
    """Distinct small and medium clients that confirmed the cooperation; `measures_frame`.

    lower is the value; upper adds the clients that were not reached, and those whose size nobody noted. n counts the references reached.
    """
    stated = stated_references(workbook)
    is_confirmed, is_denied = stated["outcome"] == "confirmed", stated["outcome"] == "denied"
    is_served = stated["client_size"].isin(SERVED_SIZES)
    client = stated["client"].str.strip()
    cases = stated.assign(
        n=is_confirmed | is_denied,
        value=client.where(is_confirmed & is_served),
        upper=client.where(~is_denied & (is_served | stated["client_size"].isna())),
    )
    served = cases.groupby("supplier_id", as_index=False).agg(n=("n", "sum"), value=("value", "nunique"), upper=("upper", "nunique"))
    return measures_frame(workbook, "reputation.platforms_served", served.assign(lower=served["value"]), unit="count", basis="bounded")


def reference_confirmed(workbook: Workbook) -> pd.DataFrame:
    """Share of the references reached that the client confirmed; `measures_frame`.

    Those reached are a sample from the lot of all stated references, which the bounds speak of. ``.stated`` and ``.not_reached`` count them.
    """
    stated = stated_references(workbook)
    is_confirmed = stated["outcome"] == "confirmed"
    cases = stated.assign(confirmed=is_confirmed, reached=is_confirmed | (stated["outcome"] == "denied"))
    counts = cases.groupby("supplier_id", as_index=False).agg(confirmed=("confirmed", "sum"), n=("reached", "sum"), lot=("reached", "size"))
    lower, upper = finite_lot_bounds(counts["confirmed"], counts["n"], counts["lot"], workbook.standards.value("counting.confidence"))
    share = counts["confirmed"] / counts["n"].where(counts["n"] > 0)
    parts = [measures_frame(workbook, "reputation.reference_confirmed", counts.assign(value=share, lower=lower, upper=upper), unit="share", basis="sample")]
    for label, count in (("stated", counts["lot"]), ("not_reached", counts["lot"] - counts["n"])):
        parts.append(measures_frame(workbook, f"reputation.reference_confirmed.{label}", counts.assign(value=count, n=counts["lot"]), unit="count"))
    return pd.concat(parts, ignore_index=True)


@frame("reputation.public_findings", needs=reads_of("reputation.public_signal"))
def public_findings(workbook: Workbook) -> pd.DataFrame:
    """The public findings of the window: supplier_id, signal_id, found_on, source_kind, host, polarity, summary; no address but its host's name."""
    found = _findings(workbook)
    found["found_on"] = pd.to_datetime(found["found_on"]).astype("datetime64[s]")
    return found


@query("reputation.findings")
def _findings(workbook: Workbook) -> ir.Table:
    return public_signal_rows(workbook).drop("severity").order_by("supplier_id", "found_on", "signal_id")


def public_signal(workbook: Workbook) -> pd.DataFrame:
    """Share of good ones among the public findings of the window up to the month's end; `measures_frame`. Findings are no random sample: no bounds."""
    found = public_findings(workbook)
    counts = found.assign(good=found["polarity"] == "good").groupby("supplier_id", as_index=False).agg(good=("good", "sum"), n=("good", "size"))
    return measures_frame(workbook, "reputation.public_signal", counts.assign(value=counts["good"] / counts["n"].astype(np.float64)), unit="share")


def public_signal_rows(workbook: Workbook) -> ir.Table:
    """The public findings of the window in the engine; bad ones are worse the younger they are."""
    window = int(workbook.standards.value("counting.signal_window"))
    first, last = workbook.period.first_day - ibis.interval(months=window - 1), workbook.period.last_day
    signals = workbook.table("signals").filter(ibis._.found_on >= first, ibis._.found_on <= last)
    host = signals.source_url.re_extract(HOST, 1).lower().nullif("")
    summary = signals.summary.re_replace(ADDRESS, "…")
    age = last.delta(signals.found_on, unit="day").cast("float64")
    severity = ibis.ifelse(signals.polarity == "bad", 1 / (1 + age), 0.0)
    return signals.select("supplier_id", "signal_id", "found_on", "source_kind", "polarity", host=host, summary=summary, severity=severity)
