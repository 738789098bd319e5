"""The fuzz run of `make fuzz`, a few inputs of each reader: it finds no fault, and finds those that there are."""

import os
import time

import pytest

from benchmarks.fuzz.__main__ import READERS, counts
from benchmarks.fuzz.workers import FAULTS, outcomes
from kmanalysis.errors import DataError

NUMBERS = {"csv": 15, "xlsx": 15, "xls": 6, "parquet": 20, "forms": 10, "mapping": 30, "folder": 20}


@pytest.mark.parametrize("name", READERS)
def test_inputs_are_read_as_written_or_refused(tmp_path, name):
    numbers = list(range(1, NUMBERS.get(name, 60)))
    found = counts(name, numbers, seed=7, whole_every=10, workers=1, faults=tmp_path)
    assert [(kind, found[kind]) for kind in FAULTS if found[kind]] == []
    assert not list(tmp_path.iterdir())
    assert found["read"] + found["refused"] == found["inputs"] == len(numbers)
    assert found["read"]


def fail(draw, folder, connection, whole):
    (folder / "drawn").write_text("drawn")
    match int(folder.name):
        case 0:
            raise DataError("{file} is refused.", file="drawn")
        case 1:
            raise ValueError("no sentence")
        case 2:
            raise DataError("{file} is refused.", file="drawn") from MemoryError()
        case 3:
            bytearray(b"x" * (80 << 20))
        case 4:
            time.sleep(60)
        case 5:
            os._exit(3)


def test_each_kind_of_fault_is_seen_and_its_input_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.fuzz.workers.SECONDS", 0.5)
    monkeypatch.setattr("benchmarks.fuzz.workers.LARGEST", 64 << 20)
    found = outcomes("x", fail, list(range(7)), seed=1, whole_every=9, workers=2, folder=tmp_path / "place", faults=tmp_path / "faults")
    kinds = {outcome.number: outcome.kind for outcome in found}
    assert kinds == {0: "refused", 1: "traceback", 2: "large", 3: "large", 4: "slow", 5: "died", 6: "read"}
    kept = sorted(path.name for path in (tmp_path / "faults" / "x").iterdir())
    assert kept == ["died-5", "large-2", "large-3", "slow-4", "traceback-1"]
    for name in kept:
        assert (tmp_path / "faults" / "x" / name / "drawn").read_text() == "drawn"
        assert f"--reader x --seed 1 --whole-every 9 --only {name[-1]}\n" in (tmp_path / "faults" / "x" / name / "what.txt").read_text()
