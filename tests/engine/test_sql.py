"""What reaches the engine: a path is the file of that name and no other, and nothing in the package tells it one in another way."""

import ast
import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kmanalysis
from kmanalysis.engine.duckdb import connect
from kmanalysis.engine.sql import check_name, parquet_source, path_literal, quoted
from kmanalysis.errors import DataError, UsageError

PACKAGE = Path(kmanalysis.__file__).parent
SIGNS = "[]*?{}!^-=%#'\";:,.~$&|<>()`@+\\ \n\t\r🔥é订\u202e\u200b"
NAMES = st.text(st.sampled_from(SIGNS) | st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20).filter(
    lambda name: name not in (".", "..")
)


def write(path, number):
    with path.open("wb") as file:
        pq.write_table(pa.table({"number": [number], "NAME": ["own"]}), file)


def rows(connection, source):
    return connection.execute(f"SELECT number, NAME FROM {source} ORDER BY 1").fetchall()


@given(folder=NAMES, name=NAMES)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_path_is_that_file_and_no_other(tmp_path, folder, name):
    place = tmp_path / "all" / folder
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"{name}.parquet"
    for number, other in enumerate((place / "a.parquet", place / "1.parquet", tmp_path / "all" / "b.parquet")):
        write(other, -number)
    write(path, 7)
    with connect(threads=1, reads=[place]) as connection:
        if "\\" in str(place) and set("*?[") & set(str(path)):
            with pytest.raises(DataError, match="backslash"):
                path_literal(path)
            return
        for spelled in (path, place / ".." / folder / path.name):
            assert rows(connection, parquet_source(spelled)) == [(7, "own")]


def test_a_folder_called_like_a_column_and_value_changes_no_column(tmp_path):
    place = tmp_path / "NAME=other"
    place.mkdir()
    write(place / "NAME=third.parquet", 1)
    with connect(threads=1, reads=[place]) as connection:
        assert rows(connection, parquet_source(place / "NAME=third.parquet")) == [(1, "own")]
        names = connection.execute(f"DESCRIBE FROM {parquet_source([place / 'NAME=third.parquet'], numbered=True)}").fetchall()
    assert [name for name, *_ in names] == ["number", "NAME", "file_row_number"]


def test_a_file_of_255_bytes_and_several_at_once(tmp_path):
    paths = [tmp_path / f"{'[' * 247}.parquet", tmp_path / f"{'订' * 82}x.parquet"]
    for number, path in enumerate(paths):
        write(path, number)
    with connect(threads=1, reads=[tmp_path]) as connection:
        assert rows(connection, parquet_source(paths)) == [(0, "own"), (1, "own")]


def test_a_file_that_is_replaced_is_read_as_it_is_now(tmp_path):
    path = tmp_path / "a[1].parquet"
    with connect(threads=1, reads=[tmp_path]) as connection:
        for number in (1, 2):
            write(tmp_path / "new", number)
            (tmp_path / "new").replace(path)
            assert rows(connection, parquet_source(path)) == [(number, "own")]


def test_a_name_that_is_no_text_is_refused_before_it_is_printed():
    with pytest.raises(DataError, match=r"\\xb6\\xa9\.csv: .*UTF-8"):
        check_name(Path("\udcb6\udca9.csv"))


def test_a_temporary_folder_called_like_a_pattern_is_refused(tmp_path, monkeypatch):
    (tmp_path / "t[1]").mkdir()
    monkeypatch.setattr("kmanalysis.engine.spill.tempfile.tempdir", str(tmp_path / "t[1]"))
    monkeypatch.setattr("kmanalysis.engine.spill._folders", {})
    with pytest.raises(UsageError, match="TMPDIR"):
        path_literal(tmp_path / "a*.parquet")
    # All else goes on working there.
    with connect(threads=1, reads=[tmp_path]) as connection:
        assert connection.execute("SELECT 1").fetchall() == [(1,)]


@given(st.text())
@settings(max_examples=200, deadline=None)
def test_a_text_is_that_text(text):
    with connect(threads=1, reads=[]) as connection:
        assert connection.execute(f"SELECT {quoted(text)}").fetchone() == (text,)


READER = re.compile(r"\b(?:read_\w+|\w+_scan|sniff_csv|parquet_metadata|parquet_schema|glob)\((?P<told>[^,]*)", re.IGNORECASE)
STATEMENT = re.compile(r"(?:^|;)\s*(?:COPY|ATTACH|INSTALL|LOAD|EXPORT|IMPORT)\s")


def engine_calls(source):
    """f-strings and literals that hold SQL of files: line, and what follows the reader's name in them."""
    tree = ast.parse(source)
    within = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node) if part is not node}
    remarks = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in within or id(node) in remarks:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else ast.unparse(part.value) for part in node.values]
            yield node.lineno, "".join(f"{{{part}}}" if not isinstance(node.values[number], ast.Constant) else part for number, part in enumerate(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def opens_a_file(text):
    """Whether SQL opens a file by another name than `path_literal` gives it."""
    return bool(STATEMENT.search(text)) or any(not reader["told"].startswith("{path_literal(") for reader in READER.finditer(text))


def test_paths_reach_the_engine_by_one_function_alone():
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if path == PACKAGE / "engine" / "sql.py":
            continue
        found += [f"{path.relative_to(PACKAGE)}:{line}" for line, text in engine_calls(path.read_text(encoding="utf-8")) if opens_a_file(text)]
    assert found == []


@pytest.mark.parametrize("source", [
    "f\"SELECT 1 FROM read_parquet('{path}')\"", "f'FROM read_parquet([{paths}])'", "f'FROM read_csv({quoted(str(path))}, header=true)'",
    "'SELECT * FROM read_text(?)'", "f\"COPY t TO '{path}'\"", "f'ATTACH {quoted(path)}'", "\"LOAD 'x'\"",
])  # fmt: skip
def test_a_path_that_is_told_otherwise_would_be_found(source):
    assert [opens_a_file(text) for _, text in engine_calls(f"run({source})")] == [True]


def test_every_connection_of_the_package_says_what_it_reads():
    silent = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "connect":
                silent += [f"{path.relative_to(PACKAGE)}:{node.lineno}"] * ("reads" not in {keyword.arg for keyword in node.keywords})
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "duckdb.connect" and path != PACKAGE / "engine" / "duckdb.py":
                silent.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert silent == []


def test_paths_reach_arrow_by_one_function_alone():
    opened = re.compile(r"pq\.(?:ParquetFile|read_schema|read_metadata|read_table)\((?!arrow_path\(|pa\.BufferReader\()")
    assert [path.name for path in sorted(PACKAGE.rglob("*.py")) if opened.search(path.read_text(encoding="utf-8"))] == []
