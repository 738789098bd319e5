"""What was set, as a file that the batch takes."""

from __future__ import annotations

import shlex
from html import escape
from pathlib import Path

import ipywidgets as widgets

from kmanalysis.explorers.display import STYLE, button, note, problem
from kmanalysis.explorers.models.overrides import standards_toml, write_standards
from kmanalysis.explorers.models.session import Session


class Export:
    """A name, a button, and what would be written."""

    def __init__(self, session: Session) -> None:
        self._session, self._words = session, session.words
        words = self._words
        self.name = widgets.Text(value=session.choices.file, description=words.text("File"), layout=widgets.Layout(width="32em"))
        self.button = button(words.text("Write the standards"), self.write, "primary")
        self.name.add_class("km-export-name")
        self.button.add_class("km-export-write")
        self.result, self._content = widgets.HTML(), widgets.HTML()
        self.result.add_class("km-export-told")
        self.widget = widgets.VBox([widgets.HTML(STYLE), widgets.HBox([self.name, self.button]), self.result, self._content])
        session.watch(lambda _: self._show())
        self._show()

    def write(self) -> None:
        """Writes the file and says where it lies and how the batch takes it."""
        self._session.choices.file = self.name.value
        self.result.value = note(problem(self._words, self._write), "wrong") or self.result.value

    def _write(self) -> None:
        path = write_standards(self._session.standards, Path(self.name.value or self._session.choices.file))
        words = self._words
        command = shlex.join(["kmanalysis", "score", "--data", self._session.folder, "--month", self._session.choices.month, "--standards", str(path)])
        self.result.value = note(words.text("Written: {path}", path=path)) + note(words.text("The batch takes it so:")) + f"<pre>{escape(command)}</pre>"

    def _show(self) -> None:
        self._content.value = f"<pre>{escape(standards_toml(self._session.standards))}</pre>"
