"""What does not fit into memory: it goes to disk, to nobody else's eyes, and is gone afterwards, also after a kill."""

import signal
import subprocess
import sys

import pytest

from kmanalysis.engine.duckdb import connect, encrypt_spilling
from kmanalysis.engine.spill import PREFIX, spill_folder

SPILLS = """
import sys
from kmanalysis.engine.duckdb import connect
connection = connect()
connection.execute("SET memory_limit = '150MB'")
connection.execute("SET threads = 2")
line = connection.cursor()
line.execute("CREATE TABLE kept AS SELECT DISTINCT md5(i::VARCHAR) AS text FROM range(4000000) numbers(i)")
files = line.execute("SELECT coalesce(sum(size), 0) FROM duckdb_temporary_files()").fetchone()[0]
print(line.execute("SELECT count(DISTINCT text) FROM kept").fetchone()[0], files > 0, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def spilling(tmp_path, monkeypatch):
    """Starts a process whose engine has spilled, with a temporary folder of the test's own; it ends when its input is closed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    started = []

    def start():
        process = subprocess.Popen([sys.executable, "-c", SPILLS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().split()

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_what_spills_is_right_and_private_and_gone_afterwards(spilling, tmp_path):
    process, told = spilling()
    assert told == ["4000000", "True"]
    [folder] = tmp_path.glob(f"{PREFIX}*")
    assert folder.stat().st_mode & 0o077 == 0
    assert [path for path in folder.rglob("*") if path.is_file()]
    process.communicate()
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next_one_and_a_running_one_s_stays(spilling, tmp_path):
    killed, _ = spilling()
    [left] = tmp_path.glob(f"{PREFIX}*")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert left.is_dir()
    running, _ = spilling()
    assert not left.exists()
    [kept] = tmp_path.glob(f"{PREFIX}*")
    subprocess.run([sys.executable, "-c", "from kmanalysis.engine.duckdb import connect; connect()"], check=True)
    assert list(tmp_path.iterdir()) == [kept]
    running.communicate()
    assert list(tmp_path.iterdir()) == []


def test_no_two_connections_share_a_folder():
    one, other = spill_folder(), spill_folder()
    assert one != other
    assert one.parent == other.parent


def test_what_spills_encrypted_is_right_and_nowhere_in_clear(tmp_path):
    with connect(threads=2) as connection:
        connection.execute(f"SET temp_directory = '{tmp_path}'; SET memory_limit = '40MB'")
        encrypt_spilling(connection)
        connection.execute("CREATE TABLE codes AS SELECT 'MARKER-' || md5(number::VARCHAR) AS code FROM range(1500000) r(number)")
        spilled = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in spilled) > 0
        assert not any(b"MARKER-" in path.read_bytes() for path in spilled)
        found = connection.execute("SELECT count(*), count(*) FILTER (WHERE length(code) = 39) FROM codes").fetchone()
        assert found == (1_500_000, 1_500_000)
