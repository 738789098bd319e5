"""Tables of what the review decides: actions with why and money, corrective actions and what became of them, and what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import pandas as pd
from IPython.display import Markdown

from kmanalysis.charts.kit.cells import Row, asked, is_missing, supplier_name
from kmanalysis.charts.kit.lengths import VERDICT_SYMBOLS
from kmanalysis.charts.kit.tables import MOST_ROWS, Table, table
from kmanalysis.charts.kit.text import markdown
from kmanalysis.tables import GRADES
from kmanalysis.words import MISSING, Words

NAMED = 3
"""Measures that a sentence names."""


def actions_table(actions: pd.DataFrame, corrective: pd.DataFrame, money: pd.DataFrame, spare: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Who, what, why, by when it is checked and how much money; the most urgent first.

    ``actions``, ``corrective``, ``money`` and ``spare`` as `actions`, `corrective`, `action_money` and `backup_suppliers` give them.
    """
    todo = dict(tuple(corrective.groupby("supplier_id", sort=False)))
    amounts = dict(tuple(money.groupby("supplier", sort=False)))
    carried = dict(zip(spare["supplier"], spare["carried_share"], strict=True))
    headings = [words.text("Supplier"), words.text("Action"), words.text("Why"), words.text("Checked on"), words.text("Money at stake")]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            _action(row, words),
            _why(row, todo.get(row["supplier_id"], corrective.head(0)), carried.get(row["supplier_id"]), words),
            words.day(row["check_on"]),
            _money(row, amounts.get(row["supplier_id"], money.head(0)), words),
        ]
        for row in actions.head(MOST_ROWS).to_dict("records")
    ]
    note = words.text(
        "The most urgent first. * differs from last month's action. Money: the month's purchases, damages that fell due in it unpaid, backups until restocked."
    )
    cut = words.text("The first {shown} of {all}.", shown=len(cells), all=len(actions)) if len(cells) < len(actions) else ""
    return table(
        pd.DataFrame(cells, columns=headings), words.text("What to do now"), note=" ".join((note, cut)).strip(), empty=words.text("There is no supplier yet.")
    )


def next_action(actions: pd.DataFrame, corrective: pd.DataFrame, words: Words) -> Markdown:
    """What is to be done with one supplier, why, and when it is checked; both frames hold its rows of `actions` and `corrective`."""
    if actions.empty:
        return markdown("")
    row = actions.iloc[0].to_dict()
    checked = "" if is_missing(row["check_on"]) else words.text("Checked on {day}.", day=words.day(row["check_on"]))
    changed = words.text("Last month: {action}.", action=words.name(f"action.{row['previous_action']}")) if _has_changed(row) else ""
    told = words.text("**Next: {action}.** {why}", action=_action_name(row, words), why=_why(row, corrective, None, words))
    return markdown(" ".join(part for part in (told, checked, changed) if part))


def action_counts(actions: pd.DataFrame, words: Words, order: Sequence[str]) -> pd.DataFrame:
    """How many suppliers each action is for, this month and the last, in words: a plain frame."""
    counts = pd.DataFrame(
        {
            words.text("Last month"): actions["previous_action"].value_counts().reindex(list(order), fill_value=0),
            words.text("This month"): actions["action"].value_counts().reindex(list(order), fill_value=0),
        }
    )
    counts.index = pd.Index([words.name(f"action.{action}") for action in order])
    return counts


def _action(row: Row, words: Words) -> str:
    return _action_name(row, words) + (" *" if _has_changed(row) else "")


def _action_name(row: Row, words: Words) -> str:
    name = words.name(f"action.{row['action']}")
    return f"{name} · {words.name('deepen.' + row['reason'])}" if row["action"] == "deepen" else name


def _has_changed(row: Row) -> bool:
    return row["previous_action"] not in ("", row["action"])


