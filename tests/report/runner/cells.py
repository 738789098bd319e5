"""Notebooks of a few cells, run as the batch runs them or by papermill's own engine."""

import json

import nbformat


def written(path, *cells):
    """A notebook of these cells, at this path."""
    metadata = {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    code = [cell if isinstance(cell, nbformat.NotebookNode) else nbformat.v4.new_code_cell(cell) for cell in cells]
    path.write_text(nbformat.writes(nbformat.v4.new_notebook(cells=code, metadata=metadata)), encoding="utf-8")
    return path


def outputs(execution):
    """All outputs, in order."""
    return [output for cell in execution.notebook.cells for output in cell.get("outputs", [])]


def printed(execution, name="stdout"):
    """What a notebook printed that came to its end."""
    assert execution.failure is None, (execution.failure, json.dumps(execution.notebook.cells))
    return "".join(output.text for output in outputs(execution) if output.output_type == "stream" and output.name == name)


def shape(execution):
    """The outputs in short: a stream by its text, an error by its name, others by their plain text."""

    def told(output):
        if output.output_type == "stream":
            return output.name, output.text
        if output.output_type == "error":
            return "error", output.ename
        return output.output_type, output.data["text/plain"]

    return [told(output) for output in outputs(execution)]
