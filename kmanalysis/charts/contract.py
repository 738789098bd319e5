"""Charts and tables of step 5: what is owed, the claims ledger, restock times, failures in a row, and the terms in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from IPython.display import Markdown
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from kmanalysis.charts.kit.cells import Row, is_missing, supplier_name
from kmanalysis.charts.kit.forms import legend_below, row_axis, supplier_axis, worst
from kmanalysis.charts.kit.lengths import supplier_label
from kmanalysis.charts.kit.style import GREEN, GREY, INK, ORANGE, PAPER, RED, chart, new_axes, nothing, set_title
from kmanalysis.charts.kit.tables import MOST_ROWS, Table, table
from kmanalysis.charts.kit.text import markdown
from kmanalysis.standards import Standards
from kmanalysis.words import MISSING, Words

LINES = 20
"""Lines of the ledger that the page shows; the claim sheets have them all."""

_STATES = {"late": (RED, "X"), "undecided": (ORANGE, "D"), "in_time": (GREEN, "o")}
_SHARES = ("compensation_share", "damages_share")


def ledger_opening(owed: pd.DataFrame, words: Words) -> Markdown:
    """What suppliers owe in all, and what of it was not claimed before; ``owed`` as `claims_owed` gives it."""
    lines = []
    for currency, of_one in owed.groupby("currency", sort=True):
        owing = of_one[of_one["outstanding_amount"].astype("float64") > 0]
        sums = {name: words.money(sum(of_one[f"{name}_amount"]), str(currency)) for name in ("outstanding", "month_outstanding", "claimed", "claim")}
        told = words.text(
            "**{all} is owed** at the month's end (suppliers that owe: {count}), {month} of it for failures that fell due this month.",
            all=sums["outstanding"],
            count=len(owing),
            month=sums["month_outstanding"],
        )
        further = words.text("Recorded as claimed: {claimed}. To claim now, adjustments included: {claim}.", claimed=sums["claimed"], claim=sums["claim"])
        lines.append(words.sentences(told, further))
    unclear = int(owed["unknown_fault"].sum() + owed["unknown_amounts"].sum())
    apart = words.text("{count} failures cannot be claimed yet: nobody knows whose fault, or the base is missing.", count=unclear) if unclear else ""
    return markdown("\n\n".join(part for part in (*lines, apart) if part) or words.text("No failure that fell due is on record: no debt is known."))


def money_owed(owed: pd.DataFrame, words: Words, names: Mapping[str, str]) -> pd.DataFrame:
    """Suppliers that owe something or have something to claim, in words, the most first: a plain frame."""
    open_ones = owed[(owed["outstanding_amount"].astype("float64") > 0) | (owed["claim_amount"].astype("float64") != 0)]
    rows = _by_size(open_ones, "outstanding_amount").to_dict("records")
    columns = ("month_outstanding_amount", "outstanding_amount", "claimed_amount", "claim_amount")
    told = {words.name(f"ledger.{column}"): [words.money(row[column], row["currency"]) for row in rows] for column in columns}
    return pd.DataFrame(told, index=[supplier_name(row["supplier_id"], names) for row in rows], dtype="object")


@chart
def amounts_owed(owed: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """What each supplier owes at the month's end, this month's failures and older ones apart, in the currency most is owed in by count."""
    title = words.text("What suppliers owe at the month's end")
    owing = owed[owed["outstanding_amount"].astype("float64") > 0]
    if owing.empty:
        return nothing(ax, title, words.text("No debt is on record: nothing fell due, or all of it was paid."))
    currency = owing["currency"].value_counts().sort_index().sort_values(ascending=False, kind="stable").index[0]
    rows, cut = worst(_by_size(owing[owing["currency"] == currency], "outstanding_amount"), words)
    month = rows["month_outstanding_amount"].astype("float64").to_numpy()
    older = rows["outstanding_amount"].astype("float64").to_numpy() - month
    ax = new_axes(ax, rows=len(rows) + 1)
    places = np.arange(len(rows))
    ax.barh(places, month, height=0.66, color=RED, hatch="xx", edgecolor=PAPER, linewidth=0.5, label=words.text("fell due this month"))
    ax.barh(places, older, left=month, height=0.66, color=ORANGE, edgecolor=PAPER, linewidth=0.5, label=words.text("fell due before"))
    for place, amount in enumerate(rows["outstanding_amount"]):
        ax.annotate(
            words.money(amount, currency), (1, place), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points", va="center", fontsize=9.5
        )
    supplier_axis(ax, list(rows["supplier_id"]), names)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(float(value), 1)))
    ax.set_xlabel(currency)
    legend_below(ax, 2)
    others = len(owing) - (owing["currency"] == currency).sum()
    apart = words.text("{count} rows in other currencies are not drawn.", count=others) if others else ""
    told = words.text("Damages due for failures by the supplier, less what was paid by the month's end.")
    return set_title(ax, title, words.sentences(told, apart, cut))


def owed_table(owed: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Duties that came due, what was paid, and how the claims stand, the supplier that owes most first; ``owed`` as `claims_owed` gives it."""
    columns = ("due_amount", "paid_amount", "month_outstanding_amount", "outstanding_amount", "claimed_amount", "new_amount", "adjustment_amount")
    counts = ("unknown_fault", "unknown_amounts")
    shown = _by_size(owed, "outstanding_amount").head(MOST_ROWS).to_dict("records")
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            words.number(row["failures"]),
            *(words.money(row[column], row["currency"]) for column in columns),
            *(words.number(row[column]) for column in counts),
        ]
        for row in shown
    ]
    headings = [words.text("Supplier"), *(words.name(f"ledger.{column}") for column in ("failures", *columns, *counts))]
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("Duties that came due, and what was paid and claimed"),
        numbers=headings[1:],
        note=words.sentences(words.text("Failures, due and paid: deadline in this month. Outstanding: of all months until now."), _cut(cells, owed, words)),
        empty=words.text("No failure that fell due is on record: no debt is known."),
    )


