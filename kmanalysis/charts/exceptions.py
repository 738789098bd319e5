"""Charts and tables of page 12: single orders, codes and goods that somebody should look at, with their money and the next step."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import Row, goods_name, supplier_name
from kmanalysis.charts.kit.forms import stacked
from kmanalysis.charts.kit.page import Sections, plain
from kmanalysis.charts.kit.style import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY
from kmanalysis.charts.kit.sums import by_money, money_in_all
from kmanalysis.charts.kit.tables import Table, table
from kmanalysis.charts.kit.text import markdown
from kmanalysis.words import MISSING, Words

LINES = 20
"""Exceptions of a kind that a page lists; the command prints all."""

NAMED = 3
"""Suppliers that the opening names."""

_LOOKS = {
    "repeated_code": (RED, ""),
    "not_delivered": (BLUE, ""),
    "no_remedy": (ORANGE, "//"),
    "upstream_mismatch": (GREEN, "//"),
    "below_cost": (PURPLE, ""),
    "zero_cost": (GREY, ".."),
    "cost_jump": (SKY, "//"),
    "frozen_stock": (GREEN, ""),
    "unexplained_refund": (GREY, "xx"),
    "platform_race": (SKY, ".."),
}


def opening(sums: pd.DataFrame, checks: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Markdown:
    """How many exceptions there are, what hangs on them and with whom most; ``sums`` and ``checks`` as `exception_sums` and `exception_checks` give them."""
    unseen = [words.name(f"exception.{kind}") for kind in checks.loc[checks["lacks"] != "", "kind"]]
    apart = words.text("Not checked, because their data are missing: {kinds}.", kinds=words.join(unseen)) if unseen else ""
    if sums.empty:
        return markdown(words.sentences(words.text("No exceptions were found in the rows checked."), apart))
    lead = words.text(
        "**{cases} exceptions across {suppliers} suppliers, {amount} at stake.**",
        cases=words.number(sums["cases"].sum()),
        suppliers=words.number(sums["supplier_id"].nunique()),
        amount=money_in_all(sums, words),
    )
    most = [words.entry(plain(supplier_name(supplier, names)), _cases(of_one, words)) for supplier, of_one in by_money(sums)[:NAMED]]
    # A space: emphasis that ends in punctuation would else run on into Chinese.
    return markdown(f"{lead} {words.sentences(words.text('Most at stake: {suppliers}.', suppliers=words.join(most, '; ')), apart)}")


def _cases(of_one: pd.DataFrame, words: Words) -> str:
    cases, amount = words.number(of_one["cases"].sum()), money_in_all(of_one, words)
    return cases if amount == MISSING else words.text("{cases} ({amount})", cases=cases, amount=amount)


def kinds_table(sums: pd.DataFrame, checks: pd.DataFrame, words: Words) -> Table:
    """The kinds of exceptions: how many, what hangs on them, what was looked at, and the next step."""
    headings = [*(words.text("Exception"), words.text("Cases"), words.text("Amount"), words.text("Checked"), words.text("Next step"))]
    cells = []
    for check in checks.to_dict("records"):
        kind = str(check["kind"])
        of_kind = sums[sums["kind"] == kind]
        if check["lacks"]:
            cells.append(
                [
                    words.name(f"exception.{kind}"),
                    MISSING,
                    MISSING,
                    words.text("not checked: no {lacks}", lacks=_named(check["lacks"], words)),
                    MISSING,
                ]
            )
            continue
        cases = int(of_kind["cases"].sum())
        looked_at = words.text("{count} {things} checked", count=words.number(check["looked_at"]), things=words.name(f"exception_unit.{kind}"))
        if check["allowed"]:
            looked_at = words.join([looked_at, words.text("{count} repeats on purpose left out", count=words.number(check["allowed"]))], "; ")
        step = words.name(f"exception_step.{kind}") if cases else MISSING
        cells.append([words.name(f"exception.{kind}"), words.number(cases), money_in_all(of_kind, words), looked_at, step])
    found = set(sums.loc[sums["cases"] > 0, "kind"])
    # Where no code was handed out twice, nothing is unsure about it; what was not compared may be missing from an empty row as well.
    unsure = {check["kind"]: _named(check["unsure"], words) for check in checks.to_dict("records") if check["unsure"] and not check["lacks"]}
    doubts = [unsure_told(kind, named, words) for kind, named in unsure.items() if kind != "repeated_code" or kind in found]
    note = words.sentences(words.text("Zero means that none were found in the rows checked."), *doubts)
    return table(pd.DataFrame(cells, columns=headings), words.text("Exceptions by kind"), numbers=headings[1:3], note=note)


def unsure_told(kind: str, lacks: str, words: Words) -> str:
    """What cannot be told of a kind of exception that was looked for, because something was not given."""
    if kind == "upstream_mismatch":
        return words.text("Some differences from upstream were not looked for, because this was not given: {lacks}.", lacks=lacks)
    return words.text("Repeats may include codes that are meant for many: {unsure} would tell which.", unsure=lacks)


def supplier_counts(sums: pd.DataFrame, words: Words, names: Mapping[str, str]) -> pd.DataFrame:
    """Number of cases and what hangs on them by supplier, as text, the largest amounts first. Returns a plain frame."""
    cells = [(supplier_name(supplier, names), words.number(of_one["cases"].sum()), money_in_all(of_one, words)) for supplier, of_one in by_money(sums)]
    return pd.DataFrame(cells, columns=[words.text("Supplier"), words.text("Cases"), words.text("Amount")]).set_index(words.text("Supplier"))


def repeats_table(counts: pd.DataFrame, checks: pd.DataFrame, words: Words) -> Table:
    """Repeated codes by their cause, those on purpose with the operator's reason; ``counts`` as `repeat_counts` gives them, ``checks`` as
    `exception_checks`."""
    headings = [words.text("Cause"), words.text("Codes"), words.text("Times issued again")]
    cells = [
        [
            words.entry(words.name(f"repeat.{row['cause']}"), row["reason"]) if row["reason"] else words.name(f"repeat.{row['cause']}"),
            words.number(row["codes"]), words.number(row["cases"]),
        ]
        for row in counts.sort_values(["cases", "cause", "reason"], ascending=[False, True, True]).head(LINES).to_dict("records")
    ]  # fmt: skip
    empty = _none("repeated_code", checks, words.text("No repeats were found in the rows checked."), words)
    return table(pd.DataFrame(cells, columns=headings), words.text("Repeated codes by cause"), numbers=headings[1:], empty=empty)


def _named(lacks: str, words: Words) -> str:
    """Tables, and columns of tables, that were not given, as a reader calls them."""
    named = [(words.name(lack.partition(".")[0]), words.name(lack) if "." in lack else "") for lack in lacks.split(";")]
    return words.join([words.entry(table_, column) if column else table_ for table_, column in named])


def _none(kind: str, checks: pd.DataFrame, sentence: str, words: Words) -> str:
    """What is said where none of a kind was found: the sentence, or that nobody looked."""
    lacks = next(iter(checks.loc[checks["kind"] == kind, "lacks"]), "")
    return words.text("not checked: no {lacks}", lacks=_named(lacks, words)) if lacks else sentence


def losses_table(lost: pd.DataFrame, checks: pd.DataFrame, words: Words) -> Table:
    """Goods that were sold below cost, the largest loss first; ``lost`` as `losing_goods` gives them, ``checks`` as `exception_checks`."""
    headings = [words.name("orders.sku"), words.text("Orders"), words.text("Lost")]
    cells = [[goods_name(row, words), words.number(row["cases"]), words.money(row["amount"], row["currency"])] for row in lost.head(LINES).to_dict("records")]
    cut = words.text("The first {shown} of {all}.", shown=len(cells), all=len(lost)) if len(cells) < len(lost) else ""
    title, empty = words.text("Goods sold below cost"), _none("below_cost", checks, words.text("None found in the rows checked."), words)
    return table(pd.DataFrame(cells, columns=headings), title, numbers=headings[1:], note=cut, empty=empty)


def by_supplier(sums: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Exceptions of each supplier by kind, most first."""
    counts = sums.pivot_table(index="supplier_id", columns="kind", values="cases", aggfunc="sum", fill_value=0)
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index
    looks = {kind: (words.name(f"exception.{kind}"), *look) for kind, look in _LOOKS.items() if kind in counts.columns}
    return stacked(counts.loc[order].reset_index(), looks, words.text("Exceptions by supplier (cases)"), words, names, ax)


