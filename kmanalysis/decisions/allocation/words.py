"""Next month's purchase plan in sentences, and its tables' cells; what a terminal and a page both say."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pandas as pd

from kmanalysis.decisions.allocation.frames import LAST, PLAN, TIGHTER
from kmanalysis.decisions.allocation.model import CONSTRAINTS
from kmanalysis.measures.common.frames import Row
from kmanalysis.words import MISSING, Words

MOST_NAMED = 6


def sentences(scenarios: pd.DataFrame, lines: pd.DataFrame, parts: pd.DataFrame, words: Words) -> list[str]:
    """What the plan costs and how surely, what it saves, what each constraint costs; or which constraints conflict."""
    rows = {row["scenario"]: row for row in scenarios.to_dict("records")}
    if PLAN not in rows:
        return [words.text("There is nothing to plan: nothing was sold that anybody offers at a known price.")]
    plan = rows[PLAN]
    if plan["state"] != "planned":
        return [*_conflict(plan, words), *_unoffered_skus(plan, words)]
    currency = plan["currency"]

    def money(amount: Decimal | float) -> str:
        return words.money(amount, currency)

    gap = (
        words.text("proven: no split is cheaper")
        if plan["gap"] == 0
        else words.text("at most {amount} above the least cost", amount=money(float(plan["landed_cost"]) * plan["gap"]))
    )
    suppliers = int((parts["share"] > 0).sum())
    texts = [words.text("The plan costs {cost} landed, with {suppliers} suppliers ({gap}).", cost=money(plan["landed_cost"]), suppliers=suppliers, gap=gap)]
    last = rows[LAST]
    if last["state"] == "planned":
        cost, apart = money(last["landed_cost"]), money(abs(last["extra_cost"]))
        if last["extra_cost"] >= 0:
            texts.append(words.text("Last month's split would cost {cost} at the same prices: {saved} more.", cost=cost, saved=apart))
        else:
            # No split that keeps every constraint is cheaper than the plan.
            texts.append(
                words.text("Last month's split would cost {cost} at the same prices, {saved} less; it breaks a constraint of the plan.", cost=cost, saved=apart)
            )
    elif plan["unpriced_units"]:
        texts.append(
            words.text(
                "What last month's split would cost is unknown: {units} units came from suppliers that no longer offer the SKU.",
                units=words.number(plan["unpriced_units"]),
            )
        )
    texts += [_price(rows[name], _constraint(name, plan, words), words) for name in CONSTRAINTS if name in rows and rows[name]["state"] == "planned"]
    if TIGHTER in rows:
        row = rows[TIGHTER]
        cap = words.share(row["share_cap"])
        if row["state"] == "planned":
            texts.append(words.text("A cap of {cap} would cost {amount} more.", cap=cap, amount=money(row["extra_cost"])))
        elif row["state"] == "infeasible":
            texts.append(words.text("No split keeps a cap of {cap}.", cap=cap))
    unknown = int(lines.loc[lines["stock"].isna(), "units"].sum())
    if unknown:
        texts.append(words.text("{units} of the planned units rest on a stock that nobody knows.", units=words.number(unknown)))
    return [*texts, *_unoffered_skus(plan, words)]


def constraint_name(name: str, words: Words) -> str:
    """What a constraint is called; the cap in a word, since its standard's name is long."""
    return words.name("planning.cap") if name == "share_cap" else words.name(f"planning.{name}")


def _constraint(name: str, plan: Row, words: Words) -> str:
    return words.text("The cap of {cap} on a supplier's share", cap=words.share(plan["share_cap"])) if name == "share_cap" else constraint_name(name, words)


def _price(row: Row, what: str, words: Words) -> str:
    price = words.money(-row["extra_cost"], row["currency"])
    return (
        words.text("{constraint}: costs {amount}.", constraint=what, amount=price)
        if row["extra_cost"]
        else words.text("{constraint}: costs nothing.", constraint=what)
    )


