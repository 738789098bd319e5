"""What comes out of an engine has the types that the query says."""

from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from kmanalysis.engine.frames import frame_of
from kmanalysis.engine.interface import Column

MOMENT = datetime(2026, 10, 1, 12, 0, 0, 1)


def series(kind: str, cells: pa.Array) -> pd.Series:
    return frame_of(pa.table({"cell": cells}), [Column("cell", kind, "")])["cell"]


@pytest.mark.parametrize(
    ("kind", "cells", "dtype", "found"),
    [
        ("int64", pa.array([1, 2], pa.int32()), "int64", [1, 2]),
        ("int8", pa.array([1, 0], pa.int32()), "int8", [1, 0]),
        ("float64", pa.array([1, 2], pa.int64()), "float64", [1.0, 2.0]),
        ("boolean", pa.array([True, False]), "bool", [True, False]),
        ("boolean", pa.array([True, None]), "object", [True, None]),
        ("boolean", pa.array([], pa.bool_()), "bool", []),
        ("string", pa.array(["卡盟", "b"]), "str", ["卡盟", "b"]),
        ("date", pa.array([date(2026, 10, 1)]), "datetime64[s]", [pd.Timestamp(2026, 10, 1)]),
        ("timestamp(6)", pa.array([MOMENT], pa.timestamp("us")), "datetime64[us]", [pd.Timestamp(MOMENT)]),
        ("decimal(18, 4)", pa.array([Decimal("1.5")], pa.decimal128(38, 1)), "object", [Decimal("1.5000")]),
        ("decimal(18, 2)", pa.array([Decimal("0.125"), Decimal("0.135")], pa.decimal128(38, 3)), "object", [Decimal("0.12"), Decimal("0.14")]),
    ],
)
def test_a_column_has_the_type_that_the_query_says(kind, cells, dtype, found):
    told = series(kind, cells)
    assert (str(told.dtype), told.tolist()) == (dtype, found)
    assert [str(cell) for cell in told] == [str(cell) for cell in found]


@pytest.mark.parametrize(("kind", "cells", "dtype"), [("int64", pa.array([1, None]), "float64"), ("date", pa.array([None], pa.date32()), "datetime64[s]")])
def test_a_gap_is_a_gap(kind, cells, dtype):
    told = series(kind, cells)
    assert (str(told.dtype), told.isna().tolist()[-1]) == (dtype, True)
