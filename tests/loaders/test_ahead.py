import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError
from kmanalysis.loaders import ahead
from kmanalysis.loaders.ahead import Ahead


def files(tmp_path, **texts):
    found = []
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        found.append((name, [tmp_path / f"{name}.csv"]))
    return found


def rows(engine, staged):
    return engine.execute(f"SELECT _line, c0 FROM {staged.relation} ORDER BY _line").fetchall()


def test_gives_the_files_of_each_table_in_turn(tmp_path):
    engine, given = connect(), files(tmp_path, first="a\n1\n2\n", second="b\nx\n")
    with Ahead(engine, [*given, ("third", [])]) as reading:
        found = {name: reading.take(name) for name in ("first", "second", "third")}
    assert rows(engine, found["first"][tmp_path / "first.csv"]) == [(2, "1"), (3, "2")]
    assert rows(engine, found["second"][tmp_path / "second.csv"]) == [(2, "x")]
    assert found["third"] == {}


def test_raises_what_a_file_has_where_its_table_is_taken(tmp_path):
    engine, given = connect(), files(tmp_path, first="a\n1\n", second="")
    with Ahead(engine, given) as reading:
        assert reading.take("first")
        with pytest.raises(DataError, match=r"second\.csv"):
            reading.take("second")


def test_reads_no_further_ahead_than_it_may(tmp_path, monkeypatch):
    monkeypatch.setattr(ahead, "AHEAD", 0)
    engine = connect()
    with Ahead(engine, files(tmp_path, first="a\n1\n", second="b\nx\n")) as reading:
        reading.take("first")
    assert engine.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE '_staged_second%'").fetchall() == [(0,)]
