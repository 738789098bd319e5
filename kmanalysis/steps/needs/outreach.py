"""Step 2: how far contacts with possible suppliers came, by channel, what they asked for, and how long they have been on their marketplace."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ir
from kmanalysis.measures.common.frames import DIGITS
from kmanalysis.measures.common.money import CENT
from kmanalysis.statistics.intervals import proportion_bounds
from kmanalysis.workbook import Workbook, frame, query

STAGES = ("contacted", "replied", "qualified", "trial", "contract")
"""In order: who reached one has passed those before it. ``lost`` says nothing of how far a contact came: it was contacted, no more is known."""

ALL_CHANNELS = "all"
"""Stands for all channels together."""

MARKETPLACE = "b2b_marketplace"


@query("needs.contacts")
def _contacts(workbook: Workbook) -> ir.Table:
    """The contacts made by the month's end, in the currency that their supplier names."""
    outreach = workbook.table("outreach")
    currency = workbook.table("suppliers").select("supplier_id", "currency")
    found = outreach.filter(outreach.contacted_on <= workbook.period.last_day).left_join(currency, "supplier_id").drop("supplier_id_right")
    return found.order_by("contact_id")


@frame("needs.funnel")
def funnel(workbook: Workbook) -> pd.DataFrame:
    """Contacts by channel (and all together) and stage: channel, step (from 0), stage, contacts (that reached it), before (that reached the one
    before), share, lower, upper (of those before; exact one-sided bounds), share_of_all (of those contacted), lower_of_all, upper_of_all, ended (the
    furthest stage of so many), lost.

    The first stage has no stage before it. Contacts made after the month's end are left out.
    """
    contacts = _contacts(workbook)
    furthest = contacts["stage"].map({stage: step for step, stage in enumerate(STAGES)} | {"lost": 0}).astype("int64")
    each = contacts.assign(furthest=furthest)
    every = pd.concat([each, each.assign(channel=ALL_CHANNELS)], ignore_index=True)
    parts = [
        every.assign(
            step=step, reached=every["furthest"] >= step, passed=every["furthest"] >= step - 1, ended=(every["furthest"] == step) & (every["stage"] != "lost")
        )
        for step in range(len(STAGES))
    ]
    counts = pd.concat(parts, ignore_index=True).assign(is_lost=lambda rows: rows["stage"] == "lost")
    stages = counts.groupby(["channel", "step"], as_index=False).agg(
        contacts=("reached", "sum"), before=("passed", "sum"), ended=("ended", "sum"), lost=("is_lost", "sum"), size=("reached", "size")
    )
    numbers = ["contacts", "before", "ended", "lost", "size"]
    stages[numbers] = stages[numbers].astype("int64")
    stages["stage"] = stages["step"].map(dict(enumerate(STAGES)))
    confidence = workbook.standards.value("counting.confidence")
    for suffix, whole in (("", stages["before"].where(stages["step"] > 0, 0)), ("_of_all", stages["size"])):
        good, n = stages["contacts"].where(whole > 0, 0).to_numpy(dtype="float64"), whole.to_numpy(dtype="float64")
        lower, upper = proportion_bounds(good, n, confidence)
        stages[f"lower{suffix}"], stages[f"upper{suffix}"] = lower.round(DIGITS), upper.round(DIGITS)
        stages["share" if not suffix else "share_of_all"] = np.divide(good, n, out=np.full(len(n), np.nan), where=n > 0).round(DIGITS)
    columns = ["channel", "step", "stage", "contacts", "before", "share", "lower", "upper", "share_of_all", "lower_of_all", "upper_of_all", "ended", "lost"]
    return stages[columns]


@frame("needs.entry_conditions")
def entry_conditions(workbook: Workbook) -> pd.DataFrame:
    """What contacts asked for before the first purchase, by channel and currency: channel, currency (empty where none is named), condition (min_order,
    prepayment), asked (contacts that named an amount), contacts, and of the amounts lowest_amount, median_amount (to the cent, half up), highest_amount.
    """
    contacts = _contacts(workbook).rename(columns={"asked_min_order": "min_order", "asked_prepayment": "prepayment"})
    contacts["currency"] = contacts["currency"].fillna("")
    keys = ["channel", "currency", "condition"]
    asked = contacts.melt(["channel", "currency"], ["min_order", "prepayment"], var_name="condition", value_name="amount")
    found = asked.groupby(keys, as_index=False).agg(asked=("amount", "count"), contacts=("amount", "size"))
    amounts = asked[asked["amount"].notna()].sort_values("amount").groupby(keys)["amount"]
    sums = amounts.agg(lowest_amount="first", median_amount=_median, highest_amount="last").reset_index()
    found = found.merge(sums, on=keys)
    return found[[*keys, "asked", "contacts", "lowest_amount", "median_amount", "highest_amount"]]


def _median(amounts: pd.Series) -> Decimal:
    """The median of ordered amounts, exact to the cent."""
    middle = len(amounts) // 2
    value = amounts.iloc[middle] if len(amounts) % 2 else (amounts.iloc[middle - 1] + amounts.iloc[middle]) / 2
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


@frame("needs.marketplace")
def marketplace(workbook: Workbook) -> pd.DataFrame:
    """The contacts of the B2B marketplace: contact_id, supplier_id (empty before it has one), name, stage, marketplace_certified, marketplace_years,
    state: met (certified, and there for as long as the standard asks), missed (one of both is known not to hold), unknown.
    """
    contacts = _contacts(workbook)
    found = contacts[contacts["channel"] == MARKETPLACE].reset_index(drop=True)
    years, certified = found["marketplace_years"].astype("float64"), found["marketplace_certified"]
    is_wanted = bool(workbook.standards.value("outreach.marketplace_certified"))
    fewest = workbook.standards.value("outreach.marketplace_years")
    is_uncertified = certified.eq(False).fillna(False).astype(bool) & is_wanted
    is_open = years.isna() | (certified.isna() & is_wanted)
    found["state"] = np.select([is_uncertified | (years < fewest), is_open], ["missed", "unknown"], "met")
    return found[["contact_id", "supplier_id", "name", "stage", "marketplace_certified", "marketplace_years", "state"]]
