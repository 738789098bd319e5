"""Spark as an engine: the SQL that the measures' expressions become, held to what DuckDB answers.

Needs pyspark; `loaders.spark` says so where it is missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from threading import RLock
from typing import Any

import pyarrow as pa
import sqlglot
import sqlglot.expressions as sge
from ibis.backends.pyspark import Backend
from ibis.backends.pyspark.datatypes import PySparkType
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.expr import datatypes as dt
from ibis.expr import types as ir
from ibis.formats.pandas import PandasData
from pyspark.sql.pandas.types import from_arrow_schema

NUMBER = r"^\s*[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+)?\s*$"
"""Text that DuckDB reads as a number. Spark's own reading takes 24d and 24f as well, and no 1_000."""

_PATTERN, _ESCAPED = re.compile(r"([\\*?\[\]{}])"), r"\\\1"


class Compiler(PySparkCompiler):
    """Ibis' compiler for Spark, but for what Spark would answer otherwise than DuckDB."""

    __slots__ = ()

    def visit_CountStar(self, op, *, arg, where):
        """Rows that fulfil a condition: none is 0. The sum that stands here otherwise is null where the condition is unknown for every row."""
        return self.f.count(sge.Star()) if where is None else self.f.count_if(where)

    def visit_Round(self, op, *, arg, digits):
        """Floats are rounded as DuckDB does it, in binary: Spark goes by the decimal digits, which is the last bit off in one of some thousand."""
        if digits is None or not op.arg.dtype.is_floating():
            return super().visit_Round(op, arg=arg, digits=digits)
        scale = self.f.pow(self.cast(sge.convert(10), dt.float64), digits)
        return self.f.round(sge.paren(arg) * scale, sge.convert(0)) / scale

    def visit_Quantile(self, op, *, arg, quantile, where):
        """The median is the middle of its two neighbours by the formula that DuckDB takes; another one is the last bit off."""
        if not (isinstance(quantile, sge.Literal) and float(quantile.this) == 0.5):
            return super().visit_Quantile(op, arg=arg, quantile=quantile, where=where)
        value = self.cast(arg if where is None else self.if_(where, arg, sge.Null()), dt.float64)
        below, above = _middle(value), -_middle(-sge.paren(value))
        return below + (above - below) * self.cast(sge.convert("0.5"), dt.float64)

    visit_Median = visit_Quantile

    def visit_TryCast(self, op, *, arg, to):
        """A number as DuckDB reads it from a text; see `NUMBER`."""
        if not (op.arg.dtype.is_string() and to.is_floating()):
            return super().visit_TryCast(op, arg=arg, to=to)
        digits = self.f.replace(arg, sge.convert("_"), sge.convert(""))
        return self.if_(self.f.anon.rlike(arg, sge.convert(NUMBER)), super().visit_TryCast(op, arg=digits, to=to), sge.Null())

    def visit_IntegerRange(self, op, *, start, stop, step):
        """The whole numbers from start to before stop; ranges of other steps are not asked for."""
        numbers = self.f.sequence(start, sge.paren(stop) - 1)
        return self.if_(start < stop, numbers, self.cast(self.f.array(), op.dtype))


def _middle(value: sge.Expression) -> sge.Expression:
    """The lower one of the two middle values (the middle one of an odd number)."""
    return sge.WithinGroup(
        this=sge.PercentileDisc(this=sge.Cast(this=sge.convert("0.5"), to=sge.DataType.build("double"))),
        expression=sge.Order(expressions=[sge.Ordered(this=value, nulls_first=False)]),
    )


class Spark(Backend):
    """A Spark session as an Ibis connection. Months may be asked for side by side."""

    compiler = Compiler()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Writing a query leans on state that the library shares: one at a time.
        self._writing = RLock()
        self.register_options()

    def compile(self, expr: ir.Expr, /, **options: Any) -> str:
        """The expression as SQL."""
        with self._writing:
            return super().compile(expr, **options)

    def execute(self, expr: ir.Expr, /, **options: Any) -> Any:
        """The expression's rows, or its value; columns have the types that DuckDB's have."""
        table = expr.as_table()
        found = self.raw_sql(self.compile(table, **options)).toArrow()
        return expr.__pandas_result__(PandasData.convert_table(found.to_pandas(), table.schema()))

    def _create_cached_table(self, name: str, expr: ir.Table) -> ir.Table:
        found = self._session.sql(self.compile(expr))
        # Spark's literals are wider than the expression says: what is built upon the table goes by the expression.
        typed = {
            column: PySparkType.from_ibis(wanted) for column, wanted in expr.schema().items() if PySparkType.to_ibis(found.schema[column].dataType) != wanted
        }
        kept = found.withColumns({column: found[column].cast(wanted) for column, wanted in typed.items()}).cache()
        kept.createTempView(name)
        self._cached_dataframes[name] = kept
        return self.table(name)

    def create_table(self, name: str, /, obj: Any = None, **_: Any) -> ir.Table:
        """A table of the session. Nothing is written to a warehouse."""
        rows = obj.to_pyarrow() if isinstance(obj, ir.Table) else obj
        return self.hand_over(name, rows)

    def hand_over(self, name: str, rows: pa.Table) -> ir.Table:
        """Makes rows that are in memory here a table of the session, kept by the workers."""
        schema = from_arrow_schema(rows.schema, prefer_timestamp_ntz=True)
        self._session.createDataFrame(rows, schema=schema).persist().createOrReplaceTempView(name)
        return self.table(name)

    def point_to(self, name: str, files: Sequence[Path], schema: pa.Schema) -> ir.Table:
        """Makes Parquet files, which every worker must see under the same path, a table of the session."""
        # Without the scheme a cluster would look in its own file system. Spark takes a path for a pattern; told otherwise it reads each of several files twice.
        paths = [f"file://{_PATTERN.sub(_ESCAPED, str(path.resolve()))}" for path in files]
        reader = self._session.read.schema(from_arrow_schema(schema, prefer_timestamp_ntz=True))
        reader.parquet(*paths).select(*schema.names).createOrReplaceTempView(name)
        return self.table(name)

    def replace(self, name: str, sql: str) -> ir.Table:
        """Makes what a query in DuckDB's words gives of a table the table of that name."""
        [told] = sqlglot.transpile(sql, read="duckdb", write="spark")
        self._session.sql(told).createOrReplaceTempView(name)
        return self.table(name)
