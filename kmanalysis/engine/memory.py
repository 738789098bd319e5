"""How much memory a run may take: what was asked for, or a share of the machine's; and how much of it is the engine's."""

from __future__ import annotations

import re

from kmanalysis.errors import UsageError
from kmanalysis.files.memory import address_space, machine_memory

DEFAULT_SHARE = 0.6
"""Of the machine's memory, where nothing is asked for."""

LEAST = 1 << 30
"""With less than this the libraries alone leave nothing to work in."""

_RESERVED = 700 << 20
_ENGINE_SHARE = 0.75
_UNITS = {"m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def bytes_of(text: str) -> int:
    """Bytes of a size like ``4GB``, ``1.5 g`` or ``800MiB`` (a unit is 1024 of the next smaller). Raises UsageError for anything else, and for too little."""
    size = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([mgt])(?:i?b)?", text.strip().lower())
    if not size:
        raise UsageError("Memory {found!r} cannot be read. Write it like 4GB.", found=text)
    found = int(float(size[1]) * _UNITS[size[2]])
    if found < LEAST:
        raise UsageError("Memory {found} is too little to work in. Give at least {least}.", found=text, least="1GB")
    return found


def engine_limit(memory: str | None) -> int:
    """Bytes that the engine may hold in a process that may take ``memory`` (None: a share of the machine's).

    It is no more than the system gives to this process (``ulimit -v``). The rest is for the libraries, and for what the engine takes without counting it:
    results on their way out, and files being decoded.
    """
    whole = min(bytes_of(memory) if memory else int(machine_memory() * DEFAULT_SHARE), address_space() or machine_memory())
    return max(int((whole - _RESERVED) * _ENGINE_SHARE), 256 << 20)
