"""The hand-kept tables as a form: choose a table, see its rows, put one in or change it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import ipywidgets as widgets
import pandas as pd

from kmanalysis.explorers.display import STYLE, WIDE, button, interactive_table, note, opened_folder, problem, put
from kmanalysis.explorers.models.hand_kept import HandKept
from kmanalysis.loaders.forms.layout import form_tables, value_names
from kmanalysis.tables import Column
from kmanalysis.words import Words

_SHORT = 90
"""Signs of a row's cells that are shown where it is chosen."""

_NUMBERS = {"decimal": "1234.56", "float": "0.05", "integer": "12"}
"""How numbers are typed, by the type of the column."""


class Forms:
    """A form for a row of the tables that no system exports. What is wrong with a cell is said beside its field.

    A cell that ends with it shows it.
    """

    def __init__(self, folder: Path, words: Words) -> None:
        self._words = words
        self._model: HandKept | None = None
        self._folder = folder
        self._is_offering = False
        self.fields: dict[str, widgets.Widget] = {}
        self.faults: dict[str, widgets.HTML] = {}
        self.table = widgets.Dropdown(
            options=[(words.name(name), name) for name in form_tables()], description=words.text("Table"), style=WIDE, layout=widgets.Layout(width="32em")
        )
        self.row = widgets.Select(description=words.text("Row"), rows=8, style=WIDE, layout=widgets.Layout(width="60em"))
        self.meaning, self.result = widgets.HTML(), widgets.HTML()
        self._rows, self._form = widgets.Output(), widgets.VBox()
        self.save_button = button(words.text("Save"), self.save, "primary")
        self.delete_button = button(words.text("Delete this row"), self.delete)
        for widget, name in ((self.table, "table"), (self.row, "row"), (self.save_button, "save"), (self.delete_button, "delete"), (self.result, "result")):
            widget.add_class(f"km-forms-{name}")
        self._form.add_class("km-forms-fields")
        buttons = widgets.HBox([self.save_button, self.delete_button])
        self.widget = widgets.VBox([widgets.HTML(STYLE), self.table, self.meaning, self._rows, self.row, self._form, buttons, self.result])
        self._refused = self._tried(self._open)
        self.table.observe(lambda _: self._choose_table(), "value")
        self.row.observe(lambda _: self._choose_row(), "value")

    def _repr_mimebundle_(self, **options: object) -> object:
        return self.widget._repr_mimebundle_(**options)

    def save(self) -> None:
        """Saves the row as the fields have it; where a cell is wrong nothing is written, and it is said beside the field."""
        self._show_faults({})
        if not self._tried(self._save):
            return
        words = self._words
        if any(fault.value for fault in self.faults.values()):
            self.result.value = note(words.text("Nothing was saved."), "wrong")
        else:
            self.result.value = note(words.text("Saved. Run the first cell again, and all that follows counts with it."))

    def delete(self) -> None:
        """Takes the chosen row out of the table."""
        if self._chosen is not None and self._tried(self._delete):
            self.result.value = note(self._words.text("Deleted. Run the first cell again, and all that follows counts without it."))

    @property
    def _chosen(self) -> dict[str, object] | None:
        """The row that is changed; None for a new one."""
        model, place = self._model, self.row.value
        return model.rows(self.table.value)[place] if model is not None and place is not None and place >= 0 else None

    def _tried(self, action: Callable[[], None]) -> bool:
        """Does something; what went wrong becomes the result."""
        self.result.value = note(problem(self._words, action), "wrong")
        return not self.result.value

    def _open(self) -> None:
        self._model = HandKept(self._folder, self._words)
        self._choose_table()

    def _save(self) -> None:
        if self._model is None:
            return
        name, cells = self.table.value, {column: field.value for column, field in self.fields.items()}
        wrong = self._model.save(name, cells, self._chosen)
        if wrong:
            self._show_faults(wrong)
            return
        keys = form_tables()[name].key
        saved = [self._model.shown(form_tables()[name].columns[key], cells[key]) for key in keys]
        self._choose_table(saved)

    def _delete(self) -> None:
        if self._model is not None and self._chosen is not None:
            self._model.delete(self.table.value, self._chosen)
            self._choose_table()

    def _choose_table(self, saved: list[str] | None = None) -> None:
        """Shows the table's rows; the one that was ``saved`` (its key in words) is chosen, else a new one."""
        if self._model is None:
            return
        words, model = self._words, self._model
        table = form_tables()[self.table.value]
        self.meaning.value = note(words.text(table.meaning))
        shown = [{column: model.shown(spec, row[column]) for column, spec in table.columns.items()} for row in model.rows(table.name)]
        names = {column: words.name(f"{table.name}.{column}") for column in table.columns}
        put(self._rows, interactive_table(pd.DataFrame(shown, columns=list(table.columns)).rename(columns=names), f"forms-{table.name}", words))
        options = [(f"{place}. {' · '.join(filter(None, cells.values()))}"[:_SHORT], place - 1) for place, cells in enumerate(shown, start=1)]
        found = [place for place, cells in enumerate(shown) if saved and [cells[key] for key in table.key] == saved]
        self._is_offering = True
        self.row.options = [(words.text("(new row)"), -1), *options]
        self.row.value = found[0] if found else -1
        self._is_offering = False
        self._choose_row()

    def _choose_row(self) -> None:
        if self._is_offering or self._model is None:
            return
        table, row = form_tables()[self.table.value], self._chosen
        for left in [*self.fields.values(), *self.faults.values()]:
            # Jupyter may save what a field held, a card code that was typed among it.
            left.close()
        self.fields = {name: self._field(table.name, column, row[name] if row else None) for name, column in table.columns.items()}
        self.faults = {name: widgets.HTML() for name in table.columns}
        self._form.children = [widgets.HBox([self.fields[name], self.faults[name]]) for name in table.columns]
        self.delete_button.disabled = row is None
        self.result.value = ""

    def _field(self, table: str, column: Column, value: object) -> widgets.Widget:
        """A field for a cell by the type of its column. Numbers are typed as text: money stays exact, and empty is not 0."""
        words = self._words
        name = words.name(f"{table}.{column.name}")
        said = {
            "description": f"{name} *" if column.required else name,
            "tooltip": words.sentences(words.text(column.meaning), words.text("Required.") if column.required else ""),
            "style": {"description_width": "14em"},
            "layout": widgets.Layout(width="36em"),
        }
        if named := value_names(column, words):
            known = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
            return widgets.Dropdown(options=[("", ""), *((text, meant) for meant, text in named.items())], value=known, **said)
        match column.type:
            case "date":
                return widgets.DatePicker(value=value, **said)
            case "timestamp":
                return widgets.NaiveDatetimePicker(value=value, **said)
        text = "" if value is None or self._model is None else self._model.shown(column, value)
        if column.refers_to == "suppliers.supplier_id" and self._model is not None:
            return widgets.Combobox(options=self._model.suppliers, value=text, **said)
        return widgets.Text(value=text, placeholder=_NUMBERS.get(column.type, ""), **said)

    def _show_faults(self, wrong: dict[str, str]) -> None:
        for name, fault in self.faults.items():
            fault.value = note(wrong.get(name, ""), "wrong")


def forms(data: str | Path | None = None, lang: str = "zh") -> Forms:
    """The form for the hand-kept tables of a folder, as a widget in JupyterLab. It needs no month, and no table of events.

    ``data`` is found as by `open_workbook`: without it $KMANALYSIS_DATA counts, then the samples, which can be looked at and not changed. What cannot be
    read is said in the form. Raises UsageError for an address: only a folder of this machine can be written.
    """
    return Forms(opened_folder(data), Words(lang))
