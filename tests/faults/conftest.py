"""Runs that are disturbed, and what of them is still there afterwards."""

import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from kmanalysis.slices import save_slice
from tests.report.small import FIXTURES, finished, judged_workbook

ROOT = Path(__file__).parents[2]
MARK = "KMANALYSIS_TEST_RUN"


@pytest.fixture
def start(tmp_path):
    """Starts a run into a folder: ``start("out", "--force")``, with the notebooks that are in ``tmp_path / "notebooks"`` by then."""
    workbook = judged_workbook({"S01": 99.0, "S02": 50.0})
    save_slice(tmp_path / "slice", workbook, {name.split("/")[-1]: frame for name, frame in finished(workbook).items()}, workbook.suppliers)
    (tmp_path / "notebooks").mkdir()
    runs = []

    def start(out, *options):
        command = [sys.executable, "-m", "tests.report.run_report", tmp_path / "slice", tmp_path / "notebooks", tmp_path / out, *options]
        variables = os.environ | {MARK: str(tmp_path)}
        runs.append(subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return runs[-1]

    yield start
    for run in runs:
        run.kill()
        run.communicate()


@pytest.fixture
def notebook(tmp_path, start):
    """Puts a notebook into the folder: ``notebook("name")`` a fixture, ``notebook("name", "code")`` one of this code."""

    def put(name, code=""):
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        if not code:
            path.write_bytes((FIXTURES / f"{name}.ipynb").read_bytes())
            return
        parameters = nbformat.v4.new_code_cell('month = "2026-10"\nlang = "zh"', metadata={"tags": ["parameters"]})
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        path.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell(code)], metadata=metadata)), encoding="utf-8")

    return put


@pytest.fixture
def left(tmp_path):
    """Processes of this test's runs, as ``{id: command line}``, once they had time to end: ``left()``."""

    def left(patience=30.0):
        deadline = time.monotonic() + patience
        while (found := _running(f"{MARK}={tmp_path}")) and time.monotonic() < deadline:
            time.sleep(0.05)
        return found

    return left


@pytest.fixture
def running(tmp_path):
    """Processes of this test's runs at this moment."""
    return lambda: _running(f"{MARK}={tmp_path}")


def _running(mark):
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables, command = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in variables.split(b"\0"):
            found[int(process.name)] = command.replace(b"\0", b" ").decode().strip()
    return found


def content(folder):
    """Files of a folder by their path in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
