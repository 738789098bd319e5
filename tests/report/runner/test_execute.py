import json
import os
import re
from pathlib import Path

import nbformat
import pytest

from kmanalysis.report.runner.execute import Failure, executed
from kmanalysis.report.runner.kernels import left_sockets
from tests.report.small import FIXTURES


@pytest.fixture
def run(tmp_path):
    """Runs a fixture notebook on an empty slice: ``run("small", timeout=60)``."""
    (tmp_path / "slice").mkdir()

    def run(name, timeout=120.0):
        ran = executed(FIXTURES / f"{name}.ipynb", {"month": "2026-09", "lang": "en"}, tmp_path / "slice", tmp_path / "page", timeout)
        return ran.notebook, ran.failure

    return run


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_parameters_reach_the_notebook_and_nothing_of_the_run_stays(run, tmp_path):
    notebook, failure = run("small")
    text = nbformat.writes(notebook)
    assert failure is None
    assert [output.text for output in outputs(notebook)] == ["2026-09 0\n"]
    assert [cell.id for cell in notebook.cells] == ["cell-01", "cell-02", "cell-03", "cell-04"]
    assert "papermill" not in text
    assert str(tmp_path) not in text


def test_an_error_keeps_what_was_shown_before_it(run, tmp_path):
    notebook, failure = run("failing")
    # The slice is empty, so the notebook fails where it opens it.
    assert failure.kind == "error"
    assert failure.text.startswith("FileNotFoundError")
    text = json.dumps(notebook)
    assert "An Exception was encountered" not in text
    assert [place for place in (str(tmp_path), str(Path.home()), os.sep + "site-packages") if place in text] == []


def test_a_notebook_that_never_ends_is_ended(run):
    notebook, failure = run("endless", timeout=4.0)
    assert failure == Failure("timeout", "")
    assert len(notebook.cells) == 4


def test_a_kernel_that_dies_is_told(run, tmp_path):
    notebook, failure = run("killer")
    assert failure.kind == "kernel_died"
    assert len(notebook.cells) == 4
    assert left_sockets(tmp_path) == []


def test_warnings_say_nothing_of_process_or_place(run):
    notebook, _ = run("fine")
    assert re.findall(r"ipykernel_\d+|/\w+/\w+/\w+/", "".join(output.get("text", "") for output in outputs(notebook))) == []