def exception_lists(found: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Sections:
    """The exceptions, a table a kind; ``found`` as `exceptions` gives them."""
    tables = [_lines(of_kind, str(kind), words, names) for kind, of_kind in found.groupby("kind", sort=False)]
    return Sections(tables, words.text("There is none to show."))


def _lines(found: pd.DataFrame, kind: str, words: Words, names: Mapping[str, str]) -> Table:
    headings = [
        *(words.text("Supplier"), words.name("orders.order_id"), words.name("orders.sku"), words.text("When")),
        *(words.text("Amount"), words.text("Finding")),
    ]
    # A supplier's page has the rows of one, the portfolio's those of all: the largest first in either.
    largest = found.assign(size=found["amount"].astype("float64")).sort_values(["size", "supplier_id"], ascending=[False, True], kind="stable")
    rows = largest.head(LINES).to_dict("records")
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            row["order_id"] if isinstance(row["order_id"], str) else MISSING,
            row["sku"],
            words.moment(row["happened_at"]),
            words.money(row["amount"], row["currency"]) if isinstance(row["currency"], str) else MISSING,
            _seen(row, kind, words, names),
        ]
        for row in rows
    ]
    cut = words.text("The first {shown} of {all}.", shown=len(rows), all=len(found)) if len(rows) < len(found) else ""
    title = words.name(f"exception.{kind}")
    note = words.sentences(words.text("Next step: {step}", step=words.name(f"exception_step.{kind}")), cut)
    return table(pd.DataFrame(cells, columns=headings), title, numbers=headings[4:5], note=note)


