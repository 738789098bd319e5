"""Trials: what was bought against the budget, how fast it came, how staged questions were answered, and what the checked codes show.

Lot and process are two claims: of the codes that were bought (a finite lot), and of those that the supplier will send. Every figure is of
trials that began by the month's end, and holds what had happened by then.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.orders import UNFULFILLED
from kmanalysis.measures.common.waiting import waiting_cases
from kmanalysis.statistics.intervals import finite_lot_bounds, proportion_bounds
from kmanalysis.statistics.sprt import GO_ON
from kmanalysis.steps.trial.codes import begun_trials, checks, code_counts, repeats, trial_codes, trial_purchases
from kmanalysis.workbook import Workbook, frame, query


@frame("trial.trials")
def trials(workbook: Workbook) -> pd.DataFrame:
    """Each trial with its figures, in order of supplier and beginning; key trial_id.

    - ``is_current``: it began or ended in the month;
    - ``paid_amount``, ``fees_amount``, ``cost_amount`` (both) against ``budget_amount``, in ``currency``; empty where something was paid in another one;
    - ``quantity`` ordered, ``undelivered`` of them, ``codes`` that are known one by one, ``unlisted`` ones that came and are not (of a purchase that
      is still open all that is not known counts), ``lot``: codes that came;
    - ``checked``, ``valid``, ``invalid``, ``unclear`` codes; ``valid_share`` of those that were decided; its bounds for the process
      (``process_lower``, ``process_upper``) and for the lot, an unclear code taken for dead in the lower and for good in the upper one;
      empty for a lot of which fewer codes are known than were checked;
    - ``repeated_within``, ``repeated_elsewhere``: repeated codes (`repeats`);
    - ``deliveries``, ``slowest_seconds``, ``slowest_sure_seconds`` (those that only bound a time left out; inf: never); the same of ``answers``;
    - ``decision`` of the sequential test, and ``decided_after`` how many codes.
    """
    found = _trial_rows(workbook)
    for part in (_purchase_sums(workbook), _fee_sums(workbook), code_counts(workbook), _check_results(workbook), _repeat_counts(workbook)):
        found = found.merge(part, on="trial_id", how="left")
    for part, name in ((deliveries(workbook), "deliveries"), (questions(workbook), "answers")):
        found = found.merge(_slowest(part, name), on="trial_id", how="left")
    counts = ["purchases", "quantity", "undelivered", "unlisted", "received", "codes", "checked", "valid", "invalid", "unclear"]
    counts += ["repeated_within", "repeated_elsewhere", "deliveries", "answers"]
    # Nothing counted is a count of zero; what is not known stays empty.
    found[counts] = found[counts].fillna(0).astype("int64")
    found["decision"] = found["decision"].fillna(GO_ON)
    found["lot"] = found[["codes", "received"]].max(axis=1)
    return _with_money(_with_bounds(found, workbook.standards.value("counting.confidence")))


def _with_bounds(found: pd.DataFrame, confidence: float) -> pd.DataFrame:
    decided = found["valid"] + found["invalid"]
    at_best = found["valid"] + found["unclear"]
    # If more codes were checked than are listed, the size of the lot is unknown.
    lot = found["lot"].where(found["checked"] <= found["lot"])
    bounds = {
        "process_lower": proportion_bounds(found["valid"], found["checked"], confidence)[0],
        "process_upper": proportion_bounds(at_best, found["checked"], confidence)[1],
        "lot_lower": finite_lot_bounds(found["valid"], found["checked"], lot, confidence)[0],
        "lot_upper": finite_lot_bounds(at_best, found["checked"], lot, confidence)[1],
    }
    shares = {"valid_share": found["valid"] / decided.where(decided > 0), "sampled_share": found["checked"] / lot.where(lot > 0)}
    return found.assign(**{name: np.asarray(values, dtype="float64").round(DIGITS) for name, values in (shares | bounds).items()})


def _with_money(found: pd.DataFrame) -> pd.DataFrame:
    is_known = (found["purchases"] > 0) & (found["foreign_purchases"].fillna(0) == 0) & (found["foreign_fees"].fillna(0) == 0)
    # An object column takes no NaN: None is what is not known.
    zero = Decimal("0.00")
    paid = found["paid_amount"].astype("object").where(found["paid_amount"].notna(), zero)
    fees = found["fees_amount"].astype("object").where(found["fees_amount"].notna(), zero)
    amounts = {"paid_amount": paid, "fees_amount": fees, "cost_amount": paid + fees}
    found = found.drop(columns=["foreign_purchases", "foreign_fees", "received"])
    return found.assign(**{name: values.astype("object").where(is_known, None) for name, values in amounts.items()})


@frame("trial.deliveries")
@query("trial.deliveries")
def deliveries(workbook: Workbook) -> ir.Table:
    """Every delivery of a trial: of each code from its order (else its purchase) to its handing-out, and of each order without a known code.

    Columns: supplier_id, trial_id, code_id, order_id, ordered_at, delivered_at, seconds (empty: never), has_ended, is_bound.
    """
    orders, purchases = workbook.table("orders"), trial_purchases(workbook)
    codes = trial_codes(workbook)
    codes = codes.left_join(purchases.select("purchase_id", "purchased_at"), "purchase_id").drop("purchase_id_right")
    codes = codes.left_join(orders.select("order_id", "ordered_at"), "order_id")
    # An order that did not note its time leaves the wait of its code unknown.
    asked = ibis.ifelse(codes.order_id.isnull(), codes.purchased_at, codes.ordered_at)
    of_codes = codes.select(
        "supplier_id",
        "trial_id",
        "code_id",
        "order_id",
        ordered_at=asked,
        delivered_at=codes.issued_at,
        never=ibis.literal(False),
        is_upper=ibis.literal(False),
    )
    plain = orders.drop("supplier_id").join(purchases.select("supplier_id", "trial_id", "purchase_id"), "purchase_id")
    plain = plain.filter(plain.ordered_at < workbook.period.end).anti_join(trial_codes(workbook), "order_id")
    of_orders = plain.select(
        "supplier_id",
        "trial_id",
        "order_id",
        "ordered_at",
        "delivered_at",
        code_id=ibis.null("string"),
        never=plain.delivered_at.isnull() & plain.status.isin(UNFULFILLED),
        is_upper=ibis.coalesce(plain.delivered_is_upper_bound, False),
    ).select(*of_codes.columns)
    both = ibis.union(of_codes, of_orders)
    cases = waiting_cases(workbook, both, started=both.ordered_at, ended=both.delivered_at, never=both.never, is_upper_bound=both.is_upper)
    rows = cases.select("supplier_id", "trial_id", "code_id", "order_id", "ordered_at", "delivered_at", "seconds", "has_ended", "is_bound")
    return rows.order_by("supplier_id", "trial_id", "ordered_at", ibis.asc("order_id", nulls_first=True), ibis.asc("code_id", nulls_first=True))


@frame("trial.questions")
@query("trial.questions")
def questions(workbook: Workbook) -> ir.Table:
    """The staged support questions put to a supplier within its trial, with the wait for the first human answer.

    Columns: supplier_id, trial_id, ticket_id, kind, opened_at, first_response_at, seconds (empty: never), has_ended, is_bound.
    """
    tickets = workbook.table("tickets")
    staged = tickets.filter(tickets.is_staged, tickets.opened_at < workbook.period.end)
    spans = begun_trials(workbook).select("trial_id", "supplier_id", "started_at", "ended_at")
    within = staged.join(spans, "supplier_id")
    within = within.filter(within.opened_at >= within.started_at, within.ended_at.isnull() | (within.opened_at <= within.ended_at))
    answered = within.first_response_at.notnull() & (within.first_response_at <= ibis.coalesce(within.resolved_at, within.first_response_at))
    never = ibis.coalesce(within.resolved_at < workbook.period.end, False) & ~answered
    cases = waiting_cases(workbook, within, started=within.opened_at, ended=within.first_response_at, never=never)
    rows = cases.select("supplier_id", "trial_id", "ticket_id", "kind", "opened_at", "first_response_at", "seconds", "has_ended", "is_bound")
    return rows.order_by("supplier_id", "trial_id", "opened_at", "ticket_id")


def _slowest(waits: pd.DataFrame, name: str) -> pd.DataFrame:
    """Waits of each trial, the longest (inf where one never ends), and the longest that is sure (open ones so far, bounds left out)."""
    seconds = waits["seconds"].astype("float64").fillna(np.inf)
    is_open = ~waits["has_ended"].astype(bool) & waits["seconds"].notna()
    data = waits.assign(slowest=seconds.where(~is_open, np.inf), sure=seconds.where(~waits["is_bound"].astype(bool)))
    rows = data.groupby("trial_id", as_index=False).agg(number=("slowest", "size"), slowest=("slowest", "max"), sure=("sure", "max"))
    stem = "" if name == "deliveries" else "answer_"
    return rows.rename(columns={"number": name, "slowest": f"slowest_{stem}seconds", "sure": f"slowest_sure_{stem}seconds"})


def _check_results(workbook: Workbook) -> pd.DataFrame:
    run = checks(workbook)
    counts = pd.crosstab(run["trial_id"], run["outcome"]).reindex(columns=["valid", "invalid", "unclear"], fill_value=0)
    rows = counts.assign(checked=counts.sum(axis=1))
    last = run.drop_duplicates("trial_id", keep="last").set_index("trial_id")["decision"]
    ended = run[run["decision"] != GO_ON].drop_duplicates("trial_id").set_index("trial_id")["n"]
    rows["decision"], rows["decided_after"] = last.reindex(rows.index), ended.reindex(rows.index).astype("float64")
    return rows.rename_axis(columns=None).reset_index()


def _repeat_counts(workbook: Workbook) -> pd.DataFrame:
    found = repeats(workbook)
    counts = pd.crosstab(found["trial_id"], found["where_before"]).reindex(columns=["within_trial", "elsewhere"], fill_value=0)
    return counts.rename_axis(columns=None).rename(columns={"within_trial": "repeated_within", "elsewhere": "repeated_elsewhere"}).reset_index()


@query("trial.trial_rows")
def _trial_rows(workbook: Workbook) -> ir.Table:
    found = begun_trials(workbook)
    ended = ibis.coalesce((found.ended_at >= workbook.period.start) & (found.ended_at < workbook.period.end), False)
    rows = found.mutate(is_current=(found.started_at >= workbook.period.start) | ended)
    columns = ["supplier_id", "trial_id", "started_at", "ended_at", "is_current", "currency", "budget_amount"]
    return rows.select(columns).order_by("supplier_id", "started_at", "trial_id")


@query("trial.purchase_sums")
def _purchase_sums(workbook: Workbook) -> ir.Table:
    """Sums of the purchases of each trial: what came of each is known from its receipt, or at least by its codes."""
    purchases, codes = trial_purchases(workbook), trial_codes(workbook)
    listed = codes.filter(codes.purchase_id.notnull()).group_by("trial_id", "purchase_id").agg(listed=ibis._.count())
    each = purchases.left_join(listed, ["trial_id", "purchase_id"]).drop("trial_id_right", "purchase_id_right")
    each = each.mutate(listed=ibis.coalesce(each.listed, 0))
    # While it is open nobody knows how much has come: not undelivered, and not seen.
    came = ibis.greatest(ibis.coalesce(each.received_quantity, each.listed), each.listed)
    most = ibis.coalesce(each.received_quantity, each.quantity)
    each = each.mutate(
        came=came,
        missing=ibis.ifelse(each.received_quantity.isnull(), 0, ibis.greatest(each.quantity - came, 0)),
        unseen=ibis.greatest(most - each.listed, 0),
        is_foreign=each.currency != each.trial_currency,
    )
    sums = each.group_by("trial_id").agg(
        purchases=each.count(),
        quantity=each.quantity.sum(),
        received=each.came.sum(),
        undelivered=each.missing.sum(),
        unlisted=each.unseen.sum(),
        paid_amount=each.paid_amount.sum().cast("decimal(18,2)"),
        foreign_purchases=each.count(where=each.is_foreign),
    )
    return sums.order_by("trial_id")


@query("trial.fee_sums")
def _fee_sums(workbook: Workbook) -> ir.Table:
    """Fees charged for the purchases of each trial by the month's end."""
    fees = workbook.table("fees")
    fees = fees.filter(fees.charged_at < workbook.period.end).drop("supplier_id")
    charged = fees.join(trial_purchases(workbook).select("trial_id", "purchase_id", "trial_currency"), "purchase_id")
    sums = charged.group_by("trial_id").agg(
        fees_amount=charged.amount.sum().cast("decimal(18,2)"),
        foreign_fees=charged.count(where=charged.currency != charged.trial_currency),
    )
    return sums.order_by("trial_id")
