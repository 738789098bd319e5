"""What if: sliders for weights, targets and vetoes over the table of grades that follows them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import ipywidgets as widgets
import pandas as pd

from kmanalysis.explorers.display import STYLE, WIDE, button, grade_rows, note, problem
from kmanalysis.explorers.models.session import Session
from kmanalysis.explorers.models.whatif import ranked
from kmanalysis.explorers.pickers import looked_at
from kmanalysis.standards import Standard
from kmanalysis.tables import DIMENSIONS

MOST_WEIGHT = 100
"""Where a slider of a weight ends, unless the weight is larger already."""

WHOLE = ("count", "units", "suppliers")
"""Units that are counted."""


class Sliders:
    """The sliders, and the grades under them. ``widget`` shows both."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._words = words = session.words
        self._controls: dict[tuple[str, str], widgets.Widget] = {}
        self._looked_at = looked_at(session)
        self._is_resetting = False
        self.refusal, self._summary, self.table = widgets.HTML(), widgets.HTML(), widgets.HTML()
        tabs = [self._tab(dimension) for dimension in DIMENSIONS]
        controls = widgets.Tab(children=tabs, titles=[words.name(f"short.{dimension}") for dimension in DIMENSIONS])
        self.search = widgets.Text(placeholder=words.text("Name or id"), description=words.text("Search:"), continuous_update=True)
        orders = [(words.text("Rank"), "rank"), (words.text("Largest change first"), "change"), (words.text("Supplier"), "supplier_id")]
        self.order = widgets.Dropdown(options=[*orders, (words.text("Least probable first"), "probability")], description=words.text("Order"))
        for widget in (self.search, self.order):
            widget.observe(lambda _: self._show(), "value")
        tools = widgets.HBox([self.search, self.order, button(words.text("Back to the standards in force"), self.reset)])
        self.widget = widgets.VBox([widgets.HTML(STYLE), controls, self.refusal, self._summary, tools, self.table])
        session.watch(self._heard)
        self._show()

    def control(self, identifier: str, field: str) -> widgets.Widget:
        """The widget that moves a field of a standard."""
        return self._controls[identifier, field]

    def _tab(self, dimension: str) -> widgets.Widget:
        standards, words = self._session.standards, self._words
        share = self._slider(f"dimension.{dimension}", "value", _weight_slider(standards.value(f"dimension.{dimension}"), words.text("Dimension's weight")))
        rows: list[widgets.Widget] = [share]
        for identifier in standards.measures:
            if standards[identifier].dimension == dimension:
                rows.append(self._row(standards[identifier]))
        return widgets.VBox(rows)

    def _row(self, standard: Standard) -> widgets.Widget:
        words = self._words
        name = widgets.HTML(note(words.name(standard.id), "name"), layout=widgets.Layout(width="17em"))
        veto = widgets.Checkbox(value=standard.veto, description=words.text("Veto"), indent=False, layout=widgets.Layout(width="6em"))
        parts = [
            self._slider(standard.id, "weight", _weight_slider(standard.weight, words.text("Weight"))),
            self._slider(standard.id, "value", _target_slider(standard, words.text("Target"))),
            self._slider(standard.id, "veto", veto),
        ]
        return widgets.HBox([name, *parts], layout=widgets.Layout(align_items="center", flex_flow="row wrap"))

    def _slider(self, identifier: str, field: str, widget: widgets.Widget) -> widgets.Widget:
        self._controls[identifier, field] = widget
        widget.add_class(f"km-{identifier.replace('.', '-')}-{field}")
        widget.observe(lambda change: self._moved(identifier, field, change["new"]), "value")
        return widget

    def _moved(self, identifier: str, field: str, value: float | bool) -> None:
        if self._is_resetting:
            return
        # Sliders add up steps: what is read is what counts.
        plain = value if isinstance(value, bool) else round(float(value), 6)
        sentence = problem(self._words, lambda: self._session.move(identifier, field, plain))
        self.refusal.value = note(sentence, "wrong")

    def reset(self) -> None:
        """Sets everything back to the standards in force."""
        self._is_resetting = True
        for (identifier, field), widget in self._controls.items():
            widget.value = getattr(self._session.workbook.standards[identifier], field)
        self._is_resetting = False
        self.refusal.value = ""
        self._session.reset()

    def _heard(self, what: str) -> None:
        if what == "choices":
            self._looked_at = looked_at(self._session)
        self._show()

    def _show(self) -> None:
        session, words = self._session, self._words
        before = ranked(session.model.before(session.workbook.standards))
        now = ranked(session.model.grades(session.standards))
        was = now["supplier_id"].map(before.set_index("supplier_id")["grade"])
        moved = int((now["grade"] != was).sum())
        self._summary.value = note(
            words.text(
                "{month}: {changes} standards moved; {moved} of {all} suppliers have another grade.",
                month=session.choices.month,
                changes=len(session.choices.changes),
                moved=moved,
                all=len(now),
            )
        )
        self.table.value = grade_rows(self._ordered(now, before), before, words)

    def _ordered(self, now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
        shown = now[now["supplier_id"].isin(self._looked_at)]
        wanted = self.search.value.strip().casefold()
        if wanted:
            shown = shown[(shown["supplier_id"] + " " + shown["name"]).str.casefold().str.contains(wanted, regex=False)]
        if self.order.value == "change":
            was = shown["supplier_id"].map(before.set_index("supplier_id")["score"])
            return shown.assign(change=-(shown["score"] - was).abs()).sort_values(["change", "rank"])
        return shown.sort_values([self.order.value, "rank"] if self.order.value != "rank" else "rank")


def _weight_slider(weight: float, description: str) -> widgets.FloatSlider:
    most = max(MOST_WEIGHT, math.ceil(weight))
    return widgets.FloatSlider(value=weight, min=0, max=most, step=1, readout_format=".0f", description=description, layout=_half(), style=_narrow())


def _target_slider(standard: Standard, description: str) -> widgets.FloatSlider:
    ends = sorted((float(standard.worst or 0.0), float(standard.best or 0.0)))
    step = step_of(ends, standard.unit)
    # The worst value itself is no target: it would earn no points and all of them.
    low, high = (ends[0] + step, ends[1]) if standard.op == ">=" else (ends[0], ends[1] - step)
    digits = max(0, -round(math.log10(step)))
    form = f".{max(digits - 2, 0)}%" if standard.unit == "share" else f",.{digits}f"
    low, high = min(round(low, 6), standard.value), max(round(high, 6), standard.value)
    return widgets.FloatSlider(
        value=standard.value, min=low, max=high, step=step, readout_format=form, description=description, layout=_half(), style=_narrow()
    )


def step_of(ends: Sequence[float], unit: str) -> float:
    """A round step that divides a scale into some hundred parts; whole where the unit is counted."""
    step = 10.0 ** math.floor(math.log10((ends[1] - ends[0]) / 50))
    return max(step, 1.0) if unit in WHOLE else step


def _half() -> widgets.Layout:
    return widgets.Layout(width="22em")


def _narrow() -> dict[str, str]:
    return WIDE | {"description_width": "5em"}
