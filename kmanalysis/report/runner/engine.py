"""A papermill engine that runs a notebook in a fork of the calling process: ``papermill.execute_notebook(…, engine_name="kmanalysis")``.

The batch calls it in a process that has imported everything and runs no thread (see `preloader`); a caller that runs threads must not use it.
What a kernel would say, and how papermill and nbclient read it, stays theirs.
"""

from __future__ import annotations

import codecs
import json
import math
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager

NAME = "kmanalysis"
"""What papermill knows the engine by."""

MOST_OUTPUT = 64 << 20
"""Bytes that a notebook may print and show: this process holds them all."""

_PIPE = 1 << 16
"""The most that a pipe holds: one read of so much takes all that was printed before."""

_PATIENCE = 10.0
"""Seconds that a notebook may take to end, and to take a message."""

_MESSAGES = frozenset(
    {"execute_input", "execute_reply", "execute_result", "display_data", "update_display_data", "clear_output", "error", "comm_open", "comm_msg", "comm_close"}
)

Message = dict[str, Any]


class ForkEngine(Engine):  # type: ignore[misc]
    """Runs each notebook in a fork of this process. Takes nbclient's options, and some of its own: ``environment``, ``memory`` and ``is_waiting``."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        execution_timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
        memory: int = 0,
        is_waiting: Callable[[], bool] = lambda: False,
        **options: Any,
    ) -> None:
        """Runs the notebook; ``environment`` replaces the process's own, ``memory`` caps its private memory (bytes; 0: no cap).

        The time that a cell may take begins once ``is_waiting`` says no: what the notebook waits for is not its doing.
        Raises CellTimeoutError, DeadKernelError, and MemoryError where it prints more than `MOST_OUTPUT`.
        """
        if execution_timeout:
            options["timeout"] = execution_timeout
        known = {name: value for name, value in options.items() if name in _Client.class_trait_names()}
        _Client(nb_man, **known).run(environment, memory, is_waiting)


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client, with a process that was forked in the place of a kernel."""

    def run(self, environment: Mapping[str, str] | None, memory: int, is_waiting: Callable[[], bool]) -> None:
        from ipykernel.ipkernel import IPythonKernel

        self.reset_execution_trackers()
        self.record_timing = False  # papermill does
        self.widget_registry: dict[str, dict[str, Any]] = {}  # nobody answers a widget
        if self.on_notebook_start:
            self.on_notebook_start(notebook=self.nb)
        with NotebookProcess(environment, memory, is_waiting) as self._process:
            self.papermill_execute_cells()
        self.nb.metadata["language_info"] = dict(IPythonKernel.language_info)
        self.set_widgets_metadata()

    def execute_cell(self, cell: NotebookNode, cell_index: int, execution_count: int | None = None, store_history: bool = True) -> NotebookNode:
        """Runs a cell, as nbclient's own does. Raises CellExecutionError, CellTimeoutError, DeadKernelError, MemoryError."""
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code" or not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        cell.outputs = []
        self.clear_before_next_output = False
        seconds = self.timeout_func(cell) if self.timeout_func else self.timeout
        reply: Message = {}
        try:
            for message in self._process.messages(cell.source, seconds or math.inf):
                if message["msg_type"] == "execute_reply":
                    reply = message["content"]
                else:
                    self.process_message(message, cell, cell_index)
        except TimeoutError:
            raise CellTimeoutError.error_from_timeout_and_cell("Cell execution timed out", seconds, cell) from None
        is_allowed = self.allow_errors or reply.get("ename") in self.allow_error_names or "raises-exception" in tags
        if reply.get("status") == "error" and (self.force_raise_errors or not is_allowed):
            raise CellExecutionError.from_cell_and_msg(cell, reply)
        return cell


