import errno
import zlib

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import PasswordError, XmlError

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.damage import whole_parquet, whole_workbook
from kmanalysis.loaders.reading.text import stage_parquet

Panic = type("PanicException", (BaseException,), {})


@pytest.mark.parametrize(
    "problem", [XmlError("x"), zlib.error("x"), IndexError(1), KeyError("a"), Panic("assertion failed"), UnicodeDecodeError("utf-8", b"a", 0, 1, "x")]
)
def test_whatever_readers_of_workbooks_raise_is_a_sentence(problem):
    with pytest.raises(DataError, match=r"a\.xlsx cannot be read as an Excel workbook"), whole_workbook("a.xlsx"):
        raise problem


@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES, errno.ENOMEM, errno.EIO, errno.ENOSPC])
def test_what_the_system_refuses_is_no_damage(number):
    with pytest.raises(OSError, match="refused") as told, whole_workbook("a.xlsx"):
        raise OSError(number, "refused")
    assert told.value.errno == number


@pytest.mark.parametrize("problem", [OSError(errno.EINVAL, "seek"), OSError("broken stream")])
def test_what_a_damaged_file_leads_to_is_none_of_the_system(problem):
    with pytest.raises(DataError, match=r"a\.xlsx cannot be read as an Excel workbook"), whole_workbook("a.xlsx"):
        raise problem


def test_a_password_has_a_sentence_of_its_own_and_an_interrupt_passes():
    with pytest.raises(DataError, match="password"), whole_workbook("a.xlsx"):
        raise PasswordError("x")
    with pytest.raises(KeyboardInterrupt), whole_workbook("a.xlsx"):
        raise KeyboardInterrupt
    with pytest.raises(DataError, match="ours"), whole_workbook("a.xlsx"):
        raise DataError("ours")


@pytest.mark.parametrize("problem", [duckdb.InvalidInputException("secret"), duckdb.InternalException("x"), pa.ArrowInvalid("x"), OSError("bad thrift")])
def test_whatever_the_engine_raises_of_parquet_is_a_sentence_without_content(problem):
    with pytest.raises(DataError, match=r"^a\.parquet: this is no Parquet file that can be read\. Export it again\.$"), whole_parquet("a.parquet"):
        raise problem


@pytest.mark.parametrize(
    "problem", [duckdb.OutOfMemoryException("x"), duckdb.IOException("No space left"), OSError(errno.ENOSPC, "x"), PermissionError(errno.EACCES, "x")]
)
def test_what_there_is_no_room_or_right_for_passes(problem):
    with pytest.raises(type(problem)), whole_parquet("a.parquet"):
        raise problem


def test_a_small_file_that_there_is_no_room_for_is_damaged(tmp_path, monkeypatch):
    pq.write_table(pa.table({"a": range(1000)}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"^a\.parquet: this is no Parquet file"), whole_parquet("a.parquet", [tmp_path / "a.parquet"]):
        raise duckdb.OutOfMemoryException("could not allocate 1.8 GiB")
    monkeypatch.setattr("kmanalysis.loaders.reading.damage.LITTLE", 100)
    with pytest.raises(duckdb.OutOfMemoryException), whole_parquet("a.parquet", [tmp_path / "a.parquet"]):
        raise duckdb.OutOfMemoryException("could not allocate 1.8 GiB")


def test_a_page_that_says_it_is_larger_than_any_memory_is_damage(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": ["x"] * 50}), path, compression="none", use_dictionary=False, write_statistics=False)
    content = bytearray(path.read_bytes())
    # The first page's head follows the file's first word: its kind, then its size unpacked and packed, each a number of two bytes here.
    assert content[4:7] == b"\x15\x00\x15"
    size = content[7:9]
    assert content[9:12] == b"\x15" + size
    largest = b"\xfe\xff\xff\xff\x0f"
    content[7:12] = largest + b"\x15" + largest
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"^a\.parquet: this is no Parquet file"):
        stage_parquet(connect(memory="1GB", threads=1), path, "raw")
