"""The report's data files: scorecard.csv and measures.parquet."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.tables import MEASURES, SCORECARD

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_text(frame: pd.DataFrame) -> str:
    """The frame as CSV; a text that a spreadsheet would run as a formula starts with an apostrophe."""
    safe = frame.copy(deep=False)
    for name in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[name]):
            safe[name] = [f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value for value in safe[name]]
    return safe.to_csv(index=False, lineterminator="\n")


def scorecard_csv(scorecard: pd.DataFrame) -> str:
    """The scorecard (``tables.SCORECARD``) as CSV."""
    return csv_text(scorecard[list(SCORECARD)])


def measures_parquet(observed: pd.DataFrame) -> bytes:
    """The measures frame (``tables.MEASURES``) as Parquet."""
    target = BytesIO()
    table = pa.Table.from_pandas(observed[list(MEASURES)], preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()
