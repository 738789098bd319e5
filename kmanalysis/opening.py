"""How a workbook is opened: on a folder, or on a page's slice where the batch says so."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

import pandas as pd

from kmanalysis.assets import samples_folder
from kmanalysis.engine.duckdb import DuckDB, connect
from kmanalysis.engine.interface import Engine
from kmanalysis.engine.queries import Shelf
from kmanalysis.errors import UsageError
from kmanalysis.loaders.folder import Attached, attach
from kmanalysis.slices import SLICE_VARIABLE, open_slice
from kmanalysis.standards import Standards, load_standards
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import ANY_MONTH, Workbook

DATA_VARIABLE = "KMANALYSIS_DATA"
"""Environment variable that names the workbook folder to open where none is given."""

ENGINES = ("duckdb", "spark")
"""What can work the tables: DuckDB in this process, or Spark, which reads the same Parquet."""


def open_workbook(
    data: str | Path | None = None,
    month: str | None = None,
    standards: str | Path | Standards | None = None,
    lang: str = "zh",
    *,
    memory: str | None = None,
    engine: str = "duckdb",
    master: str | None = None,
    frames: MutableMapping[tuple[str, str], pd.DataFrame] | None = None,
    shelf: Shelf | None = None,
) -> Workbook:
    """Opens a folder of canonical tables for one month (default: the last one with an event).

    ``data`` defaults to the folder that the environment variable KMANALYSIS_DATA names, else to the samples.

    ``standards`` is an operator's own TOML, or standards that are already loaded. ``engine`` is one of `ENGINES`; Spark runs on ``master``, a
    master's URL (default: this machine). ``frames`` holds what is finished already, by month and name, and is given what is finished here;
    ``shelf`` gives rows of kept tables that are worked out already.
    Raises DataError, StandardsError or UsageError.
    In a notebook that the batch runs, the page's slice is opened instead.
    """
    words = Words(lang)
    if os.environ.get(SLICE_VARIABLE):
        return open_slice(Path(os.environ[SLICE_VARIABLE]), words)
    in_force = standards if isinstance(standards, Standards) else load_standards(standards)
    chosen = Month.parse(month) if month else None
    folder = Path(data or os.environ.get(DATA_VARIABLE) or samples_folder())
    chosen_engine, attached = _opened(folder, memory, engine, master)
    workbook = Workbook(chosen or ANY_MONTH, in_force, words, engine=chosen_engine, attached=attached, frames=frames, shelf=shelf)
    return workbook if chosen else workbook.at(workbook.last_month)


def _opened(folder: Path, memory: str | None, engine: str, master: str | None) -> tuple[Engine, Attached]:
    if engine not in ENGINES:
        raise UsageError("Engine {found!r} is not known. Choose one of: {accepted}.", found=engine, accepted=", ".join(ENGINES))
    if engine == "spark":
        from kmanalysis.loaders.spark_folder import open_spark

        return open_spark(folder, master, memory)
    if master:
        raise UsageError("A master goes with the engine spark alone.")
    connection = connect(memory)
    return DuckDB(connection), attach(connection, folder)
