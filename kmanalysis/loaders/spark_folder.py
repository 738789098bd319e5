"""A workbook folder's tables on Spark."""

from __future__ import annotations

from pathlib import Path

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.spark import Spark, spark_session
from kmanalysis.engine.sql import identifier
from kmanalysis.loaders.checking.derived import months_overlap, with_derived
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.loaders.folder import Attached, attach, table_files, trusted_heads
from kmanalysis.tables import tables


def open_spark(folder: Path, master: str | None = None, memory: str | None = None) -> tuple[Spark, Attached]:
    """The folder's canonical tables in a Spark session of their own, and what attaching them found.

    Parquet with our stamp is read by Spark itself, from the same path on every machine. Everything else is validated here first and handed
    over. ``master`` is a master's URL (default: this machine); ``memory`` is what the driver may take, as in ``4GB`` (see `memory`). Raises UsageError
    where Spark or Java is missing, KmError where the master cannot be reached, DataError as `folder.attach` does.
    """
    spark = Spark(spark_session(master, memory))
    files = table_files(folder)
    with connect(memory) as here:
        attached = attach(here, folder)
        for table in tables().values():
            heads = trusted_heads(table, files[table.name]) if table.name in files else None
            if heads is None:
                rows = here.table(identifier(table.name)).to_arrow_table()
                spark.add_table(table.name, rows.cast(stamped_schema(table)))
                continue
            spark.add_files(table.name, files[table.name], stamped_schema(table))
            if table.derived and months_overlap(table, heads):
                spark.replace(table.name, with_derived(identifier(table.name), table))
    return spark, attached
