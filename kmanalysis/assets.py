"""Where the notebooks and the samples lie: in the source tree, or in the installed package's copy of them."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def notebooks_folder() -> Path:
    """Folder of the notebooks that make the report."""
    return folder("notebooks", "notebooks")


def samples_folder() -> Path:
    """Folder of the small sample data: canonical tables, and `truth.csv` with what was planted in whom."""
    return folder("data/samples", "samples")


def folder(in_tree: str, in_wheel: str, package: Path = _PACKAGE) -> Path:
    """A folder of the tree that the package sits in, else the package's copy of it."""
    # pyproject.toml tells a checkout from a site-packages that happens to hold a folder of this name.
    tree = package.parent
    return tree / in_tree if (tree / "pyproject.toml").is_file() and (tree / in_tree).is_dir() else package / "_assets" / in_wheel
