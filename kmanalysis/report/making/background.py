"""Pages that are made while the run does something else."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from kmanalysis.report.making.pool import Preloader, made_pages
from kmanalysis.report.making.task import Made, Task

Key = TypeVar("Key", bound=Hashable)


class BackgroundPages(Generic[Key]):
    """Makes the page of each task that is given (see `pool.made_pages`), from the first one on, in a thread of its own.

    As a context, after which no page is begun any more.
    """

    def __init__(self, jobs: int, preloader: Preloader | None) -> None:
        self._tasks: SimpleQueue[tuple[Key, Task] | None] = SimpleQueue()
        self._made: SimpleQueue[tuple[Key, Made] | None] = SimpleQueue()
        self._is_over = False
        self._pool = ThreadPoolExecutor(1)
        self._work = self._pool.submit(self._make, jobs, preloader)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, place: TracebackType | None) -> None:
        self._is_over = True
        self._tasks.put(None)
        self._pool.shutdown(wait=False)

    def add(self, key: Key, task: Task) -> None:
        """Gives a task, before `made` is asked."""
        self._tasks.put((key, task))

    def made_so_far(self) -> Iterator[tuple[Key, Made]]:
        """The pages that are done and were not given out yet. Waits for none."""
        while not self._made.empty():
            done = self._made.get()
            if done is None:
                # For `made`, which ends with it.
                self._made.put(None)
                return
            yield done

    def made(self) -> Iterator[tuple[Key, Made]]:
        """The pages as they are done, to the last one. Raises what went wrong where they are made."""
        self._tasks.put(None)
        while (done := self._made.get()) is not None:
            yield done
        self._work.result()

    def _make(self, jobs: int, preloader: Preloader | None) -> None:
        try:
            for done in made_pages(iter(self._next, None), jobs, preloader):
                self._made.put(done)
        finally:
            self._made.put(None)

    def _next(self) -> tuple[Key, Task] | None:
        task = self._tasks.get()
        return None if self._is_over else task
