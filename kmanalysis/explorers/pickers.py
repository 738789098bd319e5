"""What is looked at: the month, the suppliers and the category."""

from __future__ import annotations

import ipywidgets as widgets

from kmanalysis.explorers.display import STYLE, WIDE, note, supplier_options
from kmanalysis.explorers.models.rows import categories, suppliers_of
from kmanalysis.explorers.models.session import Session


def pickers(session: Session) -> widgets.Widget:
    """Widgets that choose the month, the category and the suppliers of all that follows."""
    workbook, words, choices = session.workbook, session.words, session.choices
    months = [str(month) for month in reversed(workbook.months)]
    month = widgets.Dropdown(options=months, value=choices.month, description=words.text("Month"), style=WIDE)
    found = categories(workbook)
    category = widgets.Dropdown(
        options=[(words.text("All categories"), ""), *((name, name) for name in found)],
        value=choices.category if choices.category in found else "",
        description=words.text("Category"),
        style=WIDE,
    )
    known = workbook.suppliers
    suppliers = widgets.SelectMultiple(
        options=supplier_options(known, workbook.names),
        value=tuple(supplier for supplier in choices.suppliers if supplier in known),
        rows=6,
        description=words.text("Supplier"),
        style=WIDE,
        layout=widgets.Layout(width="32em"),
    )
    hint = words.text("Choose several with Ctrl or Shift; none chosen means all. With a category, those that had it on offer in the month.")

    def moved(_: object) -> None:
        choices.month, choices.category, choices.suppliers = month.value, category.value, tuple(suppliers.value)
        session.tell("choices")

    for widget in (month, category, suppliers):
        widget.observe(moved, "value")
    return widgets.VBox([widgets.HTML(STYLE), widgets.HBox([widgets.VBox([month, category]), suppliers]), widgets.HTML(note(hint))])


def looked_at(session: Session) -> list[str]:
    """The suppliers that the choices leave, sorted."""
    choices = session.choices
    chosen = set(choices.suppliers) or set(session.workbook.suppliers)
    if choices.category:
        chosen &= set(suppliers_of(session.seen, choices.category))
    return sorted(chosen)
