"""Tables of step 3: the qualification list, the price lists with their margins, and every document with its term."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from kmanalysis.charts.kit.cells import Row, cell, is_missing, supplier_name
from kmanalysis.charts.kit.tables import MOST_ROWS, Table, table
from kmanalysis.charts.needs.matching import CLASSES, SYMBOLS
from kmanalysis.measures.compliance.papers import KINDS
from kmanalysis.standards import Standards
from kmanalysis.words import MISSING, Words

DOCUMENT_SYMBOLS: Mapping[str, str] = {"outdated": "✗", "absent": "✗", "unverified": "?", "valid": "✓"}
"""By state, the worst first."""


def qualification(found: pd.DataFrame, standards: Standards, words: Words, names: Mapping[str, str]) -> Table:
    """The qualification list, those with most goods under the margin first; ``found`` as `needs_qualification.qualification` gives it."""
    own = ["supply_mode", "channel", "api_stock", "api_order_status", "bulk_custom", "data_tools"]
    headings = [
        words.text("Supplier"),
        *(words.name(f"suppliers.{column}") for column in own),
        words.name("suppliers.min_order"),
        words.name("suppliers.prepayment"),
        words.text("Margin: median"),
        words.text("Margin: lowest"),
        words.text("Goods under the margin"),
        words.name("suppliers.upstream_id"),
    ]
    rows = found.sort_values(["thin", "lowest_margin", "supplier_id"], ascending=[False, True, True]).head(MOST_ROWS).to_dict("records")
    cells = [[supplier_name(row["supplier_id"], names), *(_trait(row[column], column, words) for column in own), *_figures(row, words)] for row in rows]
    finished = pd.DataFrame(cells, columns=headings)
    marks = pd.DataFrame("", index=finished.index, columns=headings)
    marks[headings[11]] = ["missed" if row["thin"] else "" for row in rows]
    asked = words.text("Margin asked for: ≥ {share} of the suggested retail price.", share=words.share(standards.value("qualification.gross_margin")))
    empty = words.text("There is no supplier yet.")
    return table(finished, words.text("Qualification list"), classes=marks, numbers=headings[7:12], note=asked, empty=empty)


def _trait(value: object, column: str, words: Words) -> str:
    told = cell(value, column, words)
    return told if column in ("supply_mode", "channel", "data_tools") or told == MISSING else f"{'✓' if value else '✗'} {told}"


def _figures(row: Row, words: Words) -> list[str]:
    currency = row["currency"] if isinstance(row["currency"], str) else ""
    upstream = str(row["upstream_id"]) if isinstance(row["upstream_id"], str) else MISSING
    shared = words.text(" (others that share it: {count})", count=row["same_upstream"]) if row["same_upstream"] else ""
    return [
        *(cell(row[column], column, words, currency) for column in ("min_order", "prepayment")),
        *(words.share(row[column]) for column in ("median_margin", "lowest_margin")),
        f"{words.number(row['thin'])} / {words.number(row['priced'])}",
        upstream + shared,
    ]


def price_lists(margins: pd.DataFrame, standards: Standards, words: Words, names: Mapping[str, str]) -> Table:
    """Cost and suggested retail prices with their margins, those under the standard first; ``margins`` as `needs_qualification.margins` gives them."""
    headings = [
        *(words.text("Supplier"), "SKU", words.name("products.name"), words.name("listings.cost_price")),
        *(words.name("listings.suggested_retail_price"), words.text("Gross margin"), words.text("Verdict")),
    ]
    order = {"missed": 0, "unknown": 1, "met": 2}
    rows = margins.assign(place=margins["state"].map(order)).sort_values(["place", "margin", "supplier_id", "sku"]).head(MOST_ROWS)
    cells = [
        [
            *(supplier_name(row["supplier_id"], names), str(row["sku"]), str(row["name"])),
            *(
                cell(row[column], column, words, row["currency"] if isinstance(row["currency"], str) else "")
                for column in ("cost_price", "suggested_retail_price")
            ),
            words.share(row["margin"]),
            f"{SYMBOLS[row['state']]} {words.name('value.unknown_yet' if row['state'] == 'unknown' else row['state'])}",
        ]
        for row in rows.to_dict("records")
    ]
    finished = pd.DataFrame(cells, columns=headings)
    marks = pd.DataFrame("", index=finished.index, columns=headings)
    marks[headings[6]] = [CLASSES[state] for state in rows["state"]]
    limit = words.share(standards.value("qualification.gross_margin"))
    counts = margins["state"].value_counts()
    told = words.text(
        "{thin} of {all} goods on offer are under {limit}; of {unknown} a price is missing.",
        thin=int(counts.get("missed", 0)), all=len(margins), limit=limit, unknown=int(counts.get("unknown", 0)),
    )  # fmt: skip
    cut = words.text("The first {shown} of {all}.", shown=len(cells), all=len(margins)) if len(cells) < len(margins) else ""
    title = words.text("Cost and retail prices, the thinnest margins first")
    note = " ".join(part for part in (told, cut) if part)
    return table(finished, title, classes=marks, numbers=headings[3:6], note=note, empty=words.text("Nothing is on offer."))


def documents(found: pd.DataFrame, words: Words, names: Mapping[str, str]) -> Table:
    """Every document with its last day and the days left, by supplier and kind; ``found`` as `compliance_papers.documents` gives it."""
    title = words.text("Documents and their terms")
    if found.empty:
        return table(pd.DataFrame(), title, empty=words.text("No document is on file."))
    place = {state: number for number, state in enumerate(DOCUMENT_SYMBOLS)}
    each = found.assign(place=found["state"].map(place), until=found["days_left"].astype("float64").fillna(float("inf")))
    counts = each.groupby(["supplier_id", "kind", "place", "until"], as_index=False).agg(
        state=("state", "first"), valid_to=("valid_to", "first"), days_left=("days_left", "first"), size=("kind", "size")
    )
    counts["told"] = [_term(row, words) for row in counts.to_dict("records")]
    grouped = counts.sort_values(["supplier_id", "kind", "place", "until"]).groupby(["supplier_id", "kind"])
    cells, worst = grouped["told"].agg("; ".join).unstack(), grouped["place"].min().unstack()
    first = each.groupby("supplier_id").agg(place=("place", "min"), until=("until", "min")).reset_index().sort_values(["place", "until", "supplier_id"])
    shown = list(first["supplier_id"].head(MOST_ROWS))
    cells, worst = (frame.reindex(index=shown, columns=list(KINDS)).reset_index(drop=True) for frame in (cells, worst))
    cells = cells.fillna(MISSING)
    marks = worst.map(lambda number: {0: "missed", 1: "missed", 2: "unproven", 3: "met"}.get(number, ""))
    headings = [words.name(f"value.{kind}") for kind in KINDS]
    cells.columns, marks.columns = pd.Index(headings), pd.Index(headings)
    who = words.text("Supplier")
    cells.insert(0, who, [supplier_name(supplier, names) for supplier in shown])
    marks.insert(0, who, "")
    signs = words.text("✓ valid, ? not verified, ✗ out of date or absent; in brackets the days left at the month's end, × the number of documents alike.")
    return table(cells, title, classes=marks, note=signs)


def _term(row: Row, words: Words) -> str:
    sign = DOCUMENT_SYMBOLS[row["state"]]
    if row["state"] == "absent":
        return f"{sign} {words.name('value.absent')}"
    number = f" ×{words.number(row['size'])}" if row["size"] > 1 else ""
    if is_missing(row["days_left"]):
        return f"{sign} {words.text('without an end')}{number}"
    return f"{sign} {words.day(row['valid_to'])} ({words.number(row['days_left'])}){number}"
