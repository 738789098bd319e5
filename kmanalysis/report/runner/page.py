"""Making one page in a worker process: run the notebook, render it, hand back the bytes."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing import connection, parent_process
from pathlib import Path

import nbformat

from kmanalysis.errors import KmError
from kmanalysis.report.runner.execute import Failure, executed
from kmanalysis.report.runner.forks import Client
from kmanalysis.report.runner.kernels import KERNEL_MEMORY
from kmanalysis.report.runner.provisioner import use_zygote
from kmanalysis.report.site.html import Link, headings, notebook_body, page
from kmanalysis.words import Words


@dataclass(frozen=True)
class Task:
    """All that a worker needs for one page."""

    notebook: Path
    parameters: dict[str, str]
    slice_folder: Path
    folder: Path
    timeout: float
    lang: str
    title: str
    crumb: str
    month: str
    home: str
    links: tuple[Link, ...]
    provenance: tuple[tuple[str, str], ...]
    memory: int = KERNEL_MEMORY
    """Bytes of private memory that the kernel may use (0: no cap)."""


@dataclass(frozen=True)
class Made:
    """A page as made: its bytes, and the executed notebook and the failure where it did not come to its end.

    ``is_forked`` says whether its kernel was forked; None where it had none.
    """

    content: bytes
    failure: Failure | None = None
    notebook: str = ""
    is_forked: bool | None = None


def begin_worker(variables: Mapping[str, str], client: Client | None) -> None:
    """Sets a worker process up: quiet, not interrupted by a key meant for the batch, and gone when the batch is gone.

    ``variables`` is the batch's environment: a worker may be a copy of an older process. ``client`` asks the batch's zygote for kernels.
    """
    os.environ.clear()
    os.environ.update(variables)
    if client is not None:
        use_zygote(client)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in ("papermill", "traitlets", "nbclient"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)  # the kernel sees its own parent go, and goes too


def made_page(task: Task) -> Made:
    """The page of a task. Whatever a notebook does, a page comes back that says so."""
    words = Words(task.lang)
    run = executed(task.notebook, task.parameters, task.slice_folder, task.folder, task.timeout, task.memory)
    return replace(shown(task, run.notebook, run.failure, words), is_forked=run.is_forked)


def shown(task: Task, notebook: nbformat.NotebookNode, failure: Failure | None, words: Words) -> Made:
    """The page of a notebook that was run, or one without its results where they cannot be published."""
    try:
        return _rendered(task, notebook, failure, words)
    except KmError as problem:
        failure = Failure("unfit", words.error(problem))
    except Exception as problem:  # noqa: BLE001 - a page that cannot be rendered, whatever it holds, must not end the others
        failure = Failure("unfit", f"{type(problem).__name__}: {problem}")
    bare = nbformat.v4.new_notebook(cells=[cell for cell in notebook.cells if cell.cell_type == "code"])
    for cell in bare.cells:
        cell.outputs = []
    return _rendered(task, bare, failure, words, whole=notebook)


def _rendered(task: Task, notebook: nbformat.NotebookNode, failure: Failure | None, words: Words, whole: nbformat.NotebookNode | None = None) -> Made:
    body = notebook_body(notebook, words)
    content = page(
        "page.html.j2",
        words,
        title=task.title,
        crumb=task.crumb,
        month=task.month,
        home=task.home,
        is_home=False,
        links=task.links,
        contents=headings(body),
        has_title="<h1>" in body,
        failure=failure and failure_sentence(failure, words),
        body=body,
        provenance=task.provenance,
    )
    return Made(content, failure, nbformat.writes(whole or notebook) + "\n" if failure else "")


def failure_sentence(failure: Failure, words: Words) -> str:
    """Why a page is not complete, with the exception's own words."""
    name = words.name(f"failure.{failure.kind}")
    return words.text(": ").join((name, failure.text)) if failure.text else name


def unmade_page(task: Task, kind: str) -> Made:
    """The page of a task that could not even be run: its notebook as it is, and why there is nothing to see."""
    notebook = nbformat.read(task.notebook, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return _rendered(task, notebook, Failure(kind, ""), Words(task.lang))