class NotebookProcess:
    """A fork of this process in which cells run, as a context: it ends with it."""

    def __init__(self, environment: Mapping[str, str] | None, memory: int, is_waiting: Callable[[], bool]) -> None:
        from kmanalysis.report.runner.notebook import be_notebook

        self._channel, theirs = socket.socketpair()
        (stdout, their_stdout), (stderr, their_stderr) = os.pipe(), os.pipe()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        self._process = os.fork()
        if self._process == 0:
            be_notebook(theirs, their_stdout, their_stderr, environment, memory)
        theirs.close()
        os.close(their_stdout)
        os.close(their_stderr)
        self._channel.settimeout(_PATIENCE)
        self._streams = {"stdout": _Stream(stdout), "stderr": _Stream(stderr)}
        self._selector = selectors.DefaultSelector()
        for source in (self._channel, stdout, stderr):
            self._selector.register(source, selectors.EVENT_READ)
        self._received = b""
        self._taken = 0
        self._is_waiting = is_waiting
        self._seconds = self._deadline = 0.0
        self._is_closed = self._has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, place: TracebackType | None) -> None:
        if kind is None:
            self._let_end()
        if not self._has_ended:
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
        self._selector.close()
        self._channel.close()
        for stream in self._streams.values():
            os.close(stream.descriptor)

    def messages(self, source: str, seconds: float) -> Iterator[Message]:
        """What a cell has to say, as messages of a kernel, to its ``execute_reply``.

        Raises TimeoutError, DeadKernelError and MemoryError, each once all is told that came before.
        """
        self._seconds, self._deadline = seconds, time.monotonic() + seconds
        try:
            self._send(json.dumps({"source": source}).encode() + b"\n")
            while True:
                line = self._line()
                # The notebook waits: what is in the pipes was printed before.
                self._take_printed()
                self._send(b"\n")
                message = _message(line)
                printed = list(self._printed())
                if message["msg_type"] != "execute_input":  # what was printed before it is no cell's
                    yield from printed
                if message["msg_type"] in _MESSAGES:
                    yield message
                if message["msg_type"] == "execute_reply":
                    return
        except (TimeoutError, DeadKernelError, MemoryError):
            self._take_printed()
            yield from self._printed()
            raise

    def _line(self) -> bytes:
        while b"\n" not in self._received:
            if self._is_waiting():
                self._deadline = max(self._deadline, time.monotonic() + self._seconds)
            left = self._deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            # A process that the notebook left behind may hold the channel open: whether it has ended is asked for as well.
            has_ended = self._is_dead()
            ready = {key.fileobj for key, _ in self._selector.select(0.0 if has_ended else min(left, 1.0))}
            if self._channel in ready:
                self._take(self._channel.recv(_PIPE))
            elif has_ended:
                self._is_closed = True
            if ready - {self._channel}:
                self._take_printed()
            if self._is_closed and b"\n" not in self._received:
                raise DeadKernelError("Kernel died")
        line, _, self._received = self._received.partition(b"\n")
        return line

    def _take(self, chunk: bytes) -> None:
        self._received += chunk
        self._is_closed = not chunk
        self._count(len(chunk))

    def _take_printed(self) -> None:
        for stream in self._streams.values():
            taken = stream.take()
            if taken == 0 and stream.descriptor in self._selector.get_map():
                self._selector.unregister(stream.descriptor)
            self._count(taken or 0)

    def _printed(self) -> Iterator[Message]:
        """What was printed since the last message. In a kernel's order: first one stream, then the other."""
        for name, stream in self._streams.items():
            text = stream.text()
            if text:
                yield _as_received("stream", {"name": name, "text": text})

    def _count(self, taken: int) -> None:
        self._taken += taken
        if self._taken > MOST_OUTPUT:
            self._taken = 0
            raise MemoryError(f"The notebook prints and shows more than {MOST_OUTPUT >> 20} MiB.")

    def _send(self, content: bytes) -> None:
        try:
            self._channel.sendall(content)
        except OSError as problem:
            raise DeadKernelError("Kernel died") from problem

    def _is_dead(self) -> bool:
        if not self._has_ended:
            self._has_ended = os.waitpid(self._process, os.WNOHANG)[0] != 0
        return self._has_ended

    def _let_end(self) -> None:
        """Lets the process end by itself, its exit handlers run; what it still says nobody hears."""
        self._seconds, self._deadline = 0.0, time.monotonic() + _PATIENCE
        try:
            self._channel.shutdown(socket.SHUT_WR)
            while True:
                self._line()
        except (OSError, DeadKernelError, MemoryError):
            return


class _Stream:
    """A pipe that is read without waiting, as text."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._parts: list[str] = []

    def take(self) -> int | None:
        """Takes what is there: so many bytes; None where there is nothing yet, 0 where nothing will come."""
        try:
            chunk = os.read(self.descriptor, _PIPE)
        except BlockingIOError:
            return None
        self._parts.append(self._decoder.decode(chunk))
        return len(chunk)

    def text(self) -> str:
        """What was taken since it was last asked for."""
        text = "".join(self._parts)
        self._parts.clear()
        return text


def _message(line: bytes) -> Message:
    """A notebook's message as it would have come from a kernel. Raises DeadKernelError where it cannot be read."""
    try:
        message = json.loads(line)
        return _as_received(str(message["msg_type"]), dict(message["content"]), dict(message["metadata"]))
    except (ValueError, TypeError, KeyError) as problem:
        raise DeadKernelError("The kernel sent what nobody can read") from problem


def _as_received(name: str, content: Message, metadata: Message | None = None) -> Message:
    return {"msg_type": name, "header": {"msg_type": name}, "parent_header": {}, "content": content, "metadata": metadata or {}, "buffers": []}
