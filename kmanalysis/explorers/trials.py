"""The trial desk: codes are entered as they are checked, and the sequential test says when it has seen enough."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import ipywidgets as widgets
import pandas as pd

from kmanalysis.charts.kit.style import picture
from kmanalysis.charts.trial.evidence import sequential
from kmanalysis.decisions.trials.plans import sequential_lines, trial_request
from kmanalysis.explorers.display import STYLE, button, note, problem
from kmanalysis.explorers.models.session import Session
from kmanalysis.explorers.models.trial_desk import OUTCOMES, Standing, standing

_STYLES = {"valid": "success", "invalid": "danger", "unclear": "", "repeated": "warning"}
MOST_AT_ONCE = 1000
"""Codes that one press enters, at most."""


class TrialDesk:
    """Buttons for what a check showed, and where the test stands."""

    def __init__(self, session: Session) -> None:
        self._session, self._words, self._desk = session, session.words, session.choices.desk
        words = self._words
        self.code = widgets.Password(placeholder=words.text("Code (may stay empty)"), layout=widgets.Layout(width="18em"))
        self.times = widgets.BoundedIntText(value=1, min=1, max=MOST_AT_ONCE, description=words.text("How many"), layout=widgets.Layout(width="13em"))
        self.buttons = {outcome: button(words.name(f"desk.{outcome}"), partial(self.enter, outcome), _STYLES[outcome]) for outcome in OUTCOMES}
        for name, widget in [*self.buttons.items(), ("times", self.times), ("code", self.code)]:
            widget.add_class(f"km-desk-{name}")
        self.decision, self._figures, self._wrong, self._picture = widgets.HTML(), widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.decision.add_class("km-desk-decision")
        self._picture.add_class("km-desk-picture")
        tools = [button(words.text("Undo"), lambda: self._after(self._desk.undo)), button(words.text("Clear"), lambda: self._after(self._desk.clear))]
        hint = words.text(
            "A code that was entered before counts as repeated. Codes are neither shown nor written. Unclear and repeated codes do not move the test; "
            "a repeated one misses its own standard."
        )
        enter = widgets.HBox([self.code, self.times, *self.buttons.values(), *tools], layout=widgets.Layout(flex_flow="row wrap"))
        self.widget = widgets.VBox(
            [widgets.HTML(STYLE), enter, widgets.HTML(note(hint)), self._wrong, self.decision, self._figures, self._picture],
        )
        self._show()

    def enter(self, outcome: str) -> None:
        """Enters what a check showed, as often as the field says."""
        self._desk.enter(outcome, self.times.value, self.code.value)
        self._show()
        self.code.value, self.times.value = "", 1

    def _after(self, action: Callable[[], None]) -> None:
        action()
        self._show()

    def _show(self) -> None:
        self._wrong.value = note(problem(self._words, self._stand), "wrong")

    def _stand(self) -> None:
        words, standards = self._words, self._session.standards
        now = standing(self._desk.outcomes, standards)
        decided = words.text(" after {count} codes", count=now.decided_after) if now.decided_after else ""
        sentence = words.text("The sequential test: {decision}{decided}.", decision=words.name(f"value.{now.decision}"), decided=decided)
        self.decision.value = f'<div data-decision="{now.decision}">{note(sentence, "big")}</div>'
        self._figures.value = "".join(note(sentence) for sentence in self._sentences(now))
        if not now.n:
            self._picture.value = ""
            return
        asked = trial_request(standards)
        run = now.run.assign(trial_id="desk", supplier_id=words.text("This trial"))
        verdicts = pd.DataFrame([{"trial_id": "desk", "supplier_id": "", "started_at": pd.Timestamp(0), "is_current": True, "verdict": "unproven"}])
        self._picture.value = picture(sequential(run, sequential_lines(asked), verdicts, words, {})).svg

    def _sentences(self, now: Standing) -> list[str]:
        words = self._words
        told = [
            words.text(
                "{n} decided codes, {bad} of them dead; {unclear} unclear, {repeated} repeated. Valid: {share}, at least {lower} is shown.",
                n=words.number(now.n),
                bad=words.number(now.bad),
                unclear=words.number(now.unclear),
                repeated=words.number(now.repeated),
                share=words.share(now.valid_share),
                lower=words.share(now.lower),
            )
        ]
        if not now.decided_after:
            told.append(
                words.text(
                    "{count} good codes in a row would accept; {bad} dead ones in all would reject.",
                    count=words.number(now.clean_needed),
                    bad=words.number(now.reject_number),
                )
            )
        if now.repeats_missed:
            told.append(words.text("The standard for repeated codes is missed: that alone ends the trial."))
        return told
