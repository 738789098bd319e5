"""Running one notebook: papermill executes it on its slice; what comes back holds no clock, path or random id."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError

from kmanalysis.report.making.environment import asked_file, environment, prepare_folder
from kmanalysis.report.making.task import NOTEBOOK_ENGINE, NOTEBOOK_MEMORY, Failure
from kmanalysis.report.runner.engine import NAME, ForkEngine
from kmanalysis.report.runner.scrub import reproducible_notebook, reproducible_text
from kmanalysis.slices import asked_frames, is_awaiting

_MEMORY_ERRORS = ("MemoryError", "_ArrayMemoryError", "ArrowMemoryError")

# Papermill finds the engine by its entry point, but not while the package lies there and is not installed.
papermill_engines.register(NAME, ForkEngine)


@dataclass(frozen=True)
class Execution:
    """A notebook with its results, why it did not come to its end (None: it did), and the names of the frames that it asked for."""

    notebook: nbformat.NotebookNode
    failure: Failure | None
    asked: tuple[str, ...] = ()


def execution(
    notebook: Path,
    parameters: dict[str, str],
    slice_folder: Path,
    folder: Path,
    timeout: float,
    memory: int = NOTEBOOK_MEMORY,
    engine: str = NOTEBOOK_ENGINE,
) -> Execution:
    """The notebook run to its end or to its failure, within ``memory`` bytes (0: no cap; papermill's own engine has none) and ``timeout`` seconds, which
    begin when its slice has all its frames.

    Never raises for what the notebook does. The engine "fork" forks this process, which must run no thread.
    """
    prepare_folder(folder)
    started: list[nbformat.NotebookNode] = []
    deadline = math.inf

    def begin(notebook: nbformat.NotebookNode) -> None:
        # Its process is there: until now the page took no time of its own.
        nonlocal deadline
        started.append(notebook)
        deadline = time.monotonic() + timeout

    def is_waiting() -> bool:
        # Asked again and again while a cell runs: the clock stands until the last frame is there.
        nonlocal deadline
        waits = is_awaiting(slice_folder)
        if waits:
            deadline = time.monotonic() + timeout
        return waits

    variables = environment(slice_folder, folder)
    own: dict[str, Any] = {"kernel_manager_class": _kernel_manager(variables)}
    if engine == "fork":
        own = {"engine_name": NAME, "environment": variables, "memory": memory, "is_waiting": is_waiting}
    failure = None
    try:
        papermill.execute_notebook(
            notebook,
            None,
            parameters,
            progress_bar=False,
            cwd=folder,
            timeout_func=lambda cell: max(1, int(deadline - time.monotonic())),
            shutdown_kernel="immediate",
            on_notebook_start=begin,
            **own,
        )
    except PapermillExecutionError as error:
        failure = Failure("memory" if error.ename in _MEMORY_ERRORS else "error", f"{error.ename}: {error.evalue}")
    except CellTimeoutError:
        failure = Failure("timeout", "")
    except MemoryError as error:
        failure = Failure("memory", str(error))
    except (DeadKernelError, RuntimeError) as error:
        failure = Failure("kernel_died", str(error))
    done = started[0] if started else nbformat.read(notebook, as_version=4)
    told = failure and Failure(failure.kind, reproducible_text(failure.text, folder, slice_folder))
    return Execution(reproducible_notebook(done, folder, slice_folder), told, asked_frames(asked_file(folder)))


def _kernel_manager(variables: dict[str, str]) -> type[AsyncKernelManager]:
    """For papermill's own engine, which asks for a class: kernels of this interpreter, with these environment variables."""

    class PageKernelManager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            # An installed one of the same name may belong to another interpreter.
            return KernelSpec(**get_kernel_dict())

        async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
            return await super()._async_pre_start_kernel(**options | {"env": variables})

        pre_start_kernel = _async_pre_start_kernel

    return PageKernelManager
