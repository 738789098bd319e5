"""How a workbook is opened: on a folder, or on a page's slice where the batch says so."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from kmanalysis.assets import samples_folder
from kmanalysis.engine.duckdb import DuckDB, connect
from kmanalysis.engine.interface import Engine
from kmanalysis.engine.queries import Shelf
from kmanalysis.errors import UsageError
from kmanalysis.files.faults import said
from kmanalysis.loaders.address import Address, Place, local_folder, place_of
from kmanalysis.loaders.folder import Attached, attach, suppliers_by_id
from kmanalysis.slices import ASKED_VARIABLE, SLICE_VARIABLE, open_slice
from kmanalysis.standards import Standards, load_standards
from kmanalysis.times import Month
from kmanalysis.words import Words
from kmanalysis.workbook import ANY_MONTH, Workbook

if TYPE_CHECKING:
    from kmanalysis.loaders.hadoop import HadoopFolder

DATA_VARIABLE = "KMANALYSIS_DATA"
"""Environment variable that names the workbook folder to open where none is given."""

ENGINES = ("duckdb", "spark")
"""What can work the tables: DuckDB in this process, or Spark, which reads the same Parquet."""


def open_workbook(
    data: str | Place | None = None,
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

    ``data`` defaults to the folder that the environment variable KMANALYSIS_DATA names, else to the samples. With Spark it may be an address like
    ``hdfs://host/data``, as text.

    ``standards`` is an operator's own TOML, or standards that are already loaded. ``engine`` is one of `ENGINES`; Spark runs on ``master``, a
    master's URL (default: this machine). ``frames`` holds what is finished already, by month and name, and is given what is finished here;
    ``shelf`` gives rows of kept tables that are worked out already.
    Raises DataError (PathError where the system refuses the folder or a file), StandardsError or UsageError.
    In a notebook that the batch runs, the page's slice is opened instead.
    """
    words = Words(lang)
    if os.environ.get(SLICE_VARIABLE):
        asked = os.environ.get(ASKED_VARIABLE)
        return open_slice(Path(os.environ[SLICE_VARIABLE]), words, Path(asked) if asked else None)
    in_force = standards if isinstance(standards, Standards) else load_standards(standards)
    chosen = Month.parse(month) if month else None
    place = place_of(data or os.environ.get(DATA_VARIABLE) or samples_folder())
    chosen_engine, attached = _opened(place, memory, engine, master)
    workbook = Workbook(chosen or ANY_MONTH, in_force, words, engine=chosen_engine, attached=attached, frames=frames, shelf=shelf)
    return workbook if chosen else workbook.at(workbook.last_month)


def source_of(place: Place, memory: str | None = None, engine: str = "duckdb", master: str | None = None) -> Path | HadoopFolder:
    """What can be asked which files lie at a place: its path, or for an address a folder of Spark's, which starts its session.

    Raises UsageError for an engine that is not known, or cannot read the place, and as `spark_session` does.
    """
    _check(place, engine, master)
    if not isinstance(place, Address):
        return place
    from kmanalysis.engine.spark import spark_session
    from kmanalysis.loaders.hadoop import HadoopFolder

    return HadoopFolder(place.text, spark_session(master, memory))


def _opened(place: Place, memory: str | None, engine: str, master: str | None) -> tuple[Engine, Attached]:
    _check(place, engine, master)
    if engine == "spark":
        from kmanalysis.loaders.spark_folder import open_spark

        return open_spark(place, master, memory)
    folder = local_folder(place)
    with said(folder):
        connection = connect(memory, reads=[folder])
        attached = attach(connection, folder)
        if rows := suppliers_by_id(attached.given):
            connection.execute(f"CREATE OR REPLACE TABLE suppliers AS {rows}")
        return DuckDB(connection), attached


def _check(place: Place, engine: str, master: str | None) -> None:
    if engine not in ENGINES:
        raise UsageError("Engine {found!r} is not known. Choose one of: {accepted}.", found=engine, accepted=", ".join(ENGINES))
    if master and engine != "spark":
        raise UsageError("A master goes with the engine spark alone.")
    if isinstance(place, Address) and engine != "spark":
        raise UsageError("{address}: an address like hdfs:// or s3a:// needs --engine spark.", address=place)
