"""What the system refuses becomes a sentence that names the path and what to do, with the exit code of who can mend it."""

import errno
import os

import duckdb
import pyarrow as pa
import pytest

from kmanalysis.errors import DataError, KmError, PathError, UsageError
from kmanalysis.files.faults import check_readable, check_writable, error_of, said
from kmanalysis.words import Words

GIVEN = {
    "EACCES": "permission denied.*right to read and write", "EPERM": "permission denied", "EROFS": "read-only.*can be written", "ENOENT": "not there.*Check",
    "ENOTDIR": "folder is needed", "EISDIR": "is a folder", "ENAMETOOLONG": "longer than.*Shorten", "EEXIST": "there already", "ENOTEMPTY": "there already",
    "ELOOP": "circle",
}  # fmt: skip
ON_THE_WAY = {
    "ENOSPC": "is full.*Free some space", "EDQUOT": "is full", "EFBIG": "ulimit -f", "EMFILE": "ulimit -n", "ENFILE": "too many", "ENOMEM": "ulimit -v",
    "EIO": "Input/output error.*try again", "ESTALE": "try again",
}  # fmt: skip


@pytest.mark.parametrize("name", [*GIVEN, *ON_THE_WAY])
def test_a_refusal_is_a_sentence_with_its_path_reason_and_remedy(name):
    number = getattr(errno, name)
    with pytest.raises(KmError, match=(GIVEN | ON_THE_WAY)[name]) as told, said("place"):
        raise OSError(number, os.strerror(number), "some/file")
    assert "some/file" in str(told.value) or name == "ENOMEM"
    assert told.value.exit_code == (2 if name in GIVEN else 1)
    assert isinstance(told.value, PathError) == (name in GIVEN)
    assert isinstance(told.value.__cause__, OSError)
    assert Words("zh").error(told.value) != str(told.value)


@pytest.mark.parametrize(("problem", "named"), [
    (OSError(errno.ENOSPC, "full"), "place"), (OSError(errno.EACCES, "no", b"a\xb6"), r"a\xb6"), (OSError(errno.EACCES, "no", "from", None, "to"), "to"),
    (OSError(errno.EACCES, "no", 3), "place"), (OSError("odd"), "odd"), (OSError(), "OSError"), (OSError(errno.EIO, "a\nb", "x"), "x"),
])  # fmt: skip
def test_the_path_is_what_the_system_names_else_the_place_of_the_work(problem, named):
    told = str(error_of(problem, "place"))
    assert named in told
    assert "\n" not in told


@pytest.mark.parametrize(("problem", "told"), [
    (MemoryError(), "not enough memory"), (pa.lib.ArrowMemoryError("malloc"), "not enough memory"), (RuntimeError("can't start new thread"), "ulimit -u"),
    (duckdb.OutOfMemoryException("x"), "TMPDIR"), (duckdb.IOException("Could not write: No space left on device"), "TMPDIR"),
    (duckdb.IOException('Cannot open file "x": Permission denied\nLINE 1'), "Permission denied"),
    (duckdb.PermissionException("Cannot access"), "Cannot access"),
])  # fmt: skip
def test_what_the_machine_or_the_engine_lacks_is_said_as_well(problem, told):
    with pytest.raises(KmError, match=told) as error, said("place"):
        raise problem
    assert error.value.exit_code == 1
    assert error.value.__cause__ is problem


@pytest.mark.parametrize(
    "problem", [ValueError("x"), KeyError("x"), RuntimeError("x"), BrokenPipeError(errno.EPIPE, "gone"), duckdb.ParserException("x"), KeyboardInterrupt()]
)
def test_all_else_passes(problem):
    with pytest.raises(type(problem)) as passed, said("place"):
        raise problem
    assert passed.value is problem


def test_our_own_errors_pass_as_they_are():
    error = UsageError("Folder {folder} was not found.", folder="x")
    with pytest.raises(UsageError) as passed, said("outer"), said("inner"):
        raise error
    assert passed.value is error


def test_a_folder_that_is_there_or_can_be_made_is_writable(tmp_path):
    check_writable(tmp_path)
    check_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/inner", "dangling", "x" * 300])
def test_a_place_where_no_folder_can_be_is_refused_before_the_work(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(PathError):
        check_writable(tmp_path / place)


def test_a_file_that_cannot_be_opened_is_refused(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("a", "gone"):
        with pytest.raises(PathError):
            check_readable(tmp_path / name)
    (tmp_path / "b").touch()
    check_readable(tmp_path / "b")


def test_a_path_error_is_an_error_of_the_data():
    assert issubclass(PathError, DataError)
