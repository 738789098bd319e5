import os
from pathlib import Path

from kmanalysis.report.making.environment import environment, shared_environment


def test_a_readers_settings_do_not_reach_a_notebook(monkeypatch, tmp_path):
    monkeypatch.setenv("MATPLOTLIBRC", "/mine")
    monkeypatch.setenv("PYTHONSTARTUP", "/mine.py")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("MINE", "kept")
    found = environment(tmp_path / "slice", tmp_path / "page")
    assert Path(found["MATPLOTLIBRC"]).read_text(encoding="utf-8").startswith("svg.hashsalt: kmanalysis\n")
    assert "PYTHONSTARTUP" not in found
    assert found["PYTHONHASHSEED"] == "0"
    assert found["MINE"] == "kept"
    assert found["KMANALYSIS_SLICE"] == str(tmp_path / "slice")
    assert Path(found["IPYTHONDIR"]).is_relative_to(tmp_path / "page")


def test_a_notebook_imports_this_package_wherever_it_lies(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/other")
    paths = shared_environment()["PYTHONPATH"].split(os.pathsep)
    assert (Path(paths[0]) / "kmanalysis" / "report").is_dir()
    assert paths[1:] == ["/other"]
    # Also when asked for by one that has it already.
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    assert shared_environment()["PYTHONPATH"].split(os.pathsep) == paths
