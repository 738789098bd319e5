import errno
import zlib

import duckdb
import pyarrow as pa
import pytest
from python_calamine import PasswordError, XmlError

from kmanalysis.errors import DataError
from kmanalysis.loaders.reading.damage import whole_parquet, whole_workbook

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
