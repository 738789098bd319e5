"""Secrets of the watch: named in the list, kept outside of it, and shown by nothing."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from kmanalysis.errors import UsageError

MASK = "***"
SHORTEST = 6
"""A secret of fewer characters may stand in a text by chance."""

LONGEST = 4096
_VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+")


class Secret:
    """A secret: printed, logged or shown in an error it is a mask."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled")

    def reveal(self) -> str:
        """The secret itself, for the request that needs it."""
        return self._value


def variable_secret(name: str, environment: Mapping[str, str], *, file: str, place: str) -> Secret:
    """The secret that an environment variable holds. Raises UsageError; the name is not repeated, for it may be a secret put in the wrong place."""
    if not _VARIABLE.fullmatch(name):
        raise UsageError(
            "{file}: {place}: not a valid variable name. Use capitals, digits and an underscore, like S01_APP_KEY. "
            "The value is not shown, because it may be the secret itself.",
            file=file,
            place=place,
        )
    value = environment.get(name, "").strip()
    if not value:
        raise UsageError("{file}: {place}: the environment variable is not set or empty. Set it before starting the watch.", file=file, place=place)
    return _checked(value, file, place)


def file_secret(name: str, folder: Path, *, file: str, place: str) -> Secret:
    """The secret that a file holds, by its path from the list's folder. Raises UsageError where others than its owner can read it."""
    path = folder / name
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        size = path.stat().st_size
        value = path.read_text(encoding="utf-8").strip() if size <= LONGEST else ""
    except (OSError, ValueError) as problem:
        raise UsageError("{file}: {place}: cannot read the file. It must hold the secret and nothing else.", file=file, place=place) from problem
    if mode & 0o077:
        raise UsageError("{file}: {place}: other users can read the file. Run chmod 600 on it.", file=file, place=place)
    return _checked(value, file, place)


def _checked(value: str, file: str, place: str) -> Secret:
    # Headers and signatures take plain characters alone.
    if not value or len(value) > LONGEST or not value.isprintable() or not value.isascii():
        raise UsageError("{file}: {place}: not a usable secret. It must be one line of plain characters, neither empty nor too long.", file=file, place=place)
    return Secret(value)
