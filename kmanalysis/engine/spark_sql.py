"""The SQL that expressions become on Spark, held to what DuckDB answers."""

from __future__ import annotations

from typing import cast

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.expr import datatypes as dt
from ibis.expr import operations as ops

NUMBER = r"^\s*[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)([eE][+-]?\d+)?\s*$"
"""Text that DuckDB reads as a number. Spark's own reading takes 24d and 24f as well, and no 1_000."""


class Compiler(PySparkCompiler):  # type: ignore[misc]  # Ibis has no types
    """Ibis' compiler for Spark, but for what Spark would answer otherwise than DuckDB."""

    __slots__ = ()

    def visit_NonNullLiteral(self, op: ops.Literal, *, value: object, dtype: dt.DataType) -> sge.Expression | None:
        """A float is written without asking the options of a connection: there is none."""
        if dtype.is_floating():
            return cast("sge.Expression", super(PySparkCompiler, self).visit_NonNullLiteral(op, value=value, dtype=dtype))
        return cast("sge.Expression | None", super().visit_NonNullLiteral(op, value=value, dtype=dtype))

    def visit_Field(self, op: ops.Field, *, rel: sge.Expression, name: str) -> sge.Expression:
        """The same of a column."""
        return cast("sge.Expression", super(PySparkCompiler, self).visit_Field(op, rel=rel, name=name))

    def visit_CountStar(self, op: ops.CountStar, *, arg: sge.Expression, where: sge.Expression | None) -> sge.Expression:
        """Rows that fulfil a condition: none is 0. The sum that stands here otherwise is null where the condition is unknown for every row."""
        return cast("sge.Expression", self.f.count(sge.Star()) if where is None else self.f.count_if(where))

    def visit_Round(self, op: ops.Round, *, arg: sge.Expression, digits: sge.Expression | None) -> sge.Expression:
        """Floats are rounded in binary, as on DuckDB: Spark goes by the decimal digits, which is the last bit off in one of some thousand."""
        if digits is None or not op.arg.dtype.is_floating():
            return cast("sge.Expression", super().visit_Round(op, arg=arg, digits=digits))
        scale = self.f.pow(self.cast(sge.convert(10), dt.float64), digits)
        return cast("sge.Expression", self.f.round(sge.paren(arg) * scale, sge.convert(0)) / scale)

    def visit_Quantile(self, op: ops.Quantile, *, arg: sge.Expression, quantile: sge.Expression, where: sge.Expression | None) -> sge.Expression:
        """The median is half of each of the two in the middle, as on DuckDB: Spark goes from one to the other, which is the last bit off now and then.

        No other quantile is asked for.
        """
        if getattr(op.quantile, "value", None) != 0.5 or not op.arg.dtype.is_floating():
            return cast("sge.Expression", super().visit_Quantile(op, arg=arg, quantile=quantile, where=where))
        half = sge.convert(0.5)
        ranks = (sge.Order(expressions=[sge.Ordered(this=arg, desc=desc)]) for desc in (False, True))
        middles = (sge.WithinGroup(this=self.f.anon.percentile_disc(half), expression=rank) for rank in ranks)
        lower, upper = (sge.Filter(this=middle, expression=sge.Where(this=where)) if where is not None else middle for middle in middles)
        return cast("sge.Expression", sge.paren(lower * half + upper * half))

    def visit_TryCast(self, op: ops.TryCast, *, arg: sge.Expression, to: dt.DataType) -> sge.Expression:
        """A number as DuckDB reads it from a text; see `NUMBER`."""
        if not (op.arg.dtype.is_string() and to.is_floating()):
            return cast("sge.Expression", super().visit_TryCast(op, arg=arg, to=to))
        digits = self.f.replace(arg, sge.convert("_"), sge.convert(""))
        number = super().visit_TryCast(op, arg=digits, to=to)
        return cast("sge.Expression", self.if_(self.f.anon.rlike(arg, sge.convert(NUMBER)), number, sge.Null()))

    def visit_ScalarUDF(self, op: ops.ScalarUDF, **arguments: sge.Expression) -> sge.Expression:
        """A value of the month that a query runs for is a parameter; DuckDB has variables (see `expressions.any_period`)."""
        [variable] = arguments.values()
        return cast("sge.Expression", self.cast(sge.Placeholder(this=variable.this), op.dtype))

    def visit_IntegerRange(self, op: ops.IntegerRange, *, start: sge.Expression, stop: sge.Expression, step: sge.Expression) -> sge.Expression:
        """The whole numbers from start to before stop; ranges of other steps are not asked for."""
        numbers = self.f.sequence(start, sge.paren(stop) - 1)
        return cast("sge.Expression", self.if_(start < stop, numbers, self.cast(self.f.array(), op.dtype)))
