import pytest

from kmanalysis.errors import UsageError
from kmanalysis.report.files import PARTIAL, output_folder, write_whole


def test_a_second_run_into_the_same_folder_is_told_to_wait(tmp_path):
    with output_folder(tmp_path / "2026-10"):
        with pytest.raises(UsageError, match="Another run is writing into 2026-10"), output_folder(tmp_path / "2026-10"):
            pass
        with output_folder(tmp_path / "2026-09"):
            pass
    with output_folder(tmp_path / "2026-10"):
        pass


def test_what_a_killed_run_left_is_cleared(tmp_path):
    month = tmp_path / "2026-10"
    (month / PARTIAL / "files").mkdir(parents=True)
    (month / PARTIAL / "files" / "half.html").write_text("<", encoding="utf-8")
    with output_folder(month) as folder:
        assert list(folder.iterdir()) == []
        write_whole(folder, "suppliers/S01.html", b"whole")
        assert (folder / "suppliers" / "S01.html").read_bytes() == b"whole"
        write_whole(folder, "suppliers/S01.html", b"new")
    assert [path.relative_to(month).as_posix() for path in month.rglob("*") if path.is_file()] == ["suppliers/S01.html"]
    assert (month / "suppliers" / "S01.html").read_bytes() == b"new"
