"""The month in five lines: who rose, who fell, who must go, what is owed, what to do; and further ones where there are exceptions or data are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from kmanalysis.charts.kit.cells import Row, goods_name
from kmanalysis.charts.kit.lengths import names_apart
from kmanalysis.charts.kit.sums import by_money, money_in_all
from kmanalysis.decisions.actions import ACTIONS, actions
from kmanalysis.decisions.claims import NEEDS, claims_owed
from kmanalysis.decisions.exceptions import exception_sums, losing_goods
from kmanalysis.decisions.repeats import repeat_counts
from kmanalysis.measures.observation import not_given
from kmanalysis.scoring.grades import RANKS
from kmanalysis.tables import GRADES
from kmanalysis.words import MISSING, Words
from kmanalysis.workbook import Workbook

NAMED = 4
"""Suppliers that a line names; the table below has all."""

LOSSES = 2
"""Goods sold at a loss that a line names."""

LEAVING = ("end", "switch")
"""Actions by which a supplier loses its orders."""


def five_lines(workbook: Workbook, graded: pd.DataFrame, links: Mapping[str, str], pages: Mapping[str, str]) -> list[dict[str, Any]]:
    """The lines, each with css, kind, sentence, href, who (name, href, detail) and more (how many are not named).

    ``graded`` holds the grades beside last month's, ``links`` a supplier's page by its id, ``pages`` the address of a portfolio page by its notebook's name.
    """
    words = workbook.words
    graded = graded.assign(name=graded["supplier_id"].map(names_apart(workbook.names)))
    now, before = graded["rank"], graded["previous_grade"].map(RANKS)
    told = {
        "rose": (words.text("Rose"), _moved(graded[graded["was_there"] & (now > before)], words), words.text("Nobody.")),
        "fell": (words.text("Fell"), _moved(graded[graded["was_there"] & (now < before)], words), words.text("Nobody.")),
        "leave": (words.text("Must go"), _leaving(workbook, graded), words.text("Nobody.")),
    }
    lines = [_line(css, kind, who, links, empty) for css, (kind, who, empty) in told.items()]
    if workbook.holds(claims_owed):
        lines.append(_owed(workbook, links) | {"href": pages.get("08_contract", "")})
    if workbook.holds(exception_sums):
        odd = [line | {"href": pages.get("12_exceptions", "")} for line in _exceptions(workbook, links)]
        # Where the evidence carries no grade, nobody rises or falls: what the orders show comes first.
        is_mute = len(graded) > 0 and bool((graded["reason"] == "lacks_evidence").all())
        lines = [*odd, *lines] if is_mute else [*lines, *odd]
    if workbook.holds(actions):
        lines.append({"css": "todo", "kind": words.text("To do"), "sentence": _todo(workbook), "who": [], "more": "", "href": pages.get("09_review", "")})
    if workbook.holds(not_given) and len(lacks := not_given(workbook)[["measure", "lacks"]].drop_duplicates()):
        sentence = words.text(
            "{lacks} tables or columns are missing, so {measures} measures have no data.",
            lacks=words.number(lacks["lacks"].nunique()),
            measures=words.number(lacks["measure"].nunique()),
        )
        lines.append({"css": "lacks", "kind": words.text("Not supplied"), "sentence": sentence, "who": [], "more": "", "href": pages.get("09_review", "")})
    return lines


def step(row: Row, words: Words) -> str:
    """A grade and the one before it."""
    return f"{row['previous_grade'] or words.name('not_graded')} → {row['grade'] or words.name('not_graded')}"


def vetoes(row: Row, words: Words) -> str:
    """The standards whose miss vetoes the supplier, in words."""
    return words.join([words.name(measure) for measure in row["vetoes"].split(";")], "; ")


def _line(css: str, kind: str, who: Sequence[tuple[str, str, str]], links: Mapping[str, str], empty: str) -> dict[str, Any]:
    named = [{"name": name, "href": links.get(supplier, ""), "detail": detail} for supplier, name, detail in who[:NAMED]]
    return {"css": css if who else "quiet", "kind": kind, "sentence": "" if who else empty, "who": named, "more": len(who) - len(named) or "", "href": ""}


def _moved(rows: pd.DataFrame, words: Words) -> list[tuple[str, str, str]]:
    return [(row["supplier_id"], row["name"], step(row, words)) for row in rows.to_dict("records")]


def _leaving(workbook: Workbook, graded: pd.DataFrame) -> list[tuple[str, str, str]]:
    """Whom the month's actions take the orders from, the most urgent first; where there are no actions, the vetoed."""
    words = workbook.words
    by_supplier = {row["supplier_id"]: row for row in graded.to_dict("records")}
    if not workbook.holds(actions):
        return [(supplier, row["name"], _why_vetoed(row, words)) for supplier, row in by_supplier.items() if row["is_vetoed"]]
    found = []
    for action in actions(workbook).to_dict("records"):
        if action["action"] in LEAVING and (row := by_supplier.get(action["supplier_id"])):
            why = _why_vetoed(row, words) if row["is_vetoed"] else words.name(f"brief.{action['reason']}")
            found.append((action["supplier_id"], row["name"], words.entry(words.name(f"action.{action['action']}"), why)))
    return found


def _why_vetoed(row: Row, words: Words) -> str:
    is_new = row["was_there"] and row["previous_reason"] != "vetoed"
    return words.text("{vetoes} (new this month)", vetoes=vetoes(row, words)) if is_new else vetoes(row, words)


