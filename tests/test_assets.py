"""Notebooks and samples are found in a checkout and in an installed package alike."""

from pathlib import Path

from kmanalysis import assets

ROOT = Path(__file__).parent.parent


def test_checkout_uses_the_tree():
    assert assets.notebooks_folder() == ROOT / "notebooks"
    assert assets.samples_folder() == ROOT / "data" / "samples"


def test_installed_package_uses_its_own_copy(tmp_path):
    package = tmp_path / "site-packages" / "kmanalysis"
    (tmp_path / "site-packages" / "notebooks").mkdir(parents=True)  # another package's folder of that name is not ours
    assert assets.folder("notebooks", "notebooks", package) == package / "_assets" / "notebooks"


def test_tree_goes_before_a_copy(tmp_path):
    package = tmp_path / "kmanalysis"
    (package / "_assets" / "samples").mkdir(parents=True)
    (tmp_path / "data" / "samples").mkdir(parents=True)
    (tmp_path / "pyproject.toml").touch()
    assert assets.folder("data/samples", "samples", package) == tmp_path / "data" / "samples"
