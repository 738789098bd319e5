"""The engine's doors: what it was opened on can be read, and nothing else of the machine, whatever it is told to run."""

from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kmanalysis.engine.duckdb import CHANGEABLE, PIPES, connect
from kmanalysis.engine.sql import parquet_source, quoted


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "outside").mkdir()
    made = tmp_path / "folder"
    made.mkdir()
    for path in (made / "a.parquet", tmp_path / "outside" / "b.parquet"):
        pq.write_table(pa.table({"number": [1]}), path)
    (tmp_path / "outside" / "secret.txt").write_text("secret")
    return made


WAYS_OUT = {
    "text": "SELECT * FROM read_text({secret})",
    "blob": "SELECT * FROM read_blob({secret})",
    "csv": "SELECT * FROM read_csv({secret})",
    "sniffed": "SELECT * FROM sniff_csv({secret})",
    "json": "SELECT * FROM read_json({secret})",
    "parquet": "SELECT * FROM read_parquet({parquet})",
    "its head": "SELECT * FROM parquet_metadata({parquet})",
    "by name": "SELECT * FROM {secret}",
    "listed": "SELECT * FROM glob({outside} || '/*')",
    "upwards": "SELECT * FROM read_text({folder} || '/../outside/secret.txt')",
    "upwards by pattern": "SELECT * FROM read_text({folder} || '/../outside/*')",
    "pipes": "SELECT * FROM read_text('{pipes}/../../etc/hostname')",
    "copied out": "COPY (SELECT 1) TO {target}",
    "copied in": "CREATE TABLE taken (cell VARCHAR); COPY taken FROM {secret}",
    "exported": "EXPORT DATABASE {target}",
    "imported": "IMPORT DATABASE {outside}",
    "attached": "ATTACH {target}",
    "installed": "INSTALL httpfs",
    "loaded": "LOAD httpfs",
    "loaded from a file": "LOAD {secret}",
    "a kept password": "CREATE PERSISTENT SECRET s (TYPE s3)",
    "opened again": "SET enable_external_access = true",
    "unlocked": "SET lock_configuration = false",
    "a further folder": "SET allowed_directories = ['/']",
    "further settings": "SET allowed_configs = ['allowed_directories']",
    "another spill": "SET temp_directory = {outside}",
    "searched": "SET file_search_path = {outside}",
    "a log": "SET log_query_path = {target}",
    "a profile": "SET profiling_output = {target}",
    "logging": "CALL enable_logging(storage = 'file', storage_config = {{'path': {outside}}})",
    "more memory": "SET memory_limit = '1TB'",
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_no_way_leads_out(folder, tmp_path, way):
    outside = tmp_path / "outside"
    before = {path: path.read_bytes() for path in outside.iterdir()}
    told = WAYS_OUT[way].format(
        secret=quoted(str(outside / "secret.txt")), parquet=quoted(str(outside / "b.parquet")), outside=quoted(str(outside)), folder=quoted(str(folder)),
        target=quoted(str(outside / "made")), pipes=PIPES,
    )  # fmt: skip
    with connect(threads=1, reads=[folder]) as connection, pytest.raises(duckdb.Error):
        print(connection.execute(told).fetchall())
    assert {path: path.read_bytes() for path in outside.iterdir()} == before


WRITES = ("COPY (SELECT 1 AS number) TO {}", "EXPORT DATABASE {}", "ATTACH {} AS another; CREATE TABLE another.made AS SELECT 1 AS number; DETACH another")


@pytest.mark.parametrize("statement", WRITES)
def test_a_statement_could_write_where_it_may_read_and_nowhere_else(folder, tmp_path, statement):
    """As `connect` says of this engine: were it otherwise, it should be said otherwise."""
    with connect(threads=1, reads=[folder]) as connection:
        connection.execute(statement.format(quoted(str(folder / "made"))))
        assert (folder / "made").exists()
        for place in (tmp_path / "outside" / "made", tmp_path / "made", folder / ".." / "made", Path("/dev/fd/1")):
            with pytest.raises(duckdb.Error):
                connection.execute(statement.format(quoted(str(place))))
    assert {path.name for path in (tmp_path / "outside").iterdir()} == {"b.parquet", "secret.txt"}
    assert not (tmp_path / "made").exists()


def test_the_folder_and_what_it_links_to_can_be_read(folder, tmp_path):
    outside = tmp_path / "outside"
    (folder / "linked.parquet").symlink_to(outside / "b.parquet")
    (folder / "table").symlink_to(outside)
    (folder / "parts").mkdir()
    (folder / "parts" / "x.parquet").symlink_to(outside / "b.parquet")
    (tmp_path / "link").symlink_to(folder)
    for place in (folder, tmp_path / "link"):
        with connect(threads=1, reads=[place]) as connection:
            for name in ("a.parquet", "linked.parquet", "table/b.parquet", "parts/x.parquet"):
                assert connection.execute(f"SELECT number FROM {parquet_source(place / name)}").fetchall() == [(1,)]


def test_a_link_that_came_later_leads_nowhere(folder, tmp_path):
    with connect(threads=1, reads=[folder]) as connection:
        (folder / "late.parquet").symlink_to(tmp_path / "outside" / "b.parquet")
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"FROM {parquet_source(folder / 'late.parquet')}")


def test_rows_of_this_process_and_settings_of_a_query_stay_open(folder):
    with connect(threads=1, reads=[folder]) as connection:
        connection.register("rows", pa.table({"number": [1, 2]}))
        connection.create_function("doubled", lambda number: number * 2, ["BIGINT"], "BIGINT")
        assert connection.execute("SELECT sum(doubled(number)) FROM rows").fetchall() == [(6,)]
        for setting in CHANGEABLE:
            connection.execute(f"RESET {setting}")
        connection.execute("SET VARIABLE period_days = 31")
        assert connection.execute("SELECT getvariable('period_days')").fetchall() == [(31,)]


def test_what_does_not_fit_in_memory_still_spills(folder):
    with connect("1GB", threads=2, reads=[folder], holds_secrets=True) as connection:
        connection.execute("CREATE TABLE large AS SELECT i, md5(i::VARCHAR) AS text FROM range(6_000_000) r(i)")
        assert connection.execute("SELECT count(*) FROM (SELECT * FROM large ORDER BY text LIMIT 2_000_000)").fetchall() == [(2_000_000,)]
        assert connection.execute("SELECT current_setting('temp_file_encryption')").fetchall() == [(True,)]


def test_a_file_alone_opens_nothing_beside_it(folder, tmp_path):
    outside = tmp_path / "outside"
    with connect(threads=1, reads=[outside / "b.parquet"]) as connection:
        assert connection.execute(f"SELECT number FROM {parquet_source(outside / 'b.parquet')}").fetchall() == [(1,)]
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"FROM read_text({quoted(str(outside / 'secret.txt'))})")


def test_a_folder_that_is_not_there_yet_can_be_named(tmp_path):
    with connect(threads=1, reads=[tmp_path / "new"]) as connection:
        (tmp_path / "new").mkdir()
        pq.write_table(pa.table({"number": [1]}), tmp_path / "new" / "a.parquet")
        assert connection.execute(f"SELECT number FROM {parquet_source(Path(tmp_path / 'new' / 'a.parquet'))}").fetchall() == [(1,)]
