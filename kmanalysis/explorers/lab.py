"""JupyterLab on the notebooks: the folder that they open, and the language of its menus."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from kmanalysis.opening import DATA_VARIABLE
from kmanalysis.words import Words

LANGUAGE_PACKS = "jupyterlab.languagepack"
"""The entry points by which JupyterLab finds its own translations; English is its default."""

_LANGUAGE = "@jupyterlab/translation-extension:plugin"


def run_lab(notebooks: Path, data: Path | None, lang: str, options: Sequence[str] = ()) -> int:
    """Runs JupyterLab until it is closed and gives its exit code; ``options`` are handed on to it."""
    with tempfile.TemporaryDirectory(prefix="kmanalysis-lab-") as place:
        process = subprocess.run(lab_command(notebooks, Path(place), lang, options), env=lab_environment(data, os.environ), check=False)
    return process.returncode


def lab_environment(data: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the folder that notebooks open."""
    return dict(environment) | ({DATA_VARIABLE: str(data.resolve())} if data else {})


def lab_command(notebooks: Path, place: Path, lang: str, options: Sequence[str] = ()) -> list[str]:
    """The command that opens JupyterLab on a folder of notebooks; ``place`` is an empty folder that lives as long as it."""
    command = [sys.executable, "-m", "jupyter", "lab", f"--notebook-dir={notebooks.resolve()}"]
    locale = Words(lang).tag.replace("-", "_")
    if entry_points(group=LANGUAGE_PACKS, name=locale):
        command.append(f"--LabApp.app_settings_dir={settings_in(place, locale)}")
    return [*command, *options]


def settings_in(place: Path, locale: str) -> Path:
    """JupyterLab's application settings in a folder of ours, with a language as default.

    A default is what holds where a person chose nothing: their own choice lies in their own settings and wins.
    """
    from jupyterlab.commands import get_app_dir

    application = Path(get_app_dir())
    settings = place / "settings"
    if (application / "settings").is_dir():
        shutil.copytree(application / "settings", settings)
    settings.mkdir(exist_ok=True)
    # JupyterLab looks beside its settings for the list of its own extensions.
    (place / "static").symlink_to(application / "static", target_is_directory=True)
    # The singular file is read after the folder: what is there already stays.
    own = settings / "overrides.d"
    own.mkdir(exist_ok=True)
    (own / "kmanalysis.json").write_text(json.dumps({_LANGUAGE: {"locale": locale}}), encoding="utf-8")
    return settings
