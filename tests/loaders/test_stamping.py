"""Parquet without today's stamp: said, validated at every run, and stamped again without losing a row."""

import shutil
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pyarrow.parquet as pq
import pytest

from kmanalysis.engine.duckdb import connect
from kmanalysis.errors import DataError
from kmanalysis.loaders import stamping
from kmanalysis.loaders.checking.secrets import ID_FILE
from kmanalysis.loaders.checking.stamp import STAMP_KEY, is_stamped
from kmanalysis.loaders.folder import attach
from kmanalysis.loaders.stamping import stamp_tables, unstamped_tables, unstamped_text
from kmanalysis.samples import make_samples
from kmanalysis.tables import tables
from kmanalysis.words import Words

WORDS = Words("en")


def parquet_files(folder: Path, table: str) -> list[Path]:
    return sorted((folder / table).glob("*.parquet")) or [folder / f"{table}.parquet"]


def outdate(folder: Path, table: str) -> None:
    """Gives the table's files the stamp of other rules."""
    for path in parquet_files(folder, table):
        rows = pq.read_table(path)
        pq.write_table(rows.replace_schema_metadata({STAMP_KEY: "of other rules"}), path)


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = make_samples(tmp_path_factory.mktemp("samples") / "data", suppliers=2, months=2, orders=200, format="parquet")
    for path in folder.iterdir():
        if path.name != ID_FILE and path.stem not in ("suppliers", "orders", "probes", "quotes", "tickets", "codes"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


@pytest.fixture
def folder(samples, tmp_path):
    """A small folder of Parquet, events by month, all stamped."""
    return shutil.copytree(samples, tmp_path / "data")


def test_what_is_stamped_is_not_spoken_of(folder):
    assert unstamped_tables(folder) == {}
    assert unstamped_text(folder, WORDS) == []


def test_tables_are_named_with_why_and_with_the_command_that_ends_it(folder):
    outdate(folder, "probes")
    path = folder / "suppliers.parquet"
    pq.write_table(pq.read_table(path).replace_schema_metadata(None), path)
    assert unstamped_tables(folder) == {"suppliers": False, "probes": True}
    outdated, unknown, command = unstamped_text(folder, WORDS)
    assert outdated.startswith("probes: validated again at each run")
    assert unknown.startswith("suppliers: validated at each run")
    assert command.endswith(f"kmanalysis check --data {folder} --stamp")


def test_a_changed_bound_has_only_its_table_validated_again(folder, monkeypatch):
    declared = tables()["suppliers"]
    column = replace(declared.columns["min_order"], minimum=0.01)
    changed = replace(declared, columns=MappingProxyType({**declared.columns, "min_order": column}))
    everything = MappingProxyType({**tables(), "suppliers": changed})
    monkeypatch.setattr("kmanalysis.loaders.folder.tables", lambda: everything)
    monkeypatch.setattr(stamping, "tables", lambda: everything)
    assert unstamped_tables(folder) == {"suppliers": True}
    connection = connect()
    attach(connection, folder)
    kinds = dict(connection.execute("SELECT table_name, table_type FROM information_schema.tables").fetchall())
    looked_at = {name for name, kind in kinds.items() if kind != "VIEW" and (folder / f"{name}.parquet").exists() | (folder / name).exists()}
    assert looked_at == {"suppliers"}


def test_stamping_writes_every_part_again_with_the_same_rows(folder):
    for table in ("orders", "probes", "suppliers"):
        outdate(folder, table)
    before = {path: pq.read_table(path).to_pandas() for table in ("orders", "probes", "suppliers") for path in parquet_files(folder, table)}
    untouched = {path: path.read_bytes() for path in parquet_files(folder, "quotes")}
    outcome = stamp_tables(folder, WORDS)
    assert sorted(outcome.stamped) == ["orders", "probes", "suppliers"]
    assert outcome.refused == {}
    assert outcome.aside == []
    assert unstamped_tables(folder) == {}
    for path, rows in before.items():
        name = path.stem if path.parent == folder else path.parent.name
        assert is_stamped(pq.read_schema(path), tables()[name])
        key = [*tables()[name].key]
        again = pq.read_table(path).to_pandas()
        pd.testing.assert_frame_equal(again.sort_values(key, ignore_index=True), rows[again.columns].sort_values(key, ignore_index=True))
    assert {path: path.read_bytes() for path in untouched} == untouched
    assert not list(folder.rglob("*tmp*"))
    once = {path: path.read_bytes() for path in before}
    assert stamp_tables(folder, WORDS).stamped == []
    assert {path: path.read_bytes() for path in before} == once


def spoilt(folder: Path) -> Path:
    """A part with two rows that the rules reject."""
    path = parquet_files(folder, "tickets")[0]
    rows = pq.read_table(path).to_pandas()
    rows.loc[0, "ticket_id"] = None
    rows.loc[1, "kind"] = "unheard of"
    rows.to_parquet(path)
    return path


def test_a_table_with_rejected_rows_is_left_as_it_is(folder):
    path = spoilt(folder)
    outdate(folder, "quotes")
    before = path.read_bytes()
    outcome = stamp_tables(folder, WORDS)
    assert outcome.refused == {"tickets": 2}
    assert outcome.stamped == ["quotes"]
    assert path.read_bytes() == before
    assert unstamped_tables(folder) == {"tickets": False}
    assert len(outcome.attached.rejects) == 2


def test_rejected_rows_are_set_aside_whole_and_never_over_earlier_ones(folder):
    path = spoilt(folder)
    whole = pq.read_table(path).to_pandas()
    parts = {part: pq.read_metadata(part).num_rows for part in parquet_files(folder, "tickets")}
    outcome = stamp_tables(folder, WORDS, set_aside=True)
    [aside] = outcome.aside
    assert aside == folder / "rejected" / f"tickets-{path.stem}.parquet"
    kept = pq.read_table(aside).to_pandas()
    assert len(kept) + pq.read_metadata(path).num_rows == len(whole)
    assert kept["supplier_id"].tolist() == whole["supplier_id"].head(2).tolist()
    assert kept["kind"].tolist() == [whole.loc[0, "kind"], "unheard of"]
    assert kept["ticket_id"].isna().tolist() == [True, False]
    reasons = aside.with_suffix(".csv").read_text(encoding="utf-8-sig").splitlines()
    assert [line.split(",")[1:3] for line in reasons[1:]] == [["1", "ticket_id"], ["2", "kind"]]
    assert {part: pq.read_metadata(part).num_rows for part in parts} == {part: rows - 2 * (part == path) for part, rows in parts.items()}
    first = aside.read_bytes()
    spoilt(folder)
    [again] = stamp_tables(folder, WORDS, set_aside=True).aside
    assert again.name == f"tickets-{path.stem}-2.parquet"
    assert aside.read_bytes() == first


def test_a_secret_is_set_aside_as_its_digest(folder):
    path = parquet_files(folder, "codes")[0]
    rows = pq.read_table(path).to_pandas()
    rows.assign(code_digest=["ABCD-1234-EFGH-5678", *rows["code_digest"].iloc[1:]]).to_parquet(path)
    outcome = stamp_tables(folder, WORDS, set_aside=True)
    [aside] = outcome.aside
    assert pq.read_table(aside).column("code_digest")[0].as_py().startswith("kd1:")
    assert b"ABCD-1234" not in b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_a_folder_without_tables_is_said_to_hold_none(tmp_path):
    with pytest.raises(DataError, match="No tables found in"):
        stamp_tables(tmp_path, WORDS)
    assert list(tmp_path.iterdir()) == []
