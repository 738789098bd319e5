"""Quoting: how names, texts and files are put into SQL."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from kmanalysis.engine.spill import plain_name
from kmanalysis.errors import DataError

PIPES = Path("/dev/fd")
"""Where this process's own open files have names: text comes to the engine through a pipe."""

_PATTERN = frozenset("*?[")
"""Signs by which the engine takes a path for a pattern."""


def quoted(text: str) -> str:
    """The text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def parquet_source(paths: Path | Sequence[Path], *, numbered: bool = False) -> str:
    """SQL of the rows of these Parquet files and of no others, with the columns that they hold; ``numbered``: and ``file_row_number``.

    Raises DataError as `path_literal` does.
    """
    files = ", ".join(map(path_literal, [paths] if isinstance(paths, Path) else paths))
    # A folder called CURRENCY=USD is a name as well: its files' own columns count.
    return f"read_parquet([{files}], hive_partitioning=false{', file_row_number=true' if numbered else ''})"


def path_literal(path: Path) -> str:
    """The path as an SQL literal that means this file and no other, whatever signs it holds: the one way by which paths reach the engine.

    Raises DataError for a name that is no text or that the engine cannot be told, and UsageError as `plain_name` does.
    """
    # Not always `realpath`: it looks at each folder of the path, for each of what may be thousands of files.
    whole = os.path.realpath(path) if ".." in path.parts else os.path.abspath(path)
    check_name(path)
    if _PATTERN.isdisjoint(whole):
        return quoted(whole)
    if "\\" in os.path.dirname(whole) and os.sep != "\\":
        # The engine compares where a link leads with the folders that it may read, and takes a backslash there for a slash.
        raise DataError("{file}: below a folder with a backslash in its name no path with *, ? or [ can be read. Rename the folder, and try again.", file=whole)
    return quoted(str(plain_name(whole)))


def arrow_path(path: Path) -> Path:
    """The path for Arrow, which takes a relative one that begins like an address (``file:x``) for one."""
    return path.absolute()


def check_name(path: Path) -> None:
    """Raises DataError for a path that is no text in this system's encoding: it can be neither printed nor written into a file."""
    try:
        str(path).encode()
    except UnicodeEncodeError as problem:
        shown = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise DataError("{file}: this name is no text in UTF-8. Rename it, and try again.", file=shown) from problem
