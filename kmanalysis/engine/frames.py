"""From an engine's rows to a frame whose columns have the types that the query says, whichever engine ran it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from kmanalysis.engine.interface import Column

_DECIMAL = re.compile(r"decimal\(\d+, (\d+)\)")


def frame_of(rows: pa.Table, columns: Sequence[Column]) -> pd.DataFrame:
    """The rows as a frame. Whole numbers with gaps become floats, truth values with gaps objects, decimals exact objects, a date is its midnight."""
    # Arrays: a frame of series would look whether all of them have one index.
    return pd.DataFrame({column.name: _series(rows.column(column.name), column.type).array for column in columns})


def _series(cells: pa.ChunkedArray, kind: str) -> pd.Series:
    if decimal := _DECIMAL.fullmatch(kind):
        cells = _exact(cells, int(decimal[1]))
    found: pd.Series = cells.to_pandas(date_as_object=False)
    if decimal or (kind == "boolean" and found.dtype == object and len(found)):
        return found
    if kind.startswith("int") and cells.null_count:
        return found.astype("float64")
    return found.astype(_dtype(kind))


def _exact(cells: pa.ChunkedArray, places: int) -> pa.ChunkedArray:
    if pa.types.is_decimal(cells.type) and cells.type.scale > places:
        cells = pc.round(cells, ndigits=places, round_mode="half_to_even")
    return cells.cast(pa.decimal128(38, places))


def _dtype(kind: str) -> np.dtype | pd.StringDtype:
    if kind == "string":
        return pd.StringDtype(na_value=np.nan)
    if kind.startswith("timestamp"):
        return np.dtype("datetime64[us]")
    return np.dtype({"date": "datetime64[s]", "boolean": "bool"}.get(kind, kind))
