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

from kmanalysis.errors import LockHeld, PathError, UsageError
from kmanalysis.files.durable import locked

PREFIX = "kmanalysis-spill-"

LINKS = "links"
"""Folder of the process's own folder that holds links to files whose names the engine would misread."""

_LOCK_FILE = "lock"
_lock = Lock()
_numbers = count(1)
_folders: dict[int, Path] = {}
"""By process: one that was forked has its own."""
_links: dict[tuple[Path, str], Path] = {}
"""By the process's folder and the path that it leads to."""
_SWEPT = 1024
"""At so many links, and at twice as many each time, those go whose files are gone: a watch makes new ones for months."""


def spill_folder() -> Path:
    """A folder for one connection, below the system's temporary one; the engine makes it when it needs it.

    Two connections must not share one: their files have the same names. What a killed process left is cleared away before the first is given.
    """
    with _lock:
        return _process_folder() / str(next(_numbers))


def links_folder() -> Path:
    """The folder that `plain_name` makes links in."""
    with _lock:
        folder = _process_folder() / LINKS
        folder.mkdir(exist_ok=True)
        return folder


def plain_name(path: str) -> Path:
    """A link to the file of this whole path, under a name that holds nothing but letters and digits. It is there until the process ends.

    DuckDB takes ``[``, ``*`` and ``?`` for a pattern, and no way of writing them is safe: escaped, it searches the folder, fails at neighbours whose names
    begin with a backslash, and is refused where only some folders may be read. Raises UsageError where the system's temporary folder has such a name
    itself, OSError where no link can be made.
    """
    folder = links_folder()
    if any(sign in str(folder) for sign in "*?["):
        raise UsageError("{folder}: the name of the temporary folder holds *, ? or [. Set TMPDIR to another folder.", folder=folder.parent)
    with _lock:
        link = _links.get((folder, path))
        if link is None:
            if len(_links) >= _SWEPT and len(_links) & (len(_links) - 1) == 0:
                _sweep()
            link = _links[folder, path] = folder / str(next(_numbers))
            os.symlink(path, link)
        return link


def _sweep() -> None:
    for (folder, path), link in list(_links.items()):
        if not os.path.exists(path):
            link.unlink(missing_ok=True)
            del _links[folder, path]


def _process_folder() -> Path:
    process = os.getpid()
    if process not in _folders:
        _folders[process] = _own_folder(process)
    return _folders[process]


def _own_folder(process: int) -> Path:
    folder, lock = _locked_folder()
    atexit.register(_remove, folder, lock, process)
    for other in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if other != folder:
            _remove_orphan(other)
    return folder


def _locked_folder() -> tuple[Path, ExitStack]:
    while True:
        folder, lock = _new_folder(), ExitStack()
        with suppress(LockHeld):
            lock.enter_context(locked(folder / _LOCK_FILE, wait=False))
            # Another process may have taken the folder for an orphan before the lock was ours.
            if (folder / _LOCK_FILE).exists():
                return folder, lock


def _new_folder() -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix=PREFIX))
    except (FileNotFoundError, NotADirectoryError, PermissionError) as problem:
        named = tempfile.tempdir or os.environ.get("TMPDIR", "")
        raise PathError("There is no folder for temporary files, or none that can be written: {folder}. Set TMPDIR to one.", folder=named) from problem


def _remove_orphan(folder: Path) -> None:
    # A folder without a lock file is just being made.
    if os.path.exists(folder / _LOCK_FILE):
        with suppress(LockHeld, OSError), locked(folder / _LOCK_FILE, wait=False):  # in use, another user's, or gone meanwhile
            shutil.rmtree(folder, ignore_errors=True)


def _remove(folder: Path, lock: ExitStack, process: int) -> None:
    if os.getpid() == process:
        lock.close()
        shutil.rmtree(folder, ignore_errors=True)
