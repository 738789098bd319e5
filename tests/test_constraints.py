"""What is installed is what was tested: everything that the project needs is pinned."""

import ast
import re
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [Requirement(line) for line in PROJECT["dependencies"]]
DEVELOPMENT = [Requirement(line) for line in PROJECT["optional-dependencies"]["dev"]]
OTHERS = [Requirement(line) for extra in ("spark", "pull", "bench") for line in PROJECT["optional-dependencies"][extra]]
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINNED = {canonicalize_name(name): version for name, version in (line.split("==") for line in LINES)}


def needed() -> dict[str, str]:
    """Versions of everything that the project and its tests need, as installed here, transitively."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    queue = [(requirement, "") for requirement in (*REQUIREMENTS, *DEVELOPMENT)]
    while queue:
        requirement, extra = queue.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for wanted in {"", *requirement.extras}:
            if (name, wanted) not in seen:
                seen.add((name, wanted))
                installed = distribution(name)
                found[name] = installed.version
                queue += [(Requirement(line), wanted) for line in installed.requires or ()]
    return found


def test_constraints_are_pins_and_nothing_else():
    assert [line for line in LINES if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9a-z.]*", line)] == []
    assert len(PINNED) == len(LINES)


def test_everything_needed_is_installed_as_pinned():
    assert {name: version for name, version in needed().items() if PINNED.get(name) != version} == {}


def test_pins_lie_in_the_declared_ranges():
    outside = [
        str(requirement)
        for requirement in (*REQUIREMENTS, *DEVELOPMENT, *OTHERS)
        if not requirement.specifier.contains(PINNED[canonicalize_name(requirement.name)])
    ]
    assert outside == []


DISTRIBUTIONS = {
    "chinese_calendar": "chinesecalendar",
    "IPython": "ipykernel",
    "jupyter_client": "ipykernel",
    "jupyterlab_server": "jupyterlab",
    "traitlets": "nbconvert",
    "ibis": "ibis-framework",
    "py4j": "pyspark",
    "zmq": "pyzmq",
}
"""Distributions that bring a module of another name."""


def imported(folder: str) -> set[str]:
    found = set()
    for path in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    own = {"kmanalysis", "tests", "benchmarks", "conftest"}
    return {canonicalize_name(DISTRIBUTIONS.get(name, name)) for name in found - own - set(sys.stdlib_module_names)}


@pytest.mark.parametrize(("folder", "requirements"), [("kmanalysis", REQUIREMENTS + OTHERS), ("tests", REQUIREMENTS + DEVELOPMENT)])
def test_what_is_imported_is_declared(folder, requirements):
    assert imported(folder) - {canonicalize_name(requirement.name) for requirement in requirements} == set()
