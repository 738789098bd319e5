"""The tables of the page of trials: verdicts first, then criteria, purchases, questions and repeats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from IPython.display import Markdown

from kmanalysis.charts.kit.cells import Row, cell, is_missing, supplier_name
from kmanalysis.charts.kit.tables import Table, legend, table
from kmanalysis.charts.kit.tables import verdict as in_symbols
from kmanalysis.charts.kit.text import markdown
from kmanalysis.charts.trial.evidence import MOST_TRIALS, current
from kmanalysis.tables import VERDICTS
from kmanalysis.words import MISSING, Words


def opening(verdicts: pd.DataFrame, words: Words) -> Markdown:
    """How the month's trials came out."""
    months = verdicts[verdicts["is_current"].astype(bool)]
    if months.empty:
        return markdown(
            words.text("No trial began or ended this month. Nothing is said of any supplier here; below stands how many codes the next trial should check.")
        )
    counts = months["verdict"].value_counts()
    told = [words.text("{verdict} {count}", count=counts[verdict], verdict=words.name(verdict)) for verdict in VERDICTS if verdict in counts]
    lead = words.text("{count} trials this month: {verdicts}.", count=len(months), verdicts=words.join(told))
    note = words.text("A trial is met where every criterion is met; what was not asked or checked enough leaves it unproven.")
    return markdown(f"**{lead}** {note}")


def verdict_table(verdicts: pd.DataFrame, trials: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """The month's trials: verdict, what was missed, what is open, and what the sequential test says."""
    found = current(verdicts, verdicts).merge(trials[["trial_id", "decision", "decided_after", "checked"]], on="trial_id")
    columns = [words.text("Supplier"), words.text("Verdict"), words.text("Missed"), words.text("Not proven or not seen"), words.text("Sequential test")]
    columns += [words.text("Trial"), words.text("Began")]
    rows = found.to_dict("records")
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            in_symbols(row, words),
            _criteria(row["missed"], words),
            _criteria(";".join(part for part in (row["unproven"], row["no_data"]) if part), words),
            _decision(row, words),
            row["trial_id"],
            words.moment(row["started_at"]),
        ]
        for row in rows
    ]
    finished = pd.DataFrame(cells, columns=columns)
    marks = pd.DataFrame("", index=finished.index, columns=columns)
    marks[columns[1]] = [row["verdict"] for row in rows]
    cut = _cut(verdicts, words)
    note = words.sentences(legend(words), cut)
    return table(finished, words.text("The month's trials"), classes=marks, note=note, empty=words.text("No trial began or ended this month."))


def criteria_table(criteria: pd.DataFrame, verdicts: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Each trial's criteria: verdict, value, what is asked, interval and n."""
    rows = current(criteria, verdicts).to_dict("records")
    columns = [
        words.text("Supplier"),
        words.text("Criterion"),
        words.text("Verdict"),
        words.text("Value"),
        words.text("Asked for"),
        words.text("Interval"),
        "n",
    ]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            words.name(row["criterion"]),
            in_symbols(row, words),
            _quantity(row, row["value"], words),
            f"{'≥' if row['op'] == '>=' else '≤'}\u00a0{_quantity(row, row['target'], words)}",
            MISSING if row["basis"] == "census" else _interval(row, words),
            words.number(row["n"]),
        ]
        for row in rows
    ]
    finished = pd.DataFrame(cells, columns=columns)
    marks = pd.DataFrame("", index=finished.index, columns=columns)
    marks[columns[2]] = [row["verdict"] for row in rows]
    note = words.text("Lot: the codes that were bought. Process: those that the supplier will send. Delivery and answers are held by the slowest.")
    return table(finished, words.text("Verdict by criterion"), classes=marks, numbers=[columns[3], columns[5], "n"], note=note, empty=_no_trial(words))


def purchase_table(trials: pd.DataFrame, verdicts: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """What was bought in each trial, what it cost, and what came of it."""
    rows = current(trials, verdicts).to_dict("records")
    columns = [
        words.text("Supplier"),
        words.text("Budget"),
        words.text("Paid for the codes"),
        words.text("Fees charged"),
        words.text("Codes ordered"),
        words.text("Not delivered"),
    ]
    columns += [words.text("Codes listed"), words.text("Slowest delivery"), words.text("Staged questions"), words.text("Slowest answer")]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            *(cell(row[column], column, words, row["currency"]) for column in ("budget_amount", "paid_amount", "fees_amount")),
            *(words.number(row[column]) for column in ("quantity", "undelivered", "codes")),
            cell(row["slowest_seconds"], "slowest_seconds", words),
            words.number(row["answers"]),
            cell(row["slowest_answer_seconds"], "slowest_answer_seconds", words),
        ]
        for row in rows
    ]
    return table(pd.DataFrame(cells, columns=columns), words.text("Purchase, delivery and answers"), numbers=columns[1:], empty=_no_trial(words))


