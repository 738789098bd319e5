"""Drill down: from a supplier's grade to a measure, and from a measure to its rows."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
import pandas as pd

from kmanalysis.charts.kit.cells import TECHNICAL, Row, in_words
from kmanalysis.charts.kit.lengths import VERDICT_SYMBOLS
from kmanalysis.charts.kit.tables import grade_name
from kmanalysis.explorers.display import STYLE, WIDE, button, interactive_table, note, put, supplier_options
from kmanalysis.explorers.models.rows import PAGE, Page, page_of
from kmanalysis.explorers.models.session import Session
from kmanalysis.explorers.pickers import looked_at
from kmanalysis.measures.observation import evidence_name
from kmanalysis.scoring.explain import Explanation


class Drilldown:
    """A supplier, its measures, what costs most first, and the rows behind the one that is chosen."""

    def __init__(self, session: Session) -> None:
        self._session, self._words = session, session.words
        words = self._words
        self._first = 0
        self._page: Page | None = None
        self._is_offering = False
        self.grade, self._sentence, self._where = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._rows = widgets.Output()
        self.supplier = widgets.Dropdown(description=words.text("Supplier"), style=WIDE, layout=widgets.Layout(width="32em"))
        self.measure = widgets.Select(description=words.text("Measure"), rows=9, style=WIDE, layout=widgets.Layout(width="48em"))
        self.previous = button(words.text("◀ Previous rows"), lambda: self.turn(-PAGE))
        self.next = button(words.text("Next rows ▶"), lambda: self.turn(PAGE))
        for widget, name in ((self.supplier, "supplier"), (self.measure, "measure"), (self._rows, "rows"), (self.next, "next"), (self.previous, "previous")):
            widget.add_class(f"km-drill-{name}")
        pager = widgets.HBox([self.previous, self.next, self._where], layout=widgets.Layout(align_items="center"))
        self.widget = widgets.VBox([widgets.HTML(STYLE), self.supplier, self.grade, self.measure, self._sentence, pager, self._rows])
        self._offer()
        self.supplier.observe(lambda _: self._choose_supplier(), "value")
        self.measure.observe(lambda _: self._choose_measure(), "value")
        session.watch(self._heard)

    @property
    def page(self) -> Page | None:
        """The rows that are shown."""
        return self._page

    def _offer(self) -> None:
        session = self._session
        suppliers = looked_at(session)
        self._offer_in(self.supplier, supplier_options(suppliers, session.workbook.names), session.choices.drilled[0])
        self._choose_supplier()

    def _offer_in(self, widget: widgets.Widget, options: Sequence[tuple[str, str]], wanted: str) -> None:
        """Other options in a widget, and the wanted one where it is among them; nobody hears of what lies between."""
        self._is_offering = True
        known = [value for _, value in options]
        widget.options = options
        widget.value = wanted if wanted in known else known[0] if known else None
        self._is_offering = False

    def _heard(self, what: str) -> None:
        if what == "choices":
            self._offer()
        else:
            self._judge()

    def _choose_supplier(self) -> None:
        if self._is_offering:
            return
        self._judge()
        self._choose_measure()

    def _card(self) -> pd.DataFrame:
        card = self._session.model.scorecard(self._session.standards)
        own = card[card["supplier_id"] == self.supplier.value]
        lost = own["weight"] * (100 - own["points"])
        is_veto = own["veto"] & (own["verdict"] == "missed")
        judged: pd.DataFrame = own.assign(lost=lost.round(6), is_veto=is_veto)
        return judged.sort_values(["is_veto", "lost", "measure"], ascending=[False, False, True])

    def _judge(self) -> None:
        """The grade and the measures by the standards as they are now; the rows stay."""
        words, session = self._words, self._session
        if self.supplier.value is None:
            self.grade.value, self.measure.options = note(words.text("There is no supplier yet.")), []
            return
        graded = session.model.grades(session.standards).set_index("supplier_id").loc[self.supplier.value]
        self.grade.value = note(
            words.text(
                "{grade}, with a probability of {probability}; {score} points, {coverage} of the weight observed.",
                grade=grade_name(graded, words),
                probability=words.share(graded["probability"], 0),
                score=words.number(graded["score"], 1),
                coverage=words.share(graded["coverage"], 0),
            ),
            "big",
        )
        options = [(self._label(row), row["measure"]) for row in self._card().to_dict("records")]
        self._offer_in(self.measure, options, self.measure.value or session.choices.drilled[1])
        self._explain()

    def _label(self, row: Row) -> str:
        words = self._words
        label = f"{VERDICT_SYMBOLS[row['verdict']]} {words.name(row['measure'])}"
        if row["verdict"] == "no_data":
            return label
        return f"{label} · {words.quantity(row['value'], row['unit'])} · {words.text('{lost} points lost', lost=words.number(row['lost'], 1))}"

    def _choose_measure(self) -> None:
        if self._is_offering:
            return
        self._first = 0
        self._session.choices.drilled = (self.supplier.value or "", self.measure.value or "")
        self._explain()
        self._show_rows()

    def _explain(self) -> None:
        if self.measure.value is None:
            return
        row = self._card().set_index("measure").loc[self.measure.value]
        figures = {name: row[name] for name in ("value", "unit", "n", "lower", "upper", "basis", "verdict", "points")}
        standard = self._session.standards[self.measure.value]
        why = Explanation(self.supplier.value, self.measure.value, standard, **figures, rows=pd.DataFrame(), words=self._words)
        self._sentence.value = note(why.sentence())

    def turn(self, by: int) -> None:
        """Goes so many rows on, or back; stays where there are none."""
        if self._page and 0 <= self._first + by < self._page.total:
            self._first += by
            self._show_rows()

    def _show_rows(self) -> None:
        words, session = self._words, self._session
        if self.measure.value is None:
            return
        page = self._page = page_of(session.seen, self.supplier.value, self.measure.value, self._first, category=session.choices.category)
        self.previous.disabled = self._first == 0
        self.next.disabled = self._first + PAGE >= page.total
        last = self._first + len(page.rows)
        self._where.value = note(
            words.text("Rows {first} to {last} of {total}, the worst first.", first=self._first + 1, last=last, total=words.number(page.total))
            if page.total
            else words.text("No row is behind this measure.")
        )
        shown = page.rows.drop(columns="supplier_id")
        values = shown.drop(columns=[column for column in TECHNICAL if column in shown])
        cells = in_words(shown, words, of=evidence_name(self.measure.value))
        put(self._rows, interactive_table(cells, f"drill {self._first}", words, values) if page.total else "")
