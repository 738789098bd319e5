"""What was set in the explorer. It is kept by the kernel for each folder, month and language, so that running a cell again loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kmanalysis.explorers.models.overrides import moved
from kmanalysis.explorers.models.trial_desk import Desk
from kmanalysis.explorers.models.whatif import WhatIf
from kmanalysis.standards import Standards
from kmanalysis.times import Month
from kmanalysis.workbook import Workbook


@dataclass
class Choices:
    """What a person chose: it survives a re-run of the cells and is gone with the kernel."""

    month: str = ""
    suppliers: tuple[str, ...] = ()
    category: str = ""
    changes: dict[str, dict[str, object]] = field(default_factory=dict)
    drilled: tuple[str, str] = ("", "")
    compared: tuple[str, ...] = ()
    desk: Desk = field(default_factory=Desk)
    file: str = "standards.toml"


_KEPT: dict[tuple[str, str, str], Choices] = {}


def kept_choices(folder: str, month: str, lang: str) -> Choices:
    """The choices that this kernel keeps for a folder, a month and a language."""
    return _KEPT.setdefault((folder, month, lang), Choices(month=month))


def forget_choices() -> None:
    """Forgets all of them, as a kernel that has just been started."""
    _KEPT.clear()


class Session:
    """A workbook, what was chosen, and the standards that follow from it; tells those who watch when standards or choices moved."""

    def __init__(self, workbook: Workbook, choices: Choices, folder: str) -> None:
        self.workbook = workbook
        self.folder = folder
        self.choices = choices
        self.words = workbook.words
        self.standards = moved(workbook.standards, choices.changes)
        self._models: dict[str, WhatIf] = {}
        self._watchers: list[Callable[[str], None]] = []

    @property
    def seen(self) -> Workbook:
        """The workbook seen from the month that was chosen."""
        return self.workbook.at(Month.parse(self.choices.month))

    @property
    def model(self) -> WhatIf:
        """The what-if of the month that was chosen."""
        return self.model_of(self.choices.month)

    def model_of(self, month: str) -> WhatIf:
        """The what-if of a month; made the first time."""
        if month not in self._models:
            self._models[month] = WhatIf(self.workbook.at(Month.parse(month)))
        return self._models[month]

    def watch(self, told: Callable[[str], None]) -> None:
        """Calls ``told`` with ``standards`` or ``choices`` after each move."""
        self._watchers.append(told)

    def tell(self, what: str) -> None:
        """Tells all who watch."""
        for told in self._watchers:
            told(what)

    def move(self, identifier: str, field_name: str, value: object) -> None:
        """Moves one field of a standard. Raises StandardsError or UsageError for what cannot be in force; nothing has moved then."""
        own = {known: dict(changed) for known, changed in self.choices.changes.items()}
        if getattr(self.workbook.standards[identifier], field_name) == value:
            own.get(identifier, {}).pop(field_name, None)
        else:
            own.setdefault(identifier, {})[field_name] = value
        own = {known: changed for known, changed in own.items() if changed}
        self._take(moved(self.workbook.standards, own), own)

    def reset(self) -> None:
        """Back to the workbook's own standards."""
        self._take(moved(self.workbook.standards, {}), {})

    def _take(self, standards: Standards, changes: dict[str, dict[str, object]]) -> None:
        self.standards, self.choices.changes = standards, changes
        self.tell("standards")
