"""What is taken out of an executed notebook: all that differs from run to run or tells of the machine."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import nbformat
from papermill.execute import ERROR_MARKER_TAG

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Looked for from the beginning of a word alone: a word of a million letters takes no longer than others.
_CELL_FILE = re.compile(r"(?<![^\s\"'])[^\s\"']*?ipykernel_\d+/\d+\.py")
_LONG_PATH = re.compile(r"(?<![\w./])~?(?:/[\w.+@-]+)+/([\w.+@-]+/[\w.+@-]+)")
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")


def reproducible_notebook(notebook: nbformat.NotebookNode, *folders: Path) -> nbformat.NotebookNode:
    """The notebook without anything that differs from run to run; ``folders`` are those that it ran in and read from."""
    cells = [cell for cell in notebook.cells if ERROR_MARKER_TAG not in cell.metadata.get("tags", [])]
    for number, cell in enumerate(cells, start=1):
        cell.id = f"cell-{number:02d}"
        cell.metadata = nbformat.from_dict({name: value for name, value in cell.metadata.items() if name not in ("papermill", "execution")})
        for output in cell.get("outputs", []):
            _scrub(output, folders)
    metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    scrubbed: nbformat.NotebookNode = nbformat.from_dict(nbformat.v4.new_notebook(cells=cells, metadata=metadata))
    return scrubbed


def reproducible_text(text: str, *folders: Path) -> str:
    """The text with no folder of this machine, process id, memory address or terminal colour."""
    text = _ANSI.sub("", text)
    for folder in _places(folders):
        text = text.replace(f"{folder}/", "/").replace(folder, ".")
    text = _CELL_FILE.sub("cell", text)
    return _ADDRESS.sub("0x…", _LONG_PATH.sub(r"\1", text))


def _scrub(output: nbformat.NotebookNode, folders: tuple[Path, ...]) -> None:
    if output.output_type == "error":
        output.traceback = [reproducible_text(line, *folders) for line in output.traceback]
        output.evalue = reproducible_text(output.evalue, *folders)
    elif output.output_type == "stream":
        output.text = reproducible_text(output.text, *folders)
    elif "text/plain" in output.get("data", {}):
        output.data["text/plain"] = reproducible_text(output.data["text/plain"], *folders)


def _places(folders: tuple[Path, ...]) -> list[str]:
    """Folders of this machine that a reader need not know, the longest first."""
    known = {Path(tempfile.gettempdir()), Path.home(), *folders}
    return sorted({str(path) for folder in known for path in (folder, folder.resolve())} - {"/"}, key=len, reverse=True)
