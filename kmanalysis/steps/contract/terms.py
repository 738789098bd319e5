"""The terms of each supplier's contract, and what must be mended in them. What is owed stands in `decisions.claims`."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kmanalysis.engine.lazy import ibis, ir
from kmanalysis.measures.common.remedies import LONGEST_TERM_HOURS, stated_number, stated_terms
from kmanalysis.workbook import Workbook, frame, query

NUMBERS = {
    "restock_seconds": ("restock_hours", LONGEST_TERM_HOURS, "contract.restock_time"),
    "reship_seconds": ("reship_hours", LONGEST_TERM_HOURS, "contract.reship_time"),
    "compensation_share": ("compensation_share", 1.0, "contract.compensation_share"),
    "damages_share": ("damages_share", 1.0, "contract.damages_share"),
    "failures_in_a_row": ("failures_in_a_row", 1_000, "contract.failures_in_a_row"),
}
"""Terms that are numbers: column → the term as it is written, the largest that is readable, and the standard that holds where nothing is said."""

BASES = ("cost", "amount")
"""What a remedy is a share of: what the platform paid, or what the buyer paid. The first is the default."""


@frame("contract.terms")
def terms(workbook: Workbook) -> pd.DataFrame:
    """The terms of each supplier's contract on the month's last day, a row a supplier; the standards' where it says nothing or none is in force.

    Columns: supplier_id, state (in_force, ended, none), contract_id, signed_on, valid_from, valid_to, days_left (NaN: it does not end, or none is in
    force), legal_review_on, data_security (agreed, refused, unstated, unreadable), the columns of `NUMBERS` and remedy_base (null: stated and not
    readable), differs (terms that are not the standards', by ``;``), unreadable (the same), gaps (what must be mended, by ``;``: no_contract, ended,
    expires_soon, no_legal_review, no_data_security).
    """
    found = _contracts(workbook)
    is_held = found["state"] == "in_force"
    standard = workbook.standards.value
    differs, unreadable = {}, {}
    for column, (term, _, identifier) in NUMBERS.items():
        is_stated = found[f"{column}_stated"].astype(bool) & is_held
        found[column] = found[column].astype("float64").where(is_stated, standard(identifier))
        differs[term], unreadable[term] = is_stated & (found[column] != standard(identifier)) & found[column].notna(), is_stated & found[column].isna()
    base = found["remedy_base"].where(is_held, None).astype("object")
    found["remedy_base"] = base.where(base.isin(BASES), None).where(base.notna(), BASES[0])
    differs["remedy_base"], unreadable["remedy_base"] = found["remedy_base"] == BASES[1], found["remedy_base"].isna()
    found["differs"], found["unreadable"] = _flag_names(differs, found), _flag_names(unreadable, found)
    days = pd.to_datetime(found["valid_to"]) - pd.Timestamp(workbook.month.last_day)
    found["days_left"] = (days / pd.Timedelta(days=1)).where(is_held).astype("float64")
    is_reviewed = pd.to_datetime(found["legal_review_on"]) <= pd.Timestamp(workbook.month.last_day)
    gaps = {
        "no_contract": found["state"] == "none",
        "ended": found["state"] == "ended",
        "expires_soon": found["days_left"] <= standard("contract.expiry_notice"),
        "no_legal_review": is_held & ~is_reviewed & (standard("contract.legal_review") == 1),
        "no_data_security": is_held & (found["data_security"] != "agreed") & (standard("contract.data_security") == 1),
    }
    found["gaps"] = _flag_names(gaps, found)
    columns = ["supplier_id", "state", "contract_id", "signed_on", "valid_from", "valid_to", "days_left", "legal_review_on", "data_security"]
    return found[[*columns, *NUMBERS, "remedy_base", "differs", "unreadable", "gaps"]]


def _flag_names(flags: dict[str, pd.Series], found: pd.DataFrame) -> pd.Series:
    """The names of the flags that are set, a text a row."""
    names = np.array([[name if is_set else "" for is_set in flag] for name, flag in flags.items()], dtype="object").reshape(len(flags), len(found))
    return pd.Series([";".join(filter(None, row)) for row in names.T], index=found.index, dtype="str")


@query("contract.contracts")
def _contracts(workbook: Workbook) -> ir.Table:
    """Each supplier's contract of the month's last day: the one in force that began last, else the one that ended last."""
    last_day = workbook.period.last_day
    stated = stated_terms(workbook)
    begun = stated.filter(stated.valid_from <= last_day)
    begun = begun.mutate(is_held=ibis.coalesce(begun.valid_to, last_day) >= last_day)
    order = [ibis.desc(begun.is_held), ibis.desc(ibis.ifelse(begun.is_held, begun.valid_from, begun.valid_to)), ibis.desc(begun.valid_from)]
    ranked = begun.mutate(rank=ibis.row_number().over(ibis.window(group_by="supplier_id", order_by=[*order, ibis.desc(begun.contract_id)])))
    suppliers = workbook.table("suppliers").select("supplier_id")
    found = suppliers.left_join(ranked.filter(ranked["rank"] == 0), "supplier_id").drop("supplier_id_right", "rank")
    security = found.data_security.lower()
    numbers = {}
    for column, (term, largest, _) in NUMBERS.items():
        number = stated_number(found[term], largest)
        numbers[column] = number * 3600 if column.endswith("_seconds") else number
        numbers[f"{column}_stated"] = found[term].notnull()
    said = ibis.cases((found.data_security.isnull(), "unstated"), (security == "true", "agreed"), (security == "false", "refused"), else_="unreadable")
    return found.select(
        "supplier_id", "contract_id", "signed_on", "valid_from", "valid_to", "legal_review_on", "remedy_base", **numbers,
        state=ibis.cases((found.contract_id.isnull(), "none"), (found.is_held, "in_force"), else_="ended"),
        data_security=said,
    ).order_by("supplier_id")  # fmt: skip
