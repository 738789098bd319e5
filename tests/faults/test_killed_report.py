"""A report killed at any moment: nothing half written, nothing left running, and the next run gives what an undisturbed one gives."""

import signal
import time
from pathlib import Path

import pytest

from kmanalysis.report.files import PARTIAL
from tests.faults.conftest import content

NAMES = ("failing", "small", "supplier")
PAGES = 4

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for left processes in /proc")

HOLDING = """
import os, subprocess
from pathlib import Path
place = Path({place!r})
child = subprocess.Popen(["sleep", "3600"])
if place.exists():
    place.write_text("held")
    while place.exists(): pass
print("went")
"""


@pytest.fixture
def until():
    """Waits until something is so, while a run goes on: ``until(run, check)``."""

    def until(run, check):
        deadline = time.monotonic() + 300
        while not check():
            assert run.poll() is None, run.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.005)

    return until


def test_a_killed_report_is_whole_after_the_next_run(start, notebook, left, until, tmp_path):
    place = tmp_path / "place"
    for name in NAMES:
        notebook(name)
    # The last of all: while it is held, the run goes on.
    notebook("waiting", HOLDING.format(place=str(place)))
    undisturbed = start("undisturbed")
    told, problems = undisturbed.communicate()
    assert undisturbed.returncode == 0, problems
    assert told.count("\n") == PAGES + 1
    whole = content(tmp_path / "undisturbed" / "2026-10")

    partial = tmp_path / "out" / "2026-10" / PARTIAL
    moments = {
        "begun": lambda: (tmp_path / "out" / "2026-10").is_dir(),
        "slices": lambda: (partial / "slices").is_dir(),
        "preloader": lambda: any("runner.preloader" in command for command in left(0.0).values()),
        "first notebook": lambda: (partial / "pages" / "0").is_dir(),
        "a notebook that runs": lambda: place.read_text() == "held",
    }
    for check in moments.values():
        place.touch()
        run = start("out", "--force")
        until(run, check)
        kill(run)
        assert half_written(tmp_path / "out" / "2026-10", whole) == {}
        place.unlink()
    for pages in range(1, PAGES + 1):
        place.touch()
        run = start("out", "--force")
        for _ in range(pages):
            run.stdout.readline()
        kill(run)
        assert half_written(tmp_path / "out" / "2026-10", whole) == {}
        place.unlink()
    # All pages are there; the files beside them may or may not be.
    run = start("out", "--force")
    for _ in range(PAGES + 1):
        run.stdout.readline()
    run.kill()
    run.communicate()
    assert half_written(tmp_path / "out" / "2026-10", whole) == {}

    last = start("out")
    _, problems = last.communicate()
    assert last.returncode == 0, problems
    assert content(tmp_path / "out" / "2026-10") == whole
    assert left() == {}


def kill(run):
    run.kill()
    run.communicate()
    assert run.returncode == -signal.SIGKILL


def half_written(folder, whole):
    """Files that are there, and not as they should be."""
    there = content(folder) if folder.is_dir() else {}
    return {path: made for path, made in there.items() if not path.startswith(f"{PARTIAL}/") and made != whole[path]}