def ledger_table(lines: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """The largest lines of the claims ledger; ``lines`` as `claim_lines` gives them."""
    columns = ("claim_amount", "state", "order_id", "clause", "deadline", "base_amount", "due_amount", "paid_amount", "claimed_amount", "evidence", "claim_id")
    size = lines["claim_amount"].astype("float64").abs()
    shown = lines.assign(size=size).sort_values(["size", "supplier_id", "order_id"], ascending=[False, True, True]).head(LINES).to_dict("records")
    cells = [[supplier_name(row["supplier_id"], names), *_line(row, words)] for row in shown]
    headings = [words.text("Supplier"), *(words.name(f"ledger.{column}") for column in columns)]
    told = words.text("One line an event. kmanalysis claims export writes the claim sheets and records them as made; this page records nothing.")
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("The largest lines of the claims ledger"),
        numbers=[headings[1], *headings[6:10]],
        note=words.sentences(told, _cut(cells, lines, words)),
        empty=words.text("There is nothing to claim."),
    )


def _line(row: Row, words: Words) -> list[str]:
    money = [words.money(row[f"{name}_amount"], row["currency"]) for name in ("base", "due", "paid", "claimed", "claim")]
    state = words.name(f"claim_state.{row['state']}")
    if row["state"] == "adjustment":
        state = f"{state} ({words.name('claim_reason.' + row['reason'])} → {row['adjusts']})"
    share = "" if is_missing(row["remedy_share"]) else f" {words.share(row['remedy_share'])}"
    ids = [str(row[column]) for column in ("ticket_ids", "compensation_ids") if not is_missing(row[column])]
    deadline = MISSING if is_missing(row["deadline"]) else words.moment(row["deadline"])
    clause = words.name(f"clause.{row['clause']}") + share
    return [money[-1], state, row["order_id"], clause, deadline, *money[:-1], words.join(ids) or MISSING, row["claim_id"]]


