"""Files that are not Parquet, read into the engine while the tables before them are still being validated: two cores are busy instead of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import duckdb

from kmanalysis.loaders.needs_profile import stage_profile
from kmanalysis.loaders.reading.sheets import stage_sheet
from kmanalysis.loaders.reading.text import Staged, stage_text

AHEAD = 64 << 20
"""Bytes of files that may be read and not validated yet: what waits takes memory."""


class Ahead:
    """Reads the files of tables one after the other in a thread of its own; `take` gives them, and must be called in the order of ``tables``.

    ``tables`` are names with their files. What cannot be read is raised by `take`, as `stage_text` and its like do.
    """

    def __init__(self, engine: duckdb.DuckDBPyConnection, tables: Iterable[tuple[str, Sequence[Path]]]) -> None:
        self._engine = engine
        self._to_come = list(tables)[::-1]
        self._begun: dict[str, Future[dict[Path, Staged]]] = {}
        self._sizes: dict[str, int] = {}

    def __enter__(self) -> Ahead:
        self._thread = ThreadPoolExecutor(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown(cancel_futures=True)

    def take(self, table: str) -> dict[Path, Staged]:
        """The table's files as they stand in the engine."""
        while self._to_come and (table not in self._begun or sum(self._sizes.values()) < AHEAD):
            name, files = self._to_come.pop()
            self._sizes[name] = sum(path.stat().st_size for path in files)
            self._begun[name] = self._thread.submit(self._read, name, files)
        staged = self._begun.pop(table).result()
        del self._sizes[table]
        return staged

    def _read(self, table: str, files: Sequence[Path]) -> dict[Path, Staged]:
        with self._engine.cursor() as line:
            return {path: _staged(line, path, f"_staged_{table}_{number}") for number, path in enumerate(files)}


def _staged(engine: duckdb.DuckDBPyConnection, path: Path, name: str) -> Staged:
    if path.suffix == ".csv":
        return stage_text(engine, path, name, encoding="utf-8", delimiter=",")
    if path.suffix == ".toml":
        return stage_profile(engine, path, name)
    return stage_sheet(engine, path, name)
