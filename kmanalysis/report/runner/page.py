"""Making one page in a process of its own: run the notebook, render it, hand back the bytes."""

from __future__ import annotations

import logging
from dataclasses import replace

import nbformat

from kmanalysis.errors import KmError
from kmanalysis.report.making.task import NOTEBOOK_ENGINE, Failure, Made, Task, failure_sentence
from kmanalysis.report.runner.execute import execution
from kmanalysis.report.site.html import headings, page
from kmanalysis.report.site.notebook_html import notebook_body
from kmanalysis.words import Words


def made_page(task: Task, engine: str = NOTEBOOK_ENGINE) -> Made:
    """The page of a task, its notebook run by "fork" or "papermill". Whatever a notebook does, a page comes back that says so."""
    logging.getLogger("papermill").setLevel(logging.CRITICAL)
    run = execution(task.notebook, task.parameters, task.slice_folder, task.folder, task.timeout, task.memory, engine)
    # Not before: what the notebook itself logs is its own.
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    return replace(shown(task, run.notebook, run.failure, Words(task.lang)), asked=run.asked)


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


def unmade_page(task: Task, kind: str) -> Made:
    """The page of a task that could not even be run: its notebook as it is, and why there is nothing to see."""
    notebook = nbformat.read(task.notebook, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return _rendered(task, notebook, Failure(kind, ""), Words(task.lang))
