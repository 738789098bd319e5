"""What a folder was given already, by the heads of its files alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from kmanalysis.errors import DataError
from kmanalysis.loaders.folder import attach


def given_in_folder(folder: Path) -> Mapping[str, frozenset[str]]:
    """The tables that the folder holds, and of each the columns that were given; nothing where it holds none."""
    with duckdb.connect() as connection:
        try:
            return attach(connection, folder).given
        except DataError:
            return {}