@chart
def restock_times(cases: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """How long hot SKUs were gone, at least and at most, against what the contract allows; ``cases`` as `restock_cases` gives them."""
    title = words.text("How long hot SKUs were out of stock")
    if cases.empty:
        return nothing(ax, title, words.text("No hot SKU was seen without stock this month."))
    order = cases.sort_values(["lower_seconds", "supplier_id", "sku", "out_at"], ascending=[False, True, True, True])
    rows, cut = worst(order, words, are_suppliers=False)
    ax = new_axes(ax, rows=len(rows) + 1)
    places = np.arange(len(rows))
    lower, upper = rows["lower_seconds"].to_numpy(dtype="float64") / 3600, rows["upper_seconds"].to_numpy(dtype="float64") / 3600
    limit = rows["limit_seconds"].to_numpy(dtype="float64") / 3600
    edge = np.nanmax([*lower, *upper, *limit]) * 1.08
    open_ones = np.isnan(upper)
    ax.hlines(places, lower, np.where(open_ones, edge, upper), color=GREY, linewidth=2.2, label=words.text("at least … at most"))
    if open_ones.any():
        ax.scatter(np.full(open_ones.sum(), edge), places[open_ones], marker=">", color=GREY, s=30, label=words.text("no upper bound"))
    for state, (colour, marker) in _STATES.items():
        chosen = (rows["state"] == state).to_numpy()
        if chosen.any():
            label = words.name(f"restock.{state}")
            ax.scatter(lower[chosen], places[chosen], color=colour, marker=marker, s=34, edgecolors=PAPER, linewidths=0.5, label=label, zorder=3)
    ax.vlines(limit, places - 0.4, places + 0.4, color=INK, linewidth=1.3)
    row_axis(ax, [f"{supplier_label(supplier, names, 14)} {sku}" for supplier, sku in zip(rows["supplier_id"], rows["sku"], strict=True)])
    ax.set_xlim(left=-0.02 * edge)
    ax.set_xlabel(words.name("unit.hours"))
    legend_below(ax, 2)
    note = words.text("Mark: the shortest that the readings allow, on which alone a claim rests. Black line: what is allowed.")
    return set_title(ax, title, words.sentences(note, cut))


def restock_table(counts: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Stock-outs of hot SKUs by supplier, most late ones first; ``counts`` as `restock_counts` gives them."""
    columns = ("stockouts", "in_time", "late", "undecided", "still_open", "older")
    order = counts.sort_values(["late", "stockouts", "supplier_id"], ascending=[False, False, True])
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            *(words.number(row[column]) for column in columns),
            words.duration(row["longest_seconds"]),
            words.duration(row["limit_seconds"]),
        ]
        for row in order.head(MOST_ROWS).to_dict("records")
    ]
    headings = [words.text("Supplier"), *(words.name(f"restock.{column}") for column in (*columns, "longest", "limit"))]
    note = words.text("Late: even the shortest time that the readings allow is over the limit. Undecided: readings lie too far apart to tell.")
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("Stock-outs of hot SKUs that began this month"),
        numbers=headings[1:],
        note=words.sentences(note, _cut(cells, counts, words)),
        empty=words.text("No hot SKU was seen without stock this month."),
    )


def runs_table(runs: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Failures in a row and the moment at which the right to end the contract arose; ``runs`` as `failure_runs` gives them."""
    order = runs.assign(open=runs["right_arose_at"].isna()).sort_values(
        ["open", "failures", "supplier_id", "last_deadline_at"], ascending=[True, False, True, False]
    )
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            MISSING if is_missing(row["contract_id"]) else row["contract_id"],
            f"{words.number(row['failures'])} / {words.number(row['asked'])}",
            words.moment(row["first_opened_at"]),
            words.text("not yet") if is_missing(row["right_arose_at"]) else words.moment(row["right_arose_at"]),
            words.text("yes") if row["is_unbroken"] else words.text("no"),
            " … ".join(str(row[column]) for column in ("first_ticket_id", "deciding_ticket_id") if not is_missing(row[column])),
        ]
        for row in order.head(MOST_ROWS).to_dict("records")
    ]
    headings = [
        words.text("Supplier"),
        *(words.name(f"run.{column}") for column in ("contract_id", "failures", "first_opened_at", "right_arose_at", "is_unbroken", "ticket_ids")),
    ]
    note = words.text(
        "Cases by the supplier's fault in order of opening, failed where the deadline passed without a good code; open and unclear ones do not count."
    )
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("Failures in a row, and when the right to end the contract arose"),
        numbers=[headings[2]],
        note=words.sentences(note, _cut(cells, runs, words)),
        empty=words.text("No run of failures that is open, or gave a right to end a contract, is on record."),
    )


