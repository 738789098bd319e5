"""The SQL that expressions become on DuckDB."""

from __future__ import annotations

from typing import cast

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.duckdb import DuckDBCompiler
from ibis.expr import datatypes as dt
from ibis.expr import operations as ops


class Compiler(DuckDBCompiler):  # type: ignore[misc]  # Ibis has no types
    """Ibis' compiler for DuckDB, but for what its versions answer differently."""

    __slots__ = ()

    def visit_Round(self, op: ops.Round, *, arg: sge.Expression, digits: sge.Expression | None) -> sge.Expression:
        """Floats are rounded in binary, by arithmetic that is the same on every engine and version.

        DuckDB 2 goes by a float's exact value: the float 13.97875 lies a hair below that number and becomes 13.9787. As the mean of two prices
        13.9788 is right: whatever must be right in its last place is counted in whole units and not in floats.
        """
        if digits is None or not op.arg.dtype.is_floating():
            return cast("sge.Expression", super().visit_Round(op, arg=arg, digits=digits))
        scale = self.f.pow(self.cast(sge.convert(10), dt.float64), digits)
        return cast("sge.Expression", self.f.round(sge.paren(arg) * scale) / scale)

    def visit_DropColumns(self, op: ops.DropColumns, *, parent: sge.Expression, columns_to_drop: frozenset[str]) -> sge.Expression:
        """The columns are named in order: a set has another one in each process, and a text kept by one would differ from another's."""
        return cast("sge.Expression", super().visit_DropColumns(op, parent=parent, columns_to_drop=sorted(columns_to_drop)))
