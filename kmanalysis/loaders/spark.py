"""A workbook folder on Spark: the session, what is pinned in it, and the folder's tables."""

from __future__ import annotations

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.memory import engine_limit
from kmanalysis.engine.sql import identifier
from kmanalysis.errors import KmError, UsageError
from kmanalysis.loaders.checking.derived import months_overlap, with_derived
from kmanalysis.loaders.checking.stamp import stamped_schema
from kmanalysis.loaders.folder import Attached, attach, table_files, trusted_heads
from kmanalysis.tables import tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from kmanalysis.engine.spark_sql import Spark

HERE = "local[*]"
"""Master where none is named: this machine, all of its cores."""

ANSWERS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    # What does not fit its type is an error and no null.
    "spark.sql.ansi.enabled": "true",
    # An amount never loses digits so that it fits.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.caseSensitive": "true",
}
"""What decides what comes out, on any machine."""

ON_THIS_MACHINE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    # Re-planning a query half way costs more than it saves where a query takes a tenth of a second.
    "spark.sql.adaptive.enabled": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{Path(__file__).with_name('spark-log4j2.properties')}",
}
"""What a session of one machine needs besides; a cluster has its own settings."""


def open_spark(folder: Path, master: str | None = None, memory: str | None = None) -> tuple[Spark, Attached]:
    """The folder's canonical tables in a Spark session of their own, and what attaching them found.

    Parquet with our stamp is read by Spark itself, from the same path on every machine. Everything else is validated here first and handed
    over. ``master`` is a master's URL (default: this machine); ``memory`` is what the driver may take, as in ``4GB`` (see `memory`). Raises UsageError
    where Spark or Java is missing, KmError where the master cannot be reached, DataError as `folder.attach` does.
    """
    session = _session(master or HERE, memory)
    from kmanalysis.engine.spark_sql import Spark

    here = connect(memory)
    attached = attach(here, folder)
    spark = Spark().connect(session)
    files = table_files(folder)
    for table in tables().values():
        heads = trusted_heads(table, files[table.name]) if table.name in files else None
        if heads is None:
            rows = here.con.execute(f"SELECT * FROM {identifier(table.name)}").to_arrow_table()
            spark.hand_over(table.name, rows.cast(stamped_schema(table)))
            continue
        spark.point_to(table.name, files[table.name], stamped_schema(table))
        if table.derived and months_overlap(table, heads):
            spark.replace(table.name, with_derived(identifier(table.name), table))
    here.disconnect()
    return spark, attached


def _session(master: str, memory: str | None) -> SparkSession:
    """A session with its own tables and settings; the process has one driver, which the first session starts."""
    if find_spec("pyspark") is None:
        raise UsageError("The engine spark needs the package pyspark. Install it with: pip install 'kmanalysis[spark]'")
    if not _java():
        raise UsageError("Spark needs Java 17 or newer, and none was found. Install it, or set JAVA_HOME.")
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    settings = dict(ANSWERS)
    if master.startswith("local"):
        settings |= ON_THIS_MACHINE | {"spark.sql.shuffle.partitions": str(_cores(master))}
        # Spark would ask the network for this machine's name.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    if memory or master.startswith("local"):
        settings["spark.driver.memory"] = f"{engine_limit(memory) >> 20}m"
    builder = SparkSession.builder.appName("kmanalysis").master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        session = builder.getOrCreate().newSession()
    except (Py4JError, PySparkException) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise KmError("Spark could not be started on {master}: {reason}", master=master, reason=reason) from error
    # The driver may have been started by somebody else, with settings of its own.
    for name in sorted(name for name in settings if name.startswith("spark.sql.")):
        session.conf.set(name, settings[name])
    return session


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return shutil.which("java", path=os.path.join(home, "bin")) if home else shutil.which("java")


def _cores(master: str) -> int:
    """Cores of a master like ``local[2]``."""
    named = re.match(r"local(?:\[(\d+|\*))?", master)
    cores = named[1] if named else None
    return (os.cpu_count() or 1) if cores == "*" else int(cores or 1)