def questions_table(questions: pd.DataFrame, verdicts: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """The staged support questions of the month's trials, each with its wait."""
    rows = current(questions, verdicts).to_dict("records")
    columns = [words.text("Supplier"), words.text("Ticket"), words.text("Asked at"), words.text("First answer"), words.text("Waited")]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            row["ticket_id"],
            words.moment(row["opened_at"]),
            words.moment(row["first_response_at"]),
            _waited(row, words),
        ]
        for row in rows
    ]
    return table(pd.DataFrame(cells, columns=columns), words.text("Staged questions"), empty=words.text("No staged question was put in these trials."))


def repeats_table(repeats: pd.DataFrame, verdicts: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """The repeated codes of the month's trials, by their ids and never by what they say."""
    rows = current(repeats, verdicts).to_dict("records")
    columns = [words.text("Supplier"), words.text("Code handed out"), words.text("Handed out at"), words.text("Before"), words.text("Earlier code")]
    columns += [words.text("Earlier supplier"), words.text("Handed out before at")]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            row["code_id"],
            words.moment(row["issued_at"]),
            words.name(f"value.{row['where_before']}"),
            row["earlier_code_id"],
            supplier_name(row["earlier_supplier_id"], names),
            words.moment(row["earlier_issued_at"]),
        ]
        for row in rows
    ]
    note = words.text("All codes of a trial are compared, checked or not, with all that were handed out before. Codes that are meant for many are left out.")
    return table(
        pd.DataFrame(cells, columns=columns), words.text("Repeated codes"), note=note, empty=words.text("No code of these trials had been handed out before.")
    )


def earlier_table(verdicts: pd.DataFrame, trials: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Trials of the months before, briefly, the last one first."""
    past = verdicts[~verdicts["is_current"].astype(bool)].merge(
        trials[["trial_id", "checked", "valid", "repeated_within", "repeated_elsewhere"]], on="trial_id"
    )
    rows = past.sort_values(["started_at", "trial_id"], ascending=[False, True]).head(MOST_TRIALS).to_dict("records")
    columns = [
        words.text("Supplier"),
        words.text("Trial"),
        words.text("Began"),
        words.text("Verdict"),
        words.text("Valid of checked"),
        words.text("Repeated codes"),
    ]
    cells = [
        [
            supplier_name(row["supplier_id"], names),
            row["trial_id"],
            words.moment(row["started_at"]),
            in_symbols(row, words),
            f"{words.number(row['valid'])} / {words.number(row['checked'])}",
            words.number(row["repeated_within"] + row["repeated_elsewhere"]),
        ]
        for row in rows
    ]
    return table(pd.DataFrame(cells, columns=columns), words.text("Earlier trials"), empty=words.text("There was no trial before."))


def plan_text(sentences: list[str]) -> Markdown:
    """The sentences of a plan as a list."""
    return markdown("\n".join(f"- {told}" for told in sentences))


def _criteria(ids: str, words: Words) -> str:
    return words.join([words.name(identifier) for identifier in ids.split(";") if identifier]) or MISSING


def _decision(row: Row, words: Words) -> str:
    if not row["checked"]:
        return MISSING
    told = words.name(f"value.{row['decision']}")
    return told if is_missing(row["decided_after"]) else words.text("{decision}, after {n} codes", decision=told, n=words.number(row["decided_after"]))


def _interval(row: Row, words: Words) -> str:
    return MISSING if is_missing(row["lower"]) else f"{_quantity(row, row['lower'], words)} – {_quantity(row, row['upper'], words)}"


def _quantity(row: Row, value: float, words: Words) -> str:
    if row["criterion"] == "trial.budget":
        return words.money(value, row["currency"])
    return words.text("not known") if np.isinf(value) and row["unit"] != "seconds" else words.quantity(value, row["unit"])


def _waited(row: Row, words: Words) -> str:
    if is_missing(row["seconds"]):
        return words.text("never")
    return words.duration(row["seconds"]) if row["has_ended"] else f"> {words.duration(row['seconds'])}"


def _cut(verdicts: pd.DataFrame, words: Words) -> str:
    months = int(verdicts["is_current"].astype(bool).sum())
    return words.text("Only {shown} of {all} trials are shown.", shown=MOST_TRIALS, all=months) if months > MOST_TRIALS else ""


def _no_trial(words: Words) -> str:
    return words.text("No trial began or ended this month.")
