"""The process in which a notebook's cells run: ipykernel's kernel without its server, with a socket in the place of zmq.

Each message is a line of JSON. The other side sends ``{"source": …}`` for each cell. This side sends what ipykernel would send, and waits
until each message is taken (a byte comes back): what was printed before a message is read before it. The standard streams are pipes.
"""

from __future__ import annotations

import asyncio
import atexit
import io
import json
import os
import random
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import RLock
from types import SimpleNamespace
from typing import Any, NoReturn

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.application import BaseIPythonApplication
from jupyter_client.session import Session

_PARENT_DEATH_SIGNAL = 1


def be_notebook(channel: socket.socket, stdout: int, stderr: int, environment: Mapping[str, str] | None, memory: int) -> NoReturn:
    """Turns this process, which was just forked, into a notebook's: runs cells until the channel closes, then ends it.

    ``stdout`` and ``stderr`` are the pipes to write to; ``environment`` replaces the one of the process; ``memory`` caps what private
    memory it takes from now on (bytes; 0: no cap).
    """
    code = 1
    try:
        _end_with_parent()
        channel = _moved(channel, stdout, stderr)
        _forget_parent(environment)
        _limit_memory(memory)
        # Not asyncio.run, which takes SIGINT for itself.
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(_serve(_Channel(channel)))
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:  # noqa: BLE001 - nothing may climb back into the process that was forked
        sys.excepthook(*sys.exc_info())
    finally:
        _end(code)


def _limit_memory(limit: int) -> None:
    """Caps the private memory that this process takes from now on (bytes; 0: no cap), where the system can: Linux.

    Not its address space: libraries reserve tens of gigabytes of it and never use them. And what it starts with does not count: it is
    shared with the process that was forked.
    """
    if limit and sys.platform == "linux":
        import resource

        taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        cap = taken + limit if most == resource.RLIM_INFINITY else min(taken + limit, most)
        resource.setrlimit(resource.RLIMIT_DATA, (cap, cap))


def _end_with_parent() -> None:
    """Has Linux end this process with its parent, however that ends; elsewhere a notebook ends when it next wants to say something."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _moved(channel: socket.socket, stdout: int, stderr: int) -> socket.socket:
    """Puts the pipes in the place of the standard streams, and closes every other descriptor but the channel, which is moved next to them."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (stdout, 1), (stderr, 2)):
        os.dup2(source, target)
    os.dup2(channel.detach(), 3, inheritable=False)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    streams = {"stdin": io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False))), "stdout": _Stream(1), "stderr": _Stream(2)}
    for name, stream in streams.items():
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    return socket.socket(fileno=3)


def _forget_parent(environment: Mapping[str, str] | None) -> None:
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
    sys.argv = ["ipykernel_launcher"]
    # Or all copies of one process would draw the same numbers.
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


class _Stream(io.TextIOWrapper):
    """A standard stream that hands on at once what is written: a process that is killed has said what it said."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(io.BufferedWriter(io.FileIO(descriptor, "wb", closefd=False)), encoding="utf-8", errors="backslashreplace", newline="")

    def write(self, text: str) -> int:
        """Writes through to the descriptor."""
        written = super().write(text)
        self.flush()
        return written


class _Channel(Session):
    """What a kernel takes for its session: sends messages over the channel."""

    def __init__(self, channel: socket.socket) -> None:
        super().__init__()
        self._socket = channel
        self._reader = channel.makefile("rb")
        self._lock = RLock()

    def send(
        self,
        stream: object,
        msg_or_type: dict[str, Any] | str,
        content: dict[str, Any] | None = None,
        parent: object = None,
        ident: object = None,
        buffers: object = None,
        track: bool = False,
        header: object = None,
        metadata: dict[str, Any] | None = None,
    ) -> dict[str, Any] | None:
        """Sends a message and waits until it is taken. A process that the notebook forked sends none, as with zmq."""
        if os.getpid() != self.pid:
            return None
        message = {"msg_type": msg_or_type, "content": content, "metadata": metadata} if isinstance(msg_or_type, str) else msg_or_type
        line = self.pack({name: message.get(name) or {} for name in ("msg_type", "content", "metadata")})
        with self._lock:
            self._socket.sendall(line + b"\n")
            self._reader.read(1)
        return message

    def next_source(self) -> str | None:
        """The next cell to run; None when there is none left."""
        line = self._reader.readline()
        return str(json.loads(line)["source"]) if line else None


async def _serve(channel: _Channel) -> None:
    kernel = _kernel(channel)
    while not kernel.shell.exit_now:
        # Tasks that a cell left in the loop get their turn.
        await asyncio.sleep(0)
        source = channel.next_source()
        if source is None:
            return
        channel.send(None, "execute_input", {"code": source, "execution_count": kernel.execution_count})
        reply = await kernel.do_execute(source, silent=False, store_history=True)
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # a notebook may have put anything there
                stream.flush()
        channel.send(None, "execute_reply", {name: reply[name] for name in ("status", "ename", "evalue", "traceback") if name in reply})


def _kernel(channel: _Channel) -> Any:
    """A kernel as ipykernel sets it up, from its profile on, but with nothing that listens."""
    app = IPKernelApp.instance(session=channel)
    BaseIPythonApplication.initialize(app, ["--HistoryManager.hist_file=:memory:"])
    app.init_pdb()
    # The kernel asks on which thread it runs only to cancel what awaits when a key is pressed.
    thread = SimpleNamespace(parent_thread=None)
    app.kernel = IPythonKernel.instance(parent=app, session=channel, log=app.log, profile_dir=app.profile_dir, user_ns={}, shell_channel_thread=thread)
    app.init_path()
    app.init_shell()
    app.init_gui_pylab()
    app.init_extensions()
    app.init_code()
    return app.kernel


def _end(code: int) -> NoReturn:
    """Ends the process as the interpreter would, without tearing down what was there before the fork."""
    try:
        atexit._run_exitfuncs()
    finally:
        os._exit(code)
