"""The memory of this machine, and a process that the system gives only a part of it (``ulimit -v``): told before the work where that is too little."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import MutableMapping

from kmanalysis.errors import KmError

LEAST = 1 << 30
"""Bytes of addresses below which the libraries cannot even be loaded. Some of them end the process then, and no sentence of ours is heard."""

THREADS = 4
"""That the engine starts at most under a limit: each takes addresses for its stack."""

_MALLOC_ARENAS = -8
_FRUGAL = {
    # Each thread would get its own 64 MB of addresses.
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
    # Arrow's own one takes a gigabyte of addresses at once.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OMP_NUM_THREADS": str(THREADS),
}


def machine_memory() -> int:
    """Bytes of memory that this machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def address_space() -> int | None:
    """Bytes of addresses that the system lets this process have; None where it sets no limit."""
    try:
        import resource
    except ImportError:  # Windows knows no such limit
        return None
    most, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if most == resource.RLIM_INFINITY else most


def be_frugal(variables: MutableMapping[str, str] = os.environ) -> None:
    """Under a limit, has the libraries reserve no addresses that they may never use; what the user has set himself stands.

    To be called before any of them is imported; ``variables`` are the environment of this process and of those that it starts.
    """
    if address_space() is None:
        return
    for name, value in _FRUGAL.items():
        variables.setdefault(name, value)
    if sys.platform == "linux":
        # This process has read its environment already.
        ctypes.CDLL(None).mallopt(_MALLOC_ARENAS, int(variables["MALLOC_ARENA_MAX"]))


def check_address_space() -> None:
    """Raises KmError where the system gives this process less than the libraries need."""
    limit = address_space()
    if limit is not None and limit < LEAST:
        raise KmError(
            "This process may use {found} MB of memory, and needs at least {least} MB. Raise the limit: ulimit -v {kilobytes}",
            found=limit >> 20,
            least=LEAST >> 20,
            kilobytes=LEAST >> 10,
        )
