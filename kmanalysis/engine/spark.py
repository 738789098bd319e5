"""Spark as the engine: its session, what is pinned in it, and how it runs the texts that `spark_sql` words.

Needs pyspark; `spark_session` says so where it is missing.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kmanalysis.engine.interface import MONTH_COLUMN, PERIOD_TYPES, Column, Query, Watch
from kmanalysis.engine.memory import engine_limit
from kmanalysis.errors import DataError, KmError, UsageError
from kmanalysis.times import Month

if TYPE_CHECKING:
    from ibis.expr import types as ir
    from pyspark.sql import DataFrame, SparkSession

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


_PATTERN, _ESCAPED = re.compile(r"([\\*?\[\]{}])"), r"\\\1"


class Spark:
    """A Spark session as an `interface.Engine`. Nothing is written to a warehouse: tables are views, what is kept is cached by the workers."""

    name = "spark"

    def __init__(self, session: SparkSession) -> None:
        self._session = session
        self._columns: dict[str, Sequence[Column]] = {}
        self._months: dict[str, dict[Month, DataFrame]] = {}
        self._lock = RLock()

    def write(self, expression: ir.Table) -> Query:
        """See `interface.Engine`."""
        from kmanalysis.engine.expressions import written
        from kmanalysis.engine.spark_sql import Compiler

        return written(Compiler(), expression)

    def rows(self, query: Query, month: Month | None, watch: Watch) -> pa.Table:
        """See `interface.Engine`."""
        with watch(lambda: None):
            return self._asked(query, month).toArrow()

    def add_table(self, name: str, rows: pa.Table) -> None:
        """Makes rows a table of the session; the workers keep them."""
        self._frame(rows).persist().createOrReplaceTempView(name)

    def add_month_table(self, name: str, columns: Sequence[Column]) -> None:
        """See `interface.Engine`."""
        with self._lock:
            self._columns[name], self._months[name] = columns, {}
            declared = ", ".join(f"`{column.name}` {_type(column)}" for column in columns)
            self._session.createDataFrame([], f"`{MONTH_COLUMN}` date, {declared}").createOrReplaceTempView(name)

    def store(self, table: str, query: Query, month: Month, watch: Watch) -> None:
        """See `interface.Engine`."""
        with watch(lambda: None):
            self._add(table, self._asked(query, month), month)

    def stored(self, table: str, month: Month) -> pa.Table:
        """See `interface.Engine`."""
        found = self._months[table][month]
        return found.orderBy(*found.columns).toArrow()

    def restore(self, table: str, rows: pa.Table, month: Month) -> None:
        """See `interface.Engine`."""
        self._add(table, self._frame(rows), month)

    def add_files(self, name: str, addresses: Sequence[str], schema: pa.Schema) -> None:
        """Makes Parquet files a table of the session. Every worker must see them at these addresses (see `local_address`)."""
        from pyspark.sql.pandas.types import from_arrow_schema

        for address in addresses:
            if address.rpartition("/")[2].startswith(("_", ".")):
                raise DataError("{file}: Spark passes over files whose names begin with _ or a dot. Rename it, and try again.", file=address)
        # Spark takes a path for a pattern; told otherwise it reads each of several files twice.
        paths = [_PATTERN.sub(_ESCAPED, address) for address in addresses]
        reader = self._session.read.schema(from_arrow_schema(schema, prefer_timestamp_ntz=True))
        reader.parquet(*paths).select(*schema.names).createOrReplaceTempView(name)

    def replace(self, name: str, sql: str) -> None:
        """Makes what a query in DuckDB's words gives of a table the table of that name."""
        import sqlglot

        [text] = sqlglot.transpile(sql, read="duckdb", write="spark")
        self._session.sql(text).createOrReplaceTempView(name)

    def _asked(self, query: Query, month: Month | None) -> DataFrame:
        return self._session.sql(query.sql, args={f"period_{name}": str(getattr(month, name)) for name in PERIOD_TYPES} if month else {})

    def _frame(self, rows: pa.Table) -> DataFrame:
        from pyspark.sql.pandas.types import from_arrow_schema

        return self._session.createDataFrame(rows, schema=from_arrow_schema(rows.schema, prefer_timestamp_ntz=True))

    def _leaf(self, rows: DataFrame) -> DataFrame:
        """The same rows as a leaf of any plan. Else a plan holds those of all months that it builds upon, and Spark thinks for longer than it works.

        A local checkpoint, which pyspark has a name for, would lose the rows with a worker that is lost; these are worked out again.
        """
        from pyspark.sql import DataFrame

        plan: Any = rows.select("*")._jdf
        return DataFrame(self._session._jsparkSession.internalCreateDataFrame(plan.queryExecution().toRdd(), plan.schema(), False), self._session)

    def _add(self, table: str, rows: DataFrame, month: Month) -> None:
        from pyspark.sql.functions import lit

        # Spark's literals are wider than the expression says: what is built upon the table goes by the expression.
        typed = rows.select([rows[column.name].cast(_type(column)).alias(column.name) for column in self._columns[table]])
        with self._lock:
            self._months[table][month] = self._leaf(typed.persist())
            # The month stands beside what is cached: a query that reads some months passes the others over.
            dated = [rows.select(lit(kept.first_day).alias(MONTH_COLUMN), *rows.columns) for kept, rows in sorted(self._months[table].items())]
            whole = dated[0]
            for more in dated[1:]:
                whole = whole.union(more)
            whole.createOrReplaceTempView(table)


def _type(column: Column) -> str:
    # A thread without an active Spark session parses TIMESTAMP by Spark's defaults, as a type with a time zone.
    return "TIMESTAMP_NTZ" if column.sql_type == "TIMESTAMP" else column.sql_type


def local_address(path: Path) -> str:
    """The address of a file of this machine: without a scheme a cluster would look in its own file system."""
    return f"file://{path.resolve()}"


def spark_session(master: str | None = None, memory: str | None = None) -> SparkSession:
    """A session with its own tables and settings; the process has one driver, which the first session starts.

    ``master`` is a master's URL (default: this machine); ``memory`` is what the driver may take (see `memory`). Raises UsageError where pyspark or Java
    is missing, KmError where the master cannot be reached.
    """
    master = master or HERE
    if find_spec("pyspark") is None:
        raise UsageError("The engine spark needs the package pyspark. Install it with: pip install 'kmanalysis[spark]'")
    if not _java():
        raise UsageError("Spark needs Java 17 or newer, and none was found. Install it, or set JAVA_HOME.")
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    settings = dict(ANSWERS)
    if master.startswith("local"):
        settings |= ON_THIS_MACHINE | {"spark.sql.shuffle.partitions": str(cores_of(master))}
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


def cores_of(master: str) -> int:
    """Cores of a master like ``local[2]``, or like ``local-cluster[2,1,2048]``: two executors of one core."""
    if cluster := re.match(r"local-cluster\[\s*(\d+)\s*,\s*(\d+)", master):
        return int(cluster[1]) * int(cluster[2])
    named = re.match(r"local(?:\[(\d+|\*))?", master)
    cores = named[1] if named else None
    return (os.cpu_count() or 1) if cores == "*" else int(cores or 1)
