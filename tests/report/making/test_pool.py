"""Processes that are forked from one that has imported everything: they and all they start end with their page, and with the batch."""

import os
import signal
import subprocess
import time
from dataclasses import replace

import pytest

from kmanalysis.report.making.pool import Preloader, made_pages
from kmanalysis.report.making.task import CAN_FORK, Task
from kmanalysis.report.runner.page import made_page
from tests.report.runner.cells import written

CHILD = "import os, subprocess\nchild = subprocess.Popen(['sleep', '3600'])"

needs_fork = pytest.mark.skipif(not CAN_FORK, reason="nothing can be forked here")


def ended(process, patience=60.0):
    """Whether a process ends, or has."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        # Ended and not yet reaped by its new parent counts as ended.
        found = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False).stdout.strip()
        if not found or found.startswith("Z"):
            return True
        time.sleep(0.02)
    return False


def said(pipe):
    """What was written to a pipe that somebody opened: a handshake that takes as long as it takes."""
    return pipe.read_text().split()


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.fixture
def task(tmp_path):
    """A page to be made of these cells: ``task("cell")``."""

    def task(*cells, name="page"):
        (tmp_path / "slice").mkdir(exist_ok=True)
        blank = Task(written(tmp_path / f"{name}.ipynb", *cells), {}, tmp_path / "slice", tmp_path / name, 120.0, "en", "", "", "", "", (), (), "")
        return replace(blank, title=name)

    return task


@needs_fork
def test_a_closed_preloader_begins_nothing():
    with Preloader() as preloader:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        preloader.started(os.getpid)


@needs_fork
def test_a_call_comes_back_from_a_process_of_its_own(preloader):
    with preloader.started(os.getpid) as first, preloader.started(os.getpid) as second:
        assert len({first.recv(), second.recv(), os.getpid()}) == 3


@needs_fork
def test_what_fails_ends_without_an_answer(preloader):
    with preloader.started(os.kill, 0, signal.SIGKILL) as answer, pytest.raises((EOFError, OSError)):
        answer.recv()


@needs_fork
def test_what_a_notebook_started_ends_with_its_page(run):
    execution = run("import subprocess", "print(subprocess.Popen(['sleep', '3600']).pid)")
    assert ended(int(execution.notebook.cells[1].outputs[0].text))


@needs_fork
@pytest.mark.parametrize("victim", ["batch", "page", "notebook"])
def test_whoever_goes_takes_along_what_it_started(preloader, task, pipe, victim):
    told = f"with open({str(pipe)!r}, 'w') as pipe: print(os.getppid(), os.getpid(), child.pid, file=pipe)"
    deaf = "import signal\nfor number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP): signal.signal(number, signal.SIG_IGN)\nwhile True: pass"
    own = Preloader() if victim == "batch" else preloader
    with own.started(made_page, task(CHILD, told, deaf)):
        page, notebook, child = map(int, said(pipe))
        if victim == "batch":
            own.close()
        else:
            os.kill(page if victim == "page" else notebook, signal.SIGKILL)
        assert [ended(process) for process in (page, notebook, child)] == [True] * 3


@needs_fork
def test_pages_outlive_their_preloader_and_the_next_gets_another(task, pipe):
    preloader = Preloader()
    with preloader.started(os.getppid) as answer:
        first = answer.recv()
    code = f"with open({str(pipe)!r}, 'w') as pipe: print(os.getpid(), child.pid, file=pipe)"
    waits = f"with open({str(pipe)!r}) as pipe: print(pipe.read())"
    with preloader.started(made_page, task(CHILD, code, waits)) as page:
        _, child = map(int, said(pipe))
        os.kill(first, signal.SIGKILL)
        assert ended(first)
        pipe.write_text("it went on")
        made = page.recv()
    assert made.failure is None
    assert b"it went on" in made.content
    assert ended(child)
    with preloader.started(os.getppid) as answer:
        assert answer.recv() != first
    preloader.close()


@needs_fork
def test_no_more_pages_at_once_than_asked_for_and_each_task_when_its_turn_comes(task, tmp_path):
    asked = []

    def tasks():
        for number in range(3):
            asked.append(number)
            yield number, task(f"print({number})", name=f"page{number}")

    done = []
    for key, made in made_pages(tasks(), 1):
        assert made.failure is None
        done.append(key)
        assert len(asked) <= len(done) + 1
    assert done == [0, 1, 2]


@needs_fork
def test_a_page_is_begun_once_more_when_its_process_is_killed(task, tmp_path):
    look = f"import os, pathlib, signal\nplace = pathlib.Path({str(tmp_path)!r}) / 'begun'"
    once = "if not place.exists():\n    place.touch()\n    os.kill(os.getppid(), signal.SIGKILL)"
    always = task("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", name="always")
    made = dict(made_pages([("once", task(look, once)), ("always", always)], 2))
    assert made["once"].failure is None
    assert made["always"].failure.kind == "worker_died"


@needs_fork
def test_a_notebook_cannot_speak_for_its_page(preloader, task):
    tampering = (
        "import kmanalysis.report.site.html as html, kmanalysis.report.runner.page as page\n"
        "html.outside_parts = lambda text: []\npage.made_page = None\n"
        "from IPython.display import HTML\nHTML('<script>alert(1)</script>')"
    )
    with preloader.started(made_page, task(tampering)) as answer:
        made = answer.recv()
    assert made.failure.kind == "unfit"
    assert b"<script" not in made.content


def test_where_nothing_can_be_forked_papermill_starts_a_kernel_for_each_page(task, monkeypatch):
    monkeypatch.setattr("kmanalysis.report.making.pool.CAN_FORK", False)
    tasks = {name: task(code, name=name) for name, code in {"good": "print('good')", "bad": "1 / 0"}.items()}
    made = dict(made_pages(tasks.items(), 2))
    assert made["good"].failure is None
    assert made["bad"].failure.text == "ZeroDivisionError: division by zero"
    assert b"ipykernel_launcher" not in made["good"].content
