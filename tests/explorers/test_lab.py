import json
import os
from pathlib import Path

import pytest
from jupyterlab.commands import get_app_dir
from jupyterlab_server.settings_utils import _get_overrides

from kmanalysis.explorers.lab import lab_command, lab_environment, settings_in


def test_the_menus_are_chinese_where_the_language_is(tmp_path):
    command = lab_command(tmp_path, tmp_path, "zh", ["--no-browser"])
    settings = next(option.partition("=")[2] for option in command if option.startswith("--LabApp.app_settings_dir="))
    overrides, error = _get_overrides(settings)
    assert (overrides["@jupyterlab/translation-extension:plugin"], error) == ({"locale": "zh_CN"}, "")
    assert command[-1] == "--no-browser"
    assert (Path(settings).parent / "static" / "package.json").is_file() == (Path(get_app_dir()) / "static" / "package.json").is_file()


def test_english_is_left_to_jupyterlab(tmp_path):
    assert not [option for option in lab_command(tmp_path, tmp_path, "en") if "settings" in option]


def test_settings_that_somebody_made_for_all_stay(tmp_path, monkeypatch):
    application = tmp_path / "application"
    (application / "settings").mkdir(parents=True)
    (application / "settings" / "overrides.json").write_text(
        json.dumps({"@jupyterlab/translation-extension:plugin": {"locale": "fr_FR"}, "@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Dark"}})
    )
    monkeypatch.setattr("jupyterlab.commands.get_app_dir", lambda: str(application))
    place = tmp_path / "place"
    place.mkdir()
    overrides, _ = _get_overrides(str(settings_in(place, "zh_CN")))
    assert overrides["@jupyterlab/translation-extension:plugin"] == {"locale": "fr_FR"}
    assert overrides["@jupyterlab/apputils-extension:themes"] == {"theme": "JupyterLab Dark"}


@pytest.mark.parametrize("data", [None, Path("some") / "folder"])
def test_the_notebooks_open_the_folder_that_was_named(data):
    environment = lab_environment(data, {"KMANALYSIS_DATA": "before", "PATH": os.defpath})
    assert environment["KMANALYSIS_DATA"] == (str(data.resolve()) if data else "before")
    assert environment["PATH"] == os.defpath
