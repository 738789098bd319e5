"""The codes of a trial: which came with it, how they were checked, what a sequential test says after each, and which had been handed out before."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.errors import StandardsError
from kmanalysis.standards import Standards
from kmanalysis.statistics.sprt import GO_ON, SequentialPlan, decisions, ending_plan
from kmanalysis.workbook import Workbook, frame, kept, query


def begun_trials(workbook: Workbook) -> ir.Table:
    """The trials that began by the month's end."""
    trials = workbook.table("trials")
    return trials.filter(trials.started_at < workbook.period.end)


def trial_purchases(workbook: Workbook) -> ir.Table:
    """What was bought for these trials by the month's end; ``supplier_id`` and ``trial_currency`` are the trial's."""
    trials = begun_trials(workbook).select("trial_id", "supplier_id", trial_currency="currency")
    purchases = workbook.table("purchases")
    purchases = purchases.filter(purchases.purchased_at < workbook.period.end, purchases.trial_id.notnull()).drop("supplier_id")
    return purchases.join(trials, "trial_id")


@kept("trial.trial_codes")
def trial_codes(workbook: Workbook) -> ir.Table:
    """The codes of these trials, a row a trial and code: those that came with its purchases, and those that were checked in it."""
    codes = workbook.table("codes")
    codes = codes.filter(codes.issued_at < workbook.period.end).drop("supplier_id")
    columns = ["trial_id", "code_id", "sku", "order_id", "purchase_id", "issued_at", "code_digest"]
    bought = codes.join(trial_purchases(workbook).select("trial_id", "purchase_id"), "purchase_id").select(columns)
    checked = codes.join(_checks(workbook).select("trial_id", "code_id").distinct(), "code_id").select(columns)
    return ibis.union(bought, checked, distinct=True).join(begun_trials(workbook).select("trial_id", "supplier_id"), "trial_id")


def sequential_plan(standards: Standards) -> SequentialPlan:
    """The sequential test of trials by the standards. Raises StandardsError where the good supplier's share is not above the one that is asked for."""
    good, claim = standards.value("trial.good_share"), standards.value("trial.valid_share")
    if not 0 < claim < good < 1:
        raise StandardsError(
            "trial.good_share {good} and trial.valid_share {claim} cannot be told apart: a sequential test needs 0 < valid_share < good_share < 1.",
            good=good,
            claim=claim,
        )
    risks = standards.value("trial.producer_risk"), standards.value("trial.consumer_risk")
    return ending_plan(1 - good, 1 - claim, *risks, standards.value("trial.truncation"))


@frame("trial.checks")
def checks(workbook: Workbook) -> pd.DataFrame:
    """The checked codes of each trial in order, with what the sequential test says after each: the last check of a code counts.

    Columns: supplier_id, trial_id, place (from 1), check_id, code_id, checked_at, outcome, n and bad (decided codes and dead ones so far), accept_number,
    reject_number, decision (``accept``, ``reject``, ``go_on``). An unclear outcome moves nothing.
    """
    checked = _last_checks(workbook)
    plan = sequential_plan(workbook.standards)
    parts = [_run(of_trial, plan) for _, of_trial in checked.groupby("trial_id", sort=False)]
    return pd.concat(parts, ignore_index=True) if parts else _run(checked, plan)


def _run(checked: pd.DataFrame, plan: SequentialPlan) -> pd.DataFrame:
    is_decided = (checked["outcome"] != "unclear").to_numpy(dtype=bool)
    rows = decisions(plan, (checked["outcome"] == "invalid").to_numpy(dtype=bool)[is_decided])
    numbers = ["n", "bad", "accept_number", "reject_number"]
    rows.index = checked.index[is_decided]
    # What was said before an unclear code still holds after it.
    rows = rows.reindex(checked.index).ffill()
    rows[["n", "bad"]] = rows[["n", "bad"]].fillna(0)
    rows["decision"] = rows["decision"].fillna(GO_ON)
    first = {"accept_number": int(plan.accept_number(1)), "reject_number": int(plan.reject_number(1))}
    rows[numbers] = rows[numbers].fillna(first).astype("int64")
    placed = checked.assign(place=range(1, len(checked) + 1))
    columns = ["supplier_id", "trial_id", "place", "check_id", "code_id", "checked_at", "outcome"]
    return pd.concat([placed[columns], rows], axis=1).reset_index(drop=True)


