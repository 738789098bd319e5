"""The engine: the one place that builds a connection and pins what would differ from machine to machine."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import ibis
from ibis.backends.duckdb import Backend


def connect(memory: str | None = None, threads: int | None = None) -> Backend:
    """A DuckDB connection in memory; it spills to the system's temporary folder.

    ``memory`` bounds it, as in ``4GB``; ``threads`` defaults to the cores.
    """
    settings: dict[str, object] = {
        "temp_directory": str(Path(tempfile.gettempdir()) / f"kmanalysis-{os.getpid()}"),
        # Closed networks: an extension that is not there is an error, never a download.
        "autoinstall_known_extensions": False,
        # Every result is ordered by a unique key where order matters.
        "preserve_insertion_order": False,
    }
    if memory:
        settings["memory_limit"] = memory
    if threads:
        settings["threads"] = threads
    connection = ibis.duckdb.connect(":memory:", **settings)
    connection.raw_sql("SET TimeZone = 'UTC'")
    # Folding selects into each other takes a third of the time it takes to write a query, and the engine folds them anyway.
    ibis.options.sql.fuse_selects = False
    # It would print between the data on stdout.
    connection.raw_sql("SET enable_progress_bar = false")
    return connection
