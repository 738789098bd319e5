"""A column is declared because something reads it."""

import ast
import json
import re
from pathlib import Path

import pytest

from kmanalysis.tables import tables

ROOT = Path(__file__).parent.parent
READERS = ("measures", "steps", "scoring", "decisions", "charts", "explorers", "report", "cli", "workbook.py")


def words_of(source: str) -> set[str]:
    """What a module names: attributes, and the words of its strings (docstrings apart)."""
    tree = ast.parse(source)
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in remarks and not is_sentence(node.value):
            found.update(re.findall(r"[a-z_]+", node.value))
    return found


def is_sentence(text: str) -> bool:
    """Whether a string speaks to a reader: it does not name columns, though it may use the same words."""
    return bool(re.search(r"[a-z]+ [a-z]+ [a-z]+", text)) and not re.search(r"\bselect\b", text, flags=re.IGNORECASE)


@pytest.fixture(scope="module")
def read() -> set[str]:
    sources = [
        path.read_text(encoding="utf-8") for part in READERS for path in sorted((ROOT / "kmanalysis").glob(f"{part}/**/*.py" if "." not in part else part))
    ]
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        sources += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return set().union(*map(words_of, sources))


def declared() -> set[str]:
    return {f"{table.name}.{column}" for table in tables().values() for column in table.stored}


def test_every_column_is_read(read):
    # A key is read by its nature: it tells rows apart when they are loaded.
    keys = {f"{table.name}.{column}" for table in tables().values() for column in table.key}
    assert sorted(column for column in declared() - keys if column.split(".")[1] not in read) == []


def test_words_of_a_module_leave_out_docstrings_and_sentences():
    source = '"""Reads purchase_id."""\nx = table.sku + table["order_id"]  # buyer_digest\nraise E("the stage of it {stage}")\ny = f"{a} codes"\n'
    assert words_of(source) == {"sku", "order_id", "codes"}
