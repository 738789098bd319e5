"""A report killed at any moment: nothing half written, nothing left running, and the next run gives what an undisturbed one gives."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kmanalysis.reporting.kernels import left_sockets
from kmanalysis.reporting.output import PARTIAL
from kmanalysis.workbook import save_slice
from tests.reporting.small import FIXTURES, finished, judged_workbook

ROOT = Path(__file__).parents[2]
PAGES = 4


@pytest.fixture
def start(tmp_path):
    """Starts a run into a folder: ``start("out", "--force")``."""
    workbook = judged_workbook({"S01": 99.0, "S02": 50.0})
    save_slice(tmp_path / "slice", workbook, {name.split("/")[-1]: frame for name, frame in finished(workbook).items()}, workbook.suppliers)
    (tmp_path / "notebooks").mkdir()
    for name in ("small", "supplier", "failing"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_bytes((FIXTURES / f"{name}.ipynb").read_bytes())

    def start(out, *options):
        command = [sys.executable, "-m", "tests.reporting.run_report", tmp_path / "slice", tmp_path / "notebooks", tmp_path / out, *options]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


def content(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def running_in(folder):
    """Processes whose environment or arguments name the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and int(process.name) != os.getpid():
            found.append(process.name)
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for left processes in /proc")
def test_a_killed_report_is_whole_after_the_next_run(start, tmp_path):
    undisturbed = start("undisturbed")
    told, problems = undisturbed.communicate()
    assert undisturbed.returncode == 0, problems
    assert told.count("\n") == PAGES
    whole = content(tmp_path / "undisturbed" / "2026-10")

    draws = random.Random(2026)
    killed = 0
    for pages in [0, 0, 0, 1, 1, 2, 2, 3, PAGES, PAGES]:
        run = start("out", "--force")
        # So many pages into the run, and then some: the moment does not depend on how fast the machine is.
        for _ in range(pages):
            run.stdout.readline()
        time.sleep(draws.uniform(0.0, 0.4) if pages else draws.uniform(0.5, 4.0))
        run.kill()
        run.communicate()
        killed += run.returncode == -signal.SIGKILL
        there = content(tmp_path / "out" / "2026-10") if (tmp_path / "out" / "2026-10").is_dir() else {}
        assert {path: made for path, made in there.items() if not path.startswith(".partial/") and made != whole[path]} == {}
    assert killed >= 8

    last = start("out")
    _, problems = last.communicate()
    assert last.returncode == 0, problems
    assert content(tmp_path / "out" / "2026-10") == whole
    deadline = time.monotonic() + 30
    while running_in(tmp_path / "out") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert running_in(tmp_path / "out") == []
    assert left_sockets(tmp_path / "out" / "2026-10" / PARTIAL / "pages") == []