def terms_table(terms: pd.DataFrame, standards: Standards, words: Words, names: Mapping[str, str]) -> Table:
    """The contract of each supplier: what must be mended first, and what differs from the standards; ``terms`` as `terms` gives them."""
    order = terms.assign(sound=terms["gaps"] == "").sort_values(["sound", "days_left", "supplier_id"], na_position="first")
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            words.join([words.name(f"contract_gap.{gap}") for gap in row["gaps"].split(";") if gap]) or "✓",
            MISSING if is_missing(row["contract_id"]) else row["contract_id"],
            words.day(row["valid_to"]),
            words.number(row["days_left"]),
            words.day(row["legal_review_on"]),
            words.name(f"contract_security.{row['data_security']}"),
            words.join([*_differences(row, words), *_unreadable(row, words)]) or MISSING,
        ]
        for row in order.head(MOST_ROWS).to_dict("records")
    ]
    names_of = ("gaps", "contract_id", "valid_to", "days_left", "legal_review_on", "data_security", "differs")
    headings = [words.text("Supplier"), *(words.name(f"contract_term.{column}") for column in names_of)]
    standard = standards.value
    note = words.text(
        "Where a contract says nothing: hot SKUs back within {restock}, a good code within {reship}, {compensation} where made good, else {damages}; "
        "{failures} failures in a row end it.",
        restock=words.duration(standard("contract.restock_time")),
        reship=words.duration(standard("contract.reship_time")),
        compensation=words.share(standard("contract.compensation_share")),
        damages=words.share(standard("contract.damages_share")),
        failures=words.number(standard("contract.failures_in_a_row")),
    )
    return table(
        pd.DataFrame(cells, columns=headings),
        words.text("Contracts and their terms"),
        numbers=[headings[4]],
        note=words.sentences(note, _cut(cells, terms, words)),
        empty=words.text("There is no supplier yet."),
    )


def _differences(row: Row, words: Words) -> list[str]:
    told = {
        "restock_hours": words.duration(row["restock_seconds"]),
        "reship_hours": words.duration(row["reship_seconds"]),
        **{term: words.share(row[term]) for term in _SHARES},
        "failures_in_a_row": words.number(row["failures_in_a_row"]),
        "remedy_base": words.name(f"remedy_base.{row['remedy_base']}"),
    }
    return [f"{words.name(f'contract_term.{term}')} {told[term]}" for term in row["differs"].split(";") if term]


def _unreadable(row: Row, words: Words) -> list[str]:
    return [words.text("{term}: not readable", term=words.name(f"contract_term.{term}")) for term in row["unreadable"].split(";") if term]


def _by_size(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    ranked = frame.assign(size=frame[column].astype("float64"))
    return ranked.sort_values(["size", "supplier_id", "currency"], ascending=[False, True, True]).drop(columns="size")


def _cut(cells: Sequence[object], frame: pd.DataFrame, words: Words) -> str:
    return words.text("The first {shown} of {all}.", shown=len(cells), all=len(frame)) if len(cells) < len(frame) else ""
