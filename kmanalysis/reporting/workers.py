"""Worker processes that make pages side by side."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Hashable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from kmanalysis.reporting.making import Made, Task, begin_worker, made_page, unmade_page

Key = TypeVar("Key", bound=Hashable)


def made_pages(tasks: Mapping[Key, Task], jobs: int) -> Iterator[tuple[Key, Made]]:
    """The page of each task, as they are done, by so many worker processes (0: one a core)."""
    left = dict(tasks)
    for key, made in _by_pool(tasks, min(jobs or os.cpu_count() or 1, len(tasks))):
        del left[key]
        yield key, made
    # A worker that is killed takes its pool along: what is left is tried once more, each page by a worker of its own.
    for key, task in left.items():
        yield key, dict(_by_pool({key: task}, 1)).get(key) or unmade_page(task, "worker_died")


def _by_pool(tasks: Mapping[Key, Task], jobs: int) -> Iterator[tuple[Key, Made]]:
    """The pages as they are done; ends early where a worker process dies."""
    if not tasks:
        return
    # Not forked: the batch holds the engine's threads.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn"), initializer=begin_worker) as pool:
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
