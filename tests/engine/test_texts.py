"""The texts of queries between processes: what they depend on, and what damage, rivals and closed folders do to them."""

import subprocess
import sys

import pytest

from kmanalysis.engine.interface import Column, Query
from kmanalysis.engine.texts import CACHE_VARIABLE, FILES_KEPT, Need, Texts, Written, cache_folder, known_texts
from kmanalysis.standards import default_standards
from kmanalysis.workbook import query


def written(sql: str) -> Written:
    columns = (Column("supplier_id", "string", "TEXT"), Column("paid", "decimal(18, 4)", "DECIMAL(18, 4)"))
    return Written(Query(sql, columns, frozenset({"orders", "kmanalysis_daily"})), frozenset({Need("test.daily", 3)}), frozenset({("test.orders", 7)}))


ONE, OTHER = written("SELECT '卡盟'\n-- 1"), written("SELECT 2")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "deep" / "one.texts.json"


def save(path, **texts):
    kept = Texts(path)
    for name, text in texts.items():
        kept.put(name, text)
    kept.save()


def test_what_is_saved_is_read_as_it_was(path):
    save(path, one=ONE, other=OTHER)
    kept = Texts(path)
    assert {name: kept.get(name) for name in kept} == {"one": ONE, "other": OTHER}
    assert kept.get("third") is None


def test_a_passing_text_goes_with_its_process(path):
    texts = Texts(path)
    texts.put("one", ONE)
    texts.put("theirs", OTHER, passing=True)
    texts.save()
    assert texts.get("theirs") == OTHER
    assert list(Texts(path)) == ["one"]


def test_every_changed_byte_is_noticed_and_the_file_is_written_again(path):
    save(path, one=ONE)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert list(Texts(path)) == [], place
    for length in (0, 1, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert list(Texts(path)) == [], length
    save(path, other=OTHER)
    assert list(Texts(path)) == ["other"]


def test_a_file_under_another_name_is_none(path):
    save(path, one=ONE)
    assert list(Texts(path.rename(path.with_name("two.texts.json")))) == []


def test_two_at_once_lose_nothing_that_was_saved_before(path):
    first, second = Texts(path), Texts(path)
    first.put("one", ONE)
    second.put("other", OTHER)
    first.save()
    second.save()
    assert sorted(Texts(path)) == ["one", "other"]


def test_a_folder_that_cannot_be_written_or_read_is_no_error(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    texts = Texts(tmp_path / "file" / "one.texts.json")
    texts.put("one", ONE)
    texts.save()
    assert texts.get("one") == ONE
    (tmp_path / "one.texts.json").mkdir()
    assert list(Texts(tmp_path / "one.texts.json")) == []


def test_the_files_used_longest_ago_go_first(path):
    for number in range(FILES_KEPT + 2):
        save(path.with_name(f"{number:02d}.texts.json"), one=ONE)
        Texts(path.with_name("00.texts.json"))
    left = sorted(file.name for file in path.parent.iterdir())
    assert len(left) == FILES_KEPT
    assert left[:2] == ["00.texts.json", "03.texts.json"]


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({CACHE_VARIABLE: ""}, None),
        ({CACHE_VARIABLE: "/own"}, "/own"),
        ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/kmanalysis"),
        ({"HOME": "/home/me"}, "/home/me/.cache/kmanalysis"),
    ],
)
def test_where_it_lies(monkeypatch, settings, found):
    for name in (CACHE_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    folder = cache_folder()
    assert (str(folder) if folder else None) == found


SCORE = """
import sys
import kmanalysis as km
from kmanalysis.engine.duckdb import DuckDB
if "no-writing" in sys.argv:
    DuckDB.write = None
workbook = km.open_workbook(sys.argv[1], "2026-10")
print(workbook.suppliers, workbook.first_month)
"""


def run(folder, *more):
    return subprocess.run([sys.executable, "-c", SCORE, folder, *more], check=True, capture_output=True, text=True).stdout


def test_another_process_writes_nothing_again(workbook_of, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    workbook_of({"suppliers": [{"supplier_id": "s1"}, {"supplier_id": "s2"}]})
    workbook_of({"suppliers": [{"supplier_id": "s3"}]})
    assert run(tmp_path / "folder-1").startswith("['s1', 's2']")
    assert run(tmp_path / "folder-2", "no-writing").startswith("['s3']")
    [kept] = (tmp_path / "cache" / "queries").iterdir()
    kept.write_bytes(kept.read_bytes()[:-1])
    assert run(tmp_path / "folder-2").startswith("['s3']")
    assert run(tmp_path / "folder-2", "no-writing").startswith("['s3']")


def test_other_standards_have_a_file_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    known_texts.cache_clear()
    for standards in ("one", "other"):
        known_texts("duckdb", standards).put("q", written(standards))
        known_texts("duckdb", standards).save()
    known_texts.cache_clear()
    assert [known_texts("duckdb", standards).get("q") for standards in ("one", "other", "third")] == [written("one"), written("other"), None]
    assert known_texts("spark", "one").get("q") is None
    known_texts.cache_clear()


@query("test_texts.theirs")
def theirs(workbook):
    return workbook.table("suppliers").select("supplier_id")


def test_what_is_not_of_this_package_is_not_kept(workbook_of, tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    known_texts.cache_clear()
    workbook = workbook_of({"suppliers": [{"supplier_id": "s1"}]})
    assert theirs(workbook)["supplier_id"].tolist() == workbook.suppliers
    texts = known_texts("duckdb", default_standards().digest)
    assert texts.get("test_texts.theirs") is not None
    texts.save()
    known_texts.cache_clear()
    assert known_texts("duckdb", default_standards().digest).get("test_texts.theirs") is None
    known_texts.cache_clear()
