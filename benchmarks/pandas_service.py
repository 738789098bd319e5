"""Dimension 4 in plain pandas: part of `pandas_measures`."""

from __future__ import annotations

import chinese_calendar
import numpy as np
import pandas as pd
from pandas_shares import HOURS, counted, main_currency, plain, share_of, waiting_measures, waiting_share, waits, within

from kmanalysis.statistics.intervals import proportion_bounds

NO_DISPUTE = ["question", "other"]


def service_measures(tables, failed: pd.DataFrame, span) -> dict[str, pd.DataFrame]:
    """The measures of dimension 4."""
    real = tables["tickets"][~tables["tickets"]["is_staged"]]
    opened = within(real, "opened_at", span.start, span.end)
    never = ~(opened["first_response_at"] < span.end) & (opened["resolved_at"] < span.end)
    answers = waits(opened, "opened_at", "first_response_at", span.end, never)
    older = real[real["opened_at"] < span.start]
    unresolved = older[~(older["resolved_at"] < span.end)]
    unanswered = unresolved[~(unresolved["first_response_at"] < span.end)]
    sent = real[(real["opened_at"] < span.end) & (real["reshipped_at"] < span.end)].groupby("order_id")["reshipped_at"].min()
    return {
        **waiting_measures("service.first_response", counted(answers), 600),
        "service.first_response.backlog": _backlog(opened, unanswered),
        **waiting_measures("service.resolution", counted(waits(opened, "opened_at", "resolved_at", span.end)), 7200),
        "service.resolution.backlog": _backlog(opened, unresolved),
        **_round_the_clock(opened, answers, span),
        **_reship_in_time(failed, sent, span),
        **_compensation(tables, failed, sent, span),
        **_disputes(within(tables["orders"], "ordered_at", span.start, span.end), opened),
    }


def _backlog(opened: pd.DataFrame, older: pd.DataFrame) -> pd.DataFrame:
    both = pd.concat([opened.groupby("supplier_id").size(), older.groupby("supplier_id").size()], axis=1, keys=["opened", "older"]).fillna(0)
    return plain(both["older"], (both["opened"] + both["older"]).astype("int64"))


def _round_the_clock(opened: pd.DataFrame, answers: pd.DataFrame, span) -> dict[str, pd.DataFrame]:
    kinds = {}
    for day in pd.date_range(span.first_day, span.last_day):
        is_free, festival = chinese_calendar.get_holiday_detail(day.date())
        kinds[day] = ("holiday" if festival else "weekend") if is_free else "workday"
    local = opened["opened_at"] + HOURS
    kind = local.dt.normalize().map(kinds)
    is_night = (local.dt.hour >= 22) | (local.dt.hour < 8)
    measure = "service.round_the_clock"
    found = waiting_measures(measure, counted(answers[is_night | (kind != "workday")]), 600)
    for label, is_meant in (("night", is_night), ("weekend", kind == "weekend"), ("holiday", kind == "holiday")):
        found[f"{measure}.{label}"] = waiting_share(counted(answers[is_meant]), 600)
    return found


def _reship_in_time(failed: pd.DataFrame, sent: pd.Series, span) -> dict[str, pd.DataFrame]:
    measure, limit = "service.reship_in_time", 86_400
    cases = within(failed, "failed_at", span.start, span.end)
    cases = cases.assign(reshipped_at=cases["order_id"].map(sent))
    waited = waits(cases, "failed_at", "reshipped_at", span.end).assign(is_known=cases["at_fault"] == "supplier")
    known, unknown = waited[waited["is_known"]], waited[~waited["is_known"]]
    found = waiting_measures(measure, counted(known), limit)
    if len(unknown):
        is_cut = ~unknown["ended"] & (unknown["seconds"] < limit)
        is_prompt = unknown["ended"] & (unknown["seconds"] <= limit)
        late = unknown.assign(seconds=unknown["seconds"].mask(is_cut, np.inf))[~is_prompt]
        prompt = unknown.assign(seconds=unknown["seconds"].mask(is_cut, 0.0), ended=unknown["ended"] | is_cut)[is_prompt | is_cut]
        main = found[measure]
        lower, upper = (waiting_share(counted(pd.concat([known, some])), limit) for some in (late, prompt))
        main["lower"], main["upper"] = np.fmin(main["lower"], lower["lower"].reindex(main.index)), np.fmax(main["upper"], upper["upper"].reindex(main.index))
    n = waited.groupby("supplier_id").size()
    return found | {f"{measure}.unknown_fault": plain((~waited["is_known"]).groupby(waited["supplier_id"]).sum(), n)}


