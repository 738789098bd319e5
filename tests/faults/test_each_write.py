"""The disk that is full, or refuses, at each write of a command: a sentence, and the state before or after it."""

import errno
import os
import shutil
import sqlite3
import sys

import pyarrow.parquet as pq
import pytest

from kmanalysis.cli.app import main
from kmanalysis.cli.operator_folder import make_operator_folder
from kmanalysis.cli.options import cli_errors
from kmanalysis.loaders.checking.secrets import KEY_FILE, existing_key, key_of
from kmanalysis.loaders.load import check
from kmanalysis.loaders.stamping import unstamped_tables
from kmanalysis.sources.watch.store import Store, held
from tests.faults.child import run, steps
from tests.faults.test_system_faults import is_sentence, place, state
from tests.loaders.forms.filling import add, edit
from tests.sources import servers
from tests.sources.test_dujiao_next import DujiaoNext
from tests.sources.watch.test_store import BEGIN, scan_rows

__all__ = ["place"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, and the events of its own system calls")

CODES = {"ENOSPC": 1, "EACCES": 2}


def raising(name):
    def refuse():
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    return refuse


@pytest.fixture
def each_write(tmp_path):
    """Runs a command with a fault at each write below a folder, which is put back before, or at every so many'th: full and refused in turns.

    Gives how many ended with a sentence. ``is_whole`` looks at what is there afterwards.
    """

    def each_write(folder, is_whole, *arguments, every=1, work=main):
        kept = tmp_path / "kept"
        shutil.copytree(folder, kept, symlinks=True)

        def run_with(before):
            shutil.rmtree(folder)
            shutil.copytree(kept, folder, symlinks=True)
            return run(tmp_path, *arguments, before=before, work=work)

        refused = 0
        for step, name, done in steps(tmp_path, folder, {name: raising(name) for name in CODES}, run_with, every):
            if done.err.startswith("Error: "):
                refused += 1
                assert is_sentence(done, CODES[name])
            assert "Traceback" not in done.err, f"step {step}: {done}"
            assert is_whole(), f"step {step}: {done}"
        return refused

    return each_write


def test_stamping(place, each_write):
    data = place / "data"
    for path in data.glob("*.parquet"):
        pq.write_table(pq.read_table(path).replace_schema_metadata(), path)
    before = state(data)
    shutil.copytree(data, place / "undisturbed")
    assert run(place, "check", "--stamp", "--data", place / "undisturbed").code == 0
    after = state(place / "undisturbed")
    assert after != before

    def is_whole():
        # Whoever reads the folder next meets the one or the other, wherever it was left.
        check(data)
        return state(data) in (before, after)

    assert each_write(data, is_whole, "check", "--stamp", "--data", data, every=3) >= 3
    assert unstamped_tables(place / "undisturbed") == {}


def test_a_form(place, each_write):
    data, form = place / "data", place / "forms.xlsx"
    assert run(place, "forms", "--out", form, "--data", data).code == 0
    row = {"supplier_id": "甲店", "threshold_amount": "500", "discount_share": "0.05", "applies_to": "all_units", "currency": "CNY", "valid_from": "2026-01-01"}
    edit(form, add("discount_tiers", row, lang="en"))
    shutil.copytree(data, place / "undisturbed")
    assert run(place, "load", form, "--into", place / "undisturbed").code == 0
    before, after = state(data), state(place / "undisturbed")
    assert "discount_tiers.parquet" in after

    def is_whole():
        check(data)
        return state(data) in (before, after)

    assert each_write(data, is_whole, "load", form, "--into", data, every=11) >= 2


def test_a_proposal(place, each_write):
    data = place / "data"
    shutil.copytree(data, place / "undisturbed")
    assert run(place, "load", place / "b.csv", "--into", place / "undisturbed").code == 2
    proposed = (place / "undisturbed" / "mappings" / "b.toml").read_bytes()

    def is_whole():
        mapping = data / "mappings" / "b.toml"
        return not mapping.exists() or mapping.read_bytes() == proposed

    assert each_write(data, is_whole, "load", place / "b.csv", "--into", data) >= 2


def test_a_new_key(place, each_write):
    data = place / "data"
    before = key_of(data)

    def is_whole():
        # The folder has a key that it takes for its own: the old one, or one that takes its place.
        return key_of(data) == existing_key(data) != b"" and ((data / KEY_FILE).stat().st_mode & 0o077) == 0

    assert each_write(data, is_whole, "key", "rotate", "--yes", "--data", data, every=3) >= 2
    assert len(before) == 32


def test_a_copy_of_the_key(place, each_write):
    out, target = place / "out", place / "out" / "key"
    out.mkdir()
    assert each_write(
        out, lambda: not target.exists() or target.read_text() == existing_key(place / "data").hex() + "\n", "key", "export", target, "--data", place / "data"
    )


def test_a_folder_of_ones_own(tmp_path, each_write):
    home, mine = tmp_path / "home", tmp_path / "home" / "mine"
    home.mkdir()
    make_operator_folder(tmp_path / "whole" / "mine", "en")
    whole = sorted(path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*"))

    def is_whole():
        found = sorted(path.relative_to(home) for path in home.rglob("*"))
        # What was begun is cleared away, but for what may not be removed.
        return found == whole or not mine.exists()

    assert each_write(home, is_whole, "init", mine, every=9) >= 2


def test_a_pull(tmp_path, each_write):
    shop = DujiaoNext(servers.SQLite(tmp_path), tmp_path)
    shop.order()
    shop.pull()
    before = state(shop.into)
    shop.order()
    shutil.copytree(shop.into, tmp_path / "as-it-was")
    shop.pull()
    after = state(shop.into)
    shutil.rmtree(shop.into)
    shutil.copytree(tmp_path / "as-it-was", shop.into)

    def pull():
        with cli_errors("en", shop.into):
            shop.pull()

    def is_whole():
        check(shop.into)
        return state(shop.into) in (before, after)

    assert after != before
    assert each_write(shop.into, is_whole, every=11, work=pull) >= 2
    with sqlite3.connect(tmp_path / shop.database) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (2,)


def test_a_watch(tmp_path, each_write):
    folder = tmp_path / "watched"
    folder.mkdir()

    def readings():
        return {path: pq.read_table(folder / path).num_rows for path in ("stock_snapshots", "quotes", "probes") if any((folder / path).glob("*.parquet"))}

    def watch(first, last):
        with cli_errors("en", folder), held(folder, BEGIN):
            store = Store(folder)
            try:
                for number in range(first, last):
                    store.append(scan_rows(number), BEGIN)
                store.publish(BEGIN)
            finally:
                store.close()

    watch(0, 2)

    def is_whole():
        watch(0, 0)  # the next one publishes what was left
        newest = {name: max((folder / name).glob("*.parquet"), key=lambda path: path.name) for name in ("stock_snapshots", "quotes", "probes")}
        return all(2 <= pq.read_table(path).num_rows <= 4 for path in newest.values())

    assert readings() == {"stock_snapshots": 2, "quotes": 2, "probes": 2}
    assert each_write(folder, is_whole, every=7, work=lambda: watch(2, 4)) >= 3
