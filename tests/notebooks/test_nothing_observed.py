"""Every notebook on a folder that knows its suppliers' names and nothing else: it says so, and does not fail."""

import ast
import json

import pytest

from kmanalysis.assets import notebooks_folder
from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.opening import open_workbook
from kmanalysis.slices import SLICE_VARIABLE, save_slice

NOTEBOOKS = sorted(path for path in notebooks_folder().glob("*.ipynb") if path.stem != "explore")
NO_DATA = {"zh": ("没有", "无数据", "未定级"), "en": ("no data", "nothing", "No ", "not graded", "There is none")}


@pytest.fixture(scope="module")
def unseen(tmp_path_factory):
    """A slice of two suppliers of whom nothing was observed."""
    folder = tmp_path_factory.mktemp("unseen")
    (folder / "suppliers.csv").write_text("supplier_id,name\nS01,云杉$\\frac{$\nS02,<script>x</script>\n", encoding="utf-8")
    workbook = open_workbook(folder, "2026-10")
    save_slice(folder / "slice", workbook, finished_frames(workbook), workbook.suppliers)
    return folder / "slice"


def shown_by(notebook, **parameters):
    """What the notebook's cells show: texts of the richest form of each."""
    shown = []
    scope = {"display": lambda found: shown.append(rendered(found))}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        body = ast.parse("".join(cell["source"])).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), notebook.name, "exec"), scope)
        if "parameters" in cell["metadata"].get("tags", []):
            scope |= parameters
        if last is not None and (value := eval(compile(ast.Expression(last.value), notebook.name, "eval"), scope)) is not None:
            shown.append(rendered(value))
    return shown


def rendered(value):
    if hasattr(value, "_repr_mimebundle_"):
        data, metadata = value._repr_mimebundle_()
        assert metadata["alt"]
        return data["image/svg+xml"]
    return value._repr_markdown_() if hasattr(value, "_repr_markdown_") else value._repr_html_()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_page_without_data_says_so(notebook, lang, unseen, monkeypatch):
    monkeypatch.setenv(SLICE_VARIABLE, str(unseen))
    shown = shown_by(notebook, lang=lang)
    assert len(shown) > 5
    assert any(word in part for part in shown for word in NO_DATA[lang])
    assert [part for part in shown if "<script" in part or ("<table" in part and ">nan<" in part.lower())] == []


def test_notebooks_speak_through_the_catalogue_alone():
    spoken = [
        f"{path.name}: {cell['source']}" for path in NOTEBOOKS for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] != "code"
    ]
    assert spoken == []


def test_every_notebook_has_an_output_that_is_checked():
    tags = {
        path.stem: {tag for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] for tag in cell["metadata"].get("tags", [])} for path in NOTEBOOKS
    }
    assert [name for name, of_cells in tags.items() if not {"parameters", "nbval-check-output", "keep_output"} <= of_cells] == []
