"""What is to be done with each supplier: deepen, keep, correct, switch to the backup or end; ruled by the standards, with evidence and money."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd

from kmanalysis.decisions.backups import backup_suppliers
from kmanalysis.decisions.corrective import corrective
from kmanalysis.decisions.exceptions import OF_SUPPLIER, exception_sums
from kmanalysis.measures.common.goods import purchase_amounts
from kmanalysis.measures.common.measure import reads_of
from kmanalysis.measures.service.remedies import remedies
from kmanalysis.scoring.grades import grade_history
from kmanalysis.steps.contract.runs import failure_runs
from kmanalysis.tables import GRADES
from kmanalysis.workbook import Workbook, frame

ACTIONS = ("end", "switch", "correct", "deepen", "keep")
"""The most urgent first."""

COLUMNS = (
    *("month", "supplier_id", "action", "reason", "months", "measures", "check_on", "grade", "probability", "score"),
    *("right_since", "failures", "previous_action"),
)


@frame("decisions.rulings")
def rulings(workbook: Workbook) -> pd.DataFrame:
    """The action that the month's rules give each supplier: the columns of `actions` without previous_action."""
    standards = workbook.standards
    history = grade_history(workbook)
    now = history[history["month"] == str(workbook.month)].reset_index(drop=True)
    who = now["supplier_id"]
    vetoed, held = (who.map(_run(history, is_so)).fillna(0).astype("int64") for is_so in (history["reason"] == "vetoed", history["grade"] == GRADES[0]))
    lately = [str(workbook.month - back) for back in range(int(standards.value("action.close_months")))]
    was_vetoed = who.isin(history.loc[(history["reason"] == "vetoed") & history["month"].isin(lately), "supplier_id"])
    todo = corrective(workbook)
    todo = todo[todo["supplier_id"].isin(now.loc[now["vetoes"] == "", "supplier_id"])]
    failing = todo[(todo["state"] == "overdue") & (todo["months"] >= standards.value("action.switch_months"))]
    rights = _rights(workbook)
    is_low = ~now["grade"].isin(GRADES[:2])
    stage = np.select(
        [held >= standards.value(f"action.{name}_months") for name in ("equity", "exclusive", "priority")], ["equity", "exclusive", "priority"], ""
    )
    rules = [
        ("end", "vetoed_for_months", vetoed >= standards.value("action.end_veto_months")),
        ("end", "may_be_ended", who.isin(rights.index)),
        ("switch", "vetoed", vetoed > 0),
        ("switch", "vetoed_lately", was_vetoed),
        ("switch", "below_floor", now["reason"] == "below_floor"),
        ("switch", "not_corrected", is_low & who.isin(failing["supplier_id"]) & (now["reason"] != "lacks_evidence")),
        ("correct", "not_corrected", who.isin(todo.loc[todo["state"] == "overdue", "supplier_id"])),
        ("correct", "missed", who.isin(todo.loc[todo["state"] == "new", "supplier_id"])),
        ("correct", "on_watch", who.isin(todo["supplier_id"])),
        # Where the evidence is too thin for a grade, what the orders show is worth a word all the same.
        ("correct", "exceptions", (now["reason"] == "lacks_evidence") & who.isin(_odd(workbook))),
        ("keep", "lacks_evidence", now["reason"] == "lacks_evidence"),
        ("deepen", "", stage != ""),
    ]
    conditions = [condition.to_numpy(dtype=bool) if isinstance(condition, pd.Series) else condition for _, _, condition in rules]
    action = np.select(conditions, [name for name, _, _ in rules], "keep")
    reason = np.select(conditions, [why for _, why, _ in rules], "nothing_missed")
    named = todo.groupby("supplier_id")["measure"].agg(";".join)
    longest = todo.groupby("supplier_id")["months"].max()
    months = np.where(vetoed > 0, vetoed, np.where(action == "deepen", held, who.map(longest).fillna(0)))
    finished = now.assign(
        action=action,
        reason=np.where(action == "deepen", stage, reason),
        months=months.astype("int64"),
        measures=np.where(now["vetoes"] != "", now["vetoes"], [named.get(supplier, "") for supplier in who]),
    )
    checked = dict(zip(todo["supplier_id"], todo["check_on"], strict=True))
    is_checked = finished["action"].isin(["correct", "switch"])
    days = {"check_on": [checked.get(supplier) for supplier in who], "right_since": [rights["right_arose_at"].get(supplier) for supplier in who]}
    finished = finished.assign(**{name: pd.Series(found, index=finished.index, dtype="datetime64[s]") for name, found in days.items()})
    finished["check_on"] = finished["check_on"].where(is_checked)
    finished["failures"] = who.map(rights["failures"]).fillna(0).astype("int64")
    return finished[[name for name in COLUMNS if name != "previous_action"]].sort_values("supplier_id", ignore_index=True)


