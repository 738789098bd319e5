import pandas as pd
import pytest

from kmanalysis.report.batch import Source
from kmanalysis.report.making.pool import Preloader
from kmanalysis.report.making.task import CAN_FORK, NOTEBOOK_ENGINE
from kmanalysis.report.notebooks import report_notebooks
from kmanalysis.report.runner.execute import execution
from kmanalysis.report.slices import Slices
from tests.report.runner.cells import written
from tests.report.small import FINGERPRINTS, FIXTURES, finished, judged_workbook


@pytest.fixture
def notebooks_of(tmp_path):
    """Copies fixture notebooks into a folder of their own: ``notebooks_of("fine", supplier="supplier")`` (name = fixture)."""

    def copy(*names, **renamed):
        folder = tmp_path / "notebooks"
        folder.mkdir(exist_ok=True)
        for name, fixture in {**dict(zip(names, names, strict=True)), **renamed}.items():
            (folder / f"{name}.ipynb").write_bytes((FIXTURES / f"{fixture}.ipynb").read_bytes())
        return report_notebooks(folder)

    return copy


@pytest.fixture(scope="session")
def preloader():
    """A preloader; None where nothing can be forked."""
    if not CAN_FORK:
        yield None
        return
    with Preloader() as preloader:
        yield preloader


@pytest.fixture
def run(preloader, tmp_path):
    """Runs code in a process of its own: ``run("cell", "cell")`` gives what was executed; a path runs that notebook."""
    (tmp_path / "slice").mkdir()

    def run(*cells, parameters=None, memory=0, timeout=120.0, engine=NOTEBOOK_ENGINE):
        path = cells[0] if hasattr(cells[0], "read_text") else written(tmp_path / "page.ipynb", *cells)
        arguments = (path, parameters or {}, tmp_path / "slice", tmp_path / "page", timeout, memory, engine)
        if engine != "fork":
            return execution(*arguments)
        with preloader.started(execution, *arguments) as answer:
            return answer.recv()

    return run


@pytest.fixture
def workbook():
    return judged_workbook({"S01": 99.0, "S02": 78.0, "S03": 50.0})


@pytest.fixture
def source():
    """What a report is made from: ``source(workbook)``."""

    def build(workbook):
        return Source(workbook, Slices(workbook, finished(workbook)), [], FINGERPRINTS)

    return build


@pytest.fixture
def names(workbook):
    return pd.Series(workbook.names)
