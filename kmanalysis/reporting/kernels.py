"""Kernels: the one place that knows how a notebook's process is started, and what it may see of the machine."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from hashlib import blake2b
from pathlib import Path

from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from kmanalysis.workbook import SLICE_VARIABLE

# The first matplotlibrc that is looked for, and a profile folder of its own: a reader's settings do not change a report.
_SETTINGS = {
    "matplotlibrc": "svg.hashsalt: kmanalysis\nsvg.fonttype: none\ntext.parse_math: False\n",
    "ipython/profile_default/ipython_kernel_config.py": "c = get_config()\nc.InlineBackend.figure_formats = {'svg'}\nc.HistoryManager.enabled = False\n",
}
_NOT_PASSED_ON = ("PYTHONSTARTUP", "PYTHONINSPECT", "MATPLOTLIBRC")


def prepare_folder(folder: Path) -> None:
    """Makes the folder in which one notebook runs."""
    for name, content in _SETTINGS.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


def environment(slice_folder: Path, folder: Path) -> dict[str, str]:
    """The environment of a kernel: the slice it may read, and nothing that differs from run to run or from reader to reader."""
    # The kernel imports this very package, installed or not.
    package = str(Path(__file__).resolve().parents[2])
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    return kept | {
        SLICE_VARIABLE: str(slice_folder),
        "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH")))),
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "IPYTHONDIR": str(folder / "ipython"),
    }


def kernel_manager(slice_folder: Path, folder: Path) -> type[AsyncKernelManager]:
    """A kernel manager (a class, as nbclient asks for one) whose kernels run in ``folder`` on ``slice_folder``, by this interpreter."""

    class SliceKernelManager(AsyncKernelManager):
        @property
        def kernel_spec(self) -> KernelSpec:
            # An installed kernelspec of the same name may belong to another interpreter.
            return KernelSpec(**get_kernel_dict())

        async def _async_pre_start_kernel(self, **options):
            if sys.platform != "win32":
                # Kernels that start at once would race for free TCP ports. A socket's path must be short, so it cannot lie in the folder.
                sockets = tempfile.mkdtemp(prefix=_socket_prefix(folder.parent))
                self.transport, self.ip, self.connection_file = "ipc", f"{sockets}/s", f"{sockets}/kernel.json"
            options["env"] = environment(slice_folder, folder)
            options["cwd"] = str(folder)
            return await super()._async_pre_start_kernel(**options)

        async def _async_cleanup_resources(self, restart: bool = False) -> None:
            await super()._async_cleanup_resources(restart)
            if self.transport == "ipc":
                shutil.rmtree(Path(self.ip).parent, ignore_errors=True)

        pre_start_kernel = _async_pre_start_kernel
        cleanup_resources = _async_cleanup_resources

    return SliceKernelManager


def left_sockets(folder: Path) -> list[Path]:
    """Socket folders of the kernels that run in folders below ``folder``, or ran there when they were killed."""
    return sorted(Path(tempfile.gettempdir()).glob(f"{_socket_prefix(folder)}*"))


def _socket_prefix(folder: Path) -> str:
    return f"km-{blake2b(str(folder.resolve()).encode(), digest_size=6).hexdigest()}-"
