"""A process that the system gives little memory (``ulimit -v``): it works in it, or says at once how much it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kmanalysis.files.memory import LEAST
from tests.faults.child import LONGEST
from tests.loaders.test_load import HEAD, MAPPING, ROWS

ROOT = Path(__file__).parents[2]
TWO_GIGABYTES = 2 << 30

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a limit of Linux")


@pytest.fixture
def run(tmp_path):
    """Runs a command as a shell starts it, in so much memory."""
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "a.csv").write_text(HEAD + ROWS, encoding="utf-8")

    def run(memory, *arguments):
        command = [sys.executable, "-m", "kmanalysis", *arguments, "--lang", "en"]
        limited = ["sh", "-c", f'ulimit -v {memory >> 10} && exec "$@"', "sh", *command]
        variables = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(limited, cwd=tmp_path, env=variables, timeout=LONGEST, check=False, capture_output=True, text=True)

    return run


def test_what_a_command_needs_it_has_within_two_gigabytes(run, tmp_path):
    for memory, command in (
        (LEAST, ["load", "a.csv", "--mapping", "m.toml", "--into", "data"]),
        (LEAST, ["score", "--data", "data", "--format", "csv"]),
        (TWO_GIGABYTES, ["report", "--data", "data", "--month", "2026-10", "--out", "r", "--notebook", "01_stability"]),
    ):
        done = run(memory, *command)
        assert done.returncode == 0, done
        assert "Traceback" not in done.stderr
    assert (tmp_path / "r" / "2026-10" / "01_stability.html").is_file()


@pytest.mark.parametrize("command", [["load", "a.csv", "--mapping", "m.toml", "--into", "data"], ["report", "--month", "2026-10", "--out", "r"]])
def test_too_little_is_said_before_the_work(run, tmp_path, command):
    done = run(LEAST - (1 << 20), *command)
    assert done.returncode == 1
    assert done.stderr == "Error: This process may use 1023 MB of memory, and needs at least 1024 MB. Raise the limit: ulimit -v 1048576\n"
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "r").exists()
