"""What the operating system does to a run: a sentence with the path and the remedy, the right exit code, and a folder as before or as after."""

import errno
import os
import resource
import shutil
import signal
import sys
import tomllib

import pytest

from kmanalysis.loaders.load import check, load
from kmanalysis.loaders.mapping.toml import parse_mapping
from kmanalysis.loaders.store import JOURNAL
from tests.faults.child import at_step, run
from tests.loaders.test_load import HEAD, MAPPING, ROWS
from tests.sources.test_faults import small_disk

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, limits and capabilities of Linux")

STEPS = 24
"""At least so many times a load into a folder with tables opens, renames or removes something there."""


@pytest.fixture
def place(tmp_path):
    """A folder with tables, a further export to load, and its mapping."""
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "a.csv").write_text(HEAD + ROWS, encoding="utf-8")
    (tmp_path / "b.csv").write_text(HEAD + "9,丁店,点卡,2026-10-02 08:00:00,1,10,已完成,13800138001\n8,甲店,点卡,昨天,1,1,已完成,\n", encoding="utf-8")
    load([tmp_path / "a.csv"], parse_mapping(tomllib.loads(MAPPING), "m.toml"), tmp_path / "data")
    return tmp_path


def loading(place, **options):
    return run(place, "load", place / "b.csv", "--mapping", place / "m.toml", "--into", place / "data", **options)


