"""The rules of the house: what reviewers would otherwise have to look for by eye."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "kmanalysis").rglob("*.py"))
MOST_LINES = 400
MOST_MODULES = 14


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


def test_folders_stay_small():
    sizes = Counter(path.parent.relative_to(ROOT).as_posix() for path in MODULES)
    assert {folder: modules for folder, modules in sizes.items() if modules > MOST_MODULES} == {}


def test_tests_of_an_inner_package_mirror_its_modules():
    # In a package of the first floor a test may be of all of it; of an inner one each names the module that it is about.
    inner = [path.relative_to(ROOT / "tests") for path in sorted((ROOT / "tests").rglob("test_*.py")) if len(path.relative_to(ROOT / "tests").parts) > 2]
    assert [path.as_posix() for path in inner if not is_mirrored(path.parent / path.stem.removeprefix("test_"))] == []


def is_mirrored(about: Path) -> bool:
    """Whether there is a module or package of that name, or the test is about its whole package and has its name."""
    module = ROOT / "kmanalysis" / about
    return module.with_suffix(".py").is_file() or module.is_dir() or (about.name == about.parent.name and module.parent.is_dir())


def test_machine_path_is_found_where_there_is_one():
    path = "/".join(["", "tmp", "x"])
    assert places({"a.py": f"x = '{path}'\nsee docs{path}"}, r"(?<![\w.<*~])/(t[m]p)/") == ["a.py:1"]


def test_packages_carry_their_init():
    folders = {parent for path in MODULES for parent in path.parents if parent.is_relative_to(ROOT / "kmanalysis")}
    assert sorted(folder.relative_to(ROOT).as_posix() for folder in folders if not (folder / "__init__.py").is_file()) == []


def test_no_command_waits_for_all_of_scipys_statistics():
    # Half a second; scipy.special has what is needed.
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in MODULES}
    assert places(texts, r"(from|import) scipy\.stats|from scipy import .*\bstats\b") == []


@pytest.mark.parametrize("rooms", ["measures", "steps"])
def test_measures_stay_in_the_engine(rooms):
    texts = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in MODULES if path.is_relative_to(ROOT / "kmanalysis" / rooms)}
    assert places(texts, r"\biterrows\b|\bitertuples\b|\.apply\(\s*lambda") == []
