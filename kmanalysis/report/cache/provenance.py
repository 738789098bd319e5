"""Where a page comes from: digests of what it shows, of the rules, and of the program; never a clock or a path."""

from __future__ import annotations

import platform
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

import kmanalysis

_END = "\x1e\n"
# Times written by a format of ours: pandas leaves the clock out where all of a column is midnight.
_EXACT: dict[str, Any] = {"index": False, "na_rep": "\x00", "lineterminator": _END, "date_format": "%Y-%m-%dT%H:%M:%S.%f"}
_SHOWN = ("pandas", "numpy", "scipy", "pyarrow", "ibis-framework", "duckdb", "chinesecalendar", "matplotlib", "nbconvert")


def digest_of(*parts: bytes | str) -> str:
    """Digest of these parts in this order."""
    digest = blake2b(digest_size=16)
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()


def frame_digest(frame: pd.DataFrame) -> str:
    """Digest of a frame's columns, types and rows in their order."""
    return digest_of(str(list(frame.dtypes.items())), frame.to_csv(**_EXACT))


def row_texts(frame: pd.DataFrame) -> list[str]:
    """Each row of a frame as text: rows that differ in a value or in what is missing differ in their text, whatever the other rows are."""
    lines = frame.to_csv(**_EXACT).split(_END)
    if len(lines) != len(frame) + 2:  # a cell holds what ends a line
        return [frame.iloc[[place]].to_csv(**_EXACT) for place in range(len(frame))]
    return lines[1:-1]


@cache
def program_digest() -> str:
    """Digest of this package's own code, words, standards and templates: a page is made anew when one of them changes."""
    package = Path(str(files("kmanalysis")))
    kept = (path for path in package.rglob("*") if path.suffix in (".py", ".po", ".toml", ".j2", ".css") and "_assets" not in path.parts)
    return digest_of(*(part for path in sorted(kept) for part in (path.relative_to(package).as_posix(), path.read_bytes())))


@cache
def versions() -> dict[str, str]:
    """Versions of what decides the bytes of a report."""
    return {"kmanalysis": kmanalysis.__version__, "python": platform.python_version()} | {name: version(name) for name in _SHOWN}
