"""Kernels: the one place that knows how a notebook's process is started, and what it may see of the machine."""

from __future__ import annotations

import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from queue import Empty

import zmq
import zmq.asyncio
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Type

from kmanalysis.report.runner.forks import CAN_FORK, Origin
from kmanalysis.report.runner.provisioner import NAME, ForkProvisioner, is_known
from kmanalysis.report.runner.zygote import limit_memory
from kmanalysis.slices import SLICE_VARIABLE

# The first matplotlibrc that is looked for, and a profile folder of its own: a reader's settings do not change a report.
_SETTINGS = {
    "matplotlibrc": "svg.hashsalt: kmanalysis\nsvg.fonttype: none\ntext.parse_math: False\n",
    "ipython/profile_default/ipython_kernel_config.py": "c = get_config()\nc.InlineBackend.figure_formats = {'svg'}\nc.HistoryManager.enabled = False\n",
}
_NOT_PASSED_ON = ("PYTHONSTARTUP", "PYTHONINSPECT", "MATPLOTLIBRC")


KERNEL_MEMORY = 4 << 30
"""Bytes of private memory that a kernel may use where nobody says otherwise."""


def prepare_folder(folder: Path) -> None:
    """Makes the folder in which one notebook runs."""
    for name, content in _SETTINGS.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


def environment(slice_folder: Path, folder: Path) -> dict[str, str]:
    """The environment of a kernel: the slice it may read, and nothing that differs from run to run or from reader to reader."""
    # The kernel imports this very package, installed or not.
    package = str(Path(__file__).resolve().parents[3])
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    return kept | {
        SLICE_VARIABLE: str(slice_folder),
        "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH")))),
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(folder / "ipython"),
    }


def way_of_starting(are_forked: Iterable[bool | None]) -> str:
    """How a run's kernels came to be, for the manifest: ``forked``, or ``started`` where one was, or where they could not have been forked here."""
    return "started" if False in are_forked or not (CAN_FORK and is_known()) else "forked"


def kernel_origin(slice_folder: Path, folder: Path) -> Origin | None:
    """The origin of all kernels of a batch; None where they cannot be forked. The folder is a prepared one, or will be."""
    if not is_known():
        return None
    return Origin.of(get_kernel_dict()["argv"], environment(slice_folder, folder), _SETTINGS["matplotlibrc"].encode())


class _ExactClient(AsyncKernelClient):
    """A client that knows when its kernel is ready, and waits for no silence."""

    def _context_default(self) -> zmq.asyncio.Context:
        return _context()

    def start_channels(self, *args: bool, **kwargs: bool) -> None:
        # Nobody answers a notebook's questions in a batch, and whether the kernel lives its process tells.
        super().start_channels(stdin=False, hb=False, control=False)

    def stop_channels(self) -> None:
        self.shell_channel.stop()
        self.iopub_channel.stop()

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or math.inf)
        # The kernel greets whoever listens: from then on no message is missed.
        await self._heard(self.iopub_channel, lambda message: message["msg_type"] == "iopub_welcome", deadline)
        asked = self.kernel_info()
        self._handle_kernel_info_reply(await self._heard(self.shell_channel, lambda message: message["parent_header"].get("msg_id") == asked, deadline))
        await self._heard(
            self.iopub_channel,
            lambda message: message["parent_header"].get("msg_id") == asked and message["content"].get("execution_state") == "idle",
            deadline,
        )

    wait_for_ready = _async_wait_for_ready

    async def _heard(self, channel: AsyncZMQSocketChannel, is_it: Callable[[dict], bool], deadline: float) -> dict:
        """The first message on a channel that is the one waited for. Raises RuntimeError where the kernel dies, or says nothing until the deadline."""
        while True:
            try:
                message = await channel.get_msg(timeout=0.25)
            except Empty:
                if not await self._async_is_alive():
                    raise RuntimeError("Kernel died before it was ready") from None
                if time.monotonic() > deadline:
                    raise RuntimeError("Kernel was not ready in time") from None
                continue
            if is_it(message):
                return message


@cache
def _context() -> zmq.asyncio.Context:
    """One context for all kernels of a process. A socket that finds its kernel not there yet tries again at once, and not a tenth of a second later."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.RECONNECT_IVL, 2)
    return context


class BatchKernelManager(AsyncKernelManager):
    """Runs kernels in ``folder`` on ``slice_folder``, by this interpreter; `kernel_manager` makes one for a page."""

    slice_folder: Path
    folder: Path
    kernel_memory = 0
    """Bytes of private memory that a kernel may use (0: no cap)."""

    is_forked: bool | None = None
    """Whether the last kernel was forked."""

    launched: object = None
    """The last kernel's process."""

    client_factory = Type(klass=_ExactClient, default_value=_ExactClient)

    def _context_default(self) -> zmq.asyncio.Context:
        return _context()

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel of this interpreter: an installed one of the same name may belong to another."""
        spec = KernelSpec(**get_kernel_dict())
        if is_known():
            spec.metadata["kernel_provisioner"] = {"provisioner_name": NAME, "config": {}}
        return spec

    async def _async_pre_start_kernel(self, **options):
        if sys.platform != "win32":
            # Kernels that start at once would race for free TCP ports. A socket's path must be short, so it cannot lie in the folder.
            sockets = tempfile.mkdtemp(prefix=_socket_prefix(self.folder.parent))
            self.transport, self.ip, self.connection_file = "ipc", f"{sockets}/s", f"{sockets}/kernel.json"
        options["env"] = environment(self.slice_folder, self.folder)
        options["cwd"] = str(self.folder)
        return await super()._async_pre_start_kernel(**options)

    async def _async_post_start_kernel(self, **options) -> None:
        await super()._async_post_start_kernel(**options)
        is_forked = type(self).is_forked = isinstance(self.provisioner, ForkProvisioner) and self.provisioner.is_forked
        type(self).launched = self.provisioner.process if isinstance(self.provisioner, LocalProvisioner) else None
        if not is_forked and isinstance(self.provisioner, LocalProvisioner) and self.provisioner.pid:
            limit_memory(self.provisioner.pid, self.kernel_memory)

    async def _async_wait(self, pollinterval: float = 0.1) -> None:
        if self.provisioner is not None:
            await self.provisioner.wait()

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart)
        if self.transport == "ipc":
            shutil.rmtree(Path(self.ip).parent, ignore_errors=True)

    pre_start_kernel = _async_pre_start_kernel
    post_start_kernel = _async_post_start_kernel
    cleanup_resources = _async_cleanup_resources


def kernel_manager(slice_folder: Path, folder: Path, memory: int = 0) -> type[BatchKernelManager]:
    """A kernel manager (a class, as nbclient asks for one) for a page: the slice it may see, the folder it runs in, and bytes of memory (0: no cap)."""
    return type("PageKernelManager", (BatchKernelManager,), {"slice_folder": slice_folder, "folder": folder, "kernel_memory": memory})


def left_sockets(folder: Path) -> list[Path]:
    """Socket folders of the kernels that run in folders below ``folder``, or ran there when they were killed."""
    return sorted(Path(tempfile.gettempdir()).glob(f"{_socket_prefix(folder)}*"))


def _socket_prefix(folder: Path) -> str:
    return f"km-{blake2b(str(folder.resolve()).encode(), digest_size=6).hexdigest()}-"
