"""How much memory a run may take."""

import pytest

from kmanalysis.engine import memory
from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import UsageError

GB = 1 << 30


@pytest.mark.parametrize(("text", "found"), [("4GB", 4 * GB), ("4g", 4 * GB), (" 1.5 GiB ", 3 * GB // 2), ("2048MB", 2 * GB), ("1t", 1024 * GB)])
def test_sizes_are_read_as_people_write_them(text, found):
    assert memory.bytes_of(text) == found


@pytest.mark.parametrize("text", ["", "4", "4 gigabytes", "-4GB", "4GBs", "1.GB", "nan"])
def test_what_is_no_size_is_an_error(text):
    with pytest.raises(UsageError, match="cannot be read"):
        memory.bytes_of(text)


def test_too_little_is_an_error():
    with pytest.raises(UsageError, match="too little"):
        memory.bytes_of("900MB")


def test_the_engine_leaves_room_for_the_rest():
    assert 2 * GB < memory.engine_limit("4GB") < 3 * GB
    assert memory.engine_limit("1GB") < GB // 2


def test_without_a_size_it_is_a_share_of_the_machine(monkeypatch):
    monkeypatch.setattr(memory, "machine_memory", lambda: 100 * GB)
    assert 40 * GB < memory.engine_limit(None) < 60 * GB


def test_the_connection_is_bound_by_it():
    bound = connect("4GB").execute("SELECT current_setting('memory_limit')").fetchone()[0]
    assert bound.endswith("GiB")
    assert float(bound.split()[0]) == pytest.approx(memory.engine_limit("4GB") / GB, abs=0.1)
