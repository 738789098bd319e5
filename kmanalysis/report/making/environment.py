"""What a notebook's process finds around it: its folder, its environment, and the settings of what draws and shows."""

from __future__ import annotations

import os
from pathlib import Path

from kmanalysis.slices import ASKED_VARIABLE, SLICE_VARIABLE

HOME = Path(__file__).resolve().parent
"""This folder: it holds the matplotlibrc of all notebooks."""

_PROFILE = "ipython/profile_default/ipython_kernel_config.py"
_CONFIG = "c = get_config()\nc.InlineBackend.figure_formats = {'svg'}\nc.HistoryManager.enabled = False\n"
_NOT_PASSED_ON = ("PYTHONSTARTUP", "PYTHONINSPECT")


def prepare_folder(folder: Path) -> None:
    """Makes the folder in which one notebook runs, with an IPython profile of its own: a reader's settings do not change a report."""
    profile = folder / _PROFILE
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(_CONFIG, encoding="utf-8")


def shared_environment() -> dict[str, str]:
    """The part of a notebook's environment that all notebooks share: nothing that differs from run to run or from reader to reader."""
    # Notebooks import this very package, installed or not.
    paths = (str(HOME.parents[2]), *os.environ.get("PYTHONPATH", "").split(os.pathsep))
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_PASSED_ON}
    return kept | {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(filter(None, paths))),
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MATPLOTLIBRC": str(HOME / "matplotlibrc"),
    }


def asked_file(folder: Path) -> Path:
    """Where a notebook that runs in ``folder`` notes which frames it asks for: beside it, where nothing that it writes gets in the way."""
    return folder.with_name(f"{folder.name}.asked")


def environment(slice_folder: Path, folder: Path) -> dict[str, str]:
    """The environment of a notebook that reads ``slice_folder`` and runs in ``folder``."""
    own = {SLICE_VARIABLE: str(slice_folder), ASKED_VARIABLE: str(asked_file(folder)), "IPYTHONDIR": str(folder / "ipython")}
    return shared_environment() | own
