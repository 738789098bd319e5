"""The process that pages' processes are forked from: it imports once what all of them need, and runs no thread.

Run as ``python -m kmanalysis.report.runner.preloader SOCKET`` by `kmanalysis.report.making.pool`. Over the socket (by its descriptor) comes a
connection for each page, and over that the function to call and its arguments; back goes what it returned, or the KmError that `faults.error_of`
makes of what the system refused. A page's process leads a group that its notebook and all that this starts belong to: the group ends with it. When
the socket closes, all of them end.

The inline backend is never imported here: it hooks itself into the shell that is there when it is imported.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pkgutil import walk_packages
from typing import NoReturn

from kmanalysis.errors import KmError
from kmanalysis.files.faults import said

_PRELOADED = (
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "kmanalysis.decisions.bundle",
    "kmanalysis.report.runner.notebook",
    "kmanalysis.report.runner.page",
    "kmanalysis.scoring.explain",
    "matplotlib.backends.backend_svg",
    "pyarrow.parquet",
)


def serve(control: socket.socket) -> None:
    """Forks a process for each connection that comes, until none can come any more; no process stays behind."""
    pages: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control.fileno(), *pages], [], [])
        for line in ready:
            if line != control.fileno():
                # The page's process has ended: it alone held the other end.
                _end_group(pages.pop(line))
                os.close(line)
                continue
            connection = _received(control)
            if connection is None:
                for process in pages.values():
                    _end_group(process)
                return
            line, process = _page_process(control, connection)
            pages[line] = process


def _received(control: socket.socket) -> int | None:
    try:
        told, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    except ConnectionError:
        return None
    return descriptors[0] if told and descriptors else None


def _page_process(control: socket.socket, connection: int) -> tuple[int, int]:
    """A new process that serves a connection: a descriptor that closes when it ends, and its number."""
    line, their_line = os.pipe()
    process = os.fork()
    if process == 0:
        control.close()
        os.close(line)
        _be_page(connection)
    # Also here, lest the group be ended before it is there.
    with suppress(OSError):
        os.setpgid(process, process)
    os.close(their_line)
    os.close(connection)
    return line, process


def _be_page(descriptor: int) -> NoReturn:
    try:
        os.setpgid(0, 0)
        connection = Connection(descriptor)
        function, arguments = connection.recv()
        try:
            with said():
                answer = function(*arguments)
        except KmError as problem:
            answer = problem
        connection.send(answer)
    except BaseException:  # noqa: BLE001 - nothing may climb back into the preloader's own loop
        sys.excepthook(*sys.exc_info())
    finally:
        # Whatever the notebook left behind goes too, this process with it.
        os.killpg(0, signal.SIGKILL)
        os._exit(1)


def _end_group(leader: int) -> None:
    # Before the leader is reaped: until then its number is nobody else's.
    os.killpg(leader, signal.SIGKILL)
    os.waitpid(leader, 0)


def _preload() -> None:
    for name in _PRELOADED:
        import_module(name)
    from kmanalysis import charts

    for module in walk_packages(charts.__path__, f"{charts.__name__}."):
        import_module(module.name)
    from kmanalysis.report.runner.warming import warm_up

    warm_up()


def main() -> None:
    """Preloads, then serves."""
    control = socket.socket(fileno=int(sys.argv[1]))
    # As ipykernel's own launcher does: a file of the working folder must not stand in for a library.
    if sys.path and sys.path[0] == os.getcwd():
        del sys.path[0]
    try:
        with said():
            _preload()
    except KmError:
        # Too little of something; whoever waits for a page is told that it died, and needs no traceback between the lines.
        sys.exit(1)
    # The report does without it (see its package); a notebook may want it.
    if sys.modules.get("rfc3987_syntax", sys) is None:
        del sys.modules["rfc3987_syntax"]
    gc.collect()
    gc.freeze()
    serve(control)


if __name__ == "__main__":
    main()
