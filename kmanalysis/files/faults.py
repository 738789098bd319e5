"""What the operating system refuses, in sentences: which path, why, and what to do."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kmanalysis.errors import DataError, KmError, PathError

_DENIED = (errno.EACCES, errno.EPERM)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_TOO_MANY = (errno.EMFILE, errno.ENFILE)


@contextmanager
def said(place: object = "") -> Iterator[None]:
    """Raises `error_of` what the system refuses within, with the refusal as its cause; all else passes.

    ``place`` is the file or folder that is worked on: what is named where the system names no path itself.
    """
    try:
        yield
    except _refusals() as problem:
        error = error_of(problem, place)
        if error is None:
            raise
        raise error from problem


def error_of(problem: BaseException, place: object = "") -> KmError | None:
    """What a reader is told of an OSError, of memory that ran out, or of files that the engine cannot read or write; None of anything else.

    PathError is what another path or another permission mends: exit code 2. The others happened on the way.
    """
    match problem:
        case BrokenPipeError():  # whoever read what we print has gone, and wants to hear no more
            return None
        case OSError():
            return _refusal(problem, _named(problem) or str(place) or ".")
        case MemoryError():
            return _no_memory()
        case RuntimeError() if "start new thread" in str(problem):
            return _no_memory()
        case ImportError() if "failed to map" in str(problem) or "allocate memory" in str(problem):
            return _no_memory()
    if isinstance(problem, _engine_errors()):
        return _of_engine(problem, str(place) or ".")
    return None


def _engine_errors() -> tuple[type[Exception], ...]:
    # Imported here, the engine would cost every command its start; where nobody has imported it, nothing of it was raised.
    engine = sys.modules.get("duckdb")
    found = getattr(engine, "Error", None)
    return (found,) if found else ()


def _refusals() -> tuple[type[Exception], ...]:
    """The errors among which `error_of` finds what the system refuses."""
    return (OSError, MemoryError, RuntimeError, ImportError, *_engine_errors())


def check_readable(file: Path) -> None:
    """Raises PathError where the system does not let a file be read: libraries would take it for a damaged one."""
    with said(file), file.open("rb"):
        pass


def check_writable(folder: Path) -> None:
    """Raises PathError where a folder cannot be written to, or not be made: before the work, and not after it."""
    with said(folder):
        folder = folder.absolute()
        with suppress(FileNotFoundError):
            os.lstat(folder)
        there = folder
        while not os.path.lexists(there):
            there = there.parent
        if not there.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
        if not os.access(there, os.W_OK | os.X_OK):
            is_read_only = hasattr(os, "statvfs") and os.statvfs(there).f_flag & os.ST_RDONLY
            raise OSError(errno.EROFS if is_read_only else errno.EACCES, "", str(there))


def _named(problem: OSError) -> str:
    """The path that the system names; of a file that was to get another name, that one."""
    for name in (problem.filename2, problem.filename):
        if isinstance(name, (str, bytes, os.PathLike)):
            return os.fsencode(name).decode("utf-8", "backslashreplace")
    return ""


def _refusal(problem: OSError, path: str) -> KmError:
    number = problem.errno
    if number in _DENIED:
        return PathError("{path}: permission denied. Give this user the right to read and write there, or name another path.", path=path)
    if number == errno.EROFS:
        return PathError("{path} lies on a file system that is read-only. Name a place that can be written.", path=path)
    if number == errno.ENOENT:
        return PathError("{path} is not there. Check the name; if it was removed meanwhile, run the command again.", path=path)
    if number == errno.ENOTDIR:
        return PathError("{path}: a file stands where a folder is needed. Name a folder.", path=path)
    if number == errno.EISDIR:
        return PathError("{path} is a folder, and a file is needed there. Move the folder away, or name another path.", path=path)
    if number == errno.ENAMETOOLONG:
        return PathError("{path}: this name is longer than the file system allows. Shorten it.", path=path)
    if number in (errno.EEXIST, errno.ENOTEMPTY):
        return PathError("{path} is there already. Move it away, or name another path.", path=path)
    if number == errno.ELOOP:
        return PathError("{path}: symbolic links lead in a circle. Mend them, or name another path.", path=path)
    if number in _FULL:
        return DataError(
            "The disk that {folder} is on is full. Nothing there is half written. Free some space, or take a folder on a larger disk, and try again.",
            folder=path,
        )
    if number == errno.EFBIG:
        return KmError("{path} would become larger than this system allows a file to be. Raise the limit (ulimit -f), and try again.", path=path)
    if number in _TOO_MANY:
        return KmError("{path}: too many files are open at once. Raise the limit (ulimit -n), and try again.", path=path)
    if number == errno.ENOMEM:
        return _no_memory()
    reason = (problem.strerror or str(problem) or type(problem).__name__).splitlines()[0]
    return DataError("{path} cannot be read or written ({problem}). Check the path and its disk, and try again.", path=path, problem=reason)


def _no_memory() -> KmError:
    return KmError(
        "There is not enough memory, or the system starts no more threads. Nothing is half written. Close other programs, or raise the limits (ulimit -v, "
        "ulimit -u), and try again."
    )


def _of_engine(problem: BaseException, place: str) -> KmError | None:
    kind, reason = type(problem).__name__, str(problem).strip().splitlines()[0] if str(problem).strip() else ""
    if kind == "OutOfMemoryException" or (kind == "IOException" and "No space" in reason):
        return DataError(
            "The engine has no room left for what does not fit into memory, in {spill}. Nothing in {folder} is half written. Free some space there, or set "
            "TMPDIR to a larger disk, or allow more memory, and try again.",
            folder=place,
            spill=tempfile.gettempdir(),
        )
    if kind in ("IOException", "PermissionException"):
        return DataError("{path}: the engine cannot read or write a file ({problem}). Check the path and its disk, and try again.", path=place, problem=reason)
    return None
