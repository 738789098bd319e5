"""A limit on what a process may have is lived with, or said before the work."""

import os
import resource
import subprocess
import sys

import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.memory import engine_limit
from kmanalysis.errors import KmError
from kmanalysis.files import memory

GB = 1 << 30


@pytest.fixture
def limited(monkeypatch):
    """Has the system say that the process may have so much."""
    return lambda most: monkeypatch.setattr(resource, "getrlimit", lambda what: (most, resource.RLIM_INFINITY))


def test_too_little_is_said_with_what_is_needed(limited):
    limited(memory.LEAST)
    memory.check_address_space()
    limited(memory.LEAST - 1)
    with pytest.raises(KmError, match=r"1023 MB.*at least 1024 MB.*ulimit -v 1048576"):
        memory.check_address_space()
    limited(resource.RLIM_INFINITY)
    memory.check_address_space()


def test_the_libraries_are_told_to_be_frugal_and_what_a_user_has_set_stands():
    code = "from kmanalysis.files.memory import be_frugal; v = {'OMP_NUM_THREADS': '1'}; be_frugal(v); print(sorted(v.items()))"
    for limit, told in (
        ("unlimited", "[('OMP_NUM_THREADS', '1')]\n"),
        (
            "2097152",
            "[('ARROW_DEFAULT_MEMORY_POOL', 'system'), ('MALLOC_ARENA_MAX', '2'), ('OMP_NUM_THREADS', '1'), ('OPENBLAS_NUM_THREADS', '1')]\n",
        ),
    ):
        done = subprocess.run(["sh", "-c", f'ulimit -v {limit} && "$0" -c "$1"', sys.executable, code], capture_output=True, text=True, check=True)
        assert done.stdout == told


def test_the_engine_keeps_within_the_limit(limited):
    limited(2 * GB)
    assert engine_limit(None) <= engine_limit("2GB") < GB + GB // 8
    assert engine_limit("100GB") == engine_limit("2GB")
    with connect() as connection:
        assert connection.execute("SELECT current_setting('threads')").fetchone()[0] == min(memory.THREADS, os.cpu_count())
    with connect(threads=1) as connection:
        assert connection.execute("SELECT current_setting('threads')").fetchone()[0] == 1
