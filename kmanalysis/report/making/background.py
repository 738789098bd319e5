"""Pages that are made while the run does something else."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Lock
from types import TracebackType
from typing import Generic, Self, TypeVar

from kmanalysis.report.making.pool import Preloader, made_pages
from kmanalysis.report.making.task import Made, Task

Key = TypeVar("Key", bound=Hashable)


class BackgroundPages(Generic[Key]):
    """Makes the page of each task that is given (see `pool.made_pages`), from the first one on, in a thread of its own, where ``hear`` is told of each
    as it is done.

    As a context, after which no page is begun any more and none is heard of.
    """

    def __init__(self, jobs: int, preloader: Preloader | None, hear: Callable[[Key, Made], None]) -> None:
        self._tasks: SimpleQueue[tuple[Key, Task] | None] = SimpleQueue()
        self._is_over = False
        self._hearing = Lock()
        self._pool = ThreadPoolExecutor(1)
        self._work = self._pool.submit(self._make, jobs, preloader, hear)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, place: TracebackType | None) -> None:
        # A page that is being heard of is heard of to its end: what is written then is written whole.
        with self._hearing:
            self._is_over = True
        self._tasks.put(None)
        self._pool.shutdown(wait=False)

    def add(self, key: Key, task: Task) -> None:
        """Gives a task, before `finish` is called."""
        self._tasks.put((key, task))

    def check(self) -> None:
        """Raises what went wrong so far where pages are made or heard of: none is made any more."""
        if self._work.done():
            self._work.result()

    def finish(self) -> None:
        """Waits for the last page. Raises what went wrong where they are made or heard of."""
        self._tasks.put(None)
        self._work.result()

    def _make(self, jobs: int, preloader: Preloader | None, hear: Callable[[Key, Made], None]) -> None:
        for key, made in made_pages(iter(self._next, None), jobs, preloader):
            with self._hearing:
                if self._is_over:
                    return
                hear(key, made)

    def _next(self) -> tuple[Key, Task] | None:
        task = self._tasks.get()
        return None if self._is_over else task
