"""Where a page comes from: digests of what it shows, of the rules, and of the program; never a clock or a path."""

from __future__ import annotations

import platform
from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pandas as pd

import kmanalysis
from kmanalysis.loaders.folder import table_files

_SHOWN = ("pandas", "duckdb", "matplotlib", "nbconvert")


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
    types = ";".join(f"{name}:{dtype}" for name, dtype in frame.dtypes.items())
    return digest_of(types, frame.to_csv(index=False, na_rep="\x00", lineterminator="\n"))


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


def input_digests(folder: Path) -> dict[str, str]:
    """Digest of each file of a workbook folder's tables, by its path in the folder."""
    paths = [path for files in table_files(folder).values() for path in files]
    return {path.relative_to(folder).as_posix(): _file_digest(path) for path in sorted(paths)}


def _file_digest(path: Path) -> str:
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
