"""The rules of the house: what reviewers would otherwise have to look for by eye."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kmanalysis.tables import DIMENSIONS

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "kmanalysis").rglob("*.py"))
MOST_LINES = 400


def tracked_texts() -> dict[str, str]:
    """The text files that git keeps, by path; binary ones left out."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    contents = {path: (ROOT / path).read_bytes() for path in listed if path and (ROOT / path).is_file()}
    return {path: content.decode("utf-8", "replace") for path, content in contents.items() if b"\0" not in content}


def places(texts: dict[str, str], pattern: str) -> list[str]:
    return [f"{path}:{number}" for path, text in texts.items() for number, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]


def test_no_path_of_one_machine_is_committed():
    assert places(tracked_texts(), r"(?<![\w.<*~])/(t[m]p|w[o]rk|r[o]ot|f[a]rm|h[o]me/[a-z])/") == []


def test_no_package_registry_is_committed():
    assert places(tracked_texts(), r"(py[p]i|python[h]osted)\.org|registry\.np[m]js|deb\.deb[i]an\.org|--(extra-)?index[-]url|--find[-]links") == []


def test_modules_stay_short():
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_machine_path_is_found_where_there_is_one():
    path = "/".join(["", "tmp", "x"])
    assert places({"a.py": f"x = '{path}'\nsee docs{path}"}, r"(?<![\w.<*~])/(t[m]p)/") == ["a.py:1"]


def source_files(*parts: str) -> list[Path]:
    """Modules under these packages or module names of kmanalysis."""
    return [path for path in MODULES if path.relative_to(ROOT / "kmanalysis").as_posix().split("/")[0] in parts]


def test_packages_carry_their_init():
    folders = {path.parent for path in MODULES}
    assert sorted(folder.name for folder in folders if not (folder / "__init__.py").is_file()) == []


def test_measures_stay_in_the_engine():
    texts = {path.name: path.read_text(encoding="utf-8") for path in source_files("measures")}
    assert places(texts, r"\biterrows\b|\bitertuples\b|\.apply\(\s*lambda") == []


def test_parts_of_a_dimension_are_not_used_by_another():
    # import-linter holds the five modules apart; this holds the modules that they are cut into.
    crossing = []
    for path in source_files("measures"):
        own = path.stem.split("_")[0]
        for part in re.findall(r"kmanalysis\.measures(?:\.| import )([a-z]+)", path.read_text(encoding="utf-8")):
            if own in DIMENSIONS and part in DIMENSIONS and part != own:
                crossing.append(f"{path.stem} → {part}")
    assert crossing == []
