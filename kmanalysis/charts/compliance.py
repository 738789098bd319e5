"""Charts of dimension 2: documents, chains of authorisation, grey goods, and the range on offer."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from kmanalysis.charts.kit.cells import supplier_name
from kmanalysis.charts.kit.forms import stacked
from kmanalysis.charts.kit.style import GREEN, GREY, ORANGE, RED, SKY, nothing
from kmanalysis.charts.kit.tables import Table, plain, table
from kmanalysis.words import Words


def authorisation(status: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Days on which goods were covered by a chain up to the rights holder, by supplier; ``status`` as `authorisation_status` gives it."""
    title = words.text("Days on which each supplier's goods were authorised (goods × days)")
    looks = {
        "missing": (words.name("value.missing"), RED, "xx"),
        "unverified": (words.name("value.unverified"), ORANGE, "//"),
        "no_documents": (words.name("value.no_documents"), GREY, "--"),
        "no_rights_holder": (words.name("value.no_rights_holder"), SKY, ""),
        "authorised": (words.name("value.authorised"), GREEN, ""),
    }
    counts = status.pivot_table(index="supplier_id", columns="state", values="days", aggfunc="sum", fill_value=0).reset_index()
    present = [state for state in looks if state in counts]
    if "authorised" in present:
        counts = counts.assign(share=counts["authorised"] / counts[present].sum(axis=1)).sort_values(["share", "supplier_id"]).drop(columns="share")
    return stacked(counts, {state: looks[state] for state in present}, title, words, names, ax)


def licences(days: pd.DataFrame, words: Words, names: Mapping[str, str], ax: Axes | None = None) -> Axes:
    """Days of the month by state of each asked kind of document, where not all are proven; ``days`` as `licence_days` gives them."""
    title = words.text("Documents that did not hold the whole month (days)")
    states = ["outdated_days", "absent_days", "unverified_days"]
    open_ones = days[days[states].sum(axis=1) > 0]
    if open_ones.empty:
        sentence = words.text("Every document asked for was valid and verified on every day.") if len(days) else words.text("No document is on file.")
        return nothing(ax, title, sentence)
    rows = open_ones.sort_values([*states, "supplier_id", "kind"], ascending=[False, False, False, True, True])
    labels = [f"{names.get(row['supplier_id'], row['supplier_id'])} {words.name('value.' + row['kind'])}" for row in rows.to_dict("records")]
    looks = {
        "outdated_days": (words.name("value.outdated"), RED, "xx"),
        "absent_days": (words.name("value.absent"), GREY, "--"),
        "unverified_days": (words.name("value.unverified"), ORANGE, "//"),
        "proven_days": (words.name("value.proven"), GREEN, ""),
    }
    return stacked(rows.assign(label=labels), looks, title, words, names, ax)


def expiring(documents: pd.DataFrame, words: Words, names: Mapping[str, str] | None = None, *, limit: int = 12) -> Table:
    """The documents that ran out or run out next, the first ones first; ``documents`` as `documents` gives them."""
    dated = documents[documents["days_left"].notna()].sort_values(["days_left", "document_id"]).head(limit)
    columns = [*(["supplier_id"] if names is not None else []), "kind", "document_id", "scope", "valid_to", "days_left", "state"]
    return plain(dated[columns], words.text("Documents by the day on which they end"), words, names, empty=words.text("No document with an end is on file."))


def families(found: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Which of the families that are asked for each supplier has on offer; ``found`` as `families` gives them."""
    asked = found[found["is_asked"].astype(bool)]
    title = words.text("Families asked for, and who has them (number of listings)")
    if asked.empty:
        return table(pd.DataFrame(), title, empty=words.text("The needs profile asks for no family."))
    grid = asked.pivot_table(index="supplier_id", columns="family", values="listings", aggfunc="sum", fill_value=0).sort_index()
    cells = grid.map(lambda count: f"✓ {words.number(count)}" if count else "✗").reset_index()
    marks = grid.map(lambda count: "met" if count else "missed").reset_index()
    first = words.text("Supplier")
    cells["supplier_id"] = [supplier_name(supplier, names) for supplier in grid.index]
    marks["supplier_id"] = ""
    return table(cells.rename(columns={"supplier_id": first}), title, classes=marks.rename(columns={"supplier_id": first}))
