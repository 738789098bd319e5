"""Running one notebook: papermill executes it on its slice; what comes back holds no clock, path or random id."""

from __future__ import annotations

import math
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from papermill.execute import ERROR_MARKER_TAG

from kmanalysis.report.runner.forks import Forked
from kmanalysis.report.runner.kernels import KERNEL_MEMORY, BatchKernelManager, kernel_manager, prepare_folder

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_CELL_FILE = re.compile(r"[^\s\"']*ipykernel_\d+/\d+\.py")
_LONG_PATH = re.compile(r"(?<![\w./])~?(?:/[\w.+@-]+)+/([\w.+@-]+/[\w.+@-]+)")
_MEMORY_ERRORS = ("MemoryError", "_ArrayMemoryError", "ArrowMemoryError")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not come to its end: ``kind`` is error, memory, timeout or kernel_died; ``text`` the exception's own words."""

    kind: str
    text: str


@dataclass(frozen=True)
class Execution:
    """A notebook with its results, why it did not come to its end (None: it did), and whether its kernel was forked (None: it had none)."""

    notebook: nbformat.NotebookNode
    failure: Failure | None
    is_forked: bool | None


def executed(notebook: Path, parameters: dict[str, str], slice_folder: Path, folder: Path, timeout: float, memory: int = KERNEL_MEMORY) -> Execution:
    """The notebook run to its end or to its failure, within ``timeout`` seconds and ``memory`` bytes (0: no cap).

    Never raises for what the notebook does.
    """
    manager = kernel_manager(slice_folder, folder, memory)
    execution = _executed(notebook, parameters, manager, timeout)
    if execution.failure and isinstance(manager.launched, Forked) and manager.launched.is_orphan:
        # Its zygote died, which is not the notebook's doing. Now the kernel starts in the ordinary way.
        return _executed(notebook, parameters, manager, timeout)
    return execution


def _executed(notebook: Path, parameters: dict[str, str], manager: type[BatchKernelManager], timeout: float) -> Execution:
    folder, slice_folder = manager.folder, manager.slice_folder
    prepare_folder(folder)
    started: list[nbformat.NotebookNode] = []
    deadline = math.inf

    def begin(notebook: nbformat.NotebookNode) -> None:
        # The kernel is there: until now the page took no time of its own.
        nonlocal deadline
        started.append(notebook)
        deadline = time.monotonic() + timeout

    failure = None
    try:
        papermill.execute_notebook(
            notebook,
            None,
            parameters,
            progress_bar=False,
            cwd=folder,
            kernel_manager_class=manager,
            timeout_func=lambda cell: max(1, int(deadline - time.monotonic())),
            shutdown_kernel="immediate",
            on_notebook_start=begin,
        )
    except PapermillExecutionError as error:
        failure = Failure("memory" if error.ename in _MEMORY_ERRORS else "error", f"{error.ename}: {error.evalue}")
    except CellTimeoutError:
        failure = Failure("timeout", "")
    except (DeadKernelError, RuntimeError) as error:
        failure = Failure("kernel_died", str(error))
    done = started[0] if started else nbformat.read(notebook, as_version=4)
    told = failure and Failure(failure.kind, _without_places(failure.text, _places(folder, slice_folder)))
    return Execution(settled(done, folder, slice_folder), told, manager.is_forked)


def settled(notebook: nbformat.NotebookNode, *folders: Path) -> nbformat.NotebookNode:
    """The notebook without anything that differs from run to run; ``folders`` are those that it ran in and read from."""
    places = _places(*folders)
    cells = [cell for cell in notebook.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(cells, start=1):
        cell.id = f"cell-{number:02d}"
        cell.metadata = nbformat.from_dict({name: value for name, value in cell.metadata.items() if name not in ("papermill", "execution")})
        for output in cell.get("outputs", []):
            _settle_output(output, places)
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    return nbformat.from_dict(nbformat.v4.new_notebook(cells=cells, metadata=metadata))


def _settle_output(output: nbformat.NotebookNode, places: list[str]) -> None:
    if output.output_type == "error":
        output.traceback = [_without_places(line, places) for line in output.traceback]
        output.evalue = _without_places(output.evalue, places)
    elif output.output_type == "stream":
        output.text = _without_places(output.text, places)
    elif "text/plain" in output.get("data", {}):
        output.data["text/plain"] = _without_places(output.data["text/plain"], places)


def _places(*folders: Path) -> list[str]:
    """Folders of this machine that a reader need not know, the longest first."""
    known = {Path(tempfile.gettempdir()), Path.home(), *folders}
    return sorted({str(path) for folder in known for path in (folder, folder.resolve())} - {"/"}, key=len, reverse=True)


def _without_places(text: str, places: list[str]) -> str:
    """The text with no folder of this machine, process id, memory address or terminal colour."""
    text = _ANSI.sub("", text)
    for folder in places:
        text = text.replace(f"{folder}/", "/").replace(folder, ".")
    text = _CELL_FILE.sub("cell", text)
    return _ADDRESS.sub("0x…", _LONG_PATH.sub(r"\1", text))
