"""An operator's own folder: data, standards, mappings, notebooks and the monthly run, laid out and filled with examples that work."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from kmanalysis.assets import notebooks_folder
from kmanalysis.errors import UsageError
from kmanalysis.files.durable import move_into_place
from kmanalysis.loaders.checking.secrets import KEY_FILE
from kmanalysis.words import FALLBACK

EMPTY = ("reports",)
"""Folders that are made and hold nothing yet."""

NOT_COMMITTED = f"{KEY_FILE}\nreports/\n.ipynb_checkpoints/\n"
"""Names what git leaves alone; the key wherever data lies."""

_HERE = PurePosixPath()


def make_operator_folder(folder: Path, lang: str) -> Path:
    """Lays the folder out in one language; all of it is there at once, or nothing is.

    Raises UsageError where the folder holds files already or is itself a file, OSError where it cannot be made.
    """
    folder = folder.absolute()
    try:
        if any(folder.iterdir()):
            raise _holds_files(folder)
    except FileNotFoundError:
        pass
    except NotADirectoryError as problem:
        raise _holds_files(folder) from problem
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as problem:
        # What the system names is a folder of ours that nobody has asked for.
        raise OSError(problem.errno, problem.strerror, str(folder)) from problem
    try:
        fill(made, folder, lang)
        made.chmod(0o755)
        _put_in_place(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder


def fill(made: Path, folder: Path, lang: str) -> None:
    """Writes the files of an operator's folder into ``made``, as they read once it is ``folder``."""
    templates = files("kmanalysis.cli").joinpath("operator_files")
    own = templates.joinpath(lang)
    for path, source in _templates(own if own.is_dir() else templates.joinpath(FALLBACK)):
        target = made / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_filled(source.read_text(encoding="utf-8"), folder), encoding="utf-8", newline="\n")
        if target.suffix == ".sh":
            target.chmod(0o755)
    (made / "notebooks").mkdir()
    for notebook in sorted(notebooks_folder().glob("*.ipynb")):
        shutil.copyfile(notebook, made / "notebooks" / notebook.name)
    for empty in EMPTY:
        (made / empty).mkdir()
    (made / ".gitignore").write_text(NOT_COMMITTED, encoding="utf-8", newline="\n")


def _templates(folder: Traversable, path: PurePosixPath = _HERE) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _templates(entry, path / entry.name)
        else:
            yield path / entry.name, entry


def _filled(text: str, folder: Path) -> str:
    """The template with the places that only this machine knows, quoted for who reads them."""
    script = folder / "schedule" / "monthly.sh"
    places = {
        "@PYTHON@": shlex.quote(sys.executable),
        "@SCRIPT_CRON@": shlex.quote(str(script)).replace("%", r"\%"),
        "@SCRIPT_UNIT@": '"' + str(script).replace("\\", r"\\").replace('"', r"\"").replace("%", "%%") + '"',
    }
    for place, value in places.items():
        text = text.replace(place, value)
    return text


def _put_in_place(made: Path, folder: Path) -> None:
    try:
        if folder == Path.cwd():
            _move_into(made, folder)
        else:
            # Takes the place of a folder only where that is empty, whatever came to lie in it meanwhile.
            move_into_place(made, folder)
    except OSError as problem:
        if isinstance(problem, FileExistsError | NotADirectoryError) or (folder.is_dir() and any(folder.iterdir())):
            raise _holds_files(folder) from problem
        raise


def _move_into(made: Path, folder: Path) -> None:
    """Moves what was made into the folder that the caller stands in: replaced, it would be gone from under its shell. The page that explains it comes last."""
    moved = []
    try:
        for entry in sorted(made.iterdir(), key=lambda entry: (entry.name == "README.md", entry.name)):
            if (folder / entry.name).exists():
                raise FileExistsError(entry.name)
            moved.append(entry)
            os.rename(entry, folder / entry.name)
    except BaseException:
        for entry in moved:
            with suppress(OSError):
                os.rename(folder / entry.name, entry)
        raise


def _holds_files(folder: Path) -> UsageError:
    return UsageError("{folder} holds files already. Name a new or empty folder.", folder=folder.name)
