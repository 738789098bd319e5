"""Where a folder of canonical tables lies: on this machine, or at an address that Spark reads itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from kmanalysis.errors import UsageError

# One letter and a colon is a drive of Windows.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+)://(.*)", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """A folder like ``hdfs://host/data`` or ``s3a://bucket/data``, as it was written: a Path would fold its slashes."""

    text: str

    @property
    def name(self) -> str:
        """The last part, as of a Path."""
        return self.text.rstrip("/").rpartition("/")[2]

    def __str__(self) -> str:
        return self.text


Place = Path | Address
"""Where a folder lies."""


def place_of(data: str | Place) -> Place:
    """The place that a text names; ``file:///…`` is a folder of this machine. Characters stand for themselves: no ``%20``, and no patterns.

    Raises UsageError for a ``file://`` that is followed by anything else than a whole path.
    """
    found = _ADDRESS.fullmatch(data) if isinstance(data, str) else None
    if found is None:
        return Path(data) if isinstance(data, str) else data
    if found[1].lower() != "file":
        return Address(found[0])
    if not found[2].startswith("/"):
        raise UsageError("{address}: after file:// comes the whole path from the root, as in file:///data.", address=data)
    return Path(found[2])


def local_folder(data: str | Place) -> Path:
    """The folder of this machine that a text names. Raises UsageError for an address, and as `place_of` does."""
    place = place_of(data)
    if isinstance(place, Address):
        raise UsageError("{address} is an address. Only report and score read one, with --engine spark; give a folder of this machine here.", address=place)
    return place
