"""What is asked of a page's process, and what comes back."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from kmanalysis.report.site.html import Link
from kmanalysis.words import Words

CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds") and sys.platform != "win32"

NOTEBOOK_ENGINE = "fork" if CAN_FORK else "papermill"
"""What runs the notebooks of a report on this system, for its manifest: forks of one process, or papermill's own engine and a kernel each."""

NOTEBOOK_MEMORY = 4 << 30
"""Bytes of private memory that a notebook's process may use where nobody says otherwise."""


@dataclass(frozen=True)
class Failure:
    """Why a notebook did not come to its end: ``kind`` is error, memory, timeout, kernel_died, worker_died or unfit; ``text`` the exception's own words."""

    kind: str
    text: str


@dataclass(frozen=True)
class Task:
    """All that a process needs for one page."""

    notebook: Path
    parameters: dict[str, str]
    slice_folder: Path
    folder: Path
    timeout: float
    lang: str
    title: str
    crumb: str
    month: str
    home: str
    links: tuple[Link, ...]
    provenance: tuple[tuple[str, str], ...]
    memory: int = NOTEBOOK_MEMORY
    """Bytes of private memory that the notebook may use (0: no cap)."""


@dataclass(frozen=True)
class Made:
    """A page as made: its bytes, the executed notebook and the failure where it did not come to its end, and the names of the frames it asked for."""

    content: bytes
    failure: Failure | None = None
    notebook: str = ""
    asked: tuple[str, ...] = ()


def failure_sentence(failure: Failure, words: Words) -> str:
    """Why a page is not complete, with the exception's own words."""
    name = words.name(f"failure.{failure.kind}")
    return words.text(": ").join((name, failure.text)) if failure.text else name
