"""Making pages side by side, each in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from multiprocessing import connection as connections
from multiprocessing import get_context
from types import TracebackType
from typing import Self, TypeVar

from kmanalysis.errors import KmError
from kmanalysis.report.making.environment import HOME, shared_environment
from kmanalysis.report.making.task import CAN_FORK, Made, Task

Key = TypeVar("Key", bound=Hashable)

_TRIES = 2
"""How often a page is begun whose process is killed: that may have been another's doing."""


def preloader() -> AbstractContextManager[Preloader | None]:
    """A context with a preloader that starts at once, so that it is ready when the first page is wanted; with None where nothing can be forked."""
    return Preloader() if CAN_FORK else nullcontext()


def made_pages(tasks: Iterable[tuple[Key, Task]], jobs: int, started: Preloader | None = None) -> Iterator[tuple[Key, Made]]:
    """The page of each task, as they are done, by so many processes at once (0: one a core).

    A task is asked for when a process is free for it; meanwhile those that run go on. ``started`` is a preloader that was started before; it is left
    running. Raises KmError for what the system refuses a page's process, such as room on the disk: other pages would fare no better.
    """
    jobs = jobs or os.cpu_count() or 1
    if not CAN_FORK:
        yield from _spawned_pages(tasks, jobs)
        return
    with nullcontext(started) if started else Preloader() as running:
        yield from _forked_pages(tasks, jobs, running)


def _forked_pages(tasks: Iterable[tuple[Key, Task]], jobs: int, preloader: Preloader) -> Iterator[tuple[Key, Made]]:
    left = iter(tasks)
    again: deque[tuple[Key, Task]] = deque()
    tries: Counter[Key] = Counter()
    running: dict[connections.Connection, tuple[Key, Task]] = {}
    while True:
        while len(running) < jobs and (following := again.popleft() if again else next(left, None)):
            running[preloader.started(_made_page, following[1])] = following
            tries[following[0]] += 1
        if not running:
            return
        ready = connections.wait(list(running))
        for connection in [connection for connection in running if connection in ready]:
            key, task = running.pop(connection)
            made = _answer(connection)
            if isinstance(made, KmError):
                raise made
            if made is not None:
                yield key, made
            elif tries[key] < _TRIES:
                again.append((key, task))
            else:
                yield key, _unmade_page(task)


def _made_page(task: Task, *engine: str) -> Made:
    # In a page's process, which has imported it; this one shall not.
    from kmanalysis.report.runner.page import made_page

    return made_page(task, *engine)


def _unmade_page(task: Task) -> Made:
    from kmanalysis.report.runner.page import unmade_page

    return unmade_page(task, "worker_died")


def _answer(connection: connections.Connection) -> Made | KmError | None:
    """What a page's process has made, or what kept it from that; None where it died."""
    with connection:
        try:
            made: Made | KmError = connection.recv()
        except (EOFError, OSError):
            return None
        return made


def _spawned_pages(tasks: Iterable[tuple[Key, Task]], jobs: int) -> Iterator[tuple[Key, Made]]:
    """The pages where nothing can be forked: papermill's own engine starts a kernel for each."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_made_page, task, "papermill"): (key, task) for key, task in tasks}
        for done in as_completed(running):
            key, task = running[done]
            try:
                yield key, done.result()
            except BrokenProcessPool:
                yield key, _unmade_page(task)


class Preloader:
    """Calls functions in forks of a process that has imported what pages need (see `preloader`); a context, and all of them end with it."""

    def __init__(self) -> None:
        self._is_closed = self._has_forked = False
        self._launch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, place: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the process, and every one that it forked."""
        self._is_closed = True
        self._end()

    def started(self, function: Callable[..., object], *arguments: object) -> connections.Connection:
        """Has a function called in a process of its own; what it returns comes over the connection, which ends without it where the process dies.

        Raises RuntimeError once the preloader is closed.
        """
        if self._is_closed:
            raise RuntimeError("The preloader is closed.")
        self._has_forked = True
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
            except OSError:
                # It was killed. The pages that it began go on without it.
                self._end()
                self._launch()
                socket.send_fds(self._control, [b"\0"], [theirs.fileno()])
        connection = connections.Connection(ours.detach())
        connection.send((function, arguments))
        return connection

    def _end(self) -> None:
        self._control.close()
        if not self._has_forked:
            # It may still be importing, and would look up only when it is done.
            self._process.kill()
        self._process.wait()

    def _launch(self) -> None:
        self._control, theirs = socket.socketpair()
        with theirs:
            # As ipykernel starts a kernel: its debugger, which nobody uses, would warn.
            command = [sys.executable, "-Xfrozen_modules=off", "-m", "kmanalysis.report.runner.preloader", str(theirs.fileno())]
            # A session of its own: a key pressed for the batch must not end it before its pages are ended.
            self._process = subprocess.Popen(
                command, cwd=HOME, env=shared_environment(), stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
            )