@frame("trial.repeats")
@query("trial.repeats")
def repeats(workbook: Workbook) -> ir.Table:
    """Codes of a trial that had been handed out before: by any supplier (``elsewhere``), or in the same trial (``within_trial``).

    Columns: supplier_id, trial_id, code_id, sku, issued_at, where_before, and of the earliest handing-out before it earlier_code_id,
    earlier_supplier_id, earlier_order_id, earlier_issued_at; one elsewhere goes before one in the trial. All codes of the trial are looked at, checked
    or not. A code that is meant for many (`with_purpose`, on any of its rows) repeats on purpose and is left out, and so is a race of the platform's own.
    """
    own = trial_codes(workbook)
    codes = workbook.table("codes")
    alike = codes.filter(codes.issued_at < workbook.period.end).semi_join(own.select("code_digest").distinct(), "code_digest")
    alike = with_purpose(workbook, alike)
    meant_for_many = alike.filter(alike.purpose != "").select("code_digest").distinct()
    is_race = ibis.coalesce(alike.is_platform_race, False)
    races = alike.filter(is_race).select(race_code="code_id")
    alike = alike.filter(~is_race)
    earlier = alike.anti_join(meant_for_many, "code_digest").select(
        "code_digest",
        earlier_code_id="code_id",
        earlier_supplier_id="supplier_id",
        earlier_order_id="order_id",
        earlier_issued_at="issued_at",
    )
    pairs = own.anti_join(races, own.code_id == races.race_code).join(earlier, "code_digest")
    is_same_time = pairs.earlier_issued_at == pairs.issued_at
    pairs = pairs.filter((pairs.earlier_issued_at < pairs.issued_at) | (is_same_time & (pairs.earlier_code_id < pairs.code_id)))
    siblings = own.select(sibling_trial="trial_id", sibling_code="code_id")
    pairs = pairs.left_join(siblings, [pairs.trial_id == siblings.sibling_trial, pairs.earlier_code_id == siblings.sibling_code])
    pairs = pairs.mutate(where_before=ibis.ifelse(pairs.sibling_code.isnull(), "elsewhere", "within_trial"))
    order = ibis.window(group_by=["trial_id", "code_id"], order_by=["where_before", "earlier_issued_at", "earlier_code_id"])
    first = pairs.mutate(rank=ibis.row_number().over(order))
    columns = ["supplier_id", "trial_id", "code_id", "sku", "issued_at", "where_before"]
    rows = first.filter(first["rank"] == 0).select(*columns, "earlier_code_id", "earlier_supplier_id", "earlier_order_id", "earlier_issued_at")
    return rows.order_by("supplier_id", "trial_id", "issued_at", "code_id")


def with_purpose(workbook: Workbook, codes: ir.Table) -> ir.Table:
    """These rows of codes, with ``purpose`` and ``reason``.

    ``purpose`` says why a repeat is meant: ``marked`` (codes.is_shared_use), ``listed`` (allowed_repeats: for its SKU, the code, or both), or nothing;
    ``reason`` is that of the list, the closest line first.
    """
    allowed = workbook.table("allowed_repeats")
    for_code, for_sku = allowed.code_digest.notnull(), allowed.sku.notnull()
    by_both = allowed.filter(for_code, for_sku).group_by(both_digest="code_digest", both_sku="sku").agg(both_reason=ibis._.reason.min())
    by_code = allowed.filter(for_code, ~for_sku).group_by(one_digest="code_digest").agg(one_reason=ibis._.reason.min())
    by_sku = allowed.filter(~for_code, for_sku).group_by(all_sku="sku").agg(all_reason=ibis._.reason.min())
    found = codes.left_join(by_both, [codes.code_digest == by_both.both_digest, codes.sku == by_both.both_sku])
    found = found.left_join(by_code, found.code_digest == by_code.one_digest)
    found = found.left_join(by_sku, found.sku == by_sku.all_sku)
    reason = ibis.coalesce(found.both_reason, found.one_reason, found.all_reason)
    purpose = ibis.cases((reason.notnull(), "listed"), (ibis.coalesce(found.is_shared_use, False), "marked"), else_="")
    return found.select(*codes.columns, purpose=purpose, reason=reason)


def _checks(workbook: Workbook) -> ir.Table:
    found = workbook.table("trial_checks")
    return found.filter(found.checked_at < workbook.period.end).semi_join(begun_trials(workbook), "trial_id")


@query("trial.last_checks")
def _last_checks(workbook: Workbook) -> ir.Table:
    """The last check of each code of a trial, in the order of checking."""
    found = _checks(workbook)
    order = ibis.window(group_by=["trial_id", "code_id"], order_by=[ibis.desc(found.checked_at), ibis.desc(found.check_id)])
    ranked = found.mutate(rank=ibis.row_number().over(order))
    last = ranked.filter(ranked["rank"] == 0).drop("rank")
    rows = last.join(begun_trials(workbook).select("trial_id", "supplier_id"), "trial_id")
    return rows.select("supplier_id", "trial_id", "check_id", "code_id", "checked_at", "outcome").order_by("supplier_id", "trial_id", "checked_at", "check_id")


@query("trial.code_counts")
def code_counts(workbook: Workbook) -> ir.Table:
    """Codes that are known of each trial: trial_id, codes."""
    own = trial_codes(workbook)
    return own.group_by("trial_id").agg(codes=own.count()).order_by("trial_id")
