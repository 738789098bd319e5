"""The notebooks stay thin: parameters, then one call a cell."""

import ast
import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))
MOST_LINES = 5
TOO_MUCH = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor, ast.While, ast.Lambda)

pytestmark = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(notebook: Path) -> list[dict]:
    return [cell for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def sources(notebook: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in code_cells(notebook)]


def test_cells_are_short(notebook):
    assert [source for source in sources(notebook) if len(source.splitlines()) > MOST_LINES] == []


def test_cells_hold_no_program(notebook):
    assert [source for source in sources(notebook) if any(isinstance(node, TOO_MUCH) for node in ast.walk(ast.parse(source)))] == []


def test_parameters_come_first(notebook):
    tagged = ["parameters" in cell["metadata"].get("tags", []) for cell in code_cells(notebook)]
    assert tagged[0]
    assert sum(tagged) == 1


def test_checked_cells_keep_their_output(notebook):
    # nbval passes a checked cell without output in silence.
    checked = [cell for cell in code_cells(notebook) if "nbval-check-output" in cell["metadata"].get("tags", [])]
    assert [cell["source"] for cell in checked if not cell["outputs"]] == []
    assert [cell["source"] for cell in checked if not cell["metadata"].get("keep_output") and "keep_output" not in cell["metadata"]["tags"]] == []
