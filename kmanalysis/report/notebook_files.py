"""The files of a report's notebooks, found without opening them."""

from __future__ import annotations

from pathlib import Path

SUPPLIER = "supplier"
"""Name of the notebook that is run once for each supplier, and of the parameter that says for whom."""

BY_HAND = ("explore",)
"""Notebooks that are opened by hand alone: widgets need a living kernel."""


def notebook_files(folder: Path) -> list[Path]:
    """The notebooks of a folder that make pages, sorted by name."""
    return [path for path in sorted(folder.resolve().glob("*.ipynb")) if path.stem not in BY_HAND]
