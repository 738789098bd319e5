"""How tests run Spark on this machine, and a folder of the samples that it reads itself."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import identifier
from kmanalysis.loaders.folder import attach, in_reading_order
from kmanalysis.loaders.store import put_in_place, write_table

MASTER = "local[2]"
"""Of all tests of one process: it has one driver."""

# A query takes a tenth of a second here, and compiling it to machine code takes longer than that.
QUICK = "--conf spark.sql.codegen.wholeStage=false --conf spark.sql.codegen.factoryMode=NO_CODEGEN"
# With one kind of compiler alone its cache would be a fifth as large, and full of it before the report is done.
QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m"

NEEDS_SPARK = [
    pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed: pip install 'kmanalysis[spark]'"),
    pytest.mark.skipif(not (shutil.which("java") or os.environ.get("JAVA_HOME")), reason="no Java on this machine"),
]


def write_parquet(source: Path, folder: Path, parts: Collection[str] = ()) -> None:
    """Writes a folder's tables as stamped Parquet, some of them in parts that share a month."""
    connection = connect()
    attach(connection, source)
    written = []
    for table in in_reading_order():
        name, halves = identifier(table.name), {"": "true"}
        if table.name in parts:
            (folder / table.name).mkdir()
            # Parts that share a month: what is derived from the row after cannot be taken from the part alone.
            halves = {f"{table.name}/a": "hash(supplier_id) % 2 = 0", f"{table.name}/b": "hash(supplier_id) % 2 = 1"}
        for part, condition in halves.items():
            target = folder / f"{part or table.name}.parquet"
            connection.execute(f"CREATE OR REPLACE VIEW part AS SELECT {', '.join(map(identifier, table.columns))} FROM {name} WHERE {condition}")
            written.append((write_table(connection, "part", table, target), target))
    put_in_place(written, folder)