def _conflict(plan: Row, words: Words) -> list[str]:
    if plan["state"] == "undecided":
        return [words.text("No split was found within the nodes that the standards allow.")]
    names = [constraint_name(name, words) for name in plan["conflicts"].split(";") if name]
    texts = [words.text("There is no split that meets the demand and every constraint.")]
    if names:
        texts.append(words.text("Leaving out any one of these makes one possible: {constraints}.", constraints=_enumeration(names, words)))
    else:
        texts.append(words.text("Leaving out a single constraint does not help."))
    if short := [sku for sku in plan["short_skus"].split(";") if sku]:
        texts.append(words.text("Too little to be had from the suppliers that may be bought from: {skus}.", skus=_enumeration(short, words)))
    return texts


def _unoffered_skus(plan: Row, words: Words) -> list[str]:
    count = int(plan["unoffered_skus"])
    return (
        [words.text("{count} SKUs in demand are not planned: nobody offers them in {currency}.", count=words.number(count), currency=plan["currency"])]
        if count
        else []
    )


def _enumeration(parts: list[str], words: Words) -> str:
    more = words.text(" and {count} more", count=len(parts) - MOST_NAMED) if len(parts) > MOST_NAMED else ""
    return words.join(parts[:MOST_NAMED]) + more


def part_cells(parts: pd.DataFrame, words: Words, names: Mapping[str, str]) -> pd.DataFrame:
    """What each supplier gets, and what it got, the largest first; as texts."""
    order = parts.sort_values(["share", "supplier"], ascending=[False, True])
    headings = [
        words.text("Supplier"),
        words.text("List amount"),
        words.text("Discount"),
        words.text("Fees"),
        words.text("Landed cost"),
        words.text("Share"),
        words.text("Share last month"),
    ]
    cells = [
        [
            _name(row["supplier"], names),
            *(words.money(row[column], row["currency"]) for column in ("list_amount", "discount_amount", "fees", "landed_cost")),
            words.share(row["share"]),
            words.share(row["last_share"]),
        ]
        for row in order.to_dict("records")
    ]
    return pd.DataFrame(cells, columns=headings)


def line_cells(lines: pd.DataFrame, words: Words, names: Mapping[str, str]) -> pd.DataFrame:
    """What to buy, a row a SKU and supplier, with what it was last month; as texts."""
    order = lines[lines["units"] > 0].sort_values(["sku", "units", "supplier"], ascending=[True, False, True])
    headings = [words.text("SKU"), words.text("Supplier"), words.text("Units"), words.text("List price"), words.text("Stock"), words.text("Units last month")]
    cells = [
        [
            row["sku"],
            _name(row["supplier"], names),
            words.number(row["units"]),
            words.money(row["unit_price"], row["currency"]),
            words.text("unknown") if pd.isna(row["stock"]) else words.number(row["stock"]),
            words.number(row["last_units"]),
        ]
        for row in order.to_dict("records")
    ]
    return pd.DataFrame(cells, columns=headings)


def scenario_cells(scenarios: pd.DataFrame, words: Words) -> pd.DataFrame:
    """The plan and what else would cost; as texts."""
    headings = [words.text("Split"), words.text("Landed cost"), words.text("Against the plan")]
    cells = [[scenario_name(row, words), _cost(row, "landed_cost", words), _cost(row, "extra_cost", words)] for row in scenarios.to_dict("records")]
    return pd.DataFrame(cells, columns=headings)


def scenario_name(row: Row, words: Words) -> str:
    """What a row of the scenarios is called."""
    if row["scenario"] in (PLAN, LAST):
        return words.name(f"planning.{row['scenario']}")
    if row["scenario"] == TIGHTER:
        return words.text("With a cap of {cap}", cap=words.share(row["share_cap"]))
    return words.text("Without: {constraint}", constraint=constraint_name(row["scenario"], words))


def _cost(row: Row, column: str, words: Words) -> str:
    if row["state"] == "planned":
        return words.money(row[column], row["currency"])
    return words.text("no split") if row["state"] == "infeasible" else MISSING


def _name(supplier: str, names: Mapping[str, str]) -> str:
    name = names.get(supplier, supplier)
    return name if name == supplier else f"{supplier} {name}"
