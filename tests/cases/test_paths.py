"""Names of files and folders that an engine could take for something else: what is read and written is what was named."""

import shutil
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kmanalysis.errors import PathError
from kmanalysis.loaders.load import check, load
from kmanalysis.loaders.mapping.toml import parse_mapping
from kmanalysis.opening import open_workbook
from tests.cli.conftest import run  # noqa: F401

COLUMNS = {"supplier_id": {"from": "id"}, "name": {"from": "id"}, "currency": {"constant": "CNY"}}
MAPPING = parse_mapping({"tables": {"suppliers": {"columns": COLUMNS}}}, "m.toml")
NASTY = [
    "up[1]",
    "a*b",
    "a?b",
    "[!a]",
    "{a,b}",
    "a=b",
    "CURRENCY=USD",
    "50%",
    "%41",
    "a#b",
    "it's",
    'say "x"',
    "a;--b",
    "a b ",
    "🔥",
    "..a",
    "a\nb",
    "-rf",
    "~",
    "订单（新）",
]


def ids(folder):
    return sorted(pq.read_table(folder / "suppliers.parquet").column("supplier_id").to_pylist())


def raw(path, name, kind):
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "parquet":
        with path.open("wb") as file:
            pq.write_table(pa.table({"id": [name]}), file)
    else:
        path.write_text(f"id\n{name}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize("name", NASTY)
def test_the_named_file_is_read_and_no_neighbour(tmp_path, name, kind):
    for neighbour in ("up1", "axb", "acb", "b", "a", "AB", "aA"):
        raw(tmp_path / f"{neighbour}.{kind}", "WRONG", kind)
    found = load([raw(tmp_path / f"{name}.{kind}", "RIGHT", kind)], MAPPING, tmp_path / "into")
    [receipt] = found.receipts
    assert (receipt.file, receipt.read, receipt.kept, receipt.rejected) == (f"{name}.{kind}", 1, 1, {})
    assert ids(tmp_path / "into") == ["RIGHT"]


@pytest.mark.parametrize("name", NASTY)
def test_a_folder_holds_its_own_rows_alone(tmp_path, name):
    neighbours = [tmp_path / "all" / other for other in ("up1", "axb", "a", "b")]
    for folder in neighbours:
        load([raw(tmp_path / "b.csv", "OTHER", "csv")], MAPPING, folder)
    folder, file = tmp_path / "all" / name, raw(tmp_path / "a.csv", "MINE", "csv")
    for count in ((1, 0), (0, 1)):
        [receipt] = load([file], MAPPING, folder).receipts
        assert (receipt.new, receipt.same) == count
        assert ids(folder) == ["MINE"]
        assert [(receipt.read, receipt.kept) for receipt in check(folder).receipts] == [(1, 1)]
    suppliers = open_workbook(folder, "2026-10")
    assert suppliers.names == {"MINE": "MINE"}
    assert suppliers.rows_of(suppliers.table("suppliers")[["supplier_id", "currency"]]).to_dict("records") == [{"supplier_id": "MINE", "currency": "CNY"}]


@given(folder=st.lists(st.sampled_from("[]*?=%#'\";-^!{}~ 🔥\na1"), min_size=1, max_size=8).map("".join), table=st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_folder_is_written_and_read_under_its_own_name(tmp_path, folder, table):
    place = tmp_path / "any" / f"x{folder}"
    shutil.rmtree(tmp_path / "any", ignore_errors=True)
    load([raw(tmp_path / f"{folder}.csv", "MINE", "csv")], MAPPING, place)
    if table:  # parts of a table lie in a folder of their own
        (place / "suppliers").mkdir()
        (place / "suppliers.parquet").rename(place / "suppliers" / f"{folder}.parquet")
    assert open_workbook(place, "2026-10").names == {"MINE": "MINE"}
    assert [(receipt.read, receipt.kept) for receipt in check(place).receipts] == [(1, 1)]
    assert sorted(path.name for path in (tmp_path / "any").iterdir()) == [place.name]


def test_rejects_of_a_file_with_a_long_or_odd_name_are_kept(tmp_path):
    for name in ("x" * 251, "订" * 83, "a\nb", "a\u2028b", "a[1]*?"):
        file = tmp_path / f"{name}.csv"
        file.write_text('id\nA\n"",\nB\n,x\n', encoding="utf-8")
        into = tmp_path / "into"
        shutil.rmtree(into, ignore_errors=True)
        [receipt] = load([file], MAPPING, into).receipts
        assert receipt.read == receipt.kept + sum(receipt.rejected.values())
        assert sum(receipt.rejected.values()) > 0
        [kept] = (into / "rejected").iterdir()
        assert kept.read_text(encoding="utf-8-sig").count("\n") > sum(receipt.rejected.values())


def test_a_load_over_a_link_is_refused_and_leaves_what_it_leads_to(tmp_path):
    file, into, outside = raw(tmp_path / "a.csv", "MINE", "csv"), tmp_path / "into", tmp_path / "outside"
    load([raw(tmp_path / "b.csv", "THEIRS", "csv")], MAPPING, outside)
    into.mkdir()
    (into / "suppliers.parquet").symlink_to(outside / "suppliers.parquet")
    before = (outside / "suppliers.parquet").read_bytes()
    with pytest.raises(PathError, match="symbolic link"):
        load([file], MAPPING, into)
    assert (outside / "suppliers.parquet").read_bytes() == before
    assert (into / "suppliers.parquet").is_symlink()
    # It may be read.
    assert open_workbook(into, "2026-10").names == {"THEIRS": "THEIRS"}


def test_a_folder_of_rejects_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "rejected").symlink_to(tmp_path / "outside")
    with pytest.raises(PathError, match="symbolic link"):
        load([raw(tmp_path / "a.csv", "MINE", "csv")], MAPPING, tmp_path / "into")
    assert list((tmp_path / "outside").iterdir()) == []


def test_the_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    load([raw(tmp_path / "a.csv", "MINE", "csv")], MAPPING, tmp_path / "link")
    assert ids(tmp_path / "real") == ["MINE"]
    assert open_workbook(tmp_path / "link", "2026-10").names == {"MINE": "MINE"}


@pytest.mark.parametrize("month", ["0000-01", "0001-01", "1899-12", "2200-01", "9999-12", "2026-13", "２０２６-10", "2026-10\n"])
def test_a_month_that_no_calendar_has_is_an_unusable_argument(run, month):  # noqa: F811
    done = run("score", "--month", month, "--lang", "en")
    assert done.exit_code == 2
    assert "Error: Month " in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no text are Linux's")
def test_a_name_that_is_no_text_is_a_sentence(tmp_path):
    file = tmp_path / "\udcb6\udca9.csv"
    file.write_text("id\nA\n")
    command = [sys.executable, "-m", "kmanalysis", "load", file, "--into", tmp_path / "into", "--as", "suppliers", "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert r"\xb6\xa9.csv: this name is no text in UTF-8" in done.stderr
