"""A notebook, its page's process, the preloader or a page that goes wrong: the rest completes, nothing stays behind, and the next run makes good."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from kmanalysis.report.making.task import CAN_FORK
from tests.faults.conftest import content

pytestmark = pytest.mark.skipif(not CAN_FORK or not Path("/proc").is_dir(), reason="forks, and looks for processes in /proc")

WAITING = """
import os, subprocess, time
from pathlib import Path
place = Path({place!r})
child = subprocess.Popen(["sleep", "3600"])
(place / "told.part").write_text(f"{{os.getpid()}} {{os.getppid()}}")
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


@pytest.mark.parametrize("victim", ["notebook", "page", "preloader"])
def test_a_killed_process_takes_nothing_else_along(start, notebook, running, left, tmp_path, victim):
    place = tmp_path / "place"
    place.mkdir()
    notebook("waiting", WAITING.format(place=str(place)))
    notebook("small")
    notebook("supplier")
    run = start("out", "--jobs", "2")
    deadline = time.monotonic() + 300
    while not (place / "told").exists():
        assert run.poll() is None, run.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    of_notebook, of_page = map(int, (place / "told").read_text().split())
    os.kill({"notebook": of_notebook, "page": of_page, "preloader": preloader_of(running())}[victim], signal.SIGKILL)
    if victim != "notebook":
        # The page is begun once more, or goes on without the process that it was forked from.
        (place / "go").touch()
    states = finished(run)
    failed = ["waiting.html"] if victim == "notebook" else []
    assert {path for path, state in states.items() if state == "failed"} == set(failed)
    assert set(states) == {"small.html", "suppliers/S01.html", "suppliers/S02.html", "waiting.html"}
    assert manifest(tmp_path / "out")["failed"] == failed
    assert manifest(tmp_path / "out")["notebook_engine"] == "fork"
    index = (tmp_path / "out" / "2026-10" / "index.html").read_text(encoding="utf-8")
    assert ("waiting" in index.partition('role="alert"')[2][:600]) == bool(failed)
    assert left() == {}
    (place / "go").touch()
    assert finished(start("out", "--jobs", "2")) == dict.fromkeys(states, "kept") | dict.fromkeys(failed, "made")
    assert manifest(tmp_path / "out")["failed"] == []
    assert left() == {}


def preloader_of(processes):
    """The one process of the preloader's command whose parent is of another: its forks keep its command line."""
    alike = {process for process, command in processes.items() if "kmanalysis.report.runner.preloader" in command}
    (preloader,) = (process for process in alike if parent_of(process) not in alike)
    return preloader


def parent_of(process):
    try:
        return int((Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended meanwhile; then it is no preloader
        return process


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