def state(folder):
    """The tables and lists of rejects: all that a reader meets."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in (".parquet", ".csv")}


@pytest.fixture
def after(place):
    """What the folder holds once the load was undisturbed."""
    undisturbed = place / "undisturbed"
    shutil.copytree(place / "data", undisturbed / "data")
    for name in ("b.csv", "m.toml"):
        shutil.copy(place / name, undisturbed)
    done = loading(undisturbed)
    assert (done.code, done.err) == (1, ""), done  # one row is rejected
    return state(undisturbed / "data")


def is_sentence(done, code):
    assert done.code == code, done
    assert "Traceback" not in done.err + done.out
    assert done.err.startswith(("Error: ", "Stopped. ")), done
    assert len(done.err.strip().splitlines()) == 1, done
    return True


def mode(path, bits):
    path.chmod(bits)
    return path


def unreadable(name):
    return lambda place: mode(place / "data" / name, 0)


DENIED = {
    "a table to score": (unreadable("orders.parquet"), ["score", "--data", "{data}"], "orders.parquet"),
    "a table to check": (unreadable("orders.parquet"), ["check", "--data", "{data}"], "orders.parquet"),
    "a table to stamp": (unreadable("orders.parquet"), ["check", "--stamp", "--data", "{data}"], "orders.parquet"),
    "a table of text": (lambda place: mode(text_table(place), 0), ["score", "--data", "{data}"], "tickets.csv"),
    "a key": (unreadable(".kmanalysis-key"), ["check", "--data", "{data}"], ".kmanalysis-key"),
    "the folder": (lambda place: mode(place / "data", 0), ["score", "--data", "{data}"], "data"),
    "an export": (lambda place: mode(place / "b.csv", 0), ["load", "{place}/b.csv", "--mapping", "{place}/m.toml", "--into", "{data}"], "b.csv"),
    "an export without a mapping": (lambda place: mode(place / "b.csv", 0), ["load", "{place}/b.csv", "--into", "{data}"], "b.csv"),
    "a mapping": (lambda place: mode(place / "m.toml", 0), ["load", "{place}/b.csv", "--mapping", "{place}/m.toml", "--into", "{data}"], "m.toml"),
    "the folder to load into": (
        lambda place: mode(place / "data", 0o555),
        ["load", "{place}/b.csv", "--mapping", "{place}/m.toml", "--into", "{data}"],
        "data",
    ),
    "a new folder": (lambda place: locked_up(place), ["load", "{place}/b.csv", "--mapping", "{place}/m.toml", "--into", "{place}/ro/new"], "ro"),
    "where a report goes": (lambda place: locked_up(place), ["report", "--data", "{data}", "--month", "2026-10", "--out", "{place}/ro/r"], "ro"),
    "where claims go": (lambda place: locked_up(place), ["claims", "export", "--data", "{data}", "--month", "2026-10", "--out", "{place}/ro/r"], "ro"),
    "where a form goes": (lambda place: locked_up(place), ["forms", "--out", "{place}/ro/f.xlsx"], "ro"),
    "where samples go": (lambda place: locked_up(place), ["sample", "--into", "{place}/ro/s"], "ro"),
    "a folder of one's own": (lambda place: locked_up(place), ["init", "{place}/ro/mine"], "mine"),
    "standards": (lambda place: mode(standards(place), 0), ["score", "--data", "{data}", "--standards", "{place}/s.toml"], "s.toml"),
}


def text_table(place):
    (place / "data" / "tickets.csv").write_text("ticket_id\n", encoding="utf-8")
    return place / "data" / "tickets.csv"


def standards(place):
    (place / "s.toml").write_text("")
    return place / "s.toml"


def locked_up(place):
    (place / "ro").mkdir()
    mode(place / "ro", 0o555)


@pytest.mark.parametrize("what", DENIED)
def test_what_permissions_forbid_is_an_unusable_argument(place, what):
    forbid, command, named = DENIED[what]
    before = state(place / "data")
    forbid(place)
    done = run(place, *(part.format(place=place, data=place / "data") for part in command), as_user=True)
    mode(place / "data", 0o755)
    assert is_sentence(done, 2)
    assert named in done.err
    for path in (place / "data").iterdir():
        path.chmod(0o600)
    assert {name: content for name, content in state(place / "data").items() if name in before} == before


WRONG = {
    "a report to a device": ["report", "--data", "{data}", "--month", "2026-10", "--out", "/dev/null"],
    "a report to a file": ["report", "--data", "{data}", "--month", "2026-10", "--out", "{place}/b.csv"],
    "a report below a file": ["report", "--data", "{data}", "--month", "2026-10", "--out", "{place}/b.csv/reports"],
    "a load into a device": ["load", "{place}/b.csv", "--mapping", "{place}/m.toml", "--into", "/dev/null"],
    "a load into a file": ["load", "{place}/b.csv", "--mapping", "{place}/m.toml", "--into", "{place}/b.csv"],
    "samples into a file": ["sample", "--into", "{place}/b.csv/s"],
    "a name too long": ["load", "{place}/b.csv", "--mapping", "{place}/m.toml", "--into", "{place}/" + "x" * 300],
    "a report to a name too long": ["report", "--data", "{data}", "--month", "2026-10", "--out", "{place}/" + "x" * 300],
    "claims to a device": ["claims", "export", "--data", "{data}", "--month", "2026-10", "--out", "/dev/null"],
    "a year that is none": ["score", "--data", "{data}", "--month", "0000-01"],
    "a year without a next one": ["score", "--data", "{data}", "--month", "9999-12"],
}


@pytest.mark.parametrize("what", WRONG)
def test_a_place_of_the_wrong_kind_is_an_unusable_argument(place, what):
    before = state(place)
    assert is_sentence(run(place, *(part.format(place=place, data=place / "data") for part in WRONG[what])), 2)
    assert state(place) == before


def test_a_key_that_is_a_folder_is_a_sentence(place):
    (place / "data" / ".kmanalysis-key").unlink()
    (place / "data" / ".kmanalysis-key").mkdir(mode=0o700)
    for command in (["check", "--data", place / "data"], ["load", place / "b.csv", "--mapping", place / "m.toml", "--into", place / "data"]):
        done = run(place, *command)
        assert is_sentence(done, done.code)
        assert done.code in (1, 2)
        assert ".kmanalysis-key" in done.err


def test_no_folder_for_temporary_files_is_a_sentence(place):
    import tempfile

    def remove():
        tempfile.tempdir = str(place / "gone")

    for command in (["score", "--data", place / "data"], ["load", place / "b.csv", "--mapping", place / "m.toml", "--into", place / "data"]):
        done = run(place, *command, before=remove)
        assert is_sentence(done, 2)
        assert "TMPDIR" in done.err


def test_a_full_folder_for_temporary_files_is_in_nobodys_way_or_said(place, after):
    import tempfile

    with small_disk(place / "tmp", kilobytes=16):
        (place / "tmp" / "filling").write_bytes(b"-" * shutil.disk_usage(place / "tmp").free)

        def point():
            tempfile.tempdir = os.environ["TMPDIR"] = str(place / "tmp")

        # What fits into memory needs no room there: links and pipes take none.
        scored, loaded = run(place, "score", "--data", place / "data", before=point), loading(place, before=point)
        assert (scored.code, loaded.code) == (0, 1), (scored, loaded)
        assert "Traceback" not in scored.err + loaded.err
    assert state(place / "data") == after


@pytest.mark.parametrize("size", [0, 10, 200, 1000, 4000])
def test_files_that_may_not_grow_leave_the_folder_as_it_was(place, after, size):
    before = state(place / "data")
    done = loading(place, limits=[(resource.RLIMIT_FSIZE, size)])
    # What is printed goes to a file as well.
    assert done.code == 1
    assert "Traceback" not in done.err
    assert state(place / "data") == before
    assert loading(place).code == 1
    assert state(place / "data") == after


@pytest.mark.parametrize("files", [4, 8, 12])
def test_files_that_may_not_be_opened_leave_the_folder_as_it_was(place, after, files):
    before = state(place / "data")
    done = loading(place, limits=[(resource.RLIMIT_NOFILE, files)])
    if done.code != 1 or done.err:
        assert is_sentence(done, 1)
    assert state(place / "data") in ((before,) if done.err else (after,))
    assert loading(place).code == 1
    assert state(place / "data") == after


@pytest.mark.parametrize("fault", ["full", "read-only", "SIGINT", "SIGTERM"])
def test_at_each_step_of_a_load_the_folder_is_as_before_or_as_after(place, after, fault):
    before, kept, met = state(place / "data"), place / "kept", 0
    shutil.copytree(place / "data", kept)

    def fail():
        if fault.startswith("SIG"):
            os.kill(os.getpid(), getattr(signal, fault))
        else:
            number = errno.ENOSPC if fault == "full" else errno.EROFS
            raise OSError(number, os.strerror(number))

    # A full disk and Ctrl-C at every step; what goes the same way at every other.
    steps = {"read-only": range(1, STEPS + 1, 2), "SIGTERM": range(2, STEPS + 1, 2)}.get(fault, range(1, STEPS + 1))
    for step in steps:
        shutil.rmtree(place / "data")
        shutil.copytree(kept, place / "data")
        done = loading(place, before=lambda step=step: at_step(place / "data", step, fail))
        if done.err:
            met += 1
            assert is_sentence(done, {"full": 1, "read-only": 2, "SIGINT": 130, "SIGTERM": 143}[fault])
        # Renaming that failed half way is done to its end by whoever comes next, be it to read; signals do not stop it.
        if (place / "data" / JOURNAL).exists():
            assert not fault.startswith("SIG")
            check(place / "data")
            assert state(place / "data") == after
        assert state(place / "data") in (before, after), f"step {step}"
    assert met > len(steps) // 2


def test_a_full_disk_leaves_the_folder_as_it_was(place, after):
    disk = place / "disk"
    with small_disk(disk, kilobytes=400):
        shutil.copytree(place / "data", disk / "data")
        for name in ("b.csv", "m.toml"):
            shutil.copy(place / name, disk)
        before = state(disk / "data")
        free = shutil.disk_usage(disk).free
        for left in (0, 4096, 12288):
            (disk / "filling").write_bytes(b"-" * (free - left))
            done = run(place, "load", disk / "b.csv", "--mapping", disk / "m.toml", "--into", disk / "data")
            (disk / "filling").unlink()
            assert is_sentence(done, 1)
            assert "is full" in done.err
            assert str(disk / "data") in done.err
            assert state(disk / "data") == before
        loaded = run(place, "load", disk / "b.csv", "--mapping", disk / "m.toml", "--into", disk / "data")
        assert (loaded.code, loaded.err) == (1, "")
        assert state(disk / "data") == after


def test_a_report_to_a_full_disk_is_refused_in_a_sentence(place):
    with small_disk(place / "disk", kilobytes=40):
        done = run(place, "report", "--data", place / "data", "--month", "2026-10", "--out", place / "disk" / "r", "--notebook", "01_stability")
        assert done.code == 1
        assert "Traceback" not in done.err
        assert "is full" in done.err
