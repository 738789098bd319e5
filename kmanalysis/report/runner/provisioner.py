"""A kernel provisioner for jupyter_client that forks kernels from a process which has imported everything already.

Known to jupyter_client by its entry point: with ``JUPYTER_DEFAULT_PROVISIONER_NAME=kmanalysis-fork`` papermill, nbclient and nbval use it
as they are. Where nothing can be forked it starts kernels in the ordinary way.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from kmanalysis.report.runner.forks import Client, Forked, ForkError, Origin, Zygote

NAME = "kmanalysis-fork"

_MOST = 4
"""Zygotes that one process starts: each holds a few hundred megabytes."""

_clients: list[Client] = []
_started: list[Zygote] = []


@cache
def is_known() -> bool:
    """Whether jupyter_client knows the provisioner: not so while the package lies there and is not installed."""
    return bool(entry_points(group=KernelProvisionerFactory.GROUP_NAME, name=NAME))


def use_zygote(client: Client) -> None:
    """Has this process ask a zygote that another one started."""
    _clients.append(client)


def _client_of(origin: Origin, folder: Path, environment: dict[str, str]) -> Client | None:
    known = next((client for client in _clients if client.origin == origin), None)
    if known is None and len(_started) < _MOST:
        _started.append(Zygote(origin, folder, environment))
        known = Client(_started[-1].control, origin)
        _clients.append(known)
    return known


class ForkProvisioner(LocalProvisioner):
    """Forks a kernel where that gives the same as starting it, else starts it."""

    is_forked = False
    """Whether the kernel was forked; known once it is launched."""

    async def launch_kernel(self, cmd: list[str], **kwargs: object) -> KernelConnectionInfo:
        """Launches the kernel. A forked one never holds more private memory than the manager's ``kernel_memory`` (bytes), where it has one."""
        forked = self._forked(cmd, dict(kwargs), getattr(self.parent, "kernel_memory", 0))
        self.is_forked = forked is not None
        if forked is None:
            return await super().launch_kernel(cmd, **kwargs)
        # The kernel leads a group of its own before it tells its id.
        self.process, self.pid, self.pgid, self.cwd = forked, forked.pid, forked.pid, kwargs.get("cwd")  # type: ignore[assignment]
        return self.connection_info

    async def wait(self) -> int | None:
        """Waits for the kernel to end, to the moment where it was forked."""
        process: object = self.process
        if not isinstance(process, Forked):
            return await super().wait()
        ended = await process.ended()
        self.process = None
        return ended

    def _forked(self, cmd: list[str], options: dict, memory: int) -> Forked | None:
        environment = options.pop("env", None) or dict(os.environ)
        folder = Path(options.pop("cwd", None) or Path.cwd())
        if any(value is not None for value in self._scrub_kwargs(options).values()):
            return None  # pipes and the like, which a fork does not know
        settings = folder / "matplotlibrc"
        origin = Origin.of(cmd, environment, settings.read_bytes() if settings.is_file() else b"")
        if origin is None:
            return None
        client = _client_of(origin, folder, environment)
        if client is None:
            return None
        try:
            return client.launch(cmd, environment, folder, memory)
        except ForkError as problem:
            self.log.warning("Kernels start in the ordinary way: %s.", problem)
            return None
