"""Codes that were handed out more than once: suppliers' repeats, the platform's own races, and repeats that are meant."""

from __future__ import annotations

import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.steps.trial.codes import with_purpose
from kmanalysis.workbook import Workbook, frame, kept, query

MARKED = {"codes": ("is_shared_use",)}
"""What must be given so that a code which is meant for many is known by its mark."""

LISTED = {"allowed_repeats": ("reason",)}
"""What must be given so that it is known by the operator's list."""


@kept("decisions.handed_again")
def handed_again(workbook: Workbook) -> ir.Table:
    """Each time in the month that a code was handed out which had been handed out before.

    The columns of codes, and ``cause``: ``supplier``; ``race`` (the platform gave one code of its stock to two orders); ``marked`` or ``listed`` (repeats
    on purpose), with the list's ``reason``. ``earlier_order_id``, ``earlier_supplier_id`` and ``since_at`` tell of the first time. Of the two orders of a
    race platforms mark the earlier one or the later one: the later one is the row, whichever is marked.
    """
    codes = workbook.table("codes")
    codes = codes.filter(codes.issued_at < workbook.period.end)
    times = codes.group_by("code_digest").agg(times=codes.count(), last_at=codes.issued_at.max())
    several = codes.semi_join(times.filter(times.times > 1, times.last_at >= workbook.period.start), "code_digest")
    several = with_purpose(workbook, several)
    is_race = ibis.coalesce(several.is_platform_race, False)
    several = several.mutate(cause=ibis.cases((several.purpose != "", several.purpose), (is_race, "race"), else_="supplier"))
    several = several.mutate(is_special=(several.cause != "supplier").cast("int64"))
    # A repeat on purpose makes none of the supplier's, before it or after it.
    in_turn = [several.issued_at, several.code_id]
    several = several.mutate(
        place=ibis.row_number().over(ibis.window(group_by="code_digest", order_by=in_turn)),
        own_place=ibis.row_number().over(ibis.window(group_by=["code_digest", "is_special"], order_by=in_turn)),
        first_place=ibis.row_number().over(ibis.window(group_by="code_digest", order_by=[several.is_special, *in_turn])),
    )
    told = ["code_id", "supplier_id", "sku", "order_id", "issued_at"]
    first = several.filter(several.first_place == 0)
    first = first.select(first_digest="code_digest", **{f"first_{name}": name for name in told})
    is_again = ibis.cases((several.cause == "supplier", several.own_place > 0), (several.cause == "race", several.first_place > 0), else_=several.place > 0)
    again = several.filter(is_again)
    both = again.join(first, again.code_digest == first.first_digest)
    is_before = (both.issued_at < both.first_issued_at) | ((both.issued_at == both.first_issued_at) & (both.code_id < both.first_code_id))
    is_turned = (both.cause == "race") & is_before
    later = {name: ibis.ifelse(is_turned, both[f"first_{name}"], both[name]) for name in told}
    earlier = {name: ibis.ifelse(is_turned, both[name], both[f"first_{name}"]) for name in told}
    found = both.select(
        "code_digest", "cause", "reason", supplier_id=later["supplier_id"], sku=later["sku"], order_id=later["order_id"], issued_at=later["issued_at"],
        earlier_order_id=earlier["order_id"], earlier_supplier_id=earlier["supplier_id"], since_at=earlier["issued_at"],
    )  # fmt: skip
    return found.filter(found.issued_at >= workbook.period.start)


@frame("decisions.repeat_counts")
@query("decisions.repeat_counts")
def repeat_counts(workbook: Workbook) -> ir.Table:
    """The month's repeats by their cause (`handed_again`) and reason: cause, reason, codes (different ones), cases (times handed out again)."""
    again = handed_again(workbook)
    again = again.mutate(reason=ibis.coalesce(again.reason, ""))
    found = again.group_by("cause", "reason").agg(codes=again.code_digest.nunique(), cases=again.count())
    return found.order_by("cause", "reason")


def unsure_of(workbook: Workbook) -> list[str]:
    """What was not given that would tell repeats on purpose: empty where codes are marked or the operator keeps a list."""
    unmarked, unlisted = workbook.not_given(MARKED), workbook.not_given(LISTED)
    return unmarked + unlisted if unmarked and unlisted else []


def allowed_cases(counts: pd.DataFrame) -> int:
    """How many of the repeats (as `repeat_counts` gives them) are on purpose."""
    return int(counts.loc[counts["cause"].isin(["marked", "listed"]), "cases"].sum())
