"""How the explorer shows things: tables that sort and search without the net, grades beside what they were, and widgets with our words."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from html import escape
from pathlib import Path

import ipywidgets as widgets
import pandas as pd
from itables import init_notebook_mode, to_html_datatable

from kmanalysis.assets import samples_folder
from kmanalysis.charts.kit.cells import Row, supplier_name
from kmanalysis.charts.kit.tables import grade_name
from kmanalysis.errors import KmError
from kmanalysis.loaders.address import local_folder
from kmanalysis.opening import DATA_VARIABLE
from kmanalysis.words import Words

STYLE = """<style>
.km-box{max-height:420px;overflow:auto;border:1px solid var(--jp-border-color2,#ccc);border-radius:4px}
.km-table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
.km-table th{position:sticky;top:0;background:var(--jp-layout-color2,#eee);text-align:left;padding:6px 10px;white-space:nowrap}
.km-table td{padding:4px 10px;border-top:1px solid var(--jp-border-color3,#e6e6e6);white-space:nowrap}
.km-table td.number,.km-table th.number{text-align:right}
.km-table tr.up td{background:rgba(2,158,115,.14);font-weight:600}
.km-table tr.down td{background:rgba(213,94,0,.16);font-weight:600}
.km-note{color:var(--jp-ui-font-color2,#59636e);margin:4px 0;line-height:1.5}
.km-wrong{color:#b3261e;font-weight:600;margin:4px 0}
.km-big{font-size:20px;font-weight:600;margin:4px 0}
</style>"""

WIDE = {"description_width": "9em"}


def opened_folder(data: str | Path | None) -> Path:
    """The folder that a notebook opens: ``data``, else that of $KMANALYSIS_DATA, else the samples.

    Makes tables that sort and search ready in the notebook, without the net. Raises UsageError like `local_folder`.
    """
    init_notebook_mode(all_interactive=False, connected=False)
    return local_folder(data or os.environ.get(DATA_VARIABLE) or samples_folder()).resolve()


def note(text: str, kind: str = "note") -> str:
    """A sentence as HTML; ``kind`` is note, wrong or big."""
    return f'<div class="km-{kind}">{escape(text)}</div>' if text else ""


def interactive_table(cells: pd.DataFrame, name: str, words: Words, values: pd.DataFrame | None = None) -> str:
    """A frame of texts as a table that sorts and searches; ``name`` tells tables of a page apart. What data holds is escaped.

    ``values`` has the same columns in the same order: what the texts stand for, which is what they are sorted by, with what is missing or never came last.
    """
    content = f"{name}\x1f{list(cells.columns)}\x1f{cells.to_csv(index=False)}"
    language = {
        "search": words.text("Search:"),
        "info": words.text("Rows _START_ to _END_ of _TOTAL_"),
        "infoEmpty": words.text("No row."),
        "infoFiltered": words.text("(of _MAX_)"),
        "lengthMenu": words.text("_MENU_ rows a page"),
        "zeroRecords": words.text("No row."),
        "emptyTable": words.text("No row."),
    }
    count = len(cells.columns)
    looks: list[dict[str, object]] = [{"className": "dt-left", "targets": list(range(count))}]
    if values is not None:
        places = pd.concat([values.iloc[:, place].rank(method="dense", na_option="bottom").astype("int64") for place in range(count)], axis=1)
        places.columns = pd.Index([f"_{place}" for place in range(count)])
        looks += [{"orderData": [count + place], "targets": [place]} for place in range(count)]
        looks.append({"visible": False, "searchable": False, "targets": list(range(count, 2 * count))})
        cells = pd.concat([cells.reset_index(drop=True), places.reset_index(drop=True)], axis=1)
    return to_html_datatable(
        cells.reset_index(drop=True),
        columnDefs=looks,
        connected=False,
        table_id="km" + blake2b(content.encode(), digest_size=6).hexdigest(),
        showIndex=False,
        allow_html=False,
        display_logo_when_loading=False,
        show_dtypes=False,
        text_in_header_can_be_selected=False,
        order=[],
        pageLength=25,
        lengthMenu=[10, 25, 50],
        language=language,
        classes="display compact",
        style="table-layout:auto;width:100%",
        maxBytes=0,
    )


def put(output: widgets.Output, html: str) -> None:
    """Shows HTML, scripts included, in an output that held something else."""
    output.outputs = ({"output_type": "display_data", "data": {"text/html": html, "text/plain": ""}, "metadata": {}},)


def button(text: str, pressed: Callable[[], None], style: str = "") -> widgets.Button:
    """A button that calls ``pressed``."""
    made = widgets.Button(description=text, button_style=style, layout=widgets.Layout(width="auto", align_self="flex-start"))
    made.on_click(lambda _: pressed())
    return made


def problem(words: Words, action: Callable[[], None]) -> str:
    """Does something and gives what went wrong as a sentence; empty where nothing did."""
    try:
        action()
    except KmError as error:
        return words.error(error)
    return ""


def grade_rows(now: pd.DataFrame, before: pd.DataFrame, words: Words) -> str:
    """Grades as HTML rows in the order of ``now``; both frames have rank and what `scoring.grades.grades` gives."""
    past = before.set_index("supplier_id")[["grade", "reason", "rank", "score", "probability"]].to_dict("index")
    rows = [_grade_row(row, past[row["supplier_id"]], words) for row in now.to_dict("records")]
    headings = [
        (words.text("Rank"), "number"),
        (words.text("Supplier"), ""),
        (words.text("Grade"), ""),
        (words.text("Probability"), "number"),
        (words.text("Score"), "number"),
        (words.text("Score before"), "number"),
        (words.text("Coverage"), "number"),
    ]
    head = "".join(f'<th class="{kind}">{escape(text)}</th>' for text, kind in headings)
    return f'<div class="km-box"><table class="km-table"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _grade_row(row: Row, past: Row, words: Words) -> str:
    grade, was = grade_name(row, words), grade_name(past, words)
    change = "" if grade == was else "up" if (row["rank"], row["score"]) < (past["rank"], past["score"]) else "down"
    order = ("S", "A", "B", "")
    if row["grade"] != past["grade"]:
        change = "up" if order.index(row["grade"]) < order.index(past["grade"]) else "down"
    arrow = {"up": "▲ ", "down": "▼ "}.get(change, "")
    moved = "" if row["rank"] == past["rank"] else f" ({'↑' if row['rank'] < past['rank'] else '↓'}{abs(row['rank'] - past['rank'])})"
    cells = [
        ("number", f"{row['rank']}{moved}"),
        ("", escape(supplier_name(row["supplier_id"], {row["supplier_id"]: row["name"]}))),
        ("", escape(grade if grade == was else f"{arrow}{was} → {grade}")),
        ("number", _share(words, round(row["probability"], 2))),
        ("number", _number(words, round(row["score"], 1))),
        ("number", _number(words, round(past["score"], 1))),
        ("number", _share(words, round(row["coverage"], 2))),
    ]
    inner = "".join(f'<td class="{kind}">{text}</td>' for kind, text in cells)
    return f'<tr class="{change}" data-supplier="{escape(row["supplier_id"])}" data-grade="{row["grade"]}">{inner}</tr>'


@lru_cache(maxsize=4096)
def _share(words: Words, share: float) -> str:
    return words.share(share, 0)


@lru_cache(maxsize=4096)
def _number(words: Words, value: float) -> str:
    return words.number(value, 1)


def supplier_options(suppliers: Sequence[str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Suppliers to choose from: what is read, and the id."""
    return [(supplier_name(supplier, names), supplier) for supplier in suppliers]
