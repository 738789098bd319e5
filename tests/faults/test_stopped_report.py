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
    shutil.copy(FIXTURES / "small.ipynb", place / "notebooks")

    def report(before=lambda: None, **options):
        def mark():
            os.environ[MARK] = str(place)
            before()

        options |= {"before": mark}
        return run(place, "report", "--data", place / "data", "--month", "2026-10", "--out", place / "out", "--notebooks", place / "notebooks", **options)

    return report


def stopping(number):
    return lambda: os.kill(os.getpid(), number)


def full():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# Of some five hundred writes: before a page is begun, where one gets its name, and where the last file of all does.
STOPS = {
    "slices": (5, stopping(signal.SIGINT), 130),
    "files/small.html": (2, stopping(signal.SIGTERM), 143),
    "files/manifest.json": (2, full, 1),
}


def test_a_stopped_report_is_whole_after_the_next_run(place, report, left):
    found: list[dict[str, bytes]] = []
    folder = place / "out" / "2026-10"
    for name, (step, fault, code) in STOPS.items():
        done = report(before=lambda name=name, step=step, fault=fault: at_step(folder / PARTIAL / name, step, fault))
        assert done.code == code, (name, done)
        assert "Traceback" not in done.err
        assert done.err.splitlines()[-1].startswith("Stopped. " if code > 128 else "Error: The disk that "), done
        found.append(content(folder) if folder.is_dir() else {})
        assert left(5.0) == {}
    done = report()
    assert (done.code, "small.html: up to date" in done.err) == (0, True), done
    whole = content(folder)
    assert sorted(whole) == ["index.html", "manifest.json", "measures.parquet", "scorecard.csv", "scorecard.xlsx", "small.html"]
    # The same input gives the same bytes: what was there before is what is there now, and the list of it came last.
    assert all(there.items() <= whole.items() and "manifest.json" not in there for there in found)
    assert found[-1].keys() == whole.keys() - {"manifest.json"}
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