@frame("decisions.actions")
def actions(workbook: Workbook) -> pd.DataFrame:
    """What is to be done with each supplier (columns `COLUMNS`), the most urgent first.

    ``action`` is one of `ACTIONS`; ``reason`` says by which rule (for deepen: priority, exclusive or equity); ``months`` for how many months in a row
    what it rests on has stood; ``measures`` are the vetoes or the measures to correct (ids, joined by semicolons); ``right_since`` (naive UTC) and
    ``failures`` tell of a right to end the contract that stands; ``previous_action`` is that of the month before, empty where there is none.
    Grades fall late, corrective actions close late and a veto is remembered: actions do not flap.
    """
    found = rulings(workbook)
    last = workbook.month - 1
    before = rulings(workbook.at(last)).set_index("supplier_id")["action"] if last >= workbook.first_month else pd.Series(dtype="str")
    found["previous_action"] = [before.get(supplier, "") for supplier in found["supplier_id"]]
    order = {action: place for place, action in enumerate(ACTIONS)}
    found = found.assign(place=found["action"].map(order)).sort_values(["place", "months", "supplier_id"], ascending=[True, False, True], ignore_index=True)
    return found[list(COLUMNS)]


@frame("decisions.action_money")
def action_money(workbook: Workbook) -> pd.DataFrame:
    """The money behind the actions: supplier, currency, purchased_amount (this month), owed_amount (damages due in it and not paid), switching_cost.

    All exact, a row a supplier and currency; ``switching_cost`` is what the backups cost more for the restock window (missing where not known).
    """
    bought = purchase_amounts(workbook).groupby(["supplier_id", "currency"])["paid_amount"].sum()
    owed = remedies(workbook).groupby(["supplier_id", "currency"])["outstanding_amount"].sum()
    spare = backup_suppliers(workbook).dropna(subset="extra_cost").set_index(["supplier", "currency"])["extra_cost"]
    parts = {"purchased_amount": bought, "owed_amount": owed, "switching_cost": spare}
    keys = sorted(set().union(*(set(part.index) for part in parts.values())))
    rows = [
        {"supplier": supplier, "currency": currency} | {name: part.get((supplier, currency)) for name, part in parts.items()} for supplier, currency in keys
    ]
    found = pd.DataFrame(rows, columns=["supplier", "currency", *parts])
    # Nothing bought and nothing owed are zeros where the month's purchases and failures are all known.
    known = {"purchased_amount": {"purchases": ("paid_amount",)}, "owed_amount": reads_of("service.compensation_paid")()}
    return found.fillna({name: Decimal(0) for name, needs in known.items() if not workbook.not_given(needs)})


def _odd(workbook: Workbook) -> set[str]:
    """The suppliers with exceptions of the month that are theirs to mend."""
    sums = exception_sums(workbook)
    return set(sums.loc[sums["kind"].isin(OF_SUPPLIER), "supplier_id"])


def _rights(workbook: Workbook) -> pd.DataFrame:
    """The right to end the contract that stands (its run of failures is unbroken) of each supplier that gave one, the oldest; by supplier_id."""
    runs = failure_runs(workbook)
    standing = runs[runs["is_unbroken"] & runs["right_arose_at"].notna()].sort_values(["supplier_id", "right_arose_at", "contract_id"])
    return standing.drop_duplicates("supplier_id").set_index("supplier_id")[["right_arose_at", "failures"]]


def _run(history: pd.DataFrame, is_so: pd.Series) -> pd.Series:
    """In how many of the last months in a row something was so, by supplier_id."""
    grid = history.assign(is_so=is_so).pivot(index="supplier_id", columns="month", values="is_so").sort_index(axis=1).eq(True)
    return grid.iloc[:, ::-1].cumprod(axis=1).sum(axis=1).astype("int64")


FRAMES = (actions, action_money)
"""What the pages show."""
