"""The process that kernels are forked from: everything a notebook imports is imported once, and each kernel starts as a copy.

Run as ``python -m kmanalysis.reporting.zygote SOCKET`` by `kmanalysis.report.runner.forks`. Over the socket (a stream, by its descriptor) come
clients: one byte each, with a socket of the client's own. Over a client's socket come launches: eight bytes that say how long the
request is, with the status pipe's descriptor, then the request as JSON. To the status pipe the kernel writes its process id, and this
process its exit code. A client that is gone takes its kernels along; when the socket and all clients are gone, this process ends.

The inline backend is never imported here: it hooks itself into the shell that is there when it is imported.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import selectors
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import NoReturn

LENGTH_BYTES = 8
_PATIENCE = 30.0
"""Seconds that a client may take to send the rest of a request."""

_PRELOADED = ("ipykernel.kernelapp", "pyarrow.parquet", "matplotlib.backends.backend_svg", "kmanalysis.decisions.bundle", "kmanalysis.scoring.explain")


@dataclass
class _Client:
    """A process that has kernels launched: its socket, and the status pipe of each kernel by process id."""

    socket: socket.socket
    kernels: dict[int, int] = field(default_factory=dict)


class Zygote:
    """Forks kernels for its clients until all of them are gone."""

    def __init__(self, control: socket.socket) -> None:
        self._control: socket.socket | None = control
        self._clients: list[_Client] = []
        self._selector = selectors.DefaultSelector()
        self._woken, self._wake = os.pipe()
        for descriptor in (self._woken, self._wake):
            os.set_blocking(descriptor, False)

    def serve(self) -> None:
        """Serves until nobody is left; no kernel stays behind."""
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._selector.register(self._woken, selectors.EVENT_READ, self._bury)
        if self._control is not None:
            self._selector.register(self._control, selectors.EVENT_READ, self._greet)
        while self._control is not None or any(client.kernels for client in self._clients) or self._is_waited_for():
            for key, _ in self._selector.select():
                key.data()

    def _is_waited_for(self) -> bool:
        return any(client.socket.fileno() >= 0 for client in self._clients)

    def _greet(self) -> None:
        """Takes a new client in; ends listening where nobody can come any more."""
        if self._control is None:
            return
        told, descriptors = _received(self._control, 1, 1)
        if not told:
            self._selector.unregister(self._control)
            self._control.close()
            self._control = None
        elif descriptors:
            client = _Client(socket.socket(fileno=descriptors[0]))
            client.socket.settimeout(_PATIENCE)
            self._clients.append(client)
            self._selector.register(client.socket, selectors.EVENT_READ, lambda: self._launch(client))

    def _launch(self, client: _Client) -> None:
        """Forks the kernel that a client asks for."""
        try:
            length, descriptors = _received(client.socket, LENGTH_BYTES, 1)
            request = json.loads(_exactly(client.socket, int.from_bytes(length, "big"))) if descriptors else None
        except (OSError, ValueError, EOFError):
            request = None
        if request is None:
            self._leave(client)
            return
        status = descriptors[0]
        process = os.fork()
        if process == 0:
            self._let_go()
            _be_kernel(request, status)
        client.kernels[process] = status

    def _leave(self, client: _Client) -> None:
        """Ends the kernels of a client that is gone."""
        self._selector.unregister(client.socket)
        client.socket.close()
        for process in client.kernels:
            _kill_group(process)

    def _bury(self) -> None:
        """Tells how kernels ended, and ends what they started."""
        with suppress(BlockingIOError):
            while os.read(self._woken, 512):
                pass
        for client in self._clients:
            for process in list(client.kernels):
                # Looked at before it is reaped: until then its number, and its group's, is nobody else's.
                if os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                    continue
                _kill_group(process)
                _, ended = os.waitpid(process, 0)
                status = client.kernels.pop(process)
                with suppress(BrokenPipeError):  # the client is gone: nobody asks
                    os.write(status, b"%d\n" % os.waitstatus_to_exitcode(ended))
                os.close(status)

    def _let_go(self) -> None:
        """In a kernel: forgets what only this process needs, so that no descriptor is closed twice."""
        signal.set_wakeup_fd(-1)
        for held in (self._control, *(client.socket for client in self._clients)):
            if held is not None:
                held.detach()


def _be_kernel(request: dict, status: int) -> NoReturn:
    """Turns the forked process into the kernel asked for; never comes back."""
    code = 1
    try:
        parent = os.getppid()
        # Before anybody learns the process id: who kills the group must not kill this process's own.
        os.setsid()
        _end_with(parent)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(status, b"%d\n" % os.getpid())
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        os.environ.clear()
        os.environ.update(request["env"])
        os.chdir(request["cwd"])
        sys.argv = request["argv"]
        limit_memory(0, request["memory"])
        code = _run_kernel(request["argv"][1:], parent)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:  # noqa: BLE001 - nothing may climb back into the zygote's own loop
        sys.excepthook(*sys.exc_info())
    finally:
        _end(code)


def _run_kernel(argv: list[str], parent: int) -> int:
    import numpy as np
    from ipykernel.kernelapp import IPKernelApp

    # Python's own generator renews itself after a fork; numpy's shared one would give each kernel the same numbers.
    np.random.seed()
    # The trait's default was read from the environment when the module was imported.
    IPKernelApp.launch_instance(argv=argv, parent_handle=parent)
    return 0


def _end(code: int) -> NoReturn:
    """Ends a kernel as the interpreter would, without tearing down what the zygote built."""
    import atexit

    try:
        atexit._run_exitfuncs()
        for stream in (sys.__stdout__, sys.__stderr__):
            if stream is not None:
                stream.flush()
    finally:
        os._exit(code)


def _end_with(parent: int) -> None:
    """Has the system end this process with the zygote, where it can (Linux); elsewhere the kernel looks for its parent each second."""
    if sys.platform == "linux":
        import ctypes

        parent_death_signal = 1
        ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def limit_memory(process: int, limit: int) -> None:
    """Caps the private memory (bytes; 0: no cap) of a process (0: this one), where the system can: Linux.

    Not its address space: that is reserved in tens of gigabytes by libraries which never use it.
    """
    if limit and sys.platform == "linux":
        import resource

        _, most = resource.prlimit(process, resource.RLIMIT_DATA)
        cap = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.prlimit(process, resource.RLIMIT_DATA, (cap, cap))


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        # Not yet a group of its own: it was forked this very moment. Or there is nobody left in it.
        with suppress(ProcessLookupError):
            os.kill(leader, signal.SIGKILL)


def _received(connection: socket.socket, length: int, descriptors: int) -> tuple[bytes, list[int]]:
    """So many bytes and the descriptors that came with them; nothing where the other side is gone."""
    try:
        content, found, _, _ = socket.recv_fds(connection, length, descriptors)
    except ConnectionError:
        return b"", []
    if content and len(content) < length:
        content += _exactly(connection, length - len(content))
    return content, found


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(min(length - len(parts), 1 << 16))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _preload() -> None:
    for name in _PRELOADED:
        import_module(name)
    from kmanalysis import charts
    from kmanalysis.charts.kit.style import font
    from kmanalysis.words import catalogue, languages

    for module in pkgutil.iter_modules(charts.__path__):
        import_module(f"{charts.__name__}.{module.name}")
    # Read once, like the modules: what they give is decided by the package's own files.
    for lang in languages():
        catalogue(lang)
    font()


def main() -> None:
    """Preloads, then serves."""
    control = socket.socket(fileno=int(sys.argv[1]))
    # As the kernel's own launcher does: a file of the working folder must not stand in for a library.
    if sys.path and sys.path[0] == os.getcwd():
        del sys.path[0]
    _preload()
    # The batch does without it; a notebook may want it.
    if sys.modules.get("rfc3987_syntax", sys) is None:
        del sys.modules["rfc3987_syntax"]
    gc.collect()
    gc.freeze()
    Zygote(control).serve()


if __name__ == "__main__":
    main()
