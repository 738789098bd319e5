"""The texts of queries: written once, for every folder, and kept between processes.

They lie in the user's cache folder, a file for what they depend on: the engine, the standards, the program, and the libraries that write them.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import ref

from kmanalysis.engine.interface import Column, Query
from kmanalysis.times import Month

CACHE_VARIABLE = "KMANALYSIS_CACHE"
"""Environment variable that names the cache folder; empty: nothing is kept between processes."""

FILES_KEPT = 16
"""Files of texts; the ones that were used longest ago go first."""

_SUFFIX = ".texts.json"
_PROGRAM = ("measures", "steps", "scoring", "decisions", "statistics", "engine", "workbook.py", "standards.py", "tables.py", "tables.toml", "times.py")
"""What decides what a query says, within the package."""


@dataclass(frozen=True, order=True)
class Need:
    """A kept table that a query reads: that of the month itself, or those of so many months before it."""

    table: str
    months_before: int

    def months(self, month: Month) -> list[Month]:
        """The months that are read, seen from a month."""
        return [month - back for back in range(1, self.months_before + 1)] if self.months_before else [month]


@dataclass(frozen=True)
class Written:
    """A query that is written, the kept tables that it reads, and the facts of its folder's rows that it takes for granted."""

    query: Query
    needs: frozenset[Need]
    facts: frozenset[tuple[str, int]] = frozenset()


class Texts:
    """The queries that are the same for every folder, by name. ``path`` is where they are kept between processes (None: nowhere).

    A file that is damaged or cannot be read counts as none, one that cannot be written is left alone.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._lock = Lock()
        self._passing: set[str] = set()
        self._known = _read(path) if path else {}
        self._is_saved = True

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._known))

    def get(self, name: str) -> Written | None:
        """The named query; None where it is not written yet."""
        return self._known.get(name)

    def put(self, name: str, written: Written, *, passing: bool = False) -> None:
        """Keeps a query; a passing one goes with this process."""
        with self._lock:
            self._known[name] = written
            if passing:
                self._passing.add(name)
            else:
                self._is_saved = False

    def save(self) -> None:
        """Writes what was put since; what another process wrote meanwhile stays."""
        with self._lock:
            if self._path is None or self._is_saved:
                return
            kept = {name: written for name, written in self._known.items() if name not in self._passing}
            self._is_saved = True
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._path, _read(self._path) | kept)
            _drop_oldest(self._path.parent)


@lru_cache(maxsize=8)
def known_texts(engine: str, standards: str) -> Texts:
    """The texts for an engine under the standards of that digest; saved when the process ends."""
    folder = cache_folder()
    texts = Texts(folder / "queries" / f"{_key(engine, standards)}{_SUFFIX}" if folder else None)
    atexit.register(_save_at_exit, ref(texts), os.getpid())
    return texts


def _save_at_exit(texts: ref[Texts], process: int) -> None:
    # A process that was forked off has its parent's texts: they are the parent's to save.
    if (kept := texts()) is not None and os.getpid() == process:
        kept.save()


def cache_folder() -> Path | None:
    """The user's cache folder of this program; None where nothing is to be kept."""
    named = os.environ.get(CACHE_VARIABLE)
    if named is not None:
        return Path(named) if named else None
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kmanalysis"
    except RuntimeError:  # nobody's home
        return None


def _key(engine: str, standards: str) -> str:
    versions = [version(name) for name in ("ibis-framework", "sqlglot", "duckdb")]
    return _digest(*(part.encode() for part in (engine, standards, _program(), sys.version, *versions)))


@cache
def _program() -> str:
    package = Path(str(files("kmanalysis")))
    found = [path for name in _PROGRAM for path in ([package / name] if "." in name else (package / name).rglob("*.py"))]
    return _digest(*(part for path in sorted(found) for part in (path.relative_to(package).as_posix().encode(), path.read_bytes())))


def _digest(*parts: bytes) -> str:
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _read(path: Path) -> dict[str, Written]:
    """The texts of a file whose digest is right; none otherwise."""
    try:
        digest, _, content = path.read_bytes().partition(b"\n")
    except OSError:
        return {}
    if digest != _digest(path.name.encode(), content).encode():
        return {}
    with suppress(OSError):  # used last now
        os.utime(path)
    return {name: _from_json(found) for name, found in json.loads(content).items()}


def _write(path: Path, texts: dict[str, Written]) -> None:
    content = json.dumps({name: _as_json(texts[name]) for name in sorted(texts)}, ensure_ascii=False).encode()
    made = path.with_name(f".{path.name}.{os.getpid()}")
    made.write_bytes(_digest(path.name.encode(), content).encode() + b"\n" + content)
    os.replace(made, path)


def _drop_oldest(folder: Path) -> None:
    found = sorted(folder.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
    for path in found[:-FILES_KEPT]:
        path.unlink()


def _as_json(written: Written) -> dict[str, Any]:
    query = written.query
    return {
        "sql": query.sql,
        "columns": [list(asdict(column).values()) for column in query.columns],
        "tables": sorted(query.tables),
        "needs": [list(asdict(need).values()) for need in sorted(written.needs)],
        "facts": sorted(map(list, written.facts)),
    }


def _from_json(found: dict[str, Any]) -> Written:
    query = Query(found["sql"], tuple(Column(*column) for column in found["columns"]), frozenset(found["tables"]))
    return Written(query, frozenset(Need(*need) for need in found["needs"]), frozenset((name, value) for name, value in found["facts"]))
