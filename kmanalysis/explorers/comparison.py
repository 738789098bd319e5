"""Two suppliers, or two months of one, side by side under the standards as they are set."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np
import pandas as pd

from kmanalysis.charts.kit.cells import supplier_name
from kmanalysis.charts.kit.lengths import VERDICT_SYMBOLS
from kmanalysis.charts.kit.tables import grade_name
from kmanalysis.explorers.display import STYLE, button, interactive_table, note, put, supplier_options
from kmanalysis.explorers.models.session import Session
from kmanalysis.explorers.models.whatif import WhatIf
from kmanalysis.standards import Standards
from kmanalysis.words import Words

_SIDES = ("left", "right")


def beside(left: tuple[WhatIf, str], right: tuple[WhatIf, str], standards: Standards) -> pd.DataFrame:
    """Two (month's what-if, supplier) beside one another, a row a measure.

    Columns: measure, unit, weight, and of each side value_, verdict_ and points_ (left, right); ``difference`` is points right minus left.
    """
    kept = ["measure", "unit", "weight", "value", "verdict", "points"]
    sides = []
    for model, supplier in (left, right):
        card = model.scorecard(standards)
        sides.append(card.loc[card["supplier_id"] == supplier, kept].reset_index(drop=True))
    both = sides[0].merge(sides[1].drop(columns=["unit", "weight"]), on="measure", suffixes=("_left", "_right"))
    return both.assign(difference=(both["points_right"] - both["points_left"]).round(6))


def in_cells(both: pd.DataFrame, titles: Mapping[str, str], words: Words) -> pd.DataFrame:
    """`beside` in words; ``titles`` names both sides."""
    rows = []
    for row in both.to_dict("records"):
        told = {words.text("Measure"): words.name(row["measure"])}
        for side in _SIDES:
            value = "" if row[f"verdict_{side}"] == "no_data" else f" {words.quantity(row[f'value_{side}'], row['unit'])}"
            told[titles[side]] = f"{VERDICT_SYMBOLS[row[f'verdict_{side}']]}{value}"
        difference = row["difference"]
        told[words.text("Points, right minus left")] = words.number(difference, 1) if np.isfinite(difference) else "—"
        rows.append(told)
    return pd.DataFrame(rows)


class Comparison:
    """Choices of both sides, and the table of their measures."""

    def __init__(self, session: Session) -> None:
        self._session, self._words = session, session.words
        workbook, words = session.workbook, self._words
        names, months = supplier_options(workbook.suppliers, workbook.names), [str(month) for month in reversed(workbook.months)]
        self.summaries = {side: widgets.HTML() for side in _SIDES}
        self._output = widgets.Output()
        self._output.add_class("km-compare-rows")
        kept = session.choices.compared if len(session.choices.compared) == 4 else self._first_look()
        self.suppliers, self.months = {}, {}
        wide = widgets.Layout(width="26em")
        for place, side in enumerate(_SIDES):
            supplier = kept[2 * place] if kept[2 * place] in workbook.suppliers else None
            self.suppliers[side] = widgets.Dropdown(options=names, value=supplier, description=words.text("Supplier"), layout=wide)
            month = kept[2 * place + 1] if kept[2 * place + 1] in months else months[0]
            self.months[side] = widgets.Dropdown(options=months, value=month, description=words.text("Month"), layout=wide)
            for widget in (self.suppliers[side], self.months[side]):
                widget.observe(lambda _: self._show(), "value")
        columns = [widgets.VBox([self.suppliers[side], self.months[side], self.summaries[side]]) for side in _SIDES]
        again = button(words.text("Compare under the standards as set now"), self._show)
        self.widget = widgets.VBox([widgets.HTML(STYLE), widgets.HBox(columns, layout=widgets.Layout(flex_flow="row wrap")), again, self._output])
        self._show()

    def _first_look(self) -> tuple[str, str, str, str]:
        known = self._session.workbook.suppliers
        month = self._session.choices.month
        return (known[0] if known else "", month, known[1] if len(known) > 1 else known[0] if known else "", month)

    def _show(self) -> None:
        session, words = self._session, self._words
        chosen = {side: (self.suppliers[side].value, self.months[side].value) for side in _SIDES}
        session.choices.compared = tuple(part for side in _SIDES for part in chosen[side])
        if any(supplier is None for supplier, _ in chosen.values()):
            put(self._output, note(words.text("There is no supplier yet.")))
            return
        sides = {side: (session.model_of(month), supplier) for side, (supplier, month) in chosen.items()}
        titles = {}
        for side, (model, supplier) in sides.items():
            graded = model.grades(session.standards).set_index("supplier_id").loc[supplier]
            titles[side] = f"{supplier_name(supplier, session.workbook.names)} {model.month}"
            told = (grade_name(graded, words), words.share(graded["probability"], 0), words.number(graded["score"], 1))
            self.summaries[side].value = note(" · ".join(told), "big")
        if titles["left"] == titles["right"]:
            titles["right"] += " "
        both = beside(sides["left"], sides["right"], session.standards)
        values = pd.DataFrame({"measure": range(len(both)), "left": both["points_left"], "right": both["points_right"], "difference": both["difference"]})
        put(self._output, interactive_table(in_cells(both, titles, words), "compare", words, values))
