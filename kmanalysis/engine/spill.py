"""Where the engine puts what does not fit into memory: folders that nobody else may read, and that go with their process."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from itertools import count
from pathlib import Path
from threading import Lock

PREFIX = "kmanalysis-spill-"

_HALF_MADE = "kmanalysis-new-"
_lock = Lock()
_numbers = count(1)
_folders: dict[int, Path] = {}
"""By process: one that was forked has its own."""


def spill_folder() -> Path:
    """A folder for one connection, below the system's temporary one; the engine makes it when it needs it.

    Two connections must not share one: their files have the same names. What a killed process left is cleared away before the first is given.
    """
    with _lock:
        process = os.getpid()
        if process not in _folders:
            _folders[process] = _own_folder(process)
        return _folders[process] / str(next(_numbers))


def _own_folder(process: int) -> Path:
    place = Path(tempfile.gettempdir())
    made = Path(tempfile.mkdtemp(prefix=_HALF_MADE, dir=place))
    # Locked before it gets its name, until the process ends, however it ends: nobody takes it for a dead process's.
    _locked(made)
    folder = made.rename(place / (PREFIX + made.name.removeprefix(_HALF_MADE)))
    atexit.register(_remove, folder, process)
    for other in place.glob(f"{PREFIX}*"):
        if other != folder and (descriptor := _locked(other)) is not None:
            shutil.rmtree(other, ignore_errors=True)
            os.close(descriptor)
    return folder


def _locked(folder: Path) -> int | None:
    """The descriptor that holds the folder's lock; None where another process holds it."""
    try:
        import fcntl
    except ImportError:  # Windows has no lock that ends with its process: nothing is taken for left behind
        return None
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # another user's, or gone meanwhile
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove(folder: Path, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(folder, ignore_errors=True)
