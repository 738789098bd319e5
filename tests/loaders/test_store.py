"""A folder's files: the same rows give the same bytes, and nothing is written outside of it."""

import errno
import gc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmanalysis.errors import PathError
from kmanalysis.loaders import store
from kmanalysis.loaders.store import JOURNAL, LONGEST_NAME, REJECTED, TEMPORARY, RowGroups, locked, put_in_place, refuse_links, rejected_list

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


def test_a_write_that_fails_leaves_no_complaint_behind(tmp_path, capfd):
    def write():
        with RowGroups(tmp_path / "a.parquet", SCHEMA) as file:
            file.write(rows(0, 3))
            raise OSError(errno.ENOSPC, "no space")

    with pytest.raises(OSError, match="no space"):
        write()
    gc.collect()
    assert capfd.readouterr().err == ""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "orders.parquet").write_text("theirs")
    made = tmp_path / "folder"
    made.mkdir()
    return made


@pytest.mark.parametrize("name", ["{outside}/orders.parquet", "../outside/orders.parquet", "a/../../outside/orders.parquet", "..", "gone/orders.parquet", "."])
def test_a_journal_that_leads_out_of_the_folder_moves_nothing(folder, name):
    outside = folder.parent / "outside"
    (outside / f"orders.parquet{TEMPORARY}").write_text("ours")
    (folder / f"suppliers.parquet{TEMPORARY}").write_text("new")
    listed = name.format(outside=outside)
    (folder / JOURNAL).write_text(f"suppliers.parquet\0{listed}\0")
    with pytest.raises(PathError, match="no file of this folder"), locked(folder):
        pass
    assert (outside / "orders.parquet").read_text() == "theirs"
    assert not (folder / "suppliers.parquet").exists()


@pytest.mark.parametrize("name", ["orders.parquet", "a\nb.csv", "a\u2028b.csv", "a b;--'.csv", "🔥.csv", "x" * (LONGEST_NAME - len(TEMPORARY))])
def test_a_load_that_was_killed_is_finished_whatever_its_files_are_called(folder, name):
    (folder / REJECTED).mkdir()
    for target in (folder / name, folder / REJECTED / name):
        target.with_name(target.name + TEMPORARY).write_text("new")
    (folder / JOURNAL).write_text(f"{name}\0{REJECTED}/{name}\0")
    with locked(folder):
        pass
    assert [(folder / name).read_text(), (folder / REJECTED / name).read_text()] == ["new", "new"]
    assert not (folder / JOURNAL).exists()


@pytest.mark.parametrize("name", [".kmanalysis-lock", ".kmanalysis-holder", JOURNAL, REJECTED])
def test_no_load_begins_over_a_link(folder, name):
    aim = folder.parent / "outside" / "orders.parquet"
    (folder / name).symlink_to(aim)
    with pytest.raises(PathError, match="symbolic link"), locked(folder):
        pass
    assert aim.read_text() == "theirs"


def test_what_lies_behind_a_link_is_not_cleared_away(folder):
    theirs = folder.parent / "outside" / f"x{TEMPORARY}"
    theirs.write_text("theirs")
    (folder / "orders").symlink_to(folder.parent / "outside")
    (folder / f"y{TEMPORARY}").write_text("left behind")
    with locked(folder):
        pass
    assert theirs.exists()
    assert not (folder / f"y{TEMPORARY}").exists()


@pytest.mark.parametrize("link", ["orders", "orders/a.parquet"])
def test_nothing_is_put_in_the_place_of_a_link(folder, link):
    inner = folder.parent / "outside"
    if link == "orders":
        (folder / "orders").symlink_to(inner)
    else:
        (folder / "orders").mkdir()
        (folder / link).symlink_to(inner / "orders.parquet")
    target = folder / "orders" / "a.parquet"
    temporary = target.with_name(target.name + TEMPORARY)
    temporary.write_text("new")
    with pytest.raises(PathError, match="symbolic link"):
        put_in_place([(temporary, target)], folder)
    assert (inner / "orders.parquet").read_text() == "theirs"
    assert not (inner / "a.parquet").exists()


def test_the_folder_itself_may_be_a_link(folder):
    (folder.parent / "link").symlink_to(folder)
    refuse_links(folder.parent / "link", folder.parent / "link" / "orders.parquet")


@pytest.mark.parametrize("letter", ["x", "订"])
def test_a_list_of_rejects_has_a_name_that_a_disk_takes(folder, letter):
    lists = {rejected_list(folder, "orders", f"{letter * (250 // len(letter.encode()))}{end}.csv") for end in "ab"}
    assert len(lists) == 2
    assert all(len(path.name.encode()) + len(TEMPORARY) <= LONGEST_NAME for path in lists)
    assert rejected_list(folder, "orders", "a.xlsx").name == "orders-a.xlsx.csv"
