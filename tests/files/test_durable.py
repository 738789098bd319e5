"""Files that are whole or not there, and locks that no killed process holds."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kmanalysis.errors import LockHeld
from kmanalysis.files import durable
from kmanalysis.files.durable import locked, move_into_place, write_atomically


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_with_its_folder_and_nothing_stays_beside_it(tmp_path):
    target = tmp_path / "new" / "货源.csv"
    write_atomically(target, b"one")
    assert target.read_bytes() == b"one"
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    assert names(target.parent) == ["货源.csv"]


def test_the_content_is_written_to_the_temporary_file_first(tmp_path):
    target, temporary = tmp_path / "report" / "page.html", tmp_path / "partial" / "page.html"
    temporary.parent.mkdir()
    temporary.write_bytes(b"left by a killed run, and longer")
    write_atomically(target, b"whole", temporary=temporary)
    assert target.read_bytes() == b"whole"
    assert names(temporary.parent) == []


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_content_and_no_temporary_file(tmp_path, monkeypatch, broken):
    target = tmp_path / "kept"
    target.write_bytes(b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, broken, fail)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["kept"]


def test_a_file_that_must_be_new_replaces_none(tmp_path):
    target = tmp_path / "key"
    write_atomically(target, b"first", mode=0o600, replace=False)
    with pytest.raises(FileExistsError):
        write_atomically(target, b"second", mode=0o600, replace=False)
    assert target.read_bytes() == b"first"
    assert target.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["key"]


def test_many_writers_of_one_file_leave_one_whole_content(tmp_path):
    contents = [bytes([65 + number]) * 100_000 for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_atomically(tmp_path / "file", content), contents))
    assert (tmp_path / "file").read_bytes() in contents
    assert names(tmp_path) == ["file"]


def test_a_finished_file_gets_its_name(tmp_path):
    (tmp_path / "temporary").write_bytes(b"new")
    (tmp_path / "target").write_bytes(b"old")
    move_into_place(tmp_path / "temporary", tmp_path / "target")
    assert names(tmp_path) == ["target"]
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_held_lock_is_told_to_who_does_not_wait_and_free_afterwards(tmp_path):
    with locked(tmp_path / "new" / "lock", wait=False):
        with pytest.raises(LockHeld, match="lock is held by another process"), locked(tmp_path / "new" / "lock", wait=False):
            pass
        with locked(tmp_path / "other", wait=False):
            pass
    with locked(tmp_path / "new" / "lock", wait=False):
        pass


def test_a_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "lock", wait=False):
        raise ZeroDivisionError
    with locked(tmp_path / "lock", wait=False):
        pass


def test_who_waits_gets_the_lock_when_it_is_free(tmp_path):
    order = []

    def second():
        with locked(tmp_path / "lock", wait=True):
            order.append("second")

    with ThreadPoolExecutor(1) as pool:
        with locked(tmp_path / "lock", wait=False):
            waiting = pool.submit(second)
            order.append("first")
        waiting.result()
    assert order == ["first", "second"]


HOLDS = """
import os, sys, time
from pathlib import Path
from kmanalysis.files.durable import locked
with locked(Path(sys.argv[1]), wait=True):
    child = os.fork() if hasattr(os, "fork") else -1
    if child == 0:
        # Only now has it let go of what it was forked with.
        print(os.getpid(), flush=True)
        time.sleep(600)
    if child < 0:
        print(child, flush=True)
    sys.stdin.read()
"""


def test_a_killed_process_holds_no_lock_even_while_its_forked_child_lives(tmp_path):
    holder = subprocess.Popen([sys.executable, "-c", HOLDS, tmp_path / "lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child = int(holder.stdout.readline())
    try:
        with pytest.raises(LockHeld), locked(tmp_path / "lock", wait=False):
            pass
        holder.kill()
        holder.wait()
        with locked(tmp_path / "lock", wait=False):
            pass
    finally:
        holder.kill()
        if child > 0:
            os.kill(child, signal.SIGKILL)
        holder.communicate()
