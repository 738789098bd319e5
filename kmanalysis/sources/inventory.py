"""What a folder was given already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError
from kmanalysis.loaders.folder import attach


def given_in_folder(folder: Path) -> Mapping[str, frozenset[str]]:
    """The tables that the folder holds, and of each the columns that were given; nothing where it holds none."""
    try:
        return attach(connect(reads=[folder]), folder).given
    except DataError:
        return {}
