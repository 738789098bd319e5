"""A report killed at any moment: nothing half written, nothing left running, and the next run gives what an undisturbed one gives."""

import random
import signal
import time
from pathlib import Path

import pytest

from kmanalysis.report.files import PARTIAL
from kmanalysis.report.runner.kernels import left_sockets
from tests.faults.conftest import content

PAGES = 4

pytestmark = pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for left processes in /proc")


def test_a_killed_report_is_whole_after_the_next_run(start, notebook, left, tmp_path):
    for name in ("small", "supplier", "failing"):
        notebook(name)
    undisturbed = start("undisturbed")
    told, problems = undisturbed.communicate()
    assert undisturbed.returncode == 0, problems
    assert told.count("\n") == PAGES
    whole = content(tmp_path / "undisturbed" / "2026-10")

    draws = random.Random(2026)
    killed = 0
    for pages in [0, 0, 0, 1, 1, 2, 3, PAGES]:
        run = start("out", "--force")
        # So many pages into the run, and then some: the moment does not depend on how fast the machine is.
        for _ in range(pages):
            run.stdout.readline()
        time.sleep(draws.uniform(0.0, 0.3) if pages else draws.uniform(0.5, 3.0))
        run.kill()
        run.communicate()
        killed += run.returncode == -signal.SIGKILL
        there = content(tmp_path / "out" / "2026-10") if (tmp_path / "out" / "2026-10").is_dir() else {}
        assert {path: made for path, made in there.items() if not path.startswith(".partial/") and made != whole[path]} == {}
    assert killed >= 6

    last = start("out")
    _, problems = last.communicate()
    assert last.returncode == 0, problems
    assert content(tmp_path / "out" / "2026-10") == whole
    assert left() == {}
    assert left_sockets(tmp_path / "out" / "2026-10" / PARTIAL / "pages") == []