def _seen(row: Row, kind: str, words: Words, names: Mapping[str, str]) -> str:
    currency = row["currency"] if isinstance(row["currency"], str) else ""
    if kind in ("repeated_code", "platform_race"):
        return words.text(
            "first issued on {moment} by {supplier} for order {order}",
            moment=words.moment(row["since_at"]),
            supplier=supplier_name(row["earlier_supplier_id"], names),
            order=row["earlier_order_id"] if isinstance(row["earlier_order_id"], str) else MISSING,
        )
    if kind == "upstream_mismatch":
        if row["mismatch"] == "units":
            return words.join([words.name("mismatch.units"), words.text("{units} units upstream", units=words.number(row["units"]))], "; ")
        booked, charged = (words.money(row[name], currency) for name in ("cost_before", "cost_now"))
        costs = words.text("booked {booked}, upstream {charged}", booked=booked, charged=charged)
        return words.join([words.name(f"mismatch.{row['mismatch']}"), costs], "; ")
    if kind == "no_remedy":
        return words.text("neither replaced nor refunded by {moment}", moment=words.moment(row["since_at"]))
    if kind in ("below_cost", "zero_cost"):
        return words.text("cost {cost}", cost=words.money(row["cost_now"], currency))
    if kind == "cost_jump":
        return words.text("unit cost {before} → {now}", before=words.money(row["cost_before"], currency), now=words.money(row["cost_now"], currency))
    if kind == "frozen_stock":
        return words.text("always {stock} in stock, {units} sold", stock=words.number(row["stock"]), units=words.number(row["units"]))
    return words.text("paid and still open") if kind == "not_delivered" else words.text("no cause, no ticket")
