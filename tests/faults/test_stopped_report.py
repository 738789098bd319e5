"""A report that is stopped, or refused something by the system, at one step or another: a sentence, its exit code, no page half written, nothing left."""

import errno
import os
import resource
import shutil
import signal
import tempfile

import pytest

from kmanalysis.report.files import PARTIAL
from kmanalysis.report.making.task import CAN_FORK
from tests.faults.child import at_step, run
from tests.faults.conftest import MARK, content
from tests.faults.test_system_faults import is_sentence, place
from tests.report.small import FIXTURES

__all__ = ["place"]

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="forks, and limits of Linux")


@pytest.fixture
def report(place):
    """Runs the report of a small folder into ``out``, marked so that `left` finds its processes."""
    (place / "notebooks").mkdir(exist_ok=True)
    for name in ("small", "supplier"):
        shutil.copy(FIXTURES / f"{name}.ipynb", place / "notebooks")

    def report(out="out", before=lambda: None, **options):
        def mark():
            os.environ[MARK] = str(place)
            before()

        options |= {"before": mark}
        return run(place, "report", "--data", place / "data", "--month", "2026-10", "--out", place / out, "--notebooks", place / "notebooks", **options)

    return report


def stopping(number):
    return lambda: os.kill(os.getpid(), number)


def full():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# Of some five hundred writes: before a page is begun, with one of them made, with all of them made, and at the last file of all.
STOPS = {
    "slices": (5, stopping(signal.SIGINT), 130),
    "files/small.html": (2, stopping(signal.SIGTERM), 143),
    "files/scorecard.xlsx": (1, full, 1),
    "files/manifest.json": (2, full, 1),
}


def test_a_stopped_report_is_whole_after_the_next_run(place, report, left):
    undisturbed = report("undisturbed")
    assert (undisturbed.code, "Traceback" in undisturbed.err) == (0, False), undisturbed
    whole = content(place / "undisturbed" / "2026-10")
    folder = place / "out" / "2026-10"
    for name, (step, fault, code) in STOPS.items():
        done = report(before=lambda name=name, step=step, fault=fault: at_step(folder / PARTIAL / name, step, fault))
        assert done.code == code, (name, done)
        assert "Traceback" not in done.err
        assert done.err.splitlines()[-1].startswith("Stopped. " if code > 128 else "Error: The disk that "), done
        there = content(folder) if folder.is_dir() else {}
        assert {path: made for path, made in there.items() if made != whole.get(path)} == {}
        assert left(5.0) == {}
    assert report().code == 0
    assert content(folder) == whole
    assert left(5.0) == {}


@pytest.mark.parametrize("limit", [(resource.RLIMIT_FSIZE, 1000), (resource.RLIMIT_NOFILE, 7)], ids=["size", "number"])
def test_a_report_that_may_open_or_write_too_little_is_refused_in_a_sentence(place, report, left, limit):
    done = report(limits=[limit])
    assert "Traceback" not in done.err
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("Error: ")
    assert [path for path in content(place / "out") if path.endswith(".html") and PARTIAL not in path] == []
    assert left(5.0) == {}


def test_no_folder_for_temporary_files_is_a_sentence(place, report):
    def remove():
        tempfile.tempdir = str(place / "gone")

    done = report(before=remove)
    assert is_sentence(done, 2)
    assert "TMPDIR" in done.err
    assert not list((place / "out").rglob("*.html"))
