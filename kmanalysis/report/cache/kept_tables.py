"""Rows of the engine's kept tables that outlive a run: what a month is looked back on for is read from its events once."""

from __future__ import annotations

from collections import defaultdict
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

from kmanalysis.report.cache.kept_archives import Archives
from kmanalysis.times import Month

_PREFIX = "table."


class KeptTables:
    """The rows of kept tables, by table and month."""

    def __init__(self, archives: Archives) -> None:
        self._archives = archives
        self._new: defaultdict[str, dict[str, bytes]] = defaultdict(dict)

    def taken(self, table: str, month: Month) -> pa.Table | None:
        """The rows as an earlier run kept them; None where none did, or not as it wrote them."""
        content = self._archives.content(str(month), _PREFIX + table)
        try:
            return None if content is None else pq.read_table(BytesIO(content))
        except (OSError, pa.ArrowException):
            return None

    def put(self, table: str, month: Month, rows: pa.Table) -> None:
        """Takes the rows, packed: `save` keeps them."""
        target = BytesIO()
        pq.write_table(rows, target, compression="zstd")
        self._new[str(month)][_PREFIX + table] = target.getvalue()

    def save(self) -> None:
        """Keeps what was put since."""
        for month, contents in sorted(self._new.items()):
            self._archives.add(month, contents)
        self._new.clear()
