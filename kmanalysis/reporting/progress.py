"""Progress on stderr: a bar on a terminal; elsewhere a line a page, for a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from kmanalysis.reporting.batch import Outcome
from kmanalysis.words import Words


class Progress:
    """Tells on a console how far a run is."""

    def __init__(self, console: Console, words: Words) -> None:
        self._console = console
        self._words = words

    def step(self, text: str) -> AbstractContextManager[object]:
        """One step whose length is not known."""
        return self._console.status(escape(text)) if self._console.is_terminal else nullcontext()

    @contextmanager
    def pages(self, total: int) -> Iterator[Callable[[Outcome], None]]:
        """Hears of pages as they are done."""
        with self._bar(self._words.text("Pages"), total) as advance:
            done = 0

            def tell(outcome: Outcome) -> None:
                nonlocal done
                done += 1
                parts = [f"{done}/{total} {outcome.page.path}", self._words.name(f"page.{outcome.state}"), *outcome.reason[:300].splitlines()[:1]]
                line = self._words.text(": ").join(parts)
                if not self._console.is_terminal or outcome.reason:
                    self._console.print(escape(line), style="red" if outcome.reason else "", highlight=False, soft_wrap=True)
                advance()

            yield tell

    @contextmanager
    def months(self, total: int) -> Iterator[Callable[[str], None]]:
        """Hears of months as they are written."""
        with self._bar(self._words.text("Months"), total) as advance:
            yield lambda month: advance()

    @contextmanager
    def _bar(self, text: str, total: int) -> Iterator[Callable[[], None]]:
        if not self._console.is_terminal:
            yield lambda: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Bar(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(escape(text), total=total)
            yield lambda: bar.advance(task)