def _why(row: Row, todo: pd.DataFrame, carried: float | None, words: Words) -> str:
    if row["reason"] in ("vetoed", "vetoed_for_months"):
        vetoes = words.join([words.name(measure) for measure in row["measures"].split(";")])
        told = words.text("Months in a row with a missed veto: {months} ({vetoes}).", months=row["months"], vetoes=vetoes)
    elif row["reason"] == "may_be_ended":
        told = words.text("{failures} failures in a row: right to end since {moment}.", failures=row["failures"], moment=words.moment(row["right_since"]))
    elif row["action"] == "deepen":
        told = words.text("Months in a row at S: {months}; probability {share}.", months=row["months"], share=words.share(row["probability"], 0))
    elif todo.empty or row["reason"] in ("lacks_evidence", "exceptions"):
        told = words.name(f"why.{row['reason']}")
    else:
        said = [_missed(measure, words) for measure in todo.head(NAMED).to_dict("records")]
        more = words.text(" and {count} more measures", count=len(todo) - NAMED) if len(todo) > NAMED else ""
        missed = reduce(lambda before, after: words.text("{a}; {b}", a=before, b=after), said)
        told = words.text("{a} {b}.", a=words.name(f"why.{row['reason']}"), b=missed + more)
    if row["action"] not in ("switch", "end") or carried is None:
        return told
    return f"{told} {words.text('The others could carry {share} of its orders.', share=words.share(carried, 0))}"


def _missed(row: Row, words: Words) -> str:
    began = words.text(", drift since {day}", day=words.day(row["began_on"])) if not is_missing(row["began_on"]) else ""
    told = {"measure": words.name(row["measure"]), "value": words.quantity(row["value"], row["unit"]), "asked": asked(row, words), "month": row["since"]}
    return words.text("{measure} {value} (asked for {asked}), open since {month}", **told) + began


def _money(row: Row, amounts: pd.DataFrame, words: Words) -> str:
    told = []
    for amount in amounts.to_dict("records"):
        currency = amount["currency"]
        if not is_missing(amount["purchased_amount"]):
            told.append(words.text("bought {amount}", amount=words.money(amount["purchased_amount"], currency)))
        if not is_missing(amount["owed_amount"]) and amount["owed_amount"]:
            told.append(words.text("owes {amount}", amount=words.money(amount["owed_amount"], currency)))
        if row["action"] in ("switch", "end") and amount["switching_cost"] is not None and not is_missing(amount["switching_cost"]):
            cost = words.money(abs(amount["switching_cost"]), currency)
            if amount["switching_cost"] == 0:
                told.append(words.text("its backups cost the same"))
            elif amount["switching_cost"] < 0:
                told.append(words.text("its backups are {amount} cheaper", amount=cost))
            else:
                told.append(words.text("its backups cost {amount} more", amount=cost))
    return words.join(told) or MISSING


def outcomes_table(outcomes: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """What became of last month's corrective actions: worse first; ``outcomes`` as `outcomes` gives them."""
    order = {outcome: place for place, outcome in enumerate(("worse", "unchanged", "undecided", "improved", "on_watch", "closed"))}
    rows = outcomes.assign(place=outcomes["outcome"].map(order)).sort_values(["place", "since", "supplier_id", "measure"])
    headings = [
        words.text("Supplier"),
        words.text("Measure"),
        words.text("Open since"),
        words.text("Last month"),
        words.text("This month"),
        words.text("Outcome"),
    ]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            words.name(row["measure"]),
            row["since"],
            words.quantity(row["previous_value"], row["unit"]),
            f"{VERDICT_SYMBOLS[row['verdict']]} {words.quantity(row['value'], row['unit'])}",
            words.name(f"outcome.{row['outcome']}"),
        ]
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    cut = words.text("The first {shown} of {all}.", shown=len(cells), all=len(rows)) if len(cells) < len(rows) else ""
    title = words.text("What became of last month's corrective actions")
    return table(
        pd.DataFrame(cells, columns=headings),
        title,
        numbers=headings[3:5],
        note=cut,
        empty=words.text("No corrective action was open at the end of last month."),
    )


def migration_table(migrations: pd.DataFrame, month: str, words: Words) -> Table:
    """How many suppliers went from which grade (rows) to which (columns): in this month, and in all months looked back on in brackets."""
    title = words.text("Grades from month to month")
    if migrations.empty:
        return table(pd.DataFrame(), title, empty=words.text("Nothing moved, or there is no month before."))
    grades = (*GRADES, "")
    keys = ["previous_grade", "grade"]
    every = migrations.groupby(keys)["suppliers"].sum()
    now = migrations[migrations["month"] == month].groupby(keys)["suppliers"].sum()
    names = [words.name(grade or "not_graded") for grade in grades]
    cells = pd.DataFrame(
        [[f"{now.get((old, new), 0)} ({every.get((old, new), 0)})" if (old, new) in every.index else "" for new in grades] for old in grades], columns=names
    )
    cells.insert(0, words.text("From / to"), names)
    return table(cells, title, numbers=names, note=words.text("Suppliers this month; in brackets: in all months looked back on."))


