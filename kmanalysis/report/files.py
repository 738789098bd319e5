"""Where a report is written: whole files or none, by one run at a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kmanalysis.errors import UsageError

PARTIAL = ".partial"
"""Folder inside a month's report that holds what is not finished; a run that starts or ends removes it."""


@contextmanager
def output_folder(folder: Path) -> Iterator[Path]:
    """The month's folder for one run alone: cleared of what a killed run left half done. Raises UsageError while another run writes into it."""
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        _clear(folder)
        try:
            yield folder
        finally:
            _clear(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        import fcntl
    except ImportError:  # Windows has no lock that ends with its process
        yield
        return
    # The lock is on the folder itself: it leaves no file behind, and a killed run holds it no longer.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as held:
        raise UsageError("Another run is writing into {folder}. Wait for it, or choose another --out.", folder=folder.name) from held
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    shutil.rmtree(folder / PARTIAL, ignore_errors=True)


def write_whole(folder: Path, path: str, content: bytes) -> None:
    """Writes a file of the report: after a kill at any moment it holds all of the old content or all of the new."""
    _put(content, folder / PARTIAL / "files" / path, folder / path)


def write_beside_and_rename(target: Path, content: bytes) -> None:
    """Writes a file outside of a month's folder, whole or not at all; two runs may do so at once."""
    _put(content, target.with_name(f"{target.name}.{os.getpid()}"), target)


def _put(content: bytes, made: Path, target: Path) -> None:
    for place in (target, made):
        place.parent.mkdir(parents=True, exist_ok=True)
    with made.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(made, target)
