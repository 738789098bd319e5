"""Where the engine puts what does not fit into memory: folders that nobody else may read, and that go with their process."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from threading import Lock

from kmanalysis.durable import locked
from kmanalysis.errors import LockHeld

PREFIX = "kmanalysis-spill-"

_LOCK_FILE = "lock"
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
    folder, lock = _locked_folder()
    atexit.register(_remove, folder, lock, process)
    for other in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if other != folder:
            _remove_orphan(other)
    return folder


def _locked_folder() -> tuple[Path, ExitStack]:
    while True:
        folder, lock = Path(tempfile.mkdtemp(prefix=PREFIX)), ExitStack()
        with suppress(LockHeld):
            lock.enter_context(locked(folder / _LOCK_FILE, wait=False))
            # Another process may have taken the folder for an orphan before the lock was ours.
            if (folder / _LOCK_FILE).exists():
                return folder, lock


def _remove_orphan(folder: Path) -> None:
    # A folder without a lock file is just being made.
    if os.path.exists(folder / _LOCK_FILE):
        with suppress(LockHeld, OSError), locked(folder / _LOCK_FILE, wait=False):  # in use, another user's, or gone meanwhile
            shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path, lock: ExitStack, process: int) -> None:
    if os.getpid() == process:
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)
