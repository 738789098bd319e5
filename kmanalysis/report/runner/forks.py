"""Starting kernels by forking: the handle of a zygote process, and of a process that it forked."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kmanalysis.report.runner.zygote import LENGTH_BYTES

CAN_FORK = hasattr(os, "fork") and hasattr(socket, "recv_fds") and sys.platform != "win32"

_LAUNCHER = ("-m", "ipykernel_launcher")
_START_SECONDS = 60.0
_OWN_TO_A_KERNEL = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "IPYTHONDIR", "KMANALYSIS_SLICE", "PWD", "OLDPWD", "_", "SHLVL", "PYTEST_CURRENT_TEST")
"""Variables that nothing reads while it is imported."""


class ForkError(Exception):
    """The zygote gave no kernel; the ordinary way is left."""


@dataclass(frozen=True)
class Origin:
    """What a kernel's first imports depend on: two kernels of the same origin can be copies of one process."""

    interpreter: str
    environment: tuple[tuple[str, str], ...]
    settings: bytes

    @classmethod
    def of(cls, command: Sequence[str], environment: Mapping[str, str], settings: bytes) -> Origin | None:
        """The origin of a kernel started by ``command``; None where it is another interpreter or no IPython kernel.

        ``settings`` is the matplotlibrc of the folder that it starts in (empty: there is none).
        """
        if not CAN_FORK or command[0] != sys.executable or tuple(command[1:3]) != _LAUNCHER:
            return None
        kept = sorted((name, value) for name, value in environment.items() if name not in _OWN_TO_A_KERNEL)
        return cls(command[0], tuple(kept), settings)


class Forked:
    """A kernel that was forked: what `subprocess.Popen` is for one that was started. ``is_orphan`` says that it ended with its zygote."""

    stdin = stdout = stderr = None

    def __init__(self, status: int) -> None:
        self._status = status
        self._told = b""
        self.returncode: int | None = None
        self.is_orphan = False
        while b"\n" not in self._told:
            if not self._listen(_START_SECONDS):
                os.close(status)
                raise ForkError("no kernel was forked")
        first, _, self._told = self._told.partition(b"\n")
        self.pid = int(first)

    def poll(self) -> int | None:
        """Exit code; None while the kernel runs."""
        while self.returncode is None and self._is_ready(0.0):
            self._hear()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Exit code once the kernel has ended. Raises TimeoutExpired."""
        while self.returncode is None:
            if not self._is_ready(timeout):
                raise subprocess.TimeoutExpired("kernel", timeout or 0.0)
            self._hear()
        return self.returncode

    async def ended(self) -> int:
        """The exit code, without keeping others from running."""
        loop = asyncio.get_running_loop()
        while self.returncode is None:
            ready = asyncio.Event()
            loop.add_reader(self._status, ready.set)
            try:
                await ready.wait()
            finally:
                loop.remove_reader(self._status)
            self._hear()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends a signal to the kernel, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends the kernel at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Asks the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def _is_ready(self, timeout: float | None) -> bool:
        return bool(select.select([self._status], [], [], timeout)[0])

    def _listen(self, timeout: float) -> bool:
        part = os.read(self._status, 64) if self._is_ready(timeout) else b""
        self._told += part
        return bool(part)

    def _hear(self) -> None:
        """Reads what is there: the exit code, or that nobody is left who could tell it."""
        if self._listen(0.0) and b"\n" not in self._told:
            return
        if b"\n" in self._told:
            self.returncode = int(self._told.partition(b"\n")[0])
        else:
            # The zygote is gone: the kernel has lost its parent, and what it started has lost both.
            self.returncode, self.is_orphan = -signal.SIGKILL, True
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        os.close(self._status)


class Client:
    """A way to have kernels forked by a zygote. Kernels end with the client that had them launched."""

    def __init__(self, control: socket.socket, origin: Origin) -> None:
        self.origin = origin
        self._control = control
        self._socket: socket.socket | None = None

    def launch(self, command: Sequence[str], environment: Mapping[str, str], folder: Path, memory: int) -> Forked:
        """A kernel as ``command`` would start it, with at most ``memory`` bytes (0: no cap). Raises ForkError where there is none to be had."""
        request = {
            "argv": ["ipykernel_launcher", *command[3:]],
            "env": {**environment, "JPY_PARENT_PID": str(os.getpid())},
            "cwd": str(folder),
            "memory": memory,
        }
        content = json.dumps(request).encode()
        told, tell = os.pipe()
        try:
            connection = self._connection()
            socket.send_fds(connection, [len(content).to_bytes(LENGTH_BYTES, "big")], [tell])
            connection.sendall(content)
        except OSError as problem:
            os.close(told)
            raise ForkError("the zygote is gone") from problem
        finally:
            os.close(tell)
        return Forked(told)

    def _connection(self) -> socket.socket:
        if self._socket is None:
            ours, theirs = socket.socketpair()
            with theirs:
                socket.send_fds(self._control, [b"c"], [theirs.fileno()])
            self._socket = ours
        return self._socket


class Zygote:
    """A zygote process of this one's own. It ends when the last process is gone that holds ``control``."""

    def __init__(self, origin: Origin, folder: Path, environment: Mapping[str, str]) -> None:
        self.origin = origin
        self.control, theirs = socket.socketpair()
        with theirs:
            command = [origin.interpreter, "-m", "kmanalysis.report.runner.zygote", str(theirs.fileno())]
            # A session of its own: a key pressed for the batch must not end it before the kernels are ended.
            self._process = subprocess.Popen(
                command, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def close(self) -> None:
        """Ends the process, and every kernel of it."""
        self.control.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            # Kernels see it go and go too.
            self._process.kill()
            self._process.wait()
