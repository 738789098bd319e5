"""The notebooks that a report is made from, checked before anything starts."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from kmanalysis.errors import DataError, UsageError
from kmanalysis.report.cache.digests import digest_of
from kmanalysis.report.notebook_files import SUPPLIER, notebook_files


@dataclass(frozen=True)
class Notebook:
    """A notebook of the report: its name, file, digest, the names of its parameters, and its first heading."""

    name: str
    path: Path
    digest: str
    parameters: frozenset[str]
    heading: str

    @property
    def is_of_supplier(self) -> bool:
        """Whether it makes a page for each supplier."""
        return self.name == SUPPLIER


def report_notebooks(folder: Path) -> Mapping[str, Notebook]:
    """The notebooks of a folder by name, sorted. Raises UsageError where there is none, DataError for one that cannot be run with parameters."""
    found = {path.stem: _notebook(path) for path in notebook_files(folder)}
    if not found:
        raise UsageError("No notebook was found to make a report from. Name a folder with notebooks by --notebooks.")
    return found


def check_parameters(notebook: Notebook, parameters: Mapping[str, str]) -> None:
    """Raises DataError where the notebook does not declare one of the parameters: it would run on its default in silence."""
    unknown = sorted(set(parameters) - notebook.parameters)
    if unknown:
        raise DataError(
            "{file}: its parameters cell does not set {found}. It sets: {accepted}. Write one plain assignment a parameter.",
            file=notebook.path.name,
            found=", ".join(unknown),
            accepted=", ".join(sorted(notebook.parameters)) or "—",
        )


def _notebook(path: Path) -> Notebook:
    content = path.read_bytes()
    try:
        parsed = nbformat.reads(content.decode("utf-8"), as_version=4)
    except (ValueError, nbformat.ValidationError) as problem:
        raise DataError("{file}: not a notebook that can be read ({problem}).", file=path.name, problem=problem) from problem
    tagged = [cell for cell in parsed.cells if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", [])]
    if len(tagged) != 1:
        raise DataError("{file}: {found} cells have the tag 'parameters'; exactly one code cell must.", file=path.name, found=len(tagged))
    return Notebook(path.stem, path, digest_of(content), _assigned(tagged[0].source, path.name), _heading(parsed))


def _assigned(source: str, file: str) -> frozenset[str]:
    try:
        body = ast.parse(source).body
    except SyntaxError as problem:
        raise DataError("{file}: its parameters cell is not Python ({problem}).", file=file, problem=problem.msg) from problem
    plain = [node.targets for node in body if isinstance(node, ast.Assign)] + [[node.target] for node in body if isinstance(node, ast.AnnAssign)]
    return frozenset(targets[0].id for targets in plain if len(targets) == 1 and isinstance(targets[0], ast.Name))


def _heading(parsed: nbformat.NotebookNode) -> str:
    lines = (line for cell in parsed.cells if cell.cell_type == "markdown" for line in cell.source.splitlines())
    return next((line.removeprefix("# ").strip() for line in lines if line.startswith("# ")), "")
