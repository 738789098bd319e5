"""A kernel, the zygote, a worker or a page that goes wrong: the rest completes, nothing stays behind, and the next run makes good."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from kmanalysis.report.runner.forks import CAN_FORK
from tests.faults.conftest import content

pytestmark = pytest.mark.skipif(not CAN_FORK or not Path("/proc").is_dir(), reason="forks, and looks for processes in /proc")

WAITING = """
import os, subprocess, time
from pathlib import Path
place = Path({place!r})
child = subprocess.Popen(["sleep", "3600"])
(place / "told.part").write_text(f"{{os.getpid()}} {{os.environ['JPY_PARENT_PID']}}")
(place / "told.part").rename(place / "told")
while not (place / "go").exists():
    time.sleep(0.01)
print("went")
"""


def manifest(folder):
    return json.loads((folder / "2026-10" / "manifest.json").read_text(encoding="utf-8"))


def finished(run):
    told, problems = run.communicate()
    assert run.returncode == 0, problems
    return dict(line.split() for line in told.splitlines())


@pytest.mark.parametrize("victim", ["kernel", "zygote", "worker"])
def test_a_killed_process_takes_nothing_else_along(start, notebook, running, left, tmp_path, victim):
    place = tmp_path / "place"
    place.mkdir()
    notebook("waiting", WAITING.format(place=str(place)))
    notebook("small")
    notebook("supplier")
    run = start("out", "--jobs", "2")
    deadline = time.monotonic() + 120
    while not (place / "told").exists():
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    kernel, worker = map(int, (place / "told").read_text().split())
    if victim == "zygote":
        os.kill(zygote_of(running()), signal.SIGKILL)
    else:
        os.kill(kernel if victim == "kernel" else worker, signal.SIGKILL)
    if victim != "kernel":
        # The page is tried once more: by a worker of its own, or in a kernel that is started.
        (place / "go").touch()
    states = finished(run)
    failed = ["waiting.html"] if victim == "kernel" else []
    assert {path for path, state in states.items() if state == "failed"} == set(failed)
    assert set(states) == {"small.html", "suppliers/S01.html", "suppliers/S02.html", "waiting.html"}
    assert manifest(tmp_path / "out")["failed"] == failed
    assert manifest(tmp_path / "out")["kernels"] == ("started" if victim == "zygote" else "forked")
    index = (tmp_path / "out" / "2026-10" / "index.html").read_text(encoding="utf-8")
    assert ("waiting" in index.partition('role="alert"')[2][:600]) == bool(failed)
    assert left() == {}
    (place / "go").touch()
    assert finished(start("out", "--jobs", "2")) == dict.fromkeys(states, "kept") | dict.fromkeys(failed, "made")
    assert manifest(tmp_path / "out")["failed"] == []
    assert left() == {}


def zygote_of(processes):
    """The one process of the zygote's command whose parent is of another: its kernels keep its command line."""
    alike = {process for process, command in processes.items() if "kmanalysis.report.runner.zygote" in command}
    (zygote,) = (process for process in alike if int((Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[1]) not in alike)
    return zygote


def test_a_page_that_never_ends_and_one_that_takes_too_much_memory_take_nothing_along(start, notebook, left, tmp_path):
    notebook("endless")
    notebook("hungry", "import numpy as np\nheld = np.ones(8 << 30, dtype='u1')")
    notebook("small")
    states = finished(start("out", "--jobs", "2", "--timeout", "8"))
    assert states == {"endless.html": "failed", "hungry.html": "failed", "small.html": "made"}
    pages = content(tmp_path / "out" / "2026-10")
    assert "超过允许时长" in pages["endless.html"].decode()
    assert "超过允许的内存" in pages["hungry.html"].decode()
    assert left() == {}
    notebook("endless", "print('ends')")
    notebook("hungry", "print('eats little')")
    assert finished(start("out", "--jobs", "2", "--timeout", "8")).items() >= {"endless.html": "made", "hungry.html": "made"}.items()
    assert manifest(tmp_path / "out")["failed"] == []
