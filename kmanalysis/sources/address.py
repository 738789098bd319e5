"""Where a database is: an address from the environment or a file that its owner alone can read. It is shown nowhere, not even in errors."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from kmanalysis.errors import UsageError

VARIABLE = "KMANALYSIS_DATABASE"
"""Environment variable that holds the address."""

KINDS = {"mysql": "mysql", "mariadb": "mysql", "postgresql": "postgresql", "postgres": "postgresql", "sqlite": "sqlite"}
ACCEPTED = "mysql://, postgresql://, sqlite:///PATH"


@dataclass(frozen=True)
class Address:
    """A database: its ``kind`` (mysql, postgresql, sqlite) and how to reach it. Its representation shows the kind alone."""

    kind: str
    host: str = field(default="", repr=False)
    port: int | None = field(default=None, repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    database: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


def find_address(file: Path | None = None, environment: Mapping[str, str] = os.environ) -> Address:
    """The address in the file, or in the environment where no file is named.

    Raises UsageError where there is none, others can read the file, or the address cannot be read; the error shows nothing of it.
    """
    if file is not None:
        return parse_address(_secret_text(file))
    text = environment.get(VARIABLE, "").strip()
    if not text:
        raise UsageError(
            "No database given. Put its address ({accepted}) into the environment variable {variable}, or into a file and pass --url-file.",
            accepted=ACCEPTED,
            variable=VARIABLE,
        )
    return parse_address(text)


def _secret_text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            # Of the open file: what the name stands for may change in between.
            if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                raise UsageError("{file}: other users can read the address. Run: chmod 600 {file}", file=file.name)
            return opened.read().strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise UsageError("Cannot read {file}. It must hold one line: the database address.", file=file.name) from problem


def parse_address(text: str) -> Address:
    """Reads ``kind://user:password@host:port/database?option=value``; of SQLite ``sqlite:///path``. Raises UsageError, which shows nothing of the text."""
    problem = UsageError("The database address is not valid. It must start with one of: {accepted}.", accepted=ACCEPTED)
    try:
        parts = urlsplit(text)
        kind, port = KINDS.get(parts.scheme.partition("+")[0].lower(), ""), parts.port
    except ValueError:
        raise problem from None
    database = unquote(parts.path.removeprefix("/"))
    if not kind or not database or "://" not in text or "\n" in text:
        raise problem
    return Address(
        kind, unquote(parts.hostname or ""), port, unquote(parts.username or ""), unquote(parts.password or ""), database, dict(parse_qsl(parts.query))
    )
