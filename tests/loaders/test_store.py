"""A folder's files: the same rows give the same bytes, and a full disk is told as what it is."""

import errno
import gc

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmanalysis.errors import DataError
from kmanalysis.loaders import store
from kmanalysis.loaders.store import RowGroups, told_when_full

SCHEMA = pa.schema({"id": pa.int64(), "name": pa.string()})


def rows(first, last):
    return pa.table({"id": range(first, last), "name": [f"n{number}" for number in range(first, last)]}, SCHEMA)


@pytest.mark.parametrize("sizes", [[95], [1] * 95, [10, 10, 75], [3, 41, 51], [0, 95, 0]])
def test_the_same_rows_give_the_same_bytes_however_they_come(tmp_path, monkeypatch, sizes):
    monkeypatch.setattr(store, "ROW_GROUP", 10)
    written = []
    for number, parts in enumerate(([95], sizes)):
        path, first = tmp_path / f"{number}.parquet", 0
        with RowGroups(path, SCHEMA) as file:
            for size in parts:
                file.write(rows(first, first + size))
                first += size
        written.append(path.read_bytes())
        assert pq.read_table(path) == rows(0, 95)
        assert pq.ParquetFile(path).num_row_groups == 10
    assert written[0] == written[1]


def test_a_file_without_rows_has_its_columns(tmp_path):
    with RowGroups(tmp_path / "none.parquet", SCHEMA):
        pass
    assert pq.read_table(tmp_path / "none.parquet") == rows(0, 0)


@pytest.mark.parametrize(
    ("problem", "said"),
    [(OSError(errno.ENOSPC, "no space"), "is full"), (OSError(errno.EDQUOT, "quota"), "is full"), (duckdb.OutOfMemoryException("x"), "TMPDIR"),
     (duckdb.IOException("Could not write: No space left on device"), "TMPDIR")],
)  # fmt: skip
def test_a_full_disk_names_the_folder_and_what_to_do(tmp_path, problem, said):
    with pytest.raises(DataError, match=said) as told, told_when_full(tmp_path):
        raise problem
    assert tmp_path.name in str(told.value)
    assert "try again" in str(told.value)


@pytest.mark.parametrize("problem", [PermissionError(errno.EACCES, "denied"), duckdb.IOException("not a Parquet file")])
def test_other_errors_are_no_full_disk(tmp_path, problem):
    with pytest.raises(type(problem)), told_when_full(tmp_path):
        raise problem


def test_a_write_that_fails_leaves_no_complaint_behind(tmp_path, capfd):
    def write():
        with RowGroups(tmp_path / "a.parquet", SCHEMA) as file:
            file.write(rows(0, 3))
            raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(OSError, match="no space"):
        write()
    gc.collect()
    assert capfd.readouterr().err == ""