def month_table(months: pd.DataFrame, changes: pd.DataFrame, moves: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Each supplier's month beside the last: turnover, disputes, price against the market's move, score and grade; the largest loss of score first.

    ``months``, ``changes`` and ``moves`` as `month_on_month`, `changes` and `price_moves` give them.
    """
    disputes = {row["supplier_id"]: row for row in changes[changes["measure"] == "service.dispute_rate"].to_dict("records")}
    priced = {row["supplier_id"]: row for row in moves.to_dict("records")}
    lost = (months["score"] - months["previous_score"]).fillna(0.0).round(6)
    rows = months.assign(lost=lost).sort_values(["lost", "supplier_id"])
    rows = rows[rows["score"].notna() | rows["turnover"].notna()]
    headings = [
        *(words.text("Supplier"), words.text("Grade"), words.text("Score"), words.text("Stock turnover"), words.name("service.dispute_rate")),
        *(words.text("Own price"), words.text("Peers' prices"), words.text("Against the market")),
    ]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            _then(_grade(row["previous_grade"], row["previous_reason"], words), _grade(row["grade"], row["reason"], words)),
            _then(words.number(row["previous_score"], 1), words.number(row["score"], 1)),
            _then(words.number(row["previous_turnover"], 3), words.number(row["turnover"], 3)),
            _of_disputes(disputes.get(row["supplier_id"]), words),
            *_of_prices(priced.get(row["supplier_id"]), words),
        ]
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    note = words.text(
        "Last month → this month. Turnover: units sold / average stock. Against the market: the own change minus the peers', "
        "over the SKUs priced in both months. ! is more than noise."
    )
    title = words.text("Month on month")
    return table(pd.DataFrame(cells, columns=headings), title, numbers=headings[2:], note=note, empty=words.text("Nothing was observed."))


def _then(before: str, now: str) -> str:
    return now if before == MISSING else f"{before} → {now}"


def _grade(grade: str, reason: str, words: Words) -> str:
    return words.name(grade) if grade else words.name(reason) if reason else MISSING


def _of_disputes(row: Row | None, words: Words) -> str:
    if row is None:
        return MISSING
    return _then(words.share(row["previous_value"]), words.share(row["value"])) + (" !" if row["is_more_than_noise"] else "")


def _of_prices(row: Row | None, words: Words) -> list[str]:
    if row is None:
        return [MISSING] * 3
    told = [_signed(row[name], words) for name in ("own_change", "peers_change", "relative_change")]
    return [*told[:2], told[2] + (" !" if row["is_more_than_noise"] else "")]


def _signed(share: float, words: Words) -> str:
    rounded = round(share, 3) + 0.0
    return ("+" if rounded > 0 else "−" if rounded < 0 else "") + words.share(abs(rounded))


def changes_table(changes: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """The changes against last month that are more than noise, with their intervals; the worst first. ``changes`` as `changes` gives them."""
    real = changes[changes["is_more_than_noise"]]
    rows = real.assign(size=real["difference"].abs()).sort_values(["is_worse", "size", "supplier_id", "measure"], ascending=[False, False, True, True])
    headings = [
        *(words.text("Supplier"), words.text("Measure"), words.text("Last month"), words.text("This month"), words.text("Change (percentage points)")),
        words.text("Interval of the change"),
    ]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            words.name(row["measure"]),
            f"{words.share(row['previous_value'])} (n = {words.number(row['previous_n'])})",
            f"{words.share(row['value'])} (n = {words.number(row['n'])})",
            ("▼ " if row["is_worse"] else "▲ ") + _signed_points(row["difference"], words),
            f"{_signed_points(row['lower'], words)} … {_signed_points(row['upper'], words)}",
        ]
        for row in rows.head(MOST_ROWS).to_dict("records")
    ]
    empty = words.text("No share moved by more than noise against last month, or there is no month before.")
    note = words.text("▼ for the worse, ▲ for the better. Shares of orders or tickets, compared as two proportions (Newcombe's interval).")
    return table(pd.DataFrame(cells, columns=headings), words.text("Changes that are more than noise"), numbers=headings[2:], note=note, empty=empty)


def _signed_points(difference: float, words: Words) -> str:
    return ("+" if difference > 0 else "−" if difference < 0 else "") + words.number(abs(difference) * 100, 1)
