"""A workbook folder's tables on Spark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.spark import Spark, local_address, spark_session
from kmanalysis.engine.sql import identifier
from kmanalysis.loaders.address import Address, Place
from kmanalysis.loaders.checking.derived import months_overlap, with_derived
from kmanalysis.loaders.checking.rules import no_rejects
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.loaders.folder import Attached, attach, given_in, in_reading_order, receipts_of_heads, suppliers_by_id, table_files, trusted_heads
from kmanalysis.loaders.hadoop import HadoopFolder
from kmanalysis.loaders.store import settle
from kmanalysis.tables import Table, tables

if TYPE_CHECKING:
    import pyarrow.parquet as pq


def open_spark(place: Place, master: str | None = None, memory: str | None = None) -> tuple[Spark, Attached]:
    """The folder's canonical tables in a Spark session of their own, and what attaching them found.

    Parquet with our stamp is read by Spark itself, from the same path on every machine or from the address. Everything else in a folder of this machine
    is validated here first and handed over. ``master`` is a master's URL (default: this machine); ``memory`` is what the driver may take, as in ``4GB``
    (see `memory`). Raises UsageError where Spark or Java is missing, KmError where the master cannot be reached, DataError as `folder.attach` and
    `HadoopFolder.files` do.
    """
    session = spark_session(master, memory)
    spark = Spark(session)
    if isinstance(place, Address):
        return spark, attach_address(spark, HadoopFolder(place.text, session))
    settle(place)
    files = table_files(place)
    with connect(memory, reads=[place]) as here:
        attached = attach(here, place)
        if named := suppliers_by_id(attached.given):
            here.execute(f"CREATE OR REPLACE TABLE suppliers AS {named}")
        for table in tables().values():
            heads = trusted_heads(table, files[table.name]) if table.name in files else None
            if heads is None:
                rows = here.table(identifier(table.name)).to_arrow_table()
                spark.add_table(table.name, rows.cast(stamped_schema(table)))
            else:
                _add_files(spark, table, [local_address(path) for path in files[table.name]], heads)
    return spark, attached


def attach_address(spark: Spark, folder: HadoopFolder) -> Attached:
    """Makes every canonical table a table of the session: what the folder holds, as it is; what it lacks, empty. Raises DataError as `HadoopFolder.files`."""
    receipts, given = [], {}
    for table in in_reading_order():
        files = folder.files.get(table.name, ())
        if not files:
            spark.add_table(table.name, stamped_schema(table).empty_table())
            continue
        heads = folder.heads(table)
        _add_files(spark, table, [file.address for file in files], heads)
        receipts += receipts_of_heads(table, [file.path for file in files], heads)
        if columns := given_in(table, heads):
            given[table.name] = columns
    if named := suppliers_by_id(given):
        spark.replace("suppliers", named)
    return Attached(receipts, no_rejects(), given)


def _add_files(spark: Spark, table: Table, addresses: Sequence[str], heads: Sequence[pq.ParquetFile]) -> None:
    spark.add_files(table.name, addresses, stamped_schema(table))
    if table.derived and months_overlap(table, heads):
        spark.replace(table.name, with_derived(identifier(table.name), table))
