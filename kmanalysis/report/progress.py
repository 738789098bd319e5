"""Progress on stderr: a bar on a terminal; elsewhere a line a page, for a log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from kmanalysis.words import Words

if TYPE_CHECKING:
    # A report that is up to date needs no engine.
    from kmanalysis.engine.interface import Share
    from kmanalysis.engine.queries import Counting, Listener


@dataclass(frozen=True)
class Outcome:
    """What became of a page: its file in the report, ``made``, ``kept`` or ``failed``, and why it failed."""

    path: str
    state: str
    reason: str = ""


class _Queries(Bar):
    """Bars that ask how far they are whenever they are drawn."""

    def __init__(self, *columns: ProgressColumn, console: Console, transient: bool) -> None:
        self._shares: dict[TaskID, Share] = {}
        super().__init__(*columns, console=console, transient=transient)

    def begin(self, text: str, share: Share) -> TaskID:
        task = self.add_task(text, total=1.0)
        self._shares[task] = share
        return task

    def end(self, task: TaskID) -> None:
        del self._shares[task]
        self.remove_task(task)

    def get_renderables(self) -> Iterable[RenderableType]:
        for task, share in list(self._shares.items()):
            done = share()
            if done is not None and task in self.task_ids:
                self.update(task, completed=done)
        return super().get_renderables()


_SHARES = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())


def _unheard(counting: Counting) -> AbstractContextManager[None]:
    return nullcontext()


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
            yield self._teller(total, advance)

    @contextmanager
    def counting(self) -> Iterator[Listener]:
        """Hears of the engine's queries: on a terminal a bar for each that runs, with its month and table."""
        if not self._console.is_terminal:
            yield _unheard
            return
        with _Queries(*_SHARES, console=self._console, transient=True) as bars:
            yield self._hearing(bars)

    @contextmanager
    def making(self, total: int) -> Iterator[tuple[Listener, Callable[[Outcome], None]]]:
        """Hears of queries and of pages, which go on side by side; see `counting` and `pages`."""
        if not self._console.is_terminal:
            yield _unheard, self._teller(total, lambda: None)
            return
        with _Queries(*_SHARES, console=self._console, transient=True) as bars:
            name, done = escape(self._words.text("Pages")), count(1)
            task = bars.add_task(f"{name} 0/{total}", total=total)
            yield self._hearing(bars), self._teller(total, lambda: bars.update(task, advance=1, description=f"{name} {next(done)}/{total}"))

    def _teller(self, total: int, advance: Callable[[], None]) -> Callable[[Outcome], None]:
        done = 0

        def tell(outcome: Outcome) -> None:
            nonlocal done
            done += 1
            parts = [f"{done}/{total} {outcome.path}", self._words.name(f"page.{outcome.state}"), *outcome.reason[:300].splitlines()[:1]]
            line = self._words.text(": ").join(parts)
            if not self._console.is_terminal or outcome.reason:
                self._console.print(escape(line), style="red" if outcome.reason else "", highlight=False, soft_wrap=True)
            advance()

        return tell

    def _hearing(self, bars: _Queries) -> Listener:
        @contextmanager
        def hear(counting: Counting) -> Iterator[None]:
            about = [self._words.text("Counting"), str(counting.month), *([self._words.name(counting.table)] if counting.table else [])]
            task = bars.begin(escape(" · ".join(about)), counting.share)
            try:
                yield
            finally:
                bars.end(task)

        return hear

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
