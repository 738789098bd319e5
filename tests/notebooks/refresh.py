"""Stores the outputs that nbval checks: `python -m tests.notebooks.refresh` runs each notebook on the samples and keeps what is marked to be kept."""

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from kmanalysis.assets import notebooks_folder
from kmanalysis.decisions.bundle import finished_frames
from kmanalysis.opening import open_workbook
from kmanalysis.report.notebook_files import BY_HAND
from kmanalysis.slices import SLICE_VARIABLE, save_slice

KEPT = "keep_output"


def main(names: list[str]) -> None:
    folder = notebooks_folder()
    with tempfile.TemporaryDirectory() as kept:
        # All notebooks look at the same finished frames: computed once.
        workbook = open_workbook(month="2026-10")
        save_slice(Path(kept), workbook, finished_frames(workbook), workbook.suppliers)
        os.environ[SLICE_VARIABLE] = kept
        for path in sorted(folder.glob("*.ipynb")):
            if path.stem not in BY_HAND and (not names or path.stem in names):
                refresh(path)


def refresh(path: Path) -> None:
    """Runs a notebook and writes it back with the outputs of its checked cells alone."""
    notebook = nbformat.read(path, as_version=4)
    # nbval takes a cell that was never counted for one that was not run.
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": path.parent}}).execute()
    for number, cell in enumerate(notebook.cells):
        cell.id = str(number)  # as nbstripout names them
        is_kept = KEPT in cell.metadata.get("tags", [])
        cell.metadata.pop("execution", None)
        cell.outputs = cell.outputs if is_kept else []
        cell.execution_count = cell.execution_count if is_kept else None
        for output in cell.outputs:
            output["execution_count"] = cell.execution_count
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    nbformat.write(notebook, path)


if __name__ == "__main__":
    main(sys.argv[1:])
