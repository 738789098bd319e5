"""Files that survive a kill or a power cut: written whole or not at all, and locks that end with their process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Any

from kmanalysis.errors import LockHeld

_numbers = count(1)
_BEGINNING = 200
"""Bytes of a target's name that its temporary file bears."""


def write_atomically(target: Path, content: bytes, *, temporary: Path | None = None, mode: int = 0o666, replace: bool = True) -> None:
    """Writes a file so that after a kill at any moment it holds all of its old content or all of the new.

    ``temporary`` is where the content is written first: a path on the same file system, by default a sibling that no other process uses. Its
    folder and the target's are made where they are missing. ``mode`` is that of a new file, less the umask. Raises FileExistsError for a target
    that exists if ``replace`` is off, OSError where the file cannot be written; the temporary file is removed then.
    """
    if temporary is None:
        # A name may be so long that nothing can be added to it.
        begun = target.name.encode()[:_BEGINNING].decode(errors="ignore")
        temporary = target.with_name(f"{begun}.{os.getpid()}-{next(_numbers)}.tmp")
    for folder in {target.parent, temporary.parent}:
        folder.mkdir(parents=True, exist_ok=True)
    try:
        write_safely(temporary, content, mode)
        if replace:
            move_into_place(temporary, target)
        else:
            os.link(temporary, target)
            sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def move_into_place(temporary: Path, target: Path) -> None:
    """Gives a finished file, already safe on disk, its name; whatever had that name is replaced."""
    os.replace(temporary, target)
    sync_folder(target.parent)


def write_safely(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Writes a file and waits until its content is safe on disk. ``mode`` is that of a new file, less the umask. Raises OSError where a link is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0), mode)
    with open(descriptor, "wb") as file:
        file.write(content)
        sync(file)


def sync(file: IO[Any]) -> None:
    """Waits until what was written to an open file is safe on disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Waits until the names in the folder are safe on disk, where the file system can say so."""
    with suppress(OSError):  # Windows opens no folder, and some network file systems sync none
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Holds the lock file at ``path``, which is made where it is missing, against every other process and thread.

    The lock ends with its process, however that ends; forked children do not hold it. The file stays. Raises LockHeld if it is held
    and ``wait`` is off, OSError where the file cannot be made.
    """
    from filelock import FileLock, Timeout  # imported late: most commands lock nothing

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = FileLock(path, thread_local=False).acquire(blocking=wait)
    except Timeout as held:
        raise LockHeld("{file} is held by another process. Wait until it has finished.", file=path.name) from held
    with lock:
        yield