def _owed(workbook: Workbook, links: Mapping[str, str]) -> dict[str, Any]:
    words, names = workbook.words, names_apart(workbook.names)
    owed = claims_owed(workbook)
    owed = owed[owed["outstanding_amount"] > 0]
    owed = owed.assign(order=owed["outstanding_amount"].astype("float64")).sort_values(["order", "supplier_id"], ascending=[False, True])
    who = [
        (row["supplier_id"], names.get(row["supplier_id"], row["supplier_id"]), words.money(row["outstanding_amount"], row["currency"]))
        for row in owed.to_dict("records")
    ]
    lacks = workbook.not_given(NEEDS)
    empty = words.text("Unknown: {lacks} not supplied.", lacks=words.join(lacks)) if lacks else words.text("Nothing.")
    line = _line("owed", words.text("Owed to us"), who, links, empty)
    if who:
        line["sentence"] = words.text("{amount} in all", amount=_by_currency(owed, "outstanding_amount", words))
    return line


def _exceptions(workbook: Workbook, links: Mapping[str, str]) -> list[dict[str, Any]]:
    """Who has exceptions and what hangs on them; the repeated codes; the goods that lose money. Of the last two nothing is said where there are none."""
    words = workbook.words
    found = [(words.text("Repeated codes"), _repeats(workbook)), (words.text("Sold at a loss"), _losses(workbook))]
    told = [{"css": "odd", "kind": kind, "sentence": sentence, "who": [], "more": ""} for kind, sentence in found if sentence]
    return [_odd(workbook, links), *told]


def _repeats(workbook: Workbook) -> str:
    words = workbook.words
    counts = repeat_counts(workbook) if workbook.holds(repeat_counts) else pd.DataFrame()
    if counts.empty or (repeated := counts[counts["cause"] == "supplier"]).empty:
        return ""
    codes, cases = int(repeated["codes"].sum()), int(repeated["cases"].sum())
    return words.text("{codes} codes were issued again, {times} times in all.", codes=words.number(codes), times=words.number(cases))


def _losses(workbook: Workbook) -> str:
    words = workbook.words
    lost = losing_goods(workbook) if workbook.holds(losing_goods) else pd.DataFrame()
    told = [
        words.text(
            "{goods}: {amount} lost (orders: {orders})", goods=goods_name(row, words), amount=words.money(row["amount"], row["currency"]), orders=row["cases"]
        )
        for row in lost.head(LOSSES).to_dict("records")
    ]
    rest = [words.text("{count} more", count=words.number(len(lost) - len(told)))] if len(lost) > len(told) else []
    return words.join([*told, *rest], "; ")


def _odd(workbook: Workbook, links: Mapping[str, str]) -> dict[str, Any]:
    words, names, sums = workbook.words, names_apart(workbook.names), exception_sums(workbook)
    who = []
    for supplier, of_one in by_money(sums):
        worst = of_one.groupby("kind", sort=False)["cases"].sum().sort_values(ascending=False, kind="stable")
        detail = words.entry(words.name(f"exception.{worst.index[0]}"), words.number(worst.iloc[0]))
        amount = money_in_all(of_one, words)
        who.append((supplier, names.get(supplier, supplier), detail if amount == MISSING else f"{detail} · {amount}"))
    line = _line("odd", words.text("Exceptions"), who, links, words.text("None found in the rows checked."))
    if who:
        cases, amount = words.number(sums["cases"].sum()), money_in_all(sums, words)
        line["sentence"] = (
            words.text("{cases} in all", cases=cases) if amount == MISSING else words.text("{cases} in all, {amount}", cases=cases, amount=amount)
        )
    return line


def _by_currency(owed: pd.DataFrame, column: str, words: Words) -> str:
    sums = {str(currency): sum(of_one[column], Decimal(0)) for currency, of_one in owed.groupby("currency", sort=True)}
    return " + ".join(words.money(amount, currency) for currency, amount in sums.items())


def _todo(workbook: Workbook) -> str:
    """How many suppliers each action is for, and what is to claim."""
    words = workbook.words
    counts = actions(workbook)["action"].value_counts()
    told = [f"{words.name(f'action.{action}')} {words.number(counts[action])}" for action in ACTIONS if action in counts]
    if workbook.holds(claims_owed):
        owed = claims_owed(workbook)
        claimed = owed[owed["claim_amount"] > 0]
        if len(claimed):
            told.append(words.text("claim {amount}", amount=_by_currency(claimed, "claim_amount", words)))
    return " · ".join(told) or words.text("Nothing.")


def grade_tiles(graded: pd.DataFrame, words: Words) -> list[dict[str, Any]]:
    """How many suppliers have each grade, and why the others have none; each leads to the first of them in the table."""
    counts = graded["grade"].value_counts()
    tiles = [{"css": grade.lower(), "label": words.text("Grade {grade}", grade=grade), "count": int(counts.get(grade, 0)), "note": ""} for grade in GRADES]
    reasons = graded.loc[graded["grade"] == "", "reason"].value_counts()
    said = [f"{words.name(reason)} {reasons[reason]}" for reason in ("vetoed", "below_floor", "lacks_evidence") if reason in reasons]
    return [*tiles, {"css": "none", "label": words.name("not_graded"), "count": int(counts.get("", 0)), "note": " · ".join(said)}]
