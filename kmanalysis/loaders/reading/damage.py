"""Files that are damaged inside: whatever a library of readers raises becomes one sentence, without anything that stood in the file."""

from __future__ import annotations

import errno
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, LargeZipFile

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, PasswordError

from kmanalysis.engine.sql import arrow_path
from kmanalysis.errors import DataError

_DAMAGE = (
    *(CalamineError, BadZipFile, LargeZipFile, zlib.error, ParseError, struct.error, OSError),
    *(EOFError, LookupError, ValueError, NotImplementedError, RuntimeError, OverflowError, MemoryError, TypeError),
)
_ROOM = (duckdb.OutOfMemoryException, duckdb.InterruptException)


LITTLE = 1 << 26
"""Bytes that any machine has room for."""


@contextmanager
def whole_workbook(file: str) -> Iterator[None]:
    """Raises DataError where a workbook cannot be read to its end, be it damaged or protected by a password; what the system refuses passes."""
    try:
        yield
    except PasswordError as problem:
        raise DataError("{file} is protected by a password. Save it without one.", file=file) from problem
    except _DAMAGE as problem:
        # A place before the beginning of a file is what a damaged one may point to.
        if isinstance(problem, OSError) and problem.errno not in (None, errno.EINVAL):
            raise
        raise DataError("{file} cannot be read as an Excel workbook. Save it again as .xlsx.", file=file) from problem
    except BaseException as problem:
        # What is written in Rust and stops where it should not raises a class of its own, which no module gives.
        if type(problem).__name__ != "PanicException":
            raise
        raise DataError("{file} cannot be read as an Excel workbook. Save it again as .xlsx.", file=file) from problem


@contextmanager
def whole_parquet(file: str, paths: Sequence[Path] = ()) -> Iterator[None]:
    """Raises DataError where a Parquet file cannot be read to its end; what there is no room for, or no right to, passes.

    Should there be no room for the files ``paths``, which by their own heads hold little, a page of theirs says that it is larger than it is.
    """
    try:
        yield
    except _ROOM as problem:
        if not isinstance(problem, duckdb.OutOfMemoryException) or not paths or _unpacked(paths) > LITTLE:
            raise
        raise DataError("{file}: this is no Parquet file that can be read. Export it again.", file=file) from problem
    except (duckdb.Error, pa.ArrowException, OSError) as problem:
        if (isinstance(problem, duckdb.IOException) and "No space" in str(problem)) or (isinstance(problem, OSError) and problem.errno):
            raise
        raise DataError("{file}: this is no Parquet file that can be read. Export it again.", file=file) from problem


def _unpacked(paths: Sequence[Path]) -> int:
    """How many bytes the files hold by their heads."""
    try:
        heads = [pq.read_metadata(arrow_path(path)) for path in paths]
    except (pa.ArrowException, OSError):
        return 0
    return sum(head.row_group(number).total_byte_size for head in heads for number in range(head.num_row_groups))
