"""Pages as PDF, printed by the Chromium of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from kmanalysis.errors import KmError, UsageError
from kmanalysis.files.durable import move_into_place

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge", "microsoft-edge")
"""Programs that can print a page, the first one found is taken."""

TIMEOUT = 120
"""Seconds that a page may take."""


def browser() -> str:
    """The program that prints. Raises UsageError where there is none."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    raise UsageError("PDF needs Chromium, Chrome or Edge on this machine, and none was found. Install one, or print the page from your own browser.")


def print_pages(program: str, pages: Iterable[Path]) -> list[Path]:
    """Prints each page to a PDF of its name beside it. Raises KmError for a page that could not be printed."""
    return [_printed(program, page) for page in pages]


def _printed(program: str, page: Path) -> Path:
    target = page.with_suffix(".pdf")
    with tempfile.TemporaryDirectory(dir=page.parent, prefix=".pdf-") as folder:
        whole = Path(folder) / target.name
        # Root, as in containers, has no sandbox to give; the page is ours and holds no script.
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        options = ["--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={folder}/profile", f"--print-to-pdf={whole}"]
        try:
            subprocess.run([program, *options, *sandbox, page.resolve().as_uri()], capture_output=True, timeout=TIMEOUT, check=True)
        except (subprocess.SubprocessError, OSError) as problem:
            raise KmError("{file} could not be printed to PDF: {problem}", file=page.name, problem=type(problem).__name__) from problem
        if not whole.is_file():
            raise KmError("{file} could not be printed to PDF: {problem}", file=page.name, problem=Path(program).name)
        move_into_place(whole, target)
    return target
