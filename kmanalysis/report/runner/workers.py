"""Worker processes that make pages side by side, and the zygote that their kernels are forked from."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Hashable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.context import BaseContext
from typing import TypeVar

from kmanalysis.report.runner.forks import Client, Zygote
from kmanalysis.report.runner.kernels import environment, kernel_origin, prepare_folder
from kmanalysis.report.runner.page import Made, Task, begin_worker, made_page, unmade_page

Key = TypeVar("Key", bound=Hashable)


def preload() -> None:
    """Begins to start what workers come from, so that it is there when the first page is wanted."""
    context = _context()
    if context.get_start_method() == "forkserver":
        from multiprocessing.forkserver import ensure_running  # Windows has none

        ensure_running()


def made_pages(tasks: Mapping[Key, Task], jobs: int) -> Iterator[tuple[Key, Made]]:
    """The page of each task, as they are done, by so many worker processes (0: one a core)."""
    jobs = jobs or os.cpu_count() or 1
    left = dict(tasks)
    with _zygote(tasks) as client:
        # A worker that is killed takes its pool along. What had not begun goes on in a new one; what had is tried once more, each page by a
        # worker of its own.
        waiting = 0
        while (fresh := {key: task for key, task in left.items() if not task.folder.exists()}) and len(fresh) != waiting:
            waiting = len(fresh)
            for key, made in _by_pool(fresh, min(jobs, waiting), client):
                del left[key]
                yield key, made
        for key, task in left.items():
            yield key, dict(_by_pool({key: task}, 1, client)).get(key) or unmade_page(task, "worker_died")


@contextmanager
def _zygote(tasks: Mapping[Key, Task]) -> Iterator[Client | None]:
    """The zygote for all workers' kernels; None where nothing can be forked."""
    first = next(iter(tasks.values()), None)
    origin = kernel_origin(first.slice_folder, first.folder) if first else None
    if first is None or origin is None:
        yield None
        return
    home = first.folder.with_name("zygote")
    prepare_folder(home)
    zygote = Zygote(origin, home, environment(first.slice_folder, home))
    try:
        yield Client(zygote.control, origin)
    finally:
        zygote.close()


def _by_pool(tasks: Mapping[Key, Task], jobs: int, client: Client | None) -> Iterator[tuple[Key, Made]]:
    """The pages as they are done; ends early where a worker process dies."""
    with ProcessPoolExecutor(jobs, mp_context=_context(), initializer=begin_worker, initargs=(dict(os.environ), client)) as pool:
        running = {pool.submit(made_page, task): key for key, task in tasks.items()}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        except BrokenProcessPool:
            return
        except BaseException:
            for worker in multiprocessing.active_children():
                worker.kill()
            raise


def _context() -> BaseContext:
    """How workers come to be: not as copies of the batch, which holds the engine's threads, but where possible of a process that has imported all they need."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([begin_worker.__module__])
    return context
