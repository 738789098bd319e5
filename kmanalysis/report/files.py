"""Where a report is written: whole files or none, by one run at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kmanalysis.errors import LockHeld, UsageError
from kmanalysis.files.durable import locked, write_atomically

PARTIAL = ".partial"
"""Folder inside a month's report that holds what is not finished; a run that starts or ends removes it."""

KEPT = ".kept"
"""Folder beside the months' reports of what spares work the next time. It changes no report and can be deleted while no report is written."""


@contextmanager
def output_folder(folder: Path) -> Iterator[Path]:
    """The month's folder for one run alone: cleared of what a killed run left half done. Raises UsageError while another run writes into it."""
    with ExitStack() as held:
        try:
            held.enter_context(locked(folder.parent / KEPT / folder.name / "lock", wait=False))
        except LockHeld as other:
            raise UsageError("Another run is writing into {folder}. Wait for it, or choose another --out.", folder=folder.name) from other
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        held.callback(_clear, folder)
        yield folder


def write_whole(folder: Path, path: str, content: bytes) -> None:
    """Writes a file of the report: after a kill at any moment it holds all of the old content or all of the new."""
    write_atomically(folder / path, content, temporary=folder / PARTIAL / "files" / path)


def _clear(folder: Path) -> None:
    shutil.rmtree(folder / PARTIAL, ignore_errors=True)
