import json
import os
import re
from pathlib import Path

import nbformat
import pytest

from kmanalysis.report.making.task import NOTEBOOK_ENGINE, Failure
from tests.report.runner.cells import outputs
from tests.report.small import FIXTURES

pytestmark = pytest.mark.parametrize("engine", sorted({NOTEBOOK_ENGINE, "papermill"}))


@pytest.fixture
def ran(run, engine):
    """Runs a fixture notebook on an empty slice: ``ran("told", timeout=60)``."""
    return lambda name, timeout=120.0: run(FIXTURES / f"{name}.ipynb", parameters={"month": "2026-09", "lang": "en"}, timeout=timeout, engine=engine)


def test_parameters_reach_the_notebook_and_nothing_of_the_run_stays(ran, tmp_path):
    execution = ran("told")
    text = nbformat.writes(execution.notebook)
    assert execution.failure is None
    assert [output.text for output in outputs(execution)] == ["2026-09 0\n"]
    assert [cell.id for cell in execution.notebook.cells] == ["cell-01", "cell-02", "cell-03", "cell-04"]
    assert "papermill" not in text
    assert str(tmp_path) not in text


def test_an_error_keeps_what_was_shown_before_it(ran, tmp_path):
    execution = ran("failing")
    # The slice is empty, so the notebook fails where it opens it.
    assert execution.failure.kind == "error"
    assert execution.failure.text.startswith("FileNotFoundError")
    text = json.dumps(execution.notebook)
    assert "An Exception was encountered" not in text
    assert [place for place in (str(tmp_path), str(Path.home()), os.sep + "site-packages") if place in text] == []


def test_a_notebook_that_never_ends_is_ended(ran):
    execution = ran("endless", timeout=4.0)
    assert execution.failure == Failure("timeout", "")
    assert len(execution.notebook.cells) == 4


def test_a_process_that_dies_is_told(ran):
    execution = ran("killer")
    assert execution.failure.kind == "kernel_died"
    assert len(execution.notebook.cells) == 4


def test_warnings_say_nothing_of_process_or_place(ran):
    assert re.findall(r"ipykernel_\d+|/\w+/\w+/\w+/", "".join(output.get("text", "") for output in outputs(ran("fine")))) == []