def _compensation(tables, failed: pd.DataFrame, sent: pd.Series, span) -> dict[str, pd.DataFrame]:
    cases = failed[failed["failed_at"] < span.end]
    cases = cases.merge(_terms_in_force(tables, cases), on="order_id", how="left")
    hours, ten, thirty = (cases[term].fillna(default) for term, default in (("reship_hours", 24), ("compensation_share", 0.1), ("damages_share", 0.3)))
    deadline = cases["failed_at"] + pd.to_timedelta(hours, unit="h")
    is_made_good = cases["order_id"].map(sent) <= deadline
    base = cases["cost_amount"].where(cases["remedy_base"].fillna("cost") == "cost", cases["amount"])
    # Whole numbers, so that half a cent is half a cent.
    parts, rate = (base * 10_000).round(), (ten.where(is_made_good, thirty) * 1_000_000).round()
    due = (parts * rate + 50_000_000) // 100_000_000
    damages = tables["compensations"]
    damages = damages[(damages["kind"] == "damages") & (damages["paid_at"] < span.end)].groupby(["order_id", "currency"], as_index=False)["amount"].sum()
    received = cases[["order_id", "currency"]].merge(damages, on=["order_id", "currency"], how="left")["amount"].fillna(0) * 100
    paid = np.minimum(received, due).where(due.notna())
    by_supplier = cases["at_fault"] == "supplier"
    judged = cases[["supplier_id", "currency"]].assign(
        due=due.where(by_supplier, 0), paid=paid.where(by_supplier, 0), n=by_supplier & (due > 0), failures=by_supplier, unknown=by_supplier & due.isna(),
        other_due=due.mask(by_supplier, 0), other_paid=paid.mask(by_supplier, 0),
    )  # fmt: skip
    judged = judged[(deadline >= span.start) & (deadline < span.end)]
    main = main_currency(judged.groupby(["supplier_id", "currency"], as_index=False).sum(), "failures")
    is_open = main["other_due"] > 0
    value = plain(main["paid"] / main["due"].where(main["due"] > 0), main["n"])
    value["lower"] = (main["paid"] / (main["due"] + main["other_due"] - main["other_paid"])).where(is_open)
    value["upper"] = ((main["paid"] + main["other_paid"]) / (main["due"] + main["other_paid"])).where(is_open)
    return {"service.compensation_paid": value, "service.compensation_paid.unknown_due": plain(main["unknown"], main["failures"])}


def _terms_in_force(tables, cases: pd.DataFrame) -> pd.DataFrame:
    terms = tables["contract_terms"].pivot(index="contract_id", columns="term", values="value")
    terms = terms.reindex(columns=["reship_hours", "compensation_share", "damages_share", "remedy_base"])
    contracts = tables["contracts"][["contract_id", "supplier_id", "valid_from", "valid_to"]].merge(terms, on="contract_id", how="left")
    day = (cases["failed_at"] + HOURS).dt.normalize()
    both = cases[["order_id", "supplier_id"]].assign(day=day).merge(contracts, on="supplier_id")
    starts, ends = pd.to_datetime(both["valid_from"]), pd.to_datetime(both["valid_to"])
    both = both[(starts <= both["day"]) & (ends.isna() | (ends >= both["day"]))]
    latest = both.sort_values(["valid_from", "contract_id"], ascending=False).drop_duplicates("order_id")
    numbers = {term: pd.to_numeric(latest[term]) for term in ("reship_hours", "compensation_share", "damages_share")}
    return latest[["order_id", "remedy_base"]].assign(**numbers)


def _disputes(orders: pd.DataFrame, opened: pd.DataFrame) -> dict[str, pd.DataFrame]:
    disputes = opened[~opened["kind"].isin(NO_DISPUTE) & opened["order_id"].notna()]
    weight = disputes["at_fault"].fillna("unknown").map({"supplier": 3, "unknown": 2}).fillna(1)
    fault = orders["order_id"].map(weight.groupby(disputes["order_id"]).max()).groupby(orders["supplier_id"])
    counts = fault.agg(n="size", disputed="count", most=lambda one: (one >= 2).sum(), least=lambda one: (one == 3).sum())
    theirs = share_of(counts["most"], counts["n"])
    theirs["lower"] = proportion_bounds(counts["least"], counts["n"])[0]
    return {"service.dispute_rate": share_of(counts["disputed"], counts["n"]), "service.dispute_rate.supplier_fault": theirs}
